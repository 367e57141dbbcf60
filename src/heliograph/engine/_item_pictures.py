"""The pictures in items: where they stand, and items that are kept without them.

Inside, a picture's base64 is a marker (see ``_pictures``), bare or behind a data URL's head.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pybase64

from heliograph.engine._pictures import Pictures
from heliograph.engine._tool import base64, data_url

__all__ = [
    "PICTURE_ITEMS",
    "PICTURE_KEYS",
    "copied",
    "markers",
    "picture_key",
    "places",
    "shown",
    "split",
    "stow",
]

Json = dict[str, Any]

PICTURE_ITEMS = ("image_generation_call", "openrouter:image_generation")
PICTURE_KEYS = ("result", "imageB64", "imageUrl")
_BASE64 = ";base64,"


def picture_key(item: Json) -> str | None:
    """The field of an image call that holds its picture; OpenRouter's item has three for it."""
    return next((key for key in PICTURE_KEYS if item.get(key)), None)


def places(item: Json) -> Iterator[tuple[Json, str]]:
    """Where an item can hold a picture: (object, key)."""
    if item.get("type") in PICTURE_ITEMS:
        yield item, "result"
    for parts in (item.get("content"), item.get("output")):
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and part.get("type") == "input_image":
                yield part, "image_url"


def markers(item: Json) -> list[str]:
    """The pictures of a stowed item."""
    found = (split(place[key], key)[1] for place, key in places(item) if place.get(key))
    return [marker for marker in found if marker]


def split(value: str, key: str) -> tuple[str, str]:
    """A picture's text as (head, base64 or marker); no second half where it is an address."""
    if value.startswith("data:"):
        head, sign, rest = value.partition(_BASE64)
        return head + sign, rest
    return ("", value) if key == "result" else (value, "")


async def stow(item: Json, pictures: Pictures) -> Json:
    """The item with its pictures in the blob store, markers in their places."""
    item = copied(item)
    if item.get("type") in PICTURE_ITEMS and not item.get("result"):
        key = picture_key(item)
        if key is not None:
            item["result"] = item.pop(key)
    for place, key in places(item):
        value = place.get(key)
        if not value:
            continue
        head, rest = split(value, key)
        if rest and not pictures.is_marker(rest):
            data = data_url(value, key) if head else base64(value, key)
            place[key] = ("" if key == "result" else head) + await pictures.put(data)
    return item


async def shown(item: Json, pictures: Pictures) -> Json:
    """The item with the pictures that a message shows as base64, without one that was made."""
    item = copied(item)
    for place, key in places(item):
        if key == "result":
            place[key] = None
            continue
        head, marker = split(place[key], key)
        if pictures.is_marker(marker):
            place[key] = head + pybase64.b64encode(await pictures.get(marker)).decode()
    return item


def copied(value: Any) -> Any:
    """A copy of JSON's values, all the way down."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value
