"""Typed answers and tools: streams that end in a ``T``, and runs of several turns."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from heliograph import errors, models
from heliograph.client._async._events import AsyncEvents
from heliograph.client._async._stream import AsyncResponseStream, AsyncStreamManager
from heliograph.client._core import ParsedResponse, TextFormat, ToolCall, Turns
from heliograph.client._transport import AsyncReply, AsyncSend, Wait

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph
    from heliograph.client._core._course import Course

T = TypeVar("T")
R = TypeVar("R", covariant=True)


class AsyncParsedResponseStream(AsyncResponseStream[models.StreamEvent], Generic[T]):
    """A `AsyncResponseStream` whose text is to be a ``T``."""

    def __init__(
        self,
        client: AsyncHeliograph,
        course: Course,
        reply: AsyncReply,
        text_format: TextFormat[T],
    ) -> None:
        super().__init__(client, course, reply)
        self._format = text_format

    async def get_final_response(self) -> ParsedResponse[T]:
        """Read on to the end; the terminal event's response, its text read as a ``T``.

        Raises as the loop does, and `Refused`, `IncompleteOutput` or `UnfitOutput`.
        """
        return self._format.parsed(await super().get_final_response())


class AsyncParsedStreamManager(AsyncStreamManager[models.StreamEvent], Generic[T]):
    """What ``stream`` gives with a ``text_format``."""

    def __init__(
        self,
        client: AsyncHeliograph,
        course: Course,
        send: AsyncSend,
        text_format: TextFormat[T],
    ) -> None:
        super().__init__(client, course, send)
        self._format = text_format

    async def __aenter__(self) -> AsyncParsedResponseStream[T]:
        reply = await self._send()
        stream = AsyncParsedResponseStream(self._client, self._course, reply, self._format)
        self._stream = stream
        return stream


class AsyncToolRun(AsyncEvents[models.StreamEvent], Generic[R]):
    """The events of all turns of ``responses.run_tools``; a context manager, too.

    Between a turn's terminal event and the next turn's first, the functions that the model called
    are run. The loop raises as `AsyncResponseStream` does, `TooManyTurns`, and `ToolFailed` with
    ``tool_errors="raise"``.
    """

    def __init__(
        self,
        ask: Callable[..., AsyncStreamManager[models.StreamEvent]],
        turns: Turns,
        finish: Callable[[models.OpenResponsesResult], R],
        timeout: Wait,
    ) -> None:
        self._ask = ask
        self._turns = turns
        self._finish = finish
        self._timeout = timeout
        self._stream: AsyncResponseStream[models.StreamEvent] | None = None
        self._final: models.OpenResponsesResult | None = None
        super().__init__()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in turn {self.turn}>"

    @property
    def turn(self) -> int:
        """Which turn is under way, from 1."""
        return self._turns.turn

    @property
    def stream(self) -> AsyncResponseStream[models.StreamEvent] | None:
        """The stream of the turn under way; None before the first."""
        return self._stream

    @property
    def request(self) -> Mapping[str, Any]:
        """The fields that the turn under way was asked with.

        After an error, ``run_tools(**run.request)`` goes on, with the other arguments of before: no
        function runs again whose output stands in it.
        """
        return dict(self._turns.request)

    async def get_final_response(self) -> R:
        """Read on to the end; the last turn's response. Raises as the loop does."""
        async for _ in self._events:
            pass
        if self._final is None:
            raise errors.UsageError("run_tools: the run did not come to its end")
        return self._finish(self._final)

    async def _run(self) -> AsyncGenerator[models.StreamEvent, None]:
        turns = self._turns
        while True:
            async with self._ask(
                extra_body=turns.extra_body,
                extra_headers=turns.headers,
                timeout=self._timeout,
                **turns.request,
            ) as stream:
                self._stream = stream
                async for event in stream:
                    turns.take(event)
                    yield event
                response = await stream.get_final_response()
            calls = turns.calls(response)
            if not calls:
                break
            turns.answer(response, await _perform_all(calls))
        self._final = response


async def _perform_all(calls: Sequence[ToolCall]) -> list[models.Item]:
    """Run a turn's functions side by side; their answers in the order of the calls."""
    tasks = [asyncio.create_task(_perform(call)) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _perform(call: ToolCall) -> models.Item:
    """Run one function; one that is not asynchronous in a thread."""
    if call.refused is not None:
        return call.refused
    try:
        if call.is_async:
            value = await call.function(**call.arguments)
        else:
            value = await asyncio.to_thread(call.function, **call.arguments)
            if inspect.isawaitable(value):
                value = await value
        return call.returned(value)
    except Exception as error:  # noqa: BLE001 - a caller's function may raise anything
        return call.raised(error)
