"""Who is there: ends a request's work when its client has gone or the server closes.

A request's work runs in its own task. Beside it one small task waits for the client to go; that,
or the server's closing, cancels the work, and ``Watch`` turns the cancellation into its
``ended`` value, as ``asyncio.timeout`` does with its own.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal

from starlette.types import Receive

__all__ = ["Closing", "Watch"]

Ended = Literal["gone", "closing"]


class Closing:
    """The open requests; ``close`` ends them all, and each that comes later at once."""

    def __init__(self) -> None:
        self.closed = False
        self._open: set[Watch] = set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, watch: Watch) -> None:
        """Take ``watch`` in; ends it at once where the server has closed already."""
        self._open.add(watch)
        if self.closed:
            watch.end("closing")

    def discard(self, watch: Watch) -> None:
        """Forget ``watch``."""
        self._open.discard(watch)

    def close(self) -> None:
        """End every open request."""
        self.closed = True
        for watch in tuple(self._open):
            watch.end("closing")


class Watch:
    """``with Watch(receive, closing) as watch: ...``: the block ends early where it must.

    After the block ``watch.ended`` says why, None where it ran to its end. Await nothing after the
    block but what may be cancelled: a cancellation may come just as the work is done.
    """

    __slots__ = ("_closing", "_receive", "_task", "_watcher", "ended")

    def __init__(self, receive: Receive, closing: Closing) -> None:
        self._receive = receive
        self._closing = closing
        self.ended: Ended | None = None

    def __enter__(self) -> Watch:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine under asyncio always runs in one
        self._task = task
        self._watcher = asyncio.create_task(self._wait_for_the_client_to_go())
        self._closing.add(self)
        return self

    async def _wait_for_the_client_to_go(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.end("gone")

    def end(self, why: Ended) -> None:
        """Cancel the work, once."""
        if self.ended is None:
            self.ended = why
            self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._watcher.cancel()
        self._closing.discard(self)
        if self.ended is None:
            return False
        return self._task.uncancel() <= 0 and kind is asyncio.CancelledError
