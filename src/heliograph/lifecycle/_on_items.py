"""Handlers of events that move an item: added, done, and the calls' own events."""

from __future__ import annotations

from io import StringIO
from typing import Any, Final

from msgspec import UNSET

from heliograph import models

from . import _tables as t
from ._core import ADOPTED, Core, Item, State, readable
from ._whole import ITEM_TEXTS, check_whole, difference, item_text, present

_IMAGE_TYPES: Final = frozenset({"image_generation_call", "openrouter:image_generation"})
_PARTIAL: Final = "response.image_generation_call.partial_image"

#: Item table -> the rule that its refusals break; other tables: HG-CAL-001.
_ORDER_RULES: Final = {"function_call": "HG-FNC-001"}
#: Status -> the event that the tables know an item's end by.
DONE_NAMES: Final[dict[Any, str]] = {
    s: t.done(s) for s in ("", "completed", "incomplete", "failed", "generating")
}
_FINAL: Final = frozenset({"", "completed", "incomplete", "failed"})

#: Delta and done events of calls: the field that holds the text.
CALL_TEXTS: Final = {
    "response.function_call_arguments.delta": "delta",
    "response.function_call_arguments.done": "arguments",
    "response.custom_tool_call_input.delta": "delta",
    "response.custom_tool_call_input.done": "input",
    "response.code_interpreter_call_code.delta": "delta",
    "response.code_interpreter_call_code.done": "code",
    "response.mcp_call_arguments.delta": "delta",
    "response.mcp_call_arguments.done": "arguments",
    "response.apply_patch_call_operation_diff.delta": "delta",
    "response.apply_patch_call_operation_diff.done": "diff",
}


# --- added -----------------------------------------------------------------------------------
def added(m: Core, event: Any) -> None:
    if m._response.name != "in_progress" and not m._running(event):
        return
    index, item = event.output_index, event.item
    id_ = getattr(item, "id", None)
    if id_ is UNSET:
        id_ = None
    kind = "" if item is None else item.type
    if index != m._next_output:
        m._flag(
            "HG-ITM-001",
            f"an item was added at output_index {index}",
            f"output_index {m._next_output}",
        )
    if id_ in m._ids:
        m._flag(
            "HG-ITM-004",
            f"the item at output_index {index} has the id of the one at {m._ids[id_]}, {id_!r}",
            "an id of its own",
        )
    if kind in t.ITEM_TABLES:
        state = m._starts[kind]
        if getattr(item, "status", None) != "in_progress" or kind in _FILLED:
            _check_unfinished(m, item)
    elif item is None:
        state = ADOPTED
        flag_null(m, event)
    elif isinstance(item, models.UnknownItem):
        state = ADOPTED
    else:
        state = m._starts["item"]
    if m._found and m._hold:
        return
    if index in m._done or (index in m._items and m._items[index].id == id_):
        return
    m._items[index] = Item(index, id_, state, item)
    if id_ is not None:
        m._ids[id_] = index
    if index >= m._next_output:
        m._next_output = index + 1


def flag_null(m: Core, event: Any) -> None:
    """Open Responses lets an item be null; the other specs do not."""
    if "missing-fields" not in m._dialect:
        m._flag("HG-FLD-001", f"{event.type} has item null", "an item")


#: Item types whose content comes in events of its own (a patch may be announced with its path).
_FILLED: Final = frozenset({"message", "reasoning"} | ITEM_TEXTS.keys() - {"apply_patch_call"})


def _check_unfinished(m: Core, item: Any) -> None:
    if "added-whole" in m._dialect:
        return
    status = present(getattr(item, "status", None))
    if status is not None and status != "in_progress":
        m._flag("HG-ITM-006", f"an item was added with status {status!r}", "in_progress")
        return
    kind = item.type
    if kind == "message" or kind == "reasoning":
        filled = bool(present(item.content)) or bool(kind == "reasoning" and item.summary)
    else:
        filled = kind in _FILLED and bool(item_text(item))
    if filled:
        m._flag(
            "HG-ITM-006", f"a {kind} was added with content in it", "content in events of its own"
        )


# --- done ------------------------------------------------------------------------------------
def done(m: Core, event: Any) -> None:
    index, final = event.output_index, event.item
    item = m._items.get(index)
    if item is None:
        item = m._seek(event)
        if item is None:
            return
    id_ = getattr(final, "id", UNSET)
    before = item.state
    if before is ADOPTED:
        if isinstance(id_, str):
            m._ids.setdefault(id_, index)
    elif final is None:
        flag_null(m, event)
    elif final.type != item.added.type:
        m._flag("HG-ITM-005", f"a {item.type} was done as a {final.type}", f"type {item.type}")
    else:
        if id_ != item.id and item.id is not None:
            m._flag("HG-ITM-003", f"item {item.id!r} was done with id {id_!r}", f"id {item.id!r}")
        kind = final.type
        status = getattr(final, "status", UNSET)
        if status is UNSET or status is None:
            status = ""
        if before.next.get(DONE_NAMES.get(status) or t.done(status)) is None:
            _refuse_done(m, item, status)
        if kind in _IMAGE_TYPES:
            if status == "completed" and not final.has_picture():
                m._flag("HG-IMG-009", "a completed image call without a result", "the picture")
        else:
            check_whole(m, item, final)
    if m._found and m._hold:
        return
    del m._items[item.index]
    m._done[item.index] = final


