"""Several pictures at once in one response: interleaved, bounded, each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from tests.engine.kit import (
    PAINTER,
    PATIENCE,
    TOOL,
    Chat,
    House,
    Painter,
    Through,
    ask,
    call,
    draws,
    last,
    strands,
)
from tests.engine.test_takeover import crashed, pictures_in

from heliograph import errors, journal, lifecycle, models, providers
from heliograph.providers import Arguments, Finish, FunctionCall, Text

Build = Callable[..., House]
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}


class Gates(Painter):
    """Draws once the prompt's gate is open; knows how many it draws at a time."""

    def __init__(self, *modalities: str, **more: Any) -> None:
        super().__init__(*modalities, **more)
        self.gates: dict[str, asyncio.Event] = {}
        self.begun: list[str] = []
        self.now = self.most = 0

    def gate(self, prompt: str) -> asyncio.Event:
        return self.gates.setdefault(prompt, asyncio.Event())

    async def began(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.begun) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def draw(self, job: providers.ImageJob) -> AsyncGenerator[providers.ImagePart, None]:
        self.begun.append(job.prompt)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate(job.prompt).wait()
            async for part in super().draw(job):
                yield part
        finally:
            self.now -= 1


async def test_the_second_picture_may_be_finished_before_the_first(house: Build) -> None:
    painter = Gates()
    home = house(draws("a fox", "a hen"), painter)
    response_id = await home.submit(ask(tools=[TOOL | {"partial_images": 1}]))
    await home.engine.start()
    await painter.began(2)
    painter.gate("a hen").set()
    await home.seen(response_id, "image_generation_call.completed")
    done = [e for e in await home.logged(response_id) if e.type == "response.output_item.done"]
    assert [e.output_index for e in done] == [1]
    painter.gate("a fox").set()
    events = await home.events(response_id)
    assert [i.prompt for i in last(events).output] == ["a fox", "a hen"]  # type: ignore[union-attr]
    assert [i.status for i in last(events).output] == ["completed"] * 2  # type: ignore[union-attr]
    assert strands(events)[0] == strands(events)[1]


async def test_no_more_than_max_calls_at_once_are_under_way(house: Build) -> None:
    painter = Gates()
    prompts = [f"picture {n}" for n in range(6)]
    home = house(draws(*prompts), painter, max_calls_at_once=2)
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    for begun in range(2, 7):
        await painter.began(begun)
        assert painter.begun == prompts[:begun]
        painter.gate(prompts[begun - 2]).set()
    painter.gate(prompts[5]).set()
    assert len(pictures_in(await home.events(response_id))) == 6
    assert painter.most == 2


async def test_one_that_fails_does_not_end_the_others(house: Build) -> None:
    painter = Gates(trouble={"a fox": errors.ProviderError("no foxes")})
    chat = Chat([call("a fox", "1"), call("a hen", "2"), Finish()], [Text("Well."), Finish()])
    home = house(chat, painter)
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await painter.began(2)
    painter.gate("a fox").set()
    await home.seen(response_id, "output_item.done")
    painter.gate("a hen").set()
    events = await home.events(response_id)
    assert [getattr(i, "status", None) for i in last(events).output] == [
        "failed",
        "completed",
        "completed",
    ]
    assert last(events).status == "completed"


