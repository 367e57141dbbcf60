"""Whose turn it is: what ran before, then the tier, then the tenant, then age."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, claim, entry, new, started

from heliograph import errors
from heliograph.journal import DEFAULT_PRIORITY, RAISE_SECONDS, Entry, Journal, Lease, Load

HURRY, DEFAULT, FLEX = 0, 1, 2


async def order(journal: Journal, count: int) -> list[str]:
    return [(await claim(journal, lease=1e6)).response_id for _ in range(count)]


async def make(journal: Journal, tenant: str, *names: str, **more: object) -> None:
    for name in names:
        await journal.create(new(name, tenant, **more))


async def test_the_urgent_go_first(journal: Journal) -> None:
    await make(journal, "t", "flex", priority=FLEX)
    await make(journal, "t", "default")
    await make(journal, "u", "hurry", priority=HURRY)
    assert await journal.load() == Load((1, 1, 1), 0)
    assert await order(journal, 3) == ["hurry", "default", "flex"]
    assert await journal.load() == Load((0, 0, 0), 3)


async def test_tenants_take_turns(journal: Journal) -> None:
    await make(journal, "a", "a1", "a2", "a3", "a4")
    await make(journal, "b", "b1", "b2")
    await make(journal, "c", "c1")
    assert await order(journal, 7) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_a_turn_counts_in_each_tier(journal: Journal) -> None:
    await make(journal, "a", "a1", priority=HURRY)
    await make(journal, "a", "a2")
    await make(journal, "b", "b1")
    assert await order(journal, 3) == ["a1", "b1", "a2"]


async def test_what_ran_before_goes_before_the_urgent(journal: Journal, clock: Clock) -> None:
    for name in ("released", "lapsed"):
        await journal.create(new(name, priority=FLEX))
    released = await claim(journal, lease=1000)
    await claim(journal, lease=1)
    await journal.release(released)
    clock.advance(5)
    await make(journal, "u", "hurry", priority=HURRY)
    assert sorted(await order(journal, 2)) == ["lapsed", "released"]
    assert await order(journal, 1) == ["hurry"]


async def test_waiting_raises(journal: Journal, clock: Clock) -> None:
    await make(journal, "t", "flex", priority=FLEX, raise_after=10)
    clock.advance(19)
    await make(journal, "u", "u1", "u2", priority=HURRY)
    assert await order(journal, 1) == ["u1"]
    await make(journal, "u", "u3")
    clock.advance(1)
    assert await order(journal, 3) == ["flex", "u2", "u3"]


async def test_what_is_not_said_is_the_default(journal: Journal, clock: Clock) -> None:
    await make(journal, "s", "first")
    await make(journal, "t", "old")
    assert (await claim(journal, lease=1e6)).priority == DEFAULT_PRIORITY == DEFAULT
    clock.advance(RAISE_SECONDS)
    await make(journal, "u", "hurry", priority=HURRY)
    assert await order(journal, 2) == ["old", "hurry"]


@pytest.mark.parametrize("wrong", [{"priority": 3}, {"priority": -1}, {"raise_after": 0.0}])
async def test_there_are_three(journal: Journal, wrong: dict[str, object]) -> None:
    with pytest.raises(errors.JournalError, match="priority"):
        await journal.create(new("r", **wrong))


async def test_the_priority_comes_with_the_claim_and_the_record(journal: Journal) -> None:
    await journal.create(new("r", priority=FLEX))
    created = await journal.create(new("s", priority=HURRY, claim_as="w", claim_seconds=10))
    assert created.lease is not None
    assert created.lease.priority == HURRY
    lease = await claim(journal)
    assert lease.priority == FLEX
    assert (await journal.get("t", "r")).priority == FLEX
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    assert (await journal.get("t", "r")).priority == FLEX


async def test_the_order_outlives_a_restart(
    restart: Callable[[Journal | None], Awaitable[Journal]], clock: Clock
) -> None:
    journal = await restart(None)
    for name in ("b1", "a1", "a2"):
        await make(journal, name[0], name, priority=FLEX)
        clock.advance(0.001)
    await make(journal, "a", "a3")
    lease = await started(journal, "ran", tenant="t", priority=HURRY)
    await journal.release(lease)
    journal = await restart(journal)
    assert await order(journal, 5) == ["ran", "a3", "b1", "a1", "a2"]


async def test_a_worker_takes_turns_among_what_it_can_do(journal: Journal) -> None:
    await make(journal, "a", "a1", "a2", capabilities=("chat:x",))
    await make(journal, "b", "b1", capabilities=("chat:y",), priority=HURRY)
    await make(journal, "c", "c1", capabilities=("chat:x",))
    got = [await journal.claim("w", ["chat:x"], lease=10, wait=0) for _ in range(3)]
    assert [lease and lease.response_id for lease in got] == ["a1", "c1", "a2"]


class Shop:
    """Jobs and claims at random; each claim is held against what waited at that moment."""

    def __init__(self, journal: Journal, clock: Clock, seed: int) -> None:
        self.journal = journal
        self.clock = clock
        self.rng = random.Random(seed)
        self.waits: dict[str, tuple[str, int, float]] = {}
        self.passed: Counter[tuple[str, str, int]] = Counter()
        self.claimed: list[str] = []

    async def make(self) -> None:
        tenant = self.rng.choice("aaaabbc")
        priority = self.rng.randrange(3)
        name = f"{tenant}{len(self.waits) + len(self.claimed)}"
        await self.journal.create(new(name, tenant, priority=priority, raise_after=10.0))
        self.waits[name] = tenant, priority, self.clock.now

    def tier(self, name: str) -> int:
        _, priority, since = self.waits[name]
        return max(0, priority - int((self.clock.now - since) // 10))

    async def claim(self) -> None:
        lease = await self.journal.claim("w", ["*"], lease=1e6, wait=0)
        if not self.waits:
            assert lease is None
            return
        assert lease is not None
        name, tier = lease.response_id, self.tier(lease.response_id)
        tenant = self.waits[name][0]
        assert tier == min(map(self.tier, self.waits))
        others = {one[0] for key, one in self.waits.items() if self.tier(key) == tier} - {tenant}
        for other in others:
            self.passed[tenant, other, tier] += 1
            assert self.passed[tenant, other, tier] <= 1, f"{other} waits, {tenant} has two turns"
        for key in list(self.passed):
            if key[1] == tenant or key[1] not in others:
                del self.passed[key]
        del self.waits[name]
        self.claimed.append(name)


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_once_nobody_twice_in_a_row_and_nothing_starves(
    journal: Journal, clock: Clock, seed: int
) -> None:
    shop = Shop(journal, clock, seed)
    for _ in range(60):
        what = shop.rng.random()
        if what < 0.5:
            await shop.make()
        elif what < 0.9:
            await shop.claim()
        else:
            clock.advance(shop.rng.choice([1, 7, 25]))
    # One that is least urgent, while more urgent ones of everybody keep coming: once it is raised
    # to the top, each tenant has at most one more turn before it than it has older ones itself.
    await journal.create(new("starving", "z", priority=FLEX, raise_after=10.0))
    shop.waits["starving"] = "z", FLEX, clock.now
    clock.advance(20)
    for turn in range(len("abcz") + 1):
        assert turn < len("abcz"), "it starves"
        await journal.create(new(f"x{turn}", "abc"[turn % 3], priority=HURRY))
        shop.waits[f"x{turn}"] = "abc"[turn % 3], HURRY, clock.now
        await shop.claim()
        if shop.claimed[-1] == "starving":
            break
    while shop.waits:
        await shop.claim()
    await shop.claim()
    assert len(shop.claimed) == len(set(shop.claimed))


async def test_many_claimers_take_each_once_and_in_turns(journal: Journal) -> None:
    claimers, got = 6, list[Lease]()
    for i in range(24):
        await journal.create(new(f"a{i}", "a"))
    for tenant in "bc":
        for i in range(4):
            await journal.create(new(f"{tenant}{i}", tenant))

    async def work(name: str) -> None:
        while (lease := await journal.claim(name, ["*"], lease=1e6, wait=0)) is not None:
            got.append(lease)

    await asyncio.gather(*(work(f"w{i}") for i in range(claimers)))
    assert len({lease.response_id for lease in got}) == len(got) == 32
    # What is granted at once may be told in any order.
    early = Counter(lease.tenant for lease in got[: 12 + claimers])
    assert early["b"] == early["c"] == 4
