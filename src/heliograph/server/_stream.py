"""One open event stream: journal frames out as server-sent events, silence filled with comments."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from heliograph import errors, sse
from heliograph.journal import BlobStore, Journal
from heliograph.server._beat import Beat
from heliograph.server._exchange import exchange_of
from heliograph.server._frames import write_frame
from heliograph.server._watch import Closing, Watch

__all__ = ["EventStream"]

_log = logging.getLogger("heliograph.server")

_DONE = sse.encode(b"[DONE]")
_KEEP_ALIVE = sse.comment("keep-alive")

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """An ASGI answer: the events of one response past ``after``, then live ones, then ``[DONE]``.

    ``complete`` is True once everything was written. Where the client has gone, the server closes
    or the response is deleted meanwhile, the answer is left unfinished on purpose: without its last
    chunk a client cannot take what it has for the whole.
    """

    __slots__ = (
        "_after",
        "_beat",
        "_closing",
        "_comment",
        "_exchange",
        "_journal",
        "_last_write",
        "_send",
        "_waiting",
        "complete",
        "response_id",
        "tenant",
    )

    def __init__(
        self,
        journal: Journal,
        closing: Closing,
        beat: Beat,
        tenant: str,
        response_id: str,
        *,
        after: int,
    ) -> None:
        self._journal = journal
        self._closing = closing
        self._beat = beat
        self.tenant = tenant
        self.response_id = response_id
        self._after = after
        self._comment: asyncio.Task[None] | None = None
        self._waiting = False
        self._last_write = 0.0
        self.complete = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        exchange = self._exchange = exchange_of(scope)
        headers = [*_HEADERS, (b"x-response-id", self.response_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._last_write = asyncio.get_running_loop().time()
        self._beat.add(self)
        try:
            with exchange.streaming(), Watch(receive, self._closing) as watch:
                await self._pump()
            if not self.complete:
                exchange.left = watch.ended or "cut"
        finally:
            self._beat.discard(self)

    async def _pump(self) -> None:
        # Every journal's read is a generator; closing it is what frees its place in the journal.
        frames = self._journal.read(self.tenant, self.response_id, self._after)
        blobs: BlobStore = self._journal.blobs
        try:
            async with aclosing(frames):
                self._waiting = True
                async for frame in frames:
                    self._waiting = False
                    if self._comment is not None:
                        await self._comment
                    await write_frame(frame, self._after, blobs, self._write)
                    self._exchange.sent(frame.last - max(self._after, frame.first - 1))
                    self._after = max(self._after, frame.last)
                    del frame  # the next can take long
                    self._waiting = True
        except errors.UnknownResponse:
            return  # deleted while it was read
        except errors.JournalError as error:
            _log.warning("stream of %s cut: %s", self.response_id, error)
            return
        finally:
            self._waiting = False
        if self._comment is not None:
            await self._comment
        await self._send({"type": "http.response.body", "body": _DONE, "more_body": False})
        self.complete = True

    async def _write(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self._last_write = asyncio.get_running_loop().time()

    def beat(self, since: float) -> None:
        """Comments go only between frames and only while the stream waits for the journal."""
        if self._waiting and self._comment is None and self._last_write <= since:
            self._comment = asyncio.create_task(self._write(_KEEP_ALIVE))
            self._comment.add_done_callback(self._commented)

    def _commented(self, task: asyncio.Task[None]) -> None:
        self._comment = None