@pytest.mark.parametrize("tool", ["image_generation", "openrouter:image_generation"])
async def test_a_forced_picture_that_failed_fails_the_response_wherever_it_crashed(
    house: Build, tool: str
) -> None:
    given = TOOL if tool == "image_generation" else {"type": tool, "parameters": {"model": PAINTER}}
    body = ask(tools=[given], tool_choice={"type": tool})
    for appends in range(100):
        painter = Painter(trouble={"a fox": errors.ProviderError("no foxes")})
        home = house(draws("a fox", "a hen"), painter, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert last(events).status == "failed"
        assert "no foxes" in str(last(events).error)
        assert last(events).output[1].status == "completed"  # type: ignore[union-attr]
        if not died:
            return
    raise AssertionError("it never ended by itself")


class Turns(Painter):
    """Draws two pictures so that their previews come in turn."""

    async def draw(self, job: providers.ImageJob) -> AsyncGenerator[providers.ImagePart, None]:
        async for part in super().draw(job):
            await asyncio.sleep(0.002 if job.prompt == "a fox" else 0.001)
            yield part


@pytest.mark.parametrize("failing", [None, "a fox", "a hen"])
async def test_a_crash_with_two_under_way_lets_each_go_on_in_its_item(
    house: Build, failing: str | None
) -> None:
    body = ask(tools=[TOOL | {"partial_images": 3}])
    trouble = {failing: errors.ProviderError("no")} if failing else {}
    calm = house(draws("a fox", "a hen"), Turns(trouble=trouble))
    whole = await calm.draw(body)
    await calm.engine.stop(0)
    both = 0
    for appends in range(100):
        painter = Turns(trouble=trouble)
        home = house(draws("a fox", "a hen"), painter, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        before = await home.logged(response_id)
        shown = strands(before)
        first = len(painter.jobs)
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert events[: len(before)] == before
        assert strands(events) == strands(whole)
        assert lifecycle.check(events).ok
        assert pictures_in(events) == pictures_in(whole)
        left = {job.prompt: job.first_partial for job in painter.jobs[first:]}
        for index, prompt in enumerate(("a fox", "a hen")):
            past = shown.get(index, [])
            assert (prompt in left) == ("output_item.done" not in past and died)
            if prompt in left:
                assert left[prompt] == past.count("image_generation_call.partial_image")
        both += len(left) == 2 and min(left.values()) > 0
        if not died:
            break
    assert both
    assert appends > 10


async def test_a_cancel_closes_all_that_are_under_way(house: Build) -> None:
    painter = Gates()
    home = house(draws("a fox", "a hen", "a cow"), painter, max_calls_at_once=2)
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await painter.began(2)
    await home.store.cancel("t", response_id)
    events = await home.events(response_id)
    assert last(events).status == "cancelled"
    assert [i.status for i in last(events).output] == ["failed"] * 3  # type: ignore[union-attr]
    assert {i.error.code for i in last(events).output} == {"cancelled"}  # type: ignore[union-attr]
    await home.engine.stop(0)
    assert (painter.now, painter.begun) == (0, ["a fox", "a hen"])


async def test_a_bug_in_one_stops_the_others_and_fails_the_response(house: Build) -> None:
    painter = Gates(trouble={"a fox": ZeroDivisionError("oops")})
    home = house(draws("a fox", "a hen"), painter)
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await painter.began(2)
    painter.gate("a fox").set()
    events = await home.events(response_id)
    assert last(events).status == "failed"
    assert [i.status for i in last(events).output] == ["failed"] * 2  # type: ignore[union-attr]
    assert painter.now == 0


class SlowBlobs(journal.BlobStore):
    """Takes a while to store a picture."""

    def __init__(self, inner: journal.BlobStore) -> None:
        self.inner = inner

    async def put(self, data: bytes) -> str:
        await asyncio.sleep(0.02)
        return await self.inner.put(data)

    async def get(self, sha256: str) -> bytes:
        return await self.inner.get(sha256)


async def test_pictures_stored_at_the_same_time_keep_max_response_bytes_together(
    house: Build,
) -> None:
    home = house(draws("a", "b"), Painter(size=3000), max_response_bytes=8000)
    slow = Through(home.store)
    slow.blobs = SlowBlobs(home.store.blobs)
    engine = home.new_engine(slow)
    response_id = await home.submit(ask(tools=[TOOL]))
    await engine.start()
    events = await home.events(response_id)
    await engine.stop(0)
    assert sorted(i.status for i in last(events).output) == ["completed", "failed"]  # type: ignore[union-attr]
    assert "max_response_bytes" in str([getattr(i, "error", None) for i in last(events).output])
    assert len(models.encode(events[-1])) < 8000


async def test_max_tool_calls_counts_pictures_made_at_once(house: Build) -> None:
    painter = Painter()
    chat = Chat([*[call(str(n), str(n)) for n in range(5)], Finish()], [Text("x"), Finish()])
    events = await house(chat, painter).draw(ask(tools=[TOOL], max_tool_calls=3))
    assert [job.prompt for job in painter.jobs] == ["0", "1", "2"]
    assert len(last(events).output) == 4


async def test_without_parallel_calls_one_call_of_a_step_is_served(house: Build) -> None:
    chat = Chat(
        [call("a fox", "1"), call("a hen", "2"), FunctionCall("f", "look"), Finish()],
        [FunctionCall("f", "look"), Arguments("f", "{}"), FunctionCall("g", "look"),
         Arguments("g", '{"a":1}'), call("a cow", "3"), Finish()],
    )  # fmt: skip
    body = ask(tools=[TOOL, LOOK], parallel_tool_calls=False)
    painter = Painter()
    events = await house(chat, painter).draw(body)
    output: list[Any] = list(last(events).output)
    assert [item.type for item in output] == ["image_generation_call", "function_call"]
    assert (output[0].prompt, output[1].call_id, output[1].arguments) == ("a fox", "f", "{}")
    assert [job.prompt for job in painter.jobs] == ["a fox"]


async def test_an_edit_is_given_what_earlier_steps_made(house: Build) -> None:
    chat = Chat(
        [call("a fox"), Finish()],
        [
            providers.HostedCall("2", "at night", "edit"),
            providers.HostedCall("3", "in snow", "edit"),
            Finish(),
        ],
        [Finish()],
    )
    painter = Painter("image")
    await house(chat, painter).draw(ask(tools=[TOOL]))
    fox = painter.bytes_of(painter.jobs[0], 9)
    assert [job.images for job in painter.jobs] == [(), (fox,), (fox,)]


@pytest.mark.parametrize("modalities", [(), ("image",)])
async def test_an_edit_of_nothing_is_a_new_picture(house: Build, modalities: Any) -> None:
    chat = Chat([providers.HostedCall("1", "a fox", "edit"), Finish()], [Finish()])
    painter = Painter(*modalities)
    events = await house(chat, painter).draw(ask(tools=[TOOL]))
    assert painter.jobs[0].action == "generate"
    assert last(events).output[0].action == "generate"  # type: ignore[union-attr]
