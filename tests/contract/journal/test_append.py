from __future__ import annotations

import asyncio

import pytest
from tests.contract.journal.support import Clock, check_log, claim, entries, entry, frames, started

from heliograph import errors
from heliograph.journal import MAX_FRAME_BYTES, MAX_FRAME_ENTRIES, BlobRef, Entry, Frame, Journal


async def test_append_returns_the_last_number_and_keeps_the_frame(journal: Journal) -> None:
    lease = await started(journal)
    assert await journal.append(lease, 0, entries(0, 3)) == 2
    assert await journal.append(lease, 3, entries(3, 1)) == 3
    reader = journal.read("t", "r")
    assert await anext(reader) == Frame(0, 1, tuple(entries(0, 3)))
    assert await anext(reader) == Frame(3, 1, (entry(3),))
    await reader.aclose()
    assert (await journal.get("t", "r")).last_seq == 3


async def test_everything_in_an_entry_comes_back(journal: Journal) -> None:
    lease = await started(journal)
    sha256 = await journal.blobs.put(b"picture")
    odd = [
        Entry('{"text":"狐 \\ud83d \U0001f98a"}'.encode()),
        Entry(b"", (BlobRef(0, sha256, 7), BlobRef(12, sha256, 7))),
        Entry(bytes(range(256)), (), b"\x00note"),
    ]
    await journal.finish(lease, 0, odd, odd[1])
    assert (await frames(journal))[0].entries == tuple(odd)
    assert (await journal.get("t", "r")).snapshot == odd[1]


@pytest.mark.parametrize("first", [-1, 0, 1, 3, 1000])
async def test_a_number_that_does_not_follow_is_refused(journal: Journal, first: int) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, entries(0, 2))
    with pytest.raises(errors.JournalError) as raised:
        await journal.append(lease, first, [entry(first)])
    assert not isinstance(raised.value, errors.Fenced)
    with pytest.raises(errors.JournalError):
        await journal.finish(lease, first, [entry(first)], entry(first))
    with pytest.raises(errors.JournalError):
        await journal.finish(lease, first, [], entry(first))
    assert (await journal.get("t", "r")).state == "running"
    assert await journal.append(lease, 2, [entry(2)]) == 2


async def test_an_empty_frame_is_refused(journal: Journal) -> None:
    lease = await started(journal)
    with pytest.raises(errors.JournalError, match="0 entries"):
        await journal.append(lease, 0, [])


async def test_frames_over_a_bound_are_refused_by_name(journal: Journal) -> None:
    lease = await started(journal)
    with pytest.raises(errors.JournalError, match="MAX_FRAME_ENTRIES"):
        await journal.append(lease, 0, [entry(0)] * (MAX_FRAME_ENTRIES + 1))
    huge = Entry(b" " * (MAX_FRAME_BYTES + 1))
    with pytest.raises(errors.JournalError, match="MAX_FRAME_BYTES"):
        await journal.append(lease, 0, [huge])
    with pytest.raises(errors.JournalError, match="MAX_FRAME_BYTES"):
        await journal.finish(lease, 0, [entry(0)], huge)
    assert await journal.append(lease, 0, [entry(0)] * MAX_FRAME_ENTRIES) == MAX_FRAME_ENTRIES - 1


async def test_an_entry_may_only_refer_to_a_blob_that_was_put(journal: Journal) -> None:
    lease = await started(journal)
    with pytest.raises(errors.JournalError, match="unknown blob"):
        await journal.append(lease, 0, [entry(0, "0" * 64)])
    with pytest.raises(errors.JournalError, match="unknown blob"):
        await journal.finish(lease, 0, [entry(0)], entry(0, "0" * 64))
    with pytest.raises(errors.JournalError, match="unknown blob"):
        await journal.append(lease, 0, [entry(0, "../../etc/passwd")])
    assert (await journal.get("t", "r")).last_seq == -1
    sha256 = await journal.blobs.put(b"picture")
    await journal.append(lease, 0, [entry(0, sha256), entry(1, sha256)])
    await journal.finish(lease, 2, [entry(2, sha256)], entry(2, sha256))


async def test_finish_ends_the_job_with_its_snapshot(journal: Journal, clock: Clock) -> None:
    lease = await started(journal, expires_in=60.0)
    await journal.append(lease, 0, entries(0, 2))
    clock.advance(5)
    assert await journal.finish(lease, 2, entries(2, 2), Entry(b"snapshot")) == 3
    record = await journal.get("t", "r")
    assert (record.state, record.last_seq) == ("finished", 3)
    assert record.snapshot == Entry(b"snapshot")
    assert record.finished_at == clock.now
    assert record.expires_at == clock.now + 60


async def test_finish_without_entries_ends_the_readers_too(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, entries(0, 2))
    task = asyncio.create_task(frames(journal))
    await asyncio.sleep(0.02)
    assert await journal.finish(lease, 2, [], Entry(b"snapshot")) == 1
    async with asyncio.timeout(2):
        assert [frame.last for frame in await task] == [1]


async def test_two_finishers_one_wins(journal: Journal, clock: Clock) -> None:
    lease = await started(journal)
    clock.advance(11)
    taken = await claim(journal, "w2")
    ends = await asyncio.gather(
        journal.finish(lease, 0, [entry(0)], Entry(b"old")),
        journal.finish(taken, 0, [entry(0)], Entry(b"new")),
        journal.finish(taken, 0, [entry(0)], Entry(b"again")),
        return_exceptions=True,
    )
    assert isinstance(ends[0], errors.Fenced)
    assert ends[1] == 0
    assert isinstance(ends[2], errors.Fenced)
    assert (await journal.get("t", "r")).snapshot == Entry(b"new")


async def test_one_refused_append_does_not_touch_those_beside_it(journal: Journal) -> None:
    """They share a commit where the journal groups commits."""
    leases = [await started(journal, f"r{i}") for i in range(20)]
    results = await asyncio.gather(
        *(
            journal.append(lease, 0 if i % 3 else 7, entries(0, i + 1))
            for i, lease in enumerate(leases)
        ),
        return_exceptions=True,
    )
    for i, result in enumerate(results):
        if i % 3:
            assert result == i
            assert (await journal.get("t", f"r{i}")).last_seq == i
        else:
            assert isinstance(result, errors.JournalError)
            assert (await journal.get("t", f"r{i}")).last_seq == -1


async def test_appends_sent_without_waiting_keep_their_order(journal: Journal) -> None:
    lease = await started(journal)
    tasks = [asyncio.create_task(journal.append(lease, i, [entry(i)])) for i in range(50)]
    assert await asyncio.gather(*tasks) == list(range(50))
    await journal.finish(lease, 50, [entry(50)], entry(50))
    data = [one.data for frame in await frames(journal) for one in frame.entries]
    check_log(data, 0, 50)
