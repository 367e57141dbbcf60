"""Cancels, lost readers, deadlines; the response object; what a GET sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.kit import (
    TOOL,
    Chat,
    House,
    Painter,
    Through,
    ask,
    draws,
    last,
    text_of,
    types,
)

from heliograph import errors, journal, models
from heliograph.engine import render
from heliograph.providers import Finish, Text

Build = Callable[..., House]


class Gate:
    """Blocks whoever passes until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.open.wait()


async def begun(home: House, gate: Gate, **more: Any) -> str:
    response_id = await home.submit(ask(**more))
    await home.engine.start()
    await asyncio.wait_for(gate.reached.wait(), 5)
    return response_id


@pytest.mark.parametrize("background", [False, True])
async def test_a_cancel_closes_what_is_open_and_says_cancelled(
    house: Build, background: bool
) -> None:
    gate = Gate()
    home = house(draws("a fox"), Painter(pause=gate), renew_seconds=60.0)
    response_id = await begun(home, gate, tools=[TOOL], background=background)
    await home.store.cancel("t", response_id)
    events = await home.events(response_id)
    assert types(events)[-2:] == ["output_item.done", "incomplete"]
    assert last(events).status == "cancelled"
    assert last(events).output[0].status == "failed"  # type: ignore[union-attr]


async def test_a_cancelled_text_keeps_what_was_said(house: Build) -> None:
    gate = Gate()
    home = house(Chat([Text("Once"), gate, Finish()]), renew_seconds=60.0)
    response_id = await begun(home, gate)
    await home.store.cancel("t", response_id)
    response = last(await home.events(response_id))
    assert response.status == "cancelled"
    assert response.output[0].status == "incomplete"  # type: ignore[union-attr]
    assert text_of(response.output[0]) == "Once"


class Counted(Through):
    """Counts what a run asks while it waits."""

    renewed = asked = 0

    async def renew(self, lease: journal.Lease, *, seconds: float) -> journal.LeaseState:
        self.renewed += 1
        return await super().renew(lease, seconds=seconds)

    async def cancelled(self, lease: journal.Lease) -> None:
        self.asked += 1
        await super().cancelled(lease)


async def test_a_run_waits_for_a_cancel_once_however_often_it_renews(house: Build) -> None:
    gate = Gate()
    home = house(Chat([Text("Once"), gate, Finish()]))
    counted = Counted(home.store)
    home.engine = home.new_engine(counted)
    response_id = await begun(home, gate)
    async with asyncio.timeout(5):
        while counted.renewed < 10:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert counted.asked == 1
    gate.open.set()
    assert last(await home.events(response_id)).status == "completed"


async def test_a_queued_response_can_be_cancelled(house: Build) -> None:
    home = house(draws("a fox"))
    response_id = await home.submit(ask(tools=[TOOL], background=True))
    await home.store.cancel("t", response_id)
    await home.engine.start()
    events = await home.events(response_id)
    assert types(events)[-1] == "incomplete"
    assert last(events).status == "cancelled"


async def test_a_foreground_response_that_nobody_reads_is_cancelled_after_the_grace(
    house: Build,
) -> None:
    gate = Gate()
    home = house(draws("a fox"), Painter(pause=gate), lease_seconds=1000.0)
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.store.attach("t", response_id, "r", seconds=1000)
    await home.engine.start()
    await gate.reached.wait()
    home.clock.now += 100
    await asyncio.sleep(0.05)
    assert (await home.store.get("t", response_id)).state == "running"
    await home.store.detach("t", response_id, "r")
    home.clock.now += 29
    await asyncio.sleep(0.05)
    assert (await home.store.get("t", response_id)).state == "running"
    home.clock.now += 2
    assert last(await home.events(response_id)).status == "cancelled"


async def test_a_background_response_needs_no_reader(house: Build) -> None:
    gate = Gate()
    home = house(draws("a fox"), Painter(pause=gate), lease_seconds=1000.0)
    response_id = await begun(home, gate, tools=[TOOL], background=True)
    home.clock.now += 500
    await asyncio.sleep(0.05)
    gate.open.set()
    assert last(await home.events(response_id)).status == "completed"


async def test_the_wall_clock_ends_it_and_names_the_limit(house: Build) -> None:
    gate = Gate()
    home = house(draws("a fox"), Painter(pause=gate), lease_seconds=1e6, wall_seconds=60.0)
    response_id = await begun(home, gate, tools=[TOOL], background=True)
    home.clock.now += 61
    response = last(await home.events(response_id))
    assert response.status == "failed"
    assert "wall_seconds" in response.error.message  # type: ignore[union-attr]


async def test_the_wall_clock_goes_on_over_a_takeover(house: Build) -> None:
    gate = Gate()
    home = house(draws("a fox"), Painter(pause=gate), wall_seconds=60.0)
    response_id = await begun(home, gate, tools=[TOOL], background=True)
    await home.engine.stop(0)
    home.clock.now += 61
    other = house(draws("a fox"), Painter(pause=gate), wall_seconds=60.0)
    await other.engine.start()
    response = last(await home.events(response_id))
    assert response.status == "failed"
    assert "wall_seconds" in response.error.message  # type: ignore[union-attr]


