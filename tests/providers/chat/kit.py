"""Requests, turns and providers for the tests of the chat providers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from heliograph import models
from heliograph.providers import Arguments, ChatProvider, ChatTurn, Reasoning, Refusal, Text
from heliograph.providers._upstream import Timeouts
from heliograph.providers.chat import ChatCompletions, ChatCompletionsSettings, ChatModel

MODEL = "ours/model"
DRAW = {"type": "image_generation", "size": "512x512"}
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "How it is outside.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))


def request(**fields: Any) -> models.ResponsesRequest:
    body = {"model": MODEL, "input": "a fox"} | fields
    return models.decode(models.ResponsesRequest, json.dumps(body).encode())


def turn(choice: object = "auto", picture: Any = None, **fields: Any) -> ChatTurn:
    """The turn that the engine makes of such a request."""
    asked = request(**fields)
    given = asked.input
    said: Sequence[Any]
    if isinstance(given, str):
        said = [models.InputMessage(role="user", content=[models.InputText(text=given)])]
    else:
        said = list(given or ())
    return ChatTurn(
        model=MODEL,
        input=tuple(said),
        instructions=asked.instructions or None,
        tools=tuple(asked.tools or ()),
        tool_choice=choice,
        request=asked,
        max_output_tokens=asked.max_output_tokens or None,
        picture=picture,
    )


def provider(url: str, model: ChatModel | None = None, **settings: Any) -> ChatCompletions:
    known = {MODEL: model or ChatModel(upstream="theirs")}
    return ChatCompletions(ChatCompletionsSettings(base_url=url, models=known, **settings))


def quick(**seconds: float) -> Timeouts:
    return Timeouts(**{f"{name}_seconds": value for name, value in seconds.items()})


async def parts(asked: ChatProvider, given: ChatTurn) -> list[Any]:
    """What the provider gives, pieces of the same thing joined."""
    return joined([part async for part in asked.answer(given)])


def joined(found: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for part in found:
        last = out[-1] if out else None
        if isinstance(part, Text | Reasoning | Refusal) and type(last) is type(part):
            more = getattr(last, "logprobs", ()) + getattr(part, "logprobs", ())
            out[-1] = type(part)(last.delta + part.delta, *([more] if more else []))
        elif isinstance(part, Arguments):
            at = [n for n, p in enumerate(out) if isinstance(p, Arguments)]
            same = [n for n in at if out[n].call_id == part.call_id]
            if same:
                out[same[0]] = Arguments(part.call_id, out[same[0]].delta + part.delta)
            else:
                out.append(part)
        else:
            out.append(part)
    return out
