"""Is all of a JSON value in another one?"""

from __future__ import annotations

from typing import Any

import msgspec


def missing(value: Any, within: Any, absent: frozenset[str], path: str = "$") -> list[str]:
    """Paths of `value` that are not, or not the same, in `within`; fields in `absent` aside."""
    if isinstance(value, dict) and isinstance(within, dict):
        found = []
        for key, child in value.items():
            if key == "type" and child is None:  # says no more than an absent one
                continue
            if key in within:
                found += missing(child, within[key], absent, f"{path}.{key}")
            elif key not in absent:
                found.append(f"{path}.{key}")
        return found
    if isinstance(value, list) and isinstance(within, list) and len(value) == len(within):
        pairs = enumerate(zip(value, within, strict=True))
        return [p for i, (a, b) in pairs for p in missing(a, b, absent, f"{path}[{i}]")]
    return [] if value == within else [path]


def fresh(value: Any) -> Any:
    """The same object built from its fields alone: it has no bytes to fall back on."""
    if isinstance(value, msgspec.Struct):
        names = type(value).__struct_fields__
        return type(value)(**{name: fresh(getattr(value, name)) for name in names})
    if isinstance(value, list):
        return [fresh(child) for child in value]
    if isinstance(value, dict):
        return {key: fresh(child) for key, child in value.items()}
    return value


def typed(value: Any) -> Any:
    """What the typed fields hold, as JSON values; unknown objects as they came."""
    return msgspec.to_builtins(value, enc_hook=lambda unknown: unknown.fields)
