"""Items and the events that show them: opening, growing, closing.

Every function emits into one ``Emitter``. What an item holds so far is asked of the snapshot, so
that an item opened by a dead worker closes like one's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Literal

from heliograph import models, providers
from heliograph.engine._emitter import Emitter
from heliograph.engine._seal import Seal
from heliograph.engine._thoughts import Thoughts

__all__ = ["Items", "Kind", "item_id", "new_id"]

Kind = Literal["text", "refusal", "reasoning", "summary"]


#: Bytes that a delta event has at least, without its delta.
_DELTA_FRAME = 130


def new_id(prefix: str) -> str:
    """An unguessable id."""
    return f"{prefix}_{secrets.token_hex(16)}"


def item_id(prefix: str, response_id: str, index: int) -> str:
    """The id of a response's output item: it tells which response an item can be found in."""
    return f"{prefix}_{response_id.removeprefix('resp_')}o{index}"


def _part(kind: Kind, text: str, logprobs: Sequence[models.Logprob] = ()) -> models.Part:
    if kind == "text":
        return models.ResponseOutputText(text=text, annotations=[], logprobs=list(logprobs))
    if kind == "refusal":
        return models.OpenAIResponsesRefusalContent(refusal=text)
    if kind == "summary":
        return models.ReasoningSummaryText(text=text)
    return models.ReasoningTextContent(text=text)


def _kind_of(part: models.Part) -> Kind:
    if isinstance(part, models.ReasoningSummaryText):
        return "summary"
    if isinstance(part, models.ResponseOutputText):
        return "text"
    return "refusal" if isinstance(part, models.OpenAIResponsesRefusalContent) else "reasoning"


def _text_of(part: models.Part) -> str:
    match part:
        case (
            models.ResponseOutputText()
            | models.ReasoningTextContent()
            | models.ReasoningSummaryText()
        ):
            return part.text
        case models.OpenAIResponsesRefusalContent():
            return part.refusal
    raise AssertionError(f"the engine opens no {part.type} parts")


