"""Handlers of events that move a part of an item: content, summaries, commands, panels."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec import UNSET

from heliograph import models

from . import _tables as t
from ._core import ADOPTED, UNKNOWN, Core, Item, Part, State
from ._on_items import find
from ._whole import difference, present


class Place(NamedTuple):
    """Where an event's part is: ``scope`` within the item, and the field that numbers it."""

    scope: str
    key: str
    table: str


_CONTENT: Final = Place("content", "content_index", "content_part")
_SUMMARY: Final = Place("summary", "summary_index", "summary_part")
_COMMAND: Final = Place("command", "command_index", "shell_command")
_OUTPUT: Final = Place("output", "command_index", "shell_output")
_PANEL: Final = Place("panel", "model", "fusion_panel")

_PLACES: Final = {
    "response.content_part": _CONTENT,
    "response.output_text": _CONTENT,
    "response.refusal": _CONTENT,
    "response.reasoning_text": _CONTENT,
    "response.reasoning": _CONTENT,
    "response.reasoning_summary_part": _SUMMARY,
    "response.reasoning_summary_text": _SUMMARY,
    "response.shell_call_command": _COMMAND,
    "response.shell_call_output_content": _OUTPUT,
    "response.fusion_call.panel": _PANEL,
    "response.fusion_call.panel.reasoning": _PANEL,
    "response.output_text.annotation": _CONTENT,
}

#: Done events: the field that holds the whole text.
_TEXTS: Final = {
    "response.output_text.done": "text",
    "response.refusal.done": "refusal",
    "response.reasoning_text.done": "text",
    "response.reasoning.done": "text",
    "response.reasoning_summary_text.done": "text",
    "response.shell_call_command.done": "command",
    "response.fusion_call.panel.completed": "content",
}

_BARE: Final = frozenset({
    "response.reasoning_text.delta", "response.reasoning_text.done",
    "response.reasoning.delta", "response.reasoning.done",
})  # fmt: skip

#: Part table -> (rule of its order, of deltas against done, of the part against done).
_RULES: Final = {
    "reasoning_text": ("HG-RSN-001", "HG-RSN-002", "HG-RSN-003"),
    "summary_part": ("HG-RSN-001", "HG-RSN-002", "HG-RSN-003"),
    "shell_command": ("HG-CAL-001", "HG-CAL-002", "HG-CAL-002"),
    "shell_output": ("HG-CAL-001", "HG-CAL-002", "HG-CAL-002"),
    "fusion_panel": ("HG-CAL-001", "HG-CAL-002", "HG-CAL-002"),
}
_TEXT_RULES: Final = ("HG-PRT-001", "HG-TXT-001", "HG-TXT-002")


def place_of(kind: str) -> Place:
    """The place of a part event: its type without the last word says."""
    return _PLACES[kind.rpartition(".")[0]]


def _key(place: Place, event: Any) -> Any:
    index = getattr(event, place.key)
    return index if place is _CONTENT else (place.scope, index)


def _words(part: Any) -> str:
    """The text of a content or summary part, whatever its field is called."""
    for name in ("text", "refusal"):
        text = getattr(part, name, UNSET)
        if isinstance(text, str):
            return text
    return ""


def _item_of(m: Core, event: Any, place: Place) -> Item | None:
    if place is _COMMAND:  # these events name no item
        return m._items.get(event.output_index) or m._seek(event)
    return find(m, event)


# --- opening ---------------------------------------------------------------------------------
def opened(m: Core, event: Any) -> None:
    """content_part.added, reasoning_summary_part.added, shell command and panel added."""
    place = place_of(event.type)
    item = _item_of(m, event, place)
    if item is None:
        return
    kind = event.type
    state = item.state.next.get(kind)
    if state is None:
        rule = "HG-ITM-010" if kind not in item.state.landing else "HG-CAL-001"
        m._flag(rule, f"{kind} on a {item.type or 'closed item'}", item.state.expects())
        if m._hold:
            return
    key = _key(place, event)
    index = getattr(event, place.key)
    before = item.parts.get(key)
    if before is not None and not (place is _PANEL and before.state.final):
        m._flag(
            "HG-PRT-001",
            f"{place.key} {index!r} was added twice",
            f"{place.key} {item.opened.get(place.scope, 0) if item.opened else 0}",
        )
        return
    if state is None:
        part = Part(ADOPTED, place.table)
    else:
        _check_index(m, item, place, index)
        part = _new_part(m, item, place, event)
    if m._found and m._hold:
        return
    item.put(key, place.scope, index, part)


def _new_part(m: Core, item: Item, place: Place, event: Any) -> Part:
    added: Any = getattr(event, "part", None)
    if place is _CONTENT:
        name = added.type
        if isinstance(added, models.UnknownPart):
            return Part(UNKNOWN, name)
        table = name if name in t.CONTENT_PART_TABLES else place.table
        part = Part.listening(m._starts[table], name)
    else:
        part = Part.listening(m._starts[place.table], getattr(added, "type", place.table))
    words = _words(added) if added is not None else getattr(event, "command", "")
    if item.state is ADOPTED:
        part.forget_text()
    elif words:
        # A command may be announced with its text: no spec says that it is empty then.
        if place is not _COMMAND and "added-whole" not in m._dialect:
            m._flag("HG-PRT-004", f"{event.type} with text in it", "an empty text, then deltas")
        part.forget_text()
    return part


def _check_index(m: Core, item: Item, place: Place, index: Any) -> None:
    following = item.opened.get(place.scope, 0) if item.opened else 0
    if place is not _PANEL and index != following and item.state is not ADOPTED:
        m._flag("HG-PRT-002", f"{place.key} {index}", f"{place.key} {following}")


