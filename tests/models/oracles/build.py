"""Build JSON values that fit a shape: the least an object may hold, everything it may hold, and one
value per alternative of each of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .shapes import Field, Obj, Shape

PICTURE = "aGVsaW9ncmFwaA=="
DEPTH = 5  # optional fields are left out below this depth: the types are recursive

STRINGS = {
    "arguments": '{"q":"a red fox"}',
    "b64_json": PICTURE,
    "imageB64": PICTURE,
    "image_b64": PICTURE,
    "partial_image_b64": PICTURE,
    "result": PICTURE,
    "from_date": "2026-04-01",
    "to_date": "2026-04-24",
    "id": "id-abc123",
    "item_id": "item-abc123",
}
PREFERRED = ("completed", "assistant", "auto")


def least(obj: Obj) -> dict[str, Any]:
    """The required fields only."""
    return _object(obj, full=False, depth=0)


def everything(obj: Obj) -> dict[str, Any]:
    """Every field, and in an array one item of each kind that it may hold."""
    return _object(obj, full=True, depth=0)


def cases(obj: Obj) -> Iterator[tuple[str, dict[str, Any]]]:
    """The least, everything, and one per alternative of each field; each with a label."""
    yield "least", least(obj)
    full = everything(obj)
    yield "everything", full
    for name, field in obj.fields.items():
        options = list(_alternatives(name, field.shape, full=True, depth=1))
        if len(options) > 1:
            for number, value in enumerate(options):
                yield f"{name}[{number}]", {**full, name: value}


def _object(obj: Obj, *, full: bool, depth: int) -> dict[str, Any]:
    def wanted(field: Field) -> bool:
        return field.required or (full and depth < DEPTH)

    return {
        name: next(_alternatives(name, field.shape, full=full, depth=depth + 1))
        for name, field in obj.fields.items()
        if wanted(field)
    }


def _alternatives(name: str, shape: Shape, *, full: bool, depth: int) -> Iterator[Any]:
    full = full and depth < DEPTH
    for other in shape.objects:
        yield _object(other, full=full, depth=depth)
    if shape.constants:
        first = [c for c in PREFERRED if c in shape.constants]
        yield from [*first, *sorted(shape.constants - {*first})]
    elif "string" in shape.kinds:
        yield STRINGS.get(name, f"some {name}")
    if "array" in shape.kinds:
        yield list(_alternatives(name, shape.item_shape(), full=full, depth=depth)) if full else []
    if "object" in shape.kinds and not shape.objects:
        values = shape.value_shape()
        yield {"key": next(_alternatives("value", values, full=full, depth=depth), "x")}
    if "any" in shape.kinds:
        yield STRINGS.get(name, "anything")
    if "boolean" in shape.kinds:
        yield True
    if "number" in shape.kinds:
        yield 0.5
    if "integer" in shape.kinds:
        yield 1
    if "null" in shape.kinds:
        yield None
