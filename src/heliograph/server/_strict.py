"""Strict decoding of a configuration's tables: each error names the key's path and what may stand
there.

msgspec says which key of a struct is wrong; below a free key (a provider's or a model's name) it
does not say which. So the table is looked through again, inwards, until the smallest part at fault
is found. A value is never repeated, unless it is a choice's: it could be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from heliograph import errors

__all__ = ["read"]

T = TypeVar("T")

_UNKNOWN = re.compile(r"^Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"^Object missing required field `([^`]*)`")
_AT = re.compile(r" - at `[^`]*`$")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read(kind: type[T], table: dict[str, Any]) -> T:
    """``table`` as ``kind``. Raises ``ConfigError``."""
    try:
        return msgspec.convert(table, type=kind)
    except msgspec.ValidationError as error:
        raise errors.ConfigError(_fault(kind, table, "") or str(error)) from None


def _fault(kind: Any, value: Any, path: str) -> str | None:
    """What is wrong with ``value``, said of its smallest part at fault; None where nothing is."""
    bare = _bare(kind)
    chosen = _chosen(bare, value)
    if isinstance(chosen, str):
        return f"{_under(path, 'kind')}: {chosen}"
    if chosen is not bare:
        kind = bare = chosen
    try:
        msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        for inner, part, key in _parts(bare, value):
            found = _fault(inner, part, _under(path, key))
            if found is not None:
                return found
        return _said(kind, path, str(error))
    return None


def _bare(kind: Any) -> Any:
    """A type without its constraints."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _tags(kind: Any) -> dict[str, type]:
    if get_origin(kind) not in (Union, UnionType):
        return {}
    structs = [one for one in get_args(kind) if hasattr(one, "__struct_config__")]
    return {str(one.__struct_config__.tag): one for one in structs if one.__struct_config__.tag}


def _chosen(kind: Any, value: Any) -> Any:
    """The union's member that the value's ``kind`` names; words where it names none."""
    tags = _tags(kind)
    if not tags or not isinstance(value, dict):
        return kind
    given = value.get("kind")
    allowed = ", ".join(tags)
    if given is None:
        return f"missing; allowed: {allowed}"
    return (
        tags[given]
        if isinstance(given, str) and given in tags
        else f"unknown kind {given!r}; allowed: {allowed}"
    )


def _parts(kind: Any, value: Any) -> Iterator[tuple[Any, Any, str]]:
    """The parts of a table, with the type and the key of each."""
    if not isinstance(value, dict):
        return
    if get_origin(kind) is dict:
        for key, part in value.items():
            yield get_args(kind)[1], part, key
    elif hasattr(kind, "__struct_fields__"):
        for field in msgspec.structs.fields(kind):
            if field.encode_name in value:
                yield field.type, value[field.encode_name], field.encode_name


def _under(path: str, key: str) -> str:
    key = key if _BARE.fullmatch(key) else f'"{key}"'
    return f"{path}.{key}" if path else key


def _said(kind: Any, path: str, message: str) -> str:
    unknown, missing = _UNKNOWN.match(message), _MISSING.match(message)
    if unknown is not None:
        config = getattr(kind, "__struct_config__", None)
        allowed = list(getattr(kind, "__struct_fields__", ()))
        if config is not None and config.tag is not None:
            allowed.insert(0, config.tag_field)
        key = _under(path, unknown[1])
        near = get_close_matches(unknown[1], allowed, n=1)
        hint = f" (did you mean {_under(path, near[0])!r}?)" if near else ""
        return f"unknown key {key!r}; allowed here: {', '.join(allowed) or 'none'}{hint}"
    if missing is not None:
        return f"{_under(path, missing[1])}: missing, and it must be given"
    message = _AT.sub("", message)
    message = message[:1].lower() + message[1:]
    if message.startswith("expected `object`, got"):
        message += "; a table must stand here"
        fields = getattr(kind, "__struct_fields__", ())
        if fields:
            message += f", such as {{ {fields[0]} = ... }}; it may hold: {', '.join(fields)}"
    choices = _choices(kind)
    if choices:
        message += f"; allowed: {', '.join(choices)}"
    return f"{path}: {message}" if path else message


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [choice for part in get_args(kind) for choice in _choices(part)]
