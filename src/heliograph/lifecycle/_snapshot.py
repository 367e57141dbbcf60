"""Events folded into the response so far.

A delta costs the same however long its text is: it goes into a buffer, and the buffers are read
when ``response`` is. What belongs to an event is never changed: an item or part that grows is a
copy of the one that was added; a done one is the event's own, by reference, pictures included (no
base64 is decoded).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from io import StringIO
from typing import Any, Final

from msgspec import UNSET

from heliograph import models

_TextDelta: Final = models.TextDeltaEvent

Key = tuple[Any, ...]
Fold = Callable[["Snapshot", Any], None]


class Snapshot:
    """The response so far.

    ``Snapshot(response)`` starts from a response that was given before, for a stream that goes on
    from there. ``apply`` takes any event and never raises for one that decodes; what fits nowhere
    is left out.
    """

    __slots__ = (
        "_base", "_buffers", "_ended", "_items", "_mine", "_open", "_reordered", "_texts",
    )  # fmt: skip

    def __init__(self, response: models.OpenResponsesResult | None = None) -> None:
        self._base: models.OpenResponsesResult | None = None
        self._ended = False
        self._items: dict[int, Any] = {}  # every item, by output_index
        self._mine: dict[int, Any] = {}  # the open ones among them: our own copies
        # Where deltas go: content, which is hot, by its two indexes; the rest by key.
        self._texts: dict[int, dict[int, Callable[[str], Any]]] = {}
        self._open: dict[Key, Callable[[str], Any]] = {}
        self._buffers: dict[Key, tuple[StringIO, Callable[[str], Any]]] = {}
        self._reordered = False
        if response is not None:
            self._start(response)

    @property
    def response(self) -> models.OpenResponsesResult | None:
        """The response so far, or None before the first event that has one.

        Until the end it is the snapshot's own object, brought up to date by each read of this
        property; copy it to keep a moment. After the end it is the last event's response itself.
        """
        base = self._base
        if base is None or self._ended:
            return base
        for buffer, put in self._buffers.values():
            put(buffer.getvalue())
        if self._reordered:
            base.output = [item for _, item in sorted(self._items.items())]
            self._reordered = False
        return base

    @property
    def ended(self) -> bool:
        """Whether the event that ends the response has been applied."""
        return self._ended

    def apply(self, event: models.StreamEvent) -> None:
        """Folds one event into the response."""
        if event.__class__ is _TextDelta:
            try:
                self._texts[event.output_index][event.content_index](event.delta)
            except KeyError:
                self._content_delta(event)
            return
        fold = _FOLDS.get(event.__class__)
        if fold is not None:
            fold(self, event)

    def apply_run(self, first: models.TextDeltaEvent, text: str) -> None:
        """Folds in what deltas say that follow ``first``, just applied, on the same part."""
        write = self._texts.get(first.output_index, {}).get(first.content_index)
        if write is not None:
            write(text)

    # --- the response ----------------------------------------------------------------------------
    def _start(self, response: models.OpenResponsesResult) -> None:
        self._base = copy(response)
        for index, item in enumerate(response.output):
            self._items[index] = item
            if getattr(item, "status", None) in ("in_progress", "generating", "searching"):
                self._items[index] = self._mine[index] = _own(item)
        self._reordered = True

    def _moved(self, event: Any) -> None:
        if self._ended:
            return
        if self._base is None and event.response.output:
            self._start(event.response)
            return
        self._base = copy(event.response)
        self._reordered = True

    def _finished(self, event: Any) -> None:
        self._base = event.response
        self._ended = True
        self._items.clear()
        self._mine.clear()
        self._texts.clear()
        self._open.clear()
        self._buffers.clear()

    # --- items -----------------------------------------------------------------------------------
    def _added(self, event: Any) -> None:
        if self._ended or event.item is None:
            return
        index = event.output_index
        self._forget(index)
        self._items[index] = self._mine[index] = _own(event.item)
        self._reordered = True

    def _done(self, event: Any) -> None:
        if self._ended or event.item is None:
            return
        index = event.output_index
        self._items[index] = event.item
        self._mine.pop(index, None)
        self._forget(index)
        self._reordered = True

    def _forget(self, index: int) -> None:
        self._texts.pop(index, None)
        if self._buffers:
            for key in [key for key in self._buffers if key[0] == index]:
                self._close(key)

    def _close(self, key: Key) -> None:
        self._open.pop(key, None)
        self._buffers.pop(key, None)

    def _close_content(self, event: Any) -> None:
        self._texts.get(event.output_index, {}).pop(event.content_index, None)
        self._buffers.pop((event.output_index, event.content_index), None)

    # --- text ------------------------------------------------------------------------------------
    def _writer(self, key: Key, text: Any, put: Callable[[str], Any]) -> Callable[[str], Any]:
        buffer = StringIO()
        if isinstance(text, str):
            buffer.write(text)
        self._buffers[key] = (buffer, put)
        return buffer.write

    def _content_delta(self, event: Any) -> None:
        writers = self._texts.get(event.output_index, {})
        write = writers.get(event.content_index)
        if write is None:
            part = self._part(event)
            if part is None:
                return
            name, key = _text_field(part), (event.output_index, event.content_index)
            write = self._writer(key, getattr(part, name), partial(setattr, part, name))
            self._texts.setdefault(event.output_index, writers)[event.content_index] = write
        write(event.delta)

    def _content_text(self, event: Any) -> None:
        part = self._part(event)
        if part is not None:
            name = _text_field(part)
            setattr(part, name, getattr(event, "refusal" if name == "refusal" else "text", ""))
        self._close_content(event)

    def _part(self, event: Any) -> Any:
        """The content part that the event is about: ours; made now where none was added."""
        item = self._mine.get(event.output_index)
        if item is None or not hasattr(item, "content"):
            return None
        index = event.content_index
        parts = _list(item, "content")
        if index == len(parts):
            parts.append(_empty_part(event))
        part = parts[index] if 0 <= index < len(parts) else None
        return part if isinstance(part, _TEXTUAL) else None

    def _part_added(self, event: Any) -> None:
        self._place(event, "content", event.content_index, _own_part(event.part))
        self._close_content(event)

    def _part_done(self, event: Any) -> None:
        self._place(event, "content", event.content_index, _own_part(event.part))
        self._close_content(event)

    def _place(self, event: Any, name: str, index: int, part: Any) -> None:
        item = self._mine.get(event.output_index)
        if item is None or not hasattr(item, name):
            return
        parts = _list(item, name)
        if 0 <= index < len(parts):
            parts[index] = part
        elif index >= 0:
            parts.append(part)

    def _annotation(self, event: Any) -> None:
        part = self._part(event)
        if isinstance(part, models.ResponseOutputText) and event.annotation is not UNSET:
            _list(part, "annotations").append(event.annotation)

    # --- reasoning summaries
    # -----------------------------------------------------------------------
    def _summary_placed(self, event: Any) -> None:
        self._place(event, "summary", event.summary_index, _own_part(event.part))
        self._close((event.output_index, "summary", event.summary_index))

    def _summary_delta(self, event: Any) -> None:
        key = (event.output_index, "summary", event.summary_index)
        write = self._open.get(key)
        if write is None:
            part = self._summary(event)
            if part is None:
                return
            write = self._writer(key, part.text, partial(setattr, part, "text"))
            self._open[key] = write
        write(event.delta)

    def _summary_text(self, event: Any) -> None:
        part = self._summary(event)
        if part is not None:
            part.text = event.text
        self._close((event.output_index, "summary", event.summary_index))

    def _summary(self, event: Any) -> Any:
        item = self._mine.get(event.output_index)
        if not isinstance(item, models.OutputReasoningItem):
            return None
        parts = _list(item, "summary")
        if event.summary_index == len(parts):
            parts.append(models.ReasoningSummaryText(text=""))
        index = event.summary_index
        part = parts[index] if 0 <= index < len(parts) else None
        return part if isinstance(part, models.ReasoningSummaryText) else None

    # --- calls
    # -------------------------------------------------------------------------------------
    def _call_delta(self, event: Any) -> None:
        key = (event.output_index, "call")
        write = self._open.get(key)
        if write is None:
            place = self._call_text(event)
            if place is None:
                return
            write = self._writer(key, getattr(*place, ""), partial(setattr, *place))
            self._open[key] = write
        write(event.delta)

    def _call_done(self, event: Any) -> None:
        place = self._call_text(event)
        if place is not None:
            setattr(*place, getattr(event, place[1]))
        self._close((event.output_index, "call"))

    def _call_text(self, event: Any) -> tuple[Any, str] | None:
        item = self._mine.get(event.output_index)
        name = _CALL_FIELDS[event.type.rpartition(".")[0]]
        if name == "diff":
            item = getattr(item, "operation", None)
        return (item, name) if hasattr(item, name) else None

    def _status(self, event: Any) -> None:
        item: Any = self._mine.get(event.output_index)
        if hasattr(item, "status"):
            item.status = _STATUSES[event.__class__]

    def _command(self, event: Any) -> None:
        item = self._mine.get(event.output_index)
        action = getattr(item, "action", None)
        commands = getattr(action, "commands", None)
        if not isinstance(commands, list):
            return
        index = event.command_index
        if index == len(commands):
            commands.append("")
        if not 0 <= index < len(commands):
            return
        key = (event.output_index, "command", index)
        if isinstance(event, models.ResponseShellCallCommandDeltaEvent):
            write = self._open.get(key)
            if write is None:
                put = partial(commands.__setitem__, index)
                write = self._writer(key, commands[index], put)
                self._open[key] = write
            write(event.delta)
        else:
            commands[index] = event.command
            self._close(key)


# --- copies of what grows --------------------------------------------------------------------
def _own(item: Any) -> Any:
    """A copy of an added item that may grow without changing the event's."""
    if not isinstance(item, models.Item):
        return item
    own = copy(item)
    for name in ("content", "summary"):
        parts = getattr(own, name, None)
        if isinstance(parts, list):
            setattr(own, name, [_own_part(part) for part in parts])
    for name in ("action", "operation"):
        nested = getattr(own, name, None)
        if isinstance(nested, models.Model):
            nested = copy(nested)
            setattr(own, name, nested)
            commands = getattr(nested, "commands", None)
            if isinstance(commands, list):
                nested.commands = list(commands)  # type: ignore[attr-defined]
    return own


