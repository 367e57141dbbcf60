"""The journal alone on real servers: frames, latency, and many tails on one connection.

The peer is nats-py itself: ``publish`` with acknowledgement to a stream of as many replicas, in
the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import nats
from bench import kit, load
from bench.cluster.part import Part
from nats.js import JetStreamContext
from nats.js.api import RePublish, StreamConfig

from heliograph.journal import MAX_FRAME_ENTRIES, Entry, Lease, NatsJournal, NewResponse
from heliograph.testing.nats import Cluster

DATA = (
    b'{"type":"response.output_text.delta","sequence_number":1234,"item_id":'
    b'"msg_0123456789abcdef","output_index":0,"content_index":0,"delta":" hello world",'
    b'"logprobs":[]}'
)
EVENT = Entry(DATA)
WRITERS = 20
OFFERED = 1_000
EIGHT = 8
TAILS = 2_000
SHARDS = 8
FOLLOWER = Path(__file__).resolve().parent / "follower.py"


def journal_on(urls: Sequence[str], replicas: int) -> NatsJournal:
    """One more connection to the same journal."""
    return NatsJournal(urls, replicas=replicas, shards=SHARDS, prefix="bench")


@asynccontextmanager
async def opened(
    urls: Sequence[str], replicas: int, count: int = 1
) -> AsyncIterator[list[NatsJournal]]:
    """So many connections."""
    made = [journal_on(urls, replicas) for _ in range(count)]
    for one in made:
        await one.start()
    try:
        yield made
    finally:
        for one in made:
            await one.stop()


async def begun(journal: NatsJournal, name: str) -> Lease:
    """A response that is held here."""
    new = NewResponse(
        response_id=journal.placed(f"resp_{name:0>32}"),
        tenant="t",
        request=b"{}",
        claim_as="bench",
        claim_seconds=3600,
    )
    lease = (await journal.create(new)).lease
    assert lease is not None
    return lease


class Cpu:
    """Seconds of the servers and of this process over a block."""

    def __init__(self, cluster: Cluster) -> None:
        self._pids = [node.pid for node in cluster.nodes if node.pid]
        self.servers = self.client = self.wall = 0.0

    def _now(self) -> tuple[float, float, float]:
        return sum(map(load.cpu, self._pids)), time.process_time(), time.perf_counter()

    def __enter__(self) -> Cpu:
        self._before = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        spent = [now - then for now, then in zip(self._now(), self._before, strict=True)]
        self.servers, self.client, self.wall = spent


# -- frames against single events


async def single(journal: NatsJournal, lease: Lease, count: int) -> int:
    """Each event after the last one's acknowledgement."""
    for number in range(count):
        await journal.append(lease, number, [EVENT])
    return count


async def eights(journal: NatsJournal, lease: Lease, count: int) -> int:
    """Eight events after the last eight's acknowledgement."""
    for number in range(0, count, EIGHT):
        await journal.append(lease, number, [EVENT] * EIGHT)
    return count // EIGHT


async def framed(journal: NatsJournal, lease: Lease, count: int) -> int:
    """Events come at a pace; what has come when an append is done goes with the next."""
    first = frames = 0
    begin = time.perf_counter()
    while first < count:
        come = min(count, int((time.perf_counter() - begin) * OFFERED) + 1)
        if come == first:
            await asyncio.sleep(max(0.0, begin + first / OFFERED - time.perf_counter()))
            continue
        some = min(come - first, MAX_FRAME_ENTRIES)
        await journal.append(lease, first, [EVENT] * some)
        first, frames = first + some, frames + 1
    return frames


@asynccontextmanager
async def bare(urls: Sequence[str], replicas: int) -> AsyncIterator[JetStreamContext]:
    """nats-py and a stream of its own, republished as ours are."""
    client = await nats.connect(list(urls))
    js = client.jetstream(timeout=10)
    await js.add_stream(
        StreamConfig(
            name="BARE",
            subjects=["bare.*"],
            num_replicas=replicas,
            republish=RePublish(src="bare.*", dest="heard.{{wildcard(1)}}"),
        )
    )
    try:
        yield js
    finally:
        await js.delete_stream("BARE")
        await client.close()


