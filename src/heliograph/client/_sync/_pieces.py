"""An answer's body as it comes, within the caller's total."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph import errors
from heliograph.client._core import Tries
from heliograph.client._transport import Reply


def pieces(reply: Reply, tries: Tries) -> Iterator[bytes]:
    """The body, piece by piece. Raises `TransportError`, `TransportTimeout` past the total."""
    try:
        reply.limit(tries.left())
        for piece in reply.chunks():
            yield piece
            reply.limit(tries.left())
    except errors.TransportTimeout:
        tries.left()  # which says it where the total is the reason
        raise


def whole(reply: Reply, tries: Tries) -> bytes:
    """All of the body; see `pieces`."""
    if tries.left() is None:
        return reply.read()
    try:
        return b"".join(pieces(reply, tries))
    finally:
        reply.close()
