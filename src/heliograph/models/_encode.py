"""Typed objects to bytes, changing no byte that need not change.

An object that was decoded keeps its bytes. Encoding decodes them once more and compares: where
nothing differs, the bytes are the answer; else the tree of the text is walked beside both objects
and only the differing values are written anew. Key order, escapes, number spelling, duplicates and
unknown fields stay as they came, with one exception: the text that is replaced.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET

from ._base import Model, Unknown, wire_of
from ._codec import decode_like
from ._compact import NotCompact, compact
from ._json import Node, parse, scan
from ._pictures import Base64Text, raw_field
from ._plan import class_plan

__all__ = ["encode"]


def encode(obj: Model | Unknown) -> bytes:
    """The JSON text of a wire object.

    What was decoded and not changed comes back as the bytes it came in; of what was changed, only
    the changed paths differ. A field set to ``UNSET`` goes. What was built in Python is written
    plainly, absent fields left out, the tag first.
    """
    if isinstance(obj, Unknown):
        return obj.raw
    wire = wire_of(obj)
    if wire is None:
        return _fresh(obj)
    before = decode_like(obj, wire)
    if _same(obj, before):
        return wire
    try:
        return b"".join(_changed(compact(wire), before, obj))
    except NotCompact:
        return b"".join(_changed(scan(wire), before, obj))


def members(obj: Model) -> dict[str, Any]:
    """The members of ``encode(obj)``, as Python values."""
    data = encode(obj)
    try:
        found: dict[str, Any] = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = parse(data)
    return found


# -- written anew -----------------------------------------------------------------------------


def _fresh(value: Any) -> bytes:
    if isinstance(value, Unknown):
        return value.raw
    if isinstance(value, Model) and _keeps_bytes_inside(value):
        return _fresh_around(value)
    return plain(value)


def plain(value: Any) -> bytes:
    """A value's JSON text, escapes standing in for what UTF-8 cannot hold."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can write
        return _spelled(value)


def _spelled(value: Any) -> bytes:
    builtins = msgspec.to_builtins(value, enc_hook=_spell)
    return json.dumps(builtins, separators=(",", ":")).encode()


def _hook(value: object) -> Any:
    if isinstance(value, Unknown):
        return msgspec.Raw(value.raw)
    if isinstance(value, Base64Text):
        return msgspec.Raw(value.quoted)
    raise TypeError(f"{type(value).__name__} is no wire type")


def _spell(value: object) -> Any:
    if isinstance(value, Unknown):
        return value.fields
    if isinstance(value, Base64Text):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no wire type")


_encoder = msgspec.json.Encoder(enc_hook=_hook)


@cache
def _holders(cls: type[Model]) -> tuple[str, ...]:
    """The fields of this class that hold objects, or lists of them."""
    plans = [(field, field.type.item or field.type) for field in class_plan(cls).fields.values()]
    return tuple(f.name for f, inner in plans if inner.model is not None or inner.tagged)


def _keeps_bytes_inside(obj: Model) -> bool:
    """Whether an object somewhere inside still has the bytes it came in."""
    for name in _holders(type(obj)):
        value = getattr(obj, name)
        if isinstance(value, list):
            if any(_keeps_bytes(inner) for inner in value):
                return True
        elif _keeps_bytes(value):
            return True
    return False


def _keeps_bytes(value: Any) -> bool:
    if not isinstance(value, Model):
        return False
    return wire_of(value) is not None or _keeps_bytes_inside(value)


def _fresh_around(obj: Model) -> bytes:
    """Written anew, but for the objects in it that still have the bytes they came in."""
    plan = class_plan(type(obj))
    members = [] if plan.tag_field is None else [_member(plan.tag_field, plain(plan.tag))]
    for wire, field in plan.fields.items():
        value = raw_field(obj, field.name)
        if value is not UNSET:
            members.append(_member(wire, _around(value)))
    return b"{" + b",".join(members) + b"}"


def _around(value: Any) -> bytes:
    if isinstance(value, list):
        return b"[" + b",".join(_around(inner) for inner in value) + b"]"
    return encode(value) if isinstance(value, Model) and wire_of(value) else _fresh(value)


def _member(key: str, text: bytes) -> bytes:
    return plain(key) + b":" + text


# -- the same or not --------------------------------------------------------------------------


_ATOMS = frozenset((str, int, bool))
"""Classes whose equal values are written alike; 0.0 and -0.0 are not."""


