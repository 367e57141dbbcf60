"""Calls: the stages that were left out on the way to what came, and texts that came whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from copy import copy
from typing import Any, Final

from heliograph import models

from . import _tables as t
from ._core import ADOPTED, Item, State
from ._on_items import CALL_TEXTS
from ._whole import ITEM_TEXTS, item_text, present

__all__ = ["IMAGE_TYPES", "closed_parts", "ended_call", "made", "way", "within_call"]

IMAGE_TYPES: Final = frozenset({"image_generation_call", "openrouter:image_generation"})

#: Stages that can be put in: their events say no more than which item they are of ...
_BARE: Final = frozenset({
    "response.image_generation_call.in_progress", "response.image_generation_call.generating",
    "response.image_generation_call.completed",
    "response.web_search_call.in_progress", "response.web_search_call.searching",
    "response.web_search_call.completed",
    "response.file_search_call.in_progress", "response.file_search_call.searching",
    "response.file_search_call.completed",
    "response.code_interpreter_call.in_progress", "response.code_interpreter_call.interpreting",
    "response.code_interpreter_call.completed",
    "response.mcp_call.in_progress", "response.mcp_call.completed", "response.mcp_call.failed",
    "response.mcp_list_tools.in_progress", "response.mcp_list_tools.completed",
    "response.mcp_list_tools.failed",
    "response.fusion_call.in_progress", "response.fusion_call.completed",
})  # fmt: skip
#: ... or the text that the item has.
_WRITTEN: Final = frozenset(kind for kind in CALL_TEXTS if kind.endswith(".done"))


_EVENTS: Final[dict[str, Any]] = dict(models.EVENTS)


def way(state: State, goal: str) -> list[str] | None:
    """The fewest events that make ``goal`` legal, in order; None where none do."""
    seen, waiting = {id(state)}, deque([(state, list[str]())])
    while waiting:
        here, steps = waiting.popleft()
        if here.next.get(goal) is not None:
            return steps
        for event in list(here.next):
            following = here.next.get(event)
            if (event in _BARE or event in _WRITTEN) and id(following) not in seen:
                seen.add(id(following))
                waiting.append((following, [*steps, event]))
    return None


def within_call(item: Item, event: Any) -> Iterator[models.StreamEvent]:
    """An event of a call: with the stages before it, or not at all where they are over."""
    kind = event.type
    if item.state.next.get(kind) is None and kind in item.state.landing:
        steps = way(item.state, kind)
        if steps is None:
            return
        for step in steps:
            yield from _stepped(item, step, "")
    if kind in _WRITTEN:
        field = CALL_TEXTS[kind]
        streamed = item.text.getvalue() if item.text is not None else ""
        text = present(getattr(event, field)) or ""
        if text != streamed:
            if text.startswith(streamed):
                yield _delta(item, kind, text[len(streamed) :])
            else:
                setattr(event, field, streamed)
        name = present(getattr(item.added, "name", None))
        if isinstance(event, models.FunctionCallArgsDoneEvent) and name:
            event.name = name
    yield event


def ended_call(item: Item, final: Any) -> Iterator[models.StreamEvent]:
    """What has to come before a call's done item, and its text as it was streamed."""
    text = item_text(final) or "" if final.type in ITEM_TEXTS else ""
    status = present(getattr(final, "status", None)) or ""
    for step in way(item.state, t.done(status)) or ():
        yield from _stepped(item, step, text)
    if final.type in ITEM_TEXTS:
        streamed = item.streamed()
        if streamed is None:
            streamed = item_text(item.added) or ""
        if streamed != text:
            _set_text(final, streamed)


def closed_parts(item: Item, final: Any, message: str) -> Iterator[models.StreamEvent]:
    """The ends of commands, their output and panels that are open, and ``final`` to fit."""
    where: dict[str, Any] = {"output_index": item.index}
    for key, part in list(item.parts.items()):
        if part.state.final or not isinstance(key, tuple) or part.state is ADOPTED:
            continue
        text = part.text.getvalue() if part.text is not None else ""
        match key:
            case ("command", int() as at):
                yield models.ResponseShellCallCommandDoneEvent(
                    command=text, command_index=at, **where
                )
            case ("output", int() as at):
                yield models.ResponseShellCallOutputContentDoneEvent(
                    command_index=at, item_id=item.id or "", output=[], **where
                )
            case ("panel", str() as model):
                yield models.FusionCallPanelFailedEvent(
                    item_id=item.id or "", model=model, error=message, **where
                )
    if final.type == "shell_call" and item.parts:
        commands = [part.said or "" for _, part in sorted(item.parts.items())]
        final.action = copy(final.action)
        final.action.commands = commands


def _set_text(final: Any, text: str) -> None:
    *path, name = ITEM_TEXTS[final.type]
    for step in path:
        final = getattr(final, step)
    setattr(final, name, text)


def _stepped(item: Item, step: str, text: str) -> Iterator[models.StreamEvent]:
    """One stage that was left out; ``text`` is the whole of a call's."""
    where: dict[str, Any] = {"item_id": item.id or "", "output_index": item.index}
    if step in _WRITTEN:
        streamed = item.text.getvalue() if item.text is not None else ""
        if text.startswith(streamed) and text != streamed:
            yield _delta(item, step, text[len(streamed) :])
            streamed = text
        where[CALL_TEXTS[step]] = streamed
        if step == "response.function_call_arguments.done":
            where["name"] = str(getattr(item.added, "name", ""))
    yield made(step, **where)


def made(kind: str, **fields: Any) -> models.StreamEvent:
    """An event by its wire type."""
    event: models.StreamEvent = _EVENTS[kind](**fields)
    return event


def _delta(item: Item, done: str, text: str) -> models.StreamEvent:
    kind = done.removesuffix(".done") + ".delta"
    return made(kind, item_id=item.id or "", output_index=item.index, delta=text)