def _own_part(part: Any) -> Any:
    if not isinstance(part, models.ContentPart):
        return part
    own = copy(part)
    if isinstance(own, models.ResponseOutputText) and isinstance(own.annotations, list):
        own.annotations = list(own.annotations)
    return own


def _list(owner: Any, name: str) -> list[Any]:
    """The list in a field, made where the wire had none."""
    value = getattr(owner, name)
    if not isinstance(value, list):
        value = []
        setattr(owner, name, value)
    return value


_TEXTUAL: Final = (
    models.ResponseOutputText,
    models.OpenAIResponsesRefusalContent,
    models.ReasoningTextContent,
)


def _text_field(part: Any) -> str:
    return "refusal" if isinstance(part, models.OpenAIResponsesRefusalContent) else "text"


def _empty_part(event: Any) -> Any:
    kind = event.type
    if kind.startswith("response.refusal"):
        return models.OpenAIResponsesRefusalContent(refusal="")
    if kind.startswith("response.reasoning"):
        return models.ReasoningTextContent(text="")
    return models.ResponseOutputText(text="", annotations=[])


_CALL_FIELDS: Final = {
    "response.function_call_arguments": "arguments",
    "response.custom_tool_call_input": "input",
    "response.code_interpreter_call_code": "code",
    "response.mcp_call_arguments": "arguments",
    "response.apply_patch_call_operation_diff": "diff",
}

