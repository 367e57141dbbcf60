"""Places in pools: so many at once, over all who share the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock

from heliograph import errors
from heliograph.journal import Journal, Share


class Holder:
    """One that uses the places of a pool as an engine does."""

    def __init__(self, journal: Journal, name: str, *, most: int = 2, pool: str = "house") -> None:
        self.journal, self.name, self.most, self.pool = journal, name, most, pool
        self.asked = self.given = self.back = 0

    async def say(self, asked: int = 0, back: int = 0, seconds: float = 10) -> int:
        """Ask for more, give some back; how many it has now."""
        self.asked += asked
        self.back += back
        share = Share(self.asked, self.given, self.back)
        self.given = await self.journal.places.share(
            self.pool, self.name, share, most=self.most, seconds=seconds
        )
        return self.has

    @property
    def has(self) -> int:
        return self.given - self.back

    async def next(self) -> int:
        """Wait for another; how many it has now."""
        async with asyncio.timeout(10):
            self.given = await self.journal.places.moved(self.pool, self.name, self.given)
        return self.has


@pytest.fixture
def one(journal: Journal) -> Holder:
    return Holder(journal, "one")


@pytest.fixture
def other(journal: Journal) -> Holder:
    return Holder(journal, "other")


async def test_no_more_are_given_than_there_are(one: Holder, other: Holder) -> None:
    assert await one.say(asked=1) == 1
    assert await other.say(asked=1) == 1
    assert await one.say(asked=2) == 1
    assert await other.say(back=1) == 0
    assert await one.next() == 2


async def test_pools_have_places_of_their_own(journal: Journal, one: Holder) -> None:
    assert await one.say(asked=3) == 2
    assert await Holder(journal, "one", pool="another", most=1).say(asked=2) == 1


async def test_a_call_that_is_repeated_changes_nothing(one: Holder, other: Holder) -> None:
    await one.say(asked=2)
    share = Share(asked=2, given=0, back=0)
    for _ in range(3):
        given = await one.journal.places.share("house", "one", share, most=2, seconds=10)
        assert given == 2
    await one.say(back=1)
    assert await other.say(asked=2) == 1
    late = await one.journal.places.share("house", "one", share, most=2, seconds=10)
    assert late == 2
    assert await other.say() == 1, "what was given back once stays so"


async def test_who_waits_is_woken_when_a_place_is_given_back(one: Holder, other: Holder) -> None:
    await one.say(asked=2)
    await other.say(asked=1)
    waiting = asyncio.create_task(other.next())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await one.say(back=1)
    assert await waiting == 1


async def test_who_waits_is_served_in_turn_whatever_others_ask_for(
    journal: Journal, one: Holder, other: Holder
) -> None:
    third = Holder(journal, "third")
    await one.say(asked=12)
    await other.say(asked=2)
    await third.say(asked=1)
    for _ in range(3):
        await one.say(back=1)
    assert (one.has, await other.say(), await third.say()) == (0, 1, 1)
    await third.say(back=1)
    assert await one.say() == 1, "its turn came again before the other's second"
    await other.say(back=1)
    assert await other.say() == 1
    assert await one.say() == 1


async def test_who_does_not_wait_any_more_gets_none(one: Holder, other: Holder) -> None:
    await one.say(asked=2)
    await other.say(asked=1)
    assert await other.say(asked=-1) == 0
    await one.say(back=1)
    assert await other.say() == 0
    assert await one.say(asked=1) == 2


async def test_a_place_that_came_as_it_was_not_wanted_any_more_is_told_of(
    one: Holder, other: Holder
) -> None:
    await one.say(asked=2)
    await other.say(asked=1)
    await one.say(back=1)
    assert await other.say(asked=-1) == 1
    assert await one.say(asked=1) == 1
    assert await other.say(back=1) == 0
    assert await one.next() == 2


async def test_the_places_of_one_that_is_silent_are_free(
    one: Holder, other: Holder, clock: Clock
) -> None:
    await one.say(asked=2)
    await other.say(asked=2)
    clock.advance(9)
    assert await other.say() == 0
    clock.advance(1.5)
    assert await other.say() == 2


async def test_one_that_goes_on_saying_so_keeps_its_places(
    one: Holder, other: Holder, clock: Clock
) -> None:
    await one.say(asked=2)
    await other.say(asked=1)
    for _ in range(4):
        clock.advance(6)
        assert await one.say() == 2
        assert await other.say() == 0


async def test_one_that_comes_back_late_is_counted_with_what_it_uses(
    journal: Journal, one: Holder, other: Holder, clock: Clock
) -> None:
    await one.say(asked=2)
    clock.advance(11)
    assert await other.say(asked=2) == 2
    assert await one.say() == 2, "it stood still and uses them: nobody can take them from it"
    third = Holder(journal, "third")
    assert await third.say(asked=1) == 0
    await one.say(back=1)
    await other.say(back=1)
    assert await third.say() == 0, "two are used still"
    await one.say(back=1)
    assert await third.next() == 1


async def test_who_waits_looks_again_when_another_may_be_gone(
    one: Holder, other: Holder, clock: Clock
) -> None:
    clock.run()
    await one.say(asked=2, seconds=0.3)
    await other.say(asked=1)
    assert await other.next() == 0
    assert await other.say() == 1


async def test_a_smaller_limit_takes_nothing_away_and_gives_nothing_more(
    one: Holder, other: Holder
) -> None:
    await one.say(asked=2)
    one.most = other.most = 1
    assert await other.say(asked=1) == 0
    assert await one.say(back=1) == 1
    assert await other.say() == 0
    await one.say(back=1)
    assert await other.say() == 1


async def test_of_many_at_once_no_more_have_places_than_there_are(journal: Journal) -> None:
    holders = [Holder(journal, f"h{number}", most=5) for number in range(8)]
    got = await asyncio.gather(*(one.say(asked=2) for one in holders))
    assert sum(got) == 5
    served = 0
    while served < 16:
        for one in holders:
            has = await one.say()
            served += has
            await one.say(back=has)
        assert sum(one.has for one in holders) <= 5
    assert all(one.given == 2 for one in holders)


async def test_they_outlive_a_restart(
    restart: Callable[[Journal | None], Awaitable[Journal]],
) -> None:
    journal = await restart(None)
    one = Holder(journal, "one")
    await one.say(asked=2)
    one.journal = journal = await restart(journal)
    other = Holder(journal, "other")
    assert await other.say(asked=1) == 0
    await one.say(back=1)
    assert await other.next() == 1


async def test_nobody_waits_at_a_journal_that_was_closed(journal: Journal, one: Holder) -> None:
    other = Holder(journal, "other")
    await one.say(asked=2)
    await other.say(asked=1)
    waiting = asyncio.create_task(other.next())
    await asyncio.sleep(0.05)
    await journal.stop()
    with pytest.raises(errors.JournalError):
        await waiting
    with pytest.raises(errors.JournalError):
        await one.say()
