"""Puts right what a process that died has left: one process sweeps, chosen by a record."""

from __future__ import annotations

import asyncio

from heliograph.journal import _limits as bounds
from heliograph.journal._base import Clock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._kept import Kept
from heliograph.journal._nats._lives import Lives
from heliograph.journal._nats._logs import Logs
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._queue import Queue
from heliograph.journal._nats._records import Live, Record, unpack
from heliograph.journal._nats._wire import Wire

__all__ = ["Sweeper"]


class Sweeper:
    """Leases that ran out become jobs; a log that ended is closed; old things are erased."""

    def __init__(
        self,
        wire: Wire,
        names: Names,
        clock: Clock,
        logs: Logs,
        lives: Lives,
        queue: Queue,
        kept: Kept,
        owners: Owners,
    ) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock
        self._logs = logs
        self._lives = lives
        self._queue = queue
        self._kept = kept
        self._owners = owners

    # -- open responses

    async def sweep(self) -> None:
        """One look at every open response."""
        waiting: set[str] | None = None
        found: list[tuple[str, Live]] = []
        for shard in range(self._names.shards):
            found += await self._open(shard)
        now = self._clock()
        suspects = [one for one in found if self._suspect(one[1], now)]
        for response_id, live in sorted(suspects, key=lambda one: one[1].created_at):
            if waiting is None:
                waiting = await self._queue.waiting()
            if response_id not in waiting:
                await self._put_right(response_id, live, now)

    async def _open(self, shard: int) -> list[tuple[str, Live]]:
        """May be behind: whatever is done about a record asks the log first."""
        request = {"batch": 1000, "multi_last": [self._names.all_of(shard, "live")]}
        found: dict[str, Live] = {}
        more = True
        while more:
            stored, more = await self._wire.batch(self._names.events(shard), request)
            for one in stored:
                found[one.subject.split(".")[-2]] = unpack(one.data, Live)
            if not stored:
                break
            request = {**request, "seq": stored[-1].seq + 1}
        return list(found.items())

    def _suspect(self, live: Live, now: float) -> bool:
        if live.until:
            return live.until <= now
        return now - live.since >= _limits.ORPHAN_SECONDS

    async def _put_right(self, response_id: str, seen: Live, now: float) -> None:
        tip = await self._logs.tip(response_id)
        known = await self._lives.read(response_id)
        if known is None or not self._suspect(known[0], now):
            return
        live = known[0]
        if tip is None:
            if now - live.since >= _limits.ORPHAN_SECONDS:
                await self._lives.drop(response_id)
        elif tip.record.kind == "end":
            await self._owners.closed(response_id, await self._logs.end(tip.record))
        elif tip.record.kind == "tomb":
            await self._lives.drop(response_id)
            await self._queue.remove(response_id)
        else:
            ran = tip.record.epoch > 0
            await self._queue.submit(response_id, live.created_at, live.capabilities, redo=ran)

    # -- old things

    async def expire(self) -> int:
        """Erase what is due; returns how many responses that were."""
        slots = asyncio.Semaphore(_limits.ERASE_AT_ONCE)

        async def one(response_id: str, name: str) -> int:
            async with slots:
                return await self._expire(response_id, name)

        total = 0
        for shard in range(self._names.shards):
            due = await self._kept.due(shard)
            total += sum(await asyncio.gather(*(one(*each) for each in due)))
        return total

    async def _expire(self, response_id: str, name: str) -> int:
        tip = await self._logs.tip(response_id)
        now = self._clock()
        last = None if tip is None else tip.record
        if last is None or (last.kind == "tomb" and now - last.at >= bounds.TOMBSTONE_TTL):
            await self._kept.purge_all(response_id)
        elif last.kind == "end":
            end = await self._logs.end(last)
            if end.expires_at is not None and end.expires_at <= now:
                gone = await self._owners.delete(response_id, _ended)
                await self._kept.seen(response_id, name)
                return int(gone)
        else:
            await self._kept.seen(response_id, name)
        return 0


def _ended(last: Record) -> bool:
    return last.kind == "end"
