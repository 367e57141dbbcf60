"""One server over every wire, and what is left of a request in it once its client has gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from tests.server.kit import Stream, Threaded, assert_valid, read

from heliograph.server import Server, load_settings
from heliograph.testing import FakeChat, FakeImages, FakeServer, Say

TEXT = "One two three four."
PROMPT = "a red fox"
TERMINAL = ("response.completed", "response.incomplete", "response.failed")

#: A wire, and the model that is served over it; with " in haste" after it the upstream may be
#: silent for ``HASTE`` only.
CHATS = {"chat completions": "yard/chat", "responses": "yard/responses", "relay": "yard/relay"}
PAINTERS = {"openai images": "yard/openai", "openrouter images": "yard/openrouter"}
WIRES = (*CHATS, *PAINTERS)
HASTE = 0.3
PATIENCE = 20.0

FILE = """
port = 0
journal = "memory"

[routes]
attempts = 2
wait_first = 0.01
failures = 1000000

[limits]
max_text_bytes = 2000
keep_alive_seconds = 0.2
"""
SECTION = """
[providers."{kind}{haste}"]
kind = "{kind}"
base_url = "{url}"
{key}
timeouts = {{ connect_seconds = 5, first_byte_seconds = {seconds}, silence_seconds = {seconds} }}
[providers."{kind}{haste}".models]
"""


def toml(talk: FakeChat, paint: FakeImages) -> str:
    """The file: every wire, with patience and in haste."""
    chat = {"upstream": "fake-1"}
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "chat_completions": (talk.base_url, {"yard/chat": chat}),
        "responses": (talk.base_url, {"yard/responses": chat, "yard/relay": chat}),
        "openai_images": (paint.openai_url, {"yard/openai": "fake-painter"}),
        "openrouter_images": (paint.openrouter_url, {"yard/openrouter": "fake-painter"}),
    }
    text = FILE
    for haste, seconds in (("", PATIENCE), (" in haste", HASTE)):
        for kind, (url, served) in kinds.items():
            key = 'api_key_env = "YARD_KEY"'
            text += SECTION.format(kind=kind, haste=haste, url=url, key=key, seconds=seconds)
            for model, upstream in served.items():
                if isinstance(upstream, dict):
                    upstream = f'{{ upstream = "{upstream["upstream"]}" }}'
                else:
                    upstream = f'"{upstream}"'
                text += f'"{model}{haste}" = {upstream}\n'
    return text


class Yard(Threaded):
    """The server, its two fakes, and a client."""

    def __init__(self, server: Server, talk: FakeChat, paint: FakeImages) -> None:
        super().__init__(server)
        self.talk = talk
        self.paint = paint
        self.http: httpx2.Client
        self._idle: set[str] = set()

    def fake(self, wire: str) -> FakeServer:
        return self.talk if wire in CHATS else self.paint

    def begin(self) -> None:
        self.call(self.server.start())
        self.http = httpx2.Client(base_url=self.url, timeout=20)
        self.http.get("/healthz")
        self._idle = set(self.tasks())

    def end(self) -> None:
        self.http.close()
        self.stop()

    def tasks(self) -> list[str]:
        """What the server's loop runs, by the code of each task."""

        async def names() -> list[str]:
            mine = asyncio.current_task()
            tasks = [task for task in asyncio.all_tasks() if task is not mine]
            return sorted(str(task.get_coro()).split(" at ")[0] for task in tasks)

        found: list[str] = self.call(names())
        return found

    def left(self, wire: str) -> list[str]:
        """What a request left behind: tasks, runs, readers, turns, requests upstream."""
        runtime: Any = self.server._runtime
        lanes = {"stored": runtime.stored, "unstored": runtime.passing}
        found = [name for name in self.tasks() if name not in self._idle]
        found += [
            f"{n} runs of {name}" for name, lane in lanes.items() if (n := lane.engine.running)
        ]
        found += [f"a reader of {name}" for name, lane in lanes.items() if lane.readers._counts]
        found += ["an unstored response"] if runtime.passing.journal._logs else []
        found += [
            f"{rid}: {log.state}"
            for rid, log in runtime.stored.journal._logs.items()
            if log.state != "finished" or log.readers.unread_since(time.time(), 0.0) is None
        ]
        asked = self.fake(wire).requests
        found += [f"upstream: {r.path} goes on" for r in asked if not r.done.is_set()]
        return found

    def settled(self, wire: str) -> list[str]:
        """``left``, once it is nothing or five seconds have passed."""
        return waited(lambda: self.left(wire))


def waited(left: Callable[[], list[str]]) -> list[str]:
    until = time.monotonic() + 5
    while (found := left()) and time.monotonic() < until:
        time.sleep(0.01)
    return found


@contextmanager
def yard(folder: Path, environ: Any) -> Iterator[Yard]:
    """A server in ``folder``; ``environ`` is pytest's ``monkeypatch``."""
    environ.setenv("YARD_KEY", "sesame")
    with FakeChat(Say(text=TEXT)) as talk, FakeImages(key="sesame", previews=2) as paint:
        file = folder / "heliograph.toml"
        file.write_text(toml(talk, paint), encoding="utf-8")
        here = Yard(Server(load_settings(file)), talk, paint)
        try:
            here.begin()
            yield here
        finally:
            here.end()
        assert (
            waited(lambda: ["a connection"] * (talk.open_connections + paint.open_connections))
            == []
        )


def request(wire: str, haste: str = "", **more: Any) -> dict[str, Any]:
    """What is asked of a wire; the relayed request brings no tool that would need hosting."""
    tool: dict[str, Any] = {"type": "image_generation", "size": "64x64", "partial_images": 2}
    if wire in PAINTERS:
        tool["model"] = PAINTERS[wire] + haste
        return {"model": "heliograph/direct", "input": PROMPT, "tools": [tool], **more}
    hosted = {} if wire == "relay" else {"tools": [tool]}
    return {"model": CHATS[wire] + haste, "input": PROMPT, **hosted, **more}


def streamed(here: Yard, body: dict[str, Any]) -> Stream:
    """The stream: valid, with one terminal event, its last."""
    with here.http.stream("POST", "/v1/responses", json=body | {"stream": True}) as answer:
        assert answer.status_code == 200, answer.read()
        got = assert_valid(read(answer))
    assert [kind for kind in got.types if kind in TERMINAL] == got.types[-1:]
    return got
