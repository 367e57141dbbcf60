"""Two turns as the ``openai`` and ``openrouter`` packages and our client lead them.

A word, a function, a picture, and the same picture by night: over real HTTP, with a chat upstream
and an image upstream that keep what they were asked.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openai
import openrouter
import pytest
from tests.interop.house import (
    ANSWERS,
    ASK,
    HOSTED,
    LOOK,
    MODEL,
    NIGHT,
    SEEN,
    STEP_USAGE,
    House,
    house,
)

from heliograph import lifecycle, models
from heliograph.client import AsyncHeliograph, Heliograph

TOOLS: Any = [LOOK, HOSTED]
PICTURES = ("image_generation_call", "openrouter:image_generation")


@pytest.fixture(params=["openai", "openrouter"])
def here(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    with house(tmp_path, monkeypatch, request.param) as it:
        yield it


class Led(NamedTuple):
    """A conversation's three responses, in the client's own types."""

    responses: list[Any]

    @property
    def words(self) -> list[str]:
        return [
            "".join(
                part.text for item in r.output if item.type == "message" for part in item.content
            )
            for r in self.responses
        ]

    @property
    def pictures(self) -> list[bytes]:
        return [
            base64.b64decode(item.result, validate=True)
            for response in self.responses
            for item in response.output
            if item.type in PICTURES
        ]


def held(here: House, led: Led) -> None:
    """What every client must have come to."""
    assert [response.status for response in led.responses] == ["completed"] * 3
    assert led.words == list(ANSWERS)
    first, second = led.pictures
    assert second == here.paint.made[-1] != first
    assert first in here.paint.made
    assert here.prompts() == [SEEN, f"{SEEN}, {NIGHT}"]
    assert here.references() == [[], [first]]
    assert here.shown() == [first, second]
    assert set(here.told("call_look")) == {SEEN}
    assert len(here.talk.requests) == 5
    given, written, _ = STEP_USAGE
    for response, steps in zip(led.responses, (1, 2, 2), strict=True):
        used = response.usage
        assert (used.input_tokens, used.output_tokens) == (steps * given, steps * written)
        assert used.total_tokens == steps * (given + written)


def looked(response: Any) -> dict[str, Any]:
    """The function's answer, as the client gives it."""
    (call,) = [item for item in response.output if item.type == "function_call"]
    assert (call.name, call.arguments) == ("look", '{"window": "north"}')
    return {"type": "function_call_output", "call_id": call.call_id, "output": SEEN}


def by_id(ask: Callable[..., Any]) -> Led:
    """The conversation by ``previous_response_id``."""
    first = ask(input=ASK)
    second = ask(input=[looked(first)], previous_response_id=first.id)
    third = ask(input=NIGHT, previous_response_id=second.id)
    assert (second.previous_response_id, third.previous_response_id) == (first.id, second.id)
    return Led([first, second, third])


async def by_id_async(ask: Callable[..., Awaitable[Any]]) -> Led:
    first = await ask(input=ASK)
    second = await ask(input=[looked(first)], previous_response_id=first.id)
    third = await ask(input=NIGHT, previous_response_id=second.id)
    return Led([first, second, third])


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": text}


def plain(response: Any) -> list[dict[str, Any]]:
    """A response's items as JSON, to be sent back."""
    return [
        item.model_dump(mode="json", by_alias=True, exclude_unset=True) for item in response.output
    ]


def by_items(ask: Callable[..., Any]) -> Led:
    """The conversation by sending every item back, nothing stored."""
    said: list[Any] = [user(ASK)]
    first = ask(input=said)
    said += [*plain(first), looked(first)]
    second = ask(input=said)
    said += [*plain(second), user(NIGHT)]
    return Led([first, second, ask(input=said)])


async def by_items_async(ask: Callable[..., Awaitable[Any]]) -> Led:
    said: list[Any] = [user(ASK)]
    first = await ask(input=said)
    said += [*plain(first), looked(first)]
    second = await ask(input=said)
    said += [*plain(second), user(NIGHT)]
    return Led([first, second, await ask(input=said)])


def checked(events: list[Any]) -> Any:
    """The response at a stream's end; what the client read keeps the protocol."""
    wire = [models.decode_event(event.to_json().encode()) for event in events]
    assert not lifecycle.check(wire).violations
    return events[-1].response


# openai, by the response's id ---------------------------------------------------------------------


@pytest.fixture
def client(here: House) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as it:
        yield it


def test_openai_waits(here: House, client: openai.OpenAI) -> None:
    led = by_id(lambda **asked: client.responses.create(model=MODEL, tools=TOOLS, **asked))
    held(here, led)
    assert led.responses[2].output_text == ANSWERS[2]


