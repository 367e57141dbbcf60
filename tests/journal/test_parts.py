"""The small parts: signals, tails, reader leases, group commit."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from heliograph import errors
from heliograph.journal import Entry, Frame, NewResponse, SqliteJournal, _limits
from heliograph.journal._frames import (
    pack_entries,
    pack_entry,
    part_after,
    unpack_entries,
    unpack_entry,
)
from heliograph.journal._signal import Claimers, Signal
from heliograph.journal._tails import Tail, Tails


def frame(first: int, count: int = 1) -> Frame:
    return Frame(first, 1, tuple(Entry(b"%d" % i) for i in range(first, first + count)))


async def test_a_wake_up_between_looking_and_waiting_is_not_lost() -> None:
    signal = Signal()
    seen = signal.count
    signal.wake()
    async with asyncio.timeout(1):
        await signal.wait(seen)
    assert signal.count > seen


async def test_a_signal_wakes_all_and_forgets_who_left() -> None:
    signal = Signal()
    tasks = [asyncio.create_task(signal.wait(signal.count)) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    assert len(signal._waiting) == 4
    signal.wake()
    await asyncio.gather(*tasks[1:])
    assert signal._waiting == []


async def test_a_job_wakes_the_claimers_that_can_do_it() -> None:
    claimers = Claimers()
    tasks = [
        asyncio.create_task(claimers.wait(offered, 30, claimers.count))
        for offered in (["image:*"], ["chat:*"], ["chat:*"])
    ]
    await asyncio.sleep(0)
    claimers.wake(("chat:x",))
    await asyncio.sleep(0.01)
    assert [task.done() for task in tasks] == [False, True, True]
    claimers.wake_all()
    await asyncio.gather(*tasks)


async def test_a_job_that_comes_between_looking_and_waiting_is_not_lost(tmp_path: Path) -> None:
    """Look and job share a commit, so the wake-up comes before the task that looked waits."""
    claimers = Claimers()
    seen = claimers.count
    claimers.wake(())
    async with asyncio.timeout(1):
        await claimers.wait([], 30, seen)
    journal = SqliteJournal(tmp_path)
    await journal.start()
    for number in range(40):
        new = NewResponse(response_id=f"r{number}", tenant="t", request=b"{}")
        async with asyncio.timeout(2):
            lease, _ = await asyncio.gather(
                journal.claim("w", [], lease=1000, wait=30), journal.create(new)
            )
        assert lease is not None
    await journal.stop()


async def test_a_lease_given_while_a_claimer_looks_wakes_it_when_it_runs_out() -> None:
    claimers = Claimers()
    claimers.granted(0.05)
    claimers.granted(30)
    async with asyncio.timeout(2):
        await claimers.wait([], 30, claimers.count)
    claimers.granted(30)
    claimers.granted(0.05)
    async with asyncio.timeout(2):
        await claimers.wait([], 30, claimers.count)


def test_a_tail_gives_what_it_holds_and_says_when_it_cannot() -> None:
    tail = Tail()
    assert tail.frames_after(-1) is None
    tail.caught_up(4)
    assert tail.frames_after(4) == []
    assert tail.frames_after(3) is None
    assert tail.frames_after(100) == []
    tail.publish(frame(5, 3), 10)
    tail.publish(frame(8), 10)
    assert tail.frames_after(4) == [frame(5, 3), frame(8)]
    assert tail.frames_after(6) == [frame(5, 3), frame(8)]
    assert tail.frames_after(7) == [frame(8)]
    assert tail.frames_after(8) == []
    assert tail.frames_after(3) is None


def test_a_frame_that_a_reader_saw_in_the_store_is_not_kept_again() -> None:
    tail = Tail()
    tail.caught_up(9)
    tail.publish(frame(8, 2), 10)
    assert tail.next_seq == 10
    assert tail.frames_after(9) == []
    assert tail.frames_after(7) is None


def test_a_tail_is_bounded_in_frames_and_bytes() -> None:
    tail = Tail()
    for first in range(1000):
        tail.publish(frame(first), 1)
    assert len(tail._window) == _limits.WINDOW_FRAMES
    for first in range(1000, 1010):
        tail.publish(frame(first), _limits.WINDOW_BYTES // 2)
    assert len(tail._window) == 2
    tail.publish(frame(1010), _limits.WINDOW_BYTES + 1)
    assert len(tail._window) == 0
    assert tail._bytes == 0
    assert tail.frames_after(1009) is None
    assert tail.frames_after(1010) == []


def test_a_tail_is_there_while_someone_follows() -> None:
    tails = Tails()
    with tails.follow("r") as one, tails.follow("r") as other:
        assert one is other is tails.get("r")
        tails.erased("r")
        assert one.erased
        with tails.follow("r") as fresh:
            assert fresh is not one
            assert not fresh.erased
    assert tails.get("r") is None


def test_who_follows_later_than_asked_follows_the_tail_that_is_there_then() -> None:
    tails = Tails()
    late = tails.follow("r")
    with tails.follow("r"):
        pass
    with late as one:
        assert one is tails.get("r")


def test_a_frame_is_cut_where_the_reader_stands() -> None:
    whole = frame(5, 4)
    assert part_after(whole, 4) is whole
    assert part_after(whole, 1) is whole
    assert part_after(whole, 6) == frame(7, 2)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x91", b"\xff" * 10, b"not msgpack"])
def test_stored_bytes_that_are_damaged_are_a_journal_error(data: bytes) -> None:
    with pytest.raises(errors.JournalError, match="damaged"):
        unpack_entries(data)
    with pytest.raises(errors.JournalError, match="damaged"):
        unpack_entry(data)


def test_entries_pack_and_unpack() -> None:
    some = (Entry(b"a"), Entry(b"b", (), b"note"))
    assert unpack_entries(pack_entries(some)) == some
    assert unpack_entries(pack_entries(list(some))) == some
    assert unpack_entry(pack_entry(some[1])) == some[1]


async def test_what_arrives_during_a_commit_goes_with_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    leases = []
    for number in range(50):
        await journal.create(NewResponse(response_id=f"r{number}", tenant="t", request=b"{}"))
        lease = await journal.claim("w", [], lease=60, wait=0)
        assert lease is not None
        leases.append(lease)
    transaction = journal._opened.transaction  # type: ignore[union-attr]
    real, commits = transaction.commit, []
    entered, go_on = threading.Event(), threading.Event()

    def commit() -> None:
        commits.append(len(transaction.rows))
        entered.set()
        assert go_on.wait(10)
        real()

    monkeypatch.setattr(transaction, "commit", commit)
    first = asyncio.create_task(journal.append(leases[0], 0, [Entry(b"0")]))
    await asyncio.to_thread(entered.wait, 10)
    rest = [asyncio.create_task(journal.append(one, 0, [Entry(b"0")])) for one in leases[1:]]
    await asyncio.sleep(0.02)
    assert not first.done()
    assert (await journal.get("t", "r0")).last_seq == -1
    go_on.set()
    assert await asyncio.gather(first, *rest) == [0] * 50
    assert commits == [1, 49]
    await journal.stop()


async def test_memory_does_not_grow_with_a_readers_slowness(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(NewResponse(response_id="r", tenant="t", request=b"{}"))
    lease = await journal.claim("w", [], lease=60, wait=0)
    assert lease is not None
    await journal.append(lease, 0, [Entry(b"0")])
    reader = journal.read("t", "r")
    await anext(reader)
    for first in range(1, 400):
        await journal.append(lease, first, [Entry(b"x" * 4000)])
    tail = journal._tails.get("r")
    assert tail is not None
    assert sum(size for _, size in tail._window) <= _limits.WINDOW_BYTES
    assert len(tail._window) <= _limits.WINDOW_FRAMES
    await journal.finish(lease, 400, [Entry(b"400")], Entry(b"end"))
    assert [one.first async for one in reader] == list(range(1, 401))
    assert journal._tails.get("r") is None
    await journal.stop()


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
async def test_a_claim_cancelled_as_its_lease_arrives_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """Before its future has the lease, and after that but before its task goes on."""
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(NewResponse(response_id="r", tenant="t", request=b"{}"))
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(journal.claim("gone", [], lease=1000, wait=5))

    def cancel(_: float) -> None:
        monkeypatch.undo()
        if late:
            loop.call_soon(task.cancel)
        else:
            task.cancel()

    monkeypatch.setattr(journal._claimers, "granted", cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(2):
        lease = await journal.claim("next", [], lease=1000, wait=5)
    assert lease is not None
    assert (lease.epoch, lease.takeovers) == (2, 0)
    await journal.stop()
