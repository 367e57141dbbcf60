"""A conversation of as many turns as its tools take: what to send next, and whether it is over.

Theory. A turn is one response. It is the last one unless it completed and calls functions, every
one of which is ours to run; their outputs are the next turn's input. What else the next turn must
be given depends on who keeps the conversation:

- a ``conversation``: it has everything;
- a server that stored the response, or a connection that has it: its id goes along as
  ``previous_response_id``;
- nobody (``store=False``, or a response that says that it was not stored): all items go back, those
  of the response word for word. Reasoning goes back where it holds its content, sealed or plain;
  ``reasoning.encrypted_content`` is asked for as soon as the model is seen, or told, to reason.

A choice that forced a call was for the first turn only, or there would be no end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import msgspec

from heliograph import errors, models
from heliograph.client._core._calls import CallOf, ToolCall
from heliograph.client._core._functions import CallableTool
from heliograph.client._core._requests import is_stored

__all__ = ["MAX_TURNS", "Turns"]

MAX_TURNS = 10
"""Turns that ``run_tools`` takes at most, unless it is told otherwise."""

_MANAGED = ("input", "tools", "tool_choice", "previous_response_id", "conversation", "include")
_SEALED = "reasoning.encrypted_content"
_KEY = "idempotency-key"
_DECLARED = ("function", "custom")
_FOR_THE_CALLER = frozenset(
    {
        "apply_patch_call",
        "computer_call",
        "local_shell_call",
        "mcp_approval_request",
        "shell_call",
    }
)


class _Output(msgspec.Struct):
    output: list[msgspec.Raw]


class _Terminal(msgspec.Struct):
    response: _Output


class Turns:
    """One run. ``request`` is what the turn under way was asked, or the next one will be.

    ``remembers`` says that the newest response is kept where the next turn is asked, stored or not.
    Raises `UsageError` for tools that cannot be run: two of one name, or an asynchronous one where
    nothing can be awaited (``awaits``).
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        *,
        extra_body: Mapping[str, Any] | None,
        extra_headers: Mapping[str, str] | None,
        max_turns: int,
        tool_errors: Literal["tell", "raise"],
        remembers: bool = False,
        awaits: bool,
    ) -> None:
        if isinstance(max_turns, bool) or not isinstance(max_turns, int) or max_turns < 1:
            raise errors.UsageError(f"max_turns: {max_turns!r} is no number from 1")
        if tool_errors not in ("tell", "raise"):
            raise errors.UsageError(f"tool_errors: {tool_errors!r} is neither tell nor raise")
        self.turn = 1
        self._max_turns = max_turns
        self._tell = tool_errors == "tell"
        self.extra_body = dict(extra_body or {})
        managed = {key: self.extra_body.pop(key) for key in _MANAGED if key in self.extra_body}
        self.request: dict[str, Any] = {**params, **managed}
        self._headers = extra_headers
        self._remembers = remembers
        self._stored = remembers or is_stored(params, extra_body)
        self._runnable: dict[str, CallableTool[..., Any]] = {}
        self._declared: set[str] = set()
        self._terminal: models.CompletedEvent | None = None
        for tool in _every(self.request.get("tools") or ()):
            self._know(tool, awaits)
        if self.request.get("reasoning") is not None and not self._stored:
            self._ask_for_sealed()

    @property
    def headers(self) -> Mapping[str, str] | None:
        """The caller's headers; an ``Idempotency-Key`` of theirs becomes one for each turn."""
        if self._headers is None or self.turn == 1:
            return self._headers
        return {
            name: f"{value}-{self.turn}" if name.lower() == _KEY else value
            for name, value in self._headers.items()
        }

    def take(self, event: Any) -> None:
        """Every event of the turn under way."""
        if isinstance(event, models.CompletedEvent):
            self._terminal = event

    def calls(self, response: models.OpenResponsesResult) -> list[ToolCall]:
        """What to run before the next turn; nothing where the run is over.

        Raises `TooManyTurns` instead of a turn too many.
        """
        if response.status not in ("completed", models.UNSET, None):
            return []
        open_items = list(_unanswered(response))
        if not open_items or any(not self._ours(item) for item in open_items):
            return []
        if self.turn >= self._max_turns:
            raise errors.TooManyTurns(self._max_turns, response)
        return [
            ToolCall(
                item,
                self._runnable.get(item.name),
                response=response,
                tell=self._tell,
                known=tuple(self._runnable),
            )
            for item in open_items
        ]

    def answer(self, response: models.OpenResponsesResult, outputs: Sequence[models.Item]) -> None:
        """Make the next turn's request."""
        given: list[Any] = list(outputs)
        request = self.request
        if request.get("conversation") is not None:
            pass
        elif self._remembers or (self._stored and response.store is not False):
            request["previous_response_id"] = response.id
        else:
            given = [*_items(request.get("input")), *self._said(response), *outputs]
        request["input"] = given
        choice = _relaxed(request.get("tool_choice", "auto"))
        if "tool_choice" in request:
            request["tool_choice"] = choice
        self._terminal = None
        self.turn += 1

    def _know(self, tool: Any, awaits: bool) -> None:
        if isinstance(tool, CallableTool):
            if tool.is_async and not awaits:
                raise errors.UsageError(f"tools: {tool.name} is async; AsyncHeliograph awaits it")
            if self._runnable.setdefault(tool.name, tool) is not tool:
                raise errors.UsageError(f"tools: two are called {tool.name}")
            return
        kind, name = _field(tool, "type"), _field(tool, "name")
        if kind in _DECLARED and isinstance(name, str):
            self._declared.add(name)

    def _ours(self, item: Any) -> bool:
        return isinstance(item, CallOf) and item.name not in self._declared

    def _ask_for_sealed(self) -> None:
        included = list(self.request.get("include") or ())
        if _SEALED not in included:
            self.request["include"] = [*included, _SEALED]

    def _said(self, response: models.OpenResponsesResult) -> list[Any]:
        """The response's items to send back, each as its text came."""
        said: list[Any] = list(response.output)
        wire = None if self._terminal is None else models.wire_of(self._terminal)
        if wire is not None:
            # Text that only the tolerant reader reads goes as the typed items say it.
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                said = list(msgspec.json.decode(wire, type=_Terminal).response.output)
        if any(isinstance(item, models.OutputReasoningItem) for item in response.output):
            self._ask_for_sealed()
        return [
            text
            for item, text in zip(response.output, said, strict=True)
            if not isinstance(item, models.OutputReasoningItem)
            or item.encrypted_content
            or item.content
        ]


