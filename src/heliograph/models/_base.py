"""What every wire type is made of: the Struct base, the byte slot, the markers and the unknowns.

Rules for whoever adds a type:

- A wire type is a msgspec Struct with ``kw_only=True`` (msgspec does not inherit that one). A field
  that decoding may miss is ``Maybe[T] = UNSET``; one that some spec requires all the same is
  ``Strict[T] = UNSET``, so that ``missing_fields`` can report it. ``None`` stands in a type only
  where the wire may say ``null``.
- A value set that a spec enumerates is ``Annotated[str, Known(...)]``: other strings decode too.
- A tagged class says its tag twice, for msgspec (``tag=``) and for readers and type checkers
  (``type``); a test holds the two together.
- A union of tagged classes has an ``Unknown...`` member for type checkers only. msgspec never sees
  it: the tolerant decoder puts it in where a tag is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ._json import parse
from ._pictures import raw_field

__all__ = [
    "UNSET",
    "ContentPart",
    "Event",
    "ImageEvent",
    "Item",
    "Known",
    "Maybe",
    "Model",
    "Plugin",
    "Strict",
    "Tagged",
    "Tool",
    "ToolChoiceModel",
    "Unknown",
    "UnknownEvent",
    "UnknownItem",
    "UnknownObject",
    "UnknownPart",
    "UnknownTool",
    "UnsetType",
    "wire_of",
]

T = TypeVar("T")


class Known:
    """The values a spec names for a string; decoding accepts others as well."""

    __slots__ = ("values",)

    def __init__(self, *values: str) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Known{self.values!r}"


class _Required:
    """Marks a field that some spec requires though decoding does not."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REQUIRED_BY_SOME_SPEC"


REQUIRED_BY_SOME_SPEC = _Required()

Maybe: TypeAlias = T | UnsetType
Strict: TypeAlias = Annotated[T | UnsetType, REQUIRED_BY_SOME_SPEC]


class ByTag:
    """Marks a union of wire types: pydantic reads it by the tag, what is unknown included."""

    __slots__ = ("union",)

    def __init__(self, union: Any) -> None:
        self.union = union

    @classmethod
    def of(cls, union: Any) -> Any:
        """The union, marked."""
        return Annotated[union, cls(union)]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from ._pydantic import schema

        return schema(self.union)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        from ._pydantic import json_schema

        return json_schema(self.union, handler)


class WireSlot:
    """Room beside the fields for the bytes an object was decoded from.

    A slot of a plain base class is no Struct field: no key on the wire can fill it, and it takes no
    part in ``==`` or ``repr``.
    """

    __slots__ = ("_wire",)

    _wire: bytes


class Model(WireSlot, msgspec.Struct, kw_only=True, gc=False):
    """Base of every wire type. JSON cannot hold cycles, so the collector need not look."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from ._pydantic import schema

        return schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        from ._pydantic import json_schema

        return json_schema(cls, handler)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """The members as the wire has them: ``dict(obj)`` is the JSON object."""
        from ._encode import members  # which needs this module

        return iter(members(self).items())

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields that are there (also what ``repr`` shows)."""
        fields = ((name, raw_field(self, name)) for name in self.__struct_fields__)
        return [(name, value) for name, value in fields if value is not UNSET]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


def wire_of(obj: object) -> bytes | None:
    """The bytes that ``obj`` was decoded from, or None where it was built in Python."""
    return getattr(obj, "_wire", None)


class Tagged(Model, tag_field="type", kw_only=True):
    """Base of the wire types that a ``type`` key tells apart."""

    type: ClassVar[str]


class Event(Tagged, kw_only=True):
    """One streaming event of the Responses API.

    ``sequence_number`` counts a stream's events; some providers leave it out.
    """

    sequence_number: Strict[int] = UNSET


class ImageEvent(Tagged, kw_only=True):
    """One streaming event of an Images API (OpenAI's or OpenRouter's)."""


class Item(Tagged, kw_only=True):
    """One item of a response's output or of a request's input."""


class ContentPart(Tagged, kw_only=True):
    """One part of a message's or a reasoning item's content."""


class Tool(Tagged, kw_only=True):
    """One tool that a request offers to the model."""


class ToolChoiceModel(Tagged, kw_only=True):
    """A tool choice that names a tool."""


class Plugin(Model, tag_field="id", kw_only=True):
    """One OpenRouter plugin, told apart by ``id``."""

    id: ClassVar[str]


class Unknown:
    """Something whose type no spec of ours names, kept as it came.

    ``type`` is the wire type ("" where there was none that is a string), ``raw`` the JSON text.
    It is encoded as that text.
    """

    __slots__ = ("raw", "type")

    def __init__(self, type: str, raw: bytes) -> None:  # noqa: A002
        self.type = type
        self.raw = raw

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object as Python values, parsed anew at each call."""
        value = parse(self.raw)
        return value if isinstance(value, dict) else {}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from ._pydantic import unknown_schema

        return unknown_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object"}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash((self.type, self.raw))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(type={self.type!r}, raw=<{len(self.raw)} bytes>)"


class UnknownEvent(Unknown):
    """An event of a type that no spec names."""

    __slots__ = ("_wire",)


class UnknownItem(Unknown):
    """An item of a type that no spec names."""

    __slots__ = ()

    @property
    def id(self) -> str | UnsetType:
        """The item's id, ``UNSET`` where it has none."""
        value = self.fields.get("id")
        return value if isinstance(value, str) else UNSET

    @property
    def status(self) -> str | UnsetType:
        """The item's status, ``UNSET`` where it has none."""
        value = self.fields.get("status")
        return value if isinstance(value, str) else UNSET


class UnknownPart(Unknown):
    """A content part of a type that no spec names."""

    __slots__ = ()


class UnknownTool(Unknown):
    """A tool of a type that no spec names."""

    __slots__ = ()


class UnknownObject(Unknown):
    """Any other tagged object (an action, an annotation, a tool choice) of an unnamed type."""

    __slots__ = ()
