"""What the engine makes: streams of text and functions alone, and of all that it can make."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import msgspec
from tests.engine.kit import TOOL, Chat, House, Painter, ask, call

from heliograph import errors, journal, models
from heliograph.providers import Arguments, Finish, FunctionCall, Reasoning, Refusal, Text

LOOK = {
    "type": "function",
    "name": "look",
    "description": "Looks.",
    "parameters": {"type": "object"},
    "strict": False,
}
WORDS = [Text("It "), Text("is "), Refusal("no fox"), FunctionCall("f1", "look")]
WORDS += [Arguments("f1", '{"at":'), Arguments("f1", '"it"}'), Finish("tool_calls")]


async def _made(chat: Chat, **body: Any) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        store = journal.MemoryJournal()
        await store.start()
        house = House(store, chat, Painter(trouble={"a hen": errors.ProviderError("no hens")}))
        events = await house.draw(ask(**body))
        await house.engine.stop(0)
        await store.stop()
    return [msgspec.json.decode(models.encode(event)) for event in events]


@functools.cache
def words() -> list[dict[str, Any]]:
    """Text, a refusal and a function call."""
    return asyncio.run(_made(Chat(WORDS), tools=[LOOK], tool_choice="auto"))


@functools.cache
def pictures() -> list[dict[str, Any]]:
    """Reasoning, a picture with a preview and one that failed, words."""
    chat = Chat(
        [Reasoning("A fox."), call("a fox", "c1"), call("a hen", "c2"), Finish("tool_calls")],
        [Text("There."), Finish()],
    )
    tool = TOOL | {"partial_images": 1}
    settings = {"text": {"format": {"type": "text"}}, "reasoning": {"effort": "low"}}
    return asyncio.run(_made(chat, tools=[LOOK, tool], metadata={"a": "b"}, **settings))
