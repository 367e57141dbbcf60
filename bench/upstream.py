"""The upstream that every gateway of `bench.gateways` is put before: one process, one raw protocol.

``python bench/upstream.py`` prints its port. It speaks chat completions, Responses, Images and as
much of MCP as a gateway's tool loop asks for. All bytes of an answer are made beforehand; what is
left is a write per event, so that it is not what limits a gateway (`NAME` in gateways says what
share of the CPU it took).

The upstream's model name says what it answers: ``text-COUNT-PACE`` is COUNT deltas, PACE of them a
second, or with 0 one on each turn of its event loop; ``tool-COUNT-PACE`` first calls the first tool
that it is offered, and talks once the tool's result is there; ``silent`` sends an answer's head and
then nothing; ``paint-BYTES`` streams pictures of noise of that size, each another, the previews a
quarter as large; ``paint`` answers one pixel.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

_EVENTS_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n"
)
_LAST = b"0\r\n\r\n"
#: A picture of one pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_HEAD = b"\x89PNG\r\n\x1a\n" + struct.pack(
    ">I4sIIBBBBBI", 13, b"IHDR", 1024, 1024, 8, 2, 0, 0, 0, 0
)
_NOISE = os.urandom(1_000_000)
USAGE = {"prompt_tokens": 12, "completion_tokens": 20, "total_tokens": 32}
CALL_ID = "call_0123456789abcdef"
#: Connections that were told nothing; ``GET /silent`` says how many.
SILENT: set[Upstream] = set()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _sse(document: dict[str, Any], *, named: bool) -> bytes:
    data = json.dumps(document, separators=(",", ":")).encode()
    event = b"event: %b\n" % document["type"].encode() if named else b""
    return _chunk(event + b"data: " + data + b"\n\n")


def word(number: int) -> str:
    """The text of a delta: about a token, and each to be told from the next."""
    return f" w{number:04d}"


def _completion(model: str, choices: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-0123456789",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": model,
        "choices": choices,
        **more,
    }


def _choice(delta: dict[str, Any], reason: str | None = None) -> list[Any]:
    return [{"index": 0, "delta": delta, "finish_reason": reason}]


def _chat(model: str, deltas: Sequence[dict[str, Any]], reason: str) -> list[bytes]:
    choices = [_choice({"role": "assistant", "content": ""}), *map(_choice, deltas)]
    documents = [_completion(model, one) for one in (*choices, _choice({}, reason))]
    documents.append(_completion(model, [], usage=USAGE))
    return [*(_sse(d, named=False) for d in documents), _chunk(b"data: [DONE]\n\n") + _LAST]


@cache
def chat_text(model: str, count: int) -> list[bytes]:
    """The pieces of a streamed completion of ``count`` deltas."""
    return _chat(model, [{"content": word(n)} for n in range(count)], "stop")


@cache
def chat_call(model: str, name: str, arguments: str) -> list[bytes]:
    """The pieces of a streamed completion that calls a tool."""
    half = len(arguments) // 2
    call = {"index": 0, "id": CALL_ID, "type": "function"}
    begun = {**call, "function": {"name": name, "arguments": ""}}
    rest = [
        {"index": 0, "function": {"arguments": a}} for a in (arguments[:half], arguments[half:])
    ]
    return _chat(model, [{"tool_calls": [c]} for c in (begun, *rest)], "tool_calls")


def _result(model: str, status: str, output: list[Any]) -> dict[str, Any]:
    done = status == "completed"
    return {
        "id": "resp_0123456789abcdef",
        "object": "response",
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_060 if done else None,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": model,
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
        "usage": {
            "input_tokens": 12,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 32,
        }
        if done
        else None,
    }


def _message(text: str, status: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    content = [part] if status == "completed" else []
    return {
        "id": "msg_0123456789abcdef",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


@cache
def responses_text(model: str, count: int) -> list[bytes]:
    """The pieces of a streamed response of ``count`` text deltas."""
    text = "".join(map(word, range(count)))
    whole, part = _message(text, "completed"), {"output_index": 0, "content_index": 0}
    part |= {"item_id": whole["id"]}
    empty = {**whole["content"][0], "text": ""}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("created", {"response": _result(model, "in_progress", [])}),
        ("in_progress", {"response": _result(model, "in_progress", [])}),
        ("output_item.added", {"output_index": 0, "item": _message("", "in_progress")}),
        ("content_part.added", {**part, "part": empty}),
        *(
            ("output_text.delta", {**part, "delta": word(number), "logprobs": []})
            for number in range(count)
        ),
        ("output_text.done", {**part, "text": text, "logprobs": []}),
        ("content_part.done", {**part, "part": whole["content"][0]}),
        ("output_item.done", {"output_index": 0, "item": whole}),
        ("completed", {"response": _result(model, "completed", [whole])}),
    ]
    documents = [
        {"type": f"response.{kind}", **fields, "sequence_number": number}
        for number, (kind, fields) in enumerate(kinds)
    ]
    return [*(_sse(d, named=True) for d in documents), _chunk(b"data: [DONE]\n\n") + _LAST]


def _noise(size: int) -> str:
    """What looks like a picture; no two are the same."""
    data = _HEAD + os.urandom(15) + _NOISE * (size // len(_NOISE) + 1)
    return base64.b64encode(data[:size]).decode()


def painted(size: int, previews: int) -> list[bytes]:
    """The pieces of a streamed picture."""
    common = {"created_at": 1_700_000_000, "size": "1024x1024", "quality": "high"}
    common |= {"background": "opaque", "output_format": "png"}
    documents = [
        {
            "type": "image_generation.partial_image",
            "partial_image_index": index,
            "b64_json": _noise(size // 4),
            **common,
        }
        for index in range(previews)
    ]
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    usage |= {"input_tokens_details": {"text_tokens": 1, "image_tokens": 0}}
    end = {"type": "image_generation.completed", "b64_json": _noise(size), "usage": usage}
    return [*(_sse(d, named=True) for d in (*documents, end | common)), _LAST]


def _whole(document: Any, status: int = 200) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def _chat_whole(model: str, message: dict[str, Any], reason: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return _whole(_completion(model, [choice], usage=USAGE) | {"object": "chat.completion"})


def _mcp(body: dict[str, Any]) -> bytes:
    """One tool, ``look``, that says where it looked."""
    schema = {
        "type": "object",
        "properties": {"prompt": {"type": "string"}},
        "required": ["prompt"],
    }
    results: dict[str, Any] = {
        "initialize": {
            "protocolVersion": body.get("params", {}).get("protocolVersion", "2025-06-18"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "bench", "version": "1"},
        },
        "tools/list": {
            "tools": [{"name": "look", "description": "Look at it.", "inputSchema": schema}]
        },
        "tools/call": {"content": [{"type": "text", "text": "seen"}], "isError": False},
        "ping": {},
    }
    if "id" not in body:
        return b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
    result = results.get(body["method"])
    if result is None:
        error = {"code": -32601, "message": f"no method {body['method']}"}
        return _whole({"jsonrpc": "2.0", "id": body["id"], "error": error})
    return _whole({"jsonrpc": "2.0", "id": body["id"], "result": result})


def _tool(body: dict[str, Any]) -> str | None:
    """The tool to call now: the first that is offered, unless its result is here already."""
    said = [*body.get("messages", ()), *_items(body.get("input"))]
    if any(m.get("role") == "tool" or m.get("type") == "function_call_output" for m in said):
        return None
    for tool in body.get("tools") or ():
        if tool["type"] == "function":
            return str(tool.get("function", tool)["name"])
    return None


def _items(given: Any) -> list[dict[str, Any]]:
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.buffer = b""
        self.pieces: list[bytes] = []
        self.at = 0
        self.pace = 0.0
        self.due = 0.0
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.loop = asyncio.get_running_loop()

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        SILENT.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            fields = {
                k.strip().lower(): v.strip() for k, _, v in (n.partition(b":") for n in lines)
            }
            if b"chunked" in fields.get(b"transfer-encoding", b""):
                if not rest.endswith(_LAST):
                    return
                body, self.buffer = _unchunked(rest), b""
            else:
                length = int(fields.get(b"content-length", b"0"))
                if len(rest) < length:
                    return
                body, self.buffer = rest[:length], rest[length:]
            method, path, _ = lines[0].decode().split(" ", 2)
            self.answer(method, path, json.loads(body) if body else {})

    def answer(self, method: str, path: str, body: dict[str, Any]) -> None:
        if path.startswith("/mcp"):
            allowed = method == "POST"
            self.transport.write(_mcp(body) if allowed else _whole({}, 405))
        elif path == "/silent":
            self.transport.write(_whole(len(SILENT)))
        elif path.endswith("/models"):
            models = [{"id": "text-1-0", "object": "model", "created": 1, "owned_by": "bench"}]
            self.transport.write(_whole({"object": "list", "data": models}))
        elif path.endswith("/images/generations") and body.get("stream"):
            _, size, _ = _asked(body["model"])
            self.stream(painted(size, body["partial_images"]), 0)
        elif path.endswith("/images/generations"):
            picture = {"b64_json": base64.b64encode(PICTURE).decode()}
            self.transport.write(_whole({"created": 1_700_000_000, "data": [picture]}))
        elif path.endswith("/chat/completions"):
            self.chat(body)
        elif path.endswith("/responses"):
            _, count, pace = _asked(body["model"])
            self.stream(responses_text(body["model"], count) if count else [], pace)
        else:
            self.transport.write(_whole({"error": {"message": f"no path {path}"}}, 404))

    def chat(self, body: dict[str, Any]) -> None:
        model = body["model"]
        kind, count, pace = _asked(model)
        tool = _tool(body) if kind == "tool" else None
        arguments = json.dumps({"prompt": "a fox under the moon"})
        if not body.get("stream"):
            if tool is None:
                said = {"content": "".join(map(word, range(count)))}
            else:
                function = {"name": tool, "arguments": arguments}
                call = {"id": CALL_ID, "type": "function", "function": function}
                said = {"content": None, "tool_calls": [call]}
            self.transport.write(_chat_whole(model, said, "tool_calls" if tool else "stop"))
        elif kind == "silent":
            self.stream([], 0)
        elif tool is not None:
            self.stream(chat_call(model, tool, arguments), 0)
        else:
            self.stream(chat_text(model, count), pace)

    def stream(self, pieces: list[bytes], pace: int) -> None:
        self.transport.write(_EVENTS_HEAD)
        if not pieces:
            SILENT.add(self)
            return
        self.pieces, self.at, self.pace = pieces, 0, pace
        self.due = self.loop.time()
        self.next()

    def next(self) -> None:
        if not self.open:
            return
        self.transport.write(self.pieces[self.at])
        self.at += 1
        if self.at == len(self.pieces):
            return
        if self.pace:
            self.due += 1 / self.pace
            self.loop.call_at(self.due, self.next)
        else:
            self.loop.call_soon(self.next)


def _asked(model: str) -> tuple[str, int, int]:
    kind, *rest = model.rpartition("/")[2].split("-")
    count, pace = (*map(int, rest), 0, 0)[:2]
    return kind, count, pace


def _unchunked(data: bytes) -> bytes:
    parts = []
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        parts.append(data[:length])
        data = data[length + 2 :]
    return b"".join(parts)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = await loop.create_server(Upstream, "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())


if __name__ == "__main__":
    main()
