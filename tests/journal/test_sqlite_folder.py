"""The data folder: one process at a time, migrations, damage, a full disk, a kill -9."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from heliograph import errors
from heliograph.journal import BlobRef, Entry, NewResponse, SqliteJournal
from heliograph.journal._migrations import APPLICATION_ID, MIGRATIONS, Migration, migrate


def database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "journal.db", isolation_level=None)


def new(response_id: str) -> NewResponse:
    return NewResponse(response_id=response_id, tenant="t", request=b"{}")


async def test_one_journal_at_a_time_may_have_a_folder(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path)
    await first.start()
    with pytest.raises(errors.JournalError, match=f"in use by process {os.getpid()}"):
        await SqliteJournal(tmp_path).start()
    with pytest.raises(errors.JournalError, match="open already"):
        await first.start()
    await first.stop()
    await first.stop()
    second = SqliteJournal(tmp_path)
    await second.start()
    await second.stop()


async def test_another_process_is_refused_too(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    script = (
        "import asyncio, sys; from heliograph.journal import SqliteJournal\n"
        "from heliograph.errors import JournalError\n"
        "try: asyncio.run(SqliteJournal(sys.argv[1]).start())\n"
        "except JournalError as exc: print(exc)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"in use by process {os.getpid()}" in done.stdout
    await journal.stop()


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.JournalError, match="file"):
        await SqliteJournal(tmp_path / "file" / "data").start()


async def test_the_database_is_durable_and_marked(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(new("r"))
    writer = journal._opened.transaction.db  # type: ignore[union-attr]
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert writer.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    await journal.stop()


async def test_what_is_deleted_leaves_no_row_behind(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    sha256 = await journal.blobs.put(b"picture")
    entry = Entry(b"0", (BlobRef(0, sha256, 7),))
    for response_id in ("running", "finished"):
        made = NewResponse(
            response_id=response_id, tenant="t", request=b"{}", idempotency_key=response_id
        )
        await journal.create(made)
        lease = await journal.claim("w", [], lease=60, wait=0)
        assert lease is not None
        await journal.append(lease, 0, [entry])
        if response_id == "finished":
            await journal.finish(lease, 1, [entry], entry)
            await journal.delete("t", response_id)
        else:
            await asyncio.gather(
                journal.append(lease, 1, [entry]),
                journal.delete("t", response_id),
                journal.append(lease, 2, [entry]),
                return_exceptions=True,
            )
    await journal.stop()
    with closing(database(tmp_path)) as db:
        counts = {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    del counts["migrations"], counts["sqlite_sequence"]
    assert counts.pop("tombstones") == 2
    assert set(counts.values()) == {0}


async def test_migrations_are_recorded_from_one_upward(tmp_path: Path) -> None:
    for _ in range(2):
        journal = SqliteJournal(tmp_path, lambda: 1234.0)
        await journal.start()
        await journal.stop()
    with closing(database(tmp_path)) as db:
        rows = db.execute("SELECT version, name, applied_at FROM migrations").fetchall()
    assert rows == [(n, one.name, 1234.0) for n, one in enumerate(MIGRATIONS, start=1)]


def test_a_database_of_every_earlier_version_is_brought_up(tmp_path: Path) -> None:
    later = (*MIGRATIONS, Migration("more", ("CREATE TABLE more (x)",)))
    for version in range(1, len(later) + 1):
        with closing(sqlite3.connect(tmp_path / f"{version}.db", isolation_level=None)) as db:
            migrate(db, 1.0, later[:version])
            migrate(db, 2.0, later)
            rows = db.execute("SELECT version, applied_at FROM migrations").fetchall()
            times = [1.0] * version + [2.0] * (len(later) - version)
            assert rows == list(enumerate(times, start=1))
            db.execute("SELECT x FROM more")


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    broken = Migration("broken", ("CREATE TABLE half (x)", "CREATE NONSENSE"))
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as db:
        with pytest.raises(sqlite3.Error):
            migrate(db, 1.0, (*MIGRATIONS, broken))
        assert db.execute("SELECT max(version) FROM migrations").fetchone() == (len(MIGRATIONS),)
        half = "SELECT count(*) FROM sqlite_master WHERE name = 'half'"
        assert db.execute(half).fetchone() == (0,)


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    with closing(database(tmp_path)) as db:
        migrate(db, 1.0, (*MIGRATIONS, Migration("more", ())))
    with pytest.raises(errors.JournalError, match="install the version that wrote it"):
        await SqliteJournal(tmp_path).start()


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with closing(database(tmp_path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(errors.JournalError, match="not a Heliograph journal"):
        await SqliteJournal(tmp_path).start()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(errors.JournalError, match=r"journal\.db.*damaged or not SQLite"):
        await SqliteJournal(tmp_path).start()
    # The folder was let go.
    (tmp_path / "journal.db").unlink()
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.stop()


async def test_a_damaged_database_is_an_error_and_never_a_wrong_log(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(new("r"))
    lease = await journal.claim("w", [], lease=60, wait=0)
    assert lease is not None
    for first in range(200):
        await journal.append(lease, first, [Entry(b"x" * 2000)])
    await journal.stop()
    path = tmp_path / "journal.db"
    data = bytearray(path.read_bytes())
    data[8192:] = bytes(len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(errors.JournalError):
        await read_all(tmp_path)


async def read_all(folder: Path) -> list[bytes]:
    journal = SqliteJournal(folder)
    try:
        await journal.start()
        record = await journal.get("t", "r")
        found: list[bytes] = []
        async for frame in journal.read("t", "r"):
            found += [one.data for one in frame.entries]
            if len(found) > record.last_seq:
                break
        return found
    finally:
        await journal.stop()


async def test_a_full_disk_refuses_appends_shows_nothing_half_and_recovers(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(new("r"))
    lease = await journal.claim("w", [], lease=60, wait=0)
    assert lease is not None
    await journal.append(lease, 0, [Entry(b"0")])
    reader = journal.read("t", "r")
    await anext(reader)
    writer = journal._opened.transaction.db  # type: ignore[union-attr]
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(errors.JournalError, match="free some space"):
        await journal.append(lease, 1, [Entry(b"x" * 100_000)])
    with pytest.raises(errors.JournalError, match="free some space"):
        await journal.finish(lease, 1, [Entry(b"x")], Entry(b"x" * 100_000))
    assert (await journal.get("t", "r")).last_seq == 0
    # One that is too large does not take those beside it along.
    large, small = await asyncio.gather(
        journal.append(lease, 1, [Entry(b"x" * 100_000)]),
        journal.append(lease, 1, [Entry(b"1")]),
        return_exceptions=True,
    )
    assert isinstance(large, errors.JournalError)
    assert small == 1
    writer.execute("PRAGMA max_page_count = 1000000")
    assert await journal.finish(lease, 2, [Entry(b"y" * 100_000)], Entry(b"end")) == 2
    rest = [frame.first async for frame in reader]
    assert rest == [1, 2]
    await journal.stop()


async def test_a_full_disk_leaves_the_queue_as_it_was(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(new("r"))
    lease = await journal.claim("w", [], lease=60, wait=0)
    assert lease is not None
    writer = journal._opened.transaction.db  # type: ignore[union-attr]
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    # In one commit with what cannot be stored: taken back together, then tried one by one.
    results = await asyncio.gather(
        journal.append(lease, 0, [Entry(b"0")]),
        journal.finish(lease, 1, [Entry(b"x" * 100_000)], Entry(b"end")),
        journal.append(lease, 1, [Entry(b"1")]),
        journal.create(NewResponse(response_id="big", tenant="t", request=b"x" * 100_000)),
        journal.renew(lease, seconds=60),
        return_exceptions=True,
    )
    assert results[0] == 0
    assert isinstance(results[1], errors.JournalError)
    assert results[2] == 1
    assert isinstance(results[3], errors.JournalError)
    assert not isinstance(results[4], BaseException)
    writer.execute("PRAGMA max_page_count = 1000000")
    assert await journal.claim("w2", [], lease=60, wait=0) is None
    assert await journal.finish(lease, 2, [], Entry(b"end")) == 1
    await journal.stop()


async def test_a_flush_that_failed_stops_all_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.create(new("r"))
    lease = await journal.claim("w", [], lease=60, wait=0)
    assert lease is not None
    transaction = journal._opened.transaction  # type: ignore[union-attr]
    real = transaction.commit

    def commit() -> None:
        failure = sqlite3.OperationalError("disk I/O error")
        failure.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        failure.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise failure

    monkeypatch.setattr(transaction, "commit", commit)
    with pytest.raises(errors.JournalError, match="SQLITE_IOERR_FSYNC"):
        await journal.append(lease, 0, [Entry(b"0")])
    monkeypatch.setattr(transaction, "commit", real)
    with pytest.raises(errors.JournalError, match="SQLITE_IOERR_FSYNC"):
        await journal.append(lease, 0, [Entry(b"0")])
    assert (await journal.get("t", "r")).last_seq == -1
    await journal.stop()


async def test_a_bug_in_the_writer_leaves_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    monkeypatch.setattr(journal._opened.store, "create", lambda _: 1 // 0)  # type: ignore[union-attr]
    made = await asyncio.gather(
        *(journal.create(new(f"r{i}")) for i in range(5)), return_exceptions=True
    )
    assert all(isinstance(one, errors.JournalError) for one in made)
    with pytest.raises(errors.JournalError, match="writer ended"):
        await journal.create(new("r"))
    await journal.stop()


CHILD = """
import asyncio, sys
from heliograph.journal import Entry, NewResponse, SqliteJournal