# --- finding ---------------------------------------------------------------------------------
def _seek_part(m: Core, item: Item, event: Any, place: Place) -> Part | None:
    """The part that was not found where the event says: reported, or opened where that is legal."""
    kind = event.type
    index = getattr(event, place.key)
    part = Part(m._starts[place.table], place.table)
    if place is _OUTPUT:
        if item.state.next.get(kind) is None:
            m._flag("HG-ITM-010", f"{kind} on a {item.type}", "an event of its item's type")
            return None
        _check_index(m, item, place, index)
    elif kind in _BARE and "bare-reasoning" in m._dialect and item.type == "reasoning":
        part = Part(ADOPTED, "reasoning_text")
    else:
        if item.state is not ADOPTED:
            rule = "HG-RSN-001" if kind in _BARE or place is _SUMMARY else "HG-PRT-001"
            rule = "HG-CAL-001" if place is _COMMAND or place is _PANEL else rule
            m._flag(rule, f"{kind} for {place.key} {index!r}, never added", "its added event")
        part = Part(ADOPTED, place.table)
    if m._found and m._hold:
        return None
    item.put(_key(place, event), place.scope, index, part)
    return part


def _refuse(m: Core, part: Part, kind: str) -> State:
    m._flag(
        _RULES.get(part.state.table, _TEXT_RULES)[0],
        f"{kind} while the {part.type} part is {part.state.name}",
        part.state.expects(),
    )
    return part.state.after_refusal(kind)


def _locate(m: Core, event: Any) -> Part | None:
    place = place_of(event.type)
    item = _item_of(m, event, place)
    if item is None:
        return None
    part = item.parts.get(_key(place, event))
    return part if part is not None else _seek_part(m, item, event, place)


# --- deltas ----------------------------------------------------------------------------------
def content_delta(m: Core, event: Any) -> None:
    """The hottest handler: a piece of text, refusal or reasoning."""
    item = m._items.get(event.output_index)
    if item is None or item.id != event.item_id:
        item = m._seek(event)
        if item is None:
            return
    part = item.parts.get(event.content_index)
    if part is None:
        part = _seek_part(m, item, event, _CONTENT)
        if part is None:
            return
    kind = event.type
    if part.state.next.get(kind) is None:
        _refuse(m, part, kind)
        return
    if m._found and m._hold:
        return
    part.write(event.delta)


def delta(m: Core, event: Any) -> None:
    """A piece of a summary, a command or a panel's text."""
    part = _locate(m, event)
    if part is None:
        return
    kind = event.type
    if part.state.next.get(kind) is None:
        _refuse(m, part, kind)
    elif not (m._found and m._hold):
        part.write(event.delta)


def untexted(m: Core, event: Any) -> None:
    """A part event whose piece is compared with nothing: output chunks, panel reasoning."""
    part = _locate(m, event)
    if part is None:
        return
    state = part.state.next.get(event.type) or _refuse(m, part, event.type)
    if not (m._found and m._hold):
        part.state = state


# --- done ------------------------------------------------------------------------------------
def text_done(m: Core, event: Any) -> None:
    part = _locate(m, event)
    if part is None:
        return
    kind = event.type
    state = part.state.next.get(kind)
    text = present(getattr(event, _TEXTS[kind])) or ""
    if state is None:
        state = _refuse(m, part, kind)
        if state is part.state:
            return
    elif part.text is not None:
        streamed = part.text.getvalue()
        if streamed != text:
            got, want = difference(text, streamed)
            m._flag(_RULES.get(part.state.table, _TEXT_RULES)[1], f"{kind} has {got}", want)
    if m._found and m._hold:
        return
    part.state = state
    part.said = text
    part.forget_text()


def annotation(m: Core, event: Any) -> None:
    part = _locate(m, event)
    if part is None:
        return
    state = part.state.next.get(event.type)
    if state is None:
        _refuse(m, part, event.type)
        return
    count = len(part.annotations or ())
    if event.annotation_index != count and state is not ADOPTED:
        m._flag("HG-TXT-003", f"annotation_index {event.annotation_index}", str(count))
    if m._found and m._hold:
        return
    if part.annotations is None:
        part.annotations = []
    part.annotations.append(event.annotation)


def part_done(m: Core, event: Any) -> None:
    """content_part.done and reasoning_summary_part.done."""
    part = _locate(m, event)
    if part is None:
        return
    kind, final = event.type, event.part
    state = part.state.next.get(kind)
    if state is None:
        state = _refuse(m, part, kind)
        if state is part.state:
            return
    elif state is not ADOPTED:
        _check_part(m, part, final)
    if m._found and m._hold:
        return
    part.state = state
    part.final = final if state is not ADOPTED else None


def _check_part(m: Core, part: Part, final: Any) -> None:
    if final.type != part.type:
        m._flag("HG-PRT-003", f"a {part.type} part was done as {final.type}", f"type {part.type}")
        return
    words = _words(final)
    if part.said is not None and words != part.said:
        got, want = difference(words, part.said)
        m._flag(
            _RULES.get(part.state.table, _TEXT_RULES)[2],
            f"a {part.type} part was done with {got}",
            want,
        )
    if part.type == "output_text":
        listed = present(final.annotations) or []
        if listed != (part.annotations or []):
            m._flag(
                "HG-TXT-004",
                f"a part was done with {len(listed)} annotations",
                f"the {len(part.annotations or [])} that were added",
            )
