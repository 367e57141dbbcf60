"""Events of the response as a whole and of its items."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import UNSET

from ._base import Event, Maybe, Model
from ._item_unions import OutputItem
from ._response import OpenResponsesResult

__all__ = [
    "CompletedEvent",
    "CreatedEvent",
    "ErrorEvent",
    "ErrorPayload",
    "FailedEvent",
    "InProgressEvent",
    "IncompleteEvent",
    "OutputItemAddedEvent",
    "OutputItemDoneEvent",
    "QueuedEvent",
]


class ErrorPayload(Model, kw_only=True):
    """An error's code, message and the request field at fault.

    Named by Open Responses.
    """

    code: Maybe[str | int | None] = UNSET
    message: Maybe[str | None] = UNSET
    type: Maybe[str | None] = UNSET
    param: Maybe[str | None] = UNSET
    headers: Maybe[dict[str, str] | None] = UNSET


class CreatedEvent(Event, tag="response.created", kw_only=True):
    """The response exists: the first event of a stream.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.created"]] = "response.created"
    response: OpenResponsesResult


class InProgressEvent(Event, tag="response.in_progress", kw_only=True):
    """The response is being worked on.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.in_progress"]] = "response.in_progress"
    response: OpenResponsesResult


class CompletedEvent(Event, tag="response.completed", kw_only=True):
    """The response is whole; the stream ends here.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.completed"]] = "response.completed"
    response: OpenResponsesResult


class IncompleteEvent(Event, tag="response.incomplete", kw_only=True):
    """The response stopped short; the stream ends here.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.incomplete"]] = "response.incomplete"
    response: OpenResponsesResult


class FailedEvent(Event, tag="response.failed", kw_only=True):
    """The response failed; the stream ends here.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.failed"]] = "response.failed"
    response: OpenResponsesResult


class ErrorEvent(Event, tag="error", kw_only=True):
    """Something failed, outside any response or before one could say so.

    Read in all its shapes: OpenAI's and OpenRouter's (``code``, ``message``, ``param`` beside
    ``type``), Open Responses' (the same under ``error``), the WebSocket's envelope (``error`` and
    ``status``), each also without a sequence number. ``payload`` gives the error in one form.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["error"]] = "error"
    code: Maybe[str | int | None] = UNSET
    message: Maybe[str | None] = UNSET
    param: Maybe[str | None] = UNSET
    error: Maybe[ErrorPayload | None] = UNSET
    status: Maybe[int | None] = UNSET

    @property
    def payload(self) -> ErrorPayload:
        """The error itself, wherever the sender put it: under ``error`` or beside ``type``."""
        if isinstance(self.error, ErrorPayload):
            return self.error
        return ErrorPayload(code=self.code, message=self.message, param=self.param)


class OutputItemAddedEvent(Event, tag="response.output_item.added", kw_only=True):
    """An item opened.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.output_item.added"]] = "response.output_item.added"
    item: OutputItem | None
    output_index: int


class OutputItemDoneEvent(Event, tag="response.output_item.done", kw_only=True):
    """An item is whole.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.output_item.done"]] = "response.output_item.done"
    item: OutputItem | None
    output_index: int


class QueuedEvent(Event, tag="response.queued", kw_only=True):
    """The response waits its turn.

    Named by OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.queued"]] = "response.queued"
    response: OpenResponsesResult
