"""What upstreams want back with their reasoning: kept for the next steps, and over takeovers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.kit import TOOL, Chat, House, ask, call, last
from tests.engine.test_takeover import crashed

from heliograph import lifecycle, models
from heliograph.engine import Seals
from heliograph.engine._thoughts import Held, open_held, seal_held
from heliograph.providers import Finish, Reasoning, Text, Thought

SIGNED = Thought(source="up", data=b'[{"signature":"c2ln"}]')
LATE = Thought(source="up", data=b'[{"data":"eA=="}]', late=True)
INCLUDE = ["reasoning.encrypted_content"]
Build = Callable[..., House]


def told(chat: Chat) -> list[list[Thought]]:
    """What belongs to each reasoning item that the model was told of last."""
    turn = chat.turns[-1]
    items = [item for item in turn.input if item.type == "reasoning"]
    assert all(not item.encrypted_content for item in items)  # type: ignore[union-attr]
    return [list(turn.thoughts[str(item.id)]) for item in items]  # type: ignore[union-attr]


@pytest.mark.parametrize("include", [[], INCLUDE])
@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ([Reasoning("Hm."), SIGNED], [[SIGNED]]),
        ([SIGNED], [[SIGNED]]),
        ([Reasoning("Hm."), SIGNED, Text("So."), LATE], [[SIGNED], [LATE]]),
        ([Text("So."), LATE, LATE], [[LATE, LATE]]),
        ([SIGNED, Reasoning("Hm.")], [[SIGNED]]),
        ([Reasoning("Hm.")], [[]]),
    ],
)
async def test_the_next_step_has_what_the_one_before_gave(
    house: Build, include: list[str], step: list[Any], wanted: list[list[Thought]]
) -> None:
    chat = Chat([*step, call("a fox"), Finish("tool_calls")], [Finish()])
    home = house(chat)
    events = await home.draw(ask(tools=[TOOL], include=include))
    assert last(events).status == "completed"
    found = [each for each in told(chat) if each or wanted == [[]]]
    assert found == wanted
    sealed = [
        item.encrypted_content
        for item in last(events).output
        if isinstance(item, models.OutputReasoningItem)
    ]
    if include:
        seal = home.seals.of("t")
        held = [open_held(str(text), seal, "x").thoughts for text in sealed]
        assert [each for each in held if each or wanted == [[]]] == wanted
    else:
        assert not any(sealed)


async def test_who_takes_over_has_what_was_sealed(house: Build) -> None:
    body = ask(tools=[TOOL], include=INCLUDE)
    taken_over = 0
    for appends in range(100):
        chat = Chat([Reasoning("Hm."), SIGNED, call("a fox"), Finish("tool_calls")], [Finish()])
        home = house(chat, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        steps = len(chat.turns)
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert lifecycle.check(events).ok
        if last(events).status == "completed":
            assert told(chat) == [[SIGNED]]
            taken_over += died and steps == 1 and len(chat.turns) == 2
        if not died:
            break
    assert taken_over, "no crash fell between the two steps"


async def test_who_takes_over_with_another_secret_goes_on_without(house: Build) -> None:
    body = ask(tools=[TOOL], include=INCLUDE)
    for appends in range(100):
        chat = Chat([Reasoning("Hm."), SIGNED, call("a fox"), Finish("tool_calls")], [Finish()])
        home = house(chat, max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        steps = len(chat.turns)
        home.seals = Seals()
        engine = home.new_engine()
        await engine.start()
        events = await home.events(response_id)
        await engine.stop(0)
        assert died, "no crash fell between the two steps"
        if steps == 1 and len(chat.turns) == 2 and last(events).status == "completed":
            break
    assert told(chat) == [[]]


def test_what_is_held_comes_out_as_it_went_in() -> None:
    seal = Seals().of("t")
    held = Held(texts=["Hm.", ""], thoughts=[SIGNED, LATE])
    assert open_held(seal_held(held, seal), seal, "x") == held
