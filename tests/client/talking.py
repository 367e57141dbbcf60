"""A server of ours with a chat upstream that says what a script tells it, and an image provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

from tests.server.kit import Painter, Running, running

from heliograph.providers import Catalog
from heliograph.providers.chat import (
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Responses,
    ResponsesSettings,
)
from heliograph.testing import FakeChat, Script

TALKER = "test/talker"


class Talking(NamedTuple):
    fake: FakeChat
    server: Running

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    def messages(self, turn: int) -> list[dict[str, Any]]:
        """What the model was told in one turn."""
        found: list[dict[str, Any]] = self.fake.requests[turn].json()["messages"]
        return found

    def told(self, turn: int) -> dict[str, Any]:
        """The outputs of calls that the model was told by then, by the call's id."""
        return {
            message["tool_call_id"]: message["content"]
            for message in self.messages(turn)
            if message["role"] == "tool"
        }


@asynccontextmanager
async def talking(*script: Script, wire: str = "chat", **switches: Any) -> AsyncIterator[Talking]:
    """For the length of a block; ``wire`` is what server and upstream speak."""
    manager = _talking(*script, wire=wire, **switches)
    here = await asyncio.to_thread(manager.__enter__)
    try:
        yield here
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


@contextmanager
def _talking(*script: Script, wire: str, **switches: Any) -> Iterator[Talking]:
    with FakeChat(*script, **switches) as fake:
        offered = {TALKER: ChatModel(upstream="fake-1", sees=True)}
        chat: Any
        if wire == "chat":
            chat = ChatCompletions(ChatCompletionsSettings(base_url=fake.base_url, models=offered))
        else:
            chat = Responses(ResponsesSettings(base_url=fake.base_url, models=offered))
        with running(serves=Catalog(chat=[chat], images=[Painter()])) as server:
            yield Talking(fake, server)