def _same(now: Any, before: Any) -> bool:
    """Equal, and written alike: ``True`` is not 1 here, nor 1 the same as 1.0."""
    if now is before:
        return True
    if now != before:
        return False
    if now.__class__ is before.__class__ and now.__class__ in _ATOMS:
        return True
    try:
        return _outline.encode(now) == _outline.encode(before)
    except UnicodeEncodeError:
        return _spelled(now) == _spelled(before)


def _outline_hook(value: object) -> Any:
    # equal already, so their text need not be copied to be compared
    return None if isinstance(value, Base64Text) else _hook(value)


_outline = msgspec.json.Encoder(enc_hook=_outline_hook)


# -- changed in place -------------------------------------------------------------------------


def _changed(node: Node, before: Any, now: Any) -> list[bytes]:
    """The text of ``node``, which held ``before``, for ``now``; in pieces."""
    if _same(now, before):
        return [node.text]
    node.look()
    if isinstance(now, Model) and type(now) is type(before) and node.kind == "object":
        fields = class_plan(type(now)).fields.values()
        pairs = {
            field.wire: (raw_field(before, field.name), raw_field(now, field.name))
            for field in fields
        }
        return _changed_object(node, pairs)
    if isinstance(now, dict) and isinstance(before, dict) and node.kind == "object":
        keys = [*before, *(key for key in now if key not in before)]
        return _changed_object(
            node, {key: (before.get(key, UNSET), now.get(key, UNSET)) for key in keys}
        )
    if isinstance(now, list) and isinstance(before, list) and node.kind == "array":
        return _changed_array(node, before, now)
    return [_around(now)]


def _changed_object(node: Node, pairs: dict[str, tuple[Any, Any]]) -> list[bytes]:
    """Each key maps to what it held and what it holds; ``UNSET`` is absent."""
    data = node.data
    last = {key: i for i, (key, _, _) in enumerate(node.members)}
    parts: list[list[bytes]] = []
    gaps: list[bytes] = []
    for i, (key, start, child) in enumerate(node.members):
        before, now = pairs.get(key, (None, None))
        if now is UNSET:
            continue
        end = child.start
        parts.append([data[start:end]])
        if key in pairs and last[key] == i:
            parts[-1] += _changed(child, before, now)
        else:
            parts[-1].append(child.text)
        follows = i + 1 < len(node.members)
        gaps.append(data[child.end : node.members[i + 1][1]] if follows else b",")
    for key, (_, now) in pairs.items():
        if key not in last and now is not UNSET:
            parts.append([_member(key, _fresh(now))])
            gaps.append(b",")
    inner = (node.members[0][1], node.members[-1][2].end) if node.members else None
    return _joined(node, inner, parts, gaps)


def _changed_array(node: Node, before: list[Any], now: list[Any]) -> list[bytes]:
    """Like elements at both ends stay; between them, element by element as far as both go."""
    head = 0
    while head < min(len(before), len(now)) and _same(now[head], before[head]):
        head += 1
    tail = 0
    while tail < min(len(before), len(now)) - head and _same(now[-1 - tail], before[-1 - tail]):
        tail += 1
    parts: list[list[bytes]] = []
    gaps: list[bytes] = []
    old = list(range(len(before)))
    middle = old[head : len(before) - tail]
    for i, value in enumerate(now):
        if i < head:
            source: int | None = i
        elif i >= len(now) - tail:
            source = i - len(now) + len(before)
        else:
            source = middle[i - head] if i - head < len(middle) else None
        if source is None:
            parts.append([_around(value)])
            gaps.append(b",")
            continue
        child = node.items[source]
        parts.append(_changed(child, before[source], value))
        follows = source + 1 < len(node.items)
        gaps.append(node.data[child.end : node.items[source + 1].start] if follows else b",")
    inner = (node.items[0].start, node.items[-1].end) if node.items else None
    return _joined(node, inner, parts, gaps)


def _joined(
    node: Node, inner: tuple[int, int] | None, parts: list[list[bytes]], gaps: list[bytes]
) -> list[bytes]:
    """The container's brackets, as they stood, around its parts and the gaps between them."""
    data = node.data
    start, end = inner or (node.end - 1, node.end - 1)
    out = [data[node.start : start]]
    for i, part in enumerate(parts):
        if i:
            out.append(gaps[i - 1])
        out += part
    out.append(data[end : node.end])
    return out
