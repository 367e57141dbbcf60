"""Clients of a fleet: each reads one response to its end, however often it is cut."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from tests.client.chaos import Chaos
from tests.server.kit import MODEL

from heliograph import errors, models
from heliograph.client import AsyncHeliograph, Retries, Timeout

TALKER = "fake-1"
POLICY = Retries(attempts=1000, wait_first=0.05, wait_most=1.0, stall_least=5.0)
PATIENCE = Timeout(connect=10, read=10)
ENDS = {"response.completed", "response.incomplete", "response.failed"}
_START = {"response.created", "response.queued", "response.in_progress"}


class Balancer(Chaos):
    """Cuts at random, and sends each connection to one of the gateways that take it."""

    def __init__(self, ports: Sequence[int], seed: int) -> None:
        super().__init__(ports[0], seed)
        self._ports = list(ports)

    def allowed(self, rng: random.Random) -> float:
        """Half of the connections are left alone: it is the fleet that is tried here."""
        return math.inf if rng.random() < 0.5 else super().allowed(rng)

    async def far(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The next gateway's turn; where it is down, the other's."""
        for port in self._ports[number % 2 :] + self._ports[: number % 2]:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
        raise ConnectionRefusedError("no gateway is up")


class Told(msgspec.Struct):
    """What one reader was told: its response, the events' own bytes, when each came."""

    picture: bool
    response_id: str = ""
    events: list[bytes | None] = []
    times: list[float] = []
    types: list[str] = []
    error: str = ""

    @property
    def ended(self) -> bool:
        """Whether it was told the end."""
        return bool(self.types) and self.types[-1] in ENDS

    @property
    def stall(self) -> float:
        """The longest silence between two events once its worker had begun."""
        gaps = [
            after - before
            for before, after, kind in zip(self.times, self.times[1:], self.types, strict=False)
            if kind not in _START
        ]
        return max(gaps, default=0.0)


def request(number: int, *, picture: bool) -> dict[str, Any]:
    background = number % 3 == 0
    if not picture:
        return {"model": TALKER, "input": f"text {number}", "background": background}
    tool = {
        "type": "image_generation",
        "size": "256x256",
        "partial_images": 3,
        "seed": number,
    }
    words = f"{number % 7 + 1} red foxes under the moon"
    return {"model": MODEL, "input": words, "tools": [tool], "background": background}


async def read_all(url: str, pictures: int, texts: int, told: list[Told]) -> None:
    """Ask for all at once, and read each to its end. ``told`` grows as they are asked for."""
    kinds = [True] * pictures + [False] * texts
    async with AsyncHeliograph("sk-x", url, retries=POLICY, timeout=PATIENCE) as client:

        async def one(number: int, picture: bool) -> None:
            seen = Told(picture=picture)
            told.append(seen)
            try:
                asked = request(number, picture=picture)
                async with client.responses.stream(**asked) as stream:
                    async for event in stream:
                        seen.response_id = stream.response_id or ""
                        seen.events.append(models.wire_of(event))
                        seen.types.append(event.type)
                        seen.times.append(time.time())
            except errors.HeliographError as error:
                seen.error = f"{type(error).__name__}: {error}"

        await asyncio.gather(*(one(number, kind) for number, kind in enumerate(kinds)))
