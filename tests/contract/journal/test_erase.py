"""Blobs, expiry, deletion, restart."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, check_log, claim, entries, entry, new, started

from heliograph import errors
from heliograph.journal import MAX_BLOB_BYTES, Entry, Journal

HOUR = 3600.0
DAY = 24 * HOUR

Restart = Callable[[Journal], Awaitable[Journal]]


async def test_a_blob_is_named_by_its_content(journal: Journal) -> None:
    data = bytes(range(256)) * 1000
    sha256 = await journal.blobs.put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert await journal.blobs.put(data) == sha256
    assert await journal.blobs.get(sha256) == data
    empty = await journal.blobs.put(b"")
    assert await journal.blobs.get(empty) == b""


async def test_many_puts_of_few_blobs_at_once(journal: Journal) -> None:
    blobs = [bytes([i]) * 100_000 for i in range(3)]
    names = await asyncio.gather(*(journal.blobs.put(blobs[i % 3]) for i in range(30)))
    assert len(set(names)) == 3
    for i, name in enumerate(names):
        assert await journal.blobs.get(name) == blobs[i % 3]


@pytest.mark.parametrize("name", ["0" * 64, "", "x", "../../../../etc/passwd", "F" * 64])
async def test_an_unknown_blob_is_an_error(journal: Journal, name: str) -> None:
    with pytest.raises(errors.JournalError):
        await journal.blobs.get(name)


async def test_a_blob_over_the_bound_is_refused_by_name(journal: Journal) -> None:
    with pytest.raises(errors.JournalError, match="MAX_BLOB_BYTES"):
        await journal.blobs.put(bytes(MAX_BLOB_BYTES + 1))


async def test_a_response_expires_after_its_end_not_before(journal: Journal, clock: Clock) -> None:
    lease = await started(journal, "short", expires_in=60.0)
    for_ever = await started(journal, "ever")
    await started(journal, "running", expires_in=60.0)
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    await journal.finish(for_ever, 0, [entry(0)], Entry(b"end"))
    clock.advance(59)
    assert await journal.expire() == 0
    clock.advance(1)
    assert await journal.expire() == 1
    with pytest.raises(errors.UnknownResponse):
        await journal.get("t", "short")
    assert (await journal.get("t", "ever")).state == "finished"
    clock.advance(1000 * DAY)
    assert await journal.expire() == 0
    assert (await journal.get("t", "running")).state == "running"


async def test_hundreds_expire_in_one_call(journal: Journal, clock: Clock) -> None:
    for i in range(150):
        lease = await started(journal, f"r{i}", expires_in=1.0)
        await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    clock.advance(2)
    assert await journal.expire() == 150
    assert await journal.expire() == 0


async def test_a_reader_of_what_expires_is_told(journal: Journal, clock: Clock) -> None:
    lease = await started(journal, expires_in=60.0)
    await journal.append(lease, 0, [entry(0)])
    reader = journal.read("t", "r")
    await anext(reader)
    await journal.append(lease, 1, [entry(1)])
    await journal.finish(lease, 2, [entry(2)], Entry(b"end"))
    clock.advance(60)
    await journal.expire()
    with pytest.raises(errors.UnknownResponse):
        await anext(reader)


async def test_an_erased_id_is_free_again_after_a_day(journal: Journal, clock: Clock) -> None:
    await journal.create(new("r"))
    await journal.delete("t", "r")
    clock.advance(DAY)
    await journal.expire()
    assert (await journal.create(new("r"))).fresh is True


async def test_a_blob_lives_as_long_as_a_response_that_refers_to_it(
    journal: Journal, clock: Clock
) -> None:
    shared = await journal.blobs.put(b"shared")
    own = await journal.blobs.put(b"own")
    final = await journal.blobs.put(b"final")
    first = await started(journal, "first")
    second = await started(journal, "second")
    await journal.append(first, 0, [entry(0, shared, own)])
    await journal.append(second, 0, [entry(0, shared)])
    await journal.finish(first, 1, [], Entry(b"end", entry(0, final).blobs))
    clock.advance(10 * DAY)
    await journal.expire()
    for sha256 in (shared, own, final):
        await journal.blobs.get(sha256)
    await journal.delete("t", "first")
    clock.advance(HOUR)
    await journal.expire()
    await journal.blobs.get(shared)
    for sha256 in (own, final):
        with pytest.raises(errors.JournalError):
            await second_look(journal, sha256)
    await journal.delete("t", "second")
    clock.advance(HOUR)
    await journal.expire()
    with pytest.raises(errors.JournalError):
        await second_look(journal, shared)


async def test_a_blob_lives_as_long_as_a_context_that_refers_to_it(
    journal: Journal, clock: Clock
) -> None:
    kept = await journal.blobs.put(b"kept")
    first = await started(journal, "first")
    await journal.append(first, 0, [entry(0, kept)])
    await journal.create(new("second", context=entry(0, kept)))
    await journal.delete("t", "first")
    clock.advance(10 * DAY)
    await journal.expire()
    assert await second_look(journal, kept) == b"kept"
    await journal.delete("t", "second")
    clock.advance(HOUR)
    await journal.expire()
    with pytest.raises(errors.JournalError):
        await second_look(journal, kept)


async def second_look(journal: Journal, sha256: str) -> bytes:
    """Past any copy in memory."""
    cache = getattr(journal.blobs, "_cache", None)
    if cache is not None:
        cache.clear()
    return await journal.blobs.get(sha256)


async def test_a_blob_on_its_way_into_the_log_is_not_collected(
    journal: Journal, clock: Clock
) -> None:
    lease = await started(journal)
    sha256 = await journal.blobs.put(b"picture")
    clock.advance(HOUR - 1)
    await journal.expire()
    await journal.append(lease, 0, [entry(0, sha256)])
    clock.advance(DAY)
    await journal.expire()
    assert await second_look(journal, sha256) == b"picture"


async def test_putting_an_old_blob_again_makes_it_new(journal: Journal, clock: Clock) -> None:
    sha256 = await journal.blobs.put(b"picture")
    clock.advance(DAY)
    assert await journal.blobs.put(b"picture") == sha256
    await journal.expire()
    assert await second_look(journal, sha256) == b"picture"
    clock.advance(HOUR)
    await journal.expire()
    with pytest.raises(errors.JournalError):
        await second_look(journal, sha256)
    lease = await started(journal)
    with pytest.raises(errors.JournalError, match="unknown blob"):
        await journal.append(lease, 0, [entry(0, sha256)])


async def test_a_restart_makes_running_work_claimable_and_counts_it(
    restart: Restart, journal: Journal, clock: Clock
) -> None:
    lease = await started(journal, "running", background=True)
    await journal.append(lease, 0, entries(0, 3))
    released = await started(journal, "released")
    await journal.release(released)
    await journal.create(new("queued"))
    done = await claim(journal)
    assert done.response_id == "released"
    await journal.finish(done, 0, [entry(0)], Entry(b"end"))

    journal = await restart(journal)
    taken = await claim(journal)
    assert (taken.response_id, taken.takeovers, taken.epoch) == ("running", 1, 2)
    assert (taken.last_seq, taken.background) == (2, True)
    queued = await claim(journal)
    assert (queued.response_id, queued.takeovers, queued.epoch) == ("queued", 0, 1)
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None
    with pytest.raises(errors.Fenced):
        await journal.append(lease, 3, [entry(3)])
    await journal.finish(taken, 3, entries(3, 1), Entry(b"end"))
    data = [one.data async for frame in journal.read("t", "running") for one in frame.entries]
    check_log(data, 0, 3)


async def test_a_worker_that_outlived_a_restart_keeps_its_epoch_until_someone_takes_over(
    restart: Restart, journal: Journal
) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    journal = await restart(journal)
    await journal.renew(lease, seconds=10)
    assert await journal.append(lease, 1, [entry(1)]) == 1
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None


async def test_the_grace_starts_anew_after_a_restart(
    restart: Restart, journal: Journal, clock: Clock
) -> None:
    lease = await started(journal)
    await journal.attach("t", "r", "a", seconds=1000)
    clock.advance(50)
    journal = await restart(journal)
    restarted_at = clock.now
    clock.advance(50)
    assert (await journal.renew(lease, seconds=10)).unread_since == restarted_at
    clock.advance(50)
    taken = await claim(journal)
    assert (await journal.renew(taken, seconds=10)).unread_since == clock.now


async def test_everything_else_survives_a_restart(
    restart: Restart, journal: Journal, clock: Clock
) -> None:
    sha256 = await journal.blobs.put(b"picture")
    lease = await started(journal, idempotency_key="k", body_digest="d", expires_in=DAY)
    await journal.cancel("t", "r")
    await journal.append(lease, 0, [entry(0, sha256)])
    await journal.finish(lease, 1, [entry(1)], Entry(b"end"))
    await journal.create(new("gone"))
    await journal.delete("t", "gone")
    before = await journal.get("t", "r")

    journal = await restart(journal)
    assert await journal.get("t", "r") == before
    assert await journal.blobs.get(sha256) == b"picture"
    again = await journal.create(new("r2", idempotency_key="k", body_digest="d"))
    assert (again.response_id, again.fresh) == ("r", False)
    with pytest.raises(errors.JournalError, match="used before"):
        await journal.create(new("gone"))
    clock.advance(2 * DAY)
    assert await journal.expire() == 1
