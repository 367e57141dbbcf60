"""Puts right what a process that died has left: one process sweeps, chosen by a record."""

from __future__ import annotations

import asyncio

from heliograph.journal._counts import Counts
from heliograph.journal._nats import _limits
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import Live

__all__ = ["Sweeper"]


_AT_ONCE = 8


def _age(one: tuple[str, Live]) -> float:
    return one[1].created_at


class Sweeper:
    """Leases that ran out become jobs; a log that has ended is closed."""

    def __init__(self, parts: Parts, owners: Owners, counts: Counts) -> None:
        self._swept = counts.swept
        self._wire = parts.wire
        self._names = parts.names
        self._clock = parts.clock
        self._logs = parts.logs
        self._lives = parts.lives
        self._queue = parts.queue
        self._owners = owners

    async def sweep(self) -> None:
        """One look at every open response that may have been left."""
        left = await self.lapsed()
        # A worker that died leaves many at once, and each takes some round trips.
        for at in range(0, len(left), _AT_ONCE):
            some = [self.put_right(response_id) for response_id, _ in left[at : at + _AT_ONCE]]
            for failure in await asyncio.gather(*some, return_exceptions=True):
                if failure is not None:
                    raise failure

    async def lapsed(self) -> list[tuple[str, Live]]:
        """What nobody holds or waits for, the oldest first."""
        found: list[tuple[str, Live]] = []
        for shard in range(self._names.shards):
            found += await self._lives.quiet(shard)
        now = self._clock()
        suspects = [one for one in found if one[1].suspect(now)]
        if not suspects:
            return []
        waiting = await self._queue.waiting()
        return sorted((one for one in suspects if one[0] not in waiting), key=_age)

    async def put_right(self, response_id: str) -> None:
        """Make one claimable again, or close its log."""
        now = self._clock()
        tip = await self._logs.tip(response_id)
        known = await self._lives.read(response_id)
        if known is None or not known[0].suspect(now):
            return
        live = known[0]
        if tip is None:
            # Longer than any ``create`` tries to write the log.
            if now - live.since >= 2 * _limits.WRITE_SECONDS:
                self._swept["unmade"] += 1
                await self._lives.drop(response_id)
        elif tip.record.kind == "end":
            self._swept["ended"] += 1
            await self._owners.closed(response_id, await self._logs.end(tip.record))
        elif tip.record.kind == "tomb":
            self._swept["deleted"] += 1
            await self._lives.drop(response_id)
            await self._queue.remove(response_id)
        else:
            ran = tip.record.epoch > 0
            self._swept["lapsed" if ran else "unqueued"] += 1
            await self._owners.queue_anew(response_id, live, redo=ran)