async def _frames(cluster: Cluster, replicas: int, each: int) -> list[tuple[str, int, Cpu, int]]:
    ways: list[tuple[str, Callable[..., Awaitable[int]]]] = [
        ("one event per append", single),
        ("frames of eight", eights),
        ("frames as they form", framed),
    ]
    found = []
    async with opened(cluster.urls, replicas) as (journal,):
        for at, (name, way) in enumerate(ways):
            leases = [await begun(journal, f"{replicas}{at}{n:x}") for n in range(WRITERS)]
            with Cpu(cluster) as cpu:
                frames = await asyncio.gather(*(way(journal, one, each) for one in leases))
            for lease in leases:
                assert (await journal.get("t", lease.response_id)).last_seq == each - 1
            found.append((name, WRITERS * each, cpu, sum(frames)))
    async with bare(cluster.urls, replicas) as js:

        async def publish(writer: int) -> None:
            for _ in range(each):
                await js.publish(f"bare.{writer}", DATA)

        with Cpu(cluster) as cpu:
            await asyncio.gather(*map(publish, range(WRITERS)))
        found.append(("nats-py, publish and acknowledge", WRITERS * each, cpu, WRITERS * each))
    return found


def frames(quick: bool) -> Part:
    """The same events, one by one and as the journal takes them."""
    each = 104 if quick else 400
    rows, aims = [], []
    for replicas in (1, 3):
        with kit.scratch() as folder, Cluster(replicas, folder) as cluster:
            found = asyncio.run(_frames(cluster, replicas, each))
        cost = {name: (cpu.client + cpu.servers) / events for name, events, cpu, _ in found}
        alone, together, _, peer = cost.values()
        for name, events, cpu, count in found:
            rows.append(
                (
                    f"R{replicas}, {name}",
                    f"{events / cpu.wall:,.0f}",
                    f"{events / count:.1f}",
                    f"{cpu.client / events * 1e6:.0f}",
                    f"{cpu.servers / events * 1e6:.0f}",
                    f"{cost[name] / peer:.2f}",
                )
            )
        aims.append((f"R{replicas}: frames of eight cut the CPU per event at least four times "
                     f"({alone / together:.1f})", alone >= 4 * together))  # fmt: skip
        aims.append((f"R{replicas}: an append of one event costs at most twice a plain publish "
                     f"({alone / peer:.2f})", alone <= 2 * peer))  # fmt: skip
    head = ("appends", "events/s", "events/frame", "client, us/event", "servers, us/event", "times")
    return Part(
        f"Frames against single events: {WRITERS} writers, {WRITERS * each:,} events each way, "
        f"offered at {OFFERED} a second and writer where frames form. *Times* is the CPU per event "
        f"to that of a plain publish.\n\n" + kit.table(head, rows),
        aims,
    )


# -- append to reader


async def _paced(begin: float, pace: float, number: int) -> None:
    await asyncio.sleep(max(0.0, begin + number / pace - time.perf_counter()))


