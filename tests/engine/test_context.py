"""What a model is told of the turns before, and what becomes of a run whose past is erased."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pybase64
import pytest
from tests.engine.kit import PAINTER, TOOL, Chat, House, Painter, ask, call, draws, last

from heliograph import errors, models
from heliograph.providers import Arguments, Finish, FunctionCall, Text

Build = Callable[..., House]
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}
PNG = b"not really a png"
URL = f"data:image/png;base64,{pybase64.b64encode(PNG).decode()}"


async def turn(house: House, **body: Any) -> models.OpenResponsesResult:
    """One turn, looked up, run to its end."""
    data = json.dumps(ask(**body)).encode()
    request = models.decode(models.ResponsesRequest, data)
    plan = house.engine.check(request, await house.engine.resolve("t", request))
    created = await house.engine.submit("t", request, data, plan)
    house.ids.append(("t", created.response_id))
    await house.engine.start()
    return last(await house.events(created.response_id))


def told(chat: Chat) -> list[tuple[str, str]]:
    """The last turn's input: (type or role, text)."""
    found = []
    for item in chat.turns[-1].input:
        content = getattr(item, "content", None)
        parts = content if isinstance(content, list) else []
        text = content if isinstance(content, str) else "".join(p.text for p in parts)  # type: ignore[union-attr]
        found.append((getattr(item, "role", item.type), text))
    return found


async def test_a_model_is_told_the_earlier_turns_oldest_first(house: Build) -> None:
    chat = Chat([Text("yes"), Finish()], repeat=True)
    here = house(chat)
    first = await turn(here, input="one", instructions="be brief")
    second = await turn(here, input="two", previous_response_id=first.id)
    await turn(here, input="three", previous_response_id=second.id, instructions="be long")
    assert told(chat) == [
        ("user", "one"),
        ("assistant", "yes"),
        ("user", "two"),
        ("assistant", "yes"),
        ("user", "three"),
    ]
    assert [each.instructions for each in chat.turns] == ["be brief", None, "be long"]


async def test_a_function_called_in_the_turn_before_is_answered(house: Build) -> None:
    chat = Chat([FunctionCall("c1", "look"), Arguments("c1", "{}"), Finish("tool_calls")])
    here = house(chat)
    first = await turn(here, tools=[LOOK])
    output = {"type": "function_call_output", "call_id": "c1", "output": "a fox"}
    with pytest.raises(errors.BadRequest, match="no function_call"):
        await turn(here, tools=[LOOK], input=[output])
    await turn(here, tools=[LOOK], input=[output], previous_response_id=first.id)
    kinds = [item.type for item in chat.turns[-1].input]
    assert kinds == ["message", "function_call", "function_call_output"]


async def test_a_model_sees_the_pictures_of_earlier_turns(house: Build) -> None:
    chat, painter = draws("a fox"), Painter("image")
    here = house(chat, painter)
    look = [{"role": "user", "content": [{"type": "input_image", "image_url": URL}]}]
    first = await turn(here, tools=[TOOL], input=look)
    await turn(here, tools=[TOOL], previous_response_id=first.id)
    shown, made = chat.turns[-1].input[:2]
    assert isinstance(shown, models.InputMessage)
    assert shown.content[0].image_url == URL  # type: ignore[index, union-attr]
    assert isinstance(made, models.OutputImageGenerationCallItem)
    assert made.result is None
    picture = chat.turns[-1].picture
    assert picture is not None
    drawn = first.output[0].image_bytes()  # type: ignore[union-attr]
    assert await picture(made.id) == drawn
    assert painter.jobs[-1].images == (PNG, drawn)


async def test_openrouters_item_is_an_earlier_picture_too(house: Build) -> None:
    chat, painter = draws("a fox"), Painter("image")
    here = house(chat, painter)
    tools = [{"type": "openrouter:image_generation", "parameters": {"model": PAINTER}}]
    first = await turn(here, tools=tools)
    second = await turn(here, tools=tools, previous_response_id=first.id)
    drawn = first.output[0].image_bytes()  # type: ignore[union-attr]
    assert painter.jobs[-1].images == (drawn,)
    named = [{"type": "item_reference", "id": second.output[0].id}]  # type: ignore[union-attr]
    await turn(here, tools=tools, input=[{"role": "user", "content": "x"}, *named])
    assert painter.jobs[-1].images == (second.output[0].image_bytes(),)  # type: ignore[union-attr]
    assert chat.turns[-1].input[1].type == "openrouter:image_generation"


async def test_the_newest_earlier_pictures_are_given_where_there_is_room(house: Build) -> None:
    painter = Painter("image")
    here = house(Chat([call("a"), Finish("tool_calls")], [Finish()]), painter, max_references=2)
    made = [await turn(here, tools=[TOOL])]
    for _ in range(3):
        made.append(await turn(here, tools=[TOOL], previous_response_id=made[-1].id))
    pictures = [each.output[0].image_bytes() for each in made]  # type: ignore[union-attr]
    assert painter.jobs[-1].images == tuple(pictures[1:3])


async def test_a_run_needs_no_earlier_response(house: Build) -> None:
    painter = Painter("image")
    here = house(draws("a fox"), painter, max_queued_seconds=0.0)
    first = await turn(here, tools=[TOOL])
    await here.engine.stop(0)
    body = ask(tools=[TOOL], previous_response_id=first.id)
    data = json.dumps(body).encode()
    request = models.decode(models.ResponsesRequest, data)
    plan = here.engine.check(request, await here.engine.resolve("t", request))
    created = await here.engine.submit("t", request, data, plan)
    here.ids.append(("t", created.response_id))
    await here.store.delete("t", first.id)
    here.clock.now += 10 * 24 * 3600
    await here.store.expire()
    await here.engine.start()
    assert last(await here.events(created.response_id)).status == "completed"
    assert painter.jobs[-1].images == (first.output[0].image_bytes(),)  # type: ignore[union-attr]


async def test_what_is_erased_between_the_look_and_the_create_is_not_found(house: Build) -> None:
    here = house(draws("a fox"), Painter("image"))
    first = await turn(here, tools=[TOOL])
    data = json.dumps(ask(tools=[TOOL], previous_response_id=first.id)).encode()
    request = models.decode(models.ResponsesRequest, data)
    plan = here.engine.check(request, await here.engine.resolve("t", request))
    await here.store.delete("t", first.id)
    here.clock.now += 10 * 24 * 3600
    await here.store.expire()
    with pytest.raises(errors.BadRequest) as refused:
        await here.engine.submit("t", request, data, plan)
    assert refused.value.code == "previous_response_not_found"


async def test_a_call_that_was_cut_off_is_not_told(house: Build) -> None:
    chat = Chat([FunctionCall("c1", "look"), Arguments("c1", '{"a'), Finish("length")])
    here = house(chat)
    first = await turn(here, tools=[LOOK])
    assert first.status == "incomplete"
    await turn(here, tools=[LOOK], previous_response_id=first.id)
    assert [item.type for item in chat.turns[-1].input] == ["message", "message"]
