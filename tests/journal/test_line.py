"""Who is next, against the rule said plainly; and the bounds that follow from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from heliograph.journal import PRIORITIES, _limits
from heliograph.journal._line import InLine, Line
from heliograph.journal._signal import matches

TENANTS = [f"t{i}" for i in range(4)]
NEEDS = [("chat:a",), ("chat:b",), ("chat:a", "image:x")]


def waiting(number: int, tenant: str = "t", **more: object) -> InLine:
    fields = {
        "needs": NEEDS[0],
        "priority": 1,
        "created_at": float(number),
        "raise_after": 1e9,
        "redo": False,
        **more,
    }
    return InLine(key=f"r{number}", tenant=tenant, place=number, **fields)  # type: ignore[arg-type]


class AsTheRuleSays(RuleBasedStateMachine):
    """A line, and the same as a list that is sorted anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()
        self.there: list[InLine] = []
        self.turns: dict[str, int] = defaultdict(int)
        self.now = 0.0
        self.made = 0

    @rule(
        tenant=st.sampled_from(TENANTS),
        needs=st.sampled_from(NEEDS),
        priority=st.integers(0, PRIORITIES - 1),
        raise_after=st.sampled_from([1.0, 10.0]),
        redo=st.booleans(),
        ago=st.sampled_from([0.0, 0.0, 5.0]),
    )
    def add(
        self,
        tenant: str,
        needs: tuple[str, ...],
        priority: int,
        raise_after: float,
        redo: bool,
        ago: float,
    ) -> None:
        self.made += 1
        one = waiting(
            self.made,
            tenant,
            needs=needs,
            priority=priority,
            raise_after=raise_after,
            redo=redo,
            created_at=self.now - ago,
        )
        self.line.add(one)
        self.line.add(one)
        self.there.append(one)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 20.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(place=st.integers(0, 20))
    def remove(self, place: int) -> None:
        if place < len(self.there):
            one = self.there.pop(place)
            assert self.line.remove(one.key) == one
            assert self.line.remove(one.key) is None

    def rank(self, one: InLine) -> int:
        if one.redo:
            return -1
        return max(0, one.priority - int((self.now - one.created_at) // one.raise_after))

    @rule(offered=st.sampled_from([["chat:a"], ["chat:*"], ["*"], ["image:x"]]))
    def claim(self, offered: Collection[str]) -> None:
        fits = [one for one in self.there if matches(one.needs, offered)]
        expected = min(
            fits,
            key=lambda one: (
                self.rank(one),
                0 if one.redo else self.turns[one.tenant],
                one.created_at,
                one.place,
            ),
            default=None,
        )
        first = self.line.first(offered, self.now)
        assert first == expected
        if first is not None:
            self.line.took(first)
            self.line.remove(first.key)
            self.there.remove(first)
            if not first.redo:
                self.turns[first.tenant] = max(self.turns.values(), default=0) + 1

    @rule()
    def counts(self) -> None:
        assert len(self.line) == len(self.there)
        assert self.line.keys() == {one.key for one in self.there}
        for tenant in TENANTS:
            assert self.line.of(tenant) == sum(one.tenant == tenant for one in self.there)
        of = [one.priority for one in self.there]
        assert self.line.depths() == tuple(of.count(i) for i in range(PRIORITIES))


TestAsTheRuleSays = AsTheRuleSays.TestCase
TestAsTheRuleSays.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def order(line: Line, now: float = 0.0) -> list[str]:
    found = []
    while (one := line.first(["*"], now)) is not None:
        line.took(one)
        line.remove(one.key)
        found.append(one.tenant)
    return found


def test_a_flood_lets_others_have_their_turns() -> None:
    line = Line()
    for i in range(1000):
        line.add(waiting(i, "flood"))
    for i in range(1000, 1003):
        line.add(waiting(i, "other"))
    assert order(line)[:8] == ["flood", "other"] * 3 + ["flood"] * 2


def test_who_comes_back_at_once_gets_no_second_turn() -> None:
    line = Line()
    for i in range(10):
        line.add(waiting(i, "flood"))
    turns = []
    for i in range(10, 18):
        line.add(waiting(i, "eager"))
        one = line.first(["*"], 0.0)
        assert one is not None
        line.took(one)
        line.remove(one.key)
        turns.append(one.tenant)
    assert turns == ["flood", "eager"] * 4


def test_more_tenants_than_are_remembered_still_take_turns() -> None:
    line = Line()
    count = _limits.TURNS + 10
    for i in range(count):
        line.turn(f"t{i}")
    assert len(line._turns) == _limits.TURNS
    line.add(waiting(1, f"t{count - 1}"))
    line.add(waiting(2, "t0"))
    assert order(line) == ["t0", f"t{count - 1}"]
