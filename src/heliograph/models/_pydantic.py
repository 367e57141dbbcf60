"""Wire types in pydantic models and FastAPI, where pydantic is installed.

Imported by the hooks of `Model`, `Unknown` and `ByTag` when pydantic calls them, and never before.
A value is taken as an instance or as JSON in Python values; it is decoded as a body is, so what is
unknown is kept, and dumped as the wire has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ._base import Model, Unknown
from ._codec import reader_of
from ._encode import members, plain
from ._plan import type_plan
from ._schema import REF, UNIONS, schema_components
from ._tolerant import Misfit

__all__ = ["json_schema", "schema", "unknown_schema"]


def schema(type_: Any) -> CoreSchema:
    """The core schema of a wire type, or of a union of wire types."""
    reader = reader_of(type_)
    place = type_plan(type_)
    one = isinstance(type_, type)
    classes: tuple[type, ...] = (type_,) if one else (*place.tagged.values(), place.unknown)

    def read(value: Any) -> Any:
        if isinstance(value, classes):
            return value
        data = _text(value)
        try:
            found = reader.read(data, keep=False)
        except Misfit as misfit:
            raise _wrong(misfit.field, misfit.reason) from None
        if not isinstance(found, classes):
            raise _wrong("type", f"{found.type!r} is not what is expected here")
        if isinstance(found, Model):
            found._wire = data
        return found

    return _core_schema(read, _core_ref(type_.__name__) if one else None)


def unknown_schema(cls: type[Unknown]) -> CoreSchema:
    """The core schema of a class for what no spec names: any object."""

    def read(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        data = _text(value)
        kind = value.get("type")
        return cls(kind if isinstance(kind, str) else "", data)

    return _core_schema(read)


def json_schema(type_: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    """A reference to the schema of a wire type, or of a union of them, among the definitions.

    It requires what decoding requires: what is dumped may come from a server that sends no more.
    """
    generator: Any = handler.generate_json_schema  # type: ignore[attr-defined]
    found = schema_components([], [type_])
    places = {name: generator.get_cache_defs_ref_schema(_core_ref(name)) for name in found}
    references = {REF + name: reference["$ref"] for name, (_, reference) in places.items()}
    for name, (place, _) in places.items():
        generator.definitions[place] = _pointed(found[name], references)
    name = UNIONS.get(frozenset(type_plan(type_).tagged.values())) or type_.__name__
    reference: dict[str, Any] = places[name][1]
    return reference


def _core_ref(name: str) -> str:
    return f"heliograph.models.{name}:0"


def _core_schema(read: Callable[[Any], Any], ref: str | None = None) -> CoreSchema:
    return core_schema.no_info_plain_validator_function(
        read, ref=ref, serialization=core_schema.plain_serializer_function_ser_schema(_dumped)
    )


def _dumped(value: Any) -> Any:
    return value.fields if isinstance(value, Unknown) else members(value)


def _text(value: Any) -> bytes:
    if not isinstance(value, Mapping):
        raise _wrong("$", f"expected an object, found {type(value).__name__}")
    try:
        return plain(dict(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise _wrong("$", f"cannot be JSON: {error}") from None


def _wrong(field: str, reason: str) -> PydanticCustomError:
    told = {"field": field, "reason": reason}
    return PydanticCustomError("wire_type", "{field}: {reason}", told)


def _pointed(node: Any, references: Mapping[str, str]) -> Any:
    """A schema with its references led to where pydantic keeps definitions."""
    if isinstance(node, list):
        return [_pointed(one, references) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: references[value] if key == "$ref" else _pointed(value, references)
        for key, value in node.items()
        if key != "discriminator"  # its mapping would hold references that pydantic does not follow
    }
