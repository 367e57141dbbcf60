"""What an object lacks, and what it holds that no spec names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from ._base import Model, wire_of
from ._events_response import ErrorEvent
from ._json import Node, scan
from ._pictures import raw_field
from ._plan import TypePlan, class_plan

__all__ = ["missing_fields", "unknown_fields"]


def missing_fields(obj: object) -> list[str]:
    """The wire paths that some spec requires and that ``obj`` lacks, as ``item.content[0].text``.

    Decoding has let them pass; the checker's strict mode does not. Unknown things lack nothing.
    """
    return list(_missing(obj, ""))


def _missing(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Model):
        for wire, field in class_plan(type(value)).fields.items():
            inner = raw_field(value, field.name)
            where = f"{path}.{wire}" if path else wire
            if inner is UNSET:
                if field.strict:
                    yield where
            else:
                yield from _missing(inner, where)
        if isinstance(value, ErrorEvent) and value.payload.message is UNSET:
            yield f"{path}.message" if path else "message"
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _missing(inner, f"{path}[{i}]")


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
