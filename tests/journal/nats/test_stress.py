"""Workers that die, wake late and race, on three connections: every log is whole all the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.contract.journal.support import Clock, new

from heliograph import errors
from heliograph.journal import Entry, Frame, Lease, NatsJournal

Open = Callable[..., Awaitable[NatsJournal]]

RESPONSES = 12
ENTRIES = 30


async def one_run(journal: NatsJournal, lease: Lease, rng: random.Random) -> None:
    """Write until the end, or die on the way; a dead one wakes once more, as a zombie."""
    seq = lease.last_seq + 1
    dies_at = rng.choice([None, None, rng.randrange(seq, ENTRIES + 5)])
    try:
        while seq < ENTRIES:
            count = min(rng.choice([1, 2, 5]), ENTRIES - seq)
            some = [Entry(b"%d:%d" % (lease.epoch, seq + i)) for i in range(count)]
            await journal.append(lease, seq, some)
            seq += count
            if dies_at is not None and seq >= dies_at:
                await asyncio.sleep(rng.random() * 0.4)
                await journal.append(lease, seq, [Entry(b"%d:%d" % (lease.epoch, seq))])
                return
            if rng.random() < 0.1:
                await journal.release(lease)
                return
            await journal.renew(lease, seconds=10)
        await journal.finish(lease, seq, [], Entry(b"end"))
    except errors.Fenced:
        return


async def work(journal: NatsJournal, seed: int) -> None:
    rng = random.Random(seed)
    while True:
        lease = await journal.claim(f"w{seed}", ["*"], lease=10, wait=1)
        if lease is not None:
            await one_run(journal, lease, rng)


async def follow(journal: NatsJournal, response_id: str) -> list[Frame]:
    return [frame async for frame in journal.read("t", response_id)]


async def test_every_log_ends_and_is_whole(open_journal: Open, clock: Clock) -> None:
    journals = [await open_journal() for _ in range(3)]
    names = [f"r{i}" for i in range(RESPONSES)]
    for name in names:
        await journals[0].create(new(name))
    reading = [asyncio.create_task(follow(journals[i % 3], name)) for i, name in enumerate(names)]
    workers = [asyncio.create_task(work(journals[i % 3], i)) for i in range(6)]

    async def pass_time() -> None:
        while True:
            await asyncio.sleep(0.2)
            clock.advance(6)

    passing = asyncio.create_task(pass_time())
    try:
        async with asyncio.timeout(90):
            live = await asyncio.gather(*reading)
    finally:
        for task in (*workers, passing):
            task.cancel()
        ended = await asyncio.gather(*workers, passing, return_exceptions=True)
    assert [one for one in ended if not isinstance(one, asyncio.CancelledError)] == []
    records = [await journals[2].get("t", name) for name in names]
    assert {record.state for record in records} == {"finished"}
    assert sum(record.takeovers for record in records) > 0
    for name, frames in zip(names, live, strict=True):
        entries = [(frame.epoch, one.data) for frame in frames for one in frame.entries]
        assert entries == [
            (epoch, b"%d:%d" % (epoch, seq)) for seq, (epoch, _) in enumerate(entries)
        ]
        assert len(entries) >= ENTRIES
        epochs = [epoch for epoch, _ in entries]
        assert epochs == sorted(epochs)
        stored = await follow(journals[1], name)
        assert [one for frame in stored for one in frame.entries] == [
            one for frame in frames for one in frame.entries
        ]
    assert await journals[0]._parts.queue.waiting() == set()
