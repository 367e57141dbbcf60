"""What grows with the number of open responses or the length of a log, and how far that goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any

import msgspec
from bench import kit
from bench.cluster.appends import SHARDS, begun, journal_on
from bench.cluster.part import Part
from nats.aio.client import Client

from heliograph.journal import Entry, NatsJournal
from heliograph.journal._frames import pack_entries
from heliograph.journal._nats._records import Live, pack
from heliograph.testing.nats import Cluster

_PIPE = 500
_DATA = b"d" * 165


async def flood(client: Client, messages: Iterable[tuple[str, bytes]]) -> None:
    """Publish, and be sure that all have arrived."""
    for number, (subject, data) in enumerate(messages):
        await client.publish(subject, data)
        if number % _PIPE == 0:
            await client.flush(60)
    await client.flush(60)


async def spent(work: Callable[[], Awaitable[Any]], times: int = 3) -> tuple[float, float, Any]:
    """CPU and wall milliseconds of one, the least of some; and what came of the last."""
    found = []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        result = await work()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(one[0] for one in found) * 1e3, min(one[1] for one in found) * 1e3, result


async def _open(urls: list[str], count: int) -> list[tuple[float, float]]:
    """A sweeper's look and a count of the load, with ``count`` healthy responses open."""
    journal = journal_on(urls, 1)
    await journal.start()
    now = time.time()
    live = Live(
        tenant="t", capabilities=("chat:m",), created_at=now, since=now, epoch=1, until=now + 3600,
        at=now + 3600,
    )  # fmt: skip
    names = [journal.placed(f"resp_{number:032x}") for number in range(count)]
    await flood(
        journal._wire.client,
        ((journal._names.of(name, "live"), pack(live.but())) for name in names),
    )
    sweep = await spent(journal._sweeper.lapsed)
    load = await spent(journal.load)
    assert sweep[2] == []
    assert load[2].running == count
    await journal.stop()
    return [sweep[:2], load[:2]]


async def _long(urls: list[str], count: int) -> list[tuple[float, float]]:
    """A resume near the end of a log of ``count`` frames, by a process that has not seen it."""
    writer = journal_on(urls, 1)
    await writer.start()
    lease = await begun(writer, "long")
    tip = writer._owners.held[lease.response_id].tip.record
    body = pack_entries((Entry(_DATA),))
    records = (
        msgspec.structs.replace(tip, kind="frame", last_seq=number, count=1, body=body)
        for number in range(count)
    )
    subject = writer._names.of(lease.response_id, "log")
    await flood(writer._wire.client, ((subject, pack(one)) for one in records))
    found = []
    for after in (10, count - 10):
        readers = [journal_on(urls, 1) for _ in range(3)]
        for one in readers:
            await one.start()
        left = iter(readers)

        async def resume(left: Any = left, after: int = after) -> int:
            reader: NatsJournal = next(left)
            async with aclosing(reader.read("t", lease.response_id, after)) as frames:
                return (await anext(frames)).first

        *cost, first = await spent(resume)
        assert first == after + 1
        found.append((cost[0], cost[1]))
        for one in readers:
            await one.stop()
    await writer.stop()
    return found


async def _left(urls: list[str], count: int) -> float:
    """Seconds in which a sweep puts one of ``count`` lapsed responses right."""
    clock = [time.time()]
    journal = NatsJournal(urls, shards=SHARDS, prefix="bench", clock=lambda: clock[0])
    await journal.start()
    for chore in journal._chores:
        chore.cancel()
    slots = asyncio.Semaphore(32)

    async def one(number: int) -> None:
        async with slots:
            await begun(journal, f"{number:x}")

    await asyncio.gather(*map(one, range(count)))
    clock[0] += 4_000
    began = time.perf_counter()
    await journal._sweeper.sweep()
    took = time.perf_counter() - began
    assert (await journal.load()).queued == count
    await journal.stop()
    return took / count


def bounds(quick: bool) -> Part:
    """At 10^3, 10^4 and 10^5."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    told: dict[str, list[tuple[float, float]]] = {}
    for size in sizes:
        for names, measure in (
            (("a sweep over as many open responses", "their number for the metrics"), _open),
            (("a resume near the beginning of as many frames", "a resume near their end"), _long),
        ):
            # What is read is what counts: the writes beforehand need no flush each.
            with kit.scratch() as folder, Cluster(1, folder, sync="2m") as cluster:
                for name, cost in zip(names, asyncio.run(measure(cluster.urls, size)), strict=True):
                    told.setdefault(name, []).append(cost)
    rows = [
        (name, *(f"{cpu:.1f} / {wall:.1f}" for cpu, wall in costs)) for name, costs in told.items()
    ]
    sweeps, _, _, ends = told.values()
    with kit.scratch() as folder, Cluster(3, folder) as cluster:
        took = asyncio.run(_left(cluster.urls, 200 if quick else 1_000))
    return Part(
        "What might grow: CPU of the process that asks / time until it has the answer, in "
        "milliseconds.\n\n" + kit.table(("", *(f"{size:,}" for size in sizes)), rows)
        + f"\n\nLeft by a dead worker, at R3: a sweep makes {1 / took:,.0f} responses a second "
        "claimable again.",
        [
            ("a sweep of healthy responses takes no more at the most than at the least (twice is "
             "allowed)", sweeps[-1][0] <= 2 * sweeps[0][0]),
            ("a resume at the end of the longest log takes at most five times that of the shortest",
             ends[-1][0] <= 5 * ends[0][0]),
        ],
        {"resume": ends[-1][0] / 1e3, "put_right": took},
    )  # fmt: skip
