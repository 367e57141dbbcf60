"""A unix socket before a journal's, to be cut, held back, and listened to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path


class Relay:
    """Passes bytes both ways between clients at ``path`` and the host at ``to``.

    ``deaf`` drops what the host says, ``shut`` refuses connections.
    """

    def __init__(self, path: Path, to: Path) -> None:
        self.path = path
        self.to = to
        self.deaf = False
        self.shut = False
        self.connections = 0
        self.answered = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, self.path)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection, both halves, at once."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if self.shut:
            writer.transport.abort()
            return
        self.connections += 1
        host_reader, host_writer = await asyncio.open_unix_connection(self.to)
        self._open |= {writer, host_writer}
        up = asyncio.create_task(self._pump(reader, host_writer))
        down = asyncio.create_task(self._pump(host_reader, writer, answers=True))
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        for one in (writer, host_writer):
            one.transport.abort()
            self._open.discard(one)
        await asyncio.gather(up, down)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if answers and self.deaf:
                    continue
                self.answered += answers
                writer.write(data)
                await writer.drain()
