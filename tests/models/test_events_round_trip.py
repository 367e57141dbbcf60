"""Every named type survives encoding and decoding, bare and with all its fields."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.strategies import models as built

from heliograph import models
from heliograph.errors import InvalidBody, InvalidEvent
from heliograph.models._plan import class_plan

EVENTS = sorted(models.EVENTS.items())
IMAGE_EVENTS = sorted(models.IMAGE_EVENTS.items())
OTHERS = sorted(
    {
        **models.INPUT_ITEMS,
        **{f"out {tag}": cls for tag, cls in models.ITEMS.items()},
        **{f"part {tag}": cls for tag, cls in models.CONTENT_PARTS.items()},
        **{f"tool {tag}": cls for tag, cls in models.TOOLS.items()},
    }.items()
)
BODIES = [
    models.ResponsesRequest,
    models.OpenResponsesResult,
    models.CompactRequest,
    models.CompactedResponse,
    models.InputItemList,
    models.ImageGenerationRequest,
    models.ImageGenerationResponse,
    models.ImageGenerateParams,
    models.ImageEditParams,
    models.ImagesResponse,
    models.WebSocketCreateMessage,
]
FEW = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def _ids(pairs: list[tuple[str, Any]]) -> list[str]:
    return [tag for tag, _ in pairs]


@pytest.mark.parametrize("full", [False, True], ids=["bare", "full"])
@pytest.mark.parametrize(("tag", "cls"), EVENTS, ids=_ids(EVENTS))
@given(data=st.data())
@FEW
def test_an_event_comes_back_equal(
    tag: str, cls: type[models.Event], full: bool, data: st.DataObject
) -> None:
    event = data.draw(built(cls, full=full))
    wire = models.encode(event)
    assert json.loads(wire)["type"] == tag
    back = models.decode_event(wire)
    assert type(back) is cls
    assert back == event
    assert back.type == tag
    assert models.wire_of(back) == wire
    assert models.encode(back) == wire


@pytest.mark.parametrize(("tag", "cls"), IMAGE_EVENTS, ids=_ids(IMAGE_EVENTS))
@given(data=st.data())
@FEW
def test_an_images_api_event_comes_back_equal(
    tag: str, cls: type[models.ImageEvent], data: st.DataObject
) -> None:
    event = data.draw(built(cls, full=True))
    wire = models.encode(event)
    back = models.decode_image_event(wire)
    assert type(back) is cls
    assert back == event
    assert models.encode(back) == wire


@pytest.mark.parametrize("full", [False, True], ids=["bare", "full"])
@pytest.mark.parametrize(("tag", "cls"), OTHERS, ids=_ids(OTHERS))
@given(data=st.data())
@FEW
def test_an_item_part_or_tool_comes_back_equal(
    tag: str, cls: type[models.Tagged], full: bool, data: st.DataObject
) -> None:
    obj = data.draw(built(cls, full=full))
    wire = models.encode(obj)
    back = models.decode(cls, wire)
    assert back == obj
    assert models.encode(back) == wire


@pytest.mark.parametrize("full", [False, True], ids=["bare", "full"])
@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.__name__)
@given(data=st.data())
@FEW
def test_a_body_comes_back_equal(cls: type[models.Model], full: bool, data: st.DataObject) -> None:
    obj = data.draw(built(cls, full=full))
    wire = models.encode(obj)
    back = models.decode(cls, wire)
    assert back == obj
    assert models.encode(back) == wire


@pytest.mark.parametrize(("tag", "cls"), EVENTS, ids=_ids(EVENTS))
@given(data=st.data())
@FEW
def test_the_sdk_shape_comes_back_equal(
    tag: str, cls: type[models.Event], data: st.DataObject
) -> None:
    event = data.draw(built(cls, full=True))
    shape = models.to_sdk(event)
    assert shape["type"] == tag
    assert models.from_sdk(cls, shape) == event


@pytest.mark.parametrize(("tag", "cls"), EVENTS, ids=_ids(EVENTS))
@given(data=st.data())
@FEW
def test_both_readers_agree(tag: str, cls: type[models.Event], data: st.DataObject) -> None:
    """What msgspec reads, the tolerant reader reads alike (an odd number forces it)."""
    event = data.draw(built(cls, full=True))
    wire = models.encode(event)
    odd = wire[:-1] + b',"zz_odd":1e999}'
    assert models.decode_event(odd) == event
    assert models.unknown_fields(models.decode_event(odd)) == {"zz_odd": float("inf")}


@pytest.mark.parametrize(("tag", "cls"), EVENTS, ids=_ids(EVENTS))
@given(data=st.data())
@FEW
def test_each_required_field_is_missed_by_name(
    tag: str, cls: type[models.Event], data: st.DataObject
) -> None:
    event = data.draw(built(cls, full=False))
    required = [f.wire for f in class_plan(cls).fields.values() if f.required]
    for name in required:
        plain = json.loads(models.encode(event))
        del plain[name]
        with pytest.raises(InvalidEvent) as caught:
            models.decode_event(json.dumps(plain).encode(), 7)
        assert (caught.value.field, caught.value.index, caught.value.type) == (name, 7, tag)
        assert "missing" in caught.value.reason


@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.__name__)
def test_a_body_of_the_wrong_kind_is_refused(cls: type[models.Model]) -> None:
    with pytest.raises(InvalidBody):
        models.decode(cls, b"[]")


def test_what_is_absent_is_not_written() -> None:
    event = models.ImageGenCallCompletedEvent(item_id="ig_1", output_index=0, sequence_number=4)
    assert msgspec.json.decode(models.encode(event)) == {
        "type": "response.image_generation_call.completed",
        "item_id": "ig_1",
        "output_index": 0,
        "sequence_number": 4,
    }
