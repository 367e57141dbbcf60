"""How much runs at once: the places for any work, and those kept for what lost its worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.engine.kit import PATIENCE, Chat, Clock, House, ask

from heliograph import journal, providers
from heliograph.journal import MemoryJournal, SqliteJournal


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: object) -> AsyncIterator[journal.Journal]:
    made = MemoryJournal() if request.param == "memory" else SqliteJournal(f"{tmp_path}/data")
    await made.start()
    yield made
    await made.stop()


class Real(Clock):
    def __call__(self) -> float:
        return time.time()


class Full:
    """An engine whose places are all in use until ``gate`` opens, and what waits beside it."""

    def __init__(self, store: journal.Journal, **limits: Any) -> None:
        self.store = store
        self.gate = asyncio.Event()
        parts = [self.gate.wait, providers.Text("hi"), providers.Finish()]
        self.chat = Chat(parts, repeat=True)
        self.house = House(store, self.chat, clock=Real(), claim_seconds=0.2, **limits)
        self.ids: list[str] = []

    async def fill(self, *, lost: int, fresh: int) -> list[str]:
        """Responses that another worker had begun, and some that nobody has; returns the first."""
        begun = [await self.house.submit(ask()) for _ in range(lost)]
        leases = [await self.store.claim("dead", ["*"], lease=60, wait=5) for _ in begun]
        await self.house.engine.start()
        count = self.house.limits.concurrency
        self.ids = [await self.house.submit(ask()) for _ in range(count + fresh)] + begun
        await self.runs(count)
        for lease in leases:
            assert lease is not None
            await self.store.release(lease)
        return begun

    async def runs(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.chat.turns) != count:  # noqa: ASYNC110 -- the model tells nobody
                await asyncio.sleep(0.01)

    async def all_end(self) -> None:
        self.gate.set()
        for one in self.ids:
            assert (await self.house.events(one))[-1].type == "response.completed"
        await self.house.engine.stop(5)
        await self.house.check_all()


async def test_the_reserve_is_for_what_was_begun_and_bounded(store: journal.Journal) -> None:
    here = Full(store, concurrency=4)
    begun = await here.fill(lost=3, fresh=2)
    await here.runs(6)
    await asyncio.sleep(0.3)  # longer than one claim
    assert len(here.chat.turns) == here.house.engine.running == 6
    states = [(await store.get("t", one)).state for one in begun]
    assert sorted(states) == ["queued", "running", "running"]
    assert (await store.queued("t")).total == 3
    await here.all_end()


@pytest.mark.parametrize(("concurrency", "reserve"), [(1, 0.5), (4, 0.0)])
async def test_without_a_reserve_all_wait(
    store: journal.Journal, concurrency: int, reserve: float
) -> None:
    here = Full(store, concurrency=concurrency, takeover_reserve=reserve)
    await here.fill(lost=2, fresh=1)
    await asyncio.sleep(0.3)
    assert len(here.chat.turns) == here.house.engine.running == concurrency
    assert (await store.queued("t")).total == 3
    await here.all_end()


async def test_a_place_that_gets_free_goes_to_what_was_begun(store: journal.Journal) -> None:
    here = Full(store, concurrency=1)
    begun = await here.fill(lost=1, fresh=2)
    await here.all_end()
    orders = [(await store.get("t", one)).finished_at or 0.0 for one in [*begun, *here.ids[1:3]]]
    assert orders == sorted(orders)