def test_openai_streams(here: House, client: openai.OpenAI) -> None:
    def ask(**asked: Any) -> Any:
        with client.responses.create(model=MODEL, tools=TOOLS, stream=True, **asked) as stream:
            return checked(list(stream))

    held(here, by_id(ask))


def test_openai_s_stream_helper(here: House, client: openai.OpenAI) -> None:
    def ask(**asked: Any) -> Any:
        with client.responses.stream(model=MODEL, tools=TOOLS, **asked) as stream:
            words = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
            final = stream.get_final_response()
        assert final.output_text == words
        return final

    held(here, by_id(ask))


def test_openai_sends_the_items_back(here: House, client: openai.OpenAI) -> None:
    def ask(**asked: Any) -> Any:
        return client.responses.create(model=MODEL, tools=TOOLS, store=False, **asked)

    held(here, by_items(ask))


async def test_openai_s_async_client_waits_and_streams(here: House) -> None:
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as it:

        async def ask(**asked: Any) -> Any:
            if "previous_response_id" not in asked:
                return await it.responses.create(model=MODEL, tools=TOOLS, **asked)
            made: Any = it.responses.create(model=MODEL, tools=TOOLS, stream=True, **asked)
            async with await made as stream:
                return checked([event async for event in stream])

        held(here, await by_id_async(ask))


async def test_openai_s_async_stream_helper(here: House) -> None:
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as it:

        async def ask(**asked: Any) -> Any:
            async with it.responses.stream(model=MODEL, tools=TOOLS, **asked) as stream:
                async for _ in stream:
                    pass
                return await stream.get_final_response()

        held(here, await by_id_async(ask))


# openrouter, by sending the items back ------------------------------------------------------------


@pytest.fixture
def router(here: House) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key="any", server_url=f"{here.url}/api/v1") as it:
        yield it


def test_openrouter_waits(here: House, router: openrouter.OpenRouter) -> None:
    send: Any = router.beta.responses.send
    held(here, by_items(lambda **asked: send(model=MODEL, tools=TOOLS, **asked)))


def test_openrouter_streams(here: House, router: openrouter.OpenRouter) -> None:
    send: Any = router.beta.responses.send

    def ask(**asked: Any) -> Any:
        with send(model=MODEL, tools=TOOLS, stream=True, **asked) as stream:
            return list(stream)[-1].response

    held(here, by_items(ask))


async def test_openrouter_s_async_methods(here: House, router: openrouter.OpenRouter) -> None:
    send: Any = router.beta.responses.send_async

    async def ask(**asked: Any) -> Any:
        if len(asked["input"]) == 1:
            return await send(model=MODEL, tools=TOOLS, **asked)
        async with await send(model=MODEL, tools=TOOLS, stream=True, **asked) as stream:
            return [event async for event in stream][-1].response

    async with router:
        held(here, await by_items_async(ask))


# ours, either way ---------------------------------------------------------------------------------


def test_ours_waits_and_streams(here: House) -> None:
    with Heliograph(api_key="any", base_url=f"{here.url}/v1") as it:

        def ask(**asked: Any) -> Any:
            if "previous_response_id" not in asked:
                return it.responses.create(model=MODEL, tools=TOOLS, **asked)
            with it.responses.stream(model=MODEL, tools=TOOLS, **asked) as stream:
                return stream.get_final_response()

        held(here, by_id(ask))


async def test_ours_sends_typed_items_back(here: House) -> None:
    async with AsyncHeliograph(api_key="any", base_url=f"{here.url}/v1") as it:

        async def ask(said: list[Any]) -> Any:
            return await it.responses.create(model=MODEL, tools=TOOLS, input=said, store=False)

        said: list[Any] = [models.InputMessage(role="user", content=ASK)]
        first = await ask(said)
        said += [*first.output, looked(first)]
        second = await ask(said)
        said += [*second.output, user(NIGHT)]
        held(here, Led([first, second, await ask(said)]))


# what the pictures cost ---------------------------------------------------------------------------


def test_the_usage_of_pictures_is_reported(here: House, client: openai.OpenAI) -> None:
    led = by_id(lambda **asked: client.responses.create(model=MODEL, tools=TOOLS, **asked))
    words = len(SEEN.split())
    pixels = 256 * 256 // 1024
    used = [response.to_dict().get("tool_usage") for response in led.responses]
    assert used[0] is None
    assert used[1]["image_gen"]["input_tokens"] == words
    assert used[1]["image_gen"]["output_tokens"] == pixels
    assert used[2]["image_gen"]["output_tokens"] == pixels
    cost = [response.usage.to_dict().get("cost") for response in led.responses]
    assert cost == ([None, 0.04, 0.04] if here.wire == "openrouter" else [None] * 3)
