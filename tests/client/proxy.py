"""A real HTTP proxy on loopback: CONNECT tunnels, and plain requests sent on as they came."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Runs in a thread of its own. ``asked`` is what it was asked for: method and target."""

    def __init__(self, user: str | None = None) -> None:
        self.asked: list[str] = []
        self._wanted = None if user is None else base64.b64encode(user.encode()).decode()
        self._user = user
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        user = "" if self._user is None else f"{self._user}@"
        return f"http://{user}127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.port: int = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
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
        far: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, rest = head.partition(b"\r\n")
            method, target, version = line.decode().split(" ")
            self.asked.append(f"{method} {target}")
            if self._wanted is not None and f"Basic {self._wanted}".encode() not in rest:
                writer.write(b"HTTP/1.1 407 Who Are You\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
                return
            where = urlsplit(f"//{target}" if method == "CONNECT" else target)
            answers, far = await asyncio.open_connection(where.hostname, where.port)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Go On\r\n\r\n")
            else:
                far.write(f"{method} {where.path} {version}\r\n".encode() + rest)
            await asyncio.gather(_pass_on(reader, far), _pass_on(answers, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
