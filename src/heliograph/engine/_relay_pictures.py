"""The pictures of relayed events: canonical base64 becomes a blob, any other string stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pybase64

from heliograph import errors, models
from heliograph.engine._pictures import Pictures

__all__ = ["holds_picture", "stowed"]

_ITEMS: Final = (models.OutputImageGenerationCallItem, models.OutputImageGenerationServerToolItem)


def _texts(event: Any) -> Iterator[str]:
    """The strings of an event that may be pictures."""
    match event:
        case models.ImageGenCallPartialImageEvent():
            yield event.partial_image_b64
        case models.OutputItemAddedEvent() | models.OutputItemDoneEvent():
            yield from _of_item(event.item)
        case models.CompletedEvent() | models.IncompleteEvent() | models.FailedEvent():
            for item in event.response.output:
                yield from _of_item(item)


def _of_item(item: Any) -> Iterator[str]:
    if isinstance(item, _ITEMS):
        for name in item.PICTURES:
            value = getattr(item, name)
            if isinstance(value, str) and value:
                yield value


def holds_picture(event: Any) -> bool:
    """Whether there is anything for ``stowed`` to do."""
    match event:
        case models.ImageGenCallPartialImageEvent():
            return True
        case models.OutputItemAddedEvent() | models.OutputItemDoneEvent():
            return isinstance(event.item, _ITEMS)
        case models.CompletedEvent() | models.IncompleteEvent() | models.FailedEvent():
            return any(isinstance(item, _ITEMS) for item in event.response.output)
    return False


async def stowed(event: Any, pictures: Pictures, limit: int) -> models.StreamEvent:
    """The event with its pictures in the blob store and markers in their places.

    Raises ``ProviderError`` for a picture of more than ``limit`` bytes.
    """
    wire = models.wire_of(event)
    if wire is None:
        return event  # type: ignore[no-any-return]
    for text in set(_texts(event)):
        data = _canonical(text)
        if data is None:
            continue
        if len(data) > limit:
            raise errors.ProviderError(
                f"the picture has {len(data)} bytes; the limit max_picture_bytes is {limit}",
                kind="protocol",
            )
        quoted = b'"%b"' % text.encode()
        if quoted in wire:
            marker = await pictures.put(data)
            wire = wire.replace(quoted, b'"%b"' % marker.encode())
    return models.decode_event(wire)


def _canonical(text: str) -> bytes | None:
    """The bytes of base64 that they would become again, None where it is something else."""
    try:
        data = pybase64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if data and pybase64.b64encode(data).decode() == text else None
