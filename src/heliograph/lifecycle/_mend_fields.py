"""Fields that a stream left out, and items as they begin."""

from __future__ import annotations

from copy import copy
from typing import Any, Final

from msgspec import UNSET

from heliograph import models

from ._core import Core
from ._whole import ITEM_TEXTS

__all__ = ["emptied", "fill", "zero_usage"]

#: What an item that says nothing of it has, where some spec requires the field.
_ITEM_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "image_generation_call": {"result": None},
    "code_interpreter_call": {"code": None, "container_id": "", "outputs": None},
}
_STATUS: Final = frozenset({"message", "function_call", "custom_tool_call"})


def fill(m: Core, event: Any) -> bool:
    """Put in what the event lacks of fields that some spec requires; whether there was any."""
    lacked = False
    if isinstance(event, models.TextDeltaEvent | models.TextDoneEvent):
        if event.logprobs is UNSET:
            event.logprobs = []
            lacked = True
    elif isinstance(event, models.FunctionCallArgsDoneEvent):
        if event.name is UNSET:
            item = m._items.get(event.output_index)
            event.name = str(getattr(getattr(item, "added", None), "name", ""))
            lacked = True
    elif isinstance(event, models.OutputItemAddedEvent | models.OutputItemDoneEvent):
        done = isinstance(event, models.OutputItemDoneEvent)
        lacked = _fill_item(event.item, "completed" if done else "in_progress", event.output_index)
    elif isinstance(event, models.ContentPartAddedEvent | models.ContentPartDoneEvent):
        lacked = _fill_part(event.part)
    elif isinstance(event, models.CompletedEvent | models.IncompleteEvent | models.FailedEvent):
        for index, final in enumerate(event.response.output):
            lacked = _fill_item(final, "completed", index) or lacked
    return lacked


def _fill_item(item: Any, status: str, index: int) -> bool:
    if not isinstance(item, models.Item):
        return False
    lacked = False
    for name, value in _ITEM_FIELDS.get(item.type, {}).items():
        if getattr(item, name) is UNSET:
            setattr(item, name, value)
            lacked = True
    if item.type in _STATUS and getattr(item, "status", None) is UNSET:
        item.status = status  # type: ignore[attr-defined]
        lacked = True
    if getattr(item, "id", None) is UNSET:
        item.id = f"item_{index}"  # type: ignore[attr-defined]
        lacked = True
    content = getattr(item, "content", None)
    for part in content if isinstance(content, list) else ():
        lacked = _fill_part(part) or lacked
    return lacked


def _fill_part(part: Any) -> bool:
    if isinstance(part, models.ResponseOutputText) and part.annotations is UNSET:
        part.annotations = []
        return True
    return False


def emptied(item: Any) -> None:
    """Make an item what it is when it is announced: in progress, and without its content."""
    if hasattr(item, "status"):
        item.status = "in_progress"
    if item.type in ("message", "reasoning"):
        if isinstance(item.content, list):
            item.content = []
        if item.type == "reasoning":
            item.summary = []
    elif item.type == "apply_patch_call":
        item.operation = copy(item.operation)
        if hasattr(item.operation, "diff"):
            item.operation.diff = ""
    elif item.type in ITEM_TEXTS:
        name = ITEM_TEXTS[item.type][0]
        if isinstance(getattr(item, name), str):
            setattr(item, name, "")
    elif item.type in ("image_generation_call", "openrouter:image_generation"):
        item.result = None


def zero_usage() -> models.Usage:
    """Usage of nothing; null would end older clients."""
    return models.Usage(
        input_tokens=0,
        input_tokens_details=models.InputTokensDetails(cached_tokens=0, cache_write_tokens=0),
        output_tokens=0,
        output_tokens_details=models.OutputTokensDetails(reasoning_tokens=0),
        total_tokens=0,
    )
