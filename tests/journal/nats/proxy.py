"""A TCP way to a server that can be made deaf, or cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Proxy:
    """While ``deaf``, what the server says is swallowed; what it is told still arrives.

    It becomes so by itself once the server has said ``hears`` bytes, which sets ``deafened``.
    """

    def __init__(self, port: int, hears: int | None = None) -> None:
        self._to = port
        self._left = hears
        self.deaf = False
        self.deafened = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.wait_for(asyncio.gather(*self._serving, return_exceptions=True), 5)
        await asyncio.sleep(0)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """End every connection; new ones hear again."""
        self.deaf = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, up_writer}
        try:
            await asyncio.gather(
                self._pump(reader, up_writer, swallows=False),
                self._pump(up_reader, writer, swallows=True),
            )
        finally:
            self._writers -= {writer, up_writer}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, swallows: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if not (swallows and self._heard(len(data))):
                    writer.write(data)
                    await writer.drain()
        writer.close()

    def _heard(self, size: int) -> bool:
        """Whether it is deaf by now."""
        if self._left is not None:
            self._left -= size
            if self._left < 0 and not self.deafened.is_set():
                self.deaf = True
                self.deafened.set()
        return self.deaf
