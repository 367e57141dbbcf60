"""An endpoint that has everything: our server, before a chat upstream that does as it is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.server.kit import Running, running

from heliograph.providers import Catalog
from heliograph.providers.chat import ChatCompletions, ChatCompletionsSettings, ChatModel, Direct
from heliograph.providers.image.illustrator import Illustrator
from heliograph.testing import Call, FakeChat, Received, Reply, Say, Switches

WORDS = "house/talker"
DIRECT = "heliograph/direct"
KEY = "a key that the endpoint does not look at"


def think(request: Received) -> Say:
    """What a language model would do with the battery's requests."""
    asked = request.json()
    messages = asked["messages"]
    choice = asked.get("tool_choice")
    if asked.get("tools") and (
        choice == "required"
        or isinstance(choice, dict)
        or (choice != "none" and messages[-1]["role"] == "user" and "weather" in str(messages))
    ):
        return Say(calls=tuple(_calls(asked, choice)))
    if asked.get("response_format", {}).get("type") == "json_schema":
        return Say(text='{"city": "Oslo", "degrees": 9}')
    if asked.get("max_tokens") or asked.get("max_completion_tokens"):
        return Say(text="one, two, three,", finish="length", usage=(9, 16, 0))
    return Say(text="As you say: papaya, on Tuesday.")


def _calls(asked: dict[str, Any], choice: Any) -> Iterator[Call]:
    name = asked["tools"][0]["function"]["name"]
    if isinstance(choice, dict):
        name = choice["function"]["name"]
    said = str(asked["messages"][-1]["content"])
    if name == "image_generation":
        yield Call(name=name, arguments=json.dumps({"prompt": said}))
        return
    cities = re.findall("Oslo|Rome", said)
    for number, city in enumerate(cities if asked.get("parallel_tool_calls", True) else cities[:1]):
        yield Call(name=name, arguments=json.dumps({"city": city}), id=f"call_{number}")


class Upstream(FakeChat):
    """It takes its time over long texts, so that there is something to cancel."""

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        slow = b"five hundred words" in request.body
        await super().answer(request, reply, Switches(slow=0.5) if slow else switches)


@contextmanager
def endpoint() -> Iterator[Running]:
    """It serves `WORDS`, `DIRECT` and the illustrator."""
    with Upstream(think) as upstream:
        told = ChatCompletionsSettings(
            base_url=upstream.base_url,
            models={WORDS: ChatModel(upstream="fake-1", sees=True, files=True)},
        )
        serves = Catalog(chat=[ChatCompletions(told), Direct()], images=[Illustrator()])
        with running(serves=serves) as here:
            yield here
