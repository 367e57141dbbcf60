"""The promises on a real server, through a way that loses answers and connections at random."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from tests.contract.journal.support import Clock, frames, new
from tests.journal.nats.proxy import Proxy

from heliograph import errors
from heliograph.journal import Entry, Lease, NatsJournal
from heliograph.testing.nats import Cluster

Open = Callable[..., Awaitable[NatsJournal]]

RESPONSES, ENTRIES = 6, 12


class Work:
    """Workers on one journal; ``acknowledged`` is what they were told is in the log."""

    def __init__(self, journal: NatsJournal, seed: int) -> None:
        self.journal = journal
        self.rng = random.Random(seed)
        self.acknowledged: dict[tuple[str, int], bytes] = {}

    async def go(self) -> None:
        while True:
            try:
                lease = await self.journal.claim("w", ["*"], lease=10, wait=1)
                if lease is not None:
                    await self._run(lease)
            except errors.JournalError:
                await asyncio.sleep(0.05)  # fenced, or nobody knows: someone takes it over

    async def _run(self, lease: Lease) -> None:
        seq = lease.last_seq + 1
        while seq < ENTRIES:
            data = b"%d:%d" % (lease.epoch, seq)
            await self.journal.append(lease, seq, [Entry(data)])
            self.acknowledged[lease.response_id, seq] = data
            seq += 1
            await asyncio.sleep(self.rng.random() * 0.02)
        await self.journal.finish(lease, seq, [], Entry(b"end"))


async def trouble(proxies: list[Proxy], clock: Clock, rng: random.Random) -> None:
    """Answers that get lost, cut connections, leases that run out."""
    while True:
        await asyncio.sleep(rng.random() * 0.4)
        proxy = rng.choice(proxies)
        proxy.deaf = True
        await asyncio.sleep(rng.random() * 0.3)
        proxy.cut()
        if rng.random() < 0.4:
            clock.advance(11)


# nats-py forgets the stream of an attempt to reconnect that is cut during its handshake.
@pytest.mark.filterwarnings("ignore:unclosed <StreamWriter:ResourceWarning")
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_acknowledged_is_lost_and_each_log_ends(
    open_journal: Open, server: Cluster, clock: Clock, seed: int
) -> None:
    rng = random.Random(seed)
    names = [f"r{i}" for i in range(RESPONSES)]
    async with AsyncExitStack() as stack:
        ways = [await stack.enter_async_context(Proxy(server.nodes[0].port)) for _ in range(2)]
        reader = await open_journal()
        works = [Work(await open_journal(way.url), seed) for way in ways]
        for name in names:
            await reader.create(new(name))
        reading = [asyncio.create_task(frames(reader, name)) for name in names]
        busy = [asyncio.create_task(work.go()) for work in works for _ in range(3)]
        harm = asyncio.create_task(trouble(ways, clock, rng))
        await asyncio.sleep(5)
        harm.cancel()
        for way in ways:
            way.cut()
        try:
            async with asyncio.timeout(60):
                while any(not one.done() for one in reading):
                    await asyncio.sleep(0.3)
                    clock.advance(6)
        finally:
            for task in busy:
                task.cancel()
            await asyncio.gather(harm, *busy, return_exceptions=True)
        for name, task in zip(names, reading, strict=True):
            seen = [(f.epoch, one.data) for f in task.result() for one in f.entries]
            assert seen == [(epoch, b"%d:%d" % (epoch, n)) for n, (epoch, _) in enumerate(seen)]
            assert [epoch for epoch, _ in seen] == sorted(epoch for epoch, _ in seen)
            assert len(seen) == ENTRIES
            for work in works:
                told = {seq: data for (of, seq), data in work.acknowledged.items() if of == name}
                assert all(seen[seq][1] == data for seq, data in told.items())
        assert sum(len(work.acknowledged) for work in works) > RESPONSES
        for work in works:
            await work.journal.stop()
