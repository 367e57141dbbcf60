"""Events of a Responses upstream to the parts of an answer. Does no I/O."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from heliograph import errors, models
from heliograph.pictures import media_type_of
from heliograph.providers._base import (
    Arguments,
    ChatPart,
    CustomCall,
    CustomInput,
    Finish,
    FunctionCall,
    InlinePicture,
    Reasoning,
    Refusal,
    Summary,
    Text,
    Thought,
)
from heliograph.providers._failures import failure_in_stream
from heliograph.providers.chat._calls import MAX_HELD, hosted_call
from heliograph.providers.chat._quirks import unused_id, whole_arguments

__all__ = ["TERMINAL", "EventReader", "raise_failure"]

_CALLS = models.OutputFunctionCallItem | models.OutputCustomToolCallItem

TERMINAL = (models.CompletedEvent, models.IncompleteEvent, models.FailedEvent)


class _Item:
    """What one output item has given so far."""

    __slots__ = ("arguments", "call_id", "custom", "name", "said")

    def __init__(self) -> None:
        self.call_id = ""
        self.name = ""
        self.arguments = ""
        self.custom = False
        self.said = False


class EventReader:
    """``feed`` each event, in order; the last part is the ``Finish``. Raises ``ProviderError``.

    An upstream that leaves out the deltas, or ends with fewer events than the protocol has, is
    read from what it does send: each item's end tells the whole of it.
    """

    def __init__(
        self,
        model: str,
        hosted: str | None = None,
        secret: str | None = None,
        source: str | None = None,
    ) -> None:
        self._model = model
        self._hosted = hosted
        self._secret = secret
        self._source = source
        self._items: dict[int, _Item] = {}
        self._closed: set[int] = set()
        self._used: set[str] = set()
        self._parts: dict[tuple[int, int], int] = {}
        self.ended = False

    def feed(self, event: models.StreamEvent) -> Iterator[ChatPart]:
        """The parts of one event."""
        match event:
            case models.TextDeltaEvent():
                self._item(event.output_index).said = True
                yield Text(event.delta, tuple(event.logprobs or ()))
            case models.RefusalDeltaEvent():
                self._item(event.output_index).said = True
                yield Refusal(event.delta)
            case models.ReasoningDeltaEvent() | models.ResponseReasoningDeltaEvent():
                self._item(event.output_index).said = True
                yield Reasoning(event.delta)
            case models.ReasoningSummaryTextDeltaEvent():
                self._item(event.output_index).said = True
                yield Summary(event.delta, self._part(event.output_index, event.summary_index))
            case models.OutputItemAddedEvent():
                yield from self._begin(event.output_index, event.item)
            case models.FunctionCallArgsDeltaEvent() | models.CustomToolCallInputDeltaEvent():
                yield from self._argue(self._item(event.output_index), event.delta)
            case models.OutputItemDoneEvent():
                yield from self._end(event.output_index, event.item)
            case models.CompletedEvent() | models.IncompleteEvent() | models.FailedEvent():
                yield from self.whole(event.response)
            case models.ErrorEvent():
                raise_failure(self._model, event, self._secret)

    def whole(self, response: models.OpenResponsesResult) -> Iterator[ChatPart]:
        """The end: what no event has told yet, then the ``Finish``."""
        raise_failure(self._model, response, self._secret)
        incomplete = response.status == "incomplete"
        for index, item in enumerate(response.output):
            yield from self._end(index, item, cut=incomplete)
        self.ended = True
        usage = response.usage if isinstance(response.usage, models.Usage) else None
        if incomplete:
            reason = getattr(response.incomplete_details, "reason", None)
            yield Finish("content_filter" if reason == "content_filter" else "length", usage)
        else:
            yield Finish("tool_calls" if self._used else "stop", usage)

    def _part(self, index: int, summary: int) -> int:
        """The number of a part of a summary, among those of all items."""
        return self._parts.setdefault((index, summary), len(self._parts))

    def _words(
        self, index: int, item: models.OutputMessageItem | models.OutputReasoningItem
    ) -> Iterator[ChatPart]:
        for part in item.content or ():
            match part:
                case models.ResponseOutputText():
                    yield Text(part.text, tuple(part.logprobs or ()))
                case models.OpenAIResponsesRefusalContent():
                    yield Refusal(part.refusal)
                case models.ReasoningTextContent():
                    yield Reasoning(part.text)
        summary = item.summary if isinstance(item, models.OutputReasoningItem) else None
        for at, part in enumerate(summary or ()):
            if isinstance(part, models.ReasoningSummaryText):
                yield Summary(part.text, self._part(index, at))

    def _item(self, index: int) -> _Item:
        return self._items.setdefault(index, _Item())

    def _begin(self, index: int, item: models.OutputItem | None) -> Iterator[ChatPart]:
        if not isinstance(item, _CALLS):
            return
        known = self._item(index)
        known.call_id = unused_id(item.call_id, self._used)
        self._used.add(known.call_id)
        known.name = item.name
        known.custom = isinstance(item, models.OutputCustomToolCallItem)
        if known.custom:
            yield CustomCall(known.call_id, item.name)
        elif item.name != self._hosted:
            yield FunctionCall(known.call_id, item.name)

    def _argue(self, item: _Item, delta: str) -> Iterator[ChatPart]:
        if not item.name:
            raise errors.ProviderError(
                f"{self._model}: its upstream sent arguments before their call",
                kind="protocol",
                retryable=True,
            )
        item.said = True
        if item.custom:
            yield CustomInput(item.call_id, delta)
            return
        if item.name != self._hosted:
            yield Arguments(item.call_id, delta)
            return
        item.arguments += delta
        if len(item.arguments) > MAX_HELD:
            raise errors.ProviderError(
                f"{self._model} wrote over {MAX_HELD} characters of arguments, the limit MAX_HELD",
                kind="protocol",
            )

    def _end(
        self, index: int, item: models.OutputItem | None, cut: bool = False
    ) -> Iterator[ChatPart]:
        """An item is done; ``cut`` says that the response ended in the middle of it."""
        if index in self._closed:
            return
        self._closed.add(index)
        known = self._item(index)
        if isinstance(item, models.OutputReasoningItem):
            yield from self._reasoned(index, item, said=known.said)
        match item:
            case models.OutputMessageItem() if not known.said:
                yield from self._words(index, item)
            case models.OutputFunctionCallItem():
                if not known.name:
                    yield from self._begin(index, item)
                if known.name == self._hosted:
                    if not cut and item.status != "incomplete":
                        text = item.arguments or known.arguments
                        yield hosted_call(self._model, known.call_id, text)
                elif not known.said and (item.arguments or not cut):
                    yield Arguments(known.call_id, whole_arguments(item.arguments))
            case models.OutputCustomToolCallItem():
                if not known.name:
                    yield from self._begin(index, item)
                if not known.said and item.input:
                    yield CustomInput(known.call_id, item.input)
            case models.OutputImageGenerationCallItem() if item.result:
                try:
                    data = item.image_bytes()
                except errors.PictureError as error:
                    raise errors.ProviderError(
                        f"{self._model} sent a picture that is none: {error}", kind="protocol"
                    ) from None
                yield InlinePicture(data, media_type_of(data))

    def _reasoned(
        self, index: int, item: models.OutputReasoningItem, *, said: bool
    ) -> Iterator[ChatPart]:
        """What no event has told of it; and the item itself, where it holds what only the upstream
        can read."""
        if not said:
            yield from self._words(index, item)
        if item.encrypted_content and self._source is not None:
            yield Thought(source=self._source, data=models.encode(item))


def raise_failure(
    model: str, told: models.ErrorEvent | models.OpenResponsesResult, secret: str | None
) -> None:
    """Raise ``ProviderError`` for an ``error`` event, and for a response that failed."""
    if isinstance(told, models.ErrorEvent):
        error: object = told.payload
    elif told.status in ("failed", "cancelled"):
        error = told.error or None
    else:
        return
    said = {
        name: value
        for name in ("code", "message", "type", "param")
        if isinstance(value := getattr(error, name, None), str | int)
    }
    raise failure_in_stream(msgspec.to_builtins(said), model, secret=secret)
