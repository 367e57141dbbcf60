"""Python functions as tools: what the model is told, how arguments and values are read."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Annotated, Any, Literal

import jsonschema_rs
import msgspec
import pydantic
import pytest

from heliograph import errors, models
from heliograph.client import CallableTool, custom_tool, function_tool
from heliograph.client._core import ToolCall


class Place(msgspec.Struct):
    """Where on Earth."""

    lat: float
    lon: float = 0.0


@dataclasses.dataclass
class Span:
    days: int


class Filter(pydantic.BaseModel):
    above: int = pydantic.Field(ge=0, description="Degrees.")


@function_tool
def weather(
    city: Annotated[str, "The city's name."],
    place: Place,
    span: Span,
    only: Filter | None = None,
    unit: Literal["c", "f"] = "c",
    hours: Annotated[int, pydantic.Field(ge=1, description="How far ahead.")] = 24,
    tags: Annotated[list[str], msgspec.Meta(description="Any.")] = [],  # noqa: B006
) -> str:
    """The weather of a city.

    It may be wrong.
    """
    return f"{city} {place.lat} {span.days} {only} {unit} {hours} {tags}"


GIVEN = {
    "city": "Oslo",
    "place": {"lat": 59.9, "lon": 10.7},
    "span": {"days": 2},
    "only": {"above": 3},
    "unit": "f",
    "hours": 5,
    "tags": ["a"],
}


def told(tool: CallableTool[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(models.encode(tool.definition))
    return found


def test_a_function_becomes_a_strict_tool() -> None:
    tool = told(weather)
    assert (tool["type"], tool["name"], tool["strict"]) == ("function", "weather", True)
    assert tool["description"] == "The weather of a city.\n\nIt may be wrong."
    properties = tool["parameters"]["properties"]
    assert tool["parameters"]["required"] == list(GIVEN) == list(properties)
    assert properties["city"] == {"type": "string", "description": "The city's name."}
    assert properties["unit"]["description"] == "(null: 'c')"
    assert properties["hours"]["description"] == "(null: 24) How far ahead."
    assert properties["tags"]["description"] == "(null: []) Any."
    assert set(tool["parameters"]["$defs"]) == {"Place", "Span", "Filter"}
    validator = jsonschema_rs.validator_for(tool["parameters"])
    assert validator.is_valid(GIVEN)
    assert validator.is_valid({**GIVEN, "unit": None, "hours": None, "tags": None, "only": None})
    assert not validator.is_valid({**GIVEN, "city": None})


def test_arguments_become_what_the_function_takes() -> None:
    arguments = weather.read_arguments(json.dumps(GIVEN))
    assert arguments == {
        **GIVEN,
        "place": Place(59.9, 10.7),
        "span": Span(2),
        "only": Filter(above=3),
    }
    assert weather.function(**arguments) == "Oslo 59.9 2 above=3 f 5 ['a']"
    absent = {**GIVEN, "only": None, "unit": None, "hours": None, "tags": None}
    assert weather(**weather.read_arguments(json.dumps(absent))) == "Oslo 59.9 2 None c 24 []"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "arguments: no JSON object"),
        ("[1]", "arguments: no JSON object"),
        ("", "city: is missing"),
        ('{"town": 1}', "town: no such parameter; there are: city, place"),
        (json.dumps({**GIVEN, "city": 5}), "city: Expected `str`"),
        (json.dumps({**GIVEN, "place": {"lat": "n"}}), "place.lat: Expected `float`"),
        (json.dumps({**GIVEN, "tags": ["a", 1]}), r"tags\[1\]: Expected `str`"),
        (json.dumps({**GIVEN, "only": {"above": -1}}), "only.above: Input should be"),
        (json.dumps({**GIVEN, "hours": 0}), "hours: Input should be greater"),
        (json.dumps({**GIVEN, "span": None}), "span: Expected `object`"),
    ],
)
def test_arguments_that_do_not_fit_are_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        weather.read_arguments(text)


def test_it_is_still_the_function() -> None:
    @function_tool(name="plus", description="Adds.", strict=False)
    def add(a: int, b: int = 2) -> int:
        """Not told."""
        return a + b

    assert add(1, b=3) == 4
    assert add.__doc__ == "Not told."
    assert repr(add) == "<CallableTool plus>"
    assert told(add) == {
        "type": "function",
        "name": "plus",
        "description": "Adds.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 2}},
            "required": ["a"],
            "additionalProperties": False,
        },
        "strict": False,
    }
    assert add.read_arguments('{"a": 1}') == {"a": 1}


def test_where_a_schema_cannot_be_strict_it_is_not_unless_told_to() -> None:
    def count(words: dict[str, int]) -> int:
        return sum(words.values())

    assert told(function_tool(count))["strict"] is False
    assert "description" not in told(function_tool(count))
    with pytest.raises(errors.UsageError, match=r"count\.words: is a map.*or strict=False"):
        function_tool(strict=True)(count)


def test_methods_and_objects_that_can_be_called_are_tools() -> None:
    class Clerk:
        """Keeps a book."""

        def look(self, key: str) -> str:
            """Looks it up."""
            return key * 2

        def __call__(self, key: str) -> str:
            return key

    tool = function_tool(Clerk().look)
    assert (tool.name, told(tool)["description"]) == ("look", "Looks it up.")
    assert tool(**tool.read_arguments('{"key": "a"}')) == "aa"
    called = function_tool(Clerk())
    assert (called.name, told(called)["description"]) == ("Clerk", "Keeps a book.")
    assert list(told(called)["parameters"]["properties"]) == ["key"]


async def test_asynchronous_functions_are_known_as_such() -> None:
    async def ask(who: str) -> str:
        return who

    tool = function_tool(ask)
    assert tool.is_async
    assert not weather.is_async
    assert await tool("me") == "me"
    assert function_tool(functools.partial(ask)).is_async


def test_what_a_partial_gives_the_model_does_not() -> None:
    def find(store: dict[str, str], key: str) -> str:
        """Finds it."""
        return store[key]

    tool = function_tool(functools.partial(find, store={"a": "b"}))
    assert (tool.name, told(tool)["description"]) == ("find", "Finds it.")
    assert list(told(tool)["parameters"]["properties"]) == ["key"]
    assert tool.function(**tool.read_arguments('{"key": "a"}')) == "b"


def test_what_no_model_can_call_is_refused_by_name() -> None:
    def many(*names: str) -> None: ...
    def kept(a: int, /) -> None: ...
    def bare(a) -> None: ...  # type: ignore[no-untyped-def]
    def strange(a: object, b: Clash) -> None: ...
    def unreadable(a: threading.Lock) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    class Clash: ...

    for function, said in (
        (many, r"many\.names: a model names its arguments"),
        (kept, r"kept\.a: a model names"),
        (bare, r"bare\.a: has no annotation"),
        (unreadable, r"unreadable: an annotation cannot be read: .*threading"),
        (lambda: None, r"name: '<lambda>' names no tool"),
    ):
        with pytest.raises(errors.UsageError, match=said):
            function_tool(function)
    strange.__annotations__["b"] = Clash
    with pytest.raises(errors.UsageError, match=r"strange\.b: Clash: cannot be read from JSON"):
        function_tool(strange)
    with pytest.raises(errors.UsageError, match="name: 'a b' names no tool"):
        function_tool(name="a b")(weather.function)


def test_two_types_of_one_name_are_refused() -> None:
    def other() -> type:
        return msgspec.defstruct("Place", [("zip", str)])

    def go(a: Place, b: Any) -> None: ...

    go.__annotations__ = {"a": Place, "b": other()}
    with pytest.raises(errors.UsageError, match=r"go\.b: another type is called Place, too"):
        function_tool(go)


def test_a_custom_tool_takes_free_text() -> None:
    @custom_tool(grammar="start: WORD", syntax="lark")
    def run(code: str) -> str:
        """Runs it."""
        return code.upper()

    assert told(run) == {
        "type": "custom",
        "name": "run",
        "description": "Runs it.",
        "format": {"type": "grammar", "definition": "start: WORD", "syntax": "lark"},
    }
    assert run(**run.read_arguments('{"not": json')) == '{"NOT": JSON'
    assert "format" not in told(custom_tool(run.function))
    with pytest.raises(errors.UsageError, match="weather: a custom tool takes one parameter"):
        custom_tool(weather.function)


# -- values -----------------------------------------------------------------------------------

IMAGE = models.InputImage(detail="auto", image_url="data:image/png;base64,aGk=")
CALL = models.OutputFunctionCallItem(arguments=json.dumps(GIVEN), call_id="c1", name="weather")


def call(
    item: Any = CALL, tool: CallableTool[..., Any] | None = weather, *, tell: bool = True
) -> ToolCall:
    return ToolCall(item, tool, response="the response", tell=tell, known=("weather", "look"))


@pytest.mark.parametrize(
    ("value", "output"),
    [
        ("text", "text"),
        (None, "null"),
        (Place(1.0), '{"lat":1.0,"lon":0.0}'),
        ([Span(1)], '[{"days":1}]'),
        (Filter(above=2), '{"above":2}'),
        ({"a": [Filter(above=2)]}, '{"a":[{"above":2}]}'),
        (IMAGE, [IMAGE]),
        ([IMAGE, IMAGE], [IMAGE, IMAGE]),
        ([], "[]"),
        (CALL, models.encode(CALL).decode()),
    ],
    ids=repr,
)
def test_a_functions_value_answers_its_call(value: Any, output: Any) -> None:
    item = call().returned(value)
    assert isinstance(item, models.FunctionCallOutputItem)
    assert (item.call_id, item.output) == ("c1", output)
    custom = models.OutputCustomToolCallItem(call_id="c2", input="x", name="run")
    run = custom_tool(name="run")(_upper)
    answered = call(custom, run).returned(value)
    assert isinstance(answered, models.CustomToolCallOutputItem)
    assert (answered.call_id, answered.output) == ("c2", output)


def _upper(text: str) -> str:
    return text.upper()


def test_a_value_that_json_cannot_say_is_the_functions_error() -> None:
    with pytest.raises(TypeError, match="object is nothing that JSON can say"):
        call().returned(object())

    async def late() -> None: ...

    with pytest.raises(TypeError, match="AsyncHeliograph"):
        call().returned(late())


def test_errors_are_told_or_raised() -> None:
    error = KeyError("Oslo")
    item = call().raised(error)
    assert isinstance(item, models.FunctionCallOutputItem)
    assert item.output == "error: KeyError: 'Oslo'"
    with pytest.raises(errors.ToolFailed, match="weather: KeyError") as caught:
        call(tell=False).raised(error)
    assert caught.value.__cause__ is error
    assert (caught.value.call, caught.value.response) == (CALL, "the response")


@pytest.mark.parametrize("tell", [True, False])
def test_the_models_own_mistakes_are_always_told(tell: bool) -> None:
    def refused(item: Any, tool: CallableTool[..., Any] | None) -> str:
        answer: Any = call(item, tool, tell=tell).refused
        assert answer.call_id == item.call_id
        return str(answer.output)

    wrong = models.OutputFunctionCallItem(arguments="{}", call_id="c3", name="weather")
    assert refused(wrong, weather) == "error: wrong arguments: city: is missing"
    unknown = "error: no such tool: weather; there are: weather, look"
    assert refused(wrong, None) == unknown
    custom = models.OutputCustomToolCallItem(call_id="c2", input="x", name="weather")
    assert refused(custom, weather) == unknown
