"""Erasing: a tombstone fences everyone out, then what is below it goes.

The tombstone stays for ``TOMBSTONE_TTL``: a log that is purged is a log that begins, and a late
writer that expects none would be let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from heliograph.journal import _limits as bounds
from heliograph.journal._nats import _limits
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import Record
from heliograph.journal._nats._wire import Conflict

__all__ = ["Erasing"]


class Erasing:
    """See the module."""

    def __init__(self, parts: Parts, owners: Owners) -> None:
        self._shards = parts.names.shards
        self._clock = parts.clock
        self._logs = parts.logs
        self._lives = parts.lives
        self._queue = parts.queue
        self._blobs = parts.blobs
        self._kept = parts.kept
        self._gone = parts.gone
        self._owners = owners

    async def delete(self, response_id: str, allowed: Callable[[Record], bool]) -> bool:
        """Fence everyone out with a tombstone, then erase; False where it is not ``allowed``."""
        async with self._owners.turn(response_id):
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
                    await asyncio.sleep(_limits.RETRY_SECONDS)
                    continue
                break
            self._owners.let_go(response_id)
            self._gone(response_id)
            work = self._erase(response_id, buried.seq, tip.record.tenant, key)
            await self._owners.afterwards(response_id, work)
            return True

    async def _erase(self, response_id: str, below: int, tenant: str, key: str | None) -> None:
        await self._lives.drop(response_id)
        await self._queue.remove(response_id)
        await self._blobs.forget(response_id)
        if key is not None:
            await self._kept.forget_key(tenant, key, response_id)
        await self._kept.purge_below(response_id, below)

    async def expire(self) -> int:
        """Erase what is due, and old blobs; returns how many responses that were."""
        slots = asyncio.Semaphore(_limits.ERASE_AT_ONCE)

        async def one(response_id: str, name: str) -> int:
            async with slots:
                return await self._expire(response_id, name)

        total = 0
        for shard in range(self._shards):
            began = self._clock()
            due = await self._kept.due(shard)
            total += sum(await asyncio.gather(*(one(*each) for each in due)))
            self._kept.looked(shard, began)
        await self._blobs.collect()
        return total

    async def _expire(self, response_id: str, name: str) -> int:
        tip = await self._logs.tip(response_id)
        now = self._clock()
        last = None if tip is None else tip.record
        if last is None or (last.kind == "tomb" and now - last.at >= bounds.TOMBSTONE_TTL):
            await self._kept.purge_all(response_id)
            return 0
        end, gone = await self._logs.end(last) if last.kind == "end" else None, False
        if end is not None and end.expires_at is not None:
            if end.expires_at <= now:
                gone = await self.delete(response_id, _ended)
            else:
                await self._kept.until(response_id, end.expires_at)
        await self._kept.seen(response_id, name)
        return int(gone)


def _ended(last: Record) -> bool:
    return last.kind == "end"
