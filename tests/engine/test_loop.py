"""One response from the request to its end: steps, tools, pictures, and how they show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pybase64
import pytest
from tests.engine.kit import (
    CHAT,
    PAINTER,
    TOOL,
    Chat,
    House,
    Painter,
    Through,
    ask,
    call,
    draws,
    last,
    text_of,
    types,
)

from heliograph import errors, journal, models, providers
from heliograph.engine import render, wire_size
from heliograph.providers import Arguments, Finish, FunctionCall, Reasoning, Refusal, Summary, Text
from heliograph.providers.chat import Direct

Build = Callable[..., House]
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}
OPENROUTER = "openrouter:image_generation"


def item_of(events: list[models.StreamEvent], index: int = 0) -> Any:
    return last(events).output[index]


@pytest.mark.parametrize("partials", [0, 1, 2, 3])
async def test_a_picture_passes_every_stage(house: Build, partials: int) -> None:
    home = house(draws("a fox"))
    events = await home.draw(ask(tools=[TOOL | {"partial_images": partials}]))
    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        *["image_generation_call.partial_image"] * partials,
        "image_generation_call.completed",
        "output_item.done",
        "completed",
    ]
    item = item_of(events)
    assert isinstance(item, models.OutputImageGenerationCallItem)
    assert (item.status, item.action, item.revised_prompt) == ("completed", "generate", "a fox")
    assert (item.size, item.quality, item.background) == ("8x8", "low", "opaque")
    seed = sum(b"a fox")
    assert item.image_bytes() == b"a fox/%d/9" % seed
    previews = [e for e in events if isinstance(e, models.ImageGenCallPartialImageEvent)]
    assert [e.image_bytes() for e in previews] == [
        b"a fox/%d/%d" % (seed, i) for i in range(partials)
    ]


async def test_pictures_are_stored_once_and_the_log_refers_to_them(house: Build) -> None:
    home = house(draws("a fox", "a hen"), Painter(size=100_000))
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    await home.events(response_id)
    record = await home.store.get("t", response_id)
    assert record.snapshot is not None
    assert len(record.snapshot.blobs) == 2
    assert len(record.snapshot.data) < 10_000
    entries = [e async for frame in home.store.read("t", response_id) for e in frame.entries]
    assert [len(e.blobs) for e in entries if e.blobs] == [1, 1, 2]
    for entry in entries:
        pieces = await render(entry, home.store.blobs)
        assert sum(map(len, pieces)) == wire_size(entry)
        assert b"".join(pieces).startswith(b'{"type":"')


async def test_no_text_of_the_model_is_taken_for_a_picture(house: Build) -> None:
    chat = Chat([Text("hg0123456789abcdef" * 20), call("hg" + "0" * 94), Finish()], [Finish()])
    events = await house(chat).draw(ask(tools=[TOOL]))
    assert text_of(last(events).output[0]) == "hg0123456789abcdef" * 20
    assert item_of(events, 1).prompt == "hg" + "0" * 94


async def test_background_is_queued_first(house: Build) -> None:
    events = await house(draws("a fox")).draw(ask(tools=[TOOL], background=True))
    assert types(events)[:3] == ["created", "queued", "in_progress"]
    assert [e.response.status for e in events[:3]] == ["queued", "queued", "in_progress"]  # type: ignore[union-attr]


async def test_words_of_every_kind(house: Build) -> None:
    chat = Chat(
        [
            Reasoning("Let "),
            Reasoning("me think"),
            Text("I "),
            Text(""),
            Text("would, "),
            Refusal("but no"),
            Finish(),
        ]
    )
    events = await house(chat).draw(ask())
    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert item_of(events, 0).content[0].text == "Let me think"
    assert item_of(events, 1).content[0].text == "I would, "
    assert item_of(events, 1).content[1].refusal == "but no"


async def test_a_summary_is_shown_as_one_beside_the_reasoning(house: Build) -> None:
    chat = Chat(
        [
            Summary("First ", 0),
            Summary("this", 0),
            Summary("then that", 1),
            Reasoning("Hm"),
            Summary("so", 2),
            Text("Yes"),
            Finish(),
        ]
    )
    events = await house(chat).draw(ask())
    part = ["reasoning_summary_text.done", "reasoning_summary_part.done"]
    begun = ["reasoning_summary_part.added", "reasoning_summary_text.delta"]
    assert types(events)[2:20] == [
        "output_item.added",
        *begun,
        "reasoning_summary_text.delta",
        *part,
        *begun,
        *part,
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        *begun,
        *part,
    ]
    item = item_of(events)
    assert [part.text for part in item.summary] == ["First this", "then that", "so"]
    assert [part.text for part in item.content] == ["Hm"]
    assert item_of(events, 1).content[0].text == "Yes"


async def test_functions_end_the_turn(house: Build) -> None:
    chat = Chat(
        [
            FunctionCall("f1", "look"),
            Arguments("f1", '{"at":'),
            Arguments("f1", '"it"}'),
            FunctionCall("f2", "look"),
            Finish("tool_calls"),
        ],
        [AssertionError("a second step")],
    )
    events = await house(chat).draw(ask(tools=[LOOK]))
    assert [i.arguments for i in last(events).output] == ['{"at":"it"}', "{}"]  # type: ignore[union-attr]
    assert [i.call_id for i in last(events).output] == ["f1", "f2"]  # type: ignore[union-attr]
    assert last(events).status == "completed"


async def test_functions_beside_a_picture_end_the_turn_after_it(house: Build) -> None:
    chat = Chat(
        [call("a fox"), FunctionCall("f1", "look"), Finish("tool_calls")],
        [AssertionError("a second step")],
    )
    events = await house(chat).draw(ask(tools=[LOOK, TOOL]))
    assert [i.type for i in last(events).output] == ["function_call", "image_generation_call"]
    assert last(events).status == "completed"


async def test_the_model_is_given_the_finished_item_and_can_see_the_picture(house: Build) -> None:
    seen = []
    chat = Chat([call("a fox"), Finish()], [])

    async def look() -> None:
        turn = chat.turns[-1]
        item = turn.input[-1]
        assert isinstance(item, models.OutputImageGenerationCallItem)
        assert (item.status, item.prompt, item.result) == ("completed", "a fox", None)
        assert turn.picture is not None
        seen.append(await turn.picture(item.id))

    chat.steps = (chat.steps[0], [look, Text("Done."), Finish()])
    events = await house(chat).draw(ask(tools=[TOOL], instructions="Be brief."))
    assert seen == [item_of(events).image_bytes()]
    assert [turn.step for turn in chat.turns] == [0, 1]
    assert chat.turns[0].instructions == "Be brief."
    assert isinstance(chat.turns[0].input[0], models.InputMessage)
    assert item_of(events, 1).content[0].text == "Done."


async def test_a_failed_picture_is_told_to_the_model_and_the_loop_goes_on(house: Build) -> None:
    trouble = {"a fox": errors.ProviderError("no foxes", kind="content_policy", param="prompt")}
    chat = Chat([call("a fox"), Finish()], [call("a hen"), Finish()], [Finish()])
    events = await house(chat, Painter(trouble=trouble)).draw(ask(tools=[TOOL]))
    failed, made = last(events).output
    assert isinstance(failed, models.OutputImageGenerationCallItem)
    assert failed.status == "failed"
    assert isinstance(failed.error, models.ImageGenerationCallError)
    assert failed.error.message == "no foxes"
    assert failed.error.code == "image_content_policy_violation"
    assert made.status == "completed"  # type: ignore[union-attr]
    assert last(events).status == "completed"
    assert types(events).count("image_generation_call.completed") == 1
    told = chat.turns[1].input[-1]
    assert isinstance(told, models.OutputImageGenerationCallItem)
    assert told.status == "failed"


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "image_generation"},
        "required",
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "image_generation"}],
        },
    ],
)
async def test_a_failed_picture_that_was_forced_fails_the_response(
    house: Build, choice: Any
) -> None:
    trouble = {"a fox": errors.ProviderError("no foxes", kind="rate_limit")}
    home = house(draws("a fox"), Painter(trouble=trouble))
    events = await home.draw(ask(tools=[TOOL], tool_choice=choice))
    assert last(events).status == "failed"
    error = last(events).error
    assert isinstance(error, models.ResponsesErrorField)
    assert (error.code, error.message) == ("rate_limit_exceeded", "no foxes")


async def test_openrouters_tool_shows_openrouters_item(house: Build) -> None:
    trouble = {"a hen": errors.ProviderError("no hens")}
    chat = Chat([call("a fox"), call("a hen"), Finish()], [Finish()])
    tool = {"type": OPENROUTER, "parameters": {"model": PAINTER, "aspect_ratio": "16:9"}}
    painter = Painter(trouble=trouble)
    events = await house(chat, painter).draw(ask(tools=[tool]))
    fox, hen = last(events).output
    assert isinstance(fox, models.OutputImageGenerationServerToolItem)
    assert isinstance(hen, models.OutputImageGenerationServerToolItem)
    assert (fox.status, fox.revised_prompt) == ("completed", "a fox")
    assert (hen.status, hen.error) == ("incomplete", "no hens")
    assert fox.image_bytes() == b"a fox/%d/9" % sum(b"a fox")
    assert painter.jobs[0].aspect_ratio == "16:9"


async def test_the_clients_settings_reach_the_image_model(house: Build) -> None:
    painter = Painter("image")
    url = "data:image/png;base64," + pybase64.b64encode(b"mask").decode()
    tool = TOOL | {
        "size": "1024x512",
        "quality": "high",
        "background": "transparent",
        "output_format": "webp",
        "output_compression": 50,
        "moderation": "low",
        "seed": 7,
        "input_fidelity": "high",
        "input_image_mask": {"image_url": url},
    }
    content = [
        {"type": "input_text", "text": "more like this"},
        {"type": "input_image", "detail": "auto", "image_url": url.replace("png", "jpeg")},
    ]
    earlier = {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": pybase64.b64encode(b"earlier").decode(),
    }
    home = house(draws("a fox"), painter)
    await home.draw(ask(input=[earlier, {"role": "user", "content": content}], tools=[tool]))
    assert painter.jobs == [
        providers.ImageJob(
            model=PAINTER,
            prompt="a fox",
            size="1024x512",
            quality="high",
            background="transparent",
            output_format="webp",
            output_compression=50,
            moderation="low",
            seed=7,
            action="edit",
            input_fidelity="high",
            images=(b"earlier", b"mask"),
            mask=b"mask",
        )
    ]


async def test_tool_choice_none_offers_no_tool(house: Build) -> None:
    chat = Chat([Text("No."), Finish()])
    await house(chat).draw(ask(tools=[TOOL, LOOK], tool_choice="none"))
    assert (chat.turns[0].tools, chat.turns[0].tool_choice) == ((), "none")


async def test_allowed_tools_narrow_what_is_offered(house: Build) -> None:
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "image_generation"}]}
    chat = draws("a fox")
    await house(chat).draw(ask(tools=[LOOK, TOOL], tool_choice=choice))
    assert [tool.type for tool in chat.turns[0].tools] == ["image_generation"]


async def test_a_must_holds_for_the_first_step_only(house: Build) -> None:
    chat = draws("a fox")
    events = await house(chat).draw(ask(tools=[TOOL], tool_choice="required"))
    assert [turn.tool_choice for turn in chat.turns] == ["required", "auto"]
    assert last(events).status == "completed"


@pytest.mark.parametrize(
    ("script", "more", "message"),
    [
        ([Text("Hi"), Finish()], {"tools": [TOOL], "tool_choice": "required"}, "tool_choice"),
        ([call("a fox"), Finish()], {"tools": [LOOK]}, "not offered"),
        ([FunctionCall("f", "see"), Finish()], {"tools": [LOOK]}, "not offered"),
        ([Arguments("f", "{}"), Finish()], {"tools": [LOOK]}, "was not called"),
        ([Text("Hi")], {}, "without a finish"),
        ([Text("Hi"), errors.ProviderError("gone", kind="timeout")], {}, "gone"),
        ([Text("Hi"), ZeroDivisionError("oops")], {}, "ZeroDivisionError"),
    ],
)
async def test_what_a_model_may_not_do_fails_the_response(
    house: Build, script: Any, more: Any, message: str
) -> None:
    events = await house(Chat(script)).draw(ask(**more))
    assert last(events).status == "failed"
    error = last(events).error
    assert isinstance(error, models.ResponsesErrorField)
    assert error.code == "server_error"
    assert message in error.message


async def test_a_painters_bug_fails_the_response_and_closes_the_item(house: Build) -> None:
    painter = Painter(trouble={"a fox": ZeroDivisionError("oops")})
    events = await house(draws("a fox"), painter).draw(ask(tools=[TOOL]))
    assert last(events).status == "failed"
    assert item_of(events).status == "failed"


@pytest.mark.parametrize(
    ("reason", "said"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
async def test_a_cut_off_answer_is_incomplete(house: Build, reason: Any, said: str) -> None:
    events = await house(Chat([Text("Hel"), Finish(reason)])).draw(ask())
    assert last(events).status == "incomplete"
    assert last(events).incomplete_details == models.IncompleteDetails(reason=said)
    assert item_of(events).status == "incomplete"


async def test_calls_over_max_tool_calls_are_ignored(house: Build) -> None:
    chat = Chat(
        [call("a"), call("b"), Finish()], [call("c"), call("d"), Finish()], [Text("x"), Finish()]
    )
    events = await house(chat).draw(ask(tools=[TOOL], max_tool_calls=3))
    assert [getattr(i, "prompt", None) for i in last(events).output] == ["a", "b", "c", None]
    assert chat.turns[2].tools == ()


async def test_a_model_that_never_stops_is_stopped(house: Build) -> None:
    chat = Chat([call("a"), Finish()], repeat=True)
    events = await house(chat, max_steps=3).draw(ask(tools=[TOOL]))
    assert last(events).status == "failed"
    assert "max_steps" in last(events).error.message  # type: ignore[union-attr]


async def test_a_picture_over_the_limit_fails_its_call_and_names_the_limit(house: Build) -> None:
    home = house(draws("a fox"), Painter(size=2000), max_picture_bytes=1000)
    events = await home.draw(ask(tools=[TOOL]))
    assert "max_picture_bytes" in item_of(events).error.message
    assert last(events).status == "completed"


async def test_pictures_that_come_to_too_much_together_fail_and_name_the_limit(
    house: Build,
) -> None:
    home = house(draws("a", "b"), Painter(size=3000), max_response_bytes=8000)
    events = await home.draw(ask(tools=[TOOL]))
    assert [i.status for i in last(events).output] == ["completed", "failed"]  # type: ignore[union-attr]
    assert "max_response_bytes" in item_of(events, 1).error.message
    assert len(models.encode(events[-1])) < 8000


async def test_an_endless_answer_is_cut_off(house: Build) -> None:
    chat = Chat([*[Text("\x00" * 100)] * 1000, Finish()])
    events = await house(chat, max_text_bytes=20_000).draw(ask())
    assert last(events).status == "incomplete"
    assert 18_000 < len(models.encode(events[-1])) < 23_000


async def test_a_character_cut_in_two_by_an_upstream_comes_through(house: Build) -> None:
    chat = Chat([Text("Once \ud83d"), Text("\ude00"), Finish()])
    response = last(await house(chat).draw(ask()))
    assert response.status == "completed"
    assert text_of(response.output[0]) == "Once \U0001f600"


class Slow(Through):
    """A store whose commits take a while."""

    async def commit(self) -> None:
        await asyncio.sleep(0.005)


async def test_deltas_that_arrive_during_a_commit_go_in_one_frame(house: Build) -> None:
    home = house(Chat([*[Text("x")] * 500, Finish()]))
    response_id = await home.submit(ask())
    engine = home.new_engine(Slow(home.store))
    await engine.start()
    await home.events(response_id)
    await engine.stop(1)
    frames = [frame async for frame in home.store.read("t", response_id)]
    assert len(frames) < 100
    assert sum(len(frame.entries) for frame in frames) == 508


async def test_a_provider_is_not_asked_for_more_than_the_store_takes(house: Build) -> None:
    home = house(Chat([*[Text("x")] * 200, Finish()]), max_pending_events=10)
    response_id = await home.submit(ask())
    engine = home.new_engine(Slow(home.store))
    await engine.start()
    await home.events(response_id)
    await engine.stop(1)
    async for frame in home.store.read("t", response_id):
        assert len(frame.entries) <= 10 + 4


async def test_one_engine_runs_no_more_than_its_concurrency(house: Build) -> None:
    now = most = 0

    async def pause() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1

    home = house(draws("a fox"), Painter(pause=pause), concurrency=2)
    ids = [await home.submit(ask(tools=[TOOL])) for _ in range(6)]
    await home.engine.start()
    for response_id in ids:
        assert last(await home.events(response_id)).status == "completed"
    assert most == 2


async def test_usage_adds_up_over_steps_and_pictures_report_theirs(house: Build) -> None:
    def dear(tokens: int, cost: float) -> providers.PictureUsage:
        return providers.PictureUsage(
            input_tokens=tokens,
            input_text_tokens=tokens - 10,
            input_image_tokens=10,
            output_tokens=7,
            output_image_tokens=7,
            total_tokens=tokens + 7,
            cost=cost,
        )

    def usage(tokens: int, cost: float) -> models.Usage:
        return models.Usage(
            input_tokens=tokens,
            input_tokens_details=models.InputTokensDetails(cached_tokens=1),
            output_tokens=1,
            output_tokens_details=models.OutputTokensDetails(reasoning_tokens=1),
            total_tokens=tokens + 1,
            cost=cost,
        )

    class Dear(Painter):
        async def draw(self, job: providers.ImageJob) -> Any:
            async for part in super().draw(job):
                if isinstance(part, providers.Picture):
                    part = msgspec.structs.replace(part, usage=dear(100, 0.5))
                yield part

    chat = Chat(
        [call("a"), call("b"), Finish(usage=usage(5, 0.25))], [Finish(usage=usage(7, 0.25))]
    )
    response = last(await house(chat, Dear()).draw(ask(tools=[TOOL])))
    assert isinstance(response.usage, models.Usage)
    assert (response.usage.input_tokens, response.usage.total_tokens) == (12, 14)
    assert response.usage.cost == 1.5
    assert isinstance(response.tool_usage, models.ToolUsage)
    assert response.tool_usage.image_gen == models.ImageGenToolUsage(
        input_tokens=200,
        input_tokens_details=models.ImageTokensDetails(image_tokens=20, text_tokens=180),
        output_tokens=14,
        output_tokens_details=models.ImageTokensDetails(image_tokens=14, text_tokens=0),
        total_tokens=214,
    )


async def test_a_picture_of_which_nothing_is_told_reports_zeros(house: Build) -> None:
    home = house(draws("a fox"))
    used = last(await home.draw(ask(tools=[TOOL]))).tool_usage
    assert isinstance(used, models.ToolUsage)
    assert used.image_gen == models.ImageGenToolUsage(
        input_tokens=0,
        input_tokens_details=models.ImageTokensDetails(image_tokens=0, text_tokens=0),
        output_tokens=0,
        total_tokens=0,
    )


async def test_direct_draws_the_users_words(house: Build) -> None:
    painter = Painter()
    home = house(Direct(), painter)
    body = ask(model="heliograph/direct", input="狐 under the moon", tools=[TOOL])
    response = last(await home.draw(body))
    assert [job.prompt for job in painter.jobs] == ["狐 under the moon"]
    assert [item.type for item in response.output] == ["image_generation_call"]
    assert CHAT not in str(response.model)


async def test_direct_without_a_tool_says_what_it_is(house: Build) -> None:
    response = last(await house(Direct()).draw(ask(model="heliograph/direct")))
    text = text_of(response.output[0])
    assert "not a language model" in text
    assert '"image_generation"' in text


class Counting(Through):
    """Counts what is claimed out of the queue."""

    claims = 0

    async def claim(self, *given: Any, **more: Any) -> journal.Lease | None:
        lease = await super().claim(*given, **more)
        self.claims += lease is not None
        return lease


async def test_what_there_is_room_for_runs_without_being_queued(house: Build) -> None:
    home = house(draws("a fox"))
    store = Counting(home.store)
    home.engine = home.new_engine(store)
    await home.engine.start()
    events = await home.events(await home.submit(ask(tools=[TOOL])))
    assert last(events).status == "completed"
    assert store.claims == 0


async def test_an_engine_that_stops_meanwhile_leaves_it_to_be_claimed(house: Build) -> None:
    home = house(draws("a fox"))
    await home.engine.start()
    submitting = asyncio.create_task(home.submit(ask(tools=[TOOL])))
    await asyncio.sleep(0)
    await home.engine.stop(0)
    response_id = await submitting
    home.engine = home.new_engine()
    await home.engine.start()
    assert last(await home.events(response_id)).status == "completed"
    assert (await home.store.get("t", response_id)).takeovers == 0
