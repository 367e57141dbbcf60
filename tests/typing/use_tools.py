"""Typed uses of structured outputs and function tools: type checkers read this file, nobody runs
it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, assert_type

import msgspec
import pydantic

from heliograph import AsyncHeliograph, Heliograph, function_tool, models
from heliograph.client import (
    AsyncToolRun,
    ParsedResponse,
    ToolRun,
    custom_tool,
)


class Fox(msgspec.Struct):
    """A Struct."""

    legs: int


@dataclass
class Hen:
    """A dataclass."""

    eggs: int


class Ox(TypedDict):
    """A typed dictionary."""

    weight: float


class Owl(pydantic.BaseModel):
    """A pydantic model."""

    eyes: int


@function_tool
def look(window: str, times: int = 1) -> list[str]:
    """Looks."""
    return [window] * times


@function_tool(name="watch", strict=True)
async def watch(window: str) -> int:
    """Watches."""
    return len(window)


@custom_tool
def shout(text: str) -> str:
    """Shouts."""
    return text.upper()


def tools_are_their_functions() -> None:
    """A tool keeps its function's signature."""
    assert_type(look("north", times=2), list[str])
    assert_type(shout("hey"), str)
    assert_type(look.name, str)
    look(5)  # type: ignore[arg-type]
    look("north", often=2)  # type: ignore[call-arg]
    function_tool(5)  # type: ignore[call-overload]


def parsed(client: Heliograph) -> None:
    """What is asked for is what comes."""
    fox = client.responses.parse(input="a fox", text_format=Fox)
    assert_type(fox, ParsedResponse[Fox])
    assert_type(fox.output_parsed, Fox)
    assert_type(fox.id, str)
    assert_type(client.responses.parse(input="", text_format=Hen).output_parsed, Hen)
    assert_type(client.responses.parse(input="", text_format=Ox).output_parsed, Ox)
    assert_type(client.responses.parse(input="", text_format=Owl).output_parsed, Owl)
    with client.responses.stream(input="a fox", text_format=Fox) as stream:
        for event in stream:
            assert_type(event, models.StreamEvent)
        assert_type(stream.get_final_response().output_parsed, Fox)
        assert_type(stream.response_id, str | None)
    client.responses.parse(input="a fox")  # type: ignore[call-arg]


def run(client: Heliograph) -> None:
    """A run gives the last response, or all events."""
    paint = models.ImageGenerationServerTool()
    response = client.responses.run_tools(input="", tools=[look, shout, paint, {"type": "x"}])
    assert_type(response, models.OpenResponsesResult)
    typed = client.responses.run_tools(input="", tools=[look], text_format=Fox, max_turns=3)
    assert_type(typed.output_parsed, Fox)
    with client.responses.run_tools(input="", tools=[look, shout], stream=True) as events:
        assert_type(events, ToolRun[models.OpenResponsesResult])
        for event in events:
            assert_type(event, models.StreamEvent)
        assert_type(events.get_final_response(), models.OpenResponsesResult)
    both = client.responses.run_tools(input="", tools=[look], stream=True, text_format=Fox)
    assert_type(both.get_final_response().output_parsed, Fox)
    client.responses.run_tools(input="", tool_errors="hide")  # type: ignore[call-overload]


def connected(client: Heliograph) -> None:
    """The same over a WebSocket."""
    with client.responses.connect() as connection:
        assert_type(connection.parse(input="", text_format=Fox).output_parsed, Fox)
        with connection.stream(input="a fox", text_format=Fox) as stream:
            assert_type(stream.get_final_response().output_parsed, Fox)
        response = connection.run_tools(input="", tools=[look, shout])
        assert_type(response.output_text, str)
        typed = connection.run_tools(input="", tools=[look], text_format=Fox)
        assert_type(typed.output_parsed, Fox)
        with connection.run_tools(input="", tools=[look], stream=True) as events:
            assert_type(events, ToolRun[models.OpenResponsesResult])


async def connected_asynchronously(client: AsyncHeliograph) -> None:
    """The same, awaited."""
    async with client.responses.connect() as connection:
        assert_type((await connection.parse(input="", text_format=Fox)).output_parsed, Fox)
        async with connection.stream(input="a fox", text_format=Fox) as stream:
            assert_type((await stream.get_final_response()).output_parsed, Fox)
        response = await connection.run_tools(input="", tools=[look, watch])
        assert_type(response, models.OpenResponsesResult)


async def asynchronous(client: AsyncHeliograph) -> None:
    """The same, awaited."""
    fox = await client.responses.parse(input="a fox", text_format=Fox)
    assert_type(fox.output_parsed, Fox)
    async with client.responses.stream(input="a fox", text_format=Fox) as stream:
        assert_type((await stream.get_final_response()).output_parsed, Fox)
    assert_type(await watch("north"), int)
    response = await client.responses.run_tools(input="", tools=[look, watch])
    assert_type(response, models.OpenResponsesResult)
    events = await client.responses.run_tools(input="", tools=[look, watch], stream=True)
    assert_type(events, AsyncToolRun[models.OpenResponsesResult])
    async with events:
        async for event in events:
            assert_type(event, models.StreamEvent)
    typed = await client.responses.run_tools(input="", tools=[watch], stream=True, text_format=Fox)
    assert_type((await typed.get_final_response()).output_parsed, Fox)


class Record(pydantic.BaseModel):
    """Wire types are fields as others are."""

    event: models.StreamEvent
    response: models.OpenResponsesResult | None = None


def record(event: models.StreamEvent) -> None:
    """Their types are kept."""
    kept = Record(event=event)
    assert_type(kept.event, models.StreamEvent)
    assert_type(kept.response, models.OpenResponsesResult | None)
