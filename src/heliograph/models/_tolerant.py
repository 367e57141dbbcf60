"""The tolerant decoder: from a JSON tree to typed objects, whatever else the tree holds.

It accepts all that msgspec accepts for these types, and: objects with an unknown tag (kept whole),
strings with lone surrogates, numbers out of range (an infinity), whole numbers written ``1.0``, and
a request's messages and references without ``type``. Anything else is a ``Misfit`` that says where.
"""

from __future__ import annotations

import math
from typing import Any

from ._base import Model
from ._items import InputMessage, ItemReferenceItem
from ._json import Node
from ._options import FormatJsonSchemaConfig
from ._plan import FieldPlan, TypePlan, class_plan

__all__ = ["Misfit", "build"]

_IMPLIED: list[tuple[type[Model], type[Model], str, bool]] = [
    # in a union that has the first class, or of the second alone, an object with this key is of
    # the second; False: only where it has no other key
    (InputMessage, InputMessage, "role", True),
    (InputMessage, ItemReferenceItem, "id", False),
    (FormatJsonSchemaConfig, FormatJsonSchemaConfig, "schema", True),
]
_FOUND = {str: "a string", bool: "a boolean", type(None): "null"}


class Misfit(ValueError):
    """``field`` is the wire path (``item.content[0].text``), ``reason`` what is wrong there."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def build(plan: TypePlan, node: Node, path: str = "") -> Any:
    """The typed value of ``node``; raises ``Misfit``."""
    if plan.anything:
        return node.value()
    if node.kind == "object":
        return _object(plan, node, path)
    if node.kind == "array":
        if plan.item is None:
            raise _wrong(plan, "an array", path)
        item = plan.item
        return [build(item, child, f"{path}[{i}]") for i, child in enumerate(node.items)]
    return _scalar(plan, node.value(), path)


def _wrong(plan: TypePlan, found: str, path: str) -> Misfit:
    return Misfit(path or "$", f"expected {plan.expected}, found {found}")


def _scalar(plan: TypePlan, value: Any, path: str) -> Any:
    kind = type(value)
    if kind in plan.scalars:
        return value
    if kind is int and float in plan.scalars:
        return _to_float(value)
    if kind is float and int in plan.scalars:
        if value.is_integer():
            return int(value)
        raise Misfit(path or "$", f"{value!r} is not a whole number in range")
    raise _wrong(plan, _FOUND.get(kind, "a number"), path)


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _object(plan: TypePlan, node: Node, path: str) -> Any:
    if plan.tagged:
        return _tagged(plan, node, path)
    if plan.model is not None:
        return _struct(plan.model, node, path)
    if plan.value is None:
        raise _wrong(plan, "an object", path)
    value = plan.value
    return {key: build(value, child, _join(path, key)) for key, _, child in node.members}


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _tagged(plan: TypePlan, node: Node, path: str) -> Any:
    where = _join(path, plan.tag_field)
    tags = [child for key, _, child in node.members if key == plan.tag_field]
    if not tags or tags[0].text == b"null":
        implied = _implied(plan, node)
        if implied is not None:
            return _struct(implied, node, path)
        raise Misfit(where, "is missing" if not tags else "is null")
    if tags[0].kind != "string":
        raise Misfit(where, f"expected a string, found {tags[0].kind}")
    if any(other.value() != tags[0].value() for other in tags[1:]):
        raise Misfit(where, "stands there twice, with different values")
    tag = tags[0].value()
    cls = plan.tagged.get(tag)
    if cls is None:
        return plan.unknown(tag, node.text)
    return _struct(cls, node, path)


def _implied(plan: TypePlan, node: Node) -> type[Model] | None:
    """What an object without a tag is, where the specs let a tag be left out.

    A request's item with a role is a message, one with only an id a reference; a text format with
    a schema is a JSON Schema.
    """
    keys = {key for key, _, _ in node.members} - {plan.tag_field}
    members = plan.tagged.values()
    for marker, cls, clue, with_others in _IMPLIED:
        near = marker in members or (len(members) == 1 and cls in members)
        if near and clue in keys and (with_others or keys == {clue}):
            return cls
    return None


def _struct(cls: type[Model], node: Node, path: str) -> Model:
    plan = class_plan(cls)
    found: dict[FieldPlan, Node] = {}
    for key, _, child in node.members:
        field = plan.fields.get(key)
        if field is not None:
            found[field] = child
    for field in plan.fields.values():
        if field.required and field not in found:
            raise Misfit(_join(path, field.wire), "is missing")
    return cls(**{f.name: build(f.type, child, _join(path, f.wire)) for f, child in found.items()})
