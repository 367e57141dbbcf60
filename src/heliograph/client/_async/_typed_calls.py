# ruff: noqa: ASYNC109 - the timeout is the transport's, and the twins agree
"""``responses.parse`` and ``responses.run_tools``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from msgspec import UNSET

from heliograph import models
from heliograph.client import _core
from heliograph.client._async._stream import AsyncStreamManager
from heliograph.client._async._typed import AsyncToolRun
from heliograph.client._core import MAX_TURNS, ParsedResponse, ResponseParams, TextFormat, Turns
from heliograph.client._transport import Wait

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph

T = TypeVar("T")


class AsyncToolRuns:
    """``run_tools``, for whatever makes responses by a method ``stream``."""

    stream: Callable[..., AsyncStreamManager[Any]]
    _remembers = False
    """Whoever is asked has the newest response, stored or not."""

    @overload
    async def run_tools(
        self,
        *,
        stream: Literal[False] = False,
        text_format: None = None,
        max_turns: int = MAX_TURNS,
        tool_errors: Literal["tell", "raise"] = "tell",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult: ...

    @overload
    async def run_tools(
        self,
        *,
        stream: Literal[False] = False,
        text_format: type[T],
        max_turns: int = MAX_TURNS,
        tool_errors: Literal["tell", "raise"] = "tell",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> ParsedResponse[T]: ...

    @overload
    async def run_tools(
        self,
        *,
        stream: Literal[True],
        text_format: None = None,
        max_turns: int = MAX_TURNS,
        tool_errors: Literal["tell", "raise"] = "tell",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncToolRun[models.OpenResponsesResult]: ...

    @overload
    async def run_tools(
        self,
        *,
        stream: Literal[True],
        text_format: type[T],
        max_turns: int = MAX_TURNS,
        tool_errors: Literal["tell", "raise"] = "tell",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncToolRun[ParsedResponse[T]]: ...

    async def run_tools(
        self,
        *,
        stream: bool = False,
        text_format: type[Any] | None = None,
        max_turns: int = MAX_TURNS,
        tool_errors: Literal["tell", "raise"] = "tell",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult | AsyncToolRun[Any]:
        """Make responses, running the functions they call, until one calls none: that one.

        With ``stream=True`` an `AsyncToolRun`, which gives the events of all turns as they come.
        Functions in ``tools`` are made with `function_tool` or `custom_tool`; hosted tools may
        stand beside them. A function's error is told to the model, or raised as `ToolFailed` with
        ``tool_errors="raise"``. Raises `TooManyTurns` after ``max_turns``; otherwise as ``stream``
        does, and with a ``text_format`` as ``parse``.
        """
        asked = None if text_format is None else TextFormat(text_format)
        turns = Turns(
            params if asked is None else asked.within(params, extra_body),
            extra_body=extra_body,
            extra_headers=extra_headers,
            max_turns=max_turns,
            tool_errors=tool_errors,
            remembers=self._remembers,
            awaits=True,
        )
        finish: Any = _core.unparsed if asked is None else asked.parsed
        run: AsyncToolRun[Any] = AsyncToolRun(self.stream, turns, finish, timeout)
        if stream:
            return run
        async with run:
            response: models.OpenResponsesResult = await run.get_final_response()
        return response


class AsyncTypedResponses(AsyncToolRuns):
    """What `AsyncResponses` does with types and functions of the caller's."""

    _client: AsyncHeliograph

    async def parse(
        self,
        *,
        text_format: type[T],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> ParsedResponse[T]:
        """Make a response whose text is a ``T``: ``response.output_parsed``.

        ``text_format`` is a msgspec Struct, a dataclass, a TypedDict or a pydantic model; it is
        sent as a strict JSON Schema. Raises as ``create`` does; `UsageError` for a type that a
        strict schema cannot say; `Refused`, `IncompleteOutput` and `UnfitOutput`, each with the
        response.
        """
        asked = TextFormat(text_format)
        call = _core.create_call(
            self._client._config,
            asked.within(params, extra_body),
            stream=False,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        stored = _core.is_stored(params, extra_body)
        return asked.parsed(await self._client._response(call, made=stored))
