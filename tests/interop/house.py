"""A house as a user sets it up: a TOML file that names a chat upstream and an image upstream.

The chat upstream plays a model that does what the conversation asks of it (``act``), so each client
leads the same two turns: a word, a look through a function, a picture of what was seen, and then
the same picture by night.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.server.kit import Threaded

from heliograph.server import Server, load_settings
from heliograph.testing import Call, FakeChat, FakeImages, Received, Say

MODEL = "house/talker"
PAINTER = "house/painter"
ASK = "Look out of the window, then paint what you see."
NIGHT = "make it night"
SEEN = "a red fox on a hill"
ANSWERS = ("Let me look. ", "Here is what I saw.", "Now it is night.")
HOSTED: dict[str, Any] = {"type": "image_generation", "size": "256x256", "partial_images": 1}
LOOK: dict[str, Any] = {
    "type": "function",
    "name": "look",
    "description": "Looks out of a window.",
    "parameters": {
        "type": "object",
        "properties": {"window": {"type": "string"}},
        "required": ["window"],
        "additionalProperties": False,
    },
    "strict": True,
}
STEP_USAGE = (7, 5, 0)


def act(request: Received) -> Say:
    """The model: it reads the conversation as any would, and remembers nothing."""
    body = request.json()
    offered = [tool["function"]["name"] for tool in body.get("tools", ())]
    image = next(name for name in offered if name.startswith("image_generation"))
    said = [message for message in body["messages"] if message["role"] != "system"]
    if _pictures(said[-1]) and said[-2]["role"] == "tool":
        said.pop()  # how a finished picture is shown to a model that sees
    last = said[-1]
    asked = [_text(m) for m in said if m["role"] == "user" and not _pictures(m)]
    if last["role"] == "user":
        if NIGHT in asked[-1]:
            return _draw(image, f"{SEEN}, {NIGHT}", "edit", "call_night")
        look = Call(name="look", arguments='{"window": "north"}', id="call_look")
        return Say(text=ANSWERS[0], calls=(look,), usage=STEP_USAGE)
    if last["tool_call_id"] == "call_look":
        return _draw(image, last["content"], "generate", "call_paint")
    return Say(text=ANSWERS[2 if NIGHT in asked[-1] else 1], usage=STEP_USAGE)


def _draw(name: str, prompt: str, action: str, call_id: str) -> Say:
    arguments = json.dumps({"prompt": prompt, "action": action})
    return Say(calls=(Call(name=name, arguments=arguments, id=call_id),), usage=STEP_USAGE)


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if part["type"] == "text")


def _pictures(message: dict[str, Any]) -> list[bytes]:
    content = message["content"] if isinstance(message["content"], list) else ()
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    return [base64.b64decode(url.partition(",")[2], validate=True) for url in urls]


class House(Threaded):
    """The server with both upstreams; ``wire`` is the image upstream's."""

    def __init__(self, server: Server, talk: FakeChat, paint: FakeImages, wire: str) -> None:
        super().__init__(server)
        self.talk = talk
        self.paint = paint
        self.wire = wire

    def told(self, call_id: str) -> list[str]:
        """What the chat upstream was given as the answer to a tool call, request by request."""
        return [
            message["content"]
            for request in self.talk.requests
            for message in request.json()["messages"]
            if message["role"] == "tool" and message["tool_call_id"] == call_id
        ]

    def shown(self) -> list[bytes]:
        """The pictures that the chat upstream was shown in its last request."""
        messages = self.talk.requests[-1].json()["messages"]
        return [picture for message in messages for picture in _pictures(message)]

    def references(self) -> list[list[bytes]]:
        """The pictures that each request to the image upstream brought."""
        found = []
        for request in self.paint.requests:
            if self.wire == "openai":
                fields = request.form() if "multipart" in request.headers["content-type"] else []
                found.append([value for name, value in fields if name in ("image", "image[]")])
            else:
                urls = [r["image_url"]["url"] for r in request.json().get("input_references", ())]
                found.append([base64.b64decode(u.partition(",")[2]) for u in urls])
        return found

    def prompts(self) -> list[str]:
        """What each request to the image upstream asked for."""
        return [
            dict(request.form())["prompt"].decode()
            if "multipart" in request.headers["content-type"]
            else request.json()["prompt"]
            for request in self.paint.requests
        ]


def toml(talk: FakeChat, paint: FakeImages, wire: str, more: str) -> str:
    """The file; ``more`` is its end."""
    url = paint.openai_url if wire == "openai" else paint.openrouter_url
    return f"""
host = "127.0.0.1"
port = 0
journal = "memory"

[providers.talk]
kind = "chat_completions"
base_url = "{talk.base_url}"

[providers.talk.models."{MODEL}"]
upstream = "fake-1"
sees = true

[providers.pictures]
kind = "{wire}_images"
base_url = "{url}"
api_key_env = "HOUSE_KEY"
models = {{ "{PAINTER}" = "fake-painter" }}

{more}"""


@contextmanager
def house(folder: Path, environ: Any, wire: str = "openai", more: str = "") -> Iterator[House]:
    """A house on a free port; ``environ`` is pytest's ``monkeypatch``, ``more`` ends its file."""
    environ.setenv("HOUSE_KEY", "sesame")
    with FakeChat(act) as talk, FakeImages(key="sesame") as paint:
        file = folder / "heliograph.toml"
        file.write_text(toml(talk, paint, wire, more), encoding="utf-8")
        here = House(Server(load_settings(file)), talk, paint, wire)
        try:
            here.call(here.server.start())
            yield here
        finally:
            here.stop()
