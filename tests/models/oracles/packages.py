"""The two packages behind one small face: parse JSON into their models, dump it back."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pydantic
from openrouter.utils.serializers import marshal_json


@functools.cache
def _adapter(annotation: Any) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(annotation)


def parse(annotation: Any, value: Any) -> Any:
    """`value` as an instance of theirs; raises where theirs does not take it, or takes it only as
    something it does not know (the openrouter package keeps such a value instead of failing)."""
    parsed = _adapter(annotation).validate_python(value)
    for model in _models(parsed):
        if getattr(model, "is_unknown", False):
            raise ValueError(f"{type(model).__name__}: {model.raw}")
    return parsed


def dump(parsed: Any) -> str:
    """JSON text of one of their models, by the package's own means."""
    if type(parsed).__module__.startswith("openrouter."):
        return str(marshal_json(parsed, type(parsed)))
    return _adapter(type(parsed)).dump_json(parsed, by_alias=True, exclude_unset=True).decode()


def _models(value: Any) -> Iterator[pydantic.BaseModel]:
    if isinstance(value, pydantic.BaseModel):
        yield value
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from _models(child)
