"""Custom tools in the loop: calls with free text, their outputs, choices and crashes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.kit import TOOL, Chat, House, ask, call, last, types
from tests.engine.test_takeover import crashed

from heliograph import errors, lifecycle, models
from heliograph.providers import Arguments, CustomCall, CustomInput, Finish, FunctionCall, Text

Build = Callable[..., House]
PATCH: dict[str, Any] = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/s"},
}
NOTE = {"type": "custom", "name": "note", "format": {"type": "text"}}
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}
WRITES = [
    CustomCall("c1", "apply_patch"),
    CustomInput("c1", "*** Begin "),
    CustomInput("c1", "Patch\n"),
    Finish("tool_calls"),
]


async def test_a_custom_call_streams_its_input_and_ends_the_turn(house: Build) -> None:
    chat = Chat(WRITES, [AssertionError("a second step")])
    events = await house(chat).draw(ask(tools=[PATCH]))
    assert types(events)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    item = last(events).output[0]
    assert isinstance(item, models.OutputCustomToolCallItem)
    assert (item.name, item.call_id, item.status) == ("apply_patch", "c1", "completed")
    assert item.input == "*** Begin Patch\n"
    assert item.id == last(events).id.replace("resp_", "ctc_") + "o0"
    assert last(events).tools[0] == chat.turns[0].tools[0]
    assert isinstance(chat.turns[0].tools[0], models.CustomTool)


async def test_calls_of_every_kind_in_one_step(house: Build) -> None:
    chat = Chat(
        [
            FunctionCall("f", "look"),
            CustomCall("c", "note"),
            Arguments("f", '{"a": "\ud83d'),
            CustomInput("c", "half \ud83d"),
            Arguments("f", '\ude00"}'),
            CustomInput("c", "\ude00, whole"),
            call("a fox"),
            Finish("tool_calls"),
        ],
        [AssertionError("a second step")],
    )
    events = await house(chat).draw(ask(tools=[LOOK, NOTE, TOOL]))
    first, second, third = last(events).output
    assert first.arguments == '{"a": "\U0001f600"}'  # type: ignore[union-attr]
    assert second.input == "half \U0001f600, whole"  # type: ignore[union-attr]
    assert third.type == "image_generation_call"


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "custom", "name": "note"},
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "custom", "name": "note"}],
        },
    ],
)
async def test_a_choice_of_a_custom_tool_narrows_and_forces(house: Build, choice: Any) -> None:
    chat = Chat([CustomCall("c", "note"), Finish("tool_calls")])
    home = house(chat)
    events = await home.draw(ask(tools=[LOOK, PATCH, NOTE], tool_choice=choice))
    assert last(events).status == "completed"
    assert [tool.name for tool in chat.turns[0].tools] == ["note"]  # type: ignore[union-attr]
    assert chat.turns[0].tool_choice == "required"
    chat.steps = ([Text("No."), Finish()],)
    events = await home.draw(ask(tools=[LOOK, NOTE], tool_choice=choice))
    assert last(events).status == "failed"
    assert "tool_choice" in str(last(events).error)


@pytest.mark.parametrize(
    "script",
    [
        [CustomCall("c", "look"), Finish()],
        [FunctionCall("c", "note"), Finish()],
        [CustomCall("c", "write"), Finish()],
        [CustomInput("c", "x"), Finish()],
    ],
)
async def test_a_call_of_what_was_not_offered_as_such_fails(house: Build, script: Any) -> None:
    events = await house(Chat(script)).draw(ask(tools=[LOOK, NOTE]))
    assert last(events).status == "failed"
    assert "not" in str(last(events).error)


@pytest.mark.parametrize(
    ("field", "tool"),
    [
        ("tools[0].name", {"type": "custom"}),
        ("tools[0].parameters", {**NOTE, "parameters": {}}),
        ("tools[0].description", {**NOTE, "description": 5}),
        ("tools[0].format", {**NOTE, "format": "text"}),
        ("tools[0].format.type", {**NOTE, "format": {}}),
        ("tools[0].format.type", {**NOTE, "format": {"type": "json"}}),
        ("tools[0].format.definition", {**NOTE, "format": {"type": "text", "definition": "x"}}),
        ("tools[0].format.definition", {**NOTE, "format": {"type": "grammar", "syntax": "lark"}}),
        ("tools[0].format.syntax", {**NOTE, "format": {"type": "grammar", "definition": "x"}}),
        (
            "tools[0].format.syntax",
            {**NOTE, "format": {"type": "grammar", "definition": "x", "syntax": "bnf"}},
        ),
        ("tools[1].name", {**LOOK, "name": "note"}),
    ],
)
async def test_a_wrong_custom_tool_is_refused_by_field(house: Build, field: str, tool: Any) -> None:
    tools = [NOTE, tool] if field.startswith("tools[1]") else [tool]
    with pytest.raises((errors.BadRequest, errors.InvalidBody)) as refused:
        await house(Chat([Finish()])).draw(ask(tools=tools))
    assert field in str(refused.value)


async def test_a_choice_names_a_tool_of_its_kind(house: Build) -> None:
    for choice in ({"type": "custom", "name": "look"}, {"type": "function", "name": "note"}):
        with pytest.raises(errors.BadRequest) as refused:
            await house(Chat([Finish()])).draw(ask(tools=[LOOK, NOTE], tool_choice=choice))
        assert refused.value.param == "tool_choice.name"


async def test_an_output_answers_a_call_of_its_kind(house: Build) -> None:
    said = {"type": "custom_tool_call", "call_id": "c", "name": "note", "input": "hello"}
    answer = {"type": "custom_tool_call_output", "call_id": "c", "output": "noted"}
    chat = Chat([Text("Good."), Finish()])
    await house(chat).draw(ask(input=[said, answer], tools=[NOTE]))
    given = chat.turns[0].input
    assert isinstance(given[0], models.OutputCustomToolCallItem)
    assert isinstance(given[1], models.CustomToolCallOutputItem)
    for wrong in (answer | {"call_id": "d"}, answer | {"type": "function_call_output"}):
        with pytest.raises(errors.BadRequest) as refused:
            await house(chat).draw(ask(input=[said, wrong], tools=[NOTE]))
        assert refused.value.param == "input[1].call_id"


async def test_a_chain_goes_on_from_a_custom_call(house: Build) -> None:
    chat = Chat(WRITES)
    home = house(chat)
    first = await home.draw(ask(tools=[PATCH]))
    chat.steps = ([Text("Done."), Finish()],)
    answer = {"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"}
    body = ask(input=[answer], tools=[PATCH], previous_response_id=last(first).id)
    request = models.decode(models.ResponsesRequest, json.dumps(body).encode())
    resolved = await home.engine.resolve("t", request)
    plan = home.engine.check(request, resolved)
    created = await home.engine.submit("t", request, models.encode(request), plan)
    events = await home.events(created.response_id)
    assert last(events).status == "completed"
    assert [item.type for item in chat.turns[-1].input] == [
        "message",
        "custom_tool_call",
        "custom_tool_call_output",
    ]


async def test_an_input_half_out_closes_as_incomplete_and_is_not_gone_on_from(
    house: Build,
) -> None:
    body = ask(tools=[PATCH])
    ends = set()
    for appends in range(100):
        home = house(Chat(WRITES), max_pending_events=1)
        response_id, died = await crashed(home, body, appends)
        before = types(await home.logged(response_id))
        await home.engine.start()
        events = await home.events(response_id)
        await home.engine.stop(0)
        assert lifecycle.check(events).ok
        response = last(events)
        ends.add(response.status)
        if not died:
            break
        if "output_item.added" in before:
            assert "half out" in str(response.error)
            assert response.output[0].status == "incomplete"  # type: ignore[union-attr]
            request = models.decode(
                models.ResponsesRequest,
                b'{"model": "fake/chat", "input": "Go on", "previous_response_id": "%s"}'
                % response_id.encode(),
            )
            resolved = await home.engine.resolve("t", request)
            assert resolved is not None
            assert [item["type"] for item in resolved.context.earlier] == ["message"]
    assert ends == {"completed", "failed"}


async def test_a_cut_off_input_is_incomplete(house: Build) -> None:
    events = await house(Chat([*WRITES[:2], Finish("length")])).draw(ask(tools=[PATCH]))
    assert last(events).status == "incomplete"
    assert last(events).output[0].status == "incomplete"  # type: ignore[union-attr]
    assert "custom_tool_call_input.done" not in types(events)
