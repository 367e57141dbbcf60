"""JSON Schemas (2020-12) of the wire types, as an OpenAPI document's components.

A type has one schema where it is sent and one where it is taken, for they promise different
things: what is sent holds every field that some spec requires, what is taken needs only what
decoding needs. Where the two are the same there is one; else the taken one is named ``...Param``.

Value sets are open (``x-extensible-enum``), as decoding is; a union lists the members that a spec
names, though others decode as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from ._base import ImageEvent, Model
from ._images_usage import ImageGenerationUsage
from ._item_unions import InputItem, OutputItem
from ._items import InputMessage, ItemReferenceItem
from ._options import FormatJsonSchemaConfig
from ._plan import ClassPlan, TypePlan, class_plan, type_plan
from ._registry import ImageStreamEvent, StreamEvent
from ._tool_choice import ToolChoice
from ._tool_unions import AnyTool

__all__ = ["schema_components"]

Schema: TypeAlias = dict[str, Any]

REF = "#/components/schemas/"

UNIONS = {
    frozenset(type_plan(union).tagged.values()): name
    for name, union in {
        "AnyTool": AnyTool,
        "ImageStreamEvent": ImageStreamEvent,
        "InputItem": InputItem,
        "OutputItem": OutputItem,
        "StreamEvent": StreamEvent,
        "ToolChoice": ToolChoice,
    }.items()
}
"""Unions that are used in many places: each is one component."""

_UNTAGGED = (InputMessage, ItemReferenceItem, FormatJsonSchemaConfig)
"""What is read without its ``type`` as well."""

_BY_PATH = (ImageEvent, ImageGenerationUsage)
"""What OpenAI's and OpenRouter's Images APIs share by name: each has a path of its own, and what
one requires is not sent on the other's."""

_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_components(sent: Iterable[Any], taken: Iterable[Any]) -> dict[str, Schema]:
    """The schemas of these wire types (or unions of them) and of all that they hold, by name."""
    outer, inner = _Roots(sent), _Roots(taken)
    differing = _differing(outer.classes, inner.classes)
    both = {"sent": _Writer(set(), sent=True), "taken": _Writer(differing, sent=False)}
    found: dict[str, Schema] = {}
    for writer, roots in ((both["sent"], outer), (both["taken"], inner)):
        for cls in roots.classes:
            found.setdefault(writer.name(cls), writer.object(cls))
        for members in roots.unions:
            found.setdefault(writer.union_name(members), writer.union(members))
    return dict(sorted(found.items()))


class _Roots:
    """Everything that can be reached from some types: ``classes`` and the named ``unions``."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self.classes: dict[type[Model], None] = {}
        self.unions: dict[frozenset[type[Model]], None] = {}
        for root in roots:
            members = tuple(type_plan(root).tagged.values()) or (root,)
            self._union(members)
            for member in members:
                self._add(member)

    def _add(self, cls: type[Model]) -> None:
        if cls in self.classes:
            return
        self.classes[cls] = None
        for place in _places(class_plan(cls)):
            self._union(place.tagged.values())
            for inner in _held(place):
                self._add(inner)

    def _union(self, members: Iterable[type[Model]]) -> None:
        found = frozenset(members)
        if found in UNIONS:
            self.unions[found] = None


def _places(plan: ClassPlan) -> Iterator[TypePlan]:
    """Every place within a class's fields, those in arrays and maps included."""
    todo = [field.type for field in plan.fields.values()]
    while todo:
        place = todo.pop()
        yield place
        todo += [inner for inner in (place.item, place.value) if inner is not None]


def _held(place: TypePlan) -> list[type[Model]]:
    return [*place.tagged.values(), *([place.model] if place.model is not None else [])]


def _differing(sent: Iterable[type[Model]], taken: Iterable[type[Model]]) -> set[type[Model]]:
    """The classes on both sides whose two schemas are not the same."""
    shared = [cls for cls in taken if cls in set(sent)]
    found = {
        cls
        for cls in shared
        if cls in _UNTAGGED
        or any(field.strict != field.required for field in class_plan(cls).fields.values())
    }
    while True:
        more = {
            cls
            for cls in shared
            if cls not in found
            and any(inner in found for p in _places(class_plan(cls)) for inner in _held(p))
        }
        if not more:
            return found
        found |= more


class _Writer:
    """Writes one side's schemas; ``param`` are the classes whose name here ends in ``Param``."""

    def __init__(self, param: set[type[Model]], *, sent: bool) -> None:
        self._param = param
        self._sent = sent

    def name(self, cls: type[Model]) -> str:
        return f"{cls.__name__}Param" if cls in self._param else cls.__name__

    def union_name(self, members: Iterable[type[Model]]) -> str:
        found = frozenset(members)
        return UNIONS[found] + ("Param" if found & self._param else "")

    def object(self, cls: type[Model]) -> Schema:
        plan = class_plan(cls)
        properties: dict[str, Schema] = {}
        required: list[str] = []
        if plan.tag_field is not None:
            properties[plan.tag_field] = {"type": "string", "const": str(plan.tag)}
            if self._sent or cls not in _UNTAGGED:
                required.append(plan.tag_field)
        for wire, field in plan.fields.items():
            properties[wire] = self._place(field.type)
            if field.strict if self._sent and not issubclass(cls, _BY_PATH) else field.required:
                required.append(wire)
        schema: Schema = {"type": "object", "description": _first_words(cls)}
        if properties:
            schema["properties"] = properties
        if required:
            schema["required"] = required
        return schema

    def union(self, members: Iterable[type[Model]]) -> Schema:
        """The members by their tags."""
        by_tag = {str(cls.__struct_config__.tag): REF + self.name(cls) for cls in members}
        by_tag = dict(sorted(by_tag.items()))
        field = next(iter(members)).__struct_config__.tag_field
        return {
            "oneOf": [{"$ref": ref} for ref in by_tag.values()],
            "discriminator": {"propertyName": field, "mapping": by_tag},
        }

    def _place(self, place: TypePlan) -> Schema:
        if place.anything:
            return {}
        found: list[Schema] = []
        names = [name for kind, name in _NAMES.items() if kind in place.scalars]
        if "number" in names and "integer" in names:
            names.remove("integer")
        if names:
            scalar: Schema = {"type": names if len(names) > 1 else names[0]}
            if place.known:
                scalar["x-extensible-enum"] = list(dict.fromkeys(place.known))
            found.append(scalar)
        if place.item is not None:
            found.append({"type": "array", "items": self._place(place.item)})
        if place.value is not None:
            found.append({"type": "object", "additionalProperties": self._place(place.value)})
        if place.model is not None:
            found.append({"$ref": REF + self.name(place.model)})
        if place.tagged:
            found.append(self._tagged(list(place.tagged.values())))
        return found[0] if len(found) == 1 else {"anyOf": found}

    def _tagged(self, members: list[type[Model]]) -> Schema:
        if frozenset(members) in UNIONS:
            return {"$ref": REF + self.union_name(members)}
        if len(members) == 1:
            return {"$ref": REF + self.name(members[0])}
        return self.union(members)


def _first_words(cls: type[Model]) -> str:
    """What the class's documentation opens with."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())
