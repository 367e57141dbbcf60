"""What no spec names decodes, keeps its text and goes out again as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from heliograph import models
from heliograph.errors import InvalidEvent


def done(item: str) -> bytes:
    return (
        b'{"type":"response.output_item.done","output_index":0,"sequence_number":1,"item":'
        + item.encode()
        + b"}"
    )


def test_an_unknown_event() -> None:
    wire = b'{"type":"response.keep_alive","n":1.50,"n":2}'
    event = models.decode_event(wire)
    assert isinstance(event, models.UnknownEvent)
    assert (event.type, event.raw, event.fields) == (
        "response.keep_alive",
        wire,
        {"type": "response.keep_alive", "n": 2},
    )
    assert models.encode(event) == wire
    assert models.wire_of(event) == wire


def test_an_unknown_item_keeps_its_own_text() -> None:
    event = models.decode_event(done('{"type":"dream", "id":"d_1","status":"vivid","x":1e999}'))
    assert isinstance(event, models.OutputItemDoneEvent)
    item = event.item
    assert isinstance(item, models.UnknownItem)
    assert item.raw == b'{"type":"dream", "id":"d_1","status":"vivid","x":1e999}'
    assert (item.type, item.id, item.status) == ("dream", "d_1", "vivid")


def test_unknown_things_of_every_sort() -> None:
    wire = json.dumps(
        {
            "type": "response.created",
            "sequence_number": 0,
            "response": {
                "id": "r",
                "object": "response",
                "created_at": 1,
                "model": "m",
                "parallel_tool_calls": True,
                "tool_choice": {"type": "by_lot"},
                "tools": [{"type": "hammer"}, {"type": "image_generation"}],
                "output": [
                    {
                        "type": "message",
                        "id": "m",
                        "role": "assistant",
                        "content": [
                            {"type": "output_smell", "note": "pine"},
                            {
                                "type": "output_text",
                                "text": "t",
                                "annotations": [{"type": "footnote"}],
                            },
                        ],
                    }
                ],
                "status": "pondering",
            },
        }
    ).encode()
    event = models.decode_event(wire)
    assert isinstance(event, models.CreatedEvent)
    response = event.response
    assert isinstance(response.tool_choice, models.UnknownObject)
    assert isinstance(response.tools[0], models.UnknownTool)
    assert isinstance(response.tools[1], models.ImageGenerationServerTool)
    message = response.output[0]
    assert isinstance(message, models.OutputMessageItem)
    smell, text = message.content
    assert isinstance(smell, models.UnknownPart)
    assert smell.fields["note"] == "pine"
    assert isinstance(text, models.ResponseOutputText)
    assert isinstance(text.annotations, list)
    assert isinstance(text.annotations[0], models.UnknownObject)
    assert response.status == "pondering"
    assert models.encode(event) == wire
    # and inside something built anew
    again = json.loads(models.encode(models.OutputItemDoneEvent(item=message, output_index=0)))
    assert again["item"]["content"][0] == {"type": "output_smell", "note": "pine"}


def test_unknown_fields_are_told_by_path() -> None:
    wire = done(
        '{"type":"message","id":"m","role":"assistant","mood":"sunny",'
        '"content":[{"type":"output_text","text":"t","annotations":[],"font":{"camelCase":1}}]}'
    )
    event = models.decode_event(wire)
    assert models.unknown_fields(event) == {
        "item.mood": "sunny",
        "item.content[0].font": {"camelCase": 1},
    }
    built = models.ImageGenCallInProgressEvent(item_id="a", output_index=0)
    assert models.unknown_fields(built) == {}


def test_a_lone_surrogate_is_text() -> None:
    wire = done(
        '{"type":"message","id":"m","role":"assistant",'
        '"content":[{"type":"refusal","refusal":"\\ud83d"}]}'
    )
    event = models.decode_event(wire)
    assert isinstance(event, models.OutputItemDoneEvent)
    assert isinstance(event.item, models.OutputMessageItem)
    part = event.item.content[0]
    assert isinstance(part, models.OpenAIResponsesRefusalContent)
    assert part.refusal == "\ud83d"
    assert models.encode(event) == wire
    assert models.encode(part) == b'{"type":"refusal","refusal":"\\ud83d"}'


@pytest.mark.parametrize(
    ("number", "value"), [("1e999", float("inf")), ("-1e999", float("-inf")), ("1" * 400, None)]
)
def test_a_number_out_of_range_is_infinite_or_exact(number: str, value: Any) -> None:
    wire = b'{"type":"response.debug","debug":{},"sequence_number":1,"x":' + number.encode() + b"}"
    event = models.decode_event(wire)
    expected = int(number) if value is None else value
    assert models.unknown_fields(event) == {"x": expected}
    assert models.encode(event) == wire


def test_whole_numbers_may_be_written_with_a_point() -> None:
    event = models.decode_event(
        b'{"type":"response.image_generation_call.completed","item_id":"a","output_index":1.0}'
    )
    assert isinstance(event, models.ImageGenCallCompletedEvent)
    assert event.output_index == 1


@pytest.mark.parametrize(
    ("wire", "field", "reason"),
    [
        (b"{}", "type", "missing"),
        (b'{"type":7}', "type", "string"),
        (b'{"type":"error","type":"response.debug"}', "type", "twice"),
        (b"[]", "$", "object"),
        (b'{"type":"error"} x', "$", "after"),
        (b'{"type":"error",}', "$", "key"),
        (b"\xef\xbb\xbf{}", "$", "JSON"),
        (b'{"type":"error","message":"\xff"}', "$", "UTF-8"),
        (done('{"type":"message","id":"m","role":"assistant"}'), "item.content", "missing"),
        (
            done(
                '{"type":"message","id":"m","role":"assistant",'
                '"content":[{"type":"output_text","text":"a"},{"type":"output_text","text":5}]}'
            ),
            "item.content[1].text",
            "a number",
        ),
        (done('{"id":"m"}'), "item.type", "missing"),
        (done('"x"'), "item", "a string"),
        (done('{"type":"image_generation_call","id":null,"status":"x"}'), "item.id", "null"),
        (
            b'{"type":"response.image_generation_call.completed","item_id":"a","output_index":0.5}',
            "output_index",
            "whole",
        ),
        (
            b'{"type":"response.image_generation_call.completed","item_id":"a",'
            b'"output_index":true}',
            "output_index",
            "boolean",
        ),
    ],
)
def test_what_is_wrong_is_told_by_path(wire: bytes, field: str, reason: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        models.decode_event(wire, 5)
    assert caught.value.field == field
    assert reason in caught.value.reason
    assert caught.value.index == 5
    assert caught.value.data == wire


@pytest.mark.parametrize("depth", [models.MAX_NESTING - 2, models.MAX_NESTING + 1])
@pytest.mark.parametrize("tag", ["response.debug", "response.unheard_of"])
@pytest.mark.parametrize("odd", [b"", b',"odd":1e999'], ids=["plain", "odd"])
def test_nesting_is_bounded_on_every_path(depth: int, tag: str, odd: bytes) -> None:
    brackets = b'["]",' * depth + b"1" + b"]" * depth
    head = b'{"type":"' + tag.encode() + b'","debug":{},"sequence_number":1' + odd
    wire = head + b',"deep":' + brackets + b"}"
    if depth < models.MAX_NESTING:
        assert models.encode(models.decode_event(wire)) == wire
    else:
        with pytest.raises(InvalidEvent, match="MAX_NESTING"):
            models.decode_event(wire)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    wire = b'{"type":"response.debug","debug":{},"x":[' + b",".join([b'["[[["]'] * 2000) + b"]}"
    assert models.wire_of(models.decode_event(wire)) == wire


@pytest.mark.parametrize(
    ("wire", "code", "message"),
    [
        (b'{"type":"error","code":"c","message":"m","param":null,"sequence_number":1}', "c", "m"),
        (
            b'{"type":"error","sequence_number":1,'
            b'"error":{"type":"t","code":"c","message":"m","param":null,"headers":{"a":"b"}}}',
            "c",
            "m",
        ),
        (b'{"type":"error","status":400,"error":{"code":"c","message":"m","param":"p"}}', "c", "m"),
        (b'{"type":"error","code":429,"message":"m"}', 429, "m"),
    ],
)
def test_an_error_is_read_in_all_its_shapes(wire: bytes, code: Any, message: str) -> None:
    event = models.decode_event(wire)
    assert isinstance(event, models.ErrorEvent)
    assert (event.payload.code, event.payload.message) == (code, message)
    assert models.encode(event) == wire


def test_request_items_may_leave_their_type_out() -> None:
    wire = (
        b'{"model":"m","input":[{"role":"user","content":"hi"},{"id":"a"},{"id":"b","type":null}],'
        b'"text":{"format":{"name":"n","schema":{"keepMe":1}}}}'
    )
    request = models.decode(models.ResponsesRequest, wire)
    assert isinstance(request.input, list)
    assert [type(item) for item in request.input] == [
        models.InputMessage,
        models.ItemReferenceItem,
        models.ItemReferenceItem,
    ]
    assert models.encode(request) == wire


def test_missing_fields_are_told_by_path() -> None:
    event = models.decode_event(
        done('{"type":"message","id":"m","role":"assistant","content":[]}').replace(
            b'"sequence_number":1,', b""
        )
    )
    assert models.missing_fields(event) == ["sequence_number", "item.status"]


def test_an_error_without_a_message_lacks_it_in_every_shape() -> None:
    wire = b'{"type":"error","sequence_number":1,"error":{"code":"c"}}'
    assert models.missing_fields(models.decode_event(wire)) == ["message"]
    assert models.missing_fields(models.ErrorEvent(message="m", sequence_number=1)) == []


def test_no_wire_key_reaches_the_byte_slot() -> None:
    wire = b'{"type":"response.debug","debug":{},"_wire":"forged","sequence_number":1}'
    event = models.decode_event(wire)
    assert models.wire_of(event) == wire
    assert models.unknown_fields(event) == {"_wire": "forged"}
