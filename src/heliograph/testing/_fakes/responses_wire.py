"""What a Responses API server sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from heliograph.testing._fakes.chat_wire import pieces

if TYPE_CHECKING:
    from heliograph.testing._fakes.chat import Call, Say

__all__ = ["error", "spoil", "spoil_whole", "stream", "whole"]

_ID = "resp_fake"
_ENDS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def spoil(payload: dict[str, Any]) -> dict[str, Any]:
    """The event with fields of wrong types."""
    return {**payload, "sequence_number": "one", "output_index": "none"}


def spoil_whole(answer: dict[str, Any]) -> dict[str, Any]:
    """A whole response with fields of wrong types."""
    return {**answer, "created_at": "yesterday", "output": "none"}


def error(given: Mapping[str, Any]) -> dict[str, Any]:
    """An error in the middle of a stream; ``given`` replaces fields of it."""
    told = {"code": "server_error", "message": "the model went away", "param": None, **given}
    return {"type": "error", "sequence_number": 0, **told}


def whole(say: Say, asked: dict[str, Any]) -> dict[str, Any]:
    """A whole response."""
    return _response(say, asked, _status(say), [item for item, _ in _items(say)])


def stream(say: Say, asked: dict[str, Any], *, endless: bool = False) -> Iterator[dict[str, Any]]:
    """The events of a streamed response; ``endless`` repeats its first text for ever."""
    number = count()

    def event(kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", "sequence_number": next(number), **fields}

    begun = _response(say, asked, "in_progress", [])
    yield event("created", response=begun)
    yield event("in_progress", response=begun)
    for index, (item, open_item) in enumerate(_items(say)):
        yield event("output_item.added", output_index=index, item=open_item)
        at = {"item_id": item["id"], "output_index": index}
        for kind, fields in _inside(item, endless):
            yield event(kind, **at, **fields)
        yield event("output_item.done", output_index=index, item=item)
    status = _status(say)
    yield event(status, response=_response(say, asked, status, [item for item, _ in _items(say)]))


def _inside(item: dict[str, Any], endless: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events between an item's beginning and its end."""
    if item["type"] == "function_call":
        arguments = item["arguments"]
        for at in range(0, len(arguments), 7):
            yield "function_call_arguments.delta", {"delta": arguments[at : at + 7]}
        yield "function_call_arguments.done", {"arguments": arguments, "name": item["name"]}
        return
    if item["type"] == "custom_tool_call":
        for at in range(0, len(item["input"]), 7):
            yield "custom_tool_call_input.delta", {"delta": item["input"][at : at + 7]}
        yield "custom_tool_call_input.done", {"input": item["input"]}
        return
    if item["type"] == "image_generation_call":
        for stage in ("in_progress", "generating", "completed"):
            yield f"image_generation_call.{stage}", {}
        return
    for index, part in enumerate(item["content"]):
        within = {"content_index": index}
        kind = part["type"]
        key = "refusal" if kind == "refusal" else "text"
        extra: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        yield "content_part.added", {**within, "part": {**part, key: ""}}
        for _ in count() if endless else range(1):
            for piece in pieces(part[key]):
                yield f"{kind}.delta", {**within, "delta": piece, **extra}
        yield f"{kind}.done", {**within, key: part[key], **extra}
        yield "content_part.done", {**within, "part": part}


def _items(say: Say) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each item as it ends and as it begins."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if say.reasoning:
        content = [{"type": "reasoning_text", "text": say.reasoning}]
        item = {"type": "reasoning", "id": "rs_1", "summary": [], "content": content}
        found.append((item, {**item, "content": []}))
    parts: list[dict[str, Any]] = []
    if say.text:
        parts.append({"type": "output_text", "text": say.text, "annotations": [], "logprobs": []})
    if say.refusal:
        parts.append({"type": "refusal", "refusal": say.refusal})
    if parts:
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
        if _status(say) == "incomplete":
            item["status"] = "incomplete"
        found.append(({**item, "content": parts}, {**item, "status": "in_progress", "content": []}))
    for index, url in enumerate(say.pictures):
        item = {"type": "image_generation_call", "id": f"ig_{index}", "status": "completed"}
        picture = url.partition(",")[2]
        begun = {**item, "status": "in_progress", "result": None}
        found.append(({**item, "result": picture}, begun))
    for index, call in enumerate(say.calls):
        done = _call(call, index)
        text = "input" if call.custom else "arguments"
        found.append((done, {**done, "status": "in_progress", text: ""}))
    return found


def _call(call: Call, index: int) -> dict[str, Any]:
    if call.custom:
        return {
            "type": "custom_tool_call",
            "id": f"ctc_{index}",
            "call_id": call.id,
            "name": call.name,
            "input": call.arguments,
            "status": "completed",
        }
    return {
        "type": "function_call",
        "id": f"fc_{index}",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    }


def _status(say: Say) -> str:
    return "incomplete" if say.finish in _ENDS else "completed"


def _response(
    say: Say, asked: dict[str, Any], status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    over = status != "in_progress"
    given, written, reasoning = say.usage if over else (0, 0, 0)
    reason = _ENDS.get(say.finish or "") if over else None
    return {
        "id": _ID,
        "object": "response",
        "created_at": 1700000000,
        "completed_at": 1700000001 if status == "completed" else None,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "max_tool_calls": None,
        "metadata": asked.get("metadata") or {},
        "model": asked.get("model", ""),
        "output": output,
        "parallel_tool_calls": True,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice", "auto"),
        "tools": asked.get("tools") or [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": reasoning},
            "total_tokens": given + written,
        },
    }
