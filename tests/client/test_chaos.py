"""Streams through a proxy that cuts, stalls and re-splits: each loop sees the journal's events.

``HELIOGRAPH_CHAOS`` is how many streams (``make test-chaos``: 500).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from tests.client.chaos import Chaos
from tests.client.ways import WAYS
from tests.server.kit import Painter, ask, assert_valid, read, running

from heliograph import models, providers
from heliograph.client import AsyncHeliograph, Heliograph, Retries, Timeout
from heliograph.providers import Catalog, ModelCard
from heliograph.providers.chat import Direct
from heliograph.server import Limits

STREAMS = int(os.environ.get("HELIOGRAPH_CHAOS", "60"))
AT_ONCE = 10
POLICY = Retries(attempts=200, wait_first=0.01, wait_most=0.1, stall_least=0.6)
PATIENCE = Timeout(connect=10, read=2)  # where a connection stalls before it showed a keep-alive


class Talker:
    """Says a hundred words with pauses; some are longer than the time between keep-alives."""

    cards = (
        ModelCard(
            id="test/talker",
            name="Talker",
            description="words",
            kind="chat",
            created=1,
            owned_by="test",
        ),
    )

    def check(self, request: models.ResponsesRequest) -> None:
        """It says the same whatever it is asked."""

    async def answer(self, turn: providers.ChatTurn) -> AsyncGenerator[providers.ChatPart, None]:
        for number in range(100):
            await asyncio.sleep(0.5 if number % 40 == 39 else 0.002)
            yield providers.Text(f"word {number} 狐, ")
        yield providers.Finish()


def request(number: int) -> dict[str, Any]:
    if number % 2:
        return {"model": "test/talker", "input": f"stream {number}"}
    return ask(f"stream {number}", partials=2, background=number % 4 == 2)


def sync_streams(url: str, count: int) -> list[tuple[str | None, list[bytes | None]]]:
    with Heliograph("sk-x", url, retries=POLICY, timeout=PATIENCE) as client:

        def one(number: int) -> tuple[str | None, list[bytes | None]]:
            with client.responses.stream(**request(number)) as stream:
                seen = [models.wire_of(event) for event in stream]
                return stream.response_id, seen

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(count)))


async def async_streams(
    url: str, count: int, transport: Any
) -> list[tuple[str | None, list[bytes | None]]]:
    places = asyncio.Semaphore(AT_ONCE)
    async with AsyncHeliograph(
        "sk-x", url, retries=POLICY, timeout=PATIENCE, transport=transport
    ) as client:

        async def one(number: int) -> tuple[str | None, list[bytes | None]]:
            async with places, client.responses.stream(**request(number)) as stream:
                seen = [models.wire_of(event) async for event in stream]
                return stream.response_id, seen

        return await asyncio.gather(*map(one, range(count)))


@pytest.mark.parametrize("way", WAYS)
def test_every_loop_sees_the_journals_events_once_each_in_order(way: str) -> None:
    count = -(-STREAMS // len(WAYS))
    serves = Catalog(chat=[Direct(), Talker()], images=[Painter(0.25, 8_000)])
    limits = Limits(keep_alive_seconds=0.2)
    with running(serves=serves, limits=limits) as here:
        port = httpx2.URL(here.url).port
        assert port is not None
        with Chaos(port, seed=4) as chaos:
            if way == "sync":
                got = sync_streams(chaos.url, count)
            else:
                transport = way.removeprefix("async-")
                got = asyncio.run(async_streams(chaos.url, count, transport))
        assert len({response_id for response_id, _ in got}) == count, "one was made twice"
        with httpx2.Client(base_url=here.url) as http:
            for response_id, seen in got:
                with http.stream("GET", f"/v1/responses/{response_id}?stream=true") as kept:
                    journal = [frame.data for frame in assert_valid(read(kept)).frames]
                assert seen == journal
        assert chaos.cuts > count / 2
        assert chaos.stalls > count / 10
        assert chaos.connections > count
