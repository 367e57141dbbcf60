"""Pictures stay in the frame until they are asked for."""

from __future__ import annotations

import base64
import hashlib
import json
import tracemalloc
from typing import Any

import pytest

from heliograph import models
from heliograph.errors import PictureError
from heliograph.models._pictures import Base64Text, raw_field

RAW = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(4000))
B64 = base64.b64encode(RAW).decode()
CALL = {"type": "image_generation_call", "id": "i", "status": "completed", "result": B64}
ROUTED = {
    "type": "openrouter:image_generation",
    "id": "i",
    "status": "completed",
    "imageB64": B64,
    "result": "https://example.com/x.png",
    "imageUrl": "https://example.com/x.png",
}
RESPONSE = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [{"type": "image_generation"}],
}


def partial(b64: str = B64, **extra: Any) -> dict[str, Any]:
    return {
        "type": "response.image_generation_call.partial_image",
        "item_id": "i",
        "output_index": 0,
        "sequence_number": 3,
        "partial_image_index": 0,
        "partial_image_b64": b64,
        **extra,
    }


def is_lazy(obj: object, name: str) -> bool:
    return isinstance(raw_field(obj, name), Base64Text)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", " :\n\t")])
def test_a_partial_image(separators: tuple[str, str]) -> None:
    wire = json.dumps(partial(extra="x"), separators=separators).encode()
    event = models.decode_event(wire)
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    assert is_lazy(event, "partial_image_b64")
    assert event.image_bytes() == RAW
    assert event.partial_image_b64 == B64
    assert models.encode(event) == wire
    assert models.unknown_fields(event) == {"extra": "x"}
    assert B64 not in repr(event)


@pytest.mark.parametrize(("item", "field"), [(CALL, "result"), (ROUTED, "image_b64")])
def test_a_finished_item(item: dict[str, Any], field: str) -> None:
    wire = json.dumps({"type": "response.output_item.done", "output_index": 0, "item": item})
    event = models.decode_event(wire.encode())
    assert isinstance(event, models.OutputItemDoneEvent)
    picture = event.item
    assert isinstance(
        picture, models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem
    )
    assert is_lazy(picture, field)
    assert picture.image_bytes() == RAW


def test_several_in_one_response() -> None:
    response = {**RESPONSE, "output": [CALL, {**CALL, "id": "j"}, ROUTED]}
    event = models.decode_event(
        json.dumps({"type": "response.completed", "response": response}).encode()
    )
    assert isinstance(event, models.CompletedEvent)
    items = event.response.output
    assert [getattr(item, "image_bytes")() for item in items] == [RAW] * 3  # noqa: B009
    assert is_lazy(items[0], "result")


def test_the_images_apis() -> None:
    body = json.dumps({"created": 1, "data": [{"b64_json": B64}, {"b64_json": B64}]}).encode()
    answer = models.decode(models.ImagesResponse, body)
    assert isinstance(answer.data, list)
    assert [image.image_bytes() for image in answer.data] == [RAW, RAW]
    assert is_lazy(answer.data[0], "b64_json")
    assert models.encode(answer) == body


def test_a_small_picture_is_plain_text() -> None:
    event = models.decode_event(json.dumps(partial("QUJD")).encode())
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    assert not is_lazy(event, "partial_image_b64")
    assert event.image_bytes() == b"ABC"


@pytest.mark.parametrize(
    "wire",
    [
        json.dumps(partial(data=B64)).encode(),
        json.dumps(partial(result=B64)).encode(),
        json.dumps(partial(nested={"result": B64, "partial_image_b64": B64})).encode(),
        json.dumps(partial("QUJD", result=B64)).encode(),
        json.dumps(partial()).encode()[:-1] + b',"partial_image_b64":"QUJD"}',
        b'{"partial_image_b64":"QUJD",' + json.dumps(partial()).encode()[1:],
        json.dumps(partial(text=json.dumps(partial()))).encode(),
        json.dumps(partial(text='"partial_image_b64":"' + B64)).encode(),
    ],
    ids=["same text", "other key", "nested", "elsewhere", "twice", "twice before", "text", "cut"],
)
def test_the_cut_never_changes_what_is_read(wire: bytes) -> None:
    event = models.decode_event(wire)
    plain = json.loads(wire)
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    assert event.partial_image_b64 == plain["partial_image_b64"]
    assert event.image_bytes() == base64.b64decode(plain["partial_image_b64"])
    assert models.encode(event) == wire
    known = set(partial())
    assert models.unknown_fields(event) == {k: v for k, v in plain.items() if k not in known}


def test_escaped_slashes() -> None:
    wire = json.dumps(partial()).replace("/", "\\/").encode()
    event = models.decode_event(wire)
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    assert event.image_bytes() == RAW
    assert event.partial_image_b64 == B64
    assert models.encode(event) == wire


def test_a_long_string_that_ends_in_an_escaped_quote() -> None:
    wire = json.dumps(partial(B64 + '"tail')).encode()
    event = models.decode_event(wire)
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    assert event.partial_image_b64 == B64 + '"tail'
    with pytest.raises(PictureError, match="partial_image_b64"):
        event.image_bytes()


def test_a_data_url_is_a_picture() -> None:
    item = models.OutputImageGenerationCallItem(
        id="i", status="completed", result="data:image/png;base64,QUJD"
    )
    assert item.image_bytes() == b"ABC"


@pytest.mark.parametrize("result", [None, models.UNSET, "https://example.com/x.png", "QUJ"])
def test_no_picture_is_an_error_of_ours(result: Any) -> None:
    item = models.OutputImageGenerationCallItem(id="i", status="completed", result=result)
    with pytest.raises(PictureError):
        item.image_bytes()


def test_what_json_forbids_in_a_string_is_found_when_it_is_read() -> None:
    wire = json.dumps(partial()).encode().replace(B64[:8].encode(), b"AAAA\nAAA")
    event = models.decode_event(wire)
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    with pytest.raises(PictureError):
        event.image_bytes()
    with pytest.raises(PictureError):
        _ = event.partial_image_b64


def test_another_field_changed_leaves_the_picture_in_place() -> None:
    wire = json.dumps(partial()).encode()
    event = models.decode_event(wire)
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    event.partial_image_index = 2
    assert models.encode(event) == wire.replace(
        b'"partial_image_index": 0', b'"partial_image_index": 2'
    )
    event.partial_image_b64 = "QUJD"
    assert event.image_bytes() == b"ABC"
    assert json.loads(models.encode(event)) == partial("QUJD", partial_image_index=2)


def test_a_picture_moves_to_an_object_built_anew() -> None:
    event = models.decode_event(json.dumps(partial()).encode())
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    item = models.OutputImageGenerationCallItem(
        id="i", status="completed", result=event.partial_image_b64
    )
    assert item.image_bytes() == RAW
    assert json.loads(models.encode(item)) == CALL
    assert models.to_sdk(event)["partialImageB64"] == B64


def test_a_big_picture_is_held_once() -> None:
    b64 = base64.b64encode(bytes(3_000_000))
    wire = json.dumps(partial("@")).encode().replace(b"@", b64)
    models.decode_event(wire)
    tracemalloc.start()
    event = models.decode_event(wire)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(event, models.ImageGenCallPartialImageEvent)
    assert held < 10_000
    assert peak < 20_000
    assert event.image_bytes() == bytes(3_000_000)
