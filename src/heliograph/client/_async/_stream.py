"""A response's events as they come, resumed where the connection broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Generic

from heliograph import errors, models
from heliograph.client import _core
from heliograph.client._async._events import AsyncEventStream, E
from heliograph.client._async._pieces import soon
from heliograph.client._transport import AsyncReply, AsyncSend

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph
    from heliograph.client._core._course import Course


_LINGER = 0.25  # seconds


class AsyncResponseStream(AsyncEventStream[E]):
    """A response's events as they come. Iterate it; it is a context manager, too.

    Each event is one of `models.StreamEvent`; types that no spec names come as
    `models.UnknownEvent`. The loop ends after the terminal event. Where there was none it raises:
    `StreamInterrupted` (with the response so far) if the stream was cut, an `APIError` if the
    server sent an ``error`` event. A connection that breaks is made anew, and the stream resumed,
    where `Retries` and the server allow it. `InvalidEvent` is raised for a known type that does
    not fit, unless the stream was opened with ``invalid="give"``; `FrameTooLarge` past
    ``max_frame``.
    """

    def __init__(self, client: AsyncHeliograph, course: Course, reply: AsyncReply) -> None:
        self._client = client
        self._course = course
        self._assembly = course.assembly
        super().__init__(reply)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.response_id or 'no response yet'}>"

    def _begin(self) -> _core.Pictures:
        assembly = self._assembly
        return _core.Pictures(midway=assembly.seen > 0 or assembly.last_sequence is not None)

    def _thin(self, thinner: _core.Thinner) -> None:
        self._assembly.thin(thinner)

    @property
    def snapshot(self) -> models.OpenResponsesResult | None:
        """The response up to the last event given; None before the first."""
        return self._assembly.snapshot

    @property
    def response_id(self) -> str | None:
        """The response's id, once it is known."""
        return self._assembly.response_id

    @property
    def last_sequence(self) -> int | None:
        """The sequence number of the last event given: where to resume from."""
        return self._assembly.last_sequence

    async def get_final_response(self) -> models.OpenResponsesResult:
        """Read on to the end; the terminal event's response. Raises as the loop does."""
        async for _ in self._events:
            pass
        return self._assembly.final

    async def _run(self) -> AsyncGenerator[E, None]:
        assembly = self._assembly
        try:
            while True:
                cut = None
                chunks = aiter(self._reply.chunks())
                try:
                    while not assembly.done:
                        limit = self._course.patience()
                        chunk = await (anext(chunks) if limit is None else soon(chunks, limit))
                        for event in assembly.take(chunk):
                            yield event
                            del event  # no picture is held while the next one comes
                        assembly.settle()
                    if assembly.ended:
                        await _linger(chunks)
                except StopAsyncIteration:
                    pass
                except errors.TransportError as error:
                    cut = error
                await self._reply.close()
                for event in assembly.rest():
                    yield event
                assembly.settle()
                assembly.check()
                if assembly.ended:
                    return
                await asyncio.sleep(self._course.cut(cut))
                self._reply = await self._client._connect(self._course)
        finally:
            await self._reply.close()


class AsyncStreamManager(Generic[E]):
    """What ``stream`` gives: enter it to send the request and get the stream."""

    def __init__(self, client: AsyncHeliograph, course: Course, send: AsyncSend) -> None:
        self._client = client
        self._course = course
        self._send = send
        self._stream: AsyncResponseStream[E] | None = None

    async def __aenter__(self) -> AsyncResponseStream[E]:
        self._stream = AsyncResponseStream(self._client, self._course, await self._send())
        return self._stream

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            await self._stream.close()


async def _linger(chunks: AsyncIterator[bytes]) -> None:
    """Wait a moment for the body's end behind ``[DONE]``, so that the connection can be kept."""
    try:
        async with asyncio.timeout(_LINGER):
            async for _ in chunks:
                return
    except (TimeoutError, errors.TransportError):
        return
