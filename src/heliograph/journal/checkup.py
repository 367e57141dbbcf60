"""What ``heliograph doctor`` asks of the places where responses are kept.

Looks and measures; what it writes it takes away again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Literal

import msgspec

from heliograph import errors
from heliograph.journal._attached import SOCKET, AttachedJournal
from heliograph.journal._database import translate
from heliograph.journal._files import FolderLock, flush_file
from heliograph.journal._live import decode_capabilities
from heliograph.journal._migrations import APPLICATION_ID, MIGRATIONS

__all__ = ["Finding", "Waiting", "examine_folder", "failed", "fine", "weak"]

SLOW_FLUSH_SECONDS = 0.05
"""A flush of the medium that takes longer than this slows every stream."""

LEAST_FREE_BYTES = 1024**3
"""Less free space than this is a warning; a tenth of it is a failure."""

_DATABASE = "journal.db"
_FLUSHES = 5
_WAITING = """
SELECT j.capabilities, count(*), min(r.created_at)
FROM jobs j JOIN responses r ON r.rid = j.rid WHERE j.state = 0 GROUP BY j.capabilities
"""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. ``said`` is what was found and, where that is not ``ok``, the
    setting to change."""

    what: str
    status: Literal["ok", "warning", "failed"]
    said: str


class Waiting(msgspec.Struct, frozen=True):
    """Responses that wait to be claimed by who has all of ``needs``.

    ``seconds`` is how long the oldest has waited. ``untaken`` says that nobody offers to take them
    (None where that is not known).
    """

    needs: tuple[str, ...]
    count: int
    seconds: float
    untaken: bool | None = None


def fine(what: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(what, "ok", said)


def weak(what: str, said: str) -> Finding:
    """It works, and will not always."""
    return Finding(what, "warning", said)


def failed(what: str, said: object) -> Finding:
    """It does not work."""
    return Finding(what, "failed", str(said))


async def examine_folder(
    folder: Path, *, least_free: int = LEAST_FREE_BYTES
) -> tuple[list[Finding], list[Waiting]]:
    """A data folder: can it be written, is it free or served, does a flush work, is there space?"""
    found, waiting = await asyncio.to_thread(_look, folder, least_free)
    if any(one.what == "lock" and one.status != "ok" for one in found):
        found.append(await _socket(folder / SOCKET))
    return found, waiting


def _look(folder: Path, least_free: int) -> tuple[list[Finding], list[Waiting]]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = [_flush(folder)]
    except OSError as exc:
        why = f"{folder} cannot be written: {exc.strerror or exc}; set `data` to a folder that can"
        return [failed("data folder", why)], []
    found += [_lock(folder), _space(folder, least_free)]
    database, waiting = _database(folder / _DATABASE)
    return [*found, database], waiting


def _flush(folder: Path) -> Finding:
    path = folder / f".doctor-{os.getpid()}"
    took = []
    try:
        with path.open("wb", buffering=0) as file:
            for _ in range(_FLUSHES):
                file.write(b"\0" * 4096)
                began = time.perf_counter()
                flush_file(file.fileno())
                took.append(time.perf_counter() - began)
    finally:
        path.unlink(missing_ok=True)
    return judge_flush(folder, sorted(took)[len(took) // 2])


def judge_flush(folder: Path, seconds: float) -> Finding:
    """What a median flush of so many seconds means."""
    said = f"{folder} can be written; a flush takes {seconds * 1000:.1f} ms"
    if seconds > SLOW_FLUSH_SECONDS:
        return weak("data folder", f"{said}: each event waits for one; set `data` to a faster disk")
    return fine("data folder", said)


def _lock(folder: Path) -> Finding:
    lock = FolderLock(folder)
    try:
        lock.acquire()
    except errors.JournalError as exc:
        return weak("lock", str(exc))
    lock.release()
    return fine("lock", "no process has the folder")


def _space(folder: Path, least: int) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / 1024**2:.0f} MB are free in {folder}"
    more = "free some, set `data` to a larger disk, or limits.keep_response_seconds lower"
    if free < least // 10:
        return failed("free space", f"{said}; {more}")
    return weak("free space", f"{said}; {more}") if free < least else fine("free space", said)


def _database(path: Path) -> tuple[Finding, list[Waiting]]:
    if not path.exists():
        return fine("database", "none yet; the first start makes it"), []
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            (application,) = db.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION_ID:
                return failed("database", f"{path} is not a Heliograph journal; set `data`"), []
            (version,) = db.execute("SELECT max(version) FROM migrations").fetchone()
            if version > len(MIGRATIONS):
                newer = f"{path} has schema {version}, this Heliograph knows {len(MIGRATIONS)}"
                return failed("database", f"{newer}; install the version that wrote it"), []
            rows = db.execute(_WAITING).fetchall() if version == len(MIGRATIONS) else []
    except sqlite3.Error as exc:
        return failed("database", translate(exc)), []
    now = time.time()
    waiting = [
        Waiting(tuple(decode_capabilities(needs)), count, now - since)
        for needs, count, since in rows
    ]
    return fine("database", f"schema {version}"), waiting


async def _socket(path: Path) -> Finding:
    journal = AttachedJournal(path, worker="doctor", patience=2.0)
    try:
        async with asyncio.timeout(5):
            await journal.start()
            load = await journal.load()
    except (errors.JournalError, OSError, TimeoutError) as exc:
        why = str(exc) or "no answer"
        return failed("socket", f"the process that has the folder serves no worker: {why}")
    finally:
        with contextlib.suppress(errors.JournalError):
            await journal.stop()
    return fine("socket", f"a server is there: {load.running} running, {load.queued} waiting")
