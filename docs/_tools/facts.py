"""What the model pages say of a model, read from its class."""

from __future__ import annotations

import functools
import types
import typing
from typing import Any, NamedTuple

import msgspec

from heliograph import models


class Field(NamedTuple):
    """One field: its attribute and wire names, its annotation, and who asks for it.

    `demanded`: some specification requires it. `needed`: decoding does too.
    """

    attribute: str
    wire: str
    annotation: Any
    demanded: bool
    needed: bool
    tag: str | None = None


BASES = {
    models.Model,
    models.Tagged,
    models.Event,
    models.ImageEvent,
    models.Item,
    models.ContentPart,
    models.Tool,
    models.ToolChoiceModel,
    models.Plugin,
}


def all_models() -> list[type[msgspec.Struct]]:
    """Every wire type, by name; the bases that have no wire form of their own left out."""
    found = {
        value
        for value in vars(models).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value not in BASES
    }
    return sorted(found, key=lambda cls: cls.__name__)


def aliases() -> dict[str, type[msgspec.Struct]]:
    """Public names that are other names of a model."""
    return {
        name: value
        for name in models.__all__
        if isinstance(value := getattr(models, name), type)
        and issubclass(value, msgspec.Struct)
        and value.__name__ != name
    }


@functools.cache
def unions() -> dict[str, tuple[type, ...]]:
    """Named unions of models: name to members."""
    found = {}
    for name in models.__all__:
        value = getattr(models, name)
        if typing.get_origin(value) is typing.Annotated:
            value = typing.get_args(value)[0]
        if isinstance(value, types.UnionType) and typing.get_args(value):
            members = tuple(m for m in typing.get_args(value) if isinstance(m, type))
            if len(members) > 1 and any(issubclass(m, msgspec.Struct) for m in members):
                found[name] = members
    return found


@functools.cache
def fields_of(cls: type[msgspec.Struct]) -> list[Field]:
    """The fields of a model: the tag first, `sequence_number` last, the others as declared."""
    hints = typing.get_type_hints(cls, include_extras=True)
    config = cls.__struct_config__
    found = [
        Field(
            field.name,
            field.encode_name,
            hints[field.name],
            field.required or "REQUIRED_BY_SOME_SPEC" in repr(hints[field.name]),
            field.required,
        )
        for field in msgspec.structs.fields(cls)
    ]
    found.sort(key=lambda field: field.wire == "sequence_number")
    if config.tag_field:
        tag = Field(config.tag_field, config.tag_field, str, True, True, str(config.tag))
        found.insert(0, tag)
    return found


def alternatives(annotation: Any) -> list[Any]:
    """The members of a union, markers taken off, absence left out."""
    if typing.get_origin(annotation) is typing.Annotated:
        return alternatives(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        found: list[Any] = []
        for member in typing.get_args(annotation):
            found += [m for m in alternatives(member) if m not in found]
        return found
    return [] if annotation is msgspec.UnsetType else [annotation]


def known_values(annotation: Any) -> list[str]:
    """The strings that some specification names for this place."""
    found: list[str] = []
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *notes = typing.get_args(annotation)
        found += [v for note in notes if isinstance(note, models.Known) for v in note.values]
        found += known_values(inner)
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            found += known_values(member)
    return found