async def work(journal, number):
    await journal.create(NewResponse(response_id=f"r{number}", tenant="t", request=b"{}"))
    lease = await journal.claim("w", [], lease=60, wait=0)
    first = 0
    while True:
        blob = await journal.blobs.put(b"%d-%d" % (number, first)) if first % 50 == 0 else None
        entries = [Entry(b"%d" % (first + i)) for i in range(1 + first % 3)]
        last = await journal.append(lease, first, entries)
        sys.stdout.write(f"{lease.response_id} {last} {blob or '-'}\\n")
        sys.stdout.flush()
        first = last + 1

async def main():
    journal = SqliteJournal(sys.argv[1])
    await journal.start()
    await asyncio.gather(*(work(journal, number) for number in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40, 300, 1500])
async def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path, lines: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged: dict[str, int] = {}
    blobs: list[str] = []
    async with asyncio.timeout(60):
        for number in range(1, 1_000_000):
            line = await process.stdout.readline()
            if number == lines:
                process.send_signal(signal.SIGKILL)
            if not line.endswith(b"\n"):
                break
            response_id, last, blob = line.decode().split()
            acknowledged[response_id] = int(last)
            if blob != "-":
                blobs.append(blob)
        assert await process.wait() == -signal.SIGKILL
    journal = SqliteJournal(tmp_path)
    await journal.start()
    for response_id, last in acknowledged.items():
        record = await journal.get("t", response_id)
        assert record.last_seq >= last
        found: list[int] = []
        async for frame in journal.read("t", response_id):
            found += [int(one.data) for one in frame.entries]
            if frame.last == record.last_seq:
                break
        assert found == list(range(record.last_seq + 1))
    for blob in blobs:
        await journal.blobs.get(blob)
    taken = [await journal.claim("w", [], lease=60, wait=0) for _ in acknowledged]
    assert {lease.takeovers for lease in taken if lease is not None} == {1}
    await journal.stop()
