"""The reference journal: the contract in plain data structures, gone when the process ends.

Also what a ``store: false`` response lives in. Nothing suspends between a check and what it
guards, so the event loop is the lock. ``append`` and ``finish`` do not suspend either: who writes
without a pause of its own leaves readers none.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncGenerator, Collection, Sequence

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import (
    Clock,
    Created,
    Entry,
    Frame,
    JobState,
    Journal,
    Lease,
    LeaseState,
    Load,
    NewResponse,
    Queued,
    Record,
)
from heliograph.journal._counts import Counts
from heliograph.journal._frames import check_entries, check_request, part_after
from heliograph.journal._line import InLine, Line
from heliograph.journal._memory_blobs import MemoryBlobs
from heliograph.journal._places import MemoryPlaces
from heliograph.journal._readers import Readers
from heliograph.journal._signal import Claimers, Signal, matches

__all__ = ["MemoryJournal"]


class _Log:
    """One response: its record, its frames, its job."""

    blobs: frozenset[str] = frozenset()

    def __init__(self, new: NewResponse, created_at: float, place: int) -> None:
        self.new = new
        self.created_at = created_at
        self.place = place
        self.frames: list[Frame] = []
        self.firsts: list[int] = []
        self.last_seq = -1
        self.state: JobState = "queued"
        self.epoch = 0
        self.takeovers = 0
        self.lease_until = 0.0
        self.claimed_at = 0.0
        self.cancel_requested = False
        self.snapshot: Entry | None = None
        self.finished_at: float | None = None
        self.expires_at: float | None = None
        within = new.claim_within
        self.claim_by = None if within is None else created_at + within
        self.erased = False
        self.readers = Readers()
        self.changed = Signal()  # the log
        self.moved = Signal()  # the lease, or a cancel

    @property
    def age(self) -> tuple[float, int]:
        """The least is the oldest."""
        return self.created_at, self.place

    def waiting(self) -> InLine:
        """Its place in the line."""
        new = self.new
        return InLine(
            key=new.response_id,
            needs=new.capabilities,
            tenant=new.tenant,
            priority=new.priority,
            created_at=self.created_at,
            place=self.place,
            raise_after=new.raise_after,
            redo=self.epoch > 0,
        )

    def wake(self) -> None:
        """Wake who reads and who owns."""
        self.changed.wake()
        self.moved.wake()


class MemoryJournal(Journal):
    """Everything in memory. ``clock`` gives seconds since the epoch."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._blobs = MemoryBlobs(clock)
        self.blobs = self._blobs
        self.counts = Counts()
        self._places = MemoryPlaces(clock, self._check_open)
        self.places = self._places
        self._logs: dict[str, _Log] = {}
        self._keys: dict[tuple[str, str], tuple[str, str, float]] = {}
        self._tombstones: dict[str, float] = {}
        self._claimers = Claimers()
        self._line = Line()
        self._made = 0
        self._lapse = 0.0
        self._open = False

    async def start(self) -> None:
        """Open; leases from before a ``stop`` count as run out, and readers as gone."""
        self._open = self._blobs.is_open = True
        for log in self._logs.values():
            log.lease_until = 0.0
            log.claimed_at = self._clock()
            log.readers = Readers()
        self._lapse = 0.0
        self._line.forget_turns()

    async def stop(self) -> None:
        """Close; what waits gets ``JournalError``."""
        self._open = self._blobs.is_open = False
        self._claimers.wake_all()
        self._places.wake()
        for log in self._logs.values():
            log.wake()

    async def create(self, new: NewResponse) -> Created:
        """See ``Journal.create``."""
        self._check_open()
        check_request(new)
        now = self._clock()
        if new.idempotency_key is not None:
            known = self._keyed(new.tenant, new.idempotency_key, new.body_digest)
            if known is not None:
                return Created(known, fresh=False)
        if new.response_id in self._logs or new.response_id in self._tombstones:
            raise errors.JournalError(f"response id {new.response_id!r} was used before")
        self._made += 1
        log = _Log(new, now if new.created_at is None else new.created_at, self._made)
        if new.context is not None:
            self._check_blobs([new.context])
            log.blobs |= {ref.sha256 for ref in new.context.blobs}
        self._write(log, 0, new.opening)
        self._logs[new.response_id] = log
        if new.idempotency_key is not None:
            self._keys[new.tenant, new.idempotency_key] = (new.response_id, new.body_digest, now)
        if new.claim_as is not None:
            lease = self._take(log, new.claim_as, now, new.claim_seconds)
            return Created(new.response_id, fresh=True, lease=lease)
        self._line.add(log.waiting())
        self._claimers.wake(new.capabilities)
        return Created(new.response_id, fresh=True)

    async def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        """See ``Journal.keyed``."""
        self._check_open()
        return self._keyed(tenant, key, body_digest)

    def _keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        known = self._keys.get((tenant, key))
        if known is None or self._clock() - known[2] >= _limits.IDEMPOTENCY_TTL:
            return None
        if known[1] != body_digest:
            raise errors.IdempotencyConflict(key)
        return known[0]

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
        while True:
            self._check_open()
            now = self._clock()
            log = self._claimable(capabilities, now, begun)
            if log is not None:
                return self._take(log, worker, now, lease)
            left = deadline - loop.time()
            if left <= 0:
                return None
            seen = self._claimers.count
            if self._lapse > now:
                left = min(left, self._lapse - now)
            await self._claimers.wait(capabilities, left, seen, begun)

    def _claimable(self, capabilities: Collection[str], now: float, begun: bool) -> _Log | None:
        """What ran out, if that is older than what else ran before; else who is next."""
        first = self._line.first(capabilities, now, begun)
        log = None if first is None else self._logs[first.key]
        lapsed = self._lapsed(capabilities, now)
        if lapsed is not None and (
            log is None or first is None or not first.redo or lapsed.age < log.age
        ):
            return lapsed
        if first is not None:
            self._line.took(first)
        return log

    def _lapsed(self, capabilities: Collection[str], now: float) -> _Log | None:
        """The oldest whose lease has run out. None does before ``_lapse``."""
        if now < self._lapse:
            return None
        oldest: _Log | None = None
        self._lapse = float("inf")
        for log in self._logs.values():
            if log.state != "running":
                continue
            free = log.lease_until <= now and matches(log.new.capabilities, capabilities)
            if free and (oldest is None or log.age < oldest.age):
                oldest = log
            self._lapse = min(self._lapse, log.lease_until)
        return oldest

    def _take(self, log: _Log, worker: str, now: float, seconds: float) -> Lease:
        if log.state == "running":
            log.takeovers += 1
        log.state = "running"
        log.epoch += 1
        log.claimed_at = now
        log.lease_until = now + seconds
        self._lapse = min(self._lapse, log.lease_until)
        self._line.remove(log.new.response_id)
        log.moved.wake()
        self._claimers.granted(seconds)
        return Lease(
            response_id=log.new.response_id,
            tenant=log.new.tenant,
            worker=worker,
            epoch=log.epoch,
            takeovers=log.takeovers,
            expires_at=log.lease_until,
            last_seq=log.last_seq,
            request=log.new.request,
            created_at=log.created_at,
            background=log.new.background,
            context=log.new.context,
            claim_by=log.claim_by,
            priority=log.new.priority,
        )

    async def claim_overdue(self, worker: str, *, lease: float) -> Lease | None:
        """See ``Journal.claim_overdue``."""
        self._check_open()
        now = self._clock()
        waiting = [self._logs[one.key] for one in self._line.all() if not one.redo]
        late = [log for log in waiting if log.claim_by is not None and log.claim_by <= now]
        return self._take(min(late, key=_deadline), worker, now, lease) if late else None

    async def renew(self, lease: Lease, *, seconds: float) -> LeaseState:
        """See ``Journal.renew``."""
        log = self._held(lease)
        now = self._clock()
        log.lease_until = now + seconds
        self._lapse = min(self._lapse, log.lease_until)
        self._claimers.granted(seconds)
        return LeaseState(
            log.lease_until, log.cancel_requested, log.readers.unread_since(now, log.claimed_at)
        )

    async def release(self, lease: Lease) -> None:
        """See ``Journal.release``."""
        log = self._held(lease)
        log.state = "queued"
        self._line.add(log.waiting())
        log.moved.wake()
        self._claimers.wake(log.new.capabilities, begun=True)

    async def append(self, lease: Lease, first: int, entries: Sequence[Entry]) -> int:
        """See ``Journal.append``."""
        check_entries(entries)
        with self.counts:
            log = self._held(lease)
        self._write(log, first, entries)
        log.changed.wake()
        return first + len(entries) - 1

    async def finish(
        self, lease: Lease, first: int, entries: Sequence[Entry], snapshot: Entry
    ) -> int:
        """See ``Journal.finish``."""
        check_entries(entries, least=0)
        check_entries([snapshot])
        with self.counts:
            log = self._held(lease)
        self._check_blobs([snapshot])
        self._write(log, first, entries)
        log.blobs |= {ref.sha256 for ref in snapshot.blobs}
        log.snapshot = snapshot
        log.state = "finished"
        log.finished_at = self._clock()
        if log.new.expires_in is not None:
            log.expires_at = log.finished_at + log.new.expires_in
        log.wake()
        return first + len(entries) - 1

    def _write(self, log: _Log, first: int, entries: Sequence[Entry]) -> None:
        if first != log.last_seq + 1:
            raise errors.JournalError(
                f"{log.new.response_id}: entry {first} does not follow entry {log.last_seq}"
            )
        self._check_blobs(entries)
        if entries:
            log.frames.append(Frame(first, log.epoch, tuple(entries)))
            log.firsts.append(first)
            log.last_seq += len(entries)
            log.blobs |= {ref.sha256 for entry in entries for ref in entry.blobs}

    def _check_blobs(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            for ref in entry.blobs:
                if ref.sha256 not in self._blobs.held:
                    raise errors.JournalError(f"an entry refers to unknown blob {ref.sha256}")

    async def read(
        self, tenant: str, response_id: str, after: int = -1
    ) -> AsyncGenerator[Frame, None]:
        """See ``Journal.read``."""
        log = self._find(tenant, response_id)
        while True:
            seen = log.changed.count
            if after < log.last_seq:
                index = bisect_right(log.firsts, after + 1) - 1
                while index < len(log.frames):
                    self._check_readable(log)
                    frame = part_after(log.frames[index], after)
                    after = frame.last
                    yield frame
                    index += 1
            elif log.state == "finished":
                return
            else:
                self._check_readable(log)
                await log.changed.wait(seen)

    async def get(self, tenant: str, response_id: str) -> Record:
        """See ``Journal.get``."""
        log = self._find(tenant, response_id)
        return Record(
            response_id=response_id,
            tenant=tenant,
            state=log.state,
            request=log.new.request,
            background=log.new.background,
            created_at=log.created_at,
            epoch=log.epoch,
            takeovers=log.takeovers,
            last_seq=log.last_seq,
            cancel_requested=log.cancel_requested,
            snapshot=log.snapshot,
            finished_at=log.finished_at,
            expires_at=log.expires_at,
            context=log.new.context,
            priority=log.new.priority,
        )

    async def delete(self, tenant: str, response_id: str) -> None:
        """See ``Journal.delete``."""
        self._erase(self._find(tenant, response_id))

    async def cancel(self, tenant: str, response_id: str) -> None:
        """See ``Journal.cancel``."""
        log = self._find(tenant, response_id)
        if log.state != "finished":
            log.cancel_requested = True
            log.moved.wake()

    async def cancelled(self, lease: Lease) -> None:
        """See ``Journal.cancelled``."""
        self._check_open()
        log = self._logs.get(lease.response_id)
        while log is not None and self._holds(log, lease) and not log.cancel_requested:
            await log.moved.wait(log.moved.count)
            self._check_open()

    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        """See ``Journal.attach``."""
        log = self._find(tenant, response_id)
        if log.state != "finished":
            log.readers.attach(reader, self._clock(), seconds)

    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        """See ``Journal.detach``."""
        self._check_open()
        log = self._logs.get(response_id)
        if log is not None and log.new.tenant == tenant:
            log.readers.detach(reader, self._clock())

    async def load(self) -> Load:
        """See ``Journal.load``."""
        self._check_open()
        running = sum(log.state == "running" for log in self._logs.values())
        return Load(self._line.depths(), running)

    async def queued(self, tenant: str) -> Queued:
        """See ``Journal.queued``."""
        self._check_open()
        return Queued(len(self._line), self._line.of(tenant))

    async def oldest(self) -> float | None:
        """See ``Journal.oldest``."""
        self._check_open()
        waiting = [log.created_at for log in self._logs.values() if log.state == "queued"]
        return min(waiting, default=None)

    async def expire(self) -> int:
        """See ``Journal.expire``."""
        self._check_open()
        now = self._clock()
        old = [x for x in self._logs.values() if x.expires_at is not None and x.expires_at <= now]
        for log in old:
            self._erase(log)
        for key, known in list(self._keys.items()):
            if now - known[2] >= _limits.IDEMPOTENCY_TTL:
                del self._keys[key]
        for response_id, erased_at in list(self._tombstones.items()):
            if now - erased_at >= _limits.TOMBSTONE_TTL:
                del self._tombstones[response_id]
        used = {sha256 for log in self._logs.values() for sha256 in log.blobs}
        for sha256, put_at in list(self._blobs.put_at.items()):
            if sha256 not in used and now - put_at >= _limits.BLOB_GRACE:
                del self._blobs.put_at[sha256], self._blobs.held[sha256]
        return len(old)

    def _erase(self, log: _Log) -> None:
        del self._logs[log.new.response_id]
        self._line.remove(log.new.response_id)
        self._tombstones[log.new.response_id] = self._clock()
        if log.new.idempotency_key is not None:
            key = (log.new.tenant, log.new.idempotency_key)
            if self._keys.get(key, ("",))[0] == log.new.response_id:
                del self._keys[key]
        log.erased = True
        log.wake()

    def _check_open(self) -> None:
        if not self._open:
            raise errors.JournalError("the journal is not open")

    def _check_readable(self, log: _Log) -> None:
        self._check_open()
        if log.erased:
            raise errors.UnknownResponse(log.new.response_id)

    def _find(self, tenant: str, response_id: str) -> _Log:
        self._check_open()
        log = self._logs.get(response_id)
        if log is None or log.new.tenant != tenant:
            raise errors.UnknownResponse(response_id)
        return log

    def _holds(self, log: _Log, lease: Lease) -> bool:
        return not log.erased and log.state == "running" and log.epoch == lease.epoch

    def _held(self, lease: Lease) -> _Log:
        self._check_open()
        log = self._logs.get(lease.response_id)
        if log is None or not self._holds(log, lease):
            raise errors.Fenced(f"{lease.response_id}: epoch {lease.epoch} is not the holder's")
        return log


def _deadline(log: _Log) -> tuple[float, int]:
    return log.claim_by or 0.0, log.place
