"""What a chat completions server sends, in OpenAI's shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heliograph.testing._fakes.chat import Call, Say

__all__ = ["error", "pieces", "spoil", "spoil_whole", "stream", "whole"]

_ID = "chatcmpl-fake"


def pieces(text: str) -> list[str]:
    """A text cut before its words, as models stream it."""
    return re.findall(r"\s*\S+|\s+$", text)


def spoil(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with a field of a wrong type."""
    return {**payload, "choices": [{"index": 0, "delta": {"content": 5}, "finish_reason": None}]}


def spoil_whole(answer: dict[str, Any]) -> dict[str, Any]:
    """A whole answer with fields of wrong types."""
    return {**answer, "choices": [{"index": 0, "message": {"content": 5}, "finish_reason": 7}]}


def error(given: Mapping[str, Any]) -> dict[str, Any]:
    """An error in the middle of a stream; ``given`` replaces fields of it."""
    return {"error": {"message": "the model went away", "code": 502, **given}}


def whole(say: Say, asked: dict[str, Any]) -> dict[str, Any]:
    """A whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": say.text or None}
    message["refusal"] = say.refusal or None
    if say.reasoning:
        message["reasoning"] = say.reasoning
    if say.calls:
        message["tool_calls"] = [_call(call) for call in say.calls]
    if say.pictures:
        message["images"] = _images(say)
    choice = {"index": 0, "message": message, "finish_reason": _finish(say), "logprobs": None}
    return {**_head(asked, "chat.completion"), "choices": [choice], "usage": _usage(say)}


def stream(say: Say, asked: dict[str, Any], *, endless: bool = False) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed answer; ``endless`` repeats its text for ever."""
    head = _head(asked, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**head, "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(say.reasoning):
        yield chunk({"reasoning": piece})
    for _ in count() if endless else range(1):
        for piece in pieces(say.text or ("on " if endless else "")):
            yield chunk({"content": piece})
    for piece in pieces(say.refusal):
        yield chunk({"refusal": piece})
    if say.pictures:
        yield chunk({"content": "", "images": _images(say)})
    for index, call in enumerate(say.calls):
        kind, key = ("custom", "input") if call.custom else ("function", "arguments")
        first = _call(call) | {"index": index, kind: {"name": call.name, key: ""}}
        yield chunk({"tool_calls": [first]})
        for at in range(0, len(call.arguments), 7):
            part = {"index": index, kind: {key: call.arguments[at : at + 7]}}
            yield chunk({"tool_calls": [part]})
    yield chunk({}, _finish(say))
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(say)}


def _head(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": _ID, "object": kind, "created": 1700000000, "model": asked.get("model", "")}


def _call(call: Call) -> dict[str, Any]:
    if call.custom:
        custom = {"name": call.name, "input": call.arguments}
        return {"id": call.id, "type": "custom", "custom": custom}
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _images(say: Say) -> list[dict[str, Any]]:
    return [
        {"type": "image_url", "index": index, "image_url": {"url": url}}
        for index, url in enumerate(say.pictures)
    ]


def _finish(say: Say) -> str:
    return say.finish or ("tool_calls" if say.calls else "stop")


def _usage(say: Say) -> dict[str, Any]:
    given, written, reasoning = say.usage
    return {
        "prompt_tokens": given,
        "completion_tokens": written,
        "total_tokens": given + written,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
