"""Two turns as the agent loops ``openai-agents`` and ``pydantic-ai`` lead them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import agents
import openai
import pydantic_ai
import pytest
from agents.models.openai_responses import OpenAIResponsesModel as AgentsModel
from pydantic_ai.capabilities import NativeTool
from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.native_tools import ImageGenerationTool
from pydantic_ai.providers.openai import OpenAIProvider
from tests.interop.house import ANSWERS, ASK, HOSTED, MODEL, NIGHT, SEEN, STEP_USAGE, House, house


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(tmp_path, monkeypatch) as it:
        yield it


@pytest.fixture
async def client(here: House) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{here.url}/v1"
    async with openai.AsyncOpenAI(api_key="any", base_url=url, max_retries=0) as it:
        yield it


def held(here: House, pictures: list[bytes], steps: int, used: tuple[int, int]) -> None:
    """What both loops must have come to; ``steps`` of the chat model were reported in ``used``."""
    first, second = pictures
    assert second == here.paint.made[-1] != first
    assert first in here.paint.made
    assert here.prompts() == [SEEN, f"{SEEN}, {NIGHT}"]
    assert here.references() == [[], [first]]
    assert here.shown() == [first, second]
    assert set(here.told("call_look")) == {SEEN}
    assert len(here.talk.requests) == 5
    assert used == (steps * STEP_USAGE[0], steps * STEP_USAGE[1])


# openai-agents ------------------------------------------------------------------------------------

QUIET = agents.RunConfig(tracing_disabled=True)


@pytest.fixture
def painter(client: openai.AsyncOpenAI) -> agents.Agent[Any]:
    @agents.function_tool
    def look(window: str) -> str:
        """Looks out of a window."""
        assert window == "north"
        return SEEN

    return agents.Agent(
        name="Painter",
        instructions="Paint what you are asked to.",
        model=AgentsModel(model=MODEL, openai_client=client),
        tools=[look, agents.ImageGenerationTool(tool_config=HOSTED)],  # type: ignore[arg-type]
    )


def drawn(result: Any) -> list[bytes]:
    raw = [item.raw_item for item in result.new_items if item.type == "tool_call_item"]
    found = [item.result for item in raw if item.type == "image_generation_call"]
    return [base64.b64decode(text, validate=True) for text in found]


def spent(*results: Any) -> tuple[int, int]:
    used = [result.context_wrapper.usage for result in results]
    return sum(u.input_tokens for u in used), sum(u.output_tokens for u in used)


async def test_openai_agents_goes_on_by_the_response_s_id(
    here: House, painter: agents.Agent[Any]
) -> None:
    one = await agents.Runner.run(painter, ASK, run_config=QUIET, auto_previous_response_id=True)
    two = await agents.Runner.run(
        painter, NIGHT, run_config=QUIET, previous_response_id=one.last_response_id
    )
    assert (one.final_output, two.final_output) == ANSWERS[1:]
    held(here, [*drawn(one), *drawn(two)], 5, spent(one, two))


async def test_openai_agents_sends_the_items_back(here: House, painter: agents.Agent[Any]) -> None:
    one = await agents.Runner.run(painter, ASK, run_config=QUIET)
    said: Any = [*one.to_input_list(), {"role": "user", "content": NIGHT}]
    two = await agents.Runner.run(painter, said, run_config=QUIET)
    assert (one.final_output, two.final_output) == ANSWERS[1:]
    held(here, [*drawn(one), *drawn(two)], 5, spent(one, two))


async def test_openai_agents_streams(here: House, painter: agents.Agent[Any]) -> None:
    one = agents.Runner.run_streamed(painter, ASK, run_config=QUIET)
    raw = [e.data.type async for e in one.stream_events() if e.type == "raw_response_event"]
    assert "response.image_generation_call.partial_image" in raw
    two = agents.Runner.run_streamed(
        painter, NIGHT, run_config=QUIET, previous_response_id=one.last_response_id
    )
    async for _ in two.stream_events():
        pass
    assert (one.final_output, two.final_output) == ANSWERS[1:]
    held(here, [*drawn(one), *drawn(two)], 5, spent(one, two))


# pydantic-ai --------------------------------------------------------------------------------------


def thinker(client: openai.AsyncOpenAI, **settings: Any) -> pydantic_ai.Agent[None, str]:
    model = OpenAIResponsesModel(MODEL, provider=OpenAIProvider(openai_client=client))
    agent = pydantic_ai.Agent(
        model,
        instructions="Paint what you are asked to.",
        capabilities=[NativeTool(ImageGenerationTool(size="1024x1024"))],
        model_settings=OpenAIResponsesModelSettings(**settings),
    )

    @agent.tool_plain
    def look(window: str) -> str:
        """Looks out of a window."""
        assert window == "north"
        return SEEN

    return agent


def painted(messages: list[Any]) -> list[bytes]:
    parts = [part for message in messages for part in message.parts]
    return [part.content.data for part in parts if isinstance(part, pydantic_ai.FilePart)]


def paid(*results: Any) -> tuple[int, int]:
    used = [result.usage for result in results]
    return sum(u.input_tokens for u in used), sum(u.output_tokens for u in used)


async def test_pydantic_ai_names_the_picture_in_its_history(
    here: House, client: openai.AsyncOpenAI
) -> None:
    agent = thinker(client, openai_send_reasoning_ids=True)
    one = await agent.run(ASK)
    two = await agent.run(NIGHT, message_history=one.all_messages())
    assert (one.output, two.output) == ANSWERS[1:]
    held(here, painted(two.all_messages()), 5, paid(one, two))


async def test_pydantic_ai_goes_on_by_the_response_s_id(
    here: House, client: openai.AsyncOpenAI
) -> None:
    agent = thinker(client, openai_previous_response_id="auto")
    one = await agent.run(ASK)
    two = await agent.run(NIGHT, message_history=one.all_messages())
    assert (one.output, two.output) == ANSWERS[1:]
    held(here, painted(two.all_messages()), 5, paid(one, two))


async def test_pydantic_ai_streams(here: House, client: openai.AsyncOpenAI) -> None:
    seen: list[Any] = []

    async def watch(_: Any, events: AsyncIterable[Any]) -> None:
        seen.extend([event async for event in events])

    agent = thinker(client, openai_previous_response_id="auto")
    one = await agent.run(ASK, event_stream_handler=watch)
    two = await agent.run(NIGHT, message_history=one.all_messages(), event_stream_handler=watch)
    assert (one.output, two.output) == ANSWERS[1:]
    files = [
        event.part.content.data
        for event in seen
        if event.event_kind == "part_start" and isinstance(event.part, pydantic_ai.FilePart)
    ]
    assert files == painted(two.all_messages())
    held(here, files, 5, paid(one, two))
