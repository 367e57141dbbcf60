"""Edits by the embedded illustrator, through every door that a picture can come in by."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from PIL import Image, ImageChops
from tests.server.kit import MODEL, running

from heliograph.providers.image.illustrator import Illustrator

SIZE = "256x256"
TOOL = {"type": "image_generation", "size": SIZE}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    with running(Illustrator()) as here, httpx2.Client(base_url=here.url, timeout=60) as client:
        yield client


def drawn(http: httpx2.Client, given: Any, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The response and its picture's item."""
    body = {"model": MODEL, "input": given, "tools": [TOOL], **more}
    made = http.post("/v1/responses", json=body)
    assert made.status_code == 200, made.text
    [item] = made.json()["output"]
    assert item["status"] == "completed", item
    return made.json(), item


def opened(text: str) -> Image.Image:
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return image.convert("RGB")


def apart(one: str, other: str, box: tuple[int, int, int, int] = (0, 0, 256, 256)) -> float:
    a, b = opened(one).crop(box), opened(other).crop(box)
    different = ImageChops.difference(a, b).convert("L").point(lambda v: 255 if v else 0)
    return different.histogram()[255] / (a.width * a.height)


def data_url(text: str) -> str:
    return f"data:image/png;base64,{text}"


def mask(hole: tuple[int, int, int, int]) -> str:
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), hole)
    out = io.BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def words(text: str) -> dict[str, Any]:
    return {"type": "input_text", "text": text}


def test_a_conversation_edits_its_newest_picture(http: httpx2.Client) -> None:
    first, fox = drawn(http, "a red fox in a meadow")
    second, blue = drawn(http, "make the fox blue", previous_response_id=first["id"])
    _, night = drawn(http, "make it night", previous_response_id=second["id"])
    assert blue["revised_prompt"] == "a red fox in a meadow, make the fox blue"
    assert blue["action"] == "edit"
    assert 0 < apart(fox["result"], blue["result"]) < 0.5
    assert apart(fox["result"], blue["result"], (0, 0, 256, 60)) == 0
    assert night["revised_prompt"].endswith("make the fox blue, make it night")
    assert apart(night["result"], blue["result"]) > 0.5


def test_items_sent_back_do_the_same(http: httpx2.Client) -> None:
    first, fox = drawn(http, "a red fox in a meadow")
    _, stored = drawn(http, "make it night", previous_response_id=first["id"])
    given = [user(words("a red fox in a meadow")), fox, user(words("make it night"))]
    _, sent = drawn(http, given, store=False)
    assert sent["result"] == stored["result"]


def test_the_images_apis_do_the_same(http: httpx2.Client) -> None:
    first, fox = drawn(http, "a red fox in a meadow")
    _, stored = drawn(http, "make it night", previous_response_id=first["id"])
    files = {"image": ("fox.png", base64.b64decode(fox["result"]), "image/png")}
    made = http.post("/v1/images/edits", data={"prompt": "make it night"}, files=files)
    assert made.status_code == 200, made.text
    assert made.json()["data"][0]["b64_json"] == stored["result"]
    reference = {"type": "image_url", "image_url": {"url": data_url(fox["result"])}}
    body = {
        "model": "heliograph/illustrator",
        "prompt": "make it night",
        "input_references": [reference],
    }
    made = http.post("/api/v1/images", json=body)
    assert made.status_code == 200, made.text
    assert made.json()["data"][0]["b64_json"] == stored["result"]


def test_masks_limit_the_change_in_both_apis(http: httpx2.Client) -> None:
    first, fox = drawn(http, "a red fox in a meadow")
    top, rest = (0, 0, 256, 100), (0, 100, 256, 256)
    tool = TOOL | {"input_image_mask": {"image_url": data_url(mask(top))}}
    _, made = drawn(http, "make it night", previous_response_id=first["id"], tools=[tool])
    assert apart(made["result"], fox["result"], top) > 0.9
    assert apart(made["result"], fox["result"], rest) == 0
    files = {
        "image": ("fox.png", base64.b64decode(fox["result"]), "image/png"),
        "mask": ("mask.png", base64.b64decode(mask(top)), "image/png"),
    }
    answer = http.post("/v1/images/edits", data={"prompt": "make it night"}, files=files)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][0]["b64_json"] == made["result"]


def test_a_picture_in_a_message_becomes_the_backdrop(http: httpx2.Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), (200, 120, 40)).save(out, "PNG")
    picture = base64.b64encode(out.getvalue()).decode()
    given = [user(words("add a red fox"), {"type": "input_image", "image_url": data_url(picture)})]
    _, made = drawn(http, given)
    assert opened(made["result"]).getpixel((3, 3)) == (200, 120, 40)
    assert apart(made["result"], picture) > 0.05


def test_generate_draws_anew_and_a_bad_mask_fails_by_name(http: httpx2.Client) -> None:
    first, _ = drawn(http, "a red fox in a meadow")
    _, cat = drawn(http, "a cat")
    tool = TOOL | {"action": "generate"}
    _, made = drawn(http, "a cat", previous_response_id=first["id"], tools=[tool])
    assert made["result"] == cat["result"]
    opaque = io.BytesIO()
    Image.new("RGB", (256, 256)).save(opaque, "PNG")
    bad = data_url(base64.b64encode(opaque.getvalue()).decode())
    tool = TOOL | {"input_image_mask": {"image_url": bad}}
    body = {
        "model": MODEL,
        "input": "make it night",
        "previous_response_id": first["id"],
        "tools": [tool],
    }
    [item] = http.post("/v1/responses", json=body).json()["output"]
    assert item["status"] == "failed"
    assert item["error"]["param"] == "tools[0].input_image_mask"
    assert "no transparency" in item["error"]["message"]
