"""Typed uses of `heliograph.models`: type checkers read this file, nobody runs it."""

from __future__ import annotations

from typing import Literal, assert_type

from heliograph import models
from heliograph.models import UNSET, UnsetType


def by_class(event: models.StreamEvent) -> bytes | str | None:
    """Class patterns narrow, and pick fields out by name."""
    match event:
        case models.ImageGenCallPartialImageEvent(partial_image_index=index):
            assert_type(index, int)
            assert_type(event.type, Literal["response.image_generation_call.partial_image"])
            return event.image_bytes()
        case models.TextDeltaEvent(delta=delta):
            assert_type(delta, str)
            return delta
        case models.OutputItemDoneEvent(item=models.OutputImageGenerationCallItem() as item):
            assert_type(item.result, str | None | UnsetType)
            return item.image_bytes()
        case models.CompletedEvent() | models.IncompleteEvent() | models.FailedEvent():
            assert_type(event.response, models.OpenResponsesResult)
            return event.response.id
        case models.UnknownEvent():
            assert_type(event.type, str)
            return event.raw
    return None


def by_type(event: models.StreamEvent) -> None:
    """`event.type == ...` narrows as well, once what is unknown is out of the way."""
    if isinstance(event, models.UnknownEvent):
        return
    if event.type == "response.image_generation_call.in_progress":
        assert_type(event, models.ImageGenCallInProgressEvent)
        assert_type(event.item_id, str)
    elif event.type == "response.output_text.done":
        assert_type(event, models.TextDoneEvent)
        assert_type(event.text, str)


def by_item(item: models.OutputItem) -> str:
    """Items narrow by class and by type."""
    if isinstance(item, models.OutputFunctionCallItem):
        return item.name + item.arguments
    if isinstance(item, models.UnknownItem):
        return item.type
    if item.type == "image_generation_call":
        assert_type(item, models.OutputImageGenerationCallItem)
        return item.id
    return ""


def absent_is_not_null(response: models.OpenResponsesResult) -> int | None:
    """UNSET, None and a value are three things to a type checker too."""
    assert_type(response.max_output_tokens, int | None | UnsetType)
    if response.max_output_tokens is UNSET:
        return None
    assert_type(response.max_output_tokens, int | None)
    return response.max_output_tokens


def build() -> models.ResponsesRequest:
    """Keyword arguments only, each of its type."""
    tool = models.ImageGenerationServerTool(size="1024x1024", partial_images=2)
    request = models.ResponsesRequest(model="heliograph/direct", input="a red fox", tools=[tool])
    request.stream = True
    return request


def wrong() -> None:
    """Mistakes that a type checker must find; an ignore that is not needed is an error."""
    models.ImageGenCallInProgressEvent(item_id=1, output_index=0)  # type: ignore[arg-type]
    models.ImageGenCallInProgressEvent(output_index=0)  # type: ignore[call-arg]
    models.ImageGenCallInProgressEvent("item", 0)  # type: ignore[arg-type, call-arg]


def bytes_and_back(data: bytes) -> None:
    """Decoding says what it gives."""
    event = models.decode_event(data)
    assert_type(event, models.StreamEvent)
    assert_type(models.encode(event), bytes)
    assert_type(models.decode(models.ResponsesRequest, data), models.ResponsesRequest)
    assert_type(models.wire_of(event), bytes | None)
    assert_type(models.missing_fields(event), list[str])
    request = models.from_sdk(models.ResponsesRequest, {"maxOutputTokens": 1})
    assert_type(request, models.ResponsesRequest)
    assert_type(models.Response, type[models.OpenResponsesResult])
