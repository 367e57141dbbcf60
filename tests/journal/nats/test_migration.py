"""A data folder brought into NATS: all of it, once, however often and however far it is run."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from tests.contract.journal.support import Clock, claim, entries, entry, new
from tests.journal.nats.raw import api, connected
from tests.journal.nats.site import PICTURES, site
from tests.nats_servers import nats_journal

from heliograph import errors
from heliograph.journal import (
    Entry,
    Journal,
    Lease,
    Login,
    NatsJournal,
    NewResponse,
    SqliteJournal,
)
from heliograph.journal import _limits as bounds
from heliograph.journal._files import FolderLock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._wire import Wire
from heliograph.journal.migration import Tally, migrate, stock_of
from heliograph.testing.nats import Cluster

Place = tuple[str, str]
T = TypeVar("T", bound=Journal)


class Site:
    def __init__(self, folder: Path, clock: Clock, names: list[Place]) -> None:
        self.folder = folder
        self.clock = clock
        self.names = names
        self.refused: dict[str, str] = {}

    async def migrate(self, folder: Path | None = None) -> Tally:
        self.refused.clear()
        return await migrate(
            folder or self.folder,
            nats_journal(1, self.clock),
            refused=self.refused.__setitem__,
            clock=self.clock,
        )

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.folder, self.folder.with_name(name)))


@pytest.fixture
async def here(tmp_path: Path, clock: Clock, server: Cluster) -> Site:
    return Site(tmp_path / "data", clock, await site(tmp_path / "data", clock))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        # SQLite's index of a write-ahead log is made anew by whoever opens it.
        if path.is_file() and not path.name.endswith("-shm")
    }


async def contents(server: Cluster) -> dict[str, Any]:
    """Every subject of every stream, each with its last message's place; but not who sweeps."""
    found = {}
    async with connected(server.urls) as client:
        for name in (await api(client, "STREAM.NAMES"))["streams"]:
            info = await api(client, f"STREAM.INFO.{name}", subjects_filter=">")
            for subject, count in (info["state"].get("subjects") or {}).items():
                if not subject.endswith("key.sweeper"):
                    last = await api(client, f"STREAM.MSG.GET.{name}", last_by_subj=subject)
                    found[subject] = (count, last["message"]["seq"])
    return found


async def events(journal: Journal, tenant: str, response_id: str, last: int) -> list[Any]:
    found: list[Any] = []
    if last < 0:
        return found
    async for frame in journal.read(tenant, response_id):
        found += [(frame.epoch, one) for one in frame.entries]
        if frame.last == last:
            break
    return found


async def same(one: Journal, other: Journal, names: list[Place]) -> None:
    """What can be asked of both is the same."""
    for tenant, response_id in names:
        record = await one.get(tenant, response_id)
        assert await other.get(tenant, response_id) == record
        logs = [await events(each, tenant, response_id, record.last_seq) for each in (one, other)]
        assert logs[0] == logs[1]
        assert len(logs[0]) == record.last_seq + 1


async def all_claimed(journal: Journal) -> list[Any]:
    """Every lease there is, in the order they are given."""
    found = []
    while (lease := await journal.claim("w", ["chat:*"], lease=60, wait=0.2)) is not None:
        found.append(lease)
    return found


def born(lease: Lease) -> float:
    return lease.created_at


async def test_everything_is_there_and_goes_on_as_it_would_have(here: Site, clock: Clock) -> None:
    before = digests(here.folder)
    tally = await here.migrate()
    assert digests(here.folder) == before
    assert here.refused == {}
    assert msgspec.structs.asdict(tally) == {
        "total": 14,
        "brought": 13,
        "there": 0,
        "expired": 1,
        "erased": 0,
        "refused": 0,
        "waiting": 10,
        "events": 32 * 2 + 702 + 6 + 1 + 2 + 6,
        "blobs": 2 * 2 + 2 + 1,
        "keys": 2,
        "tombstones": 1,
    }
    source, target = SqliteJournal(here.folder, clock), nats_journal(1, clock)
    await source.start()
    await target.start()
    try:
        await same(source, target, here.names)
        for data in PICTURES:
            assert await target.blobs.get(hashlib.sha256(data).hexdigest()) == data
        for journal in (source, target):
            assert await journal.keyed("t", "k", "digest") == "done"
            assert await journal.keyed("t", "old", "d") is None
            assert await journal.keyed("u", "k", "digest") is None
            with pytest.raises(errors.IdempotencyConflict):
                await journal.keyed("t", "k", "another")
            with pytest.raises(errors.JournalError, match="used before"):
                await journal.create(new("gone"))
            with pytest.raises(errors.UnknownResponse):
                await journal.get("u", "done")
            overdue = clock.now
            clock.now += 601
            assert (await journal.claim_overdue("w", lease=1)).response_id == "queued1"  # type: ignore[union-attr]
            clock.now = overdue
        leases = [await all_claimed(journal) for journal in (source, target)]
        assert leases[0] == leases[1]
        assert [one.response_id for one in leases[0]] == [
            *("running", "claimed", "released", "never"),
            *("queued0", "queued2", "queued4", "queued3", "queued5"),
        ]
    finally:
        await source.stop()
        await target.stop()