async def test_a_deleted_response_ends_its_run_in_silence(house: Build) -> None:
    gate = Gate()
    home = house(draws("a fox"), Painter(pause=gate))
    response_id = await begun(home, gate, tools=[TOOL])
    await home.store.delete("t", response_id)
    async with asyncio.timeout(5):
        while home.engine.running:  # noqa: ASYNC110 -- an engine tells nobody when it is idle
            await asyncio.sleep(0.001)
    with pytest.raises(errors.UnknownResponse):
        await home.store.get("t", response_id)


async def test_the_same_key_and_body_lead_to_the_same_response(house: Build) -> None:
    home = house(draws("a fox"))
    one = await home.submit(ask(tools=[TOOL]), idempotency_key="k")
    assert await home.submit(ask(tools=[TOOL]), idempotency_key="k") == one
    with pytest.raises(errors.IdempotencyConflict):
        await home.submit(ask(tools=[TOOL], store=True), idempotency_key="k")
    await home.engine.start()
    await home.events(one)


async def now(home: House, response_id: str) -> models.OpenResponsesResult:
    entry = await home.engine.current("t", response_id)
    data = b"".join(await render(entry, home.store.blobs))
    return models.decode(models.OpenResponsesResult, data)


async def test_a_get_sees_the_response_as_it_stands(house: Build) -> None:
    gate = Gate()
    home = house(Chat([Text("Once"), gate, Text(" upon"), Finish()]))
    response_id = await home.submit(ask(background=True))
    assert (await now(home, response_id)).status == "queued"
    await home.engine.start()
    await gate.reached.wait()
    await home.seen(response_id, "output_text.delta")
    running = await now(home, response_id)
    assert running.status == "in_progress"
    assert text_of(running.output[0]) == "Once"
    gate.open.set()
    events = await home.events(response_id)
    assert await now(home, response_id) == last(events)
    with pytest.raises(errors.UnknownResponse):
        await home.engine.current("another tenant", response_id)


async def test_a_get_sees_the_finished_picture(house: Build) -> None:
    home = house(draws("a fox"))
    events = await home.draw(ask(tools=[TOOL]))
    response = await now(home, last(events).id)
    assert response == last(events)
    assert response.output[0].image_bytes() == b"a fox/%d/9" % sum(b"a fox")  # type: ignore[union-attr]


async def test_every_response_object_has_what_any_spec_requires(house: Build) -> None:
    home = house(draws("a fox"))
    events = await home.draw(ask(tools=[TOOL, {"type": "function", "name": "look"}]))
    for event in events:
        if isinstance(event, models.CreatedEvent | models.CompletedEvent):
            assert models.missing_fields(event) == []
    wire = last(events)
    assert wire.created_at == int(home.clock.now)
    assert wire.completed_at == int(home.clock.now)
    assert wire.usage == models.Usage(
        input_tokens=0,
        input_tokens_details=models.InputTokensDetails(cached_tokens=0, cache_write_tokens=0),
        output_tokens=0,
        output_tokens_details=models.OutputTokensDetails(reasoning_tokens=0),
        total_tokens=0,
    )


async def test_the_request_is_repeated(house: Build) -> None:
    said = {
        "temperature": 0.5,
        "top_p": 0.25,
        "metadata": {"a": "b"},
        "instructions": "Be kind.",
        "max_output_tokens": 99,
        "max_tool_calls": 3,
        "truncation": "auto",
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "parallel_tool_calls": False,
        "store": True,
        "text": {"format": {"type": "text"}, "verbosity": "low"},
    }
    response = last(await house(draws("a fox")).draw(ask(tools=[TOOL], **said)))
    plain = models.to_sdk(response)
    assert plain["temperature"] == 0.5
    assert plain["metadata"] == {"a": "b"}
    assert plain["instructions"] == "Be kind."
    assert plain["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert plain["tools"][0]["model"] == TOOL["model"]
    assert (response.user, response.safety_identifier) == ("u", "s")
    assert response.max_output_tokens == 99


async def test_hosted_tools_can_be_left_out_of_the_echo(house: Build) -> None:
    home = house(draws("a fox"), echo_hosted_tools=False)
    look = {"type": "function", "name": "look"}
    choice = {"type": "image_generation"}
    events = await home.draw(ask(tools=[TOOL, look], tool_choice=choice))
    for event in events:
        if isinstance(event, models.CreatedEvent | models.CompletedEvent):
            assert [tool.type for tool in event.response.tools] == ["function"]
            assert event.response.tool_choice == "auto"


@pytest.mark.parametrize("background", [False, True])
async def test_a_response_is_shown_before_anybody_runs_it(house: Build, background: bool) -> None:
    home = house(Chat([Text("Once"), Finish()]))
    response_id = await home.submit(ask(background=background))
    reading = home.store.read("t", response_id)
    shown = await home.decoded(list((await anext(reading)).entries))
    await reading.aclose()
    assert types(shown) == (["created", "queued"] if background else ["created"])
    await home.engine.start()
    events = await home.events(response_id)
    assert types(events)[: len(shown)] == types(shown)
    assert events[0].response == shown[0].response  # type: ignore[union-attr]
    assert types(events).count("created") == 1
    await home.check_all()
