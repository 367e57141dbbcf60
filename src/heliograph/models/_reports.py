"""What an object lacks, and what it holds that no spec names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter
from types import NoneType
from typing import Any, TypeAlias

from msgspec import UNSET, UnsetType

from heliograph.errors import InvalidEvent

from ._base import Model, wire_of
from ._events_response import ErrorEvent
from ._json import Node, scan
from ._pictures import Base64Text, raw_field, raw_name
from ._plan import FieldPlan, TypePlan, class_plan

_FLAT = {Base64Text, NoneType, UnsetType, bool, dict, float, int, str}
"""What lacks nothing."""

__all__ = ["are_whole", "missing_fields", "unknown_fields"]


def missing_fields(obj: object) -> list[str]:
    """The wire paths that some spec requires and that ``obj`` lacks, as ``item.content[0].text``.

    Decoding has let them pass; the checker's strict mode does not. Unknown things lack nothing.
    """
    return list(_missing(obj, ""))


def _missing(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Model):
        for field in _watched(type(value)):
            inner = raw_field(value, field.name)
            if inner is UNSET:
                if field.strict:
                    yield _below(path, field.wire)
            elif isinstance(inner, Model | list):
                yield from _missing(inner, _below(path, field.wire))
        if isinstance(value, ErrorEvent) and value.payload.message is UNSET:
            yield _below(path, "message")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            if isinstance(inner, Model | list):
                yield from _missing(inner, f"{path}[{i}]")


def _below(path: str, wire: str) -> str:
    return f"{path}.{wire}" if path else wire


@cache
def _watched(cls: type[Model]) -> tuple[FieldPlan, ...]:
    """The fields that may be missing, or hold what lacks something."""
    return tuple(
        field
        for field in class_plan(cls).fields.values()
        if (field.strict and not field.required) or _may_lack(field.type)
    )


def _may_lack(plan: TypePlan) -> bool:
    return bool(plan.model or plan.tagged) or (plan.item is not None and _may_lack(plan.item))


def are_whole(objects: Sequence[object]) -> bool:
    """Whether `missing_fields` has nothing to say of any of them, but for sequence numbers, and
    each could be decoded.

    Goes class by class and field by field over all of them at once: for many events, most of which
    lack nothing, that costs a fraction of asking each.
    """
    classes = {*map(type, objects)}
    if list in classes:
        lists: Any = [o for o in objects if o.__class__ is list]
        if not are_whole([*chain.from_iterable(lists)]):
            return False
    alike: dict[tuple[_Look, ...], list[type]] = {}
    for cls in classes:
        if looks := _looks(cls):
            alike.setdefault(looks, []).append(cls)
    for looks, kinds in alike.items():
        mine = objects
        if len(kinds) < len(classes):
            mine = [o for o in objects if o.__class__ in kinds]
        if ErrorEvent in kinds and any(map(missing_fields, mine)):
            return False
        for get, strict in looks:
            if strict:
                values = {*map(type, map(get, mine))}
                if UnsetType in values:
                    return False
                if values <= _FLAT:
                    continue
            inner = [*filter(None, map(get, mine))]
            if inner and not are_whole(inner):
                return False
    return True


_Look: TypeAlias = tuple[Callable[[Any], Any], bool]


@cache
def _looks(cls: type) -> tuple[_Look, ...]:
    """How to read each field that is watched, and whether it must be there."""
    if issubclass(cls, InvalidEvent):
        return ((lambda _: UNSET, True),)
    if not issubclass(cls, Model):
        return ()
    return tuple(
        (_getter(raw_name(cls, field.name)), field.strict and not field.required)
        for field in _watched(cls)
        if field.wire != "sequence_number"
    )


_getter = cache(attrgetter)


def unknown_fields(obj: object) -> dict[str, Any]:
    """The fields that came with ``obj`` and that its types do not name: wire path to value.

    Worked out from the bytes that ``obj`` was decoded from; empty for what was built in Python.
    What an unknown item or part holds is its own (``fields``) and not listed here.
    """
    wire = wire_of(obj)
    if wire is None or not isinstance(obj, Model):
        return {}
    return dict(_unnamed(scan(wire), type(obj), ""))


def _unnamed(node: Node, cls: type[Model], path: str) -> Iterator[tuple[str, Any]]:
    plan = class_plan(cls)
    for key, _, child in node.members:
        where = f"{path}.{key}" if path else key
        field = plan.fields.get(key)
        if field is not None:
            yield from _unnamed_in(field.type, child, where)
        elif key != plan.tag_field:
            yield where, child.value()


def _unnamed_in(plan: TypePlan, node: Node, path: str) -> Iterator[tuple[str, Any]]:
    if node.kind == "array" and plan.item is not None:
        for i, child in enumerate(node.items):
            yield from _unnamed_in(plan.item, child, f"{path}[{i}]")
    elif node.kind == "object":
        cls = plan.model
        if plan.tagged:
            tag = node.get(plan.tag_field)
            cls = None if tag is None else plan.tagged.get(tag.value())
        if cls is not None:
            yield from _unnamed(node, cls, path)
