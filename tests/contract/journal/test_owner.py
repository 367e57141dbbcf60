"""What the owner learns: cancels, and whether anyone reads."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.journal.support import Clock, claim, entry, new, started

from heliograph import errors
from heliograph.journal import Entry, Journal


async def unread(journal: Journal, lease: object) -> float | None:
    return (await journal.renew(lease, seconds=10)).unread_since  # type: ignore[arg-type]


async def test_a_cancel_wakes_the_owner(journal: Journal) -> None:
    lease = await started(journal)
    task = asyncio.create_task(journal.cancelled(lease))
    await asyncio.sleep(0.02)
    assert not task.done()
    await journal.cancel("t", "r")
    async with asyncio.timeout(2):
        await task
    assert (await journal.renew(lease, seconds=10)).cancel_requested is True
    assert (await journal.get("t", "r")).cancel_requested is True


async def test_a_cancel_before_the_claim_is_not_lost(journal: Journal, clock: Clock) -> None:
    await journal.create(new("r"))
    await journal.cancel("t", "r")
    lease = await claim(journal)
    async with asyncio.timeout(2):
        await journal.cancelled(lease)
    clock.advance(11)
    taken = await claim(journal, "w2")
    assert (await journal.renew(taken, seconds=10)).cancel_requested is True


async def test_cancelling_twice_or_after_the_end_does_nothing(journal: Journal) -> None:
    lease = await started(journal)
    await journal.cancel("t", "r")
    await journal.cancel("t", "r")
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    other = await started(journal, "r2")
    await journal.finish(other, 0, [entry(0)], Entry(b"end"))
    await journal.cancel("t", "r2")
    assert (await journal.get("t", "r2")).cancel_requested is False


async def test_ten_owners_each_hear_their_own_cancel(journal: Journal) -> None:
    leases = [await started(journal, f"r{i}") for i in range(10)]
    tasks = [asyncio.create_task(journal.cancelled(lease)) for lease in leases]
    await asyncio.sleep(0.02)
    for i in (3, 7):
        await journal.cancel("t", f"r{i}")
    await asyncio.sleep(0.05)
    assert [i for i, task in enumerate(tasks) if task.done()] == [3, 7]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("how", ["taken over", "released", "finished", "deleted"])
async def test_losing_the_lease_wakes_who_waits_for_a_cancel(
    journal: Journal, clock: Clock, how: str
) -> None:
    lease = await started(journal)
    task = asyncio.create_task(journal.cancelled(lease))
    await asyncio.sleep(0.02)
    clock.advance(11)
    await asyncio.sleep(0.02)
    assert not task.done()
    if how == "taken over":
        await claim(journal, "w2")
    elif how == "released":
        await journal.release(lease)
    elif how == "finished":
        await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    else:
        await journal.delete("t", "r")
    async with asyncio.timeout(2):
        await task


async def test_deleting_fences_the_owner_out(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    appended, deleted, late = await asyncio.gather(
        journal.append(lease, 1, [entry(1)]),
        journal.delete("t", "r"),
        journal.append(lease, 2, [entry(2)]),
        return_exceptions=True,
    )
    assert (appended, deleted) == (1, None)
    assert isinstance(late, errors.Fenced)
    with pytest.raises(errors.UnknownResponse):
        await journal.get("t", "r")
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None


async def test_a_queued_response_that_is_deleted_is_never_claimed(journal: Journal) -> None:
    await journal.create(new("r"))
    await journal.delete("t", "r")
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None


async def test_unread_counts_from_the_claim_where_nobody_ever_read(
    journal: Journal, clock: Clock
) -> None:
    await journal.create(new("r"))
    clock.advance(100)
    claimed_at = clock.now
    lease = await claim(journal)
    clock.advance(5)
    assert await unread(journal, lease) == claimed_at


async def test_a_reader_lease_counts_while_it_is_held(journal: Journal, clock: Clock) -> None:
    await journal.create(new("r"))
    await journal.attach("t", "r", "a", seconds=30)
    lease = await claim(journal)
    assert await unread(journal, lease) is None
    clock.advance(20)
    await journal.attach("t", "r", "a", seconds=30)
    clock.advance(20)
    assert await unread(journal, lease) is None
    clock.advance(10)
    assert await unread(journal, lease) == clock.now
    lapsed = clock.now
    clock.advance(10)
    assert await unread(journal, lease) == lapsed


async def test_the_last_of_several_readers_counts(journal: Journal, clock: Clock) -> None:
    lease = await started(journal)
    await journal.attach("t", "r", "a", seconds=30)
    await journal.attach("t", "r", "b", seconds=10)
    clock.advance(5)
    await journal.detach("t", "r", "a")
    assert await unread(journal, lease) is None
    clock.advance(1)
    await journal.detach("t", "r", "a")
    await journal.detach("t", "r", "stranger")
    assert await unread(journal, lease) is None
    left = clock.now
    await journal.detach("t", "r", "b")
    clock.advance(3)
    assert await unread(journal, lease) == left
    await journal.attach("t", "r", "c", seconds=10)
    assert await unread(journal, lease) is None


async def test_the_grace_starts_anew_after_a_takeover(journal: Journal, clock: Clock) -> None:
    await started(journal)
    await journal.attach("t", "r", "a", seconds=5)
    clock.advance(100)
    taken = await claim(journal, "w2")
    assert await unread(journal, taken) == clock.now


async def test_attaching_to_a_finished_response_is_harmless(journal: Journal) -> None:
    lease = await started(journal)
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    before = await journal.get("t", "r")
    await journal.attach("t", "r", "a", seconds=5)
    await journal.detach("t", "r", "a")
    assert await journal.get("t", "r") == before
    assert before.state == "finished"
    assert [frame.first async for frame in journal.read("t", "r")] == [0]
