"""Wire types in pydantic models: taken from instances and JSON, dumped as the wire has them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import jsonschema_rs
import msgspec
import pydantic
import pytest
from hypothesis import given, settings
from tests.models.strategies import plan_of, values

from heliograph import models

ANY_EVENT: Any = pydantic.TypeAdapter(models.StreamEvent)
IMAGE = base64.b64encode(bytes(range(256)) * 300).decode()
DELTA: dict[str, Any] = {
    "type": "response.output_text.delta",
    "sequence_number": 3,
    "delta": "fox — 狐",
    "item_id": "msg_1",
    "output_index": 0,
    "content_index": 0,
    "logprobs": [],
    "provider_note": {"z": 1.5, "a": [None]},
}
PICTURE = {
    "type": "image_generation_call",
    "id": "ig_1",
    "status": "completed",
    "result": IMAGE,
    "shutter": "1/60",
}
STRANGE = {"type": "hologram", "depth": 3}
TOOL = {"type": "function", "name": "look", "parameters": {"type": "object"}, "x": 1}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1700000000,
    "model": "m",
    "status": "completed",
    "output": [PICTURE, STRANGE],
    "parallel_tool_calls": True,
    "tool_choice": {"type": "function", "name": "look"},
    "tools": [TOOL, {"type": "telescope"}],
    "region": "north",
}


class Kept(pydantic.BaseModel):
    """A user's own record."""

    event: models.StreamEvent
    items: list[models.OutputItem | None] = []
    response: models.OpenResponsesResult | None = None
    picture: models.OutputImageGenerationCallItem | None = None
    tools: dict[str, models.AnyTool] = {}
    given: models.InputItem | None = None
    choice: models.ToolChoice | None = None
    unknown: models.UnknownItem | None = None


KEPT: dict[str, Any] = {
    "event": DELTA,
    "items": [PICTURE, STRANGE, None],
    "response": RESPONSE,
    "picture": PICTURE,
    "tools": {"a": TOOL, "b": {"type": "telescope", "y": 2}},
    "given": {"role": "user", "content": "hi", "mood": "good"},
    "choice": {"type": "function", "name": "look"},
    "unknown": STRANGE,
}


@pytest.mark.parametrize("how", ["python", "json"])
def test_what_goes_in_comes_out_whole(how: str) -> None:
    kept = (
        Kept.model_validate(KEPT) if how == "python" else Kept.model_validate_json(json.dumps(KEPT))
    )
    assert isinstance(kept.event, models.TextDeltaEvent)
    assert isinstance(kept.items[0], models.OutputImageGenerationCallItem)
    assert kept.items[0].image_bytes() == bytes(range(256)) * 300
    assert kept.items[1] == models.UnknownItem("hologram", b'{"type":"hologram","depth":3}')
    assert isinstance(kept.response, models.OpenResponsesResult)
    assert isinstance(kept.response.tools[1], models.UnknownTool)
    assert isinstance(kept.given, models.InputMessage)
    assert isinstance(kept.tools["b"], models.UnknownTool)
    assert kept.model_dump() == kept.model_dump(mode="json") == KEPT
    assert json.loads(kept.model_dump_json()) == KEPT
    again = Kept.model_validate(kept.model_dump())
    assert again == kept


def test_instances_are_taken_as_they_are() -> None:
    response = models.decode(models.OpenResponsesResult, json.dumps(RESPONSE).encode())
    event = models.decode_event(json.dumps(DELTA).encode())
    unknown = models.decode_event(b'{"type": "response.hologram"}')
    kept = Kept(event=event, response=response)
    assert kept.event is event
    assert kept.response is response
    assert kept.model_dump(exclude_unset=True) == {"event": DELTA, "response": RESPONSE}
    assert Kept(event=unknown).event is unknown
    built = models.OutputFunctionCallItem(arguments="{}", call_id="c", name="look")
    dumped = Kept(event=event, items=[built]).model_dump()["items"]
    assert dumped == [{"type": "function_call", "arguments": "{}", "call_id": "c", "name": "look"}]


def test_a_changed_object_is_dumped_as_it_is_now() -> None:
    kept = Kept.model_validate({"event": DELTA})
    assert isinstance(kept.event, models.TextDeltaEvent)
    kept.event.delta = "hen"
    assert kept.model_dump()["event"] == {**DELTA, "delta": "hen"}


def test_dict_of_an_object_is_its_json() -> None:
    response = models.decode(models.OpenResponsesResult, json.dumps(RESPONSE).encode())
    assert dict(response) == RESPONSE
    assert dict(models.decode_event(b'{"type": "error", "message": "\\ud83d", "code": "c"}')) == {
        "type": "error",
        "message": "\ud83d",
        "code": "c",
    }


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("event", {"type": "response.output_text.delta"}, "content_index: is missing"),
        ("event", {**DELTA, "delta": 5}, "delta: expected a string, found a number"),
        ("event", {"delta": "x"}, "type: is missing"),
        ("event", "text", r"\$: expected an object, found str"),
        ("event", {"type": "x", "y": object()}, r"\$: cannot be JSON"),
        ("picture", STRANGE, "type: 'hologram' is not what is expected here"),
        ("picture", {"type": "reasoning", "id": "r", "summary": []}, "type: 'reasoning' is not"),
        ("response", {**RESPONSE, "output": None}, "output: expected an array, found null"),
        ("unknown", 5, r"\$: expected an object, found int"),
    ],
)
def test_what_does_not_fit_is_named_within_its_field(field: str, value: Any, said: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=said) as caught:
        Kept.model_validate({"event": DELTA, field: value})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@given(event=values(plan_of(models.StreamEvent), full=True, depth=2))
@settings(max_examples=60)
def test_any_event_survives(event: models.Event) -> None:
    value = dict(event)
    dumped = ANY_EVENT.dump_python(ANY_EVENT.validate_python(value))
    assert msgspec.json.encode(dumped) == msgspec.json.encode(value)


def test_the_schema_is_that_of_the_wire() -> None:
    for mode in ("validation", "serialization"):
        schema = Kept.model_json_schema(mode=mode)  # type: ignore[arg-type]
        validator = jsonschema_rs.validator_for(schema)
        known = {**KEPT, "items": [PICTURE, None], "tools": {"a": TOOL}}
        known["response"] = {**RESPONSE, "output": [PICTURE], "tools": [TOOL]}
        assert validator.is_valid(known), next(validator.iter_errors(known)).message
        assert not validator.is_valid({**known, "event": {**DELTA, "delta": 5}})
        assert not validator.is_valid({**known, "picture": {"type": "image_generation_call"}})
        assert schema["properties"]["event"]["$ref"] == "#/$defs/StreamEvent"
        assert len(schema["$defs"]["StreamEvent"]["oneOf"]) == 73
        assert "#/components" not in json.dumps(schema)


def test_one_class_has_a_schema_of_its_own() -> None:
    schema = pydantic.TypeAdapter(models.OutputFunctionCallItem).json_schema()
    assert schema["properties"]["type"] == {"const": "function_call", "type": "string"}
    assert schema["required"] == ["type", "arguments", "call_id", "name"]
    assert Kept.model_json_schema()["properties"]["picture"]["anyOf"][0] == {
        "$ref": "#/$defs/OutputImageGenerationCallItem"
    }
    unknown = pydantic.TypeAdapter(models.UnknownEvent).json_schema()
    assert unknown == {"type": "object"}


def test_importing_the_types_imports_no_pydantic() -> None:
    code = (
        "import sys, heliograph.models as m, heliograph.client\n"
        "dict(m.IncompleteDetails(reason='steered'))\n"
        "print('pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
