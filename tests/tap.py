"""Every answer of every server that a test starts, validated as it goes out."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph import sse, testing

VALIDATOR = testing.Validator()
problems: list[str] = []


class Tap:
    """ASGI middleware that adds to ``problems`` what is wrong with JSON answers, with events, and
    with the messages of WebSockets."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope.get("method", "GET"), scope["path"])

        async def tapped(message: Message) -> None:
            answer.take(message)
            await send(message)

        await self._app(scope, receive, tapped)


class _Answer:
    def __init__(self, method: str, path: str) -> None:
        self._method = method
        self._path = path
        self._status = 0
        self._kind = ""
        self._body = bytearray()
        self._decoder = sse.Decoder()

    def take(self, message: Message) -> None:
        kind = message["type"].removeprefix("websocket.")
        if kind == "send":
            take_message(self._path, message["text"])
        elif kind in ("accept", "close"):
            return
        elif kind.endswith("http.response.start"):
            self._status = message["status"]
            self._kind = dict(message["headers"]).get(b"content-type", b"").decode()
        elif self._kind.startswith("text/event-stream"):
            for frame in self._decoder.feed(message.get("body", b"")):
                if frame.data != b"[DONE]":
                    self._note(VALIDATOR.answer_event(self._method, self._path, frame.data))
        elif self._kind == "application/json":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                found = VALIDATOR.answer(self._method, self._path, self._status, self._body)
                self._note(found)

    def _note(self, found: list[Any]) -> None:
        where = f"{self._method} {self._path} {self._status}"
        problems.extend(f"{where}: {problem}" for problem in found)


def take_message(where: str, text: str | bytes) -> None:
    """A message that goes out over a WebSocket."""
    problems.extend(f"WebSocket {where}: {problem}" for problem in VALIDATOR.message(text))
