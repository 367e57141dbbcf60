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
from ._pictures import Base64Text
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
        value = getattr(obj, field.slot)
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
    return [node.text] if _same(now, before) else _different(node, before, now)


def _different(node: Node, before: Any, now: Any) -> list[bytes]:
    """``_changed`` for two that are not the same."""
    node.look()
    if isinstance(now, Model) and type(now) is type(before) and node.kind == "object":
        fields = class_plan(type(now)).fields.values()
        return _changed_object(
            node, {f.wire: (getattr(before, f.slot), getattr(now, f.slot)) for f in fields}
        )
    if isinstance(now, dict) and isinstance(before, dict) and node.kind == "object":
        keys = [*before, *(key for key in now if key not in before)]
        return _changed_object(
            node, {key: (before.get(key, UNSET), now.get(key, UNSET)) for key in keys}
        )
    if isinstance(now, list) and isinstance(before, list) and node.kind == "array":
        return _changed_array(node, before, now)
    return [_around(now)]


def _changed_object(node: Node, pairs: dict[str, tuple[Any, Any]]) -> list[bytes]:
    """Each key maps to what it held and what it holds; ``UNSET`` is absent.

    Members that stay as they are come in spans: what stands between two goes with the first.
    """
    data, members = node.data, node.members
    last = {key: i for i, (key, _, _) in enumerate(members)}
    out: list[bytes] = []
    at, kept = node.start, -1  # where the next span begins; the latest member in it
    for i, (key, start, child) in enumerate(members):
        pair = pairs.get(key)
        if pair is not None and pair[1] is UNSET:
            continue
        if kept != i - 1:
            out.append(data[at : members[kept + 1][1]])
            at = start
        kept = i
        if pair is not None and last[key] == i and not _same(pair[1], pair[0]):
            out.append(data[at : child.start])
            out += _different(child, *pair)
            at = child.end
    added = [
        _member(key, _fresh(now))
        for key, (_, now) in pairs.items()
        if key not in last and now is not UNSET
    ]
    if not added and kept == len(members) - 1:
        return [*out, data[at : node.end]]
    first, end = (members[0][1], members[-1][2].end) if members else (node.end - 1, node.end - 1)
    until = members[kept][2].end if kept >= 0 else first
    out.append(data[at:until])
    if added and kept >= 0:
        out.append(data[until : members[kept + 1][1]] if kept + 1 < len(members) else b",")
    return [*out, b",".join(added), data[end : node.end]]


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
