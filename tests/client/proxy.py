"""A real HTTP proxy on loopback: CONNECT tunnels, and plain requests sent on as they came."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import urlsplit

from tests.client.loopback import Loopback


class Proxy(Loopback):
    """``asked`` is what it was asked for: method and target. It lets in ``user`` only."""

    def __init__(self, user: str | None = None) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._wanted = None if user is None else base64.b64encode(user.encode()).decode()
        self._user = user

    @property
    def url(self) -> str:
        user = "" if self._user is None else f"{self._user}@"
        return f"http://{user}127.0.0.1:{self.port}"

    async def talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        ends: list[asyncio.StreamWriter],
    ) -> None:
        line, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        method, target, version = line.decode().split(" ")
        self.asked.append(f"{method} {target}")
        if self._wanted is not None and f"Basic {self._wanted}".encode() not in rest:
            writer.write(b"HTTP/1.1 407 Who Are You\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            writer.write_eof()
            await writer.wait_closed()
            return
        where = urlsplit(f"//{target}" if method == "CONNECT" else target)
        answers, far = await asyncio.open_connection(where.hostname, where.port)
        ends.append(far)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Go On\r\n\r\n")
        else:
            far.write(f"{method} {where.path} {version}\r\n".encode() + rest)
        await asyncio.gather(_pass_on(reader, far), _pass_on(answers, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
