"""A real HTTP/1.1 server on loopback that answers as it is told, byte for byte.

It runs in a thread of its own, so that synchronous clients can talk to it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""A key and a certificate for 127.0.0.1 and localhost, made for these tests and trusted nowhere."""

CUT = object()
"""In a reply's pieces: break the connection off here."""


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What to answer. ``pieces`` are bytes (one HTTP chunk each), seconds to wait, or `CUT`."""

    pieces: Iterable[Any] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    end: bool = True


def stream(*pieces: Any, end: bool = True, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(pieces, 200, {"content-type": "text/event-stream", **named}, end)


def answer(body: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply([data], status, {"content-type": "application/json", **named})


class Scripted:
    """The server. ``replies`` are given in turn, the last one for ever."""

    def __init__(self, *replies: Reply | Callable[[Seen], Reply], tls: bool = False) -> None:
        self.tls = tls
        self.replies = list(replies)
        self.seen: list[Seen] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self.port: int = self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> int:
        context = None
        if self.tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._connections += 1
        number = self._connections
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while await self._serve(reader, writer, number):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {}
        for line in filter(None, head[1:]):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        seen = Seen(method, target, headers, body, number)
        self.seen.append(seen)
        turn = min(len(self.seen), len(self.replies)) - 1
        reply = self.replies[turn]
        if not isinstance(reply, Reply):
            reply = reply(seen)
        out = [f"HTTP/1.1 {reply.status} Said", "transfer-encoding: chunked"]
        out += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write(("\r\n".join(out) + "\r\n\r\n").encode())
        if method == "HEAD":
            return True
        for piece in reply.pieces:
            if piece is CUT:
                await writer.drain()
                # What was written goes out first; then the peer sees the connection end.
                writer.close()
                await writer.wait_closed()
                return False
            if isinstance(piece, int | float):
                await writer.drain()
                await asyncio.sleep(piece)
            elif piece:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
        if not reply.end:
            await asyncio.sleep(60)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True
