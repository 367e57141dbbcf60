"""Service tiers and turns, as the engine has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.engine.kit import TOOL, Chat, Clock, House, Painter, ask, draws, last
from tests.engine.test_step_jobs import PAINTS, SPEAKS, Fleet

from heliograph import errors, journal, providers
from heliograph.engine import TIERS, Engine
from heliograph.engine._tiers import ASKED
from heliograph.journal import MemoryJournal, NewResponse

GRANTED = {
    None: "default",
    "auto": "default",
    "default": "default",
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
    "ultrafast": "priority",
    "scale": "priority",
}


class Noted(MemoryJournal):
    """What was created in it, and claimed from it, in order."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.created: list[NewResponse] = []
        self.claimed: list[str] = []

    async def create(self, new: NewResponse) -> journal.Created:
        self.created.append(new)
        return await super().create(new)

    async def claim(self, *args: Any, **more: Any) -> journal.Lease | None:
        lease = await super().claim(*args, **more)
        if lease is not None:
            self.claimed.append(lease.response_id)
        return lease


@pytest.fixture
async def store() -> AsyncIterator[Noted]:
    noted = Noted()
    await noted.start()
    yield noted
    await noted.stop()


Make = Callable[..., House]


@pytest.fixture
def make(store: Noted) -> Make:
    def made(chat: Chat | None = None, *, hurried: tuple[str, ...] = (), **limits: Any) -> House:
        talks = Chat([providers.Text("hi"), providers.Finish()], repeat=True)
        house = House(store, chat or talks, **limits)
        house.engine = Engine(
            store, house.catalog, house.limits, clock=house.clock, hurried=hurried
        )
        return house

    return made


def test_every_tier_that_may_be_asked_for_is_one_of_three() -> None:
    assert {name: TIERS[priority] for name, priority in ASKED.items()} == {
        name: tier for name, tier in GRANTED.items() if name is not None
    }


@pytest.mark.parametrize(("asked", "tier"), GRANTED.items())
@pytest.mark.parametrize("hurried", [(), ("t",), ("*",), ("u",)])
async def test_the_response_says_which_tier_it_got(
    make: Make, store: Noted, asked: str | None, tier: str, hurried: tuple[str, ...]
) -> None:
    house = make(hurried=hurried)
    if tier == "priority" and hurried not in (("t",), ("*",)):
        tier = "default"
    body = ask(**({} if asked is None else {"service_tier": asked}))
    response_id = await house.submit(body)
    entry = await house.engine.current("t", response_id)
    assert json.loads(entry.data)["service_tier"] == tier
    assert TIERS[store.created[0].priority] == tier
    await house.engine.start()
    events = await house.events(response_id)
    assert {event.response.service_tier for event in events if hasattr(event, "response")} == {tier}
    assert last(events).status == "completed"
    await house.engine.stop(5)


async def test_no_upstream_is_asked_for_a_tier_that_was_not_granted(make: Make) -> None:
    for hurried, sent in (((), "default"), (("t",), "priority")):
        chat = Chat([providers.Text("hi"), providers.Finish()])
        house = make(chat, hurried=hurried)
        assert last(await house.draw(ask(service_tier="priority"))).status == "completed"
        assert chat.turns[0].request.service_tier == sent
        await house.engine.stop(5)


async def test_a_tier_that_there_is_not_is_refused_by_name(make: Make) -> None:
    with pytest.raises(errors.BadRequest, match="service_tier"):
        await make().submit(ask(service_tier="turbo"))


async def test_a_third_of_the_time_that_it_may_wait_raises_it(make: Make, store: Noted) -> None:
    house = make(max_queued_seconds=300.0, max_queued_background_seconds=0.0)
    await house.submit(ask())
    await house.submit(ask(background=True))
    assert [new.raise_after for new in store.created] == [100.0, journal.RAISE_SECONDS]


async def test_the_engine_runs_them_in_turns(make: Make, store: Noted) -> None:
    house = make(hurried=("v",), concurrency=1)
    ids = {}
    for name, tier in (
        ("a1", "default"),
        ("a2", "default"),
        ("a3", "flex"),
        ("b1", "default"),
        ("c1", "flex"),
        ("v1", "priority"),
        ("a4", "priority"),
    ):
        body = ask(service_tier=tier)
        ids[await house.submit(body, name[0])] = name
    await house.engine.start()
    for response_id, name in ids.items():
        await house.events(response_id, name[0])
    await house.engine.stop(5)
    order = [ids[one] for one in store.claimed]
    assert order == ["v1", "a1", "b1", "a2", "a4", "c1", "a3"]


@pytest.mark.parametrize("background", [False, True])
async def test_flex_gives_way_first(make: Make, background: bool) -> None:
    kind = "max_queued_background" if background else "max_queued"
    house = make(**{kind: 4, f"{kind}_per_tenant": 0})
    flex = ask(background=background, service_tier="flex")
    for tenant in "ab":
        await house.submit(flex, tenant)
    with pytest.raises(errors.RateLimited) as refused:
        await house.submit(flex, "c")
    assert f"the limit {kind} is 4, for flex 2" in refused.value.message
    for tenant in "cd":
        await house.submit(ask(background=background), tenant)
    with pytest.raises(errors.RateLimited, match=f"{kind} is 4;"):
        await house.submit(ask(background=background), "e")


async def test_an_ordered_picture_has_its_responses_tier(store: Noted) -> None:
    clock = store._clock
    house = House(store, draws("a fox"), Painter(), clock=clock)  # type: ignore[arg-type]

    async def attach() -> journal.Journal:
        return store

    fleet = Fleet(house, attach)
    await fleet.worker(SPEAKS)
    response_id = await house.submit(ask(tools=[TOOL], service_tier="flex"))
    step = await fleet.step(response_id)
    assert TIERS[step.priority] == "flex"
    await fleet.worker(PAINTS)
    assert last(await house.events(response_id)).status == "completed"
    await asyncio.gather(*(engine.stop(5) for engine in fleet.engines))
