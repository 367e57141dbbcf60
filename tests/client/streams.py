"""Wire streams for the client's tests, written by hand: a text, and a picture with previews."""

from __future__ import annotations

import base64
import json
from typing import Any

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
USAGE = {
    "input_tokens": 1,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 2,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 3,
}


def response(status: str = "in_progress", output: list[Any] | None = None, **more: Any) -> Any:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "completed_at": None,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "test/model",
        "output": output or [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "tool_choice": "auto",
        "tools": [],
        "background": False,
        "store": True,
        "usage": USAGE,
        **more,
    }


def message(text: str | None = None) -> Any:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "in_progress" if text is None else "completed",
        "content": [] if text is None else [part],
    }


def numbered(*events: Any) -> list[dict[str, Any]]:
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def text_events(*deltas: str) -> list[dict[str, Any]]:
    text = "".join(deltas)
    at = {"output_index": 0}
    part = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    kind = "response.output_text"
    return numbered(
        {"type": "response.created", "response": response()},
        {"type": "response.in_progress", "response": response()},
        {"type": "response.output_item.added", **at, "item": message()},
        {"type": "response.content_part.added", **part, "part": empty},
        *({"type": f"{kind}.delta", **part, "delta": d, "logprobs": []} for d in deltas),
        {"type": f"{kind}.done", **part, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **part, "part": {**empty, "text": text}},
        {"type": "response.output_item.done", **at, "item": message(text)},
        {"type": "response.completed", "response": response("completed", [message(text)])},
    )


def picture_events(previews: int = 2) -> list[dict[str, Any]]:
    at = {"item_id": "ig_1", "output_index": 0}
    b64 = base64.b64encode(PICTURE).decode()
    kind = "response.image_generation_call"
    call = {"id": "ig_1", "type": "image_generation_call", "status": "in_progress", "result": None}
    done = {**call, "status": "completed", "result": b64}
    partial = {"type": f"{kind}.partial_image", **at, "partial_image_b64": b64}
    return numbered(
        {"type": "response.created", "response": response()},
        {"type": "response.in_progress", "response": response()},
        {"type": "response.output_item.added", "output_index": 0, "item": call},
        {"type": f"{kind}.in_progress", **at},
        {"type": f"{kind}.generating", **at},
        *({**partial, "partial_image_index": index} for index in range(previews)),
        {"type": f"{kind}.completed", **at},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": response("completed", [done])},
    )


DONE = b"data: [DONE]\n\n"


def frame(event: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode())


def wire(events: list[dict[str, Any]], *, done: bool = True) -> bytes:
    return b"".join(map(frame, events)) + (DONE if done else b"")
