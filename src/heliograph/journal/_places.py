"""Places in pools, leased: what several processes may do only so often at once.

A holder (a process) says how many places of a pool it has asked for, was given and gave back, each
counted from its beginning: so a call that is made twice changes nothing, and none has to be undone.
What is free goes to the holders that wait, one place each in turn; who waits anew waits behind the
others. A holder that is silent for longer than its lease is forgotten, with all its places.

Rules for whoever keeps places: ``allot`` is the whole logic; apply it atomically to what is stored
under the pool's name. A limit is exact but for a holder that stood still: it comes back with what
it still uses, and nobody is given a place until that many are free again.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

import msgspec

from heliograph.journal._base import Clock
from heliograph.journal._signal import Signal

__all__ = ["Board", "Holder", "Holders", "MemoryPlaces", "Places", "Share", "allot"]


class Share(msgspec.Struct, frozen=True, array_like=True):
    """What a holder says of one pool: places that it asked for in all, those of them that it knows
    it was given, and those of these that it gave back. ``asked`` falls where it waits no more."""

    asked: int = 0
    given: int = 0
    back: int = 0


class Places(ABC):
    """See the module. ``most`` is how many places a pool has, as its caller knows it."""

    @abstractmethod
    async def share(
        self, pool: str, holder: str, share: Share, *, most: int, seconds: float
    ) -> int:
        """Ask for places, give some back, or keep what there is for ``seconds`` more.

        Returns how many ``holder`` was given by now. Does not wait. Raises ``JournalError``; a
        call that is cancelled may have counted all the same.
        """

    @abstractmethod
    async def moved(self, pool: str, holder: str, given: int) -> int:
        """How many ``holder`` was given, once that may be more than ``given``.

        Returns also where ``share`` may bring one: another's lease ran out, or its own did.
        """


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """As a pool knows it, until ``until``."""

    name: str
    until: float
    share: Share

    @property
    def uses(self) -> int:
        """Places that it has now."""
        return self.share.given - self.share.back

    @property
    def waits(self) -> bool:
        """Whether it is to be given another."""
        return self.share.asked > self.share.given


Holders = tuple[Holder, ...]
"""One pool's, in the order of their turns."""


def allot(
    holders: Holders, name: str, share: Share, *, most: int, now: float, seconds: float
) -> tuple[Holders, int]:
    """The pool after ``name`` has spoken, and how many ``name`` was given."""
    left = [one for one in holders if one.name == name or one.until > now]
    known = next((one for one in left if one.name == name), None)
    said = share
    if known is not None:
        given, back = known.share.given, known.share.back
        said = Share(share.asked, max(given, share.given), max(back, share.back))
    mine = Holder(name, now + seconds, said)
    if known is not None and known.waits == mine.waits:
        left[left.index(known)] = mine
    else:
        left = [*(one for one in left if one is not known), mine]
    free = most - sum(one.uses for one in left)
    while free > 0:
        first = next((one for one in left if one.waits), None)
        if first is None:
            break
        left.remove(first)
        asked, given, back = first.share.asked, first.share.given + 1, first.share.back
        left.append(Holder(first.name, first.until, Share(asked, given, back)))
        free -= 1
    given = next(one.share.given for one in left if one.name == name)
    return tuple(one for one in left if one.uses or one.waits), given


class Board:
    """What this process knows of pools, for those in it who wait for their turn."""

    def __init__(self, clock: Clock, check_open: Callable[[], object]) -> None:
        self._clock = clock
        self._check_open = check_open
        self._pools: defaultdict[str, Holders] = defaultdict(tuple)
        self._signals: defaultdict[str, Signal] = defaultdict(Signal)

    def __getitem__(self, pool: str) -> Holders:
        return self._pools[pool]

    def post(self, pool: str, holders: Holders) -> None:
        """A pool is like this now."""
        self._pools[pool] = holders
        self._signals[pool].wake()

    def wake(self) -> None:
        """The journal closed, or news may have been missed: everyone looks again."""
        for signal in self._signals.values():
            signal.wake()

    async def moved(self, pool: str, holder: str, given: int) -> int:
        """See ``Places.moved``."""
        signal = self._signals[pool]
        while True:
            self._check_open()
            seen, now = signal.count, self._clock()
            mine = next((one for one in self._pools[pool] if one.name == holder), None)
            if mine is None:
                return given
            if mine.share.given > given:
                return mine.share.given
            others = [one.until for one in self._pools[pool] if one is not mine]
            left = min(others) - now if others else None
            if left is not None and left <= 0:
                return given
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await signal.wait(seen)


class MemoryPlaces(Places):
    """In plain data; the reference."""

    def __init__(self, clock: Clock, check_open: Callable[[], object]) -> None:
        self._clock = clock
        self._check_open = check_open
        self._board = Board(clock, check_open)
        self.wake = self._board.wake

    async def share(
        self, pool: str, holder: str, share: Share, *, most: int, seconds: float
    ) -> int:
        """See ``Places.share``."""
        self._check_open()
        now = self._clock()
        holders, given = allot(
            self._board[pool], holder, share, most=most, now=now, seconds=seconds
        )
        self._board.post(pool, holders)
        return given

    async def moved(self, pool: str, holder: str, given: int) -> int:
        """See ``Places.moved``."""
        return await self._board.moved(pool, holder, given)