# Image calls, searches and interpreters show their progress in their status. ``completed`` does
# not: the done item says it, with the result.
_STATUSES: Final[dict[type, str]] = {
    models.EVENTS["response.image_generation_call.generating"]: "generating",
    models.EVENTS["response.web_search_call.searching"]: "searching",
    models.EVENTS["response.file_search_call.searching"]: "searching",
    models.EVENTS["response.code_interpreter_call.interpreting"]: "interpreting",
}

_BY_TYPE: Final[dict[str, Fold]] = {
    "response.created": Snapshot._moved,
    "response.queued": Snapshot._moved,
    "response.in_progress": Snapshot._moved,
    "response.completed": Snapshot._finished,
    "response.incomplete": Snapshot._finished,
    "response.failed": Snapshot._finished,
    "response.output_item.added": Snapshot._added,
    "response.output_item.done": Snapshot._done,
    "response.content_part.added": Snapshot._part_added,
    "response.content_part.done": Snapshot._part_done,
    "response.output_text.delta": Snapshot._content_delta,
    "response.output_text.done": Snapshot._content_text,
    "response.output_text.annotation.added": Snapshot._annotation,
    "response.refusal.delta": Snapshot._content_delta,
    "response.refusal.done": Snapshot._content_text,
    "response.reasoning_text.delta": Snapshot._content_delta,
    "response.reasoning_text.done": Snapshot._content_text,
    "response.reasoning.delta": Snapshot._content_delta,
    "response.reasoning.done": Snapshot._content_text,
    "response.reasoning_summary_part.added": Snapshot._summary_placed,
    "response.reasoning_summary_part.done": Snapshot._summary_placed,
    "response.reasoning_summary_text.delta": Snapshot._summary_delta,
    "response.reasoning_summary_text.done": Snapshot._summary_text,
    "response.shell_call_command.added": Snapshot._command,
    "response.shell_call_command.delta": Snapshot._command,
    "response.shell_call_command.done": Snapshot._command,
    **{f"{name}.delta": Snapshot._call_delta for name in _CALL_FIELDS},
    **{f"{name}.done": Snapshot._call_done for name in _CALL_FIELDS},
}

_FOLDS: Final[dict[type, Fold]] = {models.EVENTS[kind]: fold for kind, fold in _BY_TYPE.items()}
_FOLDS.update(dict.fromkeys(_STATUSES, Snapshot._status))
