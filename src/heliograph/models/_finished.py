"""Finished pictures among a response's output."""

from __future__ import annotations

from heliograph.pictures import Picture

from ._items import OutputImageGenerationCallItem
from ._items_openrouter import OutputImageGenerationServerToolItem

__all__ = ["finished_picture"]

_CALLS = (OutputImageGenerationCallItem, OutputImageGenerationServerToolItem)
_FAILED = ("failed", "incomplete")


def finished_picture(item: object, output_index: int) -> Picture | None:
    """The picture of a call of the image tool, by either of its names; None of anything else.

    A status short of ``completed`` is let pass where the picture is there: some providers never say
    it.
    """
    if isinstance(item, _CALLS) and item.status not in _FAILED:
        return item.picture(output_index)
    return None
