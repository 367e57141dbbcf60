"""How long the queue is, and what has waited in it for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, claim, entry, new, started

from heliograph.journal import Entry, Journal, Lease, Queued


async def overdue(journal: Journal, worker: str = "sweeper") -> Lease | None:
    return await journal.claim_overdue(worker, lease=10)


async def until_queued(journal: Journal, tenant: str, expected: Queued) -> None:
    """A count may be a second old."""
    async with asyncio.timeout(5):
        while await journal.queued(tenant) != expected:  # noqa: ASYNC110 -- no event tells
            await asyncio.sleep(0.05)


async def test_the_queue_is_counted_for_all_and_for_one(journal: Journal) -> None:
    assert await journal.queued("t") == Queued(0, 0)
    for name, tenant in (("r1", "t"), ("r2", "t"), ("r3", "u")):
        await journal.create(new(name, tenant=tenant, background=name == "r2"))
    assert await journal.queued("t") == Queued(3, 2)
    assert await journal.queued("u") == Queued(3, 1)
    assert await journal.queued("nobody") == Queued(3, 0)


async def test_what_runs_has_ended_or_is_gone_is_not_in_the_queue(journal: Journal) -> None:
    for name in ("r1", "r2", "r3"):
        await journal.create(new(name))
    lease = await claim(journal)
    await until_queued(journal, "t", Queued(2, 2))
    await journal.release(lease)
    await until_queued(journal, "t", Queued(3, 3))
    lease = await claim(journal)
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    await journal.delete("t", "r3")
    await until_queued(journal, "t", Queued(1, 1))
    await journal.create(new("r4", claim_as="w", claim_seconds=10))
    await until_queued(journal, "t", Queued(1, 1))


async def test_what_waits_too_long_is_claimed_whatever_it_needs(
    journal: Journal, clock: Clock
) -> None:
    await journal.create(new("r", capabilities=("chat:nobody",), claim_within=5))
    assert await overdue(journal) is None
    clock.advance(4.9)
    assert await overdue(journal) is None
    clock.advance(0.1)
    lease = await overdue(journal)
    assert lease is not None
    assert (lease.response_id, lease.worker, lease.epoch) == ("r", "sweeper", 1)
    assert lease.claim_by == clock.now
    assert await overdue(journal) is None
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    assert (await journal.get("t", "r")).state == "finished"


async def test_the_time_counts_from_what_the_response_says(journal: Journal, clock: Clock) -> None:
    await journal.create(new("r", created_at=clock.now - 3, claim_within=5))
    clock.advance(2)
    lease = await overdue(journal)
    assert lease is not None
    assert lease.claim_by == clock.now


async def test_background_work_may_wait_longer(journal: Journal, clock: Clock) -> None:
    await journal.create(new("slow", background=True, claim_within=100))
    await journal.create(new("quick", claim_within=5))
    await journal.create(new("patient"))
    clock.advance(50)
    lease = await overdue(journal)
    assert lease is not None
    assert lease.response_id == "quick"
    assert await overdue(journal) is None
    clock.advance(50)
    lease = await overdue(journal)
    assert lease is not None
    assert (lease.response_id, lease.background) == ("slow", True)
    clock.advance(1_000_000)
    assert await overdue(journal) is None
    assert (await claim(journal)).response_id in ("patient", "quick", "slow")


async def test_whoever_claims_is_told_until_when_it_could_wait(
    journal: Journal, clock: Clock
) -> None:
    await journal.create(new("r", claim_within=5))
    lease = await claim(journal)
    assert lease.claim_by == clock.now + 5
    await journal.create(new("r2"))
    assert (await claim(journal)).claim_by is None
    created = await journal.create(new("r3", claim_as="w", claim_seconds=10, claim_within=5))
    assert created.lease is not None
    assert created.lease.claim_by == clock.now + 5


@pytest.mark.parametrize("end", ["running", "released", "lapsed"])
async def test_what_was_claimed_once_is_not_overdue(
    journal: Journal, clock: Clock, end: str
) -> None:
    lease = await started(journal, claim_within=5)
    if end == "released":
        await journal.release(lease)
    clock.advance(8 if end == "running" else 20)
    assert await overdue(journal) is None
    if end != "running":
        taken = await claim(journal)
        assert (taken.response_id, taken.epoch) == ("r", 2)


async def test_of_many_sweepers_one_has_it(journal: Journal, clock: Clock) -> None:
    await journal.create(new("r", claim_within=5))
    clock.advance(6)
    got = await asyncio.gather(
        *(overdue(journal, f"w{i}") for i in range(8)),
        journal.claim("worker", ["chat:*"], lease=10, wait=0),
    )
    assert sum(lease is not None for lease in got) == 1


async def test_the_queue_outlives_a_restart(
    restart: Callable[[Journal | None], Awaitable[Journal]], clock: Clock
) -> None:
    journal = await restart(None)
    await journal.create(new("r", claim_within=5))
    await journal.create(new("r2", tenant="u"))
    journal = await restart(journal)
    assert await journal.queued("t") == Queued(2, 1)
    clock.advance(6)
    lease = await overdue(journal)
    assert lease is not None
    assert lease.response_id == "r"
