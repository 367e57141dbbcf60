"""Who is next: the order in which what waits is claimed. No I/O, no clock.

1. What ran before (taken over, released) goes first, the oldest first.
2. Then the tier: ``priority`` 0 before 1 before 2. Each ``raise_after`` seconds of waiting raise a
   response by one, so that in the end it stands with the most urgent.
3. In a tier tenants take turns: the one whose turn was longest ago is next.
4. Of one tenant the oldest goes first.

So no tenant has two turns while another one waits in the same tier; and a response before which
its tenant has m older ones is claimed, once it is raised to the top, within m + 1 turns of each
tenant.

Every journal that hands out work keeps a line: a mirror of what is queued, or a view of it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from collections.abc import Collection, KeysView
from typing import NamedTuple

import msgspec

from heliograph.journal import _limits
from heliograph.journal._base import PRIORITIES
from heliograph.journal._signal import matches

__all__ = ["InLine", "Line"]

_REDO = -1

_Place = tuple[float, int, str]


class InLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One that waits. ``place`` is for those of one instant; ``redo``: it ran before."""

    key: str
    needs: tuple[str, ...]
    tenant: str
    priority: int
    created_at: float
    place: int
    raise_after: float
    redo: bool

    @property
    def age(self) -> tuple[float, int]:
        """The least is the oldest."""
        return self.created_at, self.place


class _Lane(NamedTuple):
    """What is the same of those that keep their order among each other, whatever time it is."""

    tenant: str
    rank: int
    raise_after: float

    @classmethod
    def of(cls, one: InLine) -> _Lane:
        return cls("", _REDO, 0.0) if one.redo else cls(one.tenant, one.priority, one.raise_after)

    def rank_at(self, waited: float) -> int:
        """The tier in which its head stands."""
        if self.rank <= 0 or waited < self.raise_after:
            return self.rank
        return max(0, self.rank - int(waited / self.raise_after)) if self.raise_after > 0 else 0


class Line:
    """See the module. A look at the first costs a step for each tenant that waits."""

    def __init__(self) -> None:
        self._waiting: dict[str, InLine] = {}
        self._tenants: Counter[str] = Counter()
        self._depths = [0] * PRIORITIES
        self._lanes: dict[tuple[str, ...], dict[_Lane, list[_Place]]] = {}
        self._turns: OrderedDict[str, int] = OrderedDict()
        self._turn = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def keys(self) -> KeysView[str]:
        """Of all that wait."""
        return self._waiting.keys()

    def all(self) -> Collection[InLine]:
        """In no order."""
        return self._waiting.values()

    def add(self, one: InLine) -> None:
        """It waits now. Harmless where it does already."""
        if one.key not in self._waiting:
            self._waiting[one.key] = one
            lanes = self._lanes.setdefault(one.needs, {})
            insort(lanes.setdefault(_Lane.of(one), []), (*one.age, one.key))
            self._count(one, 1)

    def remove(self, key: str) -> InLine | None:
        """It does not wait any more; what it was, if it did."""
        one = self._waiting.pop(key, None)
        if one is not None:
            lane, lanes = _Lane.of(one), self._lanes[one.needs]
            places = lanes[lane]
            del places[bisect_left(places, (*one.age, key))]
            if not places:
                del lanes[lane]
            if not lanes:
                del self._lanes[one.needs]
            self._count(one, -1)
        return one

    def _count(self, one: InLine, by: int) -> None:
        self._depths[one.priority] += by
        self._tenants[one.tenant] += by
        if not self._tenants[one.tenant]:
            del self._tenants[one.tenant]

    def first(self, offered: Collection[str], now: float, begun: bool = False) -> InLine | None:
        """Who is next of those that a worker offering ``offered`` can do; ``begun``: of those only
        that ran before.
        """
        best: tuple[int, int, _Place] | None = None
        turns = self._turns
        for needs, lanes in self._lanes.items():
            if not matches(needs, offered):
                continue
            for lane, places in lanes.items():
                if begun and lane.rank != _REDO:
                    continue
                head = places[0]
                rank = lane.rank_at(now - head[0])
                if best is None or rank <= best[0]:
                    found = rank, turns.get(lane.tenant, 0), head
                    if best is None or found < best:
                        best = found
        return None if best is None else self._waiting[best[2][2]]

    def took(self, one: InLine) -> None:
        """It was claimed: its tenant has had a turn, unless it only goes on."""
        if not one.redo:
            self.turn(one.tenant)

    def turn(self, tenant: str) -> None:
        """A tenant has had a turn."""
        self._turn += 1
        self._turns[tenant] = self._turn
        self._turns.move_to_end(tenant)
        # Whose turn was longest ago is next anyway, as is who is not known.
        if len(self._turns) > _limits.TURNS:
            self._turns.popitem(last=False)

    def forget_turns(self) -> None:
        """As if nobody had had one."""
        self._turns.clear()

    def of(self, tenant: str) -> int:
        """How many of a tenant wait."""
        return self._tenants[tenant]

    def depths(self) -> tuple[int, ...]:
        """How many wait, by the priority that they came with."""
        return tuple(self._depths)
