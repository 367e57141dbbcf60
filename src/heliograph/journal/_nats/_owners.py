"""Owning a response: appends, renewals, the end.

Who owns a response is what its log says: the newest claim, written by compare-and-set. The live
record says until when, and by whom it is read. Writes to one log go one after the other (a *turn*):
JetStream takes no two compare-and-set writes of one subject at once.

Rules for the next editor: a step after the one that decides must be one that the sweeper can make
up for, and its failure must not be the caller's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

from heliograph import errors
from heliograph.journal._base import Entry, Lease, LeaseState
from heliograph.journal._frames import pack_entries
from heliograph.journal._nats._lives import Known
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import End, Job, Live, Record, Tip, pack
from heliograph.journal._nats._wire import Conflict

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
    """See the module."""

    def __init__(self, parts: Parts) -> None:
        self._clock = parts.clock
        self._logs = parts.logs
        self._lives = parts.lives
        self._queue = parts.queue
        self._blobs = parts.blobs
        self._kept = parts.kept
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

    def let_go(self, response_id: str) -> None:
        """It is not held here any more, as far as is known."""
        self.held.pop(response_id, None)
        self._blobs.left(response_id)

    def written(self, response_id: str, known: Known) -> None:
        """Someone wrote a live record, a reader for one: the next renewal goes by it."""
        held = self.held.get(response_id)
        if held is not None and held.live is not None and held.live[1] < known[1]:
            held.live = known

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
            known = await self._revived(lease, seconds)
        held = await self.holder(lease)
        held.live = known
        live = known[0]
        unread = live.read_by().unread_since(self._clock(), live.since)
        return LeaseState(live.until, live.cancel_requested, unread)

    async def _revived(self, lease: Lease, seconds: float) -> Known:
        """The live record is gone or another's; the log decides whether that is right."""
        first = await self._logs.first(lease.response_id)
        gone = await self._lives.read(lease.response_id) is None
        if not gone or first is None or not await self.current(lease):
            self.let_go(lease.response_id)
            raise fenced(lease)
        now = self._clock()
        made = await self._logs.made(first.record)
        live = Live(
            tenant=lease.tenant,
            capabilities=made.capabilities,
            priority=made.priority,
            raise_after=made.raise_after,
            created_at=lease.created_at,
            since=now,
            epoch=lease.epoch,
            until=now + seconds,
        )
        try:
            return await self._lives.write(lease.response_id, live, 0)
        except Conflict:
            raise errors.JournalError(f"{lease.response_id}: renewed by two at once") from None

    async def current(self, lease: Lease) -> bool:
        """Whether a lease is the newest claim, run out or not."""
        tip = await self._logs.tip(lease.response_id)
        return tip is not None and _is_holders(tip.record, lease)

    # -- the log

    async def _write(self, lease: Lease, held: Held, record: Record) -> None:
        try:
            held.tip = await self._logs.write(lease.response_id, held.tip.seq, record)
        except Conflict:
            self.let_go(lease.response_id)
            raise fenced(lease) from None
        except BaseException:
            # Nobody knows: whoever comes next asks the log.
            self.let_go(lease.response_id)
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
            self.let_go(lease.response_id)
            await self.afterwards(lease.response_id, self.closed(lease.response_id, end))
            return record.last_seq

    async def closed(self, response_id: str, end: End) -> None:
        """What is left to do once a log has ended."""
        if end.expires_at is not None:
            await self._kept.until(response_id, end.expires_at)
        await self._lives.drop(response_id)
        await self._queue.remove(response_id)

    async def release(self, lease: Lease) -> None:
        """See ``Journal.release``."""
        async with self.turn(lease.response_id):
            held = await self.holder(lease)
            await self._write(lease, held, self._next(held, "release", 0, b""))
            self.let_go(lease.response_id)
            await self.afterwards(lease.response_id, self.requeue(lease.response_id, lease.epoch))

    async def requeue(self, response_id: str, epoch: int) -> None:
        """Its lease is over: the live record says so, and there is a job."""

        def new(live: Live) -> Live | None:
            return live.but(until=0.0, since=self._clock()) if live.epoch == epoch else None

        known = await self._lives.change(response_id, new)
        if known is not None:
            await self.queue_anew(response_id, known[0], redo=True)

    async def queue_anew(self, response_id: str, live: Live, *, redo: bool) -> None:
        """There is a job for it."""
        await self._queue.submit(Job.of(response_id, live), redo=redo)

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

    async def afterwards(self, response_id: str, work: Awaitable[None]) -> None:
        """Do what the sweeper would do too, were it to fail."""
        try:
            await work
        except errors.JournalError as exc:
            log.warning("%s: left to the sweeper: %s", response_id, exc)


def _is_holders(record: Record, lease: Lease) -> bool:
    return record.running and record.epoch == lease.epoch and record.kind not in ("end", "tomb")


def fenced(lease: Lease) -> errors.Fenced:
    """The lease is not the current one."""
    return errors.Fenced(f"{lease.response_id}: epoch {lease.epoch} is not the holder's")
