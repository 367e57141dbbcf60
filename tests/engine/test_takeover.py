"""P2 and P3: an engine that dies anywhere, and the one that takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import pytest
from tests.engine.kit import (
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
    types,
)

from heliograph import errors, journal, lifecycle, models, providers
from heliograph.engine import Engine
from heliograph.providers import Arguments, Finish, FunctionCall, Reasoning, Refusal, Summary, Text


class Dying(Through):
    """Lets ``appends`` commits pass and fails all later ones, as a store that is gone would."""

    def __init__(self, inner: journal.Journal, appends: int) -> None:
        super().__init__(inner)
        self.left = appends
        self.dead = asyncio.Event()

    async def commit(self) -> None:
        if self.left == 0:
            self.dead.set()
            raise errors.JournalError("the store is gone")
        self.left -= 1

    async def release(self, lease: journal.Lease) -> None:
        raise AssertionError("a dead worker releases nothing")


async def idle(engine: Engine) -> None:
    """Wait until it runs nothing."""
    async with asyncio.timeout(PATIENCE):
        while engine.running:  # noqa: ASYNC110 -- an engine tells nobody when it is idle
            await asyncio.sleep(0.001)


async def crashed(home: House, body: dict[str, Any], appends: int) -> tuple[str, bool]:
    """Run until the store fails after ``appends`` commits; False where it ended before."""
    response_id = await home.submit(body)
    dying = Dying(home.store, appends)
    engine = home.new_engine(dying)
    await engine.start()
    died = asyncio.create_task(dying.dead.wait())
    ended = asyncio.create_task(home.events(response_id))
    await asyncio.wait({died, ended}, return_when=asyncio.FIRST_COMPLETED)
    await idle(engine)
    await engine.stop(0)
    for task in (died, ended):
        task.cancel()
    await asyncio.gather(died, ended, return_exceptions=True)
    await home.store.expire()  # a renewal that was under way must not see the clock move
    home.clock.now += home.limits.lease_seconds + 1
    return response_id, (await home.store.get("t", response_id)).state != "finished"


def pictures_in(events: Sequence[models.StreamEvent]) -> list[bytes]:
    return [
        item.image_bytes()
        for item in last(events).output
        if isinstance(item, models.OutputImageGenerationCallItem) and item.status == "completed"
    ]


SCENES: dict[str, tuple[Callable[[], Any], dict[str, Any], int]] = {
    "no previews": (lambda: draws("a fox"), {}, 1),
    "one preview": (lambda: draws("a fox"), {"partial_images": 1}, 1),
    "two previews": (lambda: draws("a fox"), {"partial_images": 2}, 1),
    "three previews": (lambda: draws("a fox"), {"partial_images": 3}, 1),
    "two pictures": (lambda: draws("a fox", "a hen"), {"partial_images": 1}, 2),
    "two steps": (
        lambda: Chat(
            [call("a fox"), Finish("tool_calls")], [call("a hen"), Finish("tool_calls")], [Finish()]
        ),
        {"partial_images": 1},
        2,
    ),
}


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("scene", SCENES)
async def test_a_crash_between_any_two_commits_leaves_one_valid_log_and_the_picture(
    house: Callable[..., House], scene: str, background: bool
) -> None:
    chat, tool, count = SCENES[scene]
    body = ask(tools=[TOOL | tool], background=background)
    calm = house(chat())
    whole = await calm.draw(body)
    await calm.engine.stop(0)  # or it would take the others' responses
    for appends in range(100):
        home = house(chat(), Painter(), max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        before = await home.logged(response_id)
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert events[: len(before)] == before
        assert strands(events) == strands(whole)
        assert lifecycle.check(events).ok
        assert last(events).status == "completed"
        assert pictures_in(events) == pictures_in(whole)
        assert len(pictures_in(events)) == count
        if not died:
            assert appends > len(strands(whole))
            return
    raise AssertionError("it never ended by itself")


async def test_a_picture_that_was_shown_is_not_made_again(house: Callable[..., House]) -> None:
    body = ask(tools=[TOOL])
    remade = []
    for appends in range(100):
        painter = Painter()
        home = house(draws("a fox", "a hen"), painter, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        shown = {
            event.item.prompt  # type: ignore[union-attr]
            for event in await home.logged(response_id)
            if event.type == "response.output_item.done"
        }
        first = len(painter.jobs)
        await home.engine.start()
        await home.events(response_id)
        await home.engine.stop(0)
        again = {job.prompt for job in painter.jobs[first:]}
        assert not again & shown
        remade.append(again)
        if not died:
            break
    assert {"a hen"} in remade


async def test_previews_go_on_from_the_next_index(house: Callable[..., House]) -> None:
    body = ask(tools=[TOOL | {"partial_images": 3}])
    firsts = set()
    for appends in range(100):
        painter = Painter()
        home = house(draws("a fox"), painter, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        shown = types(await home.logged(response_id)).count("image_generation_call.partial_image")
        await home.engine.start()
        await home.events(response_id)
        await home.engine.stop(0)
        if not died:
            break
        if len(painter.jobs) > 1:
            assert painter.jobs[-1].first_partial == shown
            firsts.add(shown)
            assert painter.jobs[-1].seed == painter.jobs[0].seed
    assert firsts == {0, 1, 2, 3}


HALF_OUT = {
    "text": [Text("Once "), Text("upon "), Text("a time"), Finish()],
    "refusal": [Refusal("I will "), Refusal("not"), Finish()],
    "text, then refusal": [Text("Well, "), Refusal("no"), Finish()],
    "reasoning": [Reasoning("Hm, "), Reasoning("what"), Finish()],
    "reasoning, then text": [Reasoning("Hm"), Text("Yes"), Finish()],
    "summary": [Summary("Hm, ", 0), Summary("what", 0), Summary("else", 1), Finish()],
    "arguments": [
        Text("Let me see"),
        FunctionCall("f1", "look"),
        Arguments("f1", '{"a"'),
        Arguments("f1", ":1}"),
        Finish("tool_calls"),
    ],
}
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}


@pytest.mark.parametrize("words", HALF_OUT)
async def test_words_half_out_close_as_incomplete_and_the_response_fails(
    house: Callable[..., House], words: str
) -> None:
    body = ask(tools=[LOOK])
    ends = set()
    for appends in range(100):
        home = house(Chat(HALF_OUT[words]), max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        before = await home.logged(response_id)
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert events[: len(before)] == before
        assert lifecycle.check(events).ok
        response = last(events)
        ends.add(response.status)
        if not died:
            assert response.status == "completed"
            break
        if any(event.type == "response.output_item.added" for event in before):
            assert response.status == "failed"
            assert isinstance(response.error, models.ResponsesErrorField)
            assert response.error.code == "server_error"
            assert "half out" in response.error.message
            assert response.output[-1].status == "incomplete"  # type: ignore[union-attr]
        else:
            assert response.status == "completed"
    assert ends == {"completed", "failed"}


async def test_words_then_a_picture_survive_once_the_call_is_shown(
    house: Callable[..., House],
) -> None:
    chat = Chat([Text("Here: "), call("a fox"), Finish("tool_calls")], [Finish()])
    body = ask(tools=[TOOL])
    for appends in range(100):
        home = house(chat, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        before = types(await home.logged(response_id))
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert lifecycle.check(events).ok
        half_out = "output_item.added" in before and "output_item.done" not in before
        assert last(events).status == ("failed" if half_out else "completed")
        if not died:
            return


async def test_the_sixth_takeover_ends_it(house: Callable[..., House]) -> None:
    home = house(draws("a fox"), max_pending_events=1)
    body = ask(tools=[TOOL | {"partial_images": 3}])
    response_id, _ = await crashed(home, body, 4)
    for _ in range(home.limits.max_takeovers):
        lease = await home.store.claim("w", home.catalog.capabilities(), lease=1, wait=0)
        assert lease is not None
        home.clock.now += 2
    await home.engine.start()
    events = await home.events(response_id)
    assert last(events).status == "failed"
    assert "max_takeovers" in str(last(events).error)
    assert last(events).output[0].status == "failed"  # type: ignore[union-attr]


async def test_a_worker_that_lost_its_lease_writes_nothing_more(
    house: Callable[..., House],
) -> None:
    go, begun = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        begun.set()
        await go.wait()

    home = house(draws("a fox"), Painter(pause=pause), renew_seconds=60.0, concurrency=1)
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await begun.wait()
    await home.seen(response_id, "image_generation_call.generating")
    await asyncio.sleep(0.02)  # past its last renewal for a minute
    home.clock.now += 11
    other = house(draws("a fox"), renew_seconds=0.01)
    await other.engine.start()
    events = await other.events(response_id)
    go.set()
    await idle(home.engine)
    assert await home.events(response_id) == events
    assert last(events).status == "completed"


async def test_a_drain_hands_over_and_counts_as_no_takeover(house: Callable[..., House]) -> None:
    begun = asyncio.Event()

    async def pause() -> None:
        begun.set()
        await asyncio.Event().wait()

    home = house(draws("a fox"), Painter(pause=pause))
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await begun.wait()
    await home.engine.stop(0)
    record = await home.store.get("t", response_id)
    assert (record.state, record.takeovers) == ("queued", 0)
    other = house(draws("a fox"))
    await other.engine.start()
    events = await other.events(response_id)
    assert last(events).status == "completed"
    assert types(events).count("image_generation_call.generating") == 1


async def test_running_work_may_finish_within_the_grace(house: Callable[..., House]) -> None:
    begun = asyncio.Event()

    async def pause() -> None:
        begun.set()
        await asyncio.sleep(0.05)

    home = house(draws("a fox"), Painter(pause=pause))
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await begun.wait()
    await home.engine.stop(5)
    assert (await home.store.get("t", response_id)).state == "finished"
    assert last(await home.events(response_id)).status == "completed"


async def test_a_step_that_showed_nothing_runs_again_whole(house: Callable[..., House]) -> None:
    chat = Chat([Text("Hello"), Finish()])
    home = house(chat, max_pending_events=1)
    response_id, _ = await crashed(home, ask(), 1)
    assert types(await home.logged(response_id)) in (["created"], ["created", "in_progress"])
    await home.engine.start()
    events = await home.events(response_id)
    assert last(events).status == "completed"
    assert [turn.step for turn in chat.turns] == [0] * len(chat.turns)


async def test_usage_of_steps_before_the_crash_still_counts(house: Callable[..., House]) -> None:
    usage = models.Usage(
        input_tokens=3,
        input_tokens_details=models.InputTokensDetails(cached_tokens=1),
        output_tokens=4,
        output_tokens_details=models.OutputTokensDetails(reasoning_tokens=2),
        total_tokens=7,
    )
    script = ([call("a fox"), Finish("tool_calls", usage)], [Finish("stop", usage)])
    for appends in range(100):
        home = house(Chat(*script), max_pending_events=1)
        response_id, died = await crashed(home, ask(tools=[TOOL]), appends)
        await home.engine.start()
        total = last(await home.events(response_id)).usage
        await home.engine.stop(0)
        assert isinstance(total, models.Usage)
        assert (total.input_tokens, total.output_tokens, total.total_tokens) == (6, 8, 14)
        if not died:
            return


class Reluctant(Chat):
    """Takes its time to close after its last part."""

    def __init__(self, *steps: Sequence[Any]) -> None:
        super().__init__(*steps)
        self.closing, self.close = asyncio.Event(), asyncio.Event()

    async def answer(self, turn: providers.ChatTurn) -> AsyncGenerator[providers.ChatPart, None]:
        try:
            async for part in super().answer(turn):
                yield part
        finally:
            self.closing.set()
            await self.close.wait()


@pytest.mark.parametrize("hand_over", [False, True])
async def test_a_last_step_comes_to_its_end_once_that_is_shown(
    house: Callable[..., House], hand_over: bool
) -> None:
    chat = Reluctant([Text("Once"), Finish()])
    home = house(chat)
    response_id = await home.submit(ask())
    await home.engine.start()
    await chat.closing.wait()
    stopping = asyncio.create_task(home.engine.stop(0)) if hand_over else None
    await asyncio.sleep(0.02)
    assert "output_text.done" not in types(await home.logged(response_id))
    chat.close.set()
    events = await home.events(response_id)
    assert last(events).status == "completed"
    assert len(chat.turns) == 1
    if stopping is not None:
        await stopping