async def test_a_second_run_changes_nothing(here: Site, server: Cluster) -> None:
    first = await here.migrate()
    before = await contents(server)
    second = await here.migrate()
    assert await contents(server) == before
    assert (second.brought, second.there) == (0, first.brought)
    assert (second.waiting, second.expired, second.tombstones) == (10, 1, 1)
    assert here.refused == {}


class Killed(BaseException):
    """No error of ours: nobody catches it."""


@pytest.mark.parametrize(("heard", "at_once"), [(False, 1), (True, 1), (True, 16)])
async def test_killed_at_any_write_and_run_again_it_completes(
    here: Site,
    clock: Clock,
    server: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    heard: bool,
    at_once: int,
) -> None:
    """Each run goes a write further than the last before it dies, with or without that write."""
    real = Wire.put
    left = 0

    async def put(wire: Wire, *args: Any, **more: Any) -> int:
        nonlocal left
        left -= 1
        last = left == 0
        if last and not heard:
            raise Killed
        seq = await real(wire, *args, **more)
        if last:
            raise Killed
        return seq

    monkeypatch.setattr(bounds, "MOVED_AT_ONCE", at_once)
    monkeypatch.setattr(Wire, "put", put)
    runs, tally = 0, None
    while tally is None:
        runs += 1
        left = 2 * runs + 3
        with suppress(Killed):
            tally = await here.migrate()
    monkeypatch.setattr(Wire, "put", real)
    assert runs > (1 if at_once > 1 else 8)
    after = await contents(server)
    assert (await here.migrate()).there == 13
    assert await contents(server) == after
    source, target = SqliteJournal(here.folder, clock), nats_journal(1, clock)
    await source.start()
    await target.start()
    try:
        await same(source, target, here.names)
        leases = [await all_claimed(journal) for journal in (source, target)]
        assert leases[0] == leases[1]
    finally:
        await source.stop()
        await target.stop()


@asynccontextmanager
async def opened(journal: T) -> AsyncIterator[T]:
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


async def test_what_has_gone_on_there_since_is_left_alone(
    here: Site, clock: Clock, server: Cluster
) -> None:
    await here.migrate()
    async with opened(nats_journal(1, clock)) as target:
        running = await claim(target, "there")
        assert running.response_id == "running"
        await target.append(running, 6, [entry(6)])
        claimed = await claim(target, "there")
        await target.finish(claimed, 1, [entry(1)], Entry(b"end"))
        await target.delete("t", "queued0")
        await target.delete("t", "done")
    before = await contents(server)
    again = await here.migrate()
    assert await contents(server) == before
    assert here.refused == {}
    assert (again.there, again.erased, again.brought, again.waiting) == (11, 2, 0, 7)
    async with opened(nats_journal(1, clock)) as target:
        assert await target.keyed("t", "k", "digest") is None
        await target.append(running, 7, [entry(7)])


async def test_what_has_gone_on_in_the_folder_follows(here: Site, clock: Clock) -> None:
    await here.migrate()
    async with opened(SqliteJournal(here.folder, clock)) as source:
        lease = await claim(source, "here")
        assert lease.response_id == "running"
        await source.append(lease, 6, entries(6, 2))
        lease = await claim(source, "here")
        assert lease.response_id == "claimed"
        await source.finish(lease, 1, [entry(1)], Entry(b"end"))
        await source.create(new("later"))
    again = await here.migrate()
    assert (again.brought, again.there, again.refused) == (3, 11, 0)
    async with (
        opened(SqliteJournal(here.folder, clock)) as source,
        opened(nats_journal(1, clock)) as target,
    ):
        await same(source, target, [*here.names, ("t", "later")])
        clock.advance(30)
        leases = [await all_claimed(journal) for journal in (source, target)]
        # A job of one that ended meanwhile stood before another's, once.
        assert len(leases[0]) == 10
        assert sorted(leases[0], key=born) == sorted(leases[1], key=born)


