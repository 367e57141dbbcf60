"""Reading a log to its end: the stored part first, then what is committed, without a seam.

A reader looks at the stored log and goes over to the tail once the tail reaches back to where it
stands; both hold committed frames only, and sequence numbers drop what it has seen.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from heliograph import errors
from heliograph.journal._base import Frame
from heliograph.journal._frames import part_after
from heliograph.journal._tails import Following

__all__ = ["Page", "follow"]


class Page(msgspec.Struct, frozen=True):
    """Frames after some number.

    ``last_seq`` is how far the page looked (-1 for an empty log): the log's end unless ``more``,
    which says that the page was full. ``ended``: nothing will follow.
    """

    frames: list[Frame]
    last_seq: int
    more: bool
    ended: bool


async def follow(
    following: Following,
    look: Callable[[str, str, int], Awaitable[Page]],
    check_open: Callable[[], object],
    tenant: str,
    response_id: str,
    after: int,
) -> AsyncGenerator[Frame, None]:
    """``Journal.read`` over a tail and a look into the stored log.

    ``look`` gives the page after a number, and raises ``UnknownResponse`` for another tenant's.
    """
    following.after = after
    with following as tail:
        # Else the first look is into the store: it knows the tenant.
        known = tail.tenant == tenant
        while True:
            check_open()
            seen = tail.changed.count
            frames = tail.frames_after(after) if known else None
            ended = tail.ended
            if frames is None:
                page = await look(tenant, response_id, after)
                frames, ended, known = page.frames, page.ended, True
                if not page.more:
                    tail.caught_up(page.last_seq)
            for at in range(len(frames)):
                if tail.erased:
                    raise errors.UnknownResponse(response_id)
                frame = part_after(frames[at], after)
                following.after = after = frame.last
                yield frame
                del frame  # what follows can take long
            if ended:
                return
            if tail.erased:
                raise errors.UnknownResponse(response_id)
            if not frames:
                tail.seen()
                await tail.changed.wait(seen)
