"""Places on NATS: one record a pool, changed by compare-and-set, and heard of by who waits.

A record is republished as those of responses are, so that a place that is given back reaches
whoever is next in one write and one message. A message that is lost costs as long as a renewal
takes to come: that finds the record as it is.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from itertools import count

from nats.aio.msg import Msg

from heliograph.journal._base import Clock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import PoolRecord, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire
from heliograph.journal._places import Board, Holders, Places, Share, allot

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
        for attempt in count():
            if attempt:
                # Others wrote since it was seen; those who meet more than once step aside.
                await asyncio.sleep(random.uniform(0, _limits.LOOK_SECONDS) * (attempt - 1))
                await self._look(pool)
            seq, now = self._seqs[pool], self._clock()
            holders, given = allot(
                self._board[pool], holder, share, most=most, now=now, seconds=seconds
            )
            record = PoolRecord(pool=pool, holders=holders)
            with suppress(Conflict):
                seq = await self._wire.put(
                    self._names.events(0), subject, pack(record), seq, only=True
                )
                self._newer(record, seq)
                return given
        raise AssertionError

    async def moved(self, pool: str, holder: str, given: int) -> int:
        """See ``Places.moved``."""
        listening = await self._wire.subscribe(self._names.pool_tail(pool), self._heard)
        try:
            await self._look(pool)
            return await self._board.moved(pool, holder, given)
        finally:
            await self._wire.leave(listening)

    async def _look(self, pool: str) -> None:
        """See the record as it is; what is heard meanwhile is newer."""
        before = self._seqs.get(pool, 0)
        stored = await self._wire.last(self._names.events(0), self._names.pool(pool))
        if self._seqs.get(pool, 0) == before:
            holders = () if stored is None else unpack(stored.data, PoolRecord).holders
            self._post(pool, holders, 0 if stored is None else stored.seq)

    async def _heard(self, message: Msg) -> None:
        seq = int((message.headers or {}).get("Nats-Sequence", "0"))
        self._newer(unpack(message.data, PoolRecord), seq)

    def _newer(self, record: PoolRecord, seq: int) -> None:
        if seq > self._seqs.get(record.pool, 0):
            self._post(record.pool, record.holders, seq)

    def _post(self, pool: str, holders: Holders, seq: int) -> None:
        self._seqs[pool] = seq
        self._board.post(pool, holders)
