"""A data folder, looked at: each thing that can be wrong with one is found."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from tests.contract.journal.support import new
from tests.journal.attached import House

from heliograph.journal import SqliteJournal
from heliograph.journal.checkup import (
    SLOW_FLUSH_SECONDS,
    Finding,
    examine_folder,
    judge_flush,
)


async def looked(folder: Path, **more: int) -> dict[str, Finding]:
    found, _ = await examine_folder(folder, **more)
    return {one.what: one for one in found}


def test_a_folder_that_is_well_and_left_as_it_was(tmp_path: Path) -> None:
    found = asyncio.run(looked(tmp_path, least_free=1))
    assert {one.status for one in found.values()} <= {"ok", "warning"}
    assert [found[what].status for what in ("lock", "free space", "database")] == ["ok"] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    found = await looked(file / "data")
    assert found["data folder"].status == "failed"
    assert "set `data`" in found["data folder"].said


def test_a_flush_that_is_slow(tmp_path: Path) -> None:
    assert judge_flush(tmp_path, SLOW_FLUSH_SECONDS * 0.9).status == "ok"
    slow = judge_flush(tmp_path, SLOW_FLUSH_SECONDS * 1.1)
    assert slow.status == "warning"
    assert "faster disk" in slow.said


async def test_a_disk_that_is_full(tmp_path: Path) -> None:
    for least, status in ((2**62, "failed"), (0, "ok")):
        found = await looked(tmp_path, least_free=least)
        assert found["free space"].status == status


async def test_a_folder_that_a_server_has(house: House) -> None:
    await house.serve()
    found = await looked(house.folder)
    assert found["lock"].status == "warning"
    assert "in use by process" in found["lock"].said
    assert found["socket"].status == "ok"


async def test_a_folder_that_a_process_has_without_a_socket(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.start()
    found = await looked(tmp_path)
    await journal.stop()
    assert found["socket"].status == "failed"


async def test_databases_that_are_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all" * 100)
    assert (await looked(tmp_path))["database"].status == "failed"
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")
    db.close()
    assert "not a Heliograph" in (await looked(tmp_path))["database"].said
    path.unlink()
    journal = SqliteJournal(tmp_path)
    await journal.start()
    await journal.stop()
    assert (await looked(tmp_path))["database"].status == "ok"
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO migrations VALUES (99, 'later', 0)")
    db.close()
    assert "schema 99" in (await looked(tmp_path))["database"].said


async def test_what_waits(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path, lambda: time.time() - 60)
    await journal.start()
    await journal.create(new("r1", capabilities=("chat:a", "image:b")))
    await journal.create(new("r2"))
    await journal.claim("w", ["chat:heliograph/*"], lease=10, wait=0)
    await journal.stop()
    _, waiting = await examine_folder(tmp_path)
    assert [(one.needs, one.count) for one in waiting] == [(("chat:a", "image:b"), 1)]
    assert 60 <= waiting[0].seconds < 120
