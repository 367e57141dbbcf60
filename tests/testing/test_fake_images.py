"""The fake of the Images APIs: what the official clients make of it, and its own refusals."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx2
import openai
import openrouter
import pytest
from openrouter import errors
from PIL import Image

from heliograph import models
from heliograph.testing import FakeImages
from heliograph.testing._fakes._pictures import make_picture

PNG = make_picture("reference", 0, 16, 16, "png")


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "", validate=True)


def client_of(fake: FakeImages) -> openai.OpenAI:
    return openai.OpenAI(api_key="any", base_url=fake.openai_url, max_retries=0)


def router_of(fake: FakeImages) -> openrouter.OpenRouter:
    return openrouter.OpenRouter(api_key="any", server_url=fake.openrouter_url)


def test_openai_s_client_generates_and_edits() -> None:
    with FakeImages(revised_prompt="better") as fake, client_of(fake) as client:
        whole = client.images.generate(model="m", prompt="a fox", size="48x32", n=2)
        assert whole.data is not None
        assert [decoded(image.b64_json) for image in whole.data] == fake.made
        assert whole.data[0].revised_prompt == "better"
        assert Image.open(io.BytesIO(fake.made[0])).size == (48, 32)
        assert whole.usage is not None
        assert whole.usage.input_tokens_details.text_tokens == 2
        edit = client.images.edit(
            model="m", image=("a.png", PNG, "image/png"), prompt="x", stream=True, partial_images=2
        )
        kinds = [event.type.partition(".")[2] for event in edit]
        assert kinds == ["partial_image", "partial_image", "completed"]
        assert ("image", PNG) in fake.requests[-1].form()


def test_openrouter_s_client_generates_whole_and_streamed() -> None:
    with FakeImages(text_chunks=1) as fake, router_of(fake) as router:
        whole = router.images.generate(model="m", prompt="x", aspect_ratio="16:9", resolution="512")
        assert decoded(whole.data[0].b64_json) == fake.made[0]
        assert whole.usage is not None
        assert whole.usage.cost == 0.04
        with router.images.generate(model="m", prompt="x", size="32x32", stream=True) as stream:
            events: list[Any] = list(stream)
        kinds = [event.type.partition(".")[2] for event in events]
        assert kinds == ["text_chunk", *["partial_image"] * 3, "completed"]
        assert router.images.list_models().data[0].supports_streaming


def test_every_event_is_what_its_api_requires() -> None:
    body = {"model": "m", "prompt": "x", "size": "8x8", "stream": True}
    with FakeImages(text_chunks=1) as fake:
        for url, more in (
            (f"{fake.openai_url}/images/generations", {"partial_images": 1}),
            (f"{fake.openrouter_url}/images", {}),
        ):
            text = httpx2.post(url, json=body | more).text
            lines = [line[6:].encode() for line in text.splitlines() if line.startswith("data: ")]
            if url.startswith(fake.openrouter_url):
                assert lines.pop() == b"[DONE]"
            for line in lines:
                assert models.decode_image_event(line).type in models.IMAGE_EVENTS


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": "x"}, "model"),
        ({"prompt": "x", "model": "m", "seed": 1}, "seed"),
        ({"prompt": "x", "model": "m", "size": "9999x9"}, "size"),
        ({"prompt": "x", "model": "m", "quality": "best"}, "quality"),
        ({"prompt": "x", "model": "m", "output_compression": 5}, "output_compression"),
        (
            {"prompt": "x", "model": "m", "output_format": "jpeg", "background": "transparent"},
            "background",
        ),
    ],
)
def test_what_the_api_refuses_the_fake_refuses(body: dict[str, Any], param: str) -> None:
    with FakeImages() as fake:
        answer = httpx2.post(f"{fake.openai_url}/images/generations", json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert fake.made == []


def test_a_key_and_a_path_are_checked_in_each_shape() -> None:
    with FakeImages(key="k") as fake, client_of(fake) as client, router_of(fake) as router:
        with pytest.raises(openai.AuthenticationError):
            client.images.generate(model="m", prompt="x")
        with pytest.raises(errors.UnauthorizedResponseError):
            router.images.generate(model="m", prompt="x")
    with FakeImages() as fake:
        assert httpx2.get(f"{fake.openai_url}/images/nothing").status_code == 404


def test_failures_come_as_the_clients_know_them() -> None:
    with FakeImages(status=429, retry_after=3, times=1) as fake, client_of(fake) as client:
        with pytest.raises(openai.RateLimitError) as limited:
            client.images.generate(model="m", prompt="x")
        assert limited.value.response.headers["retry-after"] == "3"
        assert client.images.generate(model="m", prompt="x", size="8x8").data
        fake.set(error_at=1, error={"message": "sorry"})
        stream = client.images.generate(model="m", prompt="x", stream=True, partial_images=2)
        assert next(stream).type == "image_generation.partial_image"
        with pytest.raises(openai.APIError, match="sorry"):
            next(stream)
    with (
        FakeImages(status=500) as fake,
        router_of(fake) as router,
        pytest.raises(errors.InternalServerResponseError),
    ):
        router.images.generate(model="m", prompt="x", retries=None)


def test_links_point_to_the_picture() -> None:
    with FakeImages(links=True) as fake, client_of(fake) as client:
        made = client.images.generate(model="m", prompt="x", size="8x8")
        assert made.data is not None
        assert httpx2.get(made.data[0].url or "").content == fake.made[0]
        assert httpx2.get(f"{fake.url}/pictures/9").status_code == 404
