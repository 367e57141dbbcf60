"""A real HTTP/1.1 server on loopback that answers as it is told, byte for byte."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.client.loopback import Loopback

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


class Scripted(Loopback):
    """The server. ``replies`` are given in turn, the last one for ever."""

    def __init__(self, *replies: Reply | Callable[[Seen], Reply], tls: bool = False) -> None:
        self.tls = tls
        self.replies = list(replies)
        self.seen: list[Seen] = []
        context = None
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
        super().__init__(context)

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/v1"

    async def talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        ends: list[asyncio.StreamWriter],
    ) -> None:
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while await self._serve(reader, writer, number):
            pass

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
