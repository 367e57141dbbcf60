"""Any bytes decode to an event or raise ``InvalidEvent``, never anything else."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.models.strategies import JSON
from tests.models.strategies import models as built

from heliograph import models
from heliograph.errors import InvalidBody, InvalidEvent

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TAGS = st.sampled_from(sorted(models.EVENTS))
ANY_EVENT = TAGS.flatmap(lambda tag: built(models.EVENTS[tag], full=True, depth=3))


def decodes_or_refuses(data: bytes) -> None:
    """The invariant, in one place; what decodes also encodes, to the same bytes."""
    refused: InvalidEvent | None = None
    try:
        event = models.decode_event(data, 3)
    except InvalidEvent as error:
        refused = error
    if refused is not None:
        assert (refused.data, refused.index) == (data, 3)
        assert refused.field
        assert refused.reason
        return
    assert models.wire_of(event) == data
    assert models.encode(event) == data
    models.unknown_fields(event)
    models.missing_fields(event)
    repr(event)


@given(st.binary(max_size=60))
@example(b"")
@example(b"NaN")
@example(b'{"type":NaN}')
@example(b"\xff\xfe{}")
@example(b"[" * 100_000)
@example(b'{"type":"response.debug","a":' + b"[" * 5000 + b"]" * 5000 + b"}")
@example(b'{"type":{"type":"x"}}')
@example(b'{"type":"\\ud83d"}')
@example(b'{"type":null}')
@example(b'{"type":"error","sequence_number":' + b"9" * 5000 + b"}")
@example(b'{"type":"error","sequence_number":1e999}')
@example(b'{"type":"x","a":"' + b"A" * 40_000 + b'"}')
@example(b'{"type":"response.audio.delta","delta":"","\x80":0}')
@example(b'{"type":"error","result":"' + b"A" * 40_000)
@MANY
def test_any_bytes(data: bytes) -> None:
    decodes_or_refuses(data)


@given(JSON)
@MANY
def test_any_json(value: Any) -> None:
    decodes_or_refuses(json.dumps(value).encode())


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=3), TAGS | st.text(max_size=12))
@MANY
def test_any_object_with_a_type(value: dict[str, Any], tag: str) -> None:
    decodes_or_refuses(json.dumps({**value, "type": tag}).encode())


@given(ANY_EVENT, st.data())
@SOME
def test_any_event_with_one_value_replaced(event: models.Event, data: st.DataObject) -> None:
    plain = json.loads(models.encode(event))
    at: Any = plain
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(JSON)
        break
    decodes_or_refuses(json.dumps(plain).encode())


@given(ANY_EVENT, st.data())
@SOME
def test_any_event_with_bytes_changed(event: models.Event, data: st.DataObject) -> None:
    wire = bytearray(models.encode(event))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(wire) - 1)))
        wire[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    decodes_or_refuses(bytes(wire))


@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
@MANY
@pytest.mark.parametrize("cls", [models.ResponsesRequest, models.ImagesResponse])
def test_any_body(cls: type[models.Model], data: bytes) -> None:
    with contextlib.suppress(InvalidBody):
        assert models.encode(models.decode(cls, data)) == data


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_will_do_and_is_kept_as_bytes(kind: Any) -> None:
    wire = b'{"type":"response.debug","debug":{},"sequence_number":1}'
    event = models.decode_event(kind(wire))
    assert models.wire_of(event) == wire
    assert type(models.wire_of(event)) is bytes


def test_many_at_once_are_as_each_alone() -> None:
    frames = [
        b'{"type":"response.output_text.delta","item_id":"a","output_index":0,'
        b'"content_index":0,"delta":"x","sequence_number":1}',
        b'{"type":"response.keep_alive"}',
        b'{"type":"response.debug","debug":{},"sequence_number":1,"pad":"' + b"x" * 2000 + b'"}',
    ]
    assert models.decode_events(frames) == [models.decode_event(frame) for frame in frames]
    with pytest.raises(InvalidEvent) as caught:
        models.decode_events([*frames, b"{"], 10)
    assert caught.value.index == 13


@given(ANY_EVENT, st.data())
@SOME
def test_no_part_of_an_event_is_an_object(event: models.Event, data: st.DataObject) -> None:
    wire = models.encode(event)
    assert models.is_object(wire)
    at = data.draw(st.integers(0, len(wire) - 1))
    assert not models.is_object(wire[:at])


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"{", b'{"a":1}{}', b'{"a":1} x}', b"{" * 9999 + b"}"]
)
def test_what_is_no_object(data: bytes) -> None:
    assert not models.is_object(data)
