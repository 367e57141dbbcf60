"""The SQLite journal alone: throughput of durable appends, append to reader, replay, blobs.

Everything is on the disk of the checkout, in one process, durable (``synchronous=FULL``). Events
are text deltas of 165 bytes. *Offered* writers make events at a steady pace and append what has
gathered whenever their last append is done: frames as they form. *Closed* writers append single
events, each after the last one's acknowledgement. Every figure counts: readers check that each
response came whole and in order, and where there is no reader the journal is opened again and the
stored log is counted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bench import kit

from heliograph.journal import MAX_FRAME_ENTRIES, Entry, Lease, NewResponse, SqliteJournal

NAME = "Journal (SQLite, durable)"

WRITERS = 200
TARGET = 30_000
TARGET_MS = 5.0
DATA = (
    b'{"type":"response.output_text.delta","sequence_number":1234,"item_id":'
    b'"msg_0123456789abcdef","output_index":0,"content_index":0,"delta":" hello world",'
    b'"logprobs":[]}'
)
EVENT = Entry(DATA)


@dataclass
class Measured:
    events: int
    frames: int
    seconds: float
    cpu: float


@asynccontextmanager
async def journal_in(folder: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(folder)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


async def leases(journal: SqliteJournal, count: int) -> list[Lease]:
    found = []
    for number in range(count):
        await journal.create(NewResponse(response_id=f"r{number}", tenant="t", request=b"{}"))
        lease = await journal.claim("bench", [], lease=3600, wait=0)
        assert lease is not None
        found.append(lease)
    return found


async def read_whole(journal: SqliteJournal, response_id: str) -> int:
    following = 0
    async for frame in journal.read("t", response_id):
        assert frame.first == following
        following = frame.last + 1
    return following


async def offered(
    journal: SqliteJournal, lease: Lease, pace: float, begin: float, end: float
) -> tuple[int, int]:
    """Events and frames; ``pace`` in events per second."""
    first = frames = 0
    while (now := time.perf_counter()) < end:
        due = int((now - begin) * pace) - first
        if due <= 0:
            await asyncio.sleep(max(0.0, begin + (first + 1) / pace - now))
            continue
        count = min(due, MAX_FRAME_ENTRIES)
        await journal.append(lease, first, [EVENT] * count)
        first += count
        frames += 1
    await journal.finish(lease, first, [EVENT], EVENT)
    return first + 1, frames + 1


async def closed(journal: SqliteJournal, lease: Lease, end: float) -> tuple[int, int]:
    first = 0
    while time.perf_counter() < end:
        await journal.append(lease, first, [EVENT])
        first += 1
    await journal.finish(lease, first, [EVENT], EVENT)
    return first + 1, first + 1


async def throughput(folder: Path, rate: int | None, seconds: float, *, readers: bool) -> Measured:
    """``rate`` events/s are offered by all writers together; None: closed writers."""
    async with journal_in(folder) as journal:
        held = await leases(journal, WRITERS)
        reading = [
            asyncio.create_task(read_whole(journal, lease.response_id))
            for lease in (held if readers else ())
        ]
        await asyncio.sleep(0.05)
        started, cpu = time.perf_counter(), time.process_time()
        end = started + seconds
        if rate is None:
            work = [closed(journal, lease, end) for lease in held]
        else:
            pace = rate / WRITERS
            work = [
                offered(journal, lease, pace, started + number / WRITERS / pace, end)
                for number, lease in enumerate(held)
            ]
        done = await asyncio.gather(*work)
        counted = sum(await asyncio.gather(*reading))
        took, used = time.perf_counter() - started, time.process_time() - cpu
    events = sum(count for count, _ in done)
    if not readers:
        async with journal_in(folder) as journal:
            counted = sum([await read_whole(journal, lease.response_id) for lease in held])
    assert counted == events, f"{counted} of {events} events came back"
    return Measured(events, sum(frames for _, frames in done), took, used)


async def to_reader(folder: Path, writers: int, rate: int, seconds: float) -> list[float]:
    """Milliseconds from the call of ``append`` to the reader's having the event."""
    waits: list[float] = []

    async def reader(journal: SqliteJournal, lease: Lease) -> None:
        async for frame in journal.read("t", lease.response_id):
            now = time.perf_counter()
            waits.extend((now - float(one.data)) * 1000 for one in frame.entries if one.data)

    async def writer(journal: SqliteJournal, lease: Lease, offset: float) -> None:
        begin = time.perf_counter() + offset
        total = int(seconds * rate / writers)
        for number in range(total):
            await asyncio.sleep(max(0.0, begin + number * writers / rate - time.perf_counter()))
            await journal.append(lease, number, [Entry(b"%r" % time.perf_counter())])
        await journal.finish(lease, total, [Entry(b"")], EVENT)

    async with journal_in(folder) as journal:
        held = await leases(journal, writers)
        reading = [asyncio.create_task(reader(journal, lease)) for lease in held]
        await asyncio.gather(*(writer(journal, one, n / rate) for n, one in enumerate(held)))
        await asyncio.gather(*reading)
    return waits