def _every(tools: Sequence[Any]) -> Iterator[Any]:
    """The tools, and those within namespaces."""
    for tool in tools:
        yield tool
        if not isinstance(tool, CallableTool):
            inner = _field(tool, "tools")
            if isinstance(inner, list | tuple):
                yield from _every(inner)


def _field(tool: Any, name: str) -> Any:
    return tool.get(name) if isinstance(tool, Mapping) else getattr(tool, name, None)


def _unanswered(response: models.OpenResponsesResult) -> Iterator[Any]:
    """The calls in a response that wait for somebody outside of the server."""
    output = response.output
    answered = [_field(item, "call_id") for item in output if item.type.endswith("_output")]
    for item in output:
        call_id = _field(item, "call_id")
        if _waits(item) and not (isinstance(call_id, str) and call_id in answered):
            yield item


def _waits(item: Any) -> bool:
    if isinstance(item, models.ToolSearchCallItem):
        return item.execution == "client"
    return isinstance(item, CallOf) or item.type in _FOR_THE_CALLER


def _items(given: Any) -> list[Any]:
    """A request's input as items."""
    if given is None:
        return []
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return list(given)


def _relaxed(choice: Any) -> Any:
    """A tool choice that no longer forces a call."""
    if choice in ("auto", "none", None):
        return choice
    if _field(choice, "type") != "allowed_tools":
        return "auto"
    tools = _field(choice, "tools")
    return {"type": "allowed_tools", "mode": "auto", "tools": tools}
