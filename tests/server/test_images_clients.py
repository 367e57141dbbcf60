"""The real ``openai`` and ``openrouter`` packages draw through the Images APIs."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import openrouter
import pytest
from openrouter import errors as router_errors
from PIL import Image
from tests.server.kit import Recorder, Running, digest, running

from heliograph import providers
from heliograph.providers.image import (
    OpenAIImages,
    OpenAIImagesSettings,
    OpenRouterImages,
    OpenRouterImagesSettings,
)
from heliograph.providers.image.illustrator import MODEL, Illustrator
from heliograph.testing import FakeImages

PROMPT = "a red fox under the moon"


def sha(text: str | None) -> str:
    assert text
    return digest(base64.b64decode(text, validate=True))


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with running(Recorder(Illustrator())) as server:
        yield server


@pytest.fixture
def client(here: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as it:
        yield it


@pytest.fixture
async def aclient(here: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{here.url}/v1"
    async with openai.AsyncOpenAI(api_key="any", base_url=url, max_retries=0) as it:
        yield it


@pytest.fixture
def router(here: Running) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key="any", server_url=f"{here.url}/api/v1") as it:
        yield it


def test_openai_generates(here: Running, client: openai.OpenAI) -> None:
    made = client.images.generate(prompt=PROMPT, model=MODEL, size="320x256", quality="low")
    assert made.data is not None
    assert sha(made.data[0].b64_json) == here.painter.made[-1]
    assert (made.size, made.output_format, made.quality) == ("320x256", "png", "low")
    picture = Image.open(io.BytesIO(base64.b64decode(made.data[0].b64_json or "")))
    assert picture.size == (320, 256)


def test_openai_generates_several(here: Running, client: openai.OpenAI) -> None:
    made = client.images.generate(prompt=PROMPT, n=2, size="256x256", output_format="webp")
    assert made.data is not None
    assert {sha(image.b64_json) for image in made.data} == set(here.painter.made[-2:])
    assert len(set(here.painter.made[-2:])) == 2


def test_openai_streams_a_generation(here: Running, client: openai.OpenAI) -> None:
    stream = client.images.generate(
        prompt=PROMPT, stream=True, partial_images=2, size="256x256", output_format="jpeg"
    )
    events: list[Any] = list(stream)
    kinds = ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [event.type for event in events] == kinds
    assert [sha(event.b64_json) for event in events] == here.painter.made[-3:]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert events[-1].usage.total_tokens == 0
    assert (events[-1].size, events[-1].output_format) == ("256x256", "jpeg")


async def test_openai_s_async_client_edits_a_picture(
    here: Running, aclient: openai.AsyncOpenAI
) -> None:
    first = await aclient.images.generate(prompt=PROMPT, size="256x256")
    assert first.data is not None
    data = base64.b64decode(first.data[0].b64_json or "")
    file = ("fox.png", data, "image/png")
    whole = await aclient.images.edit(image=file, prompt="at night", size="256x256")
    assert whole.data is not None
    assert sha(whole.data[0].b64_json) == here.painter.made[-1]
    assert here.painter.made[-1] != digest(data)
    stream = await aclient.images.edit(
        image=[file, file], prompt="in snow", size="256x256", stream=True, partial_images=1
    )
    events: list[Any] = [event async for event in stream]
    assert [event.type for event in events] == [
        "image_edit.partial_image",
        "image_edit.completed",
    ]
    assert [sha(event.b64_json) for event in events] == here.painter.made[-2:]


def test_openai_raises_its_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(prompt=PROMPT, size="9999x9")
    assert refused.value.param == "size"
    with pytest.raises(openai.BadRequestError) as streamed:
        client.images.generate(prompt=PROMPT, size="9999x9", stream=True)
    assert streamed.value.param == "size"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.images.generate(prompt=PROMPT, model="nobody/nothing")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as broken:
        client.images.edit(image=("x.png", b"no picture", "image/png"), prompt=PROMPT)
    assert broken.value.param == "image"


def test_openrouter_generates(here: Running, router: openrouter.OpenRouter) -> None:
    made = router.images.generate(model=MODEL, prompt=PROMPT, size="256x256", seed=4)
    assert sha(made.data[0].b64_json) == here.painter.made[-1]
    assert made.data[0].media_type == "image/png"
    again = router.images.generate(
        model=MODEL,
        prompt="at night",
        size="256x256",
        input_references=[
            {
                "type": "image_url",
                "image_url": {"url": "data:image/png;base64," + made.data[0].b64_json},
            }
        ],
    )
    assert sha(again.data[0].b64_json) == here.painter.made[-1]


def test_openrouter_streams_a_generation(here: Running, router: openrouter.OpenRouter) -> None:
    with router.images.generate(model=MODEL, prompt=PROMPT, size="256x256", stream=True) as stream:
        events: list[Any] = list(stream)
    assert [event.type for event in events] == [
        *["image_generation.partial_image"] * 3,
        "image_generation.completed",
    ]
    assert [sha(event.b64_json) for event in events] == here.painter.made[-4:]


def test_openrouter_lists_the_models_that_draw(router: openrouter.OpenRouter) -> None:
    (item,) = router.images.list_models().data
    assert item.id == MODEL
    assert item.supported_parameters["seed"].type == "boolean"
    author, slug = MODEL.split("/")
    record = router.images.list_model_endpoints(author=author, slug=slug)
    assert record.endpoints[0].supports_streaming


def test_openrouter_raises_its_own_errors(router: openrouter.OpenRouter) -> None:
    with pytest.raises(router_errors.BadRequestResponseError) as refused:
        router.images.generate(model=MODEL, prompt=PROMPT, size="9999x9")
    assert refused.value.data.error.metadata is not None
    assert refused.value.data.error.metadata["param"] == "size"
    with pytest.raises(router_errors.NotFoundResponseError):
        router.images.generate(model="nobody/nothing", prompt=PROMPT)


@pytest.mark.parametrize("wire", ["openai", "openrouter"])
def test_a_picture_passes_through_an_upstream_unchanged(wire: str) -> None:
    ours = {"us/painter": "fake/painter"}
    with FakeImages(previews=2) as fake:
        painter: providers.ImageProvider
        if wire == "openai":
            url = fake.openai_url
            told = OpenAIImagesSettings(base_url=url, models=ours, api_key_env=None)
            painter = OpenAIImages(told)
        else:
            url = fake.openrouter_url
            painter = OpenRouterImages(
                OpenRouterImagesSettings(base_url=url, models=ours, api_key_env=None)
            )
        with (
            running(painter) as here,
            openai.OpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as client,
        ):
            events: list[Any] = list(
                client.images.generate(
                    prompt=PROMPT, stream=True, partial_images=2, size="64x64", background="opaque"
                )
            )
            assert [sha(event.b64_json) for event in events] == [digest(d) for d in fake.made]
            assert events[-1].usage.output_tokens == 4
            fake.set(status=429, retry_after=9)
            with pytest.raises(openai.RateLimitError) as limited:
                client.images.generate(prompt=PROMPT)
            assert limited.value.response.headers["retry-after"] == "9"
            fake.set(cut=1)
            stream = client.images.generate(prompt=PROMPT, stream=True, partial_images=2)
            assert next(stream).type == "image_generation.partial_image"
            with pytest.raises(openai.APIError, match="cut"):
                next(stream)
            here.call(painter.aclose())  # type: ignore[attr-defined]
