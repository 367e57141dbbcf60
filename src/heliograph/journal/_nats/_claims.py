"""Claiming: which response, and whether it is free to be claimed.

The queue only assigns work; the log decides. A response that is claimed here and whose lease runs
out is taken over here without the queue, where someone waits for work; by any other process once
the sweeper has queued it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from heliograph.journal._base import Lease
from heliograph.journal._nats import _limits
from heliograph.journal._nats._lives import Known
from heliograph.journal._nats._owners import Held, Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._queue import Hand
from heliograph.journal._nats._records import Live, Made, Patience, Record
from heliograph.journal._nats._wire import Conflict
from heliograph.journal._signal import matches

__all__ = ["Claims", "lease_of"]

_LIMITED: tuple[Patience, ...] = ("foreground", "background")


class Claims:
    """See the module."""

    def __init__(self, parts: Parts, owners: Owners) -> None:
        self._clock = parts.clock
        self._logs = parts.logs
        self._lives = parts.lives
        self._queue = parts.queue
        self._owners = owners

    async def look(
        self, worker: str, offered: Collection[str], seconds: float, begun: bool = False
    ) -> Lease | None:
        """One look for work: what was held here and ran out, then the queue."""
        while True:
            response_id = self._lapsed(offered)
            if response_id is None:
                break
            lease = await self.take(response_id, worker, seconds)
            if lease is not None:
                return lease
        while True:
            hands = await self._queue.heads(offered, begun)
            if not hands:
                return None
            lease = await self._first(hands, worker, seconds)
            if lease is not None:
                return lease

    async def overdue(self, worker: str, seconds: float) -> Lease | None:
        """Claim what was to be claimed by now for the first time."""
        for patience in _LIMITED:
            while (found := await self._queue.oldest(patience)) is not None:
                job, place = found
                if job.claim_by is None or job.claim_by > self._clock():
                    break
                lease = await self.take(job.response_id, worker, seconds)
                await self._queue.discard(place)
                if lease is not None:
                    return lease
        return None

    async def _first(self, left: list[Hand], worker: str, seconds: float) -> Lease | None:
        """Claim the first that is free; the others go back."""
        try:
            while left:
                lease = await self.take(left[0].job.response_id, worker, seconds)
                await self._queue.done(left.pop(0))
                if lease is not None:
                    return lease
            return None
        finally:
            await asyncio.gather(*(self._queue.give_back(hand) for hand in left))

    def _lapsed(self, offered: Collection[str]) -> str | None:
        """The oldest response held here whose lease ran out and that fits."""
        now = self._clock()
        found = [
            (held.live[0].created_at, response_id)
            for response_id, held in self._owners.held.items()
            if held.live is not None
            and held.until <= now
            and matches(held.live[0].capabilities, offered)
        ]
        return min(found)[1] if found else None

    async def take(self, response_id: str, worker: str, seconds: float) -> Lease | None:
        """Claim a response, unless it has ended or someone holds it."""
        async with self._owners.turn(response_id):
            while True:
                tip, first, known = await asyncio.gather(
                    self._logs.tip(response_id),
                    self._logs.first(response_id),
                    self._lives.read(response_id),
                )
                now = self._clock()
                if tip is None or first is None or not self._free(tip.record, known, now):
                    self._owners.let_go(response_id)
                    return None
                made = await self._logs.made(first.record)
                try:
                    tip = await self._logs.write(
                        response_id, tip.seq, _claim(tip.record, worker, now)
                    )
                except Conflict:
                    await asyncio.sleep(_limits.RETRY_SECONDS)
                    continue
                break
            record = tip.record
            live = await self._leased(response_id, record, made, known, now + seconds)
            if live is None:
                self._owners.let_go(response_id)
                return None
            self._owners.held[response_id] = Held(tip, live)
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
            background=made.background,
            claim_by=made.claim_by,
        )
        try:
            return await self._lives.write(response_id, live, 0)
        except Conflict:
            return await self._lives.change(response_id, new)


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
        claim_by=made.claim_by,
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
