"""An upstream's places, shared over a journal by several engines' processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from heliograph.engine import Limits, Pools
from heliograph.engine._pools import Pool
from heliograph.journal import MemoryJournal

LIMITS = Limits(lease_seconds=2.0, renew_seconds=0.05)
Make = Callable[[str], Pool]


@pytest.fixture
async def journal() -> AsyncIterator[MemoryJournal]:
    journal = MemoryJournal()
    await journal.start()
    yield journal
    with suppress(Exception):
        await journal.stop()


@pytest.fixture
async def make(journal: MemoryJournal) -> AsyncIterator[Make]:
    made: list[Pools] = []

    def one(name: str) -> Pool:
        made.append(Pools(journal.places, name, LIMITS))
        return made[-1].of("house", 2)

    yield one
    for pools in made:
        await pools.close()


async def soon(pool: Pool, count: int) -> None:
    async with asyncio.timeout(10):
        for _ in range(count):
            await pool.acquire()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- no event tells
            await asyncio.sleep(0.01)


async def test_two_processes_have_no_more_than_one_could(make: Make) -> None:
    one, other = make("one"), make("other")
    here = most = done = 0

    async def work(pool: Pool) -> None:
        nonlocal here, most, done
        await pool.acquire()
        here += 1
        most = max(most, here)
        await asyncio.sleep(0.001)
        here -= 1
        done += 1
        pool.release()

    async with asyncio.timeout(20):
        await asyncio.gather(*(work(pool) for pool in (one, other) * 30))
    assert (most, done) == (2, 60)
    await until(lambda: one.held == other.held == 0)


async def test_one_that_always_has_work_does_not_starve_another(make: Make) -> None:
    busy, other = make("busy"), make("other")
    stop = asyncio.Event()

    async def always() -> None:
        while not stop.is_set():
            await busy.acquire()
            await asyncio.sleep(0.001)
            busy.release()

    workers = [asyncio.create_task(always()) for _ in range(8)]
    await until(lambda: busy.held == 2 and busy.waiting > 4)
    for _ in range(10):
        await soon(other, 1)
        other.release()
    stop.set()
    await asyncio.gather(*workers)


async def test_who_came_first_is_first(make: Make) -> None:
    pool = make("one")
    await soon(pool, 2)
    order: list[int] = []

    async def turn(number: int) -> None:
        await pool.acquire()
        order.append(number)
        pool.release()

    turns = [asyncio.create_task(turn(number)) for number in range(6)]
    await until(lambda: pool.waiting == 6)
    pool.release()
    pool.release()
    await asyncio.gather(*turns)
    assert order == sorted(order)


async def test_who_waits_no_more_takes_nobodys_place(make: Make) -> None:
    one, other = make("one"), make("other")
    await soon(one, 2)
    waiting = [asyncio.create_task(other.acquire()) for _ in range(3)]
    await until(lambda: other.waiting == 3)
    for task in waiting[:2]:
        task.cancel()
    await asyncio.gather(*waiting[:2], return_exceptions=True)
    one.release()
    async with asyncio.timeout(10):
        await waiting[2]
    assert (one.held, other.held, other.waiting) == (1, 1, 0)
    other.release()
    await soon(one, 1)


@pytest.mark.parametrize("pause", range(6))
async def test_a_place_that_comes_as_its_turn_is_cancelled_is_given_back(
    make: Make, pause: int
) -> None:
    one, other = make("one"), make("other")
    await soon(one, 2)
    waiting = asyncio.create_task(other.acquire())
    await until(lambda: other.waiting == 1)
    one.release()
    for _ in range(pause):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    if not waiting.cancelled():
        other.release()
    await until(lambda: other.held == 0)
    await soon(one, 1)


async def test_places_are_kept_for_longer_than_a_lease(journal: MemoryJournal, make: Make) -> None:
    one, other = make("one"), make("other")
    one._limits = other._limits = Limits(lease_seconds=0.3, renew_seconds=0.05)
    await soon(one, 2)
    waiting = asyncio.create_task(other.acquire())
    await asyncio.sleep(1)
    assert not waiting.done()
    one.release()
    await waiting


async def test_what_a_dead_process_held_comes_back(make: Make) -> None:
    dead, other = make("dead"), make("other")
    dead._limits = Limits(lease_seconds=0.3, renew_seconds=0.05)
    await soon(dead, 2)
    assert dead._task is not None
    dead._task.cancel()  # and says nothing more
    await soon(other, 2)


async def test_nobody_is_let_in_while_the_journal_is_away(
    journal: MemoryJournal, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    one = make("one")
    await soon(one, 1)
    await journal.stop()
    waiting = asyncio.create_task(one.acquire())
    await until(lambda: "no place can be had for house" in caplog.text)
    assert not waiting.done()
    await journal.start()
    async with asyncio.timeout(10):
        await waiting
    assert one.held == 2


async def test_a_pool_that_is_not_used_costs_nothing(make: Make) -> None:
    one = make("one")
    await soon(one, 2)
    one.release()
    one.release()
    await until(lambda: one._task is None)


async def test_what_is_back_at_the_end_is_free_at_once(journal: MemoryJournal) -> None:
    pools = Pools(journal.places, "leaving", LIMITS)
    pool = pools.of("house", 2)
    await soon(pool, 2)
    pool.release()
    pool.release()
    await pools.close()
    other = Pools(journal.places, "other", LIMITS).of("house", 2)
    async with asyncio.timeout(1):
        await soon(other, 2)
    await other.close()
    pool.release()
    assert pool._task is None, "it says nothing more"
