"""Small, plausible instances of the models, and the Python source that builds them."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
from facts import Field, alternatives, fields_of, known_values

from heliograph import models

PICTURE = "iVBORw0KGgoAAAANSUhEUg=="
TEXT = {
    "aspect_ratio": "16:9",
    "b64_json": PICTURE,
    "imageB64": PICTURE,
    "partial_image_b64": PICTURE,
    "arguments": '{"city":"Lisbon"}',
    "call_id": "call-abc123",
    "code": "server_error",
    "container_id": "cntr-abc123",
    "delta": "A red",
    "diff": "@@\n-moon\n+full moon\n",
    "encrypted_content": "gAAAAAB",
    "file_id": "file-abc123",
    "filename": "fox.png",
    "image_url": "https://example.com/fox.png",
    "item_id": "item-abc123",
    "logs": "42\n",
    "media_type": "image/png",
    "message": "something went wrong",
    "model": "heliograph/direct",
    "name": "get_weather",
    "prompt": "a red fox under the moon",
    "query": "red foxes",
    "refusal": "I can't help with that.",
    "result": PICTURE,
    "revised_prompt": "A red fox under a full moon",
    "server_label": "files",
    "server_url": "https://example.com/mcp",
    "size": "1024x1024",
    "text": "A red fox.",
    "timezone": "Europe/Lisbon",
    "title": "Red foxes",
    "token": "fox",
    "url": "https://example.com/foxes",
    "version": "1",
}
NUMBERS = {
    "created": 1_777_000_000,
    "created_at": 1_777_000_000,
    "completed_at": 1_777_000_012,
    "end_index": 10,
    "expires_at": 1_777_086_400,
    "logprob": -0.25,
    "n": 1,
    "sequence_number": 1,
    "temperature": 1.0,
    "top_p": 1.0,
    "display_height": 768,
    "display_width": 1024,
}
EXTRA: dict[type[msgspec.Struct], dict[str, Any]] = {
    models.OutputImageGenerationCallItem: {"result": PICTURE},
    models.ErrorEvent: {"code": "server_error", "message": "something went wrong"},
    models.ImageGenerationServerTool: {"size": "1024x1024", "partial_images": 2},
    models.ResponsesRequest: {
        "model": "heliograph/direct",
        "input": "a red fox under the moon",
        "tools": [models.ImageGenerationServerTool(partial_images=2)],
        "stream": True,
    },
}
MAPS = {
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    "input_schema": {"type": "object"},
}
PREFERRED = ("completed", "assistant", "auto", "png", "developer")
IDS = {"OutputImageGenerationCallItem": "ig-abc123", "OpenResponsesResult": "resp-abc123"}
FITTING = {  # what stands where any of a union may
    "OpenResponsesResult.output": models.OutputImageGenerationCallItem,
    "OpenResponsesResult.tools": models.ImageGenerationServerTool,
    "OutputMessageItem.content": models.ResponseOutputText,
    "InputMessage.content": models.InputText,
    "OutputReasoningItem.summary": models.ReasoningSummaryText,
    "OutputItemAddedEvent.item": models.OutputImageGenerationCallItem,
    "OutputItemDoneEvent.item": models.OutputImageGenerationCallItem,
    "ContentPartAddedEvent.part": models.ResponseOutputText,
    "ContentPartDoneEvent.part": models.ResponseOutputText,
    "ReasoningSummaryPartAddedEvent.part": models.ReasoningSummaryText,
    "ReasoningSummaryPartDoneEvent.part": models.ReasoningSummaryText,
    "AnnotationAddedEvent.annotation": models.URLCitation,
}
EVENTS_OF_RESPONSES = {
    models.CreatedEvent: "in_progress",
    models.QueuedEvent: "queued",
    models.InProgressEvent: "in_progress",
    models.CompletedEvent: "completed",
    models.IncompleteEvent: "incomplete",
    models.FailedEvent: "failed",
}


def sample(cls: type[msgspec.Struct]) -> msgspec.Struct:
    """An instance with every field that some spec requires."""
    extra = EXTRA.get(cls, {})
    wanted = [
        field
        for field in fields_of(cls)
        if not field.tag and (field.demanded or field.attribute in extra)
    ]
    values = {field.attribute: _value(cls, field) for field in wanted}
    if cls in EVENTS_OF_RESPONSES:
        values["response"].status = EVENTS_OF_RESPONSES[cls]
    return cls(**{**values, **extra})


def _value(cls: type, field: Field) -> Any:
    if field.wire == "id":
        return IDS.get(cls.__name__, "id-abc123")
    fitting = FITTING.get(f"{cls.__name__}.{field.wire}")
    if fitting is not None:
        value = sample(fitting)
        return [value] if any(typing.get_origin(a) is list for a in _options(field)) else value
    return _fill(field.wire, field.annotation)


def _options(field: Field) -> list[Any]:
    return alternatives(field.annotation)


def _fill(name: str, annotation: Any) -> Any:
    options = alternatives(annotation)
    values = known_values(annotation)
    if values:
        return next((v for v in PREFERRED if v in values), values[0])
    objects = any(isinstance(option, type) and _is_struct(option) for option in options)
    if type(None) in options and (objects or name not in {**TEXT, **NUMBERS, **MAPS}):
        return None
    for option in options:
        if option is str:
            return TEXT.get(name, name.replace("_", " "))
        if option in (int, float):
            return option(NUMBERS.get(name, 0))
        if option is bool:
            return True
        if isinstance(option, type) and _is_struct(option):
            return sample(option)
        origin, args = typing.get_origin(option), typing.get_args(option)
        if origin is list:
            item = alternatives(args[0])[0]
            return [_fill(name, item)] if item in (str, int) and name != "bytes" else []
        if origin is dict:
            return MAPS.get(name, {})
    return None


def _is_struct(cls: type) -> bool:
    return issubclass(cls, msgspec.Struct)


def source(value: Any, indent: int = 0, width: int = 88, prefix: int = 0) -> str:
    """Python source of `value`, on one line where it fits into `width`."""
    flat = _flat(value)
    if indent + prefix + len(flat) <= width or not _children(value):
        return flat
    pad = " " * (indent + 4)
    opening, closing = _brackets(value)
    lines = [
        f"{pad}{label}{source(child, indent + 4, width, len(label) + 1)},\n"
        for label, child in _children(value)
    ]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _flat(value: Any) -> str:
    if not _children(value) and not isinstance(value, msgspec.Struct):
        return _text(value) if isinstance(value, str) else repr(value)
    opening, closing = _brackets(value)
    return opening + ", ".join(label + _flat(child) for label, child in _children(value)) + closing


def _text(value: str) -> str:
    plain = repr(value)
    return plain if '"' in value else '"' + plain[1:-1] + '"'


def _brackets(value: Any) -> tuple[str, str]:
    if isinstance(value, msgspec.Struct):
        return f"models.{type(value).__name__}(", ")"
    return ("[", "]") if isinstance(value, list) else ("{", "}")


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        fields = (f for f in fields_of(type(value)) if f.tag is None)
        pairs = ((f.attribute, getattr(value, f.attribute)) for f in fields)
        return [(f"{name}=", child) for name, child in pairs if child is not msgspec.UNSET]
    if isinstance(value, list):
        return [("", child) for child in value]
    if isinstance(value, dict):
        return [(f"{_text(key)}: ", child) for key, child in value.items()]
    return []
