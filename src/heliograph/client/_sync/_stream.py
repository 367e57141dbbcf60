"""A response's events as they come, resumed where the connection broke."""

from __future__ import annotations

import time
from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Generic

from heliograph import errors, models
from heliograph.client import _core
from heliograph.client._sync._events import E, EventStream
from heliograph.client._transport import Reply, Send

if TYPE_CHECKING:
    from heliograph.client._core._course import Course
    from heliograph.client._sync._client import Heliograph


class ResponseStream(EventStream[E]):
    """A response's events as they come. Iterate it; it is a context manager, too.

    Each event is one of `models.StreamEvent`; types that no spec names come as
    `models.UnknownEvent`. The loop ends after the terminal event. Where there was none it raises:
    `StreamInterrupted` (with the response so far) if the stream was cut, an `APIError` if the
    server sent an ``error`` event. A connection that breaks is made anew, and the stream resumed,
    where `Retries` and the server allow it. `InvalidEvent` is raised for a known type that does
    not fit, unless the stream was opened with ``invalid="give"``; `FrameTooLarge` past
    ``max_frame``.
    """

    def __init__(self, client: Heliograph, course: Course, reply: Reply) -> None:
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

    def get_final_response(self) -> models.OpenResponsesResult:
        """Read on to the end; the terminal event's response. Raises as the loop does."""
        for _ in self._events:
            pass
        return self._assembly.final

    def _run(self) -> Generator[E, None, None]:
        assembly = self._assembly
        try:
            while True:
                cut = None
                limit = None
                try:
                    for chunk in self._reply.chunks():
                        yield from assembly.take(chunk)
                        assembly.settle()
                        if assembly.done:
                            break
                        if (patience := self._course.patience()) is not limit:
                            limit = patience
                            self._reply.limit(limit)
                except errors.TransportError as error:
                    cut = error
                self._reply.close()
                yield from assembly.rest()
                assembly.settle()
                assembly.check()
                if assembly.ended:
                    return
                time.sleep(self._course.cut(cut))
                self._reply = self._client._connect(self._course)
        finally:
            self._reply.close()


class StreamManager(Generic[E]):
    """What ``stream`` gives: enter it to send the request and get the stream."""

    def __init__(self, client: Heliograph, course: Course, send: Send) -> None:
        self._client = client
        self._course = course
        self._send = send
        self._stream: ResponseStream[E] | None = None

    def __enter__(self) -> ResponseStream[E]:
        self._stream = ResponseStream(self._client, self._course, self._send())
        return self._stream

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
