"""Pictures that one worker orders and another makes: whoever dies, the item is finished."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.engine.kit import (
    CHAT,
    PAINTER,
    PATIENCE,
    TOOL,
    Clock,
    House,
    Painter,
    ask,
    draws,
    last,
    types,
)

from heliograph import errors, journal, models, providers
from heliograph.engine import Engine, Limits
from heliograph.engine import _job_wire as wire

SPEAKS = (f"chat:{CHAT}",)
PAINTS = (f"image:{PAINTER}",)
WANTED = {**TOOL, "partial_images": 3}


class Fleet:
    """A house whose workers each do a part. ``attach`` gives a worker its journal."""

    def __init__(self, house: House, attach: Callable[[], Any]) -> None:
        self.house = house
        self.attach = attach
        self.engines: list[Engine] = []

    async def worker(self, able: Collection[str], painter: Any = None, **limits: Any) -> Engine:
        house = self.house
        catalog = house.catalog
        if painter is not None:
            catalog = providers.Catalog([catalog.chat(CHAT)], [painter])
        engine = Engine(
            await self.attach(),
            catalog,
            Limits(**{**msgspec.structs.asdict(house.limits), **limits}),
            clock=house.clock,
            seals=house.seals,
            capabilities=able,
        )
        await engine.start()
        self.engines.append(engine)
        return engine

    async def step(self, response_id: str, index: int = 0) -> journal.Record:
        """The step job of an item, once it is there."""
        name = next(wire.step_ids(f"ig_{response_id.removeprefix('resp_')}o{index}"))
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self.house.store.get(wire.step_tenant("t"), name)
                except errors.UnknownResponse:
                    await asyncio.sleep(0.001)


Fleets = Callable[..., Fleet]


@pytest.fixture(params=["memory", "sqlite", "socket"])
async def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[Fleets]:
    store: journal.Journal = journal.MemoryJournal(clock)
    if request.param != "memory":
        store = journal.SqliteJournal(tmp_path / "data", clock)
    await store.start()
    host = None
    attached: list[journal.Journal] = []
    if request.param == "socket":
        host = journal.JournalHost(store, tmp_path / "data" / journal.SOCKET)
        await host.start()

    async def attach() -> journal.Journal:
        if host is None:
            return store
        attached.append(journal.AttachedJournal(host.path, clock))
        await attached[-1].start()
        return attached[-1]

    fleets: list[Fleet] = []

    def build(*given: Any, **more: Any) -> Fleet:
        fleets.append(Fleet(House(store, *given, clock=clock, **more), attach))
        return fleets[-1]

    yield build
    for each in fleets:
        for engine in each.engines:
            await engine.stop(0)
        await each.house.check_all()
    for one in attached:
        await one.stop()
    if host is not None:
        await host.stop()
    await store.stop()


class Gated(Painter):
    """Stops before the stages that it was told of, until ``go``."""

    def __init__(self, *stages: int) -> None:
        super().__init__()
        self.stages = stages
        self.stopped = asyncio.Event()
        self.go = asyncio.Event()

    async def draw(self, job: providers.ImageJob) -> Any:
        async for part in super().draw(job):
            stage = part.index if isinstance(part, providers.Preview) else 3
            if stage in self.stages and not self.go.is_set():
                self.stopped.set()
                await self.go.wait()
            yield part


async def die(engine: Engine) -> None:
    """Stop it as a kill would: nothing is released, nothing is told to anybody."""
    living = [*engine._claiming, *engine._runs]
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)
    engine._claiming = []
    await engine.journal.detach("", "", "")  # what it had begun is through by now


async def picture_of(fleet: Fleet, response_id: str) -> bytes:
    events = await fleet.house.events(response_id)
    kinds = types(events)
    assert kinds[-1] == "completed"
    for once in ("output_item.added", "image_generation_call.generating"):
        assert kinds.count(once) == 1
    shown = [e for e in events if isinstance(e, models.ImageGenCallPartialImageEvent)]
    assert [e.partial_image_index for e in shown] == [0, 1, 2]
    assert [e.image_bytes().rsplit(b"/", 1)[1] for e in shown] == [b"0", b"1", b"2"]
    (item,) = last(events).output
    return item.image_bytes()  # type: ignore[union-attr]


EXPECTED = b"a whale/%d/9" % sum(b"a whale")


async def test_a_response_whose_models_live_on_two_workers_is_made_by_both(fleet: Fleets) -> None:
    home = fleet(draws("a whale"))
    painter = home.house.catalog.image(PAINTER)
    await home.worker(SPEAKS)
    await home.worker(PAINTS)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    assert await picture_of(home, response_id) == EXPECTED
    assert len(painter.jobs) == 1  # type: ignore[attr-defined]
    step = await home.step(response_id)
    assert (step.state, step.last_seq, step.epoch) == ("finished", 2, 1)
    assert step.expires_at is not None
    for tenant in ("t", "u"):
        with pytest.raises(errors.UnknownResponse):
            await home.house.store.get(tenant, step.response_id)


async def test_who_can_do_both_orders_nothing(fleet: Fleets) -> None:
    home = fleet(draws("a whale"))
    await home.worker((*SPEAKS, *PAINTS))
    response_id = await home.house.submit(ask(tools=[WANTED]))
    assert await picture_of(home, response_id) == EXPECTED
    name = next(wire.step_ids(f"ig_{response_id.removeprefix('resp_')}o0"))
    with pytest.raises(errors.UnknownResponse):
        await home.house.store.get(wire.step_tenant("t"), name)


async def test_an_order_waits_for_a_worker_that_can_do_it(fleet: Fleets) -> None:
    home = fleet(draws("a whale"))
    await home.worker(SPEAKS)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    assert (await home.step(response_id)).state == "queued"
    await home.worker(PAINTS)
    assert await picture_of(home, response_id) == EXPECTED


@pytest.mark.parametrize("stage", [0, 1, 3])
async def test_a_painter_that_dies_is_followed_by_one_that_goes_on(
    fleet: Fleets, clock: Clock, stage: int
) -> None:
    home = fleet(draws("a whale"), claim_seconds=0.05)
    gated, free = Gated(stage), Painter()
    # The owner's lease outlives the jump of the clock.
    await home.worker(SPEAKS, lease_seconds=1000.0)
    first = await home.worker(PAINTS, gated)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    async with asyncio.timeout(PATIENCE):
        await gated.stopped.wait()
        while (await home.step(response_id)).last_seq < stage - 1:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await die(first)
    clock.now += 11
    await home.worker(PAINTS, free)
    assert await picture_of(home, response_id) == EXPECTED
    assert [job.first_partial for job in free.jobs] == [stage]
    step = await home.step(response_id)
    assert (step.epoch, step.takeovers) == (2, 1)
    assert (await home.house.store.get("t", response_id)).takeovers == 0


async def test_a_painter_that_is_stopped_hands_over(fleet: Fleets) -> None:
    home = fleet(draws("a whale"))
    gated, free = Gated(1), Painter()
    await home.worker(SPEAKS)
    first = await home.worker(PAINTS, gated)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    async with asyncio.timeout(PATIENCE):
        await gated.stopped.wait()
    await first.stop(0)
    await home.worker(PAINTS, free)
    assert await picture_of(home, response_id) == EXPECTED
    step = await home.step(response_id)
    assert (step.epoch, step.takeovers) == (2, 0)


@pytest.mark.parametrize("kind", ["dies", "hands over"])
@pytest.mark.parametrize("stage", [0, 2])
async def test_the_next_owner_finds_the_order_and_nothing_is_drawn_twice(
    fleet: Fleets, clock: Clock, kind: str, stage: int
) -> None:
    home = fleet(draws("a whale"), claim_seconds=0.05)
    gated = Gated(stage)
    owner = await home.worker(SPEAKS)
    # The painter keeps its lease over the jump of the clock.
    await home.worker(PAINTS, gated, lease_seconds=1000.0)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    async with asyncio.timeout(PATIENCE):
        await gated.stopped.wait()
    if kind == "dies":
        await die(owner)
        clock.now += 11
    else:
        await owner.stop(0)
    await home.worker(SPEAKS)
    gated.go.set()
    assert await picture_of(home, response_id) == EXPECTED
    assert len(gated.jobs) == 1
    record = await home.house.store.get("t", response_id)
    assert (record.epoch, record.takeovers) == (2, kind == "dies")


async def test_a_failure_of_the_painter_ends_the_item_in_the_same_words(fleet: Fleets) -> None:
    trouble = errors.ProviderError("not that", kind="content_policy", param="size", code="x")
    home = fleet(draws("a whale"), Painter(trouble={"a whale": trouble}))
    await home.worker(SPEAKS)
    await home.worker(PAINTS)
    away = await home.house.submit(ask(tools=[WANTED]))
    events = await home.house.events(away)
    here = fleet(draws("a whale"), Painter(trouble={"a whale": trouble}))
    for engine in home.engines:
        await engine.stop(0)
    await here.worker((*SPEAKS, *PAINTS))
    told = [
        last(e).output[0].error
        for e in (  # type: ignore[union-attr]
            events,
            await here.house.events(await here.house.submit(ask(tools=[WANTED]))),
        )
    ]
    assert told[0] == told[1]
    assert told[0].code == "image_content_policy_violation"
    assert told[0].param == "tools[0].size"


async def test_a_bug_in_the_painter_ends_the_item_and_not_the_worker(fleet: Fleets) -> None:
    home = fleet(draws("a whale"), Painter(trouble={"a whale": ZeroDivisionError("secret")}))
    await home.worker(SPEAKS)
    await home.worker(PAINTS)
    events = await home.house.events(await home.house.submit(ask(tools=[WANTED])))
    (item,) = last(events).output
    assert item.error.message == "internal error: ZeroDivisionError"  # type: ignore[union-attr]


async def test_too_many_lost_painters_end_the_item(fleet: Fleets, clock: Clock) -> None:
    home = fleet(draws("a whale"), claim_seconds=0.05, max_takeovers=1)
    await home.worker(SPEAKS, lease_seconds=1000.0)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    for _ in range(2):
        gated = Gated(0)
        painter = await home.worker(PAINTS, gated)
        async with asyncio.timeout(PATIENCE):
            await gated.stopped.wait()
        await die(painter)
        clock.now += 11
    await home.worker(PAINTS)
    (item,) = last(await home.house.events(response_id)).output
    assert "2 workers in turn were lost" in item.error.message  # type: ignore[union-attr]


@pytest.mark.parametrize("claimed", [True, False])
async def test_a_cancelled_response_takes_its_orders_with_it(fleet: Fleets, claimed: bool) -> None:
    home = fleet(draws("a whale"))
    gated = Gated(1)
    await home.worker(SPEAKS)
    response_id = await home.house.submit(ask(tools=[WANTED], background=True))
    step = await home.step(response_id)
    if claimed:
        await home.worker(PAINTS, gated)
        async with asyncio.timeout(PATIENCE):
            await gated.stopped.wait()
    await home.house.store.cancel("t", response_id)
    events = await home.house.events(response_id)
    assert last(events).status == "cancelled"
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                found = await home.house.store.get(step.tenant, step.response_id)
            except errors.UnknownResponse:
                assert not claimed
                return
            if found.state == "finished":
                break
            await asyncio.sleep(0.005)
    assert claimed
    assert found.snapshot is not None
    assert b"its response has ended" in found.snapshot.data


async def test_an_order_that_nobody_waits_for_is_given_up(fleet: Fleets, clock: Clock) -> None:
    home = fleet(draws("a whale"))
    gated = Gated(1)
    owner = await home.worker(SPEAKS)
    await home.worker(PAINTS, gated, lease_seconds=1000.0)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    async with asyncio.timeout(PATIENCE):
        await gated.stopped.wait()
    await die(owner)
    clock.now += 100
    async with asyncio.timeout(PATIENCE):
        while (step := await home.step(response_id)).state != "finished":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert step.snapshot is not None
    assert await wire.outcome_of(step.snapshot, home.house.store.blobs) is None


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
async def test_an_owner_that_comes_too_late_for_an_order_orders_the_rest(
    fleet: Fleets, clock: Clock, stage: int
) -> None:
    home = fleet(draws("a whale"), claim_seconds=0.05)
    gated, free = Gated(stage), Painter()
    owner = await home.worker(SPEAKS)
    painter = await home.worker(PAINTS, gated, lease_seconds=1000.0)
    response_id = await home.house.submit(ask(tools=[WANTED]))
    async with asyncio.timeout(PATIENCE):
        await gated.stopped.wait()
        while (await home.step(response_id)).last_seq < stage - 1:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await die(owner)
    clock.now += 100
    async with asyncio.timeout(PATIENCE):
        while (await home.step(response_id)).state != "finished":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await painter.stop(0)
    await home.worker(SPEAKS)
    await home.worker(PAINTS, free)
    assert await picture_of(home, response_id) == EXPECTED
    assert [job.first_partial for job in free.jobs] == [stage]


async def test_owners_that_need_each_other_do_not_fill_all_the_places(fleet: Fleets) -> None:
    """Each of two workers speaks and paints in its own way, and has one place."""
    other = Painter()
    other.cards = tuple(msgspec.structs.replace(c, id="fake/other") for c in other.cards)
    home = fleet(draws("a whale"))
    home.house.catalog = providers.Catalog(
        [home.house.catalog.chat(CHAT)], [home.house.catalog.image(PAINTER), other]
    )
    home.house.engine = home.house.new_engine()
    wishes = [{**WANTED, "model": model} for model in (PAINTER, "fake/other") for _ in range(3)]
    ids = [await home.house.submit(ask(tools=[wish])) for wish in wishes]
    for able in (PAINTS, ("image:fake/other",)):
        await home.worker((*SPEAKS, *able), concurrency=1)
    for response_id in ids:
        assert await picture_of(home, response_id) == EXPECTED


async def test_a_job_passes_with_its_pictures(tmp_path: Path) -> None:
    store = journal.MemoryJournal()
    await store.start()
    job = providers.ImageJob(
        model=PAINTER,
        prompt="a whale, \u6d77",
        action="edit",
        seed=5,
        partial_images=2,
        images=(b"one", b"two"),
        mask=b"mask",
        prefer=providers.Preferences(order=("a",)),
    )
    for each in (
        job,
        msgspec.structs.replace(job, mask=None),
        providers.ImageJob(model="m", prompt="p"),
    ):
        request, context = await wire.pack_job(each, store.blobs)
        assert json.loads(request)["job"]["images"] == []
        assert await wire.unpack_job(request, context, store.blobs) == each
    await store.stop()


async def test_an_outcome_passes_whole() -> None:
    store = journal.MemoryJournal()
    await store.start()
    picture = providers.Picture(
        data=b"png",
        output_format="png",
        size="8x8",
        quality="low",
        background="opaque",
        revised_prompt="r",
        usage=providers.PictureUsage(output_tokens=5, cost=0.25),
    )
    entry = await wire.pack_outcome(picture, store.blobs)
    assert b'png"' not in entry.data.replace(b'"output_format":"png"', b"")
    assert await wire.outcome_of(entry, store.blobs) == picture
    error = errors.ProviderError(
        "m", kind="rate_limit", retryable=True, param="size", code="c", retry_after=2.5
    )
    with pytest.raises(errors.ProviderError) as raised:
        await wire.outcome_of(await wire.pack_outcome(error, store.blobs), store.blobs)
    assert raised.value.__dict__ == error.__dict__
    await store.stop()
