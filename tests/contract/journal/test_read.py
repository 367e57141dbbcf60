from __future__ import annotations

import asyncio
import random

import pytest
from tests.contract.journal.support import (
    Clock,
    Seen,
    check_log,
    claim,
    entries,
    entry,
    frames,
    new,
    started,
)

from heliograph import errors
from heliograph.journal import Entry, Journal, Lease


async def follow(journal: Journal, after: int = -1, response_id: str = "r") -> Seen:
    seen = Seen(after)
    async for frame in journal.read("t", response_id, after):
        seen.add(frame)
    return seen


async def produce(journal: Journal, lease: Lease, total: int, seed: int = 0) -> None:
    """``total`` entries in frames of random size; the last frame is ``finish``."""
    rng = random.Random(seed)
    first = 0
    while first < total:
        count = min(rng.choice([1, 1, 2, 5, 40]), total - first)
        if first + count == total:
            await journal.finish(lease, first, entries(first, count), Entry(b"end"))
        else:
            await journal.append(lease, first, entries(first, count))
        first += count


async def test_a_finished_log_is_replayed_whole_and_the_reader_ends(journal: Journal) -> None:
    lease = await started(journal)
    await produce(journal, lease, 2000)
    seen = await follow(journal)
    check_log(seen.data, 0, 1999)


@pytest.mark.parametrize("after", [-1, 0, 1, 2, 3, 4, 5, 6, 8, 9])
async def test_a_reader_begins_anywhere_also_within_a_frame(journal: Journal, after: int) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, entries(0, 3))
    await journal.append(lease, 3, entries(3, 4))
    await journal.finish(lease, 7, entries(7, 3), Entry(b"end"))
    seen = await follow(journal, after)
    check_log(seen.data, after + 1, 9)


async def test_a_reader_after_the_end_of_a_finished_log_ends_at_once(journal: Journal) -> None:
    lease = await started(journal)
    await journal.finish(lease, 0, entries(0, 3), Entry(b"end"))
    assert await frames(journal, after=2) == []
    assert await frames(journal, after=1000) == []


async def test_a_reader_ahead_of_the_log_waits_for_its_number(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, entries(0, 3))
    ahead = asyncio.create_task(follow(journal, 9))
    beside = asyncio.create_task(follow(journal))
    await asyncio.sleep(0.02)
    for first in range(3, 12):
        await journal.append(lease, first, [entry(first)])
    await journal.finish(lease, 12, [entry(12)], Entry(b"end"))
    check_log((await ahead).data, 10, 12)
    check_log((await beside).data, 0, 12)


async def test_a_reader_may_come_before_the_owner(journal: Journal) -> None:
    await journal.create(new("r"))
    task = asyncio.create_task(follow(journal))
    await asyncio.sleep(0.02)
    lease = await claim(journal)
    await produce(journal, lease, 30)
    async with asyncio.timeout(5):
        check_log((await task).data, 0, 29)


async def test_readers_attached_at_any_point_get_everything_once_in_order(
    journal: Journal,
) -> None:
    lease = await started(journal)
    total = 3000
    rng = random.Random(1)
    writing = asyncio.create_task(produce(journal, lease, total, seed=2))
    readers = []
    while not writing.done():
        after = rng.randrange(-1, total)
        readers.append((after, asyncio.create_task(follow(journal, after))))
        await asyncio.sleep(0)
        if len(readers) >= 60:
            break
    await writing
    for after, reader in readers:
        async with asyncio.timeout(10):
            check_log((await reader).data, after + 1, total - 1)


async def test_many_responses_and_readers_at_once(journal: Journal) -> None:
    leases = [await started(journal, f"r{i}") for i in range(12)]
    readers = [
        asyncio.create_task(follow(journal, response_id=lease.response_id))
        for lease in leases
        for _ in range(3)
    ]
    await asyncio.gather(*(produce(journal, lease, 300, i) for i, lease in enumerate(leases)))
    async with asyncio.timeout(10):
        for seen in await asyncio.gather(*readers):
            check_log(seen.data, 0, 299)


async def test_a_slow_reader_misses_nothing(journal: Journal) -> None:
    """It falls behind by more than any window in memory holds."""
    lease = await started(journal)
    reader = journal.read("t", "r")
    seen = Seen()
    await journal.append(lease, 0, [entry(0)])
    seen.add(await anext(reader))
    first = 1
    for _ in range(6):
        for _ in range(100):
            await journal.append(lease, first, [entry(first)])
            first += 1
        seen.add(await anext(reader))
    await journal.finish(lease, first, [entry(first)], Entry(b"end"))
    async for frame in reader:
        seen.add(frame)
    check_log(seen.data, 0, first)


