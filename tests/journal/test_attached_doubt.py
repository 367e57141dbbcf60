"""Writes whose answer was lost with the connection: done once, and told apart by the log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.contract.journal.support import (
    CHAT,
    check_log,
    claim,
    entries,
    entry,
    new,
    started,
)
from tests.journal.attached import PATIENCE, House, follow, until

from heliograph import errors
from heliograph.journal import (
    AttachedJournal,
    Entry,
)

Write = Callable[[AttachedJournal, Any], Awaitable[int]]
WRITES: dict[str, Write] = {
    "append": lambda worker, lease: worker.append(lease, 1, entries(1, 3)),
    "finish": lambda worker, lease: worker.finish(lease, 1, entries(1, 3), Entry(b"end")),
    "finish alone": lambda worker, lease: worker.finish(lease, 1, [], Entry(b"end")),
}


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("restart", [False, True])
async def test_what_was_written_and_not_acknowledged_is_written_once(
    house: House, kind: str, restart: bool
) -> None:
    host = await house.serve(reattach=PATIENCE)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    relay.deaf = True
    before = house.watched.frames
    writing = asyncio.create_task(WRITES[kind](worker, lease))
    await until(lambda: house.watched.frames > before)
    relay.shut = restart
    relay.cut()
    if restart:
        await house.leave()
        host = await house.serve(reattach=PATIENCE)
    relay.deaf = relay.shut = False
    async with asyncio.timeout(PATIENCE):
        last = await writing
    assert last == (0 if kind == "finish alone" else 3)
    record = await host.journal.get("t", "r")
    assert (record.last_seq, record.epoch, record.takeovers) == (last, 1, 0)
    if kind == "append":
        await worker.finish(lease, 4, [], Entry(b"end"))
    check_log((await follow(host.journal)).data, 0, last)


@pytest.mark.parametrize("kind", WRITES)
async def test_what_did_not_arrive_is_sent_again(house: House, kind: str) -> None:
    host = await house.serve(detached=PATIENCE)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    relay.shut = True
    relay.cut()
    await until(lambda: worker._link._writer is None)
    writing = asyncio.create_task(WRITES[kind](worker, lease))
    await asyncio.sleep(0.1)
    relay.shut = False
    last = await writing
    assert (await host.journal.get("t", "r")).last_seq == last


@pytest.mark.parametrize("kind", WRITES)
async def test_in_doubt_another_owners_entries_are_not_taken_for_ones_own(
    house: House, kind: str
) -> None:
    host = await house.serve(detached=0.05)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    # Its bytes never arrive: what it writes is in doubt, and someone else goes on meanwhile.
    relay.shut = True
    worker._link._write = lambda message: None  # type: ignore[method-assign]
    writing = asyncio.create_task(WRITES[kind](worker, lease))
    await asyncio.sleep(0.02)
    del worker._link._write
    relay.cut()
    async with asyncio.timeout(PATIENCE):
        taken = await host.journal.claim("other", CHAT, lease=1000, wait=30)
    assert taken is not None
    await host.journal.append(taken, 1, entries(1, 3))
    await host.journal.finish(taken, 4, [], Entry(b"end"))
    relay.shut = False
    with pytest.raises(errors.Fenced):
        async with asyncio.timeout(PATIENCE):
            await writing


async def test_create_release_and_delete_in_doubt_are_done_once(house: House) -> None:
    host = await house.serve()
    relay = await house.relay()
    worker = await house.worker("relay.sock")

    async def doubtful(work: Awaitable[Any], done: Callable[[], Awaitable[bool]]) -> Any:
        relay.deaf = True
        task = asyncio.ensure_future(work)
        async with asyncio.timeout(PATIENCE):
            while not await done():  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        relay.deaf = False
        relay.cut()
        async with asyncio.timeout(PATIENCE):
            return await task

    async def there() -> bool:
        try:
            await host.journal.get("t", "r")
        except errors.UnknownResponse:
            return False
        return True

    async def queued() -> bool:
        return (await host.journal.load()).queued == 1

    async def gone() -> bool:
        return not await there()

    created = await doubtful(worker.create(new()), there)
    assert created.fresh
    lease = await claim(worker)
    await doubtful(worker.release(lease), queued)
    with pytest.raises(errors.Fenced):
        await worker.release(lease)
    await doubtful(worker.delete("t", "r"), gone)
    with pytest.raises(errors.UnknownResponse):
        await worker.delete("t", "r")
    again = asyncio.create_task(worker.create(new("r2")))
    await again
    with pytest.raises(errors.JournalError, match="used before"):
        await worker.create(new("r2"))


async def test_appends_and_reads_under_a_hail_of_cuts_lose_and_double_nothing(
    house: House,
) -> None:
    """Several writers and readers; the connections are cut at random moments, some half way through
    an answer. The writers go on until enough cuts have found them at it."""
    await house.serve(detached=PATIENCE)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    names = [f"r{i}" for i in range(6)]
    leases = [await started(worker, name) for name in names]
    done = asyncio.Event()

    async def write(lease: Any, seed: int) -> int:
        rng = random.Random(seed)
        at, ended = 0, False
        while not ended:
            count = rng.randint(1, 4)
            ended = at >= 120 and relay.connections >= 8
            if ended:
                last = await worker.finish(lease, at, entries(at, count), Entry(b"end"))
            else:
                last = await worker.append(lease, at, entries(at, count))
            assert last == at + count - 1
            at += count
        return at

    async def cut() -> int:
        rng, cuts = random.Random(7), 0
        while not done.is_set():
            await asyncio.sleep(rng.uniform(0.005, 0.04))
            if rng.random() < 0.5:
                relay.deaf = True
                await asyncio.sleep(0.003)
            relay.cut()
            relay.deaf = False
            cuts += 1
        return cuts

    cutting = asyncio.create_task(cut())
    async with asyncio.timeout(60):
        readers = [asyncio.create_task(follow(worker, name)) for name in names]
        written = await asyncio.gather(*(write(lease, i) for i, lease in enumerate(leases)))
        seen = await asyncio.gather(*readers)
        done.set()
        cuts = await cutting
    print("cuts:", cuts, "connections:", relay.connections)
    for one, total in zip(seen, written, strict=True):
        check_log(one.data, 0, total - 1)
