"""The machine: one event in, the rules it breaks out. The server's emitter and ``check`` share
it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import UNSET

from heliograph import errors, models

from . import _on_items, _on_parts, _on_response
from . import _tables as t
from ._core import Core
from ._dialects import STRICT, Dialect
from ._rules import Violation

Handler = Callable[[Core, Any], None]


def _handlers() -> dict[str, Handler]:
    handlers: dict[str, Handler] = {}
    for table in t.ITEM_TABLES.values():
        for _, event in table:
            if not event.startswith(t.DONE):
                handlers[event] = _on_items.call
    for table in (t.SHELL_COMMAND, t.SHELL_OUTPUT, t.FUSION_PANEL):
        for _, event in table:
            handlers[event] = _on_parts.untexted
    for event in _on_items.CALL_TEXTS:
        text = event.endswith(".done")
        handlers[event] = _on_items.call_text_done if text else _on_items.call_delta
    for table in (t.TEXT_PART, t.REFUSAL_PART, t.REASONING_PART, t.SUMMARY_PART):
        for _, event in table:
            delta = event.endswith(".delta")
            handlers[event] = _on_parts.content_delta if delta else _on_parts.text_done
    handlers["response.reasoning_summary_text.delta"] = _on_parts.delta
    handlers["response.shell_call_command.delta"] = _on_parts.delta
    handlers["response.shell_call_command.done"] = _on_parts.text_done
    handlers["response.fusion_call.panel.delta"] = _on_parts.delta
    handlers["response.fusion_call.panel.completed"] = _on_parts.text_done
    handlers["response.output_text.annotation.added"] = _on_parts.annotation
    for event in ("content_part", "reasoning_summary_part"):
        handlers[f"response.{event}.added"] = _on_parts.opened
        handlers[f"response.{event}.done"] = _on_parts.part_done
    for event in ("shell_call_command", "fusion_call.panel"):
        handlers[f"response.{event}.added"] = _on_parts.opened
    handlers["response.image_generation_call.partial_image"] = _on_items.partial_image
    handlers[t.ADDED] = _on_items.added
    handlers[t.DONE] = _on_items.done
    for table in (t.AUDIO, t.TRANSCRIPT):
        for _, event in table:
            handlers[event] = _on_response.audio
    for event in (t.CREATED, t.QUEUED, t.IN_PROGRESS):
        handlers[event] = _on_response.moved
    for event in t.TERMINAL:
        handlers[event] = _on_response.ended
    handlers[t.ERROR] = _on_response.error
    handlers[t.DEBUG] = _on_response.noted
    return handlers


#: Event type -> its handler. Every event that a spec names has one; all others are unknown.
HANDLERS: Final = _handlers()
#: The events that only move their item.
MOVES: Final = frozenset(kind for kind, does in HANDLERS.items() if does is _on_items.call)

_IMAGE_CALLS: Final = (
    models.OutputImageGenerationCallItem,
    models.OutputImageGenerationServerToolItem,
)
_CALL: Final = 8  # events, more than a call without early stages has


class Machine(Core):
    """Holds one stream to the tables and the rules.

    ``feed`` reports and goes on: it never raises, whatever comes. ``require`` refuses: it raises
    ``LifecycleError`` and moves nothing. Both take events as ``models.decode_event`` gives them or
    as they were built. The machine keeps references to the items and parts of the events it was fed
    until the response ends, and the text of a part only until its done event; it changes none of
    them.
    """

    __slots__ = ()

    def __init__(self, dialect: Dialect = STRICT) -> None:
        super().__init__(dialect)

    @property
    def ended(self) -> bool:
        """Whether the event that ends the response (or an error event) has come."""
        return self._response.final or self._response.name == "errored"

    @property
    def state(self) -> str:
        """The response's state: none, created, queued, in_progress, completed, ... or errored."""
        return self._response.name

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next event must bear."""
        return self._next

    def feed(self, event: models.StreamEvent) -> list[Violation]:
        """Takes an event and returns the rules it breaks: none, if it may stand where it does."""
        handler = HANDLERS.get(event.type)
        if handler is None:
            self._unknown(event)
        else:
            if event.sequence_number == self._next:  # type: ignore[union-attr]
                self._next += 1
            else:
                self._miscounted(event.type, event.sequence_number)  # type: ignore[union-attr]
            handler(self, event)
        found = self._found
        if found:
            self._found = []
            return found
        return []

    def take(self, events: Sequence[models.StreamEvent]) -> tuple[int, list[Violation]]:
        """Feeds a batch up to the first event that breaks a rule: how many were good, and what
        that one broke. The pieces of one text after the first are only compared with it, and a
        picture's call that does nothing unusual is taken in one go."""
        delta, added = models.TextDeltaEvent, models.OutputItemAddedEvent
        handlers, at, end = HANDLERS, 0, len(events)
        while at < end:
            event: Any = events[at]
            if event.__class__ is added and (past := self._take_call(event, events, at)) > at:
                at = past
                continue
            at += 1
            handler = handlers.get(event.type)
            if handler is not None and event.sequence_number == self._next:
                self._next += 1
                handler(self, event)
            else:
                self._found = self.feed(event)
            if self._found:
                found, self._found = self._found, []
                return at - 1, found
            if event.__class__ is delta and at < end and events[at].__class__ is delta:
                at = self.take_run(event, events, at)
        return end, []

    def _take_call(self, first: Any, events: Sequence[Any], at: int) -> int:
        """Takes a call of the image tool from added to done where it only moves and breaks no rule;
        how far it came. Where it is not that plain nothing is taken: the handlers judge it."""
        item, index, due = first.item, first.output_index, self._next
        if (
            item.__class__ not in _IMAGE_CALLS
            or item.status != "in_progress"
            or item.id.__class__ is not str
            or item.id in self._ids
            or index != self._next_output
            or first.sequence_number != due
            or self._response.name != "in_progress"
        ):
            return at
        item_id, state = item.id, self._starts[item.type]
        for event in events[at + 1 : at + _CALL]:
            due += 1
            kind = event.type
            following = state.next.get(kind)
            if following is None or kind not in MOVES:
                break
            if (
                event.sequence_number != due
                or event.output_index != index
                or event.item_id != item_id
            ):
                return at
            state = following
        else:
            return at
        if (
            event.__class__ is not models.OutputItemDoneEvent
            or event.sequence_number != due
            or event.output_index != index
        ):
            return at
        final: Any = event.item
        if (
            final.__class__ is not item.__class__
            or final.id != item_id
            or state.next.get(_on_items.DONE_NAMES.get(final.status)) is None
            or (final.status == "completed" and not final.has_picture())
        ):
            return at
        self._ids[item_id] = index
        self._done[index] = final
        self._next_output = index + 1
        at += due + 1 - self._next
        self._next = due + 1
        return at

    def take_run(self, first: Any, events: Sequence[Any], at: int) -> int:
        """Takes events from ``at`` on that are of ``first``'s class, a delta that was just taken,
        and differ from it in number and text only; how far it came. What was legal of the first is
        legal of them."""
        part = self._items[first.output_index].parts.get(first.content_index)
        if part is None:
            return at
        item_id, output, content = first.item_id, first.output_index, first.content_index
        write, due, kind = part.write, self._next, first.__class__
        for event in itertools.islice(events, at, None):
            if (
                event.__class__ is not kind
                or event.sequence_number != due
                or event.item_id != item_id
                or event.content_index != content
                or event.output_index != output
            ):
                break
            write(event.delta)
            due += 1
        at += due - self._next
        self._next = due
        return at

    def require(self, event: models.StreamEvent) -> None:
        """Takes an event, or raises ``LifecycleError`` and stays exactly as it was."""
        before = self._next, self._skew, self._uncounted, self._response
        self._hold = True
        try:
            found = self.feed(event)
        finally:
            self._hold = False
        if found:
            self._next, self._skew, self._uncounted, self._response = before
            raise errors.LifecycleError(tuple(found))

    def skip(self, sequence_number: int | None = None) -> None:
        """Passes over an event that could not be read, whose number may be known."""
        if sequence_number is None:
            sequence_number = self._next
        self._pass(max(self._next, sequence_number + 1))

    def close(self) -> list[Violation]:
        """The stream is over: reports it where the response has not ended."""
        if self.ended:
            return []
        return [
            Violation(
                "HG-END-002",
                self._next + self._skew,
                f"the stream ended while the response was {self._response.name}",
                " or ".join(sorted(t.TERMINAL)),
            )
        ]

    def _unknown(self, event: Any) -> None:
        number: Any = UNSET
        if isinstance(event, models.UnknownEvent):
            number = event.fields.get("sequence_number", UNSET)
        if event.type == t.KEEP_ALIVE and "keep-alive" in self._dialect:
            number = UNSET
        if number == self._next:
            self._next += 1
        elif isinstance(number, int):
            self._miscounted(event.type, number)
        else:
            self._pass(self._next)
        _on_response.noted(self, event)

    def _pass(self, following: int) -> None:
        """Counts an event after which ``following`` is the next number."""
        self._skew += self._next + 1 - following
        self._next = following

    def _miscounted(self, kind: str, number: Any) -> None:
        wanted = self._next
        first = wanted + self._skew == 0
        if not isinstance(number, int):
            self._pass(wanted)
            if kind == t.ERROR or "no-sequence" in self._dialect:
                return
            if self._hold or not self._uncounted:
                self._flag("HG-SEQ-002", f"{kind} has no sequence_number", str(wanted))
            self._uncounted = True
            return
        self._pass(max(wanted, number + 1))
        if not (first and number == 1 and "sequence-from-one" in self._dialect):
            self._flag("HG-SEQ-001", f"{kind} has sequence_number {number}", str(wanted))
