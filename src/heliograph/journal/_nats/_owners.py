"""Owning a response: claims, appends, renewals, the end. All of a response's log is written here.

Who owns a response is what its log says: the newest claim, written by compare-and-set. The live
record says until when, and by whom it is read. Writes to one log go one after the other (a *turn*):
JetStream takes no two compare-and-set writes of one subject at once.

Rules for the next editor: a step after the one that decides must be one that the sweeper can make
up for, and its failure must not be the caller's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

from heliograph import errors
from heliograph.journal._base import Clock, Entry, Lease, LeaseState
from heliograph.journal._frames import pack_entries
from heliograph.journal._nats import _limits
from heliograph.journal._nats._blobs import NatsBlobs
from heliograph.journal._nats._kept import Kept
from heliograph.journal._nats._lives import Known, Lives
from heliograph.journal._nats._logs import Logs
from heliograph.journal._nats._queue import Queue
from heliograph.journal._nats._records import End, Live, Made, Record, Tip, pack
from heliograph.journal._nats._wire import Conflict
from heliograph.journal._signal import matches

__all__ = ["Held", "Owners"]

log = logging.getLogger("heliograph.journal")


class Held:
    """A response whose newest claim came through here; ``tip`` is its log's last record."""

    __slots__ = ("live", "tip")

    def __init__(self, tip: Tip, live: Known | None) -> None:
        self.tip = tip
        self.live = live

    @property
    def until(self) -> float:
        """When its lease runs out, as far as is known here."""
        return 0.0 if self.live is None else self.live[0].until


class _Turns:
    __slots__ = ("asked", "lock")

    def __init__(self) -> None:
        self.asked = 0
        self.lock = asyncio.Lock()


