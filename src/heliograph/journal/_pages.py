"""Looking into the stored log and records, in a few threads with a connection each."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import PRIORITIES, Frame, JobState, Load, Queued, Record
from heliograph.journal._database import open_reader, translate
from heliograph.journal._following import Page
from heliograph.journal._frames import part_after, unpack_entries, unpack_entry

__all__ = ["Pages"]

T = TypeVar("T")

_THREADS = 2
_STATES: tuple[JobState, ...] = ("queued", "running", "finished")

# One statement, so that state and frames are of one moment. The frame that holds ``after + 1``
# may begin before it.
_PAGE = """
SELECT j.state, e.seq, e.epoch, e.n, e.data
FROM responses r JOIN jobs j ON j.rid = r.rid
LEFT JOIN events e ON e.rid = r.rid AND e.seq >= coalesce(
    (SELECT max(f.seq) FROM events f WHERE f.rid = r.rid AND f.seq <= ?3), 0)
WHERE r.id = ?1 AND r.tenant = ?2
ORDER BY e.seq LIMIT ?4
"""
_RECORD = """
SELECT j.state, r.request, r.background, r.created_at, j.epoch, j.takeovers, j.cancel_requested,
    s.data, j.finished_at, j.expires_at,
    coalesce((SELECT seq + n - 1 FROM events e WHERE e.rid = r.rid ORDER BY seq DESC LIMIT 1), -1),
    c.data, j.priority
FROM responses r JOIN jobs j ON j.rid = r.rid LEFT JOIN snapshots s ON s.rid = r.rid
    LEFT JOIN contexts c ON c.rid = r.rid
WHERE r.id = ?1 AND r.tenant = ?2
"""
_LOAD = """
SELECT priority, count(*) FROM jobs WHERE state = 0 GROUP BY priority
UNION ALL SELECT -1, count(*) FROM jobs WHERE state = 1
"""
_OLDEST = (
    "SELECT (SELECT created_at FROM responses r WHERE r.rid = found.rid) "
    "FROM (SELECT min(rid) AS rid FROM jobs WHERE state = 0) found"
)
_QUEUED = """
SELECT (SELECT count(*) FROM jobs WHERE state = 0),
    (SELECT count(*) FROM jobs WHERE state = 0 AND tenant = ?)
"""


class Pages:
    """Reads committed state only, and never blocks the event loop or the writer."""

    def __init__(
        self, path: Path, opener: Callable[[Path], sqlite3.Connection] = open_reader
    ) -> None:
        self._path = path
        self._opener = opener
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._threads: ThreadPoolExecutor | None = ThreadPoolExecutor(
            _THREADS, thread_name_prefix="heliograph-read"
        )

    def close(self) -> None:
        """Wait for the threads and close their connections (blocks)."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    async def page(self, tenant: str, response_id: str, after: int) -> Page:
        """The frames after ``after``, as many as a page holds; raises ``UnknownResponse``."""
        return await self.run(lambda db: _page(db, tenant, response_id, after))

    async def record(self, tenant: str, response_id: str) -> Record:
        """Raises ``UnknownResponse``."""
        return await self.run(lambda db: _record(db, tenant, response_id))

    async def load(self) -> Load:
        """See ``Journal.load``."""
        counts = dict(await self.run(lambda db: db.execute(_LOAD).fetchall()))
        return Load(tuple(counts.get(one, 0) for one in range(PRIORITIES)), counts[-1])

    async def queued(self, tenant: str) -> Queued:
        """See ``Journal.queued``."""
        return await self.run(lambda db: Queued(*db.execute(_QUEUED, (tenant,)).fetchone()))

    async def oldest(self) -> float | None:
        """See ``Journal.oldest``."""
        return await self.run(lambda db: db.execute(_OLDEST).fetchone()[0])

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What ``work`` reads. Raises ``JournalError``."""
        if self._threads is None:
            raise errors.JournalError("the journal is not open")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, work)

    def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._opener(self._path)
                self._connections.append(connection)
            return work(connection)
        except sqlite3.Error as exc:
            raise errors.JournalError(translate(exc)) from exc


def _page(db: sqlite3.Connection, tenant: str, response_id: str, after: int) -> Page:
    frames: list[Frame] = []
    size = rows = 0
    last_seq = -1
    full = finished = False
    limit = _limits.READ_PAGE_FRAMES
    cursor = db.execute(_PAGE, (response_id, tenant, after + 1, limit))
    try:
        for state, first, epoch, count, data in cursor:
            rows += 1
            finished = _STATES[state] == "finished"
            if first is None:
                continue
            last_seq = first + count - 1
            if last_seq <= after:
                continue
            frames.append(part_after(Frame(first, epoch, unpack_entries(data)), after))
            size += len(data)
            if size >= _limits.READ_PAGE_BYTES:
                full = True
                break
    finally:
        cursor.close()
    if not rows:
        raise errors.UnknownResponse(response_id)
    more = full or rows == limit
    return Page(frames, last_seq, more, ended=finished and not more)


def _record(db: sqlite3.Connection, tenant: str, response_id: str) -> Record:
    row = db.execute(_RECORD, (response_id, tenant)).fetchone()
    if row is None:
        raise errors.UnknownResponse(response_id)
    return Record(
        response_id=response_id,
        tenant=tenant,
        state=_STATES[row[0]],
        request=row[1],
        background=bool(row[2]),
        created_at=row[3],
        epoch=row[4],
        takeovers=row[5],
        cancel_requested=bool(row[6]),
        snapshot=None if row[7] is None else unpack_entry(row[7]),
        finished_at=row[8],
        expires_at=row[9],
        last_seq=row[10],
        context=None if row[11] is None else unpack_entry(row[11]),
        priority=row[12],
    )
