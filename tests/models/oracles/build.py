"""Build JSON values that fit a shape: the least an object may hold, everything it may hold, and one
value per alternative of each of its fields."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from .compare import best_match
from .shapes import Field, Obj, Shape, demanded

PICTURE = "aGVsaW9ncmFwaA=="
DEPTH = 5  # optional fields are left out below this depth: the types are recursive

STRINGS = {
    "arguments": '{"q":"a red fox"}',
    "b64_json": PICTURE,
    "imageB64": PICTURE,
    "image_b64": PICTURE,
    "partial_image_b64": PICTURE,
    "result": PICTURE,
    "id": "id-abc123",
    "item_id": "item-abc123",
}
MAPS = {  # where an oracle says "any object" and means one of a kind
    "tools": {"type": "function", "name": "get_weather"},
    "subagent_items": {
        "type": "message",
        "id": "msg-abc123",
        "role": "assistant",
        "status": "completed",
        "content": [],
    },
}
ANYTHING = {
    "action": {"type": "screenshot"},
    "environment": {"type": "local"},
    "from_date": "2026-04-01",
    "to_date": "2026-04-24",
    "previous_response_id": "resp-abc123",
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
    small = least(obj)
    yield "least", small
    yield "everything", everything(obj)
    for name, field in obj.fields.items():
        options = list(_alternatives(name, field.shape, full=True, depth=1))
        if len(options) > 1:
            for number, value in enumerate(options):
                yield f"{name}[{number}]", {**small, name: value}


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
        yield from [*first, *sorted(shape.constants - {*first}, key=str)]
    if "string" in shape.kinds and not any(isinstance(c, str) for c in shape.constants):
        yield STRINGS.get(name, f"some {name}")
    if "array" in shape.kinds:
        yield list(_alternatives(name, shape.item_shape(), full=full, depth=depth)) if full else []
    if "object" in shape.kinds and not shape.objects:
        values = shape.value_shape()
        value = next(_alternatives("value", values, full=full, depth=depth), "x")
        yield MAPS.get(name, {"key": value})
    if "any" in shape.kinds:
        yield ANYTHING.get(name, {"key": "anything"})
    if "boolean" in shape.kinds and not {True, False} & shape.constants:
        yield True
    if "number" in shape.kinds:
        yield 0.5
    if "integer" in shape.kinds and not any(type(c) is int for c in shape.constants):
        yield 1
    if "null" in shape.kinds:
        yield None


class Meet(Obj):
    """What both our object and an oracle's can hold: our fields, with values that theirs accepts.

    Fields of ours that theirs lacks are there too: an oracle should not mind them.
    """

    def __init__(self, ours: Obj, theirs: Obj) -> None:
        self.cls = ours.cls
        self.name = ours.name
        self.ours = ours
        self.theirs = theirs

    @functools.cached_property
    def fields(self) -> dict[str, Field]:
        found = {}
        for name, mine in self.ours.fields.items():
            other = self.theirs.fields.get(name)
            required = name in demanded(self.ours.cls) or (other is not None and other.required)
            shape = mine.shape if other is None else meeting(mine.shape, other.shape)
            found[name] = Field(shape, required)
        return found


@functools.cache
def meet(ours: Obj, theirs: Obj) -> Meet:
    return Meet(ours, theirs)


def meeting(ours: Shape, theirs: Shape) -> Shape:
    """The values that both places accept."""
    if "any" in theirs.kinds:
        return ours
    pairs = [
        (mine, other)
        for other in theirs.objects
        if (mine := best_match(list(ours.objects), other))
        and all(name in mine.fields for name, field in other.fields.items() if field.required)
    ]
    return Shape(
        kinds=frozenset(kind for kind in theirs.kinds if ours.accepts(kind)),
        objects=tuple(meet(mine, other) for mine, other in pairs),
        constants=theirs.constants,
        items=(meeting(ours.item_shape(), theirs.item_shape()),) if theirs.items else (),
        values=(meeting(ours.value_shape(), theirs.value_shape()),) if theirs.values else (),
    )