async def _to_reader(cluster: Cluster, replicas: int, each: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the call to its return, and to the reader of another connection."""
    acked: list[float] = []
    heard: list[float] = []
    async with opened(cluster.urls, replicas, 2) as (writing, reading):
        leases = [await begun(writing, f"{n:x}") for n in range(10)]

        async def read(lease: Lease) -> None:
            count = 0
            async with aclosing(reading.read("t", lease.response_id)) as frames:
                async for frame in frames:
                    now = time.perf_counter()
                    heard.extend((now - float(one.data)) * 1e3 for one in frame.entries)
                    count += len(frame.entries)
                    if count == each:
                        return

        async def write(number: int, lease: Lease) -> None:
            begin = time.perf_counter() + number / 200
            for event in range(each):
                await _paced(begin, 20, event)
                began = time.perf_counter()
                await writing.append(lease, event, [Entry(b"%r" % began)])
                acked.append((time.perf_counter() - began) * 1e3)

        readers = [asyncio.create_task(read(lease)) for lease in leases]
        await asyncio.sleep(0.5)
        await asyncio.gather(*(write(n, lease) for n, lease in enumerate(leases)))
        async with asyncio.timeout(30):
            await asyncio.gather(*readers)
    return acked, heard


async def _bare_to_reader(
    cluster: Cluster, replicas: int, each: int
) -> tuple[list[float], list[float]]:
    acked: list[float] = []
    heard: list[float] = []
    async with bare(cluster.urls, replicas) as js:
        other = await nats.connect(cluster.urls)

        async def hear(message: Any) -> None:
            heard.append((time.perf_counter() - float(message.data)) * 1e3)

        await other.subscribe("heard.*", cb=hear)
        await other.flush()

        async def write(number: int) -> None:
            begin = time.perf_counter() + number / 200
            for event in range(each):
                await _paced(begin, 20, event)
                began = time.perf_counter()
                await js.publish(f"bare.{number}", b"%r" % began)
                acked.append((time.perf_counter() - began) * 1e3)

        await asyncio.gather(*map(write, range(10)))
        await asyncio.sleep(0.5)
        await other.close()
    return acked, heard


def cuts(values: Sequence[float]) -> tuple[float, float]:
    """p50 and p99."""
    found = statistics.quantiles(values, n=100)
    return found[49], found[98]


def latency(quick: bool) -> Part:
    """At 200 events a second over ten responses."""
    each = 60 if quick else 300
    rows, aims = [], []
    for replicas in (1, 3):
        with kit.scratch() as folder, Cluster(replicas, folder) as cluster:
            plain = asyncio.run(_bare_to_reader(cluster, replicas, each))
            ours = asyncio.run(_to_reader(cluster, replicas, each))
        for name, found in (("the journal", ours), ("nats-py", plain)):
            shown = [f"{one:.1f}" for values in found for one in cuts(values)]
            rows.append((f"R{replicas}, {name}", *shown, f"{len(found[1]):,}"))
            assert len(found[1]) == 10 * each
        ratio = cuts(ours[1])[0] / cuts(plain[1])[0]
        aims.append((f"R{replicas}: append to reader at the median within twice a plain publish "
                     f"to subscriber ({ratio:.2f})", ratio <= 2))  # fmt: skip
    head = ("ms", "to acknowledgement, p50", "p99", "to the reader, p50", "p99", "events")
    return Part(
        "From the call of ``append`` to its return, and to a reader on another connection; 200 "
        "events a second over ten responses.\n\n" + kit.table(head, rows),
        aims,
    )


# -- many tails


def _follower(urls: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, FOLLOWER, *urls],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(kit.ROOT)},
    )


async def _written(
    cluster: Cluster, seconds: float, pace: float
) -> tuple[dict[str, Any], Cpu, int]:
    async with opened(cluster.urls, 1) as (journal,):
        leases = [await begun(journal, f"{n:x}") for n in range(TAILS)]
        follower = _follower(cluster.urls)
        assert follower.stdin is not None
        assert follower.stdout is not None
        try:
            follower.stdin.write(json.dumps([one.response_id for one in leases]) + "\n")
            follower.stdin.flush()
            ready = await asyncio.to_thread(follower.stdout.readline)
            assert ready == "ready\n", ready
            numbers = dict.fromkeys(range(TAILS), 0)
            sent = 0

            async def write(which: int) -> None:
                number = numbers[which]
                numbers[which] = number + 1
                stamp = Entry(b"%r" % time.perf_counter())
                await journal.append(leases[which], number, [stamp])

            tasks = []
            with Cpu(cluster) as cpu:
                begin = time.perf_counter()
                while sent < int(seconds * pace):
                    await _paced(begin, pace, sent)
                    tasks.append(asyncio.create_task(write(sent % TAILS)))
                    sent += 1
                await asyncio.gather(*tasks)
            said, _ = await asyncio.to_thread(follower.communicate, f"{sent}\n", 60)
        finally:
            if follower.poll() is None:
                follower.kill()
            follower.wait()
        return json.loads(said.strip().splitlines()[-1]), cpu, sent


def tails(quick: bool) -> Part:
    """As a gateway does it: one process, one connection."""
    seconds, pace = (5.0, 400.0) if quick else (20.0, 400.0)
    with kit.scratch() as folder, Cluster(1, folder) as cluster:
        found, cpu, sent = asyncio.run(_written(cluster, seconds, pace))
    whole = found["events"] == sent and not found["gaps"]
    rows = [
        ("events delivered of those written", f"{found['events']:,} of {sent:,}"),
        ("append to reader, p50", f"{found['p50']:.1f} ms"),
        ("append to reader, p99", f"{found['p99']:.1f} ms"),
        ("the reading process, CPU per event", f"{found['cpu'] / sent * 1e6:.0f} us"),
        ("its share of a core at that rate", f"{found['cpu'] / found['seconds']:.0%}"),
        ("the same with nothing written, per tail and second", f"{found['idle'] * 1e6:.1f} us"),
        ("its memory per tail", f"{found['memory'] / 1e3:.1f} kB"),
        ("the server, CPU per event", f"{cpu.servers / sent * 1e6:.0f} us"),
        ("to follow all from nothing", f"{found['opened']:.1f} s"),
    ]
    return Part(
        f"{TAILS:,} tails in one process on one connection, R1, {pace:g} events a second over "
        "them, written by another process.\n\n" + kit.table((f"{TAILS:,} tails", ""), rows),
        [(f"{TAILS:,} tails on one connection, nothing missing", whole)],
        {"idle_tail": found["idle"]},
    )
