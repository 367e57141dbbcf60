"""The tables of types: complete, consistent, and what the room's face exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heliograph import models

LONG_NAMES = [name for name in models.__all__ if name.startswith("OpenResponsesStreamEvent")]


def test_there_are_73_events() -> None:
    assert len(models.EVENTS) == 73


@pytest.mark.parametrize(
    "table",
    ["EVENTS", "ITEMS", "INPUT_ITEMS", "CONTENT_PARTS", "TOOLS", "IMAGE_EVENTS"],
)
def test_a_class_says_its_tag_once_to_each_reader(table: str) -> None:
    for tag, cls in getattr(models, table).items():
        assert cls.type == tag
        assert cls.__struct_config__.tag == tag
        assert cls.__struct_config__.tag_field == "type"


def test_every_tagged_class_agrees_with_its_tag() -> None:
    for name in models.__all__:
        cls = getattr(models, name)
        if not isinstance(cls, type) or not issubclass(cls, models.Model):
            continue
        config = cls.__struct_config__
        if config.tag_field is not None and config.tag != cls.__name__:
            assert getattr(cls, config.tag_field) == config.tag


def test_every_event_is_an_event_with_a_sequence_number() -> None:
    for cls in models.EVENTS.values():
        assert issubclass(cls, models.Event)
        assert "sequence_number" in cls.__struct_fields__


def test_items_differ_between_request_and_response_only_in_messages() -> None:
    assert models.ITEMS["message"] is models.OutputMessageItem
    assert models.INPUT_ITEMS["message"] is models.InputMessage
    assert {**models.ITEMS, "message": models.InputMessage} == models.INPUT_ITEMS


def test_the_seed_page_s_long_names_are_the_same_classes() -> None:
    assert len(LONG_NAMES) == 27
    long = models.OpenResponsesStreamEventResponseImageGenerationCallInProgress
    assert long is models.ImageGenCallInProgressEvent
    assert all(getattr(models, name) in models.EVENTS.values() for name in LONG_NAMES)


def test_the_seed_page_s_example_reads_and_writes() -> None:
    shape = {
        "type": "response.image_generation_call.in_progress",
        "itemId": "item-abc123",
        "outputIndex": 0,
        "sequenceNumber": 1,
    }
    event = models.from_sdk(models.ImageGenCallInProgressEvent, shape)
    assert event == models.ImageGenCallInProgressEvent(
        item_id="item-abc123", output_index=0, sequence_number=1
    )
    assert models.to_sdk(event) == shape


def test_the_face_exports_what_it_says() -> None:
    assert len(models.__all__) == len(set(models.__all__))
    for name in models.__all__:
        assert hasattr(models, name)
    # pytest puts names like "@pytest_ar" into modules whose asserts it rewrites.
    public = {name for name in vars(models) if name.isidentifier() and not name.startswith("_")}
    assert public - set(models.__all__) <= {"annotations"}


def test_no_file_of_the_room_is_too_long() -> None:
    folder = Path(models.__file__).parent
    assert all(len(path.read_text().splitlines()) <= 700 for path in folder.glob("*.py"))


def test_repr_shows_only_what_is_there() -> None:
    event = models.decode_event(
        json.dumps(
            {"type": "response.image_generation_call.generating", "item_id": "a", "output_index": 0}
        ).encode()
    )
    assert repr(event) == "ImageGenCallGeneratingEvent(item_id='a', output_index=0)"