async def test_large_frames_pass_to_slow_and_quick_readers(journal: Journal) -> None:
    lease = await started(journal)
    quick = asyncio.create_task(follow(journal))
    slow = journal.read("t", "r")
    seen = Seen()
    for first in range(8):
        await journal.append(lease, first, [Entry(b"%d" % first + b" " * 300_000)])
        if first % 3 == 0:
            seen.add(await anext(slow))
    await journal.finish(lease, 8, [Entry(b"8")], Entry(b"end"))
    async for frame in slow:
        seen.add(frame)
    assert [int(data) for data in seen.data] == list(range(9))
    assert (await quick).data == seen.data


async def test_a_reader_that_leaves_disturbs_nobody(journal: Journal) -> None:
    lease = await started(journal)
    staying = asyncio.create_task(follow(journal))
    leaving = asyncio.create_task(follow(journal))
    closing = journal.read("t", "r")
    await journal.append(lease, 0, [entry(0)])
    await anext(closing)
    await closing.aclose()
    leaving.cancel()
    await journal.finish(lease, 1, [entry(1)], Entry(b"end"))
    check_log((await staying).data, 0, 1)
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_reader_that_begins_once_all_others_have_left_misses_nothing(
    journal: Journal,
) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    before = journal.read("t", "r")
    await anext(before)
    late = journal.read("t", "r")
    await before.aclose()
    assert (await anext(late)).first == 0
    waiting = asyncio.create_task(anext(late))
    await asyncio.sleep(0.05)
    await journal.append(lease, 1, [entry(1)])
    async with asyncio.timeout(5):
        assert (await waiting).first == 1
    await late.aclose()


async def test_nothing_is_shown_before_it_is_acknowledged_or_stored(journal: Journal) -> None:
    lease = await started(journal)
    shown: list[int] = []

    async def watch() -> None:
        async for frame in journal.read("t", "r"):
            record = await journal.get("t", "r")
            assert record.last_seq >= frame.last
            shown.append(frame.last)

    task = asyncio.create_task(watch())
    for first in range(100):
        await journal.append(lease, first, [entry(first)])
    await journal.finish(lease, 100, [entry(100)], Entry(b"end"))
    await task
    assert shown[-1] == 100


async def test_frames_after_a_takeover_carry_the_new_epoch(journal: Journal, clock: Clock) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, entries(0, 2))
    task = asyncio.create_task(frames(journal))
    await asyncio.sleep(0.02)
    clock.advance(11)
    taken = await claim(journal, "w2")
    with pytest.raises(errors.Fenced):
        await journal.append(lease, 2, [Entry(b"zombie")])
    await journal.finish(taken, 2, entries(2, 1), Entry(b"end"))
    got = await task
    assert [(frame.first, frame.epoch) for frame in got] == [(0, 1), (2, 2)]
    assert [one.data for frame in got for one in frame.entries] == [
        one.data for one in entries(0, 3)
    ]


async def test_deleting_ends_every_reader_with_unknown_response(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    waiting = asyncio.create_task(frames(journal))
    holding = journal.read("t", "r")
    await anext(holding)
    await asyncio.sleep(0.02)
    await journal.delete("t", "r")
    with pytest.raises(errors.UnknownResponse):
        await waiting
    with pytest.raises(errors.UnknownResponse):
        await anext(holding)


async def test_deleting_a_finished_response_stops_a_reader_in_the_middle(journal: Journal) -> None:
    lease = await started(journal)
    for first in range(5):
        await journal.append(lease, first, [entry(first)])
    await journal.finish(lease, 5, [entry(5)], Entry(b"end"))
    reader = journal.read("t", "r")
    await anext(reader)
    await journal.delete("t", "r")
    with pytest.raises(errors.UnknownResponse):
        await anext(reader)


async def test_a_reader_that_has_the_last_frame_ends_well_though_it_is_deleted(
    journal: Journal,
) -> None:
    lease = await started(journal)
    reader = journal.read("t", "r")
    await journal.append(lease, 0, [entry(0)])
    await anext(reader)
    await journal.finish(lease, 1, [entry(1)], Entry(b"end"))
    assert (await anext(reader)).last == 1
    await journal.delete("t", "r")
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


async def test_stopping_wakes_readers_and_claimers_with_an_error(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    reading = asyncio.create_task(frames(journal))
    claiming = asyncio.create_task(journal.claim("w", ["chat:*"], lease=10, wait=30))
    watching = asyncio.create_task(journal.cancelled(lease))
    await asyncio.sleep(0.05)
    await journal.stop()
    async with asyncio.timeout(2):
        for task in (reading, claiming, watching):
            with pytest.raises(errors.JournalError, match="not open"):
                await task