async def test_what_is_different_there_is_refused_and_the_rest_is_brought(
    here: Site, clock: Clock, server: Cluster
) -> None:
    other = here.copy("other")
    for folder, number in ((here.folder, 6), (other, 99)):
        async with opened(SqliteJournal(folder, clock)) as journal:
            lease = await claim(journal)
            await journal.append(lease, 6, [entry(number), entry(7)])
            made = new(f"only-{number}", claim_as="w", claim_seconds=10)
            lease = (await journal.create(made)).lease
            assert lease is not None
            await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    async with opened(SqliteJournal(other, clock)) as journal:
        await journal.delete("t", "forgotten")
    async with opened(nats_journal(1, clock)) as target:
        await target.create(new("queued3", "u"))
        await target.create(new("x", idempotency_key="k", body_digest="another"))
    first = await here.migrate()
    assert (first.refused, first.brought) == (2, 12)
    assert here.refused["queued3"].startswith("something else is there under this id")
    assert here.refused["done"] == "its Idempotency-Key leads to x there"
    before = await contents(server)
    second = await here.migrate(other)
    assert (second.refused, second.brought) == (4, 1)
    assert here.refused["running"].startswith("something else is there under this id")
    assert here.refused["forgotten"].startswith("it was erased in the folder, and is there")
    after = await contents(server)
    assert {subject: after[subject] for subject in before} == before
    async with opened(nats_journal(1, clock)) as target:
        for name in ("only-6", "only-99"):
            assert (await target.get("t", name)).state == "finished"


async def test_a_missing_and_a_damaged_picture_keep_their_responses_back(here: Site) -> None:
    names = [hashlib.sha256(PICTURES[i]).hexdigest() for i in (1, 2)]
    missing, damaged = [here.folder / "blobs" / name[:2] / name for name in names]
    missing.unlink()
    damaged.write_bytes(b"x")
    stock = await stock_of(here.folder, here.clock)
    assert stock.missing_blobs == 1
    tally = await here.migrate()
    assert here.refused == {
        "done": f"blob {names[0]} is missing",
        "forgotten": f"blob {names[0]} is missing",
        "large": f"blob {names[1]} is damaged",
        "running": f"blob {names[1]} is damaged",
    }
    assert (tally.refused, tally.brought) == (4, 9)
    missing.write_bytes(PICTURES[1])
    damaged.write_bytes(PICTURES[2])
    assert (await here.migrate()).brought == 4


async def test_what_there_is_is_counted(here: Site) -> None:
    before = digests(here.folder)
    stock = await stock_of(here.folder, here.clock)
    assert msgspec.structs.asdict(stock) == {
        "responses": 13,
        "queued": 8,
        "running": 2,
        "tenants": 2,
        "events": 32 * 2 + 702 + 6 + 1 + 2 + 6,
        "blobs": 4,
        "blob_bytes": sum(map(len, PICTURES)),
        "missing_blobs": 0,
        "keys": 2,
    }
    assert digests(here.folder) == before


async def test_a_folder_that_is_served_is_refused(here: Site, clock: Clock) -> None:
    async with opened(SqliteJournal(here.folder, clock)):
        with pytest.raises(errors.JournalError, match=f"in use by process {os.getpid()}"):
            await here.migrate()
    refusals: list[str] = []

    def serve(_: Tally) -> None:
        with pytest.raises(errors.JournalError) as caught:
            FolderLock(here.folder).acquire()
        refusals.append(str(caught.value))

    target = nats_journal(1, clock)
    tally = await migrate(here.folder, target, progress=serve, clock=clock)
    assert len(refusals) >= tally.brought > 0
    assert all(f"in use by process {os.getpid()}" in said for said in refusals)


async def test_other_schemas_and_other_programs_are_refused(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "data"
    with pytest.raises(errors.JournalError, match=r"is no data folder: it has no journal\.db"):
        await stock_of(folder)
    async with opened(SqliteJournal(folder, clock)):
        pass
    for change, said in (
        ("DELETE FROM migrations WHERE version > 1", "schema 1, an older .* start this version's"),
        ("INSERT INTO migrations VALUES (99, '', 0)", "schema 99, .* install the version"),
        ("PRAGMA application_id = 7", "not a Heliograph journal"),
    ):
        with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as db:
            db.execute(change)
        with pytest.raises(errors.JournalError, match=said):
            await stock_of(folder)
    (folder / "journal.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(errors.JournalError, match="SQLITE_NOTADB"):
        await stock_of(folder)


async def test_a_target_without_room_says_so(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_limits, "WRITE_SECONDS", 1.0)
    room = "accounts { A { jetstream { max_file: 3MB }, users: [{ user: u, password: p }] } }"
    with Cluster(1, tmp_path / "nats", extra=room) as cluster:
        login = Login(user="u", password="p")
        target = NatsJournal(cluster.urls, replicas=1, shards=1, login=login, clock=here.clock)
        with pytest.raises(errors.JournalError, match="resource limits exceeded for account"):
            await migrate(here.folder, target, clock=here.clock)


def test_every_part_of_a_request_is_brought() -> None:
    """A field that is added must be brought too: into ``DataFolder``, ``Intake`` and ``site``."""
    assert set(NewResponse.__struct_fields__) - {"claim_as", "claim_seconds"} == {
        *("response_id", "tenant", "request", "capabilities", "background", "idempotency_key"),
        *("body_digest", "expires_in", "context", "opening", "created_at", "claim_within"),
        *("priority", "raise_after"),
    }