class Owners:
    """See the module. ``erased`` is called with the id of what was deleted here."""

    def __init__(
        self,
        clock: Clock,
        logs: Logs,
        lives: Lives,
        queue: Queue,
        blobs: NatsBlobs,
        kept: Kept,
        erased: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._logs = logs
        self._lives = lives
        self._queue = queue
        self._blobs = blobs
        self._kept = kept
        self._erased = erased
        self.held: dict[str, Held] = {}
        self._turns: dict[str, _Turns] = {}

    @asynccontextmanager
    async def turn(self, response_id: str) -> AsyncIterator[None]:
        """In the order of asking, one after the other."""
        turns = self._turns.setdefault(response_id, _Turns())
        turns.asked += 1
        try:
            async with turns.lock:
                yield
        finally:
            turns.asked -= 1
            if not turns.asked:
                del self._turns[response_id]

    # -- claims

    def lapsed(self, offered: Collection[str]) -> str | None:
        """The oldest response held here whose lease ran out and that fits."""
        now = self._clock()
        found = [
            (held.live[0].created_at, response_id)
            for response_id, held in self.held.items()
            if held.live is not None
            and held.until <= now
            and matches(held.live[0].capabilities, offered)
        ]
        return min(found)[1] if found else None

    async def take(self, response_id: str, worker: str, seconds: float) -> Lease | None:
        """Claim a response, unless it has ended or someone holds it."""
        async with self.turn(response_id):
            while True:
                tip, first, known = await asyncio.gather(
                    self._logs.tip(response_id),
                    self._logs.first(response_id),
                    self._lives.read(response_id),
                )
                now = self._clock()
                if tip is None or first is None or not self._free(tip.record, known, now):
                    self.held.pop(response_id, None)
                    return None
                made = await self._logs.made(first.record)
                try:
                    tip = await self._logs.write(
                        response_id, tip.seq, _claim(tip.record, worker, now)
                    )
                except Conflict:
                    continue
                break
            record = tip.record
            live = await self._leased(response_id, record, made, known, now + seconds)
            if live is None:
                self.held.pop(response_id, None)
                return None
            self.held[response_id] = Held(tip, live)
            return lease_of(response_id, record, made, worker, now + seconds)

    def _free(self, last: Record, known: Known | None, now: float) -> bool:
        if last.kind in ("end", "tomb"):
            return False
        if not last.running:
            return True
        if known is None or known[0].epoch < last.epoch:
            # Claimed, and the claimer has not said so yet, or died before it could.
            return now - last.at >= _limits.ORPHAN_SECONDS
        return known[0].until <= now

    async def _leased(
        self, response_id: str, claim: Record, made: Made, known: Known | None, until: float
    ) -> Known | None:
        def new(live: Live) -> Live | None:
            if live.epoch > claim.epoch:
                return None
            return live.but(epoch=claim.epoch, until=until, since=claim.at)

        if known is not None:
            return await self._lives.change(response_id, new, known)
        live = Live(
            tenant=claim.tenant,
            capabilities=made.capabilities,
            created_at=made.created_at,
            since=claim.at,
            epoch=claim.epoch,
            until=until,
        )
        try:
            return await self._lives.write(response_id, live, 0)
        except Conflict:
            return await self._lives.change(response_id, new)

    async def holder(self, lease: Lease) -> Held:
        """What is held under a lease, looked up where it is not known here. Raises ``Fenced``."""
        held = self.held.get(lease.response_id)
        if held is None or held.tip.record.epoch < lease.epoch:
            tip = await self._logs.tip(lease.response_id)
            if tip is None or not _is_holders(tip.record, lease):
                raise fenced(lease)
            held = self.held[lease.response_id] = Held(
                tip, await self._lives.read(lease.response_id)
            )
        if held.tip.record.epoch != lease.epoch:
            raise fenced(lease)
        return held

    async def renew(self, lease: Lease, seconds: float) -> LeaseState:
        """See ``Journal.renew``. One write, where nobody else has written the live record."""
        held = self.held.get(lease.response_id)
        if held is not None and held.tip.record.epoch > lease.epoch:
            raise fenced(lease)

        def new(live: Live) -> Live | None:
            return live.but(until=self._clock() + seconds) if live.epoch == lease.epoch else None

        known = None if held is None else held.live
        known = await self._lives.change(lease.response_id, new, known)
        if known is None:
            self.held.pop(lease.response_id, None)
            raise fenced(lease)
        held = await self.holder(lease)
        held.live = known
        live = known[0]
        unread = live.read_by().unread_since(self._clock(), live.since)
        return LeaseState(live.until, live.cancel_requested, unread)

    async def current(self, lease: Lease) -> bool:
        """Whether a lease is the newest claim, run out or not."""
        tip = await self._logs.tip(lease.response_id)
        return tip is not None and _is_holders(tip.record, lease)

    # -- the log

    async def _write(self, lease: Lease, held: Held, record: Record) -> None:
        try:
            held.tip = await self._logs.write(lease.response_id, held.tip.seq, record)
        except Conflict:
            self.held.pop(lease.response_id, None)
            raise fenced(lease) from None
        except BaseException:
            # Nobody knows: whoever comes next asks the log.
            self.held.pop(lease.response_id, None)
            raise

    async def append(self, lease: Lease, first: int, entries: Sequence[Entry]) -> int:
        """See ``Journal.append``."""
        async with self.turn(lease.response_id):
            held = await self.holder(lease)
            await self._check(lease, held, first, entries)
            record = self._next(held, "frame", len(entries), pack_entries(entries))
            await self._write(lease, held, record)
            return record.last_seq

    async def finish(
        self, lease: Lease, first: int, entries: Sequence[Entry], snapshot: Entry
    ) -> int:
        """See ``Journal.finish``."""
        async with self.turn(lease.response_id):
            held = await self.holder(lease)
            await self._check(lease, held, first, [*entries, snapshot])
            created = await self._logs.first(lease.response_id)
            known = await self._lives.read(lease.response_id)
            if created is None or created.record.kind != "create":
                raise fenced(lease)
            expires_in = (await self._logs.made(created.record)).expires_in
            now = self._clock()
            end = End(
                entries=tuple(entries),
                snapshot=snapshot,
                finished_at=now,
                expires_at=None if expires_in is None else now + expires_in,
                cancel_requested=known is not None and known[0].cancel_requested,
            )
            record = self._next(held, "end", len(entries), pack(end))
            await self._write(lease, held, record)
            self.held.pop(lease.response_id, None)
            await self._afterwards(lease.response_id, self.closed(lease.response_id, end))
            return record.last_seq

    async def closed(self, response_id: str, end: End) -> None:
        """What is left to do once a log has ended."""
        self._blobs.left(response_id)
        if end.expires_at is not None:
            await self._kept.until(response_id, end.expires_at)
        await self._lives.drop(response_id)
        await self._queue.remove(response_id)

    async def release(self, lease: Lease) -> None:
        """See ``Journal.release``."""
        async with self.turn(lease.response_id):
            held = await self.holder(lease)
            await self._write(lease, held, self._next(held, "release", 0, b""))
            self.held.pop(lease.response_id, None)
            self._blobs.left(lease.response_id)
            await self._afterwards(lease.response_id, self.requeue(lease.response_id, lease.epoch))

    async def requeue(self, response_id: str, epoch: int) -> None:
        """Its lease is over: the live record says so, and there is a job."""

        def new(live: Live) -> Live | None:
            return live.but(until=0.0, since=self._clock()) if live.epoch == epoch else None

        known = await self._lives.change(response_id, new)
        if known is not None:
            live = known[0]
            await self._queue.submit(response_id, live.created_at, live.capabilities, redo=True)

    async def _check(self, lease: Lease, held: Held, first: int, entries: Sequence[Entry]) -> None:
        last_seq = held.tip.record.last_seq
        if first != last_seq + 1:
            raise errors.JournalError(
                f"{lease.response_id}: entry {first} does not follow entry {last_seq}"
            )
        blobs = {ref.sha256 for entry in entries for ref in entry.blobs}
        if blobs:
            await self._blobs.refer(lease.response_id, blobs)

    def _next(self, held: Held, kind: str, count: int, body: bytes) -> Record:
        last = held.tip.record
        return Record(
            kind=kind,  # type: ignore[arg-type]
            tenant=last.tenant,
            epoch=last.epoch,
            takeovers=last.takeovers,
            running=kind == "frame",
            last_seq=last.last_seq + count,
            count=count,
            at=self._clock(),
            body=body,
        )

    async def delete(self, response_id: str, allowed: Callable[[Record], bool]) -> bool:
        """Fence everyone out with a tombstone, then erase; False where it is not ``allowed``."""
        async with self.turn(response_id):
            while True:
                tip, first = await asyncio.gather(
                    self._logs.tip(response_id), self._logs.first(response_id)
                )
                if tip is None or first is None or tip.record.kind == "tomb":
                    return False
                if not allowed(tip.record):
                    return False
                key = None
                if first.record.kind == "create":
                    key = (await self._logs.made(first.record)).key
                tomb = Record(kind="tomb", epoch=tip.record.epoch + 1, at=self._clock())
                await self._kept.tombstone(response_id, tomb.at)
                try:
                    buried = await self._logs.write(response_id, tip.seq, tomb)
                except Conflict:
                    continue
                break
            self.held.pop(response_id, None)
            self._erased(response_id)
            work = self._erase(response_id, buried.seq, tip.record.tenant, key)
            await self._afterwards(response_id, work)
            return True

    async def _erase(self, response_id: str, below: int, tenant: str, key: str | None) -> None:
        await self._lives.drop(response_id)
        await self._queue.remove(response_id)
        await self._blobs.forget(response_id)
        if key is not None:
            await self._kept.forget_key(tenant, key, response_id)
        await self._kept.purge_below(response_id, below)

    async def _afterwards(self, response_id: str, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except errors.JournalError as exc:
            log.warning("%s: left to the sweeper: %s", response_id, exc)


def lease_of(response_id: str, claim: Record, made: Made, worker: str, expires_at: float) -> Lease:
    """The lease that a claim record gives."""
    return Lease(
        response_id=response_id,
        tenant=claim.tenant,
        worker=worker,
        epoch=claim.epoch,
        takeovers=claim.takeovers,
        expires_at=expires_at,
        last_seq=claim.last_seq,
        request=made.request,
        created_at=made.created_at,
        background=made.background,
        context=made.context,
    )


def _claim(last: Record, worker: str, now: float) -> Record:
    return Record(
        kind="claim",
        tenant=last.tenant,
        epoch=last.epoch + 1,
        takeovers=last.takeovers + last.running,
        running=True,
        last_seq=last.last_seq,
        at=now,
        body=worker.encode(),
    )


def _is_holders(record: Record, lease: Lease) -> bool:
    return record.running and record.epoch == lease.epoch and record.kind not in ("end", "tomb")


def fenced(lease: Lease) -> errors.Fenced:
    """The lease is not the current one."""
    return errors.Fenced(f"{lease.response_id}: epoch {lease.epoch} is not the holder's")
