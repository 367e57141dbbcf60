"""Parts of messages and of reasoning: their beginnings, their texts, their ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from heliograph import models

from ._core import ADOPTED, Core, Item, Part
from ._whole import present

__all__ = ["PART_PREFIXES", "announced", "settled", "within_part"]

PART_PREFIXES: Final = (
    "response.content_part.",
    "response.output_text.",
    "response.refusal.",
    "response.reasoning",
)


class _Words(NamedTuple):
    """A kind of part: how it is made, and the events that show its text."""

    make: Any
    field: str
    delta: Any
    done: Any


_TEXT: Final = _Words(
    lambda text: models.ResponseOutputText(text=text, annotations=[], logprobs=[]),
    "text",
    lambda delta, **at: models.TextDeltaEvent(delta=delta, logprobs=[], **at),
    lambda text, **at: models.TextDoneEvent(text=text, logprobs=[], **at),
)
_REFUSAL: Final = _Words(
    lambda text: models.OpenAIResponsesRefusalContent(refusal=text),
    "refusal",
    lambda delta, **at: models.RefusalDeltaEvent(delta=delta, **at),
    lambda text, **at: models.RefusalDoneEvent(refusal=text, **at),
)
_REASONING: Final = _Words(
    lambda text: models.ReasoningTextContent(text=text),
    "text",
    lambda delta, **at: models.ReasoningDeltaEvent(delta=delta, **at),
    lambda text, **at: models.ReasoningDoneEvent(text=text, **at),
)
_SUMMARY: Final = _Words(
    lambda text: models.ReasoningSummaryText(text=text),
    "text",
    lambda delta, **at: models.ReasoningSummaryTextDeltaEvent(delta=delta, **at),
    lambda text, **at: models.ReasoningSummaryTextDoneEvent(text=text, **at),
)
_BY_TYPE: Final = {
    "output_text": _TEXT,
    "refusal": _REFUSAL,
    "reasoning_text": _REASONING,
    "summary_text": _SUMMARY,
}
_BY_EVENT: Final = {
    "response.output_text": _TEXT,
    "response.output_text.annotation": _TEXT,
    "response.refusal": _REFUSAL,
    "response.reasoning_text": _REASONING,
    "response.reasoning": _REASONING,
    "response.reasoning_summary_text": _SUMMARY,
}


class _Place(NamedTuple):
    """Where a part is: number ``at`` under ``name`` (``content`` or ``summary``)."""

    item: Item
    name: str
    at: int

    @property
    def key(self) -> Any:
        return self.at if self.name == "content" else ("summary", self.at)

    @property
    def part(self) -> Part | None:
        return self.item.parts.get(self.key)

    def where(self) -> dict[str, Any]:
        return {
            "item_id": self.item.id or "",
            "output_index": self.item.index,
            f"{self.name}_index": self.at,
        }


def announced(event: Any) -> models.OutputItem | None:
    """The item that an event must be of, as it begins; None where the event does not say."""
    kind, id_ = event.type, getattr(event, "item_id", "")
    if kind.startswith("response.reasoning"):
        return models.OutputReasoningItem(id=id_, summary=[], content=[], status="in_progress")
    if kind.startswith(PART_PREFIXES):
        return models.OutputMessageItem(id=id_, role="assistant", content=[], status="in_progress")
    return None


def within_part(
    m: Core, item: Item, event: Any, moved: dict[tuple[int, Any], Any]
) -> Iterator[models.StreamEvent]:
    """An event of a part, with what must come before it; ``moved``: indexes that are not ours."""
    kind = event.type
    name = "summary" if hasattr(event, "summary_index") else "content"
    field = f"{name}_index"
    given = getattr(event, field)
    following = item.opened.get(name, 0) if item.opened else 0
    place = _Place(item, name, moved.get((item.index, (name, given)), given))
    opens = kind.endswith("_part.added")
    if opens and place.part is not None and not place.part.state.final:
        return  # announced twice
    if opens or place.part is None:
        if place.at != following or opens:
            moved.pop((item.index, (name, given)), None)
            place = _Place(item, name, following)
            if given != following:
                moved[(item.index, (name, given))] = following
        if not opens:
            words = _kind_of(event)
            if words is None:
                yield event
                return
            yield _part_added(place, words.make(""))
    setattr(event, field, place.at)
    part = place.part
    if opens:
        _empty(event.part)
    elif kind.endswith("_part.done"):
        if part is None or part.state.final:
            return
        yield from _texted(place, part, event.part)
        event.part = _as_streamed(part, event.part)
    elif kind.endswith("annotation.added"):
        event.annotation_index = len((part and part.annotations) or ())
    elif kind.endswith(".done") and part is not None:
        if part.state.name != "open" and part.state is not ADOPTED:
            return
        field = "refusal" if hasattr(event, "refusal") else "text"
        yield from _rest(place, part, present(getattr(event, field)) or "")
        if part.text is not None and part.text.getvalue() != getattr(event, field):
            setattr(event, field, part.text.getvalue())
    yield event


def settled(m: Core, item: Item, final: Any) -> Iterator[models.StreamEvent]:
    """All of a message's or reasoning's parts to their end, and ``final`` with them as they are."""
    for name in ("content", "summary"):
        if not hasattr(final, name):
            continue
        given = present(getattr(final, name)) or []
        count = max(len(given), (item.opened or {}).get(name, 0))
        if not count:
            continue
        for index in range(count):
            place = _Place(item, name, index)
            told = given[index] if index < len(given) else None
            yield from _whole_part(place, told)
        finals = [_Place(item, name, n).part for n in range(count)]
        parts = [p.final if p is not None else None for p in finals]
        if None not in parts and parts != given:
            setattr(final, name, parts)


def _whole_part(place: _Place, told: Any) -> Iterator[models.StreamEvent]:
    part = place.part
    if part is None:
        begun = _BY_TYPE[told.type].make("") if told.type in _BY_TYPE else told
        yield _part_added(place, begun)
        part = place.part
        assert part is not None  # noqa: S101 -- the machine has taken its beginning
    if part.state.final or part.state is ADOPTED:
        return
    if told is None or told.type != part.type:
        words = _BY_TYPE.get(part.type)
        if words is None:
            return
        told = words.make(_streamed(part))
    yield from _texted(place, part, told)
    yield _part_done(place, _as_streamed(part, told))


def _texted(place: _Place, part: Part, told: Any) -> Iterator[models.StreamEvent]:
    """The text of an open part to its end, and annotations that never had an event."""
    words = _BY_TYPE.get(part.type)
    if words is None:
        return
    if part.state.name == "open":
        if told.type == part.type:
            yield from _rest(place, part, getattr(told, words.field))
        yield words.done(_streamed(part), **place.where())
    if isinstance(told, models.ResponseOutputText):
        given, shown = present(told.annotations) or [], part.annotations or []
        if given[: len(shown)] == shown:
            for number in range(len(shown), len(given)):
                yield models.AnnotationAddedEvent(
                    annotation_index=number, annotation=given[number], **place.where()
                )


def _rest(place: _Place, part: Part, text: str) -> Iterator[models.StreamEvent]:
    """What of ``text`` no delta has shown, where the deltas are its beginning."""
    words = _BY_TYPE.get(part.type)
    streamed = _streamed(part)
    if words is not None and text != streamed and text.startswith(streamed):
        yield words.delta(text[len(streamed) :], **place.where())


def _streamed(part: Part) -> str:
    return part.text.getvalue() if part.text is not None else part.said or ""


def _as_streamed(part: Part, told: Any) -> Any:
    """A part's end that says what its events have said."""
    words = _BY_TYPE.get(part.type)
    if words is None or told.type != part.type:
        return told
    if getattr(told, words.field) != _streamed(part):
        setattr(told, words.field, _streamed(part))
    if isinstance(told, models.ResponseOutputText):
        shown = part.annotations or []
        if (present(told.annotations) or []) != shown:
            told.annotations = list(shown)
    return told


def _empty(part: Any) -> None:
    words = _BY_TYPE.get(part.type)
    if words is not None and getattr(part, words.field):
        setattr(part, words.field, "")
    if isinstance(part, models.ResponseOutputText) and part.annotations:
        part.annotations = []


def _kind_of(event: Any) -> _Words | None:
    if event.type.endswith("_part.done"):
        return _BY_TYPE.get(event.part.type)
    return _BY_EVENT.get(event.type.rpartition(".")[0])


def _part_added(place: _Place, part: Any) -> models.StreamEvent:
    if place.name == "summary":
        return models.ReasoningSummaryPartAddedEvent(part=part, **place.where())
    return models.ContentPartAddedEvent(part=part, **place.where())


def _part_done(place: _Place, part: Any) -> models.StreamEvent:
    if place.name == "summary":
        return models.ReasoningSummaryPartDoneEvent(part=part, **place.where())
    return models.ContentPartDoneEvent(part=part, **place.where())
