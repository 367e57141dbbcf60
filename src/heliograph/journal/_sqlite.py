"""The embedded journal: one data folder, one process, SQLite and files.

``_store`` has the rules, ``_transaction`` and ``_writer`` the group commit and its thread,
``_pages`` the reading, ``_tails`` and ``_following`` the following, ``_blobs`` the pictures. This
module joins them to the event loop.

A frame is published to its followers in the callback that the writer schedules after the commit,
in the commit's order.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import (
    Clock,
    Created,
    Entry,
    Frame,
    Journal,
    Lease,
    LeaseState,
    Load,
    NewResponse,
    Queued,
    Record,
)
from heliograph.journal._blobs import FileBlobs
from heliograph.journal._counts import Counts
from heliograph.journal._database import open_writer, translate
from heliograph.journal._files import FolderLock
from heliograph.journal._following import Page, follow
from heliograph.journal._frames import (
    check_entries,
    check_request,
    pack_entries,
    pack_entry,
)
from heliograph.journal._migrations import migrate
from heliograph.journal._pages import Pages
from heliograph.journal._signal import Claimers
from heliograph.journal._sqlite_places import Pools, SqlitePlaces
from heliograph.journal._store import Store
from heliograph.journal._tails import Tails
from heliograph.journal._transaction import Transaction
from heliograph.journal._writer import Writer

__all__ = ["SqliteJournal"]

_DATABASE = "journal.db"


class SqliteJournal(Journal):
    """A journal in ``folder`` (made if missing): ``journal.db``, ``blobs/``, ``lock``.

    Durable: what ``append`` and ``finish`` acknowledged survives a power cut on a disk that keeps
    its promises. ``clock`` gives seconds since the epoch.

    ``own`` is the worker in this process, if there is one: what it ran ends with it, and can be
    claimed as soon as the journal is open again. The responses of other workers, which go on
    without it, are theirs for ``reattach_seconds`` more, to be renewed until then.
    """

    def __init__(
        self,
        folder: str | Path,
        clock: Clock = time.time,
        *,
        own: str | None = None,
        reattach_seconds: float = 0.0,
    ) -> None:
        self.folder = Path(folder)
        self._own = own
        self._reattach = reattach_seconds
        self._clock = clock
        self._blobs = FileBlobs(self.folder / "blobs", clock)
        self.blobs = self._blobs
        self.counts = Counts()
        self._places = SqlitePlaces(clock, self._pools)
        self.places = self._places
        self._lock = FolderLock(self.folder)
        self._opened: _Opened | None = None
        self._tails = Tails()
        self._claimers = Claimers()

    async def start(self) -> None:
        """Lock the folder, open and migrate the database.

        Raises ``JournalError`` where another process has the folder, or the database is damaged,
        another program's, or of a newer Heliograph.
        """
        if self._opened is not None:
            raise errors.JournalError("the journal is open already")
        loop = asyncio.get_running_loop()
        transaction, store, pools, pages = await loop.run_in_executor(None, self._open)
        self._opened = _Opened(transaction, store, pools, pages, Writer(transaction, loop))

    def _open(self) -> tuple[Transaction, Store, Pools, Pages]:
        path = self.folder / _DATABASE
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as exc:
            raise errors.JournalError(f"the data folder {self.folder}: {exc}") from exc
        connection: sqlite3.Connection | None = None
        try:
            connection = open_writer(path)
            migrate(connection, self._clock())
            transaction = Transaction(connection)
            store = Store(transaction, self._clock, self._blobs.has, self._own, self._reattach)
            pools = Pools(transaction, self._clock, self._own)
            self._blobs.open()
        except (sqlite3.Error, OSError, errors.JournalError) as exc:
            if connection is not None:
                connection.close()
            self._lock.release()
            said = translate(exc) if isinstance(exc, sqlite3.Error) else str(exc)
            raise errors.JournalError(f"{path}: {said}") from exc
        return transaction, store, pools, Pages(path)

    async def stop(self) -> None:
        """Commit what was asked for, close, and free the folder. Harmless where not open."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        await opened.writer.close()
        self._claimers.wake_all()
        self._places.wake()
        self._tails.close()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._close, opened)

    def _close(self, opened: _Opened) -> None:
        opened.pages.close()
        self._blobs.close()
        try:
            opened.transaction.db.close()
        except sqlite3.Error as exc:
            raise errors.JournalError(translate(exc)) from exc
        finally:
            self._lock.release()

    # -- the job queue

    async def create(self, new: NewResponse) -> Created:
        """See ``Journal.create``."""
        size = check_request(new)
        opened = self._running()

        def then(created: Created) -> None:
            if created.lease is not None:
                self._claimed(new.claim_seconds, created.lease, new.opening)
            elif created.fresh:
                self._claimers.wake(new.capabilities)

        future = opened.writer.submit(
            partial(opened.store.create, new),
            size=size,
            then=then,
            unwanted=lambda created: self._give_back(created.lease),
        )
        try:
            return await future
        except asyncio.CancelledError:
            if _came(future):
                self._give_back(future.result().lease)
            raise

    async def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        """See ``Journal.keyed``."""
        store = self._running().store
        return await self._running().writer.submit(partial(store.keyed, tenant, key, body_digest))

    async def claim(
        self,
        worker: str,
        capabilities: Collection[str],
        *,
        lease: float,
        wait: float,
        begun: bool = False,
    ) -> Lease | None:
        """See ``Journal.claim``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        offered = frozenset(capabilities)
        while True:
            opened = self._running()
            seen = self._claimers.count
            future = opened.writer.submit(
                partial(opened.store.claim, worker, offered, lease, begun),
                then=partial(self._claimed, lease),
                unwanted=self._give_back,
            )
            try:
                found = await future
            except asyncio.CancelledError:
                # Cancelled after the result was there and before this task went on.
                if _came(future):
                    self._give_back(future.result())
                raise
            if isinstance(found, Lease):
                return found
            left = deadline - loop.time()
            if left <= 0:
                return None
            await self._claimers.wait(offered, min(left, found), seen, begun)

    async def claim_overdue(self, worker: str, *, lease: float) -> Lease | None:
        """See ``Journal.claim_overdue``."""
        opened = self._running()
        future = opened.writer.submit(
            partial(opened.store.claim_overdue, worker, lease),
            then=partial(self._claimed, lease),
            unwanted=self._give_back,
        )
        try:
            return await future
        except asyncio.CancelledError:
            if _came(future):
                self._give_back(future.result())
            raise

    def _claimed(
        self, seconds: float, found: Lease | float | None, opening: tuple[Entry, ...] = ()
    ) -> None:
        if isinstance(found, Lease):
            if found.last_seq == len(opening) - 1:
                self._tails.begin(found.response_id, found.tenant, opening)
            self._tails.changed(found.response_id)
            self._claimers.granted(seconds)

    def _give_back(self, found: Lease | float | None) -> None:
        """A cancelled ``claim`` or ``create`` was granted a lease: release it."""
        if isinstance(found, Lease) and self._opened is not None:
            opened = self._opened
            with suppress(errors.JournalError):
                opened.writer.submit(
                    partial(opened.store.release, found),
                    then=partial(self._claimers.wake, begun=True),
                ).add_done_callback(_forget)

    async def renew(self, lease: Lease, *, seconds: float) -> LeaseState:
        """See ``Journal.renew``."""
        opened = self._running()

        def then(_: LeaseState) -> None:
            self._claimers.granted(seconds)

        return await opened.writer.submit(partial(opened.store.renew, lease, seconds), then=then)

    async def release(self, lease: Lease) -> None:
        """See ``Journal.release``."""
        opened = self._running()

        def then(required: tuple[str, ...]) -> None:
            self._tails.changed(lease.response_id)
            self._tails.end(lease.response_id)
            self._claimers.wake(required, begun=True)

        await opened.writer.submit(partial(opened.store.release, lease), then=then)

    # -- the log

    async def append(self, lease: Lease, first: int, entries: Sequence[Entry]) -> int:
        """See ``Journal.append``."""
        opened = self._running()
        size = check_entries(entries)
        packed = pack_entries(entries)
        refs = _blobs_of(entries)
        with self.counts:
            return await opened.writer.submit(
                partial(opened.store.append, lease, first, len(entries), packed, refs),
                size=size,
                then=partial(self._publish, lease, first, tuple(entries), size),
            )

    async def finish(
        self, lease: Lease, first: int, entries: Sequence[Entry], snapshot: Entry
    ) -> int:
        """See ``Journal.finish``."""
        opened = self._running()
        size = check_entries(entries, least=0)
        snapshot_size = check_entries([snapshot])
        packed = pack_entries(entries)
        kept = tuple(entries)
        refs = _blobs_of([*kept, snapshot])

        def then(last_seq: int) -> None:
            tail = self._tails.get(lease.response_id)
            if tail is not None:
                tail.ended = True
                if kept:
                    self._publish(lease, first, kept, size, last_seq)
                tail.wake()
                self._tails.end(lease.response_id)

        work = partial(
            opened.store.finish, lease, first, len(kept), packed, refs, pack_entry(snapshot)
        )
        with self.counts:
            return await opened.writer.submit(work, size=size + snapshot_size, then=then)

    def _publish(
        self, lease: Lease, first: int, entries: tuple[Entry, ...], size: int, _last: int
    ) -> None:
        tail = self._tails.get(lease.response_id)
        if tail is not None:
            tail.publish(Frame(first, lease.epoch, entries), size)

    def read(self, tenant: str, response_id: str, after: int = -1) -> AsyncGenerator[Frame, None]:
        """See ``Journal.read``."""
        following = self._tails.follow(response_id, reads=True)
        return follow(following, self._page, self._running, tenant, response_id, after)

    async def _page(self, tenant: str, response_id: str, after: int) -> Page:
        return await self._running().pages.page(tenant, response_id, after)

    async def get(self, tenant: str, response_id: str) -> Record:
        """See ``Journal.get``."""
        return await self._running().pages.record(tenant, response_id)

    # -- what others ask of a response

    async def delete(self, tenant: str, response_id: str) -> None:
        """See ``Journal.delete``."""
        opened = self._running()

        def then(_: None) -> None:
            self._tails.erased(response_id)

        await opened.writer.submit(partial(opened.store.delete, tenant, response_id), then=then)

    async def cancel(self, tenant: str, response_id: str) -> None:
        """See ``Journal.cancel``."""
        opened = self._running()

        def then(_: None) -> None:
            self._tails.changed(response_id)

        await opened.writer.submit(partial(opened.store.cancel, tenant, response_id), then=then)

    async def cancelled(self, lease: Lease) -> None:
        """See ``Journal.cancelled``."""
        with self._tails.follow(lease.response_id) as tail:
            while True:
                opened = self._running()
                seen = tail.moved.count
                view = await opened.writer.submit(partial(opened.store.view, lease))
                if not view.current or view.cancel_requested:
                    return
                await tail.moved.wait(seen)

    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        """See ``Journal.attach``."""
        opened = self._running()
        work = partial(opened.store.attach, tenant, response_id, reader, seconds)
        await opened.writer.submit(work)

    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        """See ``Journal.detach``."""
        opened = self._running()
        await opened.writer.submit(partial(opened.store.detach, tenant, response_id, reader))

    async def load(self) -> Load:
        """See ``Journal.load``."""
        return await self._running().pages.load()

    async def queued(self, tenant: str) -> Queued:
        """See ``Journal.queued``."""
        return await self._running().pages.queued(tenant)

    async def oldest(self) -> float | None:
        """See ``Journal.oldest``."""
        return await self._running().pages.oldest()

    @property
    def lag(self) -> int:
        """See ``Journal.lag``."""
        return self._tails.lag

    async def expire(self) -> int:
        """See ``Journal.expire``. In small batches, so that appends pass in between."""
        opened = self._running()
        total = 0
        while True:
            gone = await opened.writer.submit(
                partial(opened.store.expire, _limits.ERASE_BATCH), then=self._all_erased
            )
            total += len(gone)
            if len(gone) < _limits.ERASE_BATCH:
                break
        old = await self._blobs.older_than(_limits.BLOB_GRACE)
        remove = partial(self._blobs.remove_old, seconds=_limits.BLOB_GRACE)
        for start in range(0, len(old), _limits.ERASE_BATCH):
            batch = old[start : start + _limits.ERASE_BATCH]
            await opened.writer.submit(partial(opened.store.collect, batch, remove))
        return total

    def _all_erased(self, response_ids: list[str]) -> None:
        for response_id in response_ids:
            self._tails.erased(response_id)

    def _pools(self) -> tuple[Writer, Pools]:
        opened = self._running()
        return opened.writer, opened.pools

    def _running(self) -> _Opened:
        if self._opened is None:
            raise errors.JournalError("the journal is not open")
        return self._opened


class _Opened:
    """What there is between ``start`` and ``stop``."""

    __slots__ = ("pages", "pools", "store", "transaction", "writer")

    def __init__(
        self,
        transaction: Transaction,
        store: Store,
        pools: Pools,
        pages: Pages,
        writer: Writer,
    ) -> None:
        self.transaction = transaction
        self.store = store
        self.pools = pools
        self.pages = pages
        self.writer = writer


def _blobs_of(entries: Sequence[Entry]) -> list[str]:
    return [ref.sha256 for entry in entries if entry.blobs for ref in entry.blobs]


def _came(future: asyncio.Future[Any]) -> bool:
    """Whether a result is there."""
    return future.done() and not future.cancelled() and future.exception() is None


def _forget(future: asyncio.Future[tuple[str, ...]]) -> None:
    if not future.cancelled():
        future.exception()
