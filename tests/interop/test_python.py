"""The real ``openai`` and ``openrouter`` packages draw a picture over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import openrouter
import pytest
from openrouter import components, errors
from tests.server.kit import MODEL, Running, digest

PROMPT = "a red fox under the moon"
TOOL: Any = {"type": "image_generation", "size": "256x256", "partial_images": 2}
PARTIAL = "response.image_generation_call.partial_image"
KINDS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.image_generation_call.in_progress",
    "response.image_generation_call.generating",
    PARTIAL,
    PARTIAL,
    "response.image_generation_call.completed",
    "response.output_item.done",
]


def sha(text: str | None) -> str:
    assert text
    return digest(base64.b64decode(text, validate=True))


def picture(response: Any) -> str:
    (item,) = [i for i in response.output if i.type == "image_generation_call"]
    return sha(item.result)


@pytest.fixture
def client(shared: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=f"{shared.url}/v1", max_retries=0) as it:
        yield it


@pytest.fixture
async def aclient(shared: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{shared.url}/v1"
    async with openai.AsyncOpenAI(api_key="any", base_url=url, max_retries=0) as it:
        yield it


@pytest.fixture
def router(shared: Running) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key="any", server_url=f"{shared.url}/api/v1") as it:
        yield it


def test_openai_streams_a_picture(shared: Running, client: openai.OpenAI) -> None:
    with client.responses.create(model=MODEL, input=PROMPT, tools=[TOOL], stream=True) as stream:
        events = list(stream)
    assert [e.type for e in events][: len(KINDS)] == KINDS
    assert [e.sequence_number for e in events] == list(range(len(events)))
    final: Any = events[-1]
    assert final.type == "response.completed"
    assert final.response.usage.total_tokens >= 0
    made = picture(final.response)
    partials = [sha(e.partial_image_b64) for e in events if e.type == PARTIAL]
    assert shared.painter.made[-3:] == [*partials, made]
    assert picture(client.responses.retrieve(final.response.id)) == made
    resumed = list(client.responses.retrieve(final.response.id, stream=True, starting_after=4))
    assert [e.to_json() for e in resumed] == [e.to_json() for e in events[5:]]
    client.responses.delete(final.response.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(final.response.id)


def test_openai_s_stream_helper_folds_the_same_picture(
    shared: Running, client: openai.OpenAI
) -> None:
    with client.responses.stream(model=MODEL, input=PROMPT, tools=[TOOL]) as stream:
        for _ in stream:
            pass
        assert picture(stream.get_final_response()) == shared.painter.made[-1]


def test_openai_waits_for_a_picture(shared: Running, client: openai.OpenAI) -> None:
    response = client.responses.create(model=MODEL, input=PROMPT, tools=[TOOL])
    assert picture(response) == shared.painter.made[-1]


async def test_openai_s_async_client_draws_in_the_background(
    shared: Running, aclient: openai.AsyncOpenAI
) -> None:
    queued = await aclient.responses.create(
        model=MODEL, input=PROMPT, tools=[TOOL], background=True
    )
    assert queued.status in ("queued", "in_progress")
    stream = await aclient.responses.retrieve(queued.id, stream=True)
    events: list[Any] = [event async for event in stream]
    assert picture(events[-1].response) == shared.painter.made[-1]
    assert (await aclient.responses.cancel(queued.id)).status == "completed"


def test_openai_raises_its_own_errors(client: openai.OpenAI, shared: Running) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=MODEL, input=PROMPT, tools=[{**TOOL, "partial_images": 4}])
    assert refused.value.param == "tools[0].partial_images"
    assert refused.value.type == "invalid_request_error"
    assert refused.value.request_id
    assert refused.value.request_id.startswith("req_")
    with pytest.raises(openai.BadRequestError) as empty:
        client.responses.create(model=MODEL, input="", tools=[TOOL])
    assert empty.value.param == "input"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(model="nobody/nothing", input=PROMPT)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as missing:
        client.responses.retrieve("resp_missing")
    assert missing.value.param == "response_id"
    with pytest.raises(openai.APIStatusError) as large:
        client.responses.create(model=MODEL, input="x" * (33 * 1024 * 1024))
    assert large.value.status_code == 413


def test_openai_lists_models(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).owned_by


def test_openrouter_streams_a_picture(shared: Running, router: openrouter.OpenRouter) -> None:
    with router.beta.responses.send(model=MODEL, input=PROMPT, tools=[TOOL], stream=True) as stream:
        events: list[Any] = list(stream)
    assert [e.type for e in events][: len(KINDS)] == KINDS
    assert events[-1].type == "response.completed"
    partials = [sha(e.partial_image_b64) for e in events if e.type == PARTIAL]
    assert shared.painter.made[-3:] == [*partials, picture(events[-1].response)]


def test_openrouter_waits_for_a_picture(shared: Running, router: openrouter.OpenRouter) -> None:
    response = router.beta.responses.send(model=MODEL, input=PROMPT, tools=[TOOL])
    assert picture(response) == shared.painter.made[-1]


def test_openrouter_raises_its_own_errors(router: openrouter.OpenRouter) -> None:
    tool = {**TOOL, "partial_images": 4}
    with pytest.raises(errors.BadRequestResponseError) as refused:
        router.beta.responses.send(model=MODEL, input=PROMPT, tools=[tool])
    assert refused.value.data.error.code == 400
    assert refused.value.data.error.metadata is not None
    assert refused.value.data.error.metadata["param"] == "tools[0].partial_images"
    with pytest.raises(errors.NotFoundResponseError) as unknown:
        router.beta.responses.send(model="nobody/nothing", input=PROMPT)
    assert unknown.value.data.error.metadata["param"] == "model"
    with pytest.raises(errors.PayloadTooLargeResponseError):
        router.beta.responses.send(model=MODEL, input="x" * (33 * 1024 * 1024))


def test_openrouter_lists_models(router: openrouter.OpenRouter) -> None:
    listed = router.models.list().result
    assert isinstance(listed.data[0], components.Model)
    assert MODEL in [model.id for model in listed.data]
