"""A proxy that cuts, stalls and re-splits at random, and does nothing else to the bytes."""

from __future__ import annotations

import asyncio
import math
import random
import threading
from typing import Any, Self

_READ = 65536


class Chaos:
    """Forwards connections to ``port``; what happens to each comes from ``seed`` and its number.

    Each connection forwards so many bytes of the answers, then is cut (with a reset or an end) or
    stalls: it forwards nothing more in either direction until the client leaves.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._seed = seed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chaos")
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.cuts = 0
        self.stalls = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self.port: int = self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

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
        self.connections += 1
        rng = random.Random(f"{self._seed}/{self.connections}")
        far: asyncio.StreamWriter | None = None
        try:
            answers, far = await asyncio.open_connection("127.0.0.1", self._port)
            asks = asyncio.create_task(_forward(reader, far))
            try:
                await self._answers(rng, answers, writer, asks)
            finally:
                asks.cancel()
                await asyncio.gather(asks, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()

    async def _answers(
        self,
        rng: random.Random,
        answers: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asks: asyncio.Task[None],
    ) -> None:
        left = 0 if rng.random() < 0.15 else int(math.exp(rng.uniform(3, 12.5)))
        while data := await answers.read(_READ):
            part = data[:left]
            left -= len(part)
            for piece in _pieces(rng, part):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if left > 0:
                continue
            if rng.random() < 0.2:
                self.stalls += 1
                await asks  # ends when the client leaves
            else:
                self.cuts += 1
                if rng.random() < 0.5:
                    writer.write_eof()
                    await asyncio.sleep(0.01)
            return
        writer.write_eof()
        await asks


def _pieces(rng: random.Random, data: bytes) -> list[bytes]:
    if len(data) < 2 or rng.random() < 0.3:
        return [data] if data else []
    cuts = sorted(rng.randrange(1, len(data)) for _ in range(rng.randrange(1, 6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_READ):
        writer.write(data)
        await writer.drain()
