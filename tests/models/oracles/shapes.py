"""JSON shapes of wire types, read from msgspec Structs, pydantic models and TypedDicts alike.

A `Shape` says which JSON kinds a place may hold and, where it may hold objects, which ones. Objects
read their fields only when asked, since the types are recursive.
"""

from __future__ import annotations

import collections.abc as cabc
import enum
import functools
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import pydantic
import typing_extensions

from heliograph import models

SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
ARRAYS = (list, tuple, cabc.Iterable, cabc.Sequence)
MAPS = (dict, cabc.Mapping)


class Obj:
    """One JSON object type: its class's name, its `type` tags and its fields by wire name."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.name = cls.__name__

    @functools.cached_property
    def fields(self) -> dict[str, Field]:
        if issubclass(self.cls, msgspec.Struct):
            return dict(_struct_fields(self.cls))
        if typing.is_typeddict(self.cls) or typing_extensions.is_typeddict(self.cls):
            return dict(_typed_dict_fields(self.cls))
        return dict(_pydantic_fields(self.cls))

    @functools.cached_property
    def tags(self) -> frozenset[str]:
        """What tells it apart in a union: constants of `type`, else of `id` (plugins)."""
        shapes = [self.fields[name].shape for name in ("type", "id") if name in self.fields]
        return next((shape.constants for shape in shapes if shape.constants), frozenset())

    def __repr__(self) -> str:
        return f"Obj({self.name})"


@functools.cache
def obj(cls: type) -> Obj:
    return Obj(cls)


class Field(typing.NamedTuple):
    shape: Shape
    required: bool


class Shape(typing.NamedTuple):
    kinds: frozenset[str] = frozenset()
    objects: tuple[Obj, ...] = ()
    constants: frozenset[Any] = frozenset()
    items: tuple[Any, ...] = ()  # annotations of array items
    values: tuple[Any, ...] = ()  # annotations of map values

    def __or__(self, other: Shape) -> Shape:  # type: ignore[override]
        return Shape(*(_join(a, b) for a, b in zip(self, other, strict=True)))

    def accepts(self, kind: str) -> bool:
        return (
            kind in self.kinds
            or "any" in self.kinds
            or (kind == "integer" and "number" in self.kinds)
        )

    def item_shape(self) -> Shape:
        return functools.reduce(Shape.__or__, map(shape_of, self.items), Shape())

    def value_shape(self) -> Shape:
        return functools.reduce(Shape.__or__, map(shape_of, self.values), Shape())


def _join(a: Any, b: Any) -> Any:
    if isinstance(a, frozenset):
        return a | b
    return a + tuple(x for x in b if x not in a)


ANY = Shape(frozenset({"any"}))


def shape_of(annotation: Any) -> Shape:
    """The shape of one annotation; placeholders for unknown variants and absence have none."""
    if isinstance(annotation, Shape):
        return annotation
    origin = typing.get_origin(annotation)
    if isinstance(annotation, typing_extensions.TypeAliasType):
        return shape_of(annotation.__value__)
    if isinstance(origin, typing_extensions.TypeAliasType):
        inner = functools.reduce(Shape.__or__, map(shape_of, typing.get_args(annotation)))
        return inner | Shape(frozenset({"null"})) if "Nullable" in origin.__name__ else inner
    if origin is typing.Annotated:
        inner, *notes = typing.get_args(annotation)
        known = [v for note in notes if isinstance(note, models.Known) for v in note.values]
        return shape_of(inner) | Shape(constants=frozenset(known))
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return shape_of(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(Shape.__or__, map(shape_of, typing.get_args(annotation)), Shape())
    if origin is Literal:
        values = typing.get_args(annotation)
        return Shape(
            frozenset(SCALARS[type(v)] for v in values),
            constants=frozenset(v for v in values if v is not None),
        )
    if (origin or annotation) in ARRAYS:
        return Shape(frozenset({"array"}), items=typing.get_args(annotation)[:1])
    if (origin or annotation) in MAPS:
        return Shape(frozenset({"object"}), values=typing.get_args(annotation)[1:2])
    if origin is not None:
        return shape_of(origin)
    if isinstance(annotation, type):
        return _shape_of_class(annotation)
    return ANY


def _shape_of_class(cls: type) -> Shape:
    if cls in SCALARS:
        return Shape(frozenset({SCALARS[cls]}))
    if cls is msgspec.UnsetType or cls.__name__ == "Unset":
        return Shape()
    if issubclass(cls, enum.Enum):
        return Shape(frozenset(SCALARS[type(member.value)] for member in cls))
    if issubclass(cls, str):
        return Shape(frozenset({"string"}))
    if issubclass(cls, int):
        return Shape(frozenset({"integer"}))
    if issubclass(cls, pydantic.BaseModel) and "is_unknown" in cls.model_fields:
        return Shape()
    if issubclass(cls, (msgspec.Struct, pydantic.BaseModel)) or typing_extensions.is_typeddict(cls):
        return Shape(frozenset({"object"}), objects=(obj(cls),))
    return ANY


def _pydantic_fields(cls: type[pydantic.BaseModel]) -> Iterator[tuple[str, Field]]:
    cls.model_rebuild()
    # `Optional[X] = None` says "may be absent" in openrouter, which has OptionalNullable
    # for null; the openai package has the one spelling for both.
    tells_null = cls.__module__.startswith("openrouter.")
    for name, info in cls.model_fields.items():
        shape = shape_of(info.annotation)
        if tells_null and not info.is_required() and "Nullable" not in str(info.annotation):
            shape = shape._replace(kinds=shape.kinds - {"null"})
        yield info.alias or name, Field(shape, info.is_required())


def _typed_dict_fields(cls: type) -> Iterator[tuple[str, Field]]:
    hints = typing_extensions.get_type_hints(cls, include_extras=True)
    for name, hint in hints.items():
        # `from __future__ import annotations` hides Required[...] from __required_keys__.
        marks = {typing.get_origin(hint)}
        required = typing_extensions.Required in marks or (
            typing_extensions.NotRequired not in marks and name in cls.__required_keys__  # type: ignore[attr-defined]
        )
        yield name, Field(shape_of(hint), required)


@functools.cache
def demanded(cls: type[msgspec.Struct]) -> frozenset[str]:
    """Wire fields of ours that some spec requires, whether or not decoding can do without."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(cls)
        if field.required or "REQUIRED_BY_SOME_SPEC" in repr(hints[field.name])
    ) | {cls.__struct_config__.tag_field}


def _struct_fields(cls: type[msgspec.Struct]) -> Iterator[tuple[str, Field]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    config = cls.__struct_config__
    if config.tag_field:
        tag = Shape(frozenset({"string"}), constants=frozenset({str(config.tag)}))
        yield config.tag_field, Field(tag, required=True)
    for field in msgspec.structs.fields(cls):
        yield field.encode_name, Field(shape_of(hints[field.name]), field.required)
