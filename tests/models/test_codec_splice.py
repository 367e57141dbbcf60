"""A changed field re-encodes only its own path."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.strategies import JSON

from heliograph import models
from heliograph.models import UNSET

ODD = (
    b'{ "type" : "response.output_item.done",\n "output_index": 0, "odd":1.50e+01,\n'
    b' "sequence_number" :7, "item": {"id":"m\\u005f1" , "type":"message", "new":[1, 2],'
    b' "role":"assistant","content":[ {"type":"output_text","text":"caf\\u00e9",'
    b'"annotations":[], "font":"x"} , {"type":"mystery","v":1e999} ] }, "odd": 2 }'
)


def odd() -> models.OutputItemDoneEvent:
    event = models.decode_event(ODD)
    assert isinstance(event, models.OutputItemDoneEvent)
    return event


def message(event: models.OutputItemDoneEvent) -> models.OutputMessageItem:
    assert isinstance(event.item, models.OutputMessageItem)
    return event.item


def text(event: models.OutputItemDoneEvent) -> models.ResponseOutputText:
    part = message(event).content[0]
    assert isinstance(part, models.ResponseOutputText)
    return part


def test_unchanged_is_byte_for_byte() -> None:
    assert models.encode(odd()) == ODD


def test_a_scalar_at_the_top() -> None:
    event = odd()
    event.sequence_number = 8
    assert models.encode(event) == ODD.replace(b":7,", b":8,")


def test_a_scalar_deep_inside() -> None:
    event = odd()
    text(event).text = 'say "\n"'
    assert models.encode(event) == ODD.replace(b'"caf\\u00e9"', b'"say \\"\\n\\""')


def test_a_field_taken_away() -> None:
    event = odd()
    event.sequence_number = UNSET
    assert models.encode(event) == ODD.replace(b'"sequence_number" :7, ', b"")


def test_the_last_field_taken_away() -> None:
    wire = b'{"type":"response.debug","debug":{}, "sequence_number":1 }'
    event = models.decode_event(wire)
    assert isinstance(event, models.DebugEvent)
    event.sequence_number = UNSET
    assert models.encode(event) == b'{"type":"response.debug","debug":{} }'


def test_a_field_added() -> None:
    event = odd()
    message(event).status = "completed"
    changed = ODD.replace(b"1e999} ]", b'1e999} ],"status":"completed"')
    assert models.encode(event) == changed


def test_an_element_taken_away_added_and_moved() -> None:
    event = odd()
    content = message(event).content
    kept = content.pop()
    assert models.encode(event) == ODD.replace(b' , {"type":"mystery","v":1e999}', b"")
    content[:] = [kept, models.OpenAIResponsesRefusalContent(refusal="no")]
    start, end = ODD.index(b"[ {"), ODD.index(b" ] }, ")
    expected = b'[ {"type":"mystery","v":1e999} , {"type":"refusal","refusal":"no"}'
    assert models.encode(event) == ODD[:start] + expected + ODD[end:]


def test_an_item_replaced_by_another_kind() -> None:
    event = odd()
    event.item = models.OutputImageGenerationCallItem(id="i", status="failed", result=None)
    plain = json.loads(models.encode(event))
    assert plain["item"]["type"] == "image_generation_call"
    assert plain["odd"] == 2


def test_a_duplicate_key_changes_where_it_counts() -> None:
    event = models.decode_event(
        b'{"type":"response.debug","debug":{},"sequence_number":1,"sequence_number":2}'
    )
    assert isinstance(event, models.DebugEvent)
    assert event.sequence_number == 2
    event.sequence_number = 3
    assert models.encode(event) == (
        b'{"type":"response.debug","debug":{},"sequence_number":1,"sequence_number":3}'
    )


def test_true_is_not_one_and_one_is_not_one_point_nought() -> None:
    wire = b'{"model":"m","metadata":{"a":"b"},"tools":[{"type":"function","name":"f",'
    wire += b'"parameters":{"x":1,"y":true,"z":1.0}}]}'
    request = models.decode(models.ResponsesRequest, wire)
    assert isinstance(request.tools, list)
    tool = request.tools[0]
    assert isinstance(tool, models.FunctionTool)
    assert isinstance(tool.parameters, dict)
    tool.parameters.update(x=True, y=1, z=1)
    assert models.encode(request) == wire.replace(
        b'"x":1,"y":true,"z":1.0', b'"x":true,"y":1,"z":1'
    )


def test_a_response_decoded_by_itself_keeps_its_bytes_inside_an_event() -> None:
    wire = b'{"id":"r","object":"response","created_at":1,"model":"m","output":[],'
    wire += b'"parallel_tool_calls":true,"tool_choice":"auto","tools":[], "later":1.50}'
    response = models.decode(models.Response, wire)
    event = models.CompletedEvent(response=response, sequence_number=1)
    assert wire in models.encode(event)
    response.model = "n"
    assert wire.replace(b'"m"', b'"n"') in models.encode(event)


@given(JSON, JSON, st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_map_changed_into_any_other(before: Any, after: Any, data: st.DataObject) -> None:
    plain = {"type": "function", "name": "f", "parameters": {"p": before}, "kept": {"a": [1.0]}}
    indent = data.draw(st.sampled_from([None, 2]))
    wire = json.dumps(plain, indent=indent).encode()
    tool = models.decode(models.FunctionTool, wire)
    tool.parameters = {"p": after} if data.draw(st.booleans()) else {"q": after}
    changed = models.encode(tool)
    assert json.loads(changed) == {**plain, "parameters": tool.parameters}
    assert models.decode(models.FunctionTool, changed) == tool


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_list_changed_into_any_other(before: list[str], after: list[str]) -> None:
    parts = [{"type": "input_text", "text": word, "kept": word} for word in before]
    wire = json.dumps({"type": "message", "role": "user", "content": parts}).encode()
    message = models.decode(models.InputMessage, wire)
    message.content = [models.InputText(text=word) for word in after]
    changed = models.decode(models.InputMessage, models.encode(message))
    assert changed == message
