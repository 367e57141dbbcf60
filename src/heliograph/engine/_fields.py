"""Reading a request's JSON field by field; every refusal names the field."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from heliograph import errors

__all__ = [
    "choice",
    "flag",
    "invalid",
    "mapping",
    "number",
    "only",
    "sequence",
    "text",
    "unsupported",
    "whole",
]

Json = dict[str, Any]


def invalid(field: str, message: str, code: str = "invalid_value") -> errors.BadRequest:
    """A value that is wrong by itself."""
    return errors.BadRequest(f"{field}: {message}", param=field, code=code)


def unsupported(field: str, message: str) -> errors.BadRequest:
    """A value that is right in the protocol, and that nothing here can serve."""
    return errors.BadRequest(f"{field}: {message}", param=field, code="unsupported_parameter")


def _wrong_type(field: str, wanted: str, value: object) -> errors.BadRequest:
    return invalid(field, f"expected {wanted}, got {_kind(value)}", "invalid_type")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    return "an array" if isinstance(value, list) else "an object"


def text(body: Json, key: str, path: str = "") -> str | None:
    """An optional string."""
    value = body.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _wrong_type(path + key, "a string", value)


def choice(body: Json, key: str, allowed: Collection[str], path: str = "") -> str | None:
    """An optional string out of ``allowed``."""
    value = text(body, key, path)
    if value is not None and value not in allowed:
        raise invalid(path + key, f"{value!r} is not one of {', '.join(sorted(allowed))}")
    return value


def flag(body: Json, key: str, path: str = "") -> bool | None:
    """An optional boolean."""
    value = body.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong_type(path + key, "a boolean", value)


def whole(body: Json, key: str, low: int, high: int | None = None, path: str = "") -> int | None:
    """An optional integer from ``low`` to ``high``."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(path + key, "an integer", value)
    _in_range(path + key, value, low, high)
    return value


def number(body: Json, key: str, low: float, high: float, path: str = "") -> float | None:
    """An optional number from ``low`` to ``high``."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(path + key, "a number", value)
    _in_range(path + key, value, low, high)
    return float(value)


def _in_range(field: str, value: float, low: float, high: float | None) -> None:
    if value < low or (high is not None and value > high):
        span = f"at least {low}" if high is None else f"from {low} to {high}"
        raise invalid(field, f"{value} is out of range; it must be {span}")


def mapping(value: object, field: str) -> Json:
    """An object."""
    if isinstance(value, dict):
        return value
    raise _wrong_type(field, "an object", value)


def sequence(value: object, field: str) -> list[Any]:
    """An array."""
    if isinstance(value, list):
        return value
    raise _wrong_type(field, "an array", value)


def only(body: Json, known: Iterable[str], path: str) -> None:
    """Refuse a key that is not in ``known`` and that says something (null says nothing)."""
    names = frozenset(known)
    for key, value in body.items():
        if key not in names and value is not None:
            raise errors.BadRequest(
                f"{path}{key}: not a parameter that anything here can serve",
                param=path + key,
                code="unknown_parameter",
            )
