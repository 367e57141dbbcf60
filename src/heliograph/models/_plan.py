"""What each wire type expects, read off its annotations once, when first asked.

The tolerant reader, the field reports and the SDK shape all walk these plans.
"""

from __future__ import annotations

import types
import typing
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import NODEFAULT, UnsetType

from ._base import (
    REQUIRED_BY_SOME_SPEC,
    ContentPart,
    Event,
    ImageEvent,
    Item,
    Known,
    Model,
    Tool,
    Unknown,
    UnknownEvent,
    UnknownItem,
    UnknownObject,
    UnknownPart,
    UnknownTool,
)
from ._pictures import raw_name

__all__ = ["ClassPlan", "FieldPlan", "TypePlan", "class_plan", "type_plan"]


class TypePlan:
    """What one annotation accepts.

    ``scalars`` are of str, int, float, bool and NoneType; ``item`` is an array's element, ``value``
    a map's value, ``model`` an object without a tag, ``tagged`` the objects of a union by tag.
    ``known`` are the values that a spec enumerates for a string.
    """

    __slots__ = ("anything", "item", "known", "model", "scalars", "tag_field", "tagged", "value")

    def __init__(self) -> None:
        self.anything = False
        self.scalars: set[type] = set()
        self.known: tuple[str, ...] = ()
        self.item: TypePlan | None = None
        self.value: TypePlan | None = None
        self.model: type[Model] | None = None
        self.tagged: dict[str, type[Model]] = {}
        self.tag_field = "type"

    @property
    def unknown(self) -> type[Unknown]:
        """The class that stands in for an object whose tag is not known here."""
        first = next(iter(self.tagged.values()))
        for base, unknown in _UNKNOWN.items():
            if issubclass(first, base):
                return unknown
        return UnknownObject

    @property
    def expected(self) -> str:
        """In words, for an error message."""
        names = [_WORDS[kind] for kind in _WORDS if kind in self.scalars]
        if self.item is not None:
            names.append("an array")
        if self.value is not None or self.model is not None or self.tagged:
            names.append("an object")
        return " or ".join(names)


class FieldPlan:
    """One field of a class: attribute name, wire name, type, and who requires it.

    ``slot`` is the attribute that has what the field holds, a ``Base64Text`` as such.
    """

    __slots__ = ("name", "required", "slot", "strict", "type", "wire")

    def __init__(
        self,
        name: str,
        slot: str,
        wire: str,
        type_: TypePlan,
        required: bool,
        strict: bool,
    ) -> None:
        self.name = name
        self.slot = slot
        self.wire = wire
        self.type = type_
        self.required = required
        self.strict = strict


class ClassPlan:
    """The fields of one class, by wire name; ``tag_field`` and ``tag`` where it has them."""

    __slots__ = ("cls", "fields", "tag", "tag_field")

    def __init__(self, cls: type[Model]) -> None:
        self.cls = cls
        config = cls.__struct_config__
        self.tag_field: str | None = config.tag_field
        self.tag: Any = config.tag
        self.fields: dict[str, FieldPlan] = {}
        for info in msgspec.structs.fields(cls):
            required = info.default is NODEFAULT and info.default_factory is NODEFAULT
            self.fields[info.encode_name] = FieldPlan(
                info.name,
                raw_name(cls, info.name),
                info.encode_name,
                type_plan(info.type),
                required,
                required or _is_strict(info.type),
            )


_UNKNOWN: dict[type, type[Unknown]] = {
    Item: UnknownItem,
    ContentPart: UnknownPart,
    Tool: UnknownTool,
    Event: UnknownEvent,
    ImageEvent: UnknownEvent,
}
_WORDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


@cache
def class_plan(cls: type[Model]) -> ClassPlan:
    """The plan of a wire type."""
    return ClassPlan(cls)


def type_plan(annotation: Any) -> TypePlan:
    """The plan of one annotation, as msgspec has resolved it."""
    plan = TypePlan()
    _collect(annotation, plan)
    return plan


def _is_strict(annotation: Any) -> bool:
    return REQUIRED_BY_SOME_SPEC in getattr(annotation, "__metadata__", ())


def _collect(annotation: Any, plan: TypePlan) -> None:
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *notes = typing.get_args(annotation)
        for note in notes:
            if isinstance(note, Known):
                plan.known += note.values
        _collect(inner, plan)
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            _collect(member, plan)
    elif origin is list:
        plan.item = type_plan(typing.get_args(annotation)[0])
    elif origin is dict:
        plan.value = type_plan(typing.get_args(annotation)[1])
    elif annotation is Any:
        plan.anything = True
    elif annotation in _WORDS:
        plan.scalars.add(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, Model):
        config = annotation.__struct_config__
        if config.tag_field is None:
            plan.model = annotation
        else:
            plan.tagged[str(config.tag)] = annotation
            plan.tag_field = config.tag_field
    elif annotation is not UnsetType:
        raise TypeError(f"no plan for {annotation!r}")
