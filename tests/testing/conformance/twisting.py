"""A proxy that does one thing wrong: what a server that is wrong in one way would answer."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from heliograph import sse
from heliograph.testing import FakeServer, Received, Reply, Switches
from heliograph.testing.conformance._wire import CASE_HEADER

Json = dict[str, Any]


@dataclass
class Exchange:
    """A request of the battery, and its answer: a fault changes either. ``nth`` counts the case's
    requests, from 0. ``stall`` is a silence before the answer, ``cut`` ends it by half."""

    case: str
    nth: int
    method: str
    target: str
    asked: bytes
    status: int = 0
    kind: str = ""
    body: bytes = b""
    cut: bool = False
    stall: float = 0.0
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def json(self) -> Json:
        decoded: Json = json.loads(self.body)
        return decoded

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    @property
    def events(self) -> list[Json]:
        frames = sse.Decoder().feed(self.body)
        return [json.loads(frame.data) for frame in frames if frame.data != b"[DONE]"]

    @events.setter
    def events(self, events: Iterable[Json]) -> None:
        told = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events]
        self.body = "".join([*told, "data: [DONE]\n\n"]).encode()


Change = Callable[[Exchange], None]


def nothing(exchange: Exchange) -> None:
    """No fault."""


class Twister(FakeServer):
    """Passes requests on to ``upstream``; ``asks`` changes them, ``answers`` what comes back."""

    def __init__(self, upstream: str, asks: Change = nothing, answers: Change = nothing) -> None:
        super().__init__()
        self._upstream = upstream
        self._asks = asks
        self._answers = answers
        self._memory: dict[str, Any] = {}
        self.seen: dict[str, int] = {}
        self.polls = 0

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        case = request.headers[CASE_HEADER]
        nth = self.seen.get(case, 0)
        self.seen[case] = nth + 1
        exchange = Exchange(case, nth, request.method, request.target, request.body)
        exchange.memory = self._memory
        self._asks(exchange)
        on = ("authorization", "content-type", "idempotency-key")
        headers = {name: value for name, value in request.headers.items() if name in on}
        async with httpx2.AsyncClient(timeout=30) as client:
            got = await client.request(
                exchange.method,
                f"{self._upstream}{exchange.target}",
                content=exchange.asked,
                headers=headers,
            )
        exchange.status, exchange.body = got.status_code, got.content
        exchange.kind = got.headers["content-type"]
        self._answers(exchange)
        await asyncio.sleep(exchange.stall)
        told = {"content-type": exchange.kind}
        if exchange.cut:
            await reply.start(exchange.status, told)
            await reply.write(exchange.body[: len(exchange.body) // 2])
            await reply.hang_up()
        await reply.whole(exchange.body, exchange.status, told)


Texts = Callable[[list[Json]], list[Json]]


@contextmanager
def twisted_socket(upstream: str, change: Texts) -> Iterator[str]:
    """The base URL of a WebSocket endpoint that changes each turn's messages."""

    def handle(socket: ServerConnection) -> None:
        with connect(f"{upstream.replace('http', 'ws', 1)}/v1/responses", max_size=None) as inner:
            for asked in socket:
                inner.send(asked)
                turn: list[Json] = []
                while not turn or turn[-1]["type"] not in ("response.completed", "error"):
                    turn.append(json.loads(inner.recv(20)))
                for message in change(turn):
                    socket.send(json.dumps(message))

    with serve(handle, "127.0.0.1", 0, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}/v1"
        finally:
            server.shutdown()
            thread.join()