async def replay(folder: Path, events: int) -> float:
    """Events per second of a reader alone, over frames of one."""
    async with journal_in(folder) as journal:
        (lease,) = await leases(journal, 1)
        await asyncio.gather(*(journal.append(lease, n, [EVENT]) for n in range(events - 1)))
        await journal.finish(lease, events - 1, [EVENT], EVENT)
        started = time.perf_counter()
        assert await read_whole(journal, "r0") == events
        return events / (time.perf_counter() - started)


async def blobs(folder: Path, count: int, size: int) -> tuple[float, float]:
    """MB/s of durable puts, one after the other, and of checked gets from the page cache."""
    pictures = [os.urandom(size) for _ in range(count)]
    async with journal_in(folder) as journal:
        started = time.perf_counter()
        names = [await journal.blobs.put(picture) for picture in pictures]
        put = time.perf_counter() - started
    async with journal_in(folder) as journal:
        started = time.perf_counter()
        for name, picture in zip(names, pictures, strict=True):
            assert await journal.blobs.get(name) == picture
        got = time.perf_counter() - started
    return count * size / put / 1e6, count * size / got / 1e6


def limit(folder: Path, seconds: float) -> float:
    """Events/s of sqlite3 and nothing else: one thread, 200 rows a commit, the same table."""
    with closing(sqlite3.connect(folder / "limit.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        db.execute("CREATE TABLE events (rid, seq, epoch, n, data BLOB, PRIMARY KEY (rid, seq))")
        started = time.perf_counter()
        number = 0
        while time.perf_counter() - started < seconds:
            db.execute("BEGIN IMMEDIATE")
            rows = [(rid, number, 1, 1, DATA) for rid in range(WRITERS)]
            db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
            db.execute("COMMIT")
            number += 1
        return number * WRITERS / (time.perf_counter() - started)


def run(quick: bool) -> str:
    rounds, seconds = (1, 1.5) if quick else (3, 5.0)
    kit.CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="journal-", dir=kit.CACHE))
    try:
        return "\n\n".join(
            (appends(folder, rounds, seconds), waits(folder, rounds, seconds), reads(folder, quick))
        )
    finally:
        shutil.rmtree(folder)


def appends(folder: Path, rounds: int, seconds: float) -> str:
    ways: list[tuple[str, int | None, bool]] = [
        ("30,000 offered", TARGET, False),
        ("30,000 offered, a reader on each", TARGET, True),
        ("120,000 offered", 4 * TARGET, False),
        ("120,000 offered, a reader on each", 4 * TARGET, True),
        ("closed: frames of one", None, False),
    ]
    runs: dict[str, list[Measured]] = {name: [] for name, _, _ in ways}
    bare: list[float] = []
    for number in range(rounds):
        for name, rate, readers in ways:
            fresh = folder / f"{number}-{len(bare)}-{name[:3]}-{readers}"
            runs[name].append(asyncio.run(throughput(fresh, rate, seconds, readers=readers)))
            shutil.rmtree(fresh)
        bare.append(limit(folder, seconds))
        for left in folder.glob("limit.db*"):
            left.unlink()
    rows = []
    for name, measured in runs.items():
        rows.append(
            (
                name,
                f"{kit.middle(one.events / one.seconds for one in measured):,.0f}",
                f"{kit.middle(one.events / one.frames for one in measured):.1f}",
                f"{kit.middle(one.cpu / one.events * 1e6 for one in measured):.1f}",
            )
        )
    rows.append(("sqlite3 alone, 200 rows a commit", f"{kit.middle(bare):,.0f}", "1.0", ""))
    best = kit.middle(one.events / one.seconds for one in runs["120,000 offered"])
    return (
        f"{WRITERS} writers. The middle of {rounds} interleaved rounds of {seconds:g} s.\n\n"
        + kit.table(("way", "events/s", "events/frame", "CPU us/event"), rows)
        + f"\n\nTarget: {TARGET:,} events/s, frames as they form: "
        + f"{kit.verdict(best >= TARGET)} ({best:,.0f} where more is offered)."
    )


def waits(folder: Path, rounds: int, seconds: float) -> str:
    rows, held = [], True
    for writers in (1, 20, 200):
        found: list[float] = []
        for number in range(rounds):
            fresh = folder / f"wait-{writers}-{number}"
            found += asyncio.run(to_reader(fresh, writers, 200, seconds))
            shutil.rmtree(fresh)
        cuts = statistics.quantiles(found, n=100)
        held = held and cuts[49] < TARGET_MS
        rows.append((f"{writers} responses", *(f"{cuts[n]:.2f}" for n in (49, 94, 98)), len(found)))
    return (
        "Append to reader at 200 events/s in all, milliseconds.\n\n"
        + kit.table(("spread over", "p50", "p95", "p99", "events"), rows)
        + f"\n\nTarget: p50 under {TARGET_MS:g} ms: {kit.verdict(held)}."
    )


def reads(folder: Path, quick: bool) -> str:
    rate = asyncio.run(replay(folder / "replay", 5_000 if quick else 50_000))
    put, got = asyncio.run(blobs(folder / "blobs", 8 if quick else 40, 3_000_000))
    rows = [
        ("replay, frames of one", f"{rate:,.0f} events/s"),
        ("blobs of 3 MB, durable put, one at a time", f"{put:,.0f} MB/s"),
        ("blobs of 3 MB, get with its sha256 checked, one at a time", f"{got:,.0f} MB/s"),
    ]
    return "Reading, and pictures.\n\n" + kit.table(("", "figure"), rows)
