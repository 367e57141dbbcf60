"""Places on NATS: one record a pool, changed by compare-and-set, and heard of by who waits.

A record is republished as those of responses are, so that a place that is given back reaches
whoever is next in one write and one message. A message that is lost costs as long as a renewal
takes to come: that finds the record as it is.
"""

from __future__ import annotations

import asyncio
import random

from nats.aio.msg import Msg

from heliograph.journal._base import Clock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import PoolRecord, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire
from heliograph.journal._places import Board, Places, Share, allot

__all__ = ["NatsPlaces"]


class NatsPlaces(Places):
    """See the module; ``board`` is what was last seen of each pool."""

    def __init__(self, wire: Wire, names: Names, clock: Clock, board: Board) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock
        self._board = board
        self._seqs: dict[str, int] = {}

    async def share(
        self, pool: str, holder: str, share: Share, *, most: int, seconds: float
    ) -> int:
        """See ``Places.share``."""
        subject = self._names.pool(pool)
        if pool not in self._seqs:
            await self._look(pool)
        while True:
            seq = self._seqs[pool]
            holders, given = allot(
                self._board[pool], holder, share, most=most, now=self._clock(), seconds=seconds
            )
            record = PoolRecord(pool=pool, holders=holders)
            try:
                written = await self._wire.put(
                    self._names.events(0), subject, pack(record), seq, only=True
                )
            except Conflict:
                # Someone else was first; two that go on at once would meet again.
                await asyncio.sleep(random.uniform(0, _limits.LOOK_SECONDS))
                await self._look(pool)
                continue
            self._post(record, written)
            return given

    async def moved(self, pool: str, holder: str, given: int) -> int:
        """See ``Places.moved``."""
        listening = await self._wire.subscribe(self._names.pool_tail(pool), self._heard)
        try:
            await self._look(pool)
            return await self._board.moved(pool, holder, given)
        finally:
            await self._wire.leave(listening)

    async def _look(self, pool: str) -> None:
        stored = await self._wire.last(self._names.events(0), self._names.pool(pool))
        if stored is None:
            self._post(PoolRecord(pool=pool, holders=()), 0)
        else:
            self._post(unpack(stored.data, PoolRecord), stored.seq)

    async def _heard(self, message: Msg) -> None:
        seq = int((message.headers or {}).get("Nats-Sequence", "0"))
        record = unpack(message.data, PoolRecord)
        if seq > self._seqs.get(record.pool, 0):
            self._post(record, seq)

    def _post(self, record: PoolRecord, seq: int) -> None:
        self._seqs[record.pool] = seq
        self._board.post(record.pool, record.holders)