def _refuse_done(m: Core, item: Item, status: str) -> None:
    state = item.state
    what = f"{item.type} done with status {status or None!r} while {state.name}"
    if item.type in _IMAGE_TYPES:
        rule = {
            "completed": "HG-IMG-006",
            "failed": "HG-IMG-007" if state.name == "completed" else "HG-ITM-007",
            "incomplete": "HG-IMG-008" if item.type == "image_generation_call" else "HG-IMG-001",
        }.get(status, "HG-ITM-007")
    elif t.done(status) in state.landing and state.next and status in _FINAL:
        rule = _ORDER_RULES.get(item.type, "HG-CAL-001")
    else:
        rule = "HG-ITM-007"
    legal = {readable(e) for e in state.landing if e.startswith(t.DONE)}
    m._flag(
        rule,
        what,
        " or ".join(sorted(legal)) if rule == "HG-ITM-007" else state.expects(),
    )


# --- the calls' own events -------------------------------------------------------------------
def find(m: Core, event: Any) -> Item | None:
    item = m._items.get(event.output_index)
    if item is not None and item.id == event.item_id:
        return item
    return m._seek(event)


def call(m: Core, event: Any) -> None:
    """An event that only moves its item."""
    item = m._items.get(event.output_index)
    if item is None or item.id != event.item_id:
        item = m._seek(event)
        if item is None:
            return
    kind = event.type
    state = item.state.next.get(kind)
    if state is None:
        state = refuse(m, item, kind)
    if m._found and m._hold:
        return
    item.state = state


def refuse(m: Core, item: Item, kind: str) -> State:
    """Reports an event that the item's table refuses; returns where to go on."""
    state = item.state
    if kind not in state.landing:
        m._flag("HG-ITM-010", f"{kind} on a {item.type}", "an event of its item's type")
        return state
    rule = _ORDER_RULES.get(item.type, "HG-CAL-001")
    if item.type in _IMAGE_TYPES:
        rule = "HG-IMG-001"
        if kind == _PARTIAL:
            rule = "HG-IMG-005" if state.name == "completed" else "HG-IMG-001"
        elif state.landing[kind].rank <= state.rank:
            rule = "HG-IMG-002"
    m._flag(rule, f"{kind} while the {item.type} is {state.name}", state.expects())
    return state.after_refusal(kind)


def partial_image(m: Core, event: Any) -> None:
    item = m._items.get(event.output_index)
    if item is None or item.id != event.item_id:
        item = m._seek(event)
        if item is None:
            return
    state = item.state.next.get(_PARTIAL)
    if state is None:
        state = refuse(m, item, _PARTIAL)
    number = event.partial_image_index
    if number != item.next_partial and item.state is not ADOPTED:
        came = f"partial_image_index {number}"
        if item.partials:
            came = f"partial_image_index went from {item.next_partial - 1} to {number}"
        m._flag("HG-IMG-003", came, f"{item.next_partial}")
    limit = m._limits.get(item.state.table)
    if limit is not None and item.partials >= limit and "extra-partial-images" not in m._dialect:
        m._flag("HG-IMG-004", f"partial image {item.partials + 1} of {limit}", f"at most {limit}")
    if m._found and m._hold:
        return
    item.state = state
    item.partials += 1
    item.next_partial = max(item.next_partial, number + 1)


def call_delta(m: Core, event: Any) -> None:
    item = m._items.get(event.output_index)
    if item is None or item.id != event.item_id:
        item = m._seek(event)
        if item is None:
            return
    kind = event.type
    state = item.state.next.get(kind)
    if state is None:
        state = refuse(m, item, kind)
        if m._hold or state is item.state:
            return
    elif m._found and m._hold:
        return
    item.state = state
    if item.text is None:
        item.text = StringIO()
    item.text.write(event.delta)


def call_text_done(m: Core, event: Any) -> None:
    item = find(m, event)
    if item is None:
        return
    kind = event.type
    state = item.state.next.get(kind)
    text = present(getattr(event, CALL_TEXTS[kind]))
    function = kind == "response.function_call_arguments.done"
    if state is None:
        state = refuse(m, item, kind)
    elif state is not ADOPTED:
        streamed = "" if item.text is None else item.text.getvalue()
        if streamed != text and not (item.text is None and "whole-calls" in m._dialect):
            got, want = difference(text or "", streamed)
            m._flag("HG-FNC-002" if function else "HG-CAL-002", f"{kind} has {got}", want)
        name = present(event.name) if function else None
        if name is not None and item.added is not None and name != item.added.name:
            m._flag("HG-FNC-004", f"{kind} names {name!r}", repr(item.added.name))
    if m._found and m._hold:
        return
    item.state = state
    item.said = text
    item.text = None
