"""A conversation's items sorted for its compaction: what stays as it was, and what is summed up.

Items are JSON, oldest first, each whole and with an id; a picture is base64 or a marker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from heliograph.engine._compaction import Kept
from heliograph.engine._item_pictures import (
    PICTURE_ITEMS,
    PICTURE_KEYS,
    picture_key,
    places,
    shown,
    split,
)
from heliograph.engine._limits import Limits
from heliograph.engine._pictures import Pictures, base64_size
from heliograph.engine._tool import base64

__all__ = ["Window", "condensed", "window_of"]

Json = dict[str, Any]

_LINE = 400
_LEFT_OUT = "[{count} earlier pictures are not at hand any more.]"


class _Picture(msgspec.Struct, frozen=True):
    """A picture to keep: where it stands, and its base64 or marker."""

    item: Json | None
    head: str
    text: str
    size: int


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """``users`` are the newest messages of the user, to stay as they are; ``told`` the system and
    developer messages; ``calls`` those without an output; ``rest`` all that is to be summed up."""

    users: list[Json]
    told: list[Json]
    calls: list[Json]
    rest: list[Json]

    @property
    def open_calls(self) -> frozenset[str]:
        """The ``call_id`` of each call without an output."""
        return frozenset(item["call_id"] for item in self.calls)

    async def pictures(self, pictures: Pictures, room: int) -> tuple[list[Kept], str]:
        """The newest pictures that ``room`` bytes hold, oldest first; and what to say of others."""
        found = list(self._pictures(pictures))
        kept: list[Kept] = []
        for picture in reversed(found):
            room -= picture.size + len(msgspec.json.encode(picture.item)) + 64
            if room < 0:
                break
            if pictures.is_marker(picture.text):
                data = await pictures.get(picture.text)
            else:
                data = base64(picture.text, "input")
            kept.append(Kept(data=data, item=picture.item, head=picture.head))
        left = len(found) - len(kept)
        return kept[::-1], _LEFT_OUT.format(count=left) if left else ""

    def _pictures(self, pictures: Pictures) -> Iterator[_Picture]:
        for item in self.rest:
            made = item.get("type") in PICTURE_ITEMS
            for place, key in places(item):
                head, text = split(place.get(_key(item, key)) or "", key)
                if not text:
                    continue
                bare = {name: value for name, value in item.items() if name not in PICTURE_KEYS}
                known = pictures.is_marker(text)
                size = pictures.size_of(text) if known else len(text) * 3 // 4
                yield _Picture(bare if made else None, head, text, size)


def _key(item: Json, key: str) -> str:
    """The field that holds a picture that was made; one as OpenRouter sends it has others."""
    return (picture_key(item) or key) if key == "result" else key


def window_of(items: list[Json], pictures: Pictures, limits: Limits) -> Window:
    """Sort the items of a conversation."""
    answered = {
        item.get("call_id") for item in items if str(item.get("type")).endswith("_call_output")
    }
    kept = _newest(items, pictures, limits)
    users, told, calls, rest = [], [], [], []
    for item in items:
        kind, role = item.get("type"), item.get("role")
        if item.get("id") in kept:
            users.append(item)
        elif kind == "message" and role in ("system", "developer"):
            told.append(item)
        elif kind in ("function_call", "custom_tool_call") and item["call_id"] not in answered:
            calls.append(item)
        else:
            rest.append(item)
    return Window(users=users, told=told, calls=calls, rest=rest)


def _newest(items: list[Json], pictures: Pictures, limits: Limits) -> set[str]:
    """Ids of the user's newest messages, as many as there is room for; the last one always."""
    text, drawn = limits.max_kept_text_bytes, limits.max_kept_picture_bytes
    ids: set[str] = set()
    for item in reversed(items):
        if item.get("type") != "message" or item.get("role") != "user":
            continue
        whole = len(msgspec.json.encode(item))
        inside = 0
        for place, key in places(item):
            base = split(place.get(key) or "", key)[1]
            known = pictures.is_marker(base)
            drawn -= base64_size(pictures.size_of(base)) if known else len(base)
            inside += len(base)
        text -= whole - inside
        if ids and (text < 0 or drawn < 0):
            break
        ids.add(item["id"])
    return ids


def condensed(window: Window, limit: int) -> str:
    """What was said and done, a line each, the newest lines that ``limit`` bytes hold."""
    lines: list[str] = []
    for item in reversed(window.rest):
        line = _line(item)
        if not line:
            continue
        limit -= len(line.encode()) + 1
        if limit < 0:
            lines.append("...")
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def _line(item: Json) -> str:
    match item.get("type"):
        case "message":
            who = "The user" if item["role"] == "user" else "The assistant"
            return _cut(f"{who} said: ", _words(item["content"]))
        case "function_call" | "custom_tool_call":
            given = item.get("arguments") or item.get("input") or ""
            return _cut(f"{item['name']} was called: ", given)
        case "function_call_output" | "custom_tool_call_output":
            return _cut("It gave: ", _words(item["output"]))
        case kind if kind in PICTURE_ITEMS:
            about = item.get("revised_prompt") or item.get("prompt") or item["id"]
            made = "was made" if picture_key(item) else "could not be made"
            return _cut(f"A picture {made}: ", str(about))
    return ""


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    said = [part.get("text") or part.get("refusal") or "" for part in parts]
    return " ".join(text for text in said if text)


def _cut(head: str, text: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    return head + (text if len(text) <= _LINE else text[: _LINE - 3] + "...")


async def whole(items: list[Json], pictures: Pictures) -> list[Json]:
    """The items with their pictures as base64, for whoever is not of this process."""
    return [await shown(item, pictures) for item in items]
