"""Types to strict JSON Schemas: what they become, what is refused, and that answers fit them."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import jsonschema_rs
import msgspec
import pydantic
import pytest

from heliograph import errors
from heliograph.client._core._parsing import TextFormat
from heliograph.client._core._shape import Misfit, shape_of

ALLOWED = {
    *("$ref", "$defs", "type", "title", "description", "enum", "const", "anyOf"),
    *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
    *("pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "multipleOf",
}
"""OpenAI's list of what a strict schema may hold, written down a second time."""


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Cat(msgspec.Struct, tag="cat"):
    """A cat."""

    lives: Annotated[int, msgspec.Meta(ge=0, le=9)] = 9


class Dog(msgspec.Struct, tag="dog"):
    tricks: list[str]


class Node(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=2, pattern="^[a-z]+$", description="Short.")]
    parent: Node | None = None


class House(msgspec.Struct):
    pet: Cat | Dog
    colour: Colour
    size: Literal["s", 1, None]
    tree: Annotated[Node, msgspec.Meta(description="Of whom.")]
    built: datetime.date
    key: uuid.UUID
    seal: bytes
    area: float = 1.5


@dataclasses.dataclass
class Point:
    x: int
    y: int | None = None


class Plan(TypedDict):
    """A plan."""

    points: list[Point]
    note: NotRequired[str]


class Inner(pydantic.BaseModel):
    kind: Literal["inner"] = "inner"
    many: list[Annotated[int, pydantic.Field(ge=1)]] = pydantic.Field(max_length=3)


class Other(pydantic.BaseModel):
    kind: Literal["other"]


class Outer(pydantic.BaseModel):
    """All of it."""

    one: Annotated[Inner | Other, pydantic.Field(discriminator="kind", description="Either.")]
    again: Outer | None = None
    site: pydantic.HttpUrl
    kept: Inner = pydantic.Field(description="Words beside a reference.")
    named: str = pydantic.Field(alias="the-name", min_length=1)


@dataclasses.dataclass
class Holder:
    """A dataclass around a pydantic model."""

    inner: Inner


HOUSE = {
    "pet": {"type": "cat", "lives": 3},
    "colour": "red",
    "size": 1,
    "tree": {"name": "fox", "parent": {"name": "ox", "parent": None}},
    "built": "2001-02-03",
    "key": str(uuid.UUID(int=7)),
    "seal": "aGk=",
    "area": 2.0,
}
OUTER = {
    "one": {"kind": "other"},
    "again": None,
    "site": "https://example.org/",
    "kept": {"kind": "inner", "many": [1, 2]},
    "the-name": "n",
}
FITTING: list[tuple[type, dict[str, Any]]] = [
    (House, HOUSE),
    (Point, {"x": 1, "y": None}),
    (Plan, {"points": [{"x": 1, "y": 2}], "note": ""}),
    (Outer, OUTER),
    (Holder, {"inner": {"kind": "inner", "many": []}}),
]


def schemas(node: Any) -> list[dict[str, Any]]:
    """Every schema within one."""
    inner = [*node.get("anyOf", ()), *node.get("properties", {}).values()]
    inner += [*node.get("$defs", {}).values(), *([node["items"]] if "items" in node else [])]
    return [node, *(found for one in inner for found in schemas(one))]


@pytest.mark.parametrize(("kind", "value"), FITTING, ids=lambda v: getattr(v, "__name__", ""))
def test_a_types_schema_is_strict_and_holds_what_the_type_reads(kind: Any, value: Any) -> None:
    asked = TextFormat(kind)
    schema = asked.format["schema"]
    assert (asked.format["type"], asked.format["strict"]) == ("json_schema", True)
    assert asked.format["name"] == kind.__name__
    assert schema["type"] == "object"
    assert "anyOf" not in schema
    for one in schemas(schema):
        assert set(one) <= ALLOWED, one
        assert "$ref" not in one or len(one) == 1, "nothing may stand beside a $ref"
        assert "$ref" in one or "anyOf" in one or "type" in one, one
        if one.get("type") == "object":
            assert one["additionalProperties"] is False
            assert one["required"] == list(one["properties"])
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(value)
    for name in value:
        assert not validator.is_valid({k: v for k, v in value.items() if k != name}), name
    assert not validator.is_valid({**value, "more": 1})
    assert isinstance(
        shape_of(kind).read(msgspec.json.encode(value)), dict if kind is Plan else kind
    )


def test_what_only_narrows_is_told_in_words() -> None:
    schema = TextFormat(House).format["schema"]
    name = schema["$defs"]["Node"]["properties"]["name"]
    assert name["description"] == "Short. (at least 2 characters)"
    assert name["pattern"] == "^[a-z]+$"
    assert schema["properties"]["seal"]["description"] == "(in base64)"
    assert schema["properties"]["tree"] == {
        "description": "Of whom.",
        "anyOf": [{"$ref": "#/$defs/Node"}],
    }
    assert schema["properties"]["size"]["type"] == ["null", "integer", "string"]
    assert set(schema["$defs"]) == {"Cat", "Dog", "Colour", "Node"}
    with pytest.raises(Misfit, match="length >= 2"):
        shape_of(Node).read('{"name": "x"}')


class Mapped(msgspec.Struct):
    deep: list[dict[str, int]]


class Pair(msgspec.Struct):
    pair: tuple[int, str]


class Anything(msgspec.Struct):
    one: Any


class AnyList(msgspec.Struct):
    some: list  # type: ignore[type-arg]


class Bare:
    """Nothing that either library knows."""


class Open(pydantic.BaseModel, extra="allow"):
    a: int


class Holds(msgspec.Struct):
    mapped: Mapped


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Mapped, r"text_format: Mapped\.deep\[\]: is a map"),
        (Holds, r"text_format: Mapped\.deep\[\]: is a map"),
        (Pair, r"text_format: Pair\.pair: is a tuple"),
        (Anything, r"text_format: Anything\.one: may be anything"),
        (AnyList, r"text_format: AnyList\.some\[\]: may be anything"),
        (Open, r"text_format: allows fields"),
        (list[Point], r"text_format: is no object"),
        (int, r"text_format: is no object"),
        (Cat | Dog, r"text_format: is no object"),
        (Bare, r"text_format: Bare: cannot be read from JSON: type .* is not supported"),
        (Colour, r"text_format: Colour: is no object"),
    ],
    ids=str,
)
def test_what_strict_mode_has_not_is_refused_by_name(kind: Any, said: str) -> None:
    with pytest.raises(errors.UsageError, match=said):
        TextFormat(kind)


def test_a_class_that_cannot_be_resolved_says_so() -> None:
    class Local(msgspec.Struct):
        other: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(errors.UsageError, match=r"text_format: Local: cannot be .*Nowhere"):
        TextFormat(Local)


@pytest.mark.parametrize(
    ("kind", "text", "field"),
    [
        (House, b'{"pet": {"type": "cow"}}', "pet.type"),
        (Point, b'{"x": "1"}', "x"),
        (Point, b"{}", "$"),
        (Point, b'{"x": 1', "$"),
        (Point, '{"x": "\ud83d"}', "$"),
        (Outer, msgspec.json.encode({**OUTER, "kept": {"many": [1, 0]}}), "kept.many[1]"),
        (Outer, b"[1]", "$"),
        (Outer, b"{", "$"),
    ],
)
def test_what_does_not_fit_names_its_place(kind: Any, text: Any, field: str) -> None:
    with pytest.raises(Misfit) as caught:
        shape_of(kind).read(text)
    assert caught.value.field == field
    assert caught.value.reason
