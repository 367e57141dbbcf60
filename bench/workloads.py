"""The streams that all sides read: made once, with what a reader must find in them."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

MB = 1_000_000
USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 20_000,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 20_012,
}


class Workload(NamedTuple):
    """``frames`` are SSE frames, one HTTP chunk each; the rest is what a reader must report."""

    frames: list[bytes]
    events: int
    sha256: str
    largest: int


def _response(status: str, output: list[Any]) -> dict[str, Any]:
    return {
        "id": "resp_0123456789abcdef",
        "object": "response",
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_060 if status == "completed" else None,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": "bench/model",
        "output": output,
        "parallel_tool_calls": True,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": None,
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "background": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": USAGE,
    }


def _frames(events: Iterator[dict[str, Any]]) -> list[bytes]:
    frames = []
    for number, event in enumerate(events):
        event["sequence_number"] = number
        data = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        frames.append(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), data))
    return frames


def _around(inner: Iterator[dict[str, Any]], output: list[Any]) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": _response("in_progress", [])}
    yield {"type": "response.in_progress", "response": _response("in_progress", [])}
    yield from inner
    yield {"type": "response.completed", "response": _response("completed", output)}


def _picture(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def _call(number: int, status: str, result: str | None) -> dict[str, Any]:
    return {
        "type": "image_generation_call",
        "id": f"ig_{number:020d}",
        "status": status,
        "result": result,
    }


def _image_call(number: int, partials: list[str], result: str) -> Iterator[dict[str, Any]]:
    where = {"item_id": f"ig_{number:020d}", "output_index": number}
    kind = "response.image_generation_call"
    added = _call(number, "in_progress", None)
    yield {"type": "response.output_item.added", "output_index": number, "item": added}
    yield {"type": f"{kind}.in_progress", **where}
    yield {"type": f"{kind}.generating", **where}
    for index, partial in enumerate(partials):
        yield {
            "type": f"{kind}.partial_image",
            **where,
            "partial_image_index": index,
            "partial_image_b64": partial,
        }
    yield {"type": f"{kind}.completed", **where}
    done = _call(number, "completed", result)
    yield {"type": "response.output_item.done", "output_index": number, "item": done}


def _made(frames: list[bytes], found: hashlib._Hash) -> Workload:
    return Workload(frames, len(frames), found.hexdigest(), max(map(len, frames)))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _pictures(partials: list[int], final: int) -> Workload:
    previews = [_picture(size, seed) for seed, size in enumerate(partials)]
    result = _picture(final, 99)
    found = hashlib.sha256()
    for image in (*previews, result):
        found.update(hashlib.sha256(image).digest())
    inner = _image_call(0, [_b64(image) for image in previews], _b64(result))
    return _made(_frames(_around(inner, [_call(0, "completed", _b64(result))])), found)


def _text(count: int) -> Workload:
    rng = random.Random(5)
    words = [" the", " fox", " über", "ing", ", and", " moon", " 月", ".", ' "light"', "\n"]
    deltas = [rng.choice(words) for _ in range(count)]
    text = "".join(deltas)
    where = {"item_id": "msg_0123456789abcdef", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    item = {"type": "message", "id": where["item_id"], "role": "assistant"}
    empty = {**item, "status": "in_progress", "content": []}
    full = {**item, "status": "completed", "content": [{**part, "text": text}]}

    def inner() -> Iterator[dict[str, Any]]:
        kind = "response.output_text"
        yield {"type": "response.output_item.added", "output_index": 0, "item": empty}
        yield {"type": "response.content_part.added", **where, "part": part}
        for delta in deltas:
            yield {"type": f"{kind}.delta", **where, "delta": delta, "logprobs": []}
        yield {"type": f"{kind}.done", **where, "text": text, "logprobs": []}
        yield {"type": "response.content_part.done", **where, "part": full["content"][0]}
        yield {"type": "response.output_item.done", "output_index": 0, "item": full}

    return _made(_frames(_around(inner(), [full])), hashlib.sha256(text.encode()))


def _lifecycles(count: int) -> Workload:
    found = hashlib.sha256()
    calls: list[Iterator[dict[str, Any]]] = []
    output = []
    for number in range(count):
        image = _picture(48, number)
        found.update(hashlib.sha256(image).digest())
        calls.append(_image_call(number, [], _b64(image)))
        output.append(_call(number, "completed", _b64(image)))
    inner = (event for call in calls for event in call)
    return _made(_frames(_around(inner, output)), found)


def _large(sizes: list[int]) -> Workload:
    # Base64 of `size` bytes altogether, less what stands around it in the frame.
    return _pictures([(size - 300) // 4 * 3 for size in sizes], 300)


@cache
def workload(name: str) -> Workload:
    """By name; the same bytes in every process."""
    return {
        "tiny": lambda: _pictures([300], 300),
        "pictures": lambda: _pictures([int(1.5 * MB)] * 3, 3 * MB),
        "text": lambda: _text(20_000),
        "lifecycles": lambda: _lifecycles(5_000),
        "one64": lambda: _large([64 * MB]),
        "four16": lambda: _large([16 * MB] * 4),
    }[name]()
