"""What may wait: who is refused, and who has waited for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.engine.kit import CHAT, Chat, Clock, House, Through, ask
from tests.engine.test_observer import Recorder

from heliograph import errors, journal, providers
from heliograph.engine import Engine
from heliograph.journal import MemoryJournal, Queued


def talks() -> Chat:
    return Chat([providers.Text("hi"), providers.Finish()], repeat=True)


@pytest.fixture
async def store() -> AsyncIterator[journal.Journal]:
    memory = MemoryJournal(Clock())
    await memory.start()
    yield memory
    await memory.stop()


def house(store: journal.Journal, **limits: Any) -> House:
    made = House(store, talks(), **limits)
    made.recorder = Recorder()  # type: ignore[attr-defined]
    made.engine = engine_of(made)
    return made


def engine_of(made: House, **more: Any) -> Engine:
    return Engine(
        made.store,
        made.catalog,
        made.limits,
        clock=made.clock,
        observer=made.recorder,  # type: ignore[attr-defined]
        **more,
    )


@pytest.mark.parametrize("background", [False, True])
async def test_a_queue_at_its_limit_takes_no_more(store: journal.Journal, background: bool) -> None:
    name = "max_queued_background" if background else "max_queued"
    here = house(store, **{name: 2})
    body = ask(background=background)
    for tenant in ("a", "b"):
        await here.submit(body, tenant)
    with pytest.raises(errors.RateLimited) as refused:
        await here.submit(body, "c")
    assert f"2 responses wait in the queue, the limit {name} is 2" in refused.value.message
    assert (refused.value.code, refused.value.retry_after) == ("queue_full", 5)
    await here.submit(ask(background=not background), "c")
    assert await store.queued("c") == Queued(3, 1)
    assert here.recorder.refusals == [name]  # type: ignore[attr-defined]


@pytest.mark.parametrize("background", [False, True])
async def test_one_tenant_cannot_fill_the_queue(store: journal.Journal, background: bool) -> None:
    kind = "max_queued_background" if background else "max_queued"
    here = house(store, **{f"{kind}_per_tenant": 1})
    body = ask(background=background)
    await here.submit(body, "a")
    with pytest.raises(errors.RateLimited, match=f"{kind}_per_tenant is 1"):
        await here.submit(body, "a")
    await here.submit(body, "b")


async def test_zero_is_no_limit(store: journal.Journal) -> None:
    here = house(store, max_queued=0, max_queued_per_tenant=0, max_queued_seconds=0.0)
    ids = [await here.submit(ask()) for _ in range(3)]
    here.clock.now += 1e9
    store._clock.now += 1e9  # type: ignore[attr-defined]
    assert await store.claim_overdue("w", lease=10) is None
    assert len(ids) == 3


async def test_what_can_run_at_once_does_not_ask_how_long_the_queue_is() -> None:
    class Unasked(Through):
        async def queued(self, tenant: str) -> Queued:
            raise AssertionError("there was room")

    memory = MemoryJournal()
    await memory.start()
    here = House(Unasked(memory), talks(), max_queued=1)
    await here.engine.start()
    rest = [await here.submit(ask()) for _ in range(5)]
    for one in rest:
        assert (await here.events(one))[-1].type == "response.completed"
    await here.engine.stop(5)
    await memory.stop()


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("claims", [False, True])
async def test_nobody_begins_it_in_time(
    store: journal.Journal, background: bool, claims: bool
) -> None:
    """Whoever claims it ends it; so does whoever only sweeps."""
    here = house(store, max_queued_seconds=5.0, max_queued_background_seconds=5.0)
    response_id = await here.submit(ask(background=background))
    here.clock.now += 5
    store._clock.now = here.clock.now  # type: ignore[attr-defined]
    able = ["chat:*"] if claims else ["chat:another"]
    await engine_start(here.engine, claims=claims)
    others = [engine_of(here, capabilities=able) for _ in range(3)]
    for other in others:
        await engine_start(other, claims=claims)
    events = await here.events(response_id)
    ended = events[-1]
    assert ended.type == "response.failed"
    assert ended.response.error is not None
    limit = "max_queued_background_seconds" if background else "max_queued_seconds"
    assert ended.response.error.message == f"nobody began it for 5 s, the limit {limit}"
    assert [event.type for event in events].count("response.failed") == 1
    assert "response.in_progress" not in [event.type for event in events]
    assert here.recorder.expiries == 1  # type: ignore[attr-defined]
    assert not here.catalog.chat(CHAT).turns  # type: ignore[attr-defined]
    for engine in (here.engine, *others):
        await engine.stop(5)


async def engine_start(engine: Engine, *, claims: bool) -> None:
    await engine.start(claims=claims)
    await asyncio.sleep(0)


async def test_what_was_begun_in_time_may_take_longer(store: journal.Journal) -> None:
    gate = asyncio.Event()
    chat = Chat([gate.wait, providers.Text("hi"), providers.Finish()])
    here = House(store, chat, max_queued_seconds=5.0)
    await here.engine.start()
    response_id = await here.submit(ask())
    while not chat.turns:  # noqa: ASYNC110 -- the model tells nobody
        await asyncio.sleep(0.01)
    here.clock.now += 6
    store._clock.now = here.clock.now  # type: ignore[attr-defined]
    await here.engine.stop(0)
    next_one = here.new_engine()
    gate.set()
    await next_one.start()
    assert (await here.events(response_id))[-1].type == "response.completed"
    await next_one.stop(5)


async def test_a_cancel_counts_before_the_time(store: journal.Journal) -> None:
    here = house(store, max_queued_seconds=5.0)
    response_id = await here.submit(ask())
    await store.cancel("t", response_id)
    here.clock.now += 6
    store._clock.now = here.clock.now  # type: ignore[attr-defined]
    await here.engine.start(claims=False)
    ended = (await here.events(response_id))[-1]
    assert (ended.type, ended.response.status) == ("response.incomplete", "cancelled")
    await here.engine.stop(5)