class Items:
    """The output items of one response, those still open by output index.

    With a ``seal`` reasoning items carry what they hold, sealed.
    """

    def __init__(self, emitter: Emitter, seal: Seal | None = None) -> None:
        self._emitter = emitter
        self.thoughts = Thoughts(seal)
        self.count = 0
        self.open: dict[int, models.OutputItem] = {}
        self.done_bytes = 0
        self.text_bytes = 0
        self._parts: dict[int, tuple[Kind, int]] = {}
        self._logprobs: dict[int, list[models.Logprob]] = {}

    def replay(self, event: models.StreamEvent, size: int) -> None:
        """Take in an event that the log holds already."""
        match event:
            case models.CreatedEvent():
                self.done_bytes += size
            case models.OutputItemAddedEvent(item=item) if item is not None:
                self._opened(event.output_index, item)
            case models.OutputItemDoneEvent():
                self._closed(event.output_index, size)
            case models.ContentPartAddedEvent():
                self._parts[event.output_index] = (_kind_of(event.part), event.content_index)
            case models.ReasoningSummaryPartAddedEvent():
                self._parts[event.output_index] = ("summary", event.summary_index)
            case (
                models.TextDeltaEvent()
                | models.RefusalDeltaEvent()
                | models.ReasoningDeltaEvent()
                | models.ReasoningSummaryTextDeltaEvent()
                | models.FunctionCallArgsDeltaEvent()
                | models.CustomToolCallInputDeltaEvent()
            ):
                self.count_words(size)
                if isinstance(event, models.TextDeltaEvent) and event.logprobs:
                    self._logprobs.setdefault(event.output_index, []).extend(event.logprobs)
            case models.ContentPartDoneEvent() | models.ReasoningSummaryPartDoneEvent():
                self._parts.pop(event.output_index, None)
                self._logprobs.pop(event.output_index, None)

    def _opened(self, index: int, item: models.OutputItem) -> None:
        self.open[index] = item
        self.count = max(self.count, index + 1)

    def _closed(self, index: int, size: int) -> None:
        self.open.pop(index, None)
        self._parts.pop(index, None)
        self.done_bytes += size

    def new_id(self, prefix: str) -> str:
        """The id of the item that comes next."""
        return item_id(prefix, self._emitter.response_id, self.count)

    def _so_far(self, index: int) -> models.OutputItem:
        response = self._emitter.snapshot.response
        assert response is not None  # noqa: S101 -- an item is open, so the response is
        return response.output[index]

    def add(self, item: models.OutputItem, note: bytes = b"") -> int:
        """Show a new item; returns its output index."""
        index = self.count
        self._emitter.emit(models.OutputItemAddedEvent(output_index=index, item=item), note)
        self._opened(index, item)
        return index

    def done(self, index: int, item: models.OutputItem, note: bytes = b"") -> None:
        """Show an item's end."""
        event = models.OutputItemDoneEvent(output_index=index, item=item)
        self._closed(index, self._emitter.emit(event, note))

    def say(
        self,
        kind: Kind,
        delta: str,
        index: int | None,
        logprobs: Sequence[models.Logprob] = (),
    ) -> int:
        """Show a piece of text, in the open item ``index`` or in a new one.

        A message holds text and refusals, each in a part of its own; reasoning, with its summary,
        is its own item.
        Returns the item's output index.
        """
        if index is None:
            index = self._open_words(kind)
        elif index not in self._parts or self._parts[index][0] != kind:
            self.end_part(index)
            self._open_part(index, kind)
        where = self._where(index, kind, self._parts[index][1]) | {"delta": delta}
        event: models.Event
        if kind == "text":
            event = models.TextDeltaEvent(logprobs=list(logprobs), **where)
            if logprobs:
                self._logprobs.setdefault(index, []).extend(logprobs)
        elif kind == "refusal":
            event = models.RefusalDeltaEvent(**where)
        elif kind == "summary":
            event = models.ReasoningSummaryTextDeltaEvent(**where)
        else:
            event = models.ReasoningDeltaEvent(**where)
        self.count_words(self._emitter.emit(event))
        return index

    def _where(self, index: int, kind: Kind, at: int) -> dict[str, Any]:
        """The fields that say which part an event is about."""
        place = "summary_index" if kind == "summary" else "content_index"
        return {"item_id": _id(self.open[index]), "output_index": index, place: at}

    def count_words(self, *sizes: int) -> None:
        """Count the words of delta events of these sizes: what is more than a frame of fields."""
        self.text_bytes += sum([max(1, size - _DELTA_FRAME) for size in sizes])

    def _open_words(self, kind: Kind) -> int:
        item: models.OutputItem
        if kind in ("reasoning", "summary"):
            item = models.OutputReasoningItem(
                id=self.new_id("rs"), summary=[], content=[], status="in_progress"
            )
        else:
            item = models.OutputMessageItem(
                id=self.new_id("msg"), role="assistant", content=[], status="in_progress"
            )
        index = self.add(item)
        self._open_part(index, kind)
        return index

    def _open_part(self, index: int, kind: Kind) -> None:
        at = len(_parts_of(self._so_far(index), kind))
        added = (
            models.ReasoningSummaryPartAddedEvent
            if kind == "summary"
            else models.ContentPartAddedEvent
        )
        self._emitter.emit(added(part=_part(kind, ""), **self._where(index, kind, at)))
        self._parts[index] = (kind, at)

    def end_part(self, index: int) -> None:
        """Close the open part of an item, if one is: what comes next stands in another."""
        if index not in self._parts:
            return
        kind, at = self._parts.pop(index)
        logprobs = self._logprobs.pop(index, [])
        text = _text_of(_parts_of(self._so_far(index), kind)[at])
        where = self._where(index, kind, at)
        if kind == "summary":
            self._emitter.emit(models.ReasoningSummaryTextDoneEvent(text=text, **where))
            whole = models.ReasoningSummaryPartDoneEvent(part=_part(kind, text), **where)
            self._emitter.emit(whole)
            return
        event: models.Event
        if kind == "text":
            event = models.TextDoneEvent(text=text, logprobs=logprobs, **where)
        elif kind == "refusal":
            event = models.RefusalDoneEvent(refusal=text, **where)
        else:
            event = models.ReasoningDoneEvent(text=text, **where)
        self._emitter.emit(event)
        self._emitter.emit(models.ContentPartDoneEvent(part=_part(kind, text, logprobs), **where))

    def call(self, kind: Literal["function", "custom"], call_id: str, name: str) -> int:
        """Show that a client's tool is being called; returns the item's output index."""
        if kind == "custom":
            return self.add(
                models.OutputCustomToolCallItem(
                    id=self.new_id("ctc"),
                    call_id=call_id,
                    name=name,
                    input="",
                    status="in_progress",
                )
            )
        return self.add(
            models.OutputFunctionCallItem(
                id=self.new_id("fc"),
                call_id=call_id,
                name=name,
                arguments="",
                status="in_progress",
            )
        )

    def write(self, index: int, delta: str) -> None:
        """Show a piece of a call's arguments or input."""
        item = self.open[index]
        custom = isinstance(item, models.OutputCustomToolCallItem)
        made = models.CustomToolCallInputDeltaEvent if custom else models.FunctionCallArgsDeltaEvent
        event = made(item_id=_id(item), output_index=index, delta=delta)
        self.count_words(self._emitter.emit(event))

    def close(self, index: int, status: Literal["completed", "incomplete"]) -> None:
        """Close an open item that is no image call, with what it holds."""
        self.end_part(index)
        item = self._so_far(index)
        match item:
            case models.OutputMessageItem():
                self.done(
                    index,
                    models.OutputMessageItem(
                        id=item.id, role="assistant", content=list(item.content), status=status
                    ),
                )
            case models.OutputReasoningItem():
                self.done(index, self._reasoned(index, item, status))
            case models.OutputFunctionCallItem():
                self._close_call(index, item, status)
            case models.OutputCustomToolCallItem():
                self._close_custom(index, item, status)
            case _:
                raise AssertionError(f"the engine opens no {item.type} items")

    def _reasoned(
        self,
        index: int,
        item: models.OutputReasoningItem,
        status: Literal["completed", "incomplete"],
    ) -> models.OutputReasoningItem:
        parts = list(item.content or [])
        return models.OutputReasoningItem(
            id=item.id,
            summary=list(item.summary or []),
            content=parts,
            status=status,
            encrypted_content=self.thoughts.sealed(index, [_text_of(part) for part in parts]),
        )

    def think(self, thought: providers.Thought, index: int | None) -> int | None:
        """Take in what an upstream wants back, with the open reasoning item ``index``.

        Without one, an item is shown for it where it is sent; returns its output index.
        """
        if index is None and self.thoughts.sent:
            item = models.OutputReasoningItem(
                id=self.new_id("rs"), summary=[], content=[], status="in_progress"
            )
            index = self.add(item)
        self.text_bytes += len(thought.data)
        self.thoughts.take(thought, self.count if index is None else index, shown=index is not None)
        return index

    def _close_call(
        self,
        index: int,
        item: models.OutputFunctionCallItem,
        status: Literal["completed", "incomplete"],
    ) -> None:
        arguments = item.arguments
        if status == "completed":
            if not arguments:
                arguments = "{}"
                self.write(index, arguments)
            self._emitter.emit(
                models.FunctionCallArgsDoneEvent(
                    item_id=_id(item), output_index=index, name=item.name, arguments=arguments
                )
            )
        self.done(
            index,
            models.OutputFunctionCallItem(
                id=item.id,
                call_id=item.call_id,
                name=item.name,
                arguments=arguments,
                status=status,
            ),
        )

    def _close_custom(
        self,
        index: int,
        item: models.OutputCustomToolCallItem,
        status: Literal["completed", "incomplete"],
    ) -> None:
        if status == "completed":
            self._emitter.emit(
                models.CustomToolCallInputDoneEvent(
                    item_id=_id(item), output_index=index, input=item.input
                )
            )
        self.done(
            index,
            models.OutputCustomToolCallItem(
                id=item.id,
                call_id=item.call_id,
                name=item.name,
                input=item.input,
                status=status,
            ),
        )


def _id(item: models.OutputItem) -> str:
    return str(getattr(item, "id", ""))


def _parts_of(item: models.OutputItem, kind: Kind) -> list[models.Part]:
    if kind == "summary":
        return list(item.summary or []) if isinstance(item, models.OutputReasoningItem) else []
    if isinstance(item, models.OutputMessageItem | models.OutputReasoningItem):
        return item.content or []
    return []
