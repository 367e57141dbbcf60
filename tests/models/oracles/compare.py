"""Compare our shapes with an oracle's, walking both at once from a pair of roots.

What an oracle has and we lack comes out as `Difference`s. What we have is noted in `Seen`, so that
after all oracles have been walked the rest (ours and nobody's) can be told as well.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable

from .shapes import Field, Obj, Shape


@dataclasses.dataclass(frozen=True, order=True)
class Difference:
    """`where` is `TheirClass` or `TheirClass.field`; `what` says how ours differs there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclasses.dataclass
class Known:
    """What oracles say of one field of ours."""

    kinds: set[str] = dataclasses.field(default_factory=set)
    required_by: set[str] = dataclasses.field(default_factory=set)
    optional_in: set[str] = dataclasses.field(default_factory=set)
    constants: list[frozenset[str]] = dataclasses.field(default_factory=list)


class Seen(defaultdict[tuple[type, str], Known]):
    """What oracles say, by our class and wire field; `types` are our classes that had a pair."""

    def __init__(self) -> None:
        super().__init__(Known)
        self.types: set[type] = set()


class Walk:
    """One oracle's walk. `demanded(cls)` gives the fields of ours that some spec requires."""

    def __init__(self, oracle: str, seen: Seen, demanded: Callable[[type], frozenset[str]]) -> None:
        self.oracle = oracle
        self.seen = seen
        self.demanded = demanded
        self.differences: set[Difference] = set()
        self.pairs: dict[tuple[Obj, Obj], None] = {}

    def shapes(self, ours: Shape, theirs: Shape, where: str) -> None:
        """Compare two places; `where` names theirs."""
        for kind in sorted(theirs.kinds):
            if not ours.accepts(kind):
                self._differ(where, f"refuses {kind}")
        typed = [o for o in ours.objects if not o.name.startswith("Unknown")]
        for other in theirs.objects:
            if not other.fields:  # an object that says nothing of its fields
                continue
            found = matches(typed, other)
            for mine in found:
                self.objects(mine, other)
            if not typed:
                self._differ(where, "untyped here")
            elif not found:
                self._differ(where, f"has no {other.name}")
        if theirs.items and ours.items:
            self.shapes(ours.item_shape(), theirs.item_shape(), where)
        if theirs.values and ours.values:
            self.shapes(ours.value_shape(), theirs.value_shape(), where)

    def objects(self, ours: Obj, theirs: Obj) -> None:
        if (ours, theirs) in self.pairs:
            return
        self.pairs[ours, theirs] = None
        self.seen.types.add(ours.cls)
        for name, field in theirs.fields.items():
            self._field(ours, theirs, name, field)
        for name, mine in ours.fields.items():
            if name not in theirs.fields:
                self.seen[ours.cls, name].optional_in.add(self.oracle)
                if mine.required:
                    self._differ(theirs.name, f"{name} is required here")

    def _field(self, ours: Obj, theirs: Obj, name: str, field: Field) -> None:
        where = f"{theirs.name}.{name}"
        mine = ours.fields.get(name)
        if mine is None:
            self._differ(where, "absent")
            return
        known = self.seen[ours.cls, name]
        known.kinds |= field.shape.kinds
        if field.shape.constants:
            known.constants.append(field.shape.constants)
        if field.required:
            known.required_by.add(f"{self.oracle} {theirs.name}")
            if name not in self.demanded(ours.cls):
                self._differ(where, "not demanded")
        else:
            known.optional_in.add(f"{self.oracle} {theirs.name}")
            if mine.required:
                self._differ(where, "required here")
        self.shapes(mine.shape, field.shape, where)

    def _differ(self, where: str, what: str) -> None:
        self.differences.add(Difference(where, what))


def matches(ours: list[Obj], theirs: Obj) -> list[Obj]:
    """Our objects for theirs: one for each tag of theirs that any of ours has."""
    found = [best_match([o for o in ours if tag in o.tags], theirs) for tag in sorted(theirs.tags)]
    return [o for o in found if o is not None] or [o for o in [best_match(ours, theirs)] if o]


def best_match(ours: list[Obj], theirs: Obj) -> Obj | None:
    """Our object for theirs: by tag where both are tagged, then by the most field names shared."""
    tagged = [o for o in ours if o.tags & theirs.tags]
    if not tagged and theirs.tags:
        tagged = [o for o in ours if not o.tags]
    candidates = tagged or ([] if theirs.tags else ours)
    return max(candidates, key=lambda o: _likeness(o, theirs), default=None)


def _likeness(a: Obj, b: Obj) -> float:
    return len(a.fields.keys() & b.fields.keys()) / len(a.fields.keys() | b.fields.keys() or {1})
