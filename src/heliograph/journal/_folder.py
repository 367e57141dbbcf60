"""A data folder that is read whole, and not changed: what a migration comes from.

The folder is locked as a server would lock it, and its database opened for reading alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import Clock, Frame, NewResponse
from heliograph.journal._blobs import FileBlobs
from heliograph.journal._database import open_frozen, translate
from heliograph.journal._files import FolderLock
from heliograph.journal._frames import unpack_entries
from heliograph.journal._live import decode_capabilities
from heliograph.journal._migrations import check_schema
from heliograph.journal._moved import Moved, Name, Stock, Unmovable
from heliograph.journal._pages import Pages

__all__ = ["DataFolder"]

_DATABASE = "journal.db"

_NAMES = """
SELECT r.rid, r.tenant, r.id, j.state < 2, j.expires_at FROM responses r JOIN jobs j USING (rid)
WHERE r.rid > ?1 AND (?2 OR j.state < 2) ORDER BY r.rid LIMIT ?3
"""
_REST = """
SELECT j.capabilities, r.expires_in, j.claim_by, j.worker, i.key, i.digest, i.created_at, e.data
FROM responses r JOIN jobs j USING (rid)
    LEFT JOIN idempotency i ON i.response_id = r.id AND i.created_at > ?2
    LEFT JOIN events e ON e.rid = r.rid AND e.seq = 0 AND e.epoch = 0
WHERE r.rid = ?1
"""
_STOCK = """
SELECT count(*), coalesce(sum(j.state = 0), 0), coalesce(sum(j.state = 1), 0),
    count(DISTINCT r.tenant), coalesce(sum(
        (SELECT seq + n FROM events e WHERE e.rid = r.rid ORDER BY seq DESC LIMIT 1)), 0)
FROM responses r JOIN jobs j USING (rid) WHERE coalesce(j.expires_at > ?, 1)
"""
_BLOBS_OF = "SELECT sha256 FROM blob_refs WHERE rid = ? ORDER BY sha256"
_BLOBS = "SELECT DISTINCT sha256 FROM blob_refs WHERE sha256 > ? ORDER BY sha256 LIMIT ?"
_KEYS = "SELECT count(*) FROM idempotency WHERE created_at > ?"
_TOMBSTONES = (
    "SELECT id, erased_at FROM tombstones WHERE id > ? AND erased_at > ? ORDER BY id LIMIT ?"
)
_ROWS = 256


class DataFolder:
    """The source of a migration (see ``_moved.Source``). ``open`` it before anything else."""

    def __init__(self, folder: str | Path, clock: Clock = time.time) -> None:
        self.folder = Path(folder)
        self._clock = clock
        self._lock = FolderLock(self.folder)
        self._blobs = FileBlobs(self.folder / "blobs", clock)
        self._pages: Pages | None = None

    async def open(self) -> None:
        """Lock the folder and look whose it is.

        Raises ``JournalError`` where a process has it, where there is no journal in it, and where
        that is another program's or another version's.
        """
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        path = self.folder / _DATABASE
        if not path.is_file():
            raise errors.JournalError(f"{self.folder} is no data folder: it has no {_DATABASE}")
        try:
            self._lock.acquire(reading=True)
        except OSError as exc:
            raise errors.JournalError(f"the data folder {self.folder}: {exc}") from exc
        try:
            connection = open_frozen(path)
            try:
                check_schema(connection)
            finally:
                connection.close()
        except (sqlite3.Error, errors.JournalError) as exc:
            self._lock.release()
            said = translate(exc) if isinstance(exc, sqlite3.Error) else str(exc)
            raise errors.JournalError(f"{path}: {said}") from exc
        self._pages = Pages(path, open_frozen)

    async def close(self) -> None:
        """Free the folder. Harmless where not open."""
        pages, self._pages = self._pages, None
        if pages is not None:
            await asyncio.to_thread(pages.close)
        self._lock.release()

    async def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return await self._opened().run(lambda db: db.execute(query, values).fetchall())

    def _opened(self) -> Pages:
        if self._pages is None:
            raise errors.JournalError("the data folder is not open")
        return self._pages

    # -- what there is

    async def count(self) -> int:
        """How many responses there are."""
        ((count,),) = await self._rows("SELECT count(*) FROM responses")
        return int(count)

    async def stock(self) -> Stock:
        """What there is to migrate."""
        now = self._clock()
        ((responses, queued, running, tenants, events),) = await self._rows(_STOCK, now)
        ((keys,),) = await self._rows(_KEYS, now - _limits.IDEMPOTENCY_TTL)
        blobs = size = missing = 0
        after = ""
        while rows := await self._rows(_BLOBS, after, _ROWS):
            after = rows[-1][0]
            for found in await asyncio.to_thread(self._sizes, [row[0] for row in rows]):
                blobs += 1
                size += found or 0
                missing += found is None
        return Stock(
            responses=responses,
            queued=queued,
            running=running,
            tenants=tenants,
            events=events,
            blobs=blobs,
            blob_bytes=size,
            missing_blobs=missing,
            keys=keys,
        )

    def _sizes(self, names: list[str]) -> list[int | None]:
        return [self._blobs.size(name) for name in names]

    async def names(self, *, ended: bool = True) -> AsyncIterator[Name]:
        """Every response in the order they were made; without those that have ended, if wanted."""
        after = 0
        while rows := await self._rows(_NAMES, after, ended, _ROWS):
            for rid, tenant, response_id, is_open, expires_at in rows:
                yield Name(rid, tenant, response_id, bool(is_open), expires_at)
            after = rows[-1][0]

    async def tombstones(self) -> AsyncIterator[tuple[str, float]]:
        """Ids that were erased and cannot be used again yet, each with when that was."""
        after, since = "", self._clock() - _limits.TOMBSTONE_TTL
        while rows := await self._rows(_TOMBSTONES, after, since, _ROWS):
            for response_id, erased_at in rows:
                yield response_id, erased_at
            after = rows[-1][0]

    # -- one response

    async def response(self, name: Name) -> Moved:
        """All of it but its events and pictures."""
        with _readable():
            return await self._response(name)

    async def _response(self, name: Name) -> Moved:
        record = await self._opened().record(name.tenant, name.response_id)
        ((needs, expires_in, claim_by, worker, key, digest, keyed_at, opening),) = await self._rows(
            _REST, name.place, self._clock() - _limits.IDEMPOTENCY_TTL
        )
        refs = await self._rows(_BLOBS_OF, name.place)
        new = NewResponse(
            response_id=name.response_id,
            tenant=name.tenant,
            request=record.request,
            capabilities=decode_capabilities(needs),
            background=record.background,
            idempotency_key=key,
            body_digest=digest or "",
            expires_in=expires_in,
            context=record.context,
            opening=() if opening is None else unpack_entries(opening),
            created_at=record.created_at,
            claim_within=None if claim_by is None else claim_by - record.created_at,
        )
        return Moved(
            new=new,
            record=record,
            worker=worker or "",
            keyed_at=keyed_at,
            blobs=tuple(row[0] for row in refs),
        )

    async def log(self, name: Name, after: int) -> AsyncIterator[Frame]:
        """The frames after a sequence number, to the log's end."""
        while True:
            with _readable():
                page = await self._opened().page(name.tenant, name.response_id, after)
            for frame in page.frames:
                yield frame
            if not page.more:
                return
            after = page.last_seq

    async def blob(self, sha256: str) -> bytes:
        """A picture's bytes."""
        with _readable():
            return await asyncio.to_thread(self._blobs.load, sha256)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except errors.JournalError as exc:
        raise Unmovable(str(exc)) from exc
