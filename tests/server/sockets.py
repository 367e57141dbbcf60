"""What the tests of the WebSocket share: a real client's connection, and a turn as it came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from tests.server.kit import Running, ask, digest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from heliograph import lifecycle, models

ENDS = ("response.completed", "response.incomplete", "response.failed", "error")


class Turn:
    """The messages of one turn, to its terminal event or an error envelope."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    @property
    def types(self) -> list[str]:
        return [msgspec.json.decode(text)["type"] for text in self.texts]

    @property
    def last(self) -> dict[str, Any]:
        decoded: dict[str, Any] = msgspec.json.decode(self.texts[-1])
        return decoded

    @property
    def id(self) -> str:
        return str(self.last["response"]["id"])

    @property
    def pictures(self) -> list[str]:
        """The sha256 of every picture in the final response."""
        response = models.decode(
            models.OpenResponsesResult, msgspec.json.encode(self.last["response"])
        )
        calls = [item for item in response.output if item.type == "image_generation_call"]
        return [digest(item.image_bytes()) for item in calls]

    @property
    def error(self) -> tuple[int, str, str | None]:
        """Status, code and param of the envelope, after checking its shape."""
        last = self.last
        assert set(last) == {"type", "status", "error"}
        assert last["type"] == "error"
        assert set(last["error"]) == {"type", "code", "message", "param"}
        assert isinstance(last["error"]["message"], str)
        return last["status"], last["error"]["code"], last["error"]["param"]

    def assert_valid(self) -> Turn:
        events = [models.decode_event(t.encode(), i) for i, t in enumerate(self.texts)]
        report = lifecycle.check(events)
        assert not report.violations, [str(v) for v in report.violations]
        assert [event.sequence_number for event in events] == list(range(len(events)))
        return self


class Talk:
    """A connection as a test uses it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, prompt: str = "a red fox", **request: Any) -> None:
        document = {"type": "response.create", **ask(prompt, **request)}
        self.socket.send(msgspec.json.encode(document), text=True)

    def raw(self, text: str | bytes) -> None:
        self.socket.send(text)

    def recv(self, timeout: float = 20) -> str:
        text = self.socket.recv(timeout)
        assert isinstance(text, str), "events are text messages"
        return text

    def read(self) -> Turn:
        """The next turn."""
        texts = [self.recv()]
        while msgspec.json.decode(texts[-1])["type"] not in ENDS:
            texts.append(self.recv())
        return Turn(texts)

    def turn(self, prompt: str = "a red fox", **request: Any) -> Turn:
        """Ask, and read a turn that is served."""
        self.send(prompt, **request)
        return self.read().assert_valid()

    def refused(self, text: str | bytes | None = None, **request: Any) -> tuple[int, str, Any]:
        """Send what must be answered by an envelope and nothing else."""
        if text is None:
            self.send(**request)
        else:
            self.raw(text)
        turn = self.read()
        assert len(turn.texts) == 1, turn.types
        return turn.error

    def closed(self, timeout: float = 20) -> int:
        """Read to the end; returns the close code."""
        with suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout)
        assert self.socket.close_code is not None
        return self.socket.close_code


@contextmanager
def talk(here: Running, base: str = "/v1", **options: Any) -> Iterator[Talk]:
    """A connection to ``base``'s ``/responses``."""
    url = f"{here.url.replace('http', 'ws', 1)}{base}/responses"
    with connect(url, max_size=None, proxy=None, **options) as socket:
        yield Talk(socket)
