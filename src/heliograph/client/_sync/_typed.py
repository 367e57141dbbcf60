"""Typed answers and tools: streams that end in a ``T``, and runs of several turns."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from heliograph import errors, models
from heliograph.client._core import ParsedResponse, TextFormat, ToolCall, Turns
from heliograph.client._sync._events import Events
from heliograph.client._sync._stream import ResponseStream, StreamManager
from heliograph.client._transport import Reply, Send, Wait

if TYPE_CHECKING:
    from heliograph.client._core._course import Course
    from heliograph.client._sync._client import Heliograph

T = TypeVar("T")
R = TypeVar("R", covariant=True)


class ParsedResponseStream(ResponseStream[models.StreamEvent], Generic[T]):
    """A `ResponseStream` whose text is to be a ``T``."""

    def __init__(
        self, client: Heliograph, course: Course, reply: Reply, text_format: TextFormat[T]
    ) -> None:
        super().__init__(client, course, reply)
        self._format = text_format

    def get_final_response(self) -> ParsedResponse[T]:
        """Read on to the end; the terminal event's response, its text read as a ``T``.

        Raises as the loop does, and `Refused`, `IncompleteOutput` or `UnfitOutput`.
        """
        return self._format.parsed(super().get_final_response())


class ParsedStreamManager(StreamManager[models.StreamEvent], Generic[T]):
    """What ``stream`` gives with a ``text_format``."""

    def __init__(
        self,
        client: Heliograph,
        course: Course,
        send: Send,
        text_format: TextFormat[T],
    ) -> None:
        super().__init__(client, course, send)
        self._format = text_format

    def __enter__(self) -> ParsedResponseStream[T]:
        stream = ParsedResponseStream(self._client, self._course, self._send(), self._format)
        self._stream = stream
        return stream


class ToolRun(Events[models.StreamEvent], Generic[R]):
    """The events of all turns of ``responses.run_tools``; a context manager, too.

    Between a turn's terminal event and the next turn's first, the functions that the model called
    are run. The loop raises as `ResponseStream` does, `TooManyTurns`, and `ToolFailed` with
    ``tool_errors="raise"``.
    """

    def __init__(
        self,
        ask: Callable[..., StreamManager[models.StreamEvent]],
        turns: Turns,
        finish: Callable[[models.OpenResponsesResult], R],
        timeout: Wait,
    ) -> None:
        self._ask = ask
        self._turns = turns
        self._finish = finish
        self._timeout = timeout
        self._stream: ResponseStream[models.StreamEvent] | None = None
        self._final: models.OpenResponsesResult | None = None
        super().__init__()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in turn {self.turn}>"

    @property
    def turn(self) -> int:
        """Which turn is under way, from 1."""
        return self._turns.turn

    @property
    def stream(self) -> ResponseStream[models.StreamEvent] | None:
        """The stream of the turn under way; None before the first."""
        return self._stream

    @property
    def request(self) -> Mapping[str, Any]:
        """The fields that the turn under way was asked with.

        After an error, ``run_tools(**run.request)`` goes on, with the other arguments of before: no
        function runs again whose output stands in it.
        """
        return dict(self._turns.request)

    def get_final_response(self) -> R:
        """Read on to the end; the last turn's response. Raises as the loop does."""
        for _ in self._events:
            pass
        if self._final is None:
            raise errors.UsageError("run_tools: the run did not come to its end")
        return self._finish(self._final)

    def _run(self) -> Generator[models.StreamEvent, None, None]:
        turns = self._turns
        while True:
            with self._ask(
                extra_body=turns.extra_body,
                extra_headers=turns.headers,
                timeout=self._timeout,
                **turns.request,
            ) as stream:
                self._stream = stream
                for event in stream:
                    turns.take(event)
                    yield event
                response = stream.get_final_response()
            calls = turns.calls(response)
            if not calls:
                break
            turns.answer(response, [_perform(call) for call in calls])
        self._final = response


def _perform(call: ToolCall) -> models.Item:
    """Run one function."""
    if call.refused is not None:
        return call.refused
    try:
        return call.returned(call.function(**call.arguments))
    except Exception as error:  # noqa: BLE001 - a caller's function may raise anything
        return call.raised(error)
