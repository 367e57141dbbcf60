"""A Python type as JSON: the schema that a model is given, and the reader of what it wrote.

msgspec reads Structs, dataclasses, TypedDicts and all that they are made of. What pydantic made (or
annotated) is pydantic's to read: it is not imported for that, since who has such a type has it.
"""

from __future__ import annotations

import re
import sys
import threading
import typing
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, NoReturn, TypeVar

import msgspec

from heliograph import errors

__all__ = ["Misfit", "Shape", "shape_of"]

T = TypeVar("T")

_PYDANTICS = frozenset({"pydantic", "annotated_types"})
_AT = re.compile(r"(.*) - at `(?:\$\.?)?([^`]*)`", re.DOTALL)
_MAKING = threading.Lock()
"""msgspec 0.22 crashes where two threads make decoders of classes that they share."""


class Misfit(ValueError):
    """JSON that is not of the type: ``field`` is the path (``$`` for the whole)."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Shape(Generic[T]):
    """One type; made by `shape_of`. ``schema`` has its definitions under ``$defs``."""

    __slots__ = ("_read", "schema", "type")

    def __init__(self, type_: Any) -> None:
        self.type = type_
        made = _by_pydantic(type_) if _is_pydantics(type_) else None
        self.schema, self._read = made or _by_msgspec(type_)

    def read(self, text: str | bytes) -> T:
        """The value that a JSON text holds. Raises `Misfit`."""
        try:
            value: T = self._read(text)
        except UnicodeError:
            raise Misfit("$", "holds half a character, which JSON in UTF-8 cannot") from None
        except (ValueError, RecursionError) as error:
            _misfit(error)
        return value


def shape_of(type_: Any) -> Shape[Any]:
    """The shape of a type. Raises `UsageError` where neither msgspec nor pydantic knows it."""
    try:
        return _shape_of(type_)
    except TypeError:  # no hashable one: Annotated[str, {...}], say
        return _shape_of.__wrapped__(type_)


@lru_cache(maxsize=512)
def _shape_of(type_: Any) -> Shape[Any]:
    with _MAKING:
        return Shape(type_)


def _is_pydantics(type_: Any) -> bool:
    notes = getattr(type_, "__metadata__", ())
    return hasattr(type_, "__pydantic_core_schema__") or any(
        type(note).__module__.partition(".")[0] in _PYDANTICS for note in notes
    )


def _by_msgspec(type_: Any) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    try:
        return msgspec.json.schema(type_), msgspec.json.Decoder(type_).decode
    except (TypeError, NameError) as error:
        if isinstance(error, TypeError) and "pydantic" in sys.modules:
            made = _by_pydantic(type_)
            if made is not None:
                return made
        reason = str(error).strip().splitlines()[-1]
        raise errors.UsageError(f"{_named(type_)}: cannot be read from JSON: {reason}") from error


def _by_pydantic(type_: Any) -> tuple[dict[str, Any], Callable[[Any], Any]] | None:
    import pydantic

    try:
        adapter: Any = pydantic.TypeAdapter(type_)
        return adapter.json_schema(), adapter.validate_json
    except (pydantic.PydanticUserError, pydantic.PydanticUndefinedAnnotation):
        return None


def _named(type_: Any) -> str:
    return type_.__name__ if isinstance(type_, type) else str(type_).removeprefix("typing.")


def _misfit(error: Exception) -> NoReturn:
    """What either library's error says, in one form."""
    listed = getattr(error, "errors", None)
    if callable(listed):
        first, *others = typing.cast(
            list[dict[str, Any]], listed(include_url=False, include_context=False)
        )
        more = f" (and {len(others)} more)" if others else ""
        raise Misfit(_path(first["loc"]), f"{first['msg']}{more}") from None
    found = _AT.fullmatch(str(error))
    if found is not None:
        raise Misfit(found[2] or "$", found[1]) from None
    raise Misfit("$", str(error)) from None


def _path(parts: tuple[int | str, ...]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "$"
