"""The shape in which the SDKs for TypeScript show the same objects: camelCase keys.

Only the fields that a type names are re-cased. What users wrote (metadata, JSON Schema, arguments)
and what no spec names keeps its keys.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from ._base import Model, Unknown
from ._codec import decode
from ._encode import encode, plain
from ._json import Node, scan
from ._plan import ClassPlan, TypePlan, class_plan

__all__ = ["camel", "from_sdk", "to_sdk"]

M = TypeVar("M", bound=Model)


def camel(name: str) -> str:
    """``output_index`` as ``outputIndex``; a name already in that form stays."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def to_sdk(obj: Model | Unknown) -> dict[str, Any]:
    """The object as Python values under camelCase keys, unknown fields included as they came."""
    node = scan(encode(obj))
    if isinstance(obj, Unknown):
        return cast(dict[str, Any], node.value())
    return _shown(node, type(obj))


def from_sdk(cls: type[M], shape: dict[str, Any]) -> M:
    """The object of class ``cls`` that a camelCase shape stands for; raises ``InvalidBody``."""
    return decode(cls, plain(_wired(class_plan(cls), shape)))


def _shown(node: Node, cls: type[Model]) -> dict[str, Any]:
    fields = class_plan(cls).fields
    tag_field = class_plan(cls).tag_field
    shown: dict[str, Any] = {}
    for key, _, child in node.members:
        field = fields.get(key)
        if field is not None:
            shown[camel(key)] = _shown_in(field.type, child)
        else:
            shown[camel(key) if key == tag_field else key] = child.value()
    return shown


def _shown_in(plan: TypePlan, node: Node) -> Any:
    if node.kind == "array" and plan.item is not None:
        item = plan.item
        return [_shown_in(item, child) for child in node.items]
    if node.kind == "object":
        tag = node.get(plan.tag_field) if plan.tagged else None
        cls = plan.model if tag is None else plan.tagged.get(tag.value())
        if cls is not None:
            return _shown(node, cls)
        if plan.value is not None:
            value = plan.value
            return {key: _shown_in(value, child) for key, _, child in node.members}
    return node.value()


def _wired(plan: ClassPlan, shape: dict[str, Any]) -> dict[str, Any]:
    names = _wire_names(plan.cls)
    wired: dict[str, Any] = {}
    if plan.tag_field is not None:
        wired[plan.tag_field] = plan.tag
    for key, value in shape.items():
        wire = names.get(key)
        field = plan.fields.get(wire) if wire is not None else None
        wired[wire or key] = value if field is None else _wired_in(field.type, value)
    return wired


@cache
def _wire_names(cls: type[Model]) -> dict[str, str]:
    return {camel(wire): wire for wire in class_plan(cls).fields}


def _wired_in(plan: TypePlan, value: Any) -> Any:
    if isinstance(value, list) and plan.item is not None:
        item = plan.item
        return [_wired_in(item, inner) for inner in value]
    if isinstance(value, dict):
        cls = plan.tagged.get(value.get(plan.tag_field, "")) if plan.tagged else plan.model
        if cls is not None:
            return _wired(class_plan(cls), value)
        if plan.value is not None:
            inner_plan = plan.value
            return {key: _wired_in(inner_plan, inner) for key, inner in value.items()}
    return value
