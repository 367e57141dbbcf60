"""The journal's rules over one SQLite connection: no threads, no event loop.

Theory of operation. One thread calls these methods, many per transaction (``_writer``), which is
then committed or rolled back. A method checks everything that it may refuse *before* it writes
anything, so a refusal leaves the transaction as it was and the other calls in it unharmed.

The folder is locked, so this object is the database's only writer: ``_live`` mirrors the running
responses' epoch and last sequence number, and the fence is checked against it inside the
transaction without a query; ``_line`` mirrors what waits. When a lease runs out, who reads, and
whose turn was when, is known here only: it means nothing after a restart.

Rules for the next editor: every change to ``_live`` that the database mirrors, and to ``_line``,
pushes its reversal to the transaction's ``undo``; every write calls ``begin`` first, and whoever
reads or deletes events ``flush``.

A worker process outlives the journal's own. After a restart, what ``own`` ran is claimable at once;
what another worker ran only after ``reattach`` seconds, unless it renews its lease until then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import Clock, Created, Entry, Lease, LeaseState, NewResponse
from heliograph.journal._frames import pack_entries, pack_entry, unpack_entry
from heliograph.journal._line import InLine, Line
from heliograph.journal._live import (
    FINISHED,
    QUEUED,
    RUNNING,
    LeaseView,
    Live,
    Loaded,
    load,
)
from heliograph.journal._readers import Readers
from heliograph.journal._signal import matches
from heliograph.journal._transaction import Transaction

__all__ = ["Store"]

_FIND = "SELECT r.rid, j.state FROM responses r JOIN jobs j USING (rid) WHERE r.id=? AND r.tenant=?"


class Store:
    """See the module's theory. ``blob_exists`` says whether a blob was put."""

    def __init__(
        self,
        transaction: Transaction,
        clock: Clock,
        blob_exists: Callable[[str], bool],
        own: str | None = None,
        reattach: float = 0.0,
    ) -> None:
        self._db = transaction.db
        self._tx = transaction
        self._clock = clock
        self._blob_exists = blob_exists
        self._live: dict[str, Live] = {}
        self._readers: dict[str, Readers] = {}
        running = "SELECT rid, worker FROM jobs WHERE state = 1"
        for rid, worker in self._db.execute(running).fetchall():
            live, loaded = load(self._db, rid)
            live.claimed_at = now = clock()
            live.until = now if worker in (None, own) else now + reattach
            self._live[loaded.response_id] = live
        self._line = Line()
        waiting = "SELECT rid, epoch FROM jobs WHERE state = 0"
        for rid, epoch in self._db.execute(waiting).fetchall():
            live, _ = load(self._db, rid)
            self._line.add(msgspec.structs.replace(live.job, redo=epoch > 0))

    # -- the job queue

    def create(self, new: NewResponse) -> Created:
        """See ``Journal.create``."""
        now = self._clock()
        created_at = now if new.created_at is None else new.created_at
        claim_by = None if new.claim_within is None else created_at + new.claim_within
        key = new.idempotency_key
        if key is not None:
            known = self.keyed(new.tenant, key, new.body_digest)
            if known is not None:
                return Created(known, fresh=False)
        used = (
            "SELECT 1 FROM responses WHERE id = ?1 UNION ALL SELECT 1 FROM tombstones WHERE id=?1"
        )
        if self._db.execute(used, (new.response_id,)).fetchone() is not None:
            raise errors.JournalError(f"response id {new.response_id!r} was used before")
        kept = new.opening if new.context is None else (*new.opening, new.context)
        refs = {ref.sha256 for entry in kept for ref in entry.blobs}
        self._check_blobs(refs)
        self._tx.begin()
        rid = self._db.execute(
            "INSERT INTO responses (id, tenant, background, created_at, expires_in, request) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                new.response_id,
                new.tenant,
                new.background,
                created_at,
                new.expires_in,
                new.request,
            ),
        ).lastrowid
        assert rid is not None  # noqa: S101 -- a row was inserted
        self._db.execute(
            "INSERT INTO jobs (rid, state, capabilities, epoch, takeovers, cancel_requested, "
            "worker, tenant, claim_by, priority, raise_after) "
            "VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?)",
            (
                rid,
                QUEUED if new.claim_as is None else RUNNING,
                msgspec.json.encode(new.capabilities).decode(),
                0 if new.claim_as is None else 1,
                new.claim_as,
                new.tenant,
                claim_by,
                new.priority,
                new.raise_after,
            ),
        )
        if key is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?)",
                (new.tenant, key, new.response_id, new.body_digest, now),
            )
        if new.context is not None:
            self._db.execute("INSERT INTO contexts VALUES (?, ?)", (rid, pack_entry(new.context)))
        self._add_refs(rid, refs)
        if new.opening:
            self._tx.rows.append((rid, 0, 0, len(new.opening), pack_entries(new.opening)))
        lease = None
        job = InLine(
            key=new.response_id,
            needs=new.capabilities,
            tenant=new.tenant,
            priority=new.priority,
            created_at=created_at,
            place=rid,
            raise_after=new.raise_after,
            redo=new.claim_as is not None,
        )
        if new.claim_as is None:
            self._queue(job)
        else:
            live = Live(job, 1)
            live.last_seq = len(new.opening) - 1
            live.claimed_at, live.until = now, now + new.claim_seconds
            self._set_live(new.response_id, live)
            loaded = Loaded(
                new.response_id, new.background, created_at, new.request, 0, QUEUED, None, claim_by
            )
            lease = _lease(live, loaded, new.claim_as, 0, new.context)
        return Created(new.response_id, fresh=True, lease=lease)

    def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        """See ``Journal.keyed``."""
        known = self._db.execute(
            "SELECT response_id, digest, created_at FROM idempotency WHERE tenant = ? AND key = ?",
            (tenant, key),
        ).fetchone()
        if known is None or self._clock() - known[2] >= _limits.IDEMPOTENCY_TTL:
            return None
        if known[1] != body_digest:
            raise errors.IdempotencyConflict(key)
        return str(known[0])

    def claim(
        self, worker: str, offered: Collection[str], seconds: float, begun: bool
    ) -> Lease | float:
        """A lease, or seconds until the next lease that this worker could take runs out."""
        now = self._clock()
        lapsed: Live | None = None
        next_run_out = float("inf")
        for live in self._live.values():
            if matches(live.required, offered):
                if live.until > now:
                    next_run_out = min(next_run_out, live.until)
                elif lapsed is None or live.job.age < lapsed.job.age:
                    lapsed = live
        first = self._line.first(offered, now, begun)
        if lapsed is not None and (first is None or not first.redo or lapsed.job.age < first.age):
            return self._take(lapsed.rid, worker, now, seconds)
        if first is None:
            return next_run_out - now
        self._line.took(first)
        return self._take(first.place, worker, now, seconds)

    def claim_overdue(self, worker: str, seconds: float) -> Lease | None:
        """See ``Journal.claim_overdue``."""
        now = self._clock()
        found = self._db.execute(
            "SELECT rid FROM jobs WHERE state = 0 AND epoch = 0 AND claim_by IS NOT NULL "
            "AND claim_by <= ? ORDER BY claim_by, rid LIMIT 1",
            (now,),
        ).fetchone()
        return None if found is None else self._take(found[0], worker, now, seconds)

    def _take(self, rid: int, worker: str, now: float, seconds: float) -> Lease:
        self._tx.flush()
        live, loaded = load(self._db, rid)
        takeovers = loaded.takeovers + (loaded.state == RUNNING)
        live.epoch += 1
        live.claimed_at = now
        live.until = now + seconds
        self._tx.begin()
        self._db.execute(
            "UPDATE jobs SET state = 1, epoch = ?, takeovers = ?, worker = ? WHERE rid = ?",
            (live.epoch, takeovers, worker, rid),
        )
        self._unqueue(loaded.response_id)
        self._set_live(loaded.response_id, live)
        context = None if loaded.context is None else unpack_entry(loaded.context)
        return _lease(live, loaded, worker, takeovers, context)

    def renew(self, lease: Lease, seconds: float) -> LeaseState:
        """See ``Journal.renew``."""
        live = self._held(lease)
        now = self._clock()
        live.until = now + seconds
        readers = self._readers.get(lease.response_id)
        unread = live.claimed_at if readers is None else readers.unread_since(now, live.claimed_at)
        return LeaseState(live.until, live.cancel_requested, unread)

    def release(self, lease: Lease) -> tuple[str, ...]:
        """See ``Journal.release``; returns what a worker must have to take it up."""
        live = self._held(lease)
        self._tx.begin()
        self._db.execute("UPDATE jobs SET state = 0 WHERE rid = ?", (live.rid,))
        self._set_live(lease.response_id, None)
        self._queue(live.job)
        return live.required

    def view(self, lease: Lease) -> LeaseView:
        """What ``Journal.cancelled`` has to know."""
        live = self._live.get(lease.response_id)
        if live is None or live.epoch != lease.epoch:
            return LeaseView(current=False, cancel_requested=False)
        return LeaseView(current=True, cancel_requested=live.cancel_requested)

    # -- the log

    def append(self, lease: Lease, first: int, count: int, data: bytes, refs: Sequence[str]) -> int:
        """See ``Journal.append``: ``count`` entries, packed; ``refs`` are the blobs they name."""
        live = self._live.get(lease.response_id)
        if live is None or live.epoch != lease.epoch:
            raise _fenced(lease)
        last_seq = live.last_seq
        if first != last_seq + 1:
            raise errors.JournalError(
                f"{lease.response_id}: entry {first} does not follow entry {last_seq}"
            )
        if refs:
            self._check_blobs(refs)
            self._add_refs(live.rid, refs)
        self._tx.undo.append(partial(setattr, live, "last_seq", last_seq))
        self._tx.rows.append((live.rid, first, live.epoch, count, data))
        live.last_seq = last_seq = last_seq + count
        return last_seq

    def finish(
        self,
        lease: Lease,
        first: int,
        count: int,
        data: bytes,
        refs: Sequence[str],
        snapshot: bytes,
    ) -> int:
        """See ``Journal.finish``; ``refs`` are the entries' and the snapshot's."""
        live = self._held(lease)
        if count:
            last_seq = self.append(lease, first, count, data, refs)
        else:
            last_seq = live.last_seq
            if first != last_seq + 1:
                raise errors.JournalError(
                    f"{lease.response_id}: entry {first} does not follow entry {last_seq}"
                )
            self._check_blobs(refs)
            self._add_refs(live.rid, refs)
        now = self._clock()
        self._tx.begin()
        self._db.execute("INSERT INTO snapshots VALUES (?, ?)", (live.rid, snapshot))
        self._db.execute(
            "UPDATE jobs SET state = 2, finished_at = ?1, expires_at = "
            "?1 + (SELECT expires_in FROM responses r WHERE r.rid = jobs.rid) WHERE rid = ?2",
            (now, live.rid),
        )
        self._set_live(lease.response_id, None)
        self._drop_readers(lease.response_id)
        return last_seq

    def _check_blobs(self, refs: Iterable[str]) -> None:
        for sha256 in refs:
            if not self._blob_exists(sha256):
                raise errors.JournalError(f"an entry refers to unknown blob {sha256}")

    def _add_refs(self, rid: int | None, refs: Iterable[str]) -> None:
        self._tx.begin()
        for sha256 in refs:
            self._db.execute("INSERT OR IGNORE INTO blob_refs VALUES (?, ?)", (sha256, rid))

    # -- what others ask of a response

    def cancel(self, tenant: str, response_id: str) -> None:
        """See ``Journal.cancel``."""
        rid, state = self._find(tenant, response_id)
        if state == FINISHED:
            return
        self._tx.begin()
        self._db.execute("UPDATE jobs SET cancel_requested = 1 WHERE rid = ?", (rid,))
        live = self._live.get(response_id)
        if live is not None:
            self._tx.undo.append(partial(setattr, live, "cancel_requested", live.cancel_requested))
            live.cancel_requested = True

    def attach(self, tenant: str, response_id: str, reader: str, seconds: float) -> None:
        """See ``Journal.attach``."""
        live = self._live.get(response_id)
        if live is None or live.tenant != tenant:
            _, state = self._find(tenant, response_id)
            if state == FINISHED:
                return
        readers = self._readers.get(response_id)
        if readers is None:
            readers = self._readers[response_id] = Readers()
        readers.attach(reader, self._clock(), seconds)

    def detach(self, tenant: str, response_id: str, reader: str) -> None:
        """See ``Journal.detach``."""
        readers = self._readers.get(response_id)
        if readers is not None:
            try:
                self._find(tenant, response_id)
            except errors.UnknownResponse:
                return
            readers.detach(reader, self._clock())

    def delete(self, tenant: str, response_id: str) -> None:
        """See ``Journal.delete``."""
        rid, _ = self._find(tenant, response_id)
        self._erase(rid, response_id)

    def expire(self, limit: int) -> list[str]:
        """Erase up to ``limit`` responses that have expired, and old keys and tombstones."""
        now = self._clock()
        old = self._db.execute(
            "SELECT j.rid, r.id FROM jobs j JOIN responses r USING (rid) "
            "WHERE j.expires_at <= ? ORDER BY j.expires_at LIMIT ?",
            (now, limit),
        ).fetchall()
        self._tx.begin()
        for rid, response_id in old:
            self._erase(rid, response_id)
        self._db.execute(
            "DELETE FROM idempotency WHERE created_at <= ?", (now - _limits.IDEMPOTENCY_TTL,)
        )
        self._db.execute(
            "DELETE FROM tombstones WHERE erased_at <= ?", (now - _limits.TOMBSTONE_TTL,)
        )
        return [response_id for _, response_id in old]

    def collect(self, blobs: Sequence[str], remove: Callable[[str], None]) -> None:
        """Once the transaction is durable, ``remove`` those of ``blobs`` that nothing refers to.

        No call comes between the look and the removal, so no entry can take up such a blob.
        """

        def sweep() -> None:
            # The calls of this transaction are durable by now: a failure here is not theirs.
            with suppress(sqlite3.Error):
                for sha256 in blobs:
                    used = "SELECT 1 FROM blob_refs WHERE sha256 = ? LIMIT 1"
                    if self._db.execute(used, (sha256,)).fetchone() is None:
                        remove(sha256)

        self._tx.after_commit.append(sweep)

    def _erase(self, rid: int, response_id: str) -> None:
        self._tx.flush()
        self._tx.begin()
        for table in ("events", "snapshots", "contexts", "blob_refs", "jobs", "responses"):
            self._db.execute(f"DELETE FROM {table} WHERE rid = ?", (rid,))
        self._db.execute("DELETE FROM idempotency WHERE response_id = ?", (response_id,))
        self._db.execute(
            "INSERT OR REPLACE INTO tombstones VALUES (?, ?)", (response_id, self._clock())
        )
        self._unqueue(response_id)
        self._set_live(response_id, None)
        self._drop_readers(response_id)

    # -- helpers

    def _queue(self, one: InLine) -> None:
        self._line.add(one)
        self._tx.undo.append(partial(self._line.remove, one.key))

    def _unqueue(self, response_id: str) -> None:
        one = self._line.remove(response_id)
        if one is not None:
            self._tx.undo.append(partial(self._line.add, one))

    def _find(self, tenant: str, response_id: str) -> tuple[int, int]:
        row = self._db.execute(_FIND, (response_id, tenant)).fetchone()
        if row is None:
            raise errors.UnknownResponse(response_id)
        return row[0], row[1]

    def _held(self, lease: Lease) -> Live:
        live = self._live.get(lease.response_id)
        if live is None or live.epoch != lease.epoch:
            raise _fenced(lease)
        return live

    def _set_live(self, response_id: str, live: Live | None) -> None:
        before = self._live.get(response_id)
        if live is not None:
            self._live[response_id] = live
        elif before is not None:
            del self._live[response_id]
        if live is not before:
            self._tx.undo.append(partial(self._put_back, response_id, before))

    def _put_back(self, response_id: str, before: Live | None) -> None:
        if before is None:
            self._live.pop(response_id, None)
        else:
            self._live[response_id] = before

    def _drop_readers(self, response_id: str) -> None:
        readers = self._readers.pop(response_id, None)
        if readers is not None:
            self._tx.undo.append(partial(self._readers.__setitem__, response_id, readers))


def _lease(live: Live, loaded: Loaded, worker: str, takeovers: int, context: Entry | None) -> Lease:
    return Lease(
        response_id=loaded.response_id,
        tenant=live.tenant,
        worker=worker,
        epoch=live.epoch,
        takeovers=takeovers,
        expires_at=live.until,
        last_seq=live.last_seq,
        request=loaded.request,
        created_at=loaded.created_at,
        background=loaded.background,
        context=context,
        claim_by=loaded.claim_by,
        priority=live.job.priority,
    )


def _fenced(lease: Lease) -> errors.Fenced:
    return errors.Fenced(f"{lease.response_id}: epoch {lease.epoch} is not the holder's")
