"""Turns among several processes: each has a view of the queue, and hears of the others' claims."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, claim, new
from tests.journal.nats.raw import eventually

from heliograph.journal import Lease, NatsJournal

Open = Callable[..., Awaitable[NatsJournal]]


async def test_a_turn_that_another_process_gave_counts(open_journal: Open) -> None:
    one, other = await open_journal(), await open_journal()
    for journal in (one, other):
        assert await journal.claim("w", ["*"], lease=10, wait=0) is None  # from now on they hear
    for name in ("a1", "a2", "a3", "b1"):
        await one.create(new(name, name[0]))
    assert (await claim(one, lease=1e6)).response_id == "a1"

    async def heard() -> bool:
        line = other._parts.queue._line
        return len(line._turns) == 1

    await eventually(heard)
    assert (await claim(other, lease=1e6)).response_id == "b1"


async def test_a_view_that_is_behind_costs_nobody_a_job(
    open_journal: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process has seen the queue, and never hears what others do."""
    one, other = await open_journal(), await open_journal()

    async def deaf(_: object) -> None:
        return

    monkeypatch.setattr(one, "_took", deaf)
    monkeypatch.setattr(one, "_woken", deaf)
    for name in ("r1", "r2", "r3", "r4"):
        await one.create(new(name))
        clock.advance(0.001)
    for name in ("r1", "r2", "r3"):
        assert (await claim(other, lease=1e6)).response_id == name
    await other.create(new("r5"))
    assert (await claim(one, lease=1e6)).response_id == "r4"
    assert (await claim(one, lease=1e6)).response_id == "r5"
    assert await one.claim("w", ["*"], lease=10, wait=0) is None


async def test_a_claimer_that_dies_with_a_job_in_hand_loses_none(
    open_journal: Open, clock: Clock
) -> None:
    one, other = await open_journal(), await open_journal()
    await one.create(new("r"))
    queue = one._parts.queue
    taken = await queue.next(["*"], clock(), begun=False)
    assert taken is not None
    assert await queue.take(taken)
    assert not await other._parts.queue.take(taken)
    assert await other.claim("w", ["*"], lease=10, wait=0) is None
    clock.advance(11)
    lease = await other.claim("w", ["*"], lease=10, wait=5)
    assert lease is not None
    assert (lease.response_id, lease.epoch, lease.takeovers) == ("r", 1, 0)


async def test_many_processes_share_a_queue_each_job_once_and_all_in_turns(
    open_journal: Open,
) -> None:
    processes = [await open_journal() for _ in range(4)]
    got = list[Lease]()
    for i in range(40):
        await processes[0].create(new(f"a{i}", "a"))
    for i in range(8):
        await processes[1].create(new(f"b{i}", "b"))

    async def work(journal: NatsJournal) -> None:
        while (lease := await journal.claim("w", ["*"], lease=1e6, wait=0)) is not None:
            got.append(lease)

    await asyncio.gather(*map(work, processes))
    assert len({lease.response_id for lease in got}) == len(got) == 48
    # Each process gives turns; what others give is heard a moment later.
    early = Counter(lease.tenant for lease in got[: 16 + 2 * len(processes)])
    assert early["b"] == 8
