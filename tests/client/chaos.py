"""A proxy that cuts, stalls and re-splits at random, and does nothing else to the bytes."""

from __future__ import annotations

import asyncio
import math
import random

from tests.client.loopback import Loopback

_READ = 65536


class Chaos(Loopback):
    """Forwards connections to ``port``; what happens to each comes from ``seed`` and its number.

    Each connection forwards so many bytes of the answers, then is cut (with a reset or an end) or
    stalls: it forwards nothing more in either direction until the client leaves.
    """

    def __init__(self, port: int, seed: int) -> None:
        super().__init__()
        self._port = port
        self._seed = seed
        self.cuts = 0
        self.stalls = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def far(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The far end of a connection."""
        return await asyncio.open_connection("127.0.0.1", self._port)

    def allowed(self, rng: random.Random) -> float:
        """How many bytes of its answers a connection may forward."""
        return 0 if rng.random() < 0.15 else int(math.exp(rng.uniform(3, 12.5)))

    async def talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        ends: list[asyncio.StreamWriter],
    ) -> None:
        rng = random.Random(f"{self._seed}/{number}")
        answers, far = await self.far(number)
        ends.append(far)
        asks = asyncio.create_task(_forward(reader, far))
        try:
            await self._answers(rng, answers, writer, asks)
        finally:
            asks.cancel()
            await asyncio.gather(asks, return_exceptions=True)

    async def _answers(
        self,
        rng: random.Random,
        answers: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asks: asyncio.Task[None],
    ) -> None:
        left = self.allowed(rng)
        while data := await answers.read(_READ):
            part = data[: int(min(left, len(data)))]
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
