"""Places in the embedded journal: a row a pool, changed in the writer's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from heliograph.journal._base import Clock
from heliograph.journal._places import Board, Holders, Places, Share, allot
from heliograph.journal._transaction import Transaction
from heliograph.journal._writer import Writer

__all__ = ["Pools", "SqlitePlaces"]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Holders).decode


class Pools:
    """The rows, as the writer's thread sees them. What ``own`` had ended with its process."""

    def __init__(self, transaction: Transaction, clock: Clock, own: str | None) -> None:
        self._db = transaction.db
        self._tx = transaction
        self._clock = clock
        for pool, packed in self._db.execute("SELECT pool, holders FROM places").fetchall():
            holders = _unpack(packed)
            left = tuple(one for one in holders if one.name != own)
            if left != holders:
                self._write(pool, left)
        transaction.commit()

    def share(
        self, pool: str, holder: str, share: Share, most: int, seconds: float
    ) -> tuple[Holders, int]:
        """See ``Places.share``."""
        row = self._db.execute("SELECT holders FROM places WHERE pool = ?", (pool,)).fetchone()
        holders: Holders = () if row is None else _unpack(row[0])
        now = self._clock()
        found, given = allot(holders, holder, share, most=most, now=now, seconds=seconds)
        self._write(pool, found)
        return found, given

    def _write(self, pool: str, holders: Holders) -> None:
        self._tx.begin()
        if holders:
            self._db.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (pool, _pack(holders)))
        else:
            self._db.execute("DELETE FROM places WHERE pool = ?", (pool,))


class SqlitePlaces(Places):
    """``running`` gives the writer and its rows; it raises ``JournalError`` where closed."""

    def __init__(self, clock: Clock, running: Callable[[], tuple[Writer, Pools]]) -> None:
        self._running = running
        self._board = Board(clock, running)
        self.wake = self._board.wake

    async def share(
        self, pool: str, holder: str, share: Share, *, most: int, seconds: float
    ) -> int:
        """See ``Places.share``."""
        writer, pools = self._running()

        def then(found: tuple[Holders, int]) -> None:
            self._board.post(pool, found[0])

        work = partial(pools.share, pool, holder, share, most, seconds)
        return (await writer.submit(work, then=then))[1]

    async def moved(self, pool: str, holder: str, given: int) -> int:
        """See ``Places.moved``."""
        return await self._board.moved(pool, holder, given)
