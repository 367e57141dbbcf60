"""Two turns on one picture, as the real ``openai`` and ``openrouter`` packages make them."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import openai
import openrouter
import pytest
from PIL import Image
from tests.server.kit import MODEL, Running

from heliograph import lifecycle, models

SCENE = "a red fox on a hill"
NIGHT = "make it night"
TOOL: Any = {"type": "image_generation", "size": "256x256", "partial_images": 1}


@pytest.fixture
def client(shared: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=f"{shared.url}/v1", max_retries=0) as it:
        yield it


@pytest.fixture
def router(shared: Running) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key="any", server_url=f"{shared.url}/api/v1") as it:
        yield it


def result(response: Any) -> bytes:
    (item,) = [i for i in response.output if i.type == "image_generation_call"]
    return base64.b64decode(item.result, validate=True)


def assert_edited(first: bytes, second: bytes) -> None:
    """The second picture is another one, drawn from the first's scene."""
    assert first != second
    with Image.open(io.BytesIO(second)) as image:
        recipe = json.loads(image.info["heliograph"])
    assert recipe["prompt"] == SCENE
    assert [words for words, _ in recipe["edits"]] == [NIGHT]


def test_openai_goes_on_by_the_response_s_id(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input=SCENE, tools=[TOOL])
    with client.responses.create(
        model=MODEL, input=NIGHT, tools=[TOOL], previous_response_id=first.id, stream=True
    ) as stream:
        events: list[Any] = list(stream)
    wire = [models.decode_event(event.to_json().encode()) for event in events]
    assert not lifecycle.check(wire).violations
    final = events[-1].response
    assert final.previous_response_id == first.id
    assert_edited(result(first), result(final))
    items: list[Any] = list(client.responses.input_items.list(final.id, limit=1, order="asc"))
    assert [item.type for item in items] == ["message", "image_generation_call", "message"]
    assert base64.b64decode(items[1].result) == result(first)
    assert items[2].content[0].text == NIGHT


def test_openai_may_name_the_picture(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input=SCENE, tools=[TOOL])
    (item,) = first.output
    assert item.type == "image_generation_call"
    given: Any = [
        {"role": "user", "content": NIGHT},
        {"type": "item_reference", "id": item.id},
    ]
    second = client.responses.create(model=MODEL, input=given, tools=[TOOL])
    assert_edited(result(first), result(second))


def test_openai_learns_that_a_link_is_gone(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input=SCENE, tools=[TOOL])
    client.responses.delete(first.id)
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=MODEL, input=NIGHT, previous_response_id=first.id)
    assert refused.value.code == "previous_response_not_found"
    assert refused.value.param == "previous_response_id"


def test_openai_retries_with_one_key(client: openai.OpenAI) -> None:
    headers = {"Idempotency-Key": "two tries"}
    tries = [
        client.responses.create(model=MODEL, input=SCENE, tools=[TOOL], extra_headers=headers)
        for _ in range(2)
    ]
    assert tries[0] == tries[1]
    with pytest.raises(openai.ConflictError):
        client.responses.create(model=MODEL, input=NIGHT, extra_headers=headers)


def test_openrouter_goes_on_by_sending_the_items_back(router: openrouter.OpenRouter) -> None:
    first: Any = router.beta.responses.send(model=MODEL, input=SCENE, tools=[TOOL])
    items = [item.model_dump(by_alias=True, exclude_unset=True) for item in first.output]
    given: Any = [
        {"type": "message", "role": "user", "content": SCENE},
        *items,
        {"type": "message", "role": "user", "content": NIGHT},
    ]
    with router.beta.responses.send(model=MODEL, input=given, tools=[TOOL], stream=True) as stream:
        events: list[Any] = list(stream)
    assert events[-1].type == "response.completed"
    assert_edited(result(first), result(events[-1].response))
