"""The decisions of a run, without a wire: who keeps the conversation, what is sent, what ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.client.streams import message, response

from heliograph import errors, models
from heliograph.client import function_tool
from heliograph.client._core import MAX_TURNS, Turns

SEALED = "reasoning.encrypted_content"


@function_tool
def look(window: str = "north") -> str:
    """Looks."""
    return window


def turns(*, awaits: bool = False, remembers: bool = False, **params: Any) -> Turns:
    settings = {key: params.pop(key) for key in ("extra_body", "extra_headers") if key in params}
    return Turns(
        {"model": "m", "input": "hi", "tools": [look], **params},
        extra_body=settings.get("extra_body"),
        extra_headers=settings.get("extra_headers"),
        max_turns=MAX_TURNS,
        tool_errors="tell",
        awaits=awaits,
        remembers=remembers,
    )


def call(name: str = "look", call_id: str = "c1", **more: Any) -> dict[str, Any]:
    fields = {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}
    return {**fields, "id": f"fc_{call_id}", "status": "completed", **more}


def came(*output: Any, status: str = "completed", **more: Any) -> models.OpenResponsesResult:
    text = json.dumps(response(status, list(output), **more)).encode()
    return models.decode(models.OpenResponsesResult, text)


def led(run: Turns, *output: Any, **more: Any) -> dict[str, Any]:
    """The second turn's request after a response of this output."""
    event = {"type": "response.completed", "sequence_number": 1}
    event["response"] = response("completed", list(output), **more)
    decoded = models.decode_event(json.dumps(event).encode())
    assert isinstance(decoded, models.CompletedEvent)
    run.take(decoded)
    calls = run.calls(decoded.response)
    run.answer(decoded.response, [one.returned("out") for one in calls])
    return run.request


def sent(items: list[Any]) -> list[Any]:
    """Items as they go over the wire."""
    return [
        json.loads(models.encode(one) if isinstance(one, models.Model) else bytes(one))
        if not isinstance(one, dict)
        else one
        for one in items
    ]


OUT = {"type": "function_call_output", "output": "out", "call_id": "c1"}


def test_a_stored_response_is_gone_on_from_by_its_id() -> None:
    request = led(turns(store=None), call())
    assert request["previous_response_id"] == "resp_1"
    assert sent(request["input"]) == [OUT]
    assert request["model"] == "m"
    assert led(turns(), call())["previous_response_id"] == "resp_1"


@pytest.mark.parametrize("more", [{}, {"store": False}])
def test_a_connection_goes_on_from_what_it_did_not_store(more: dict[str, Any]) -> None:
    run = turns(remembers=True, store=False, reasoning={"effort": "low"})
    request = led(run, call(), **more)
    assert request["previous_response_id"] == "resp_1"
    assert sent(request["input"]) == [OUT]
    assert "include" not in request


@pytest.mark.parametrize("told", [{"store": False}, {"extra_body": {"store": False}}, {}])
def test_otherwise_all_items_go_back_word_for_word(told: dict[str, Any]) -> None:
    strange = {"type": "hologram", "id": "h1", "z": 1.50}
    extra = call(provider_note={"a": [1, None]})
    more = {} if told else {"store": False}
    run = turns(previous_response_id="resp_0", **told)
    request = led(run, message("hm"), strange, extra, **more)
    said = [message("hm"), strange, extra]
    user = {"type": "message", "role": "user", "content": "hi"}
    assert sent(request["input"]) == [user, *said, OUT]
    assert request["previous_response_id"] == "resp_0"
    request = led(run, call(call_id="c2"), **more)
    assert sent(request["input"])[-2:] == [call(call_id="c2"), {**OUT, "call_id": "c2"}]
    assert len(request["input"]) == 7


def test_half_characters_go_back_as_well() -> None:
    request = led(turns(store=False), message("\ud83d"), call())
    assert "\\ud83d" in models.encode(request["input"][1]).decode()


def test_a_conversation_has_everything() -> None:
    for told in ({"conversation": "conv_1"}, {"extra_body": {"conversation": {"id": "conv_1"}}}):
        request = led(turns(**told), call())
        assert sent(request["input"]) == [OUT]
        assert "previous_response_id" not in request


def test_what_a_run_manages_may_stand_in_extra_body() -> None:
    run = turns(extra_body={"input": [{"role": "user", "content": "yo"}], "seed": 3}, store=False)
    assert run.extra_body == {"seed": 3}
    assert led(run, call())["input"][0] == {"role": "user", "content": "yo"}


def test_sealed_reasoning_is_asked_for_where_it_is_needed() -> None:
    assert "include" not in turns(store=False).request
    assert "include" not in turns(reasoning={"effort": "low"}).request
    asked = turns(reasoning={"effort": "low"}, store=False, include=["a"]).request
    assert asked["include"] == ["a", SEALED]
    again = turns(reasoning={"effort": "low"}, store=False, include=[SEALED]).request
    assert again["include"] == [SEALED]
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    plain = {**thought, "content": [{"type": "reasoning_text", "text": "Hm."}]}
    sealed = {**thought, "encrypted_content": "eA=="}
    run = turns(store=False)
    request = led(run, thought, plain, sealed, call())
    assert sent(request["input"])[1:3] == [plain, sealed], "an empty one leads nowhere"
    assert request["include"] == [SEALED]
    assert led(run, sealed, call(call_id="c2"))["include"] == [SEALED]
    assert "include" not in led(turns(), sealed, call())


@pytest.mark.parametrize(
    ("choice", "then"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "auto"),
        ({"type": "function", "name": "look"}, "auto"),
        (models.ToolChoiceFunction(name="look"), "auto"),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function"}]},
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function"}]},
        ),
    ],
    ids=str,
)
def test_a_choice_is_relaxed_after_the_first_turn(choice: Any, then: Any) -> None:
    run = turns(tool_choice=choice)
    assert run.request["tool_choice"] == choice
    assert led(run, call())["tool_choice"] == then
    assert "tool_choice" not in led(turns(), call())


@pytest.mark.parametrize("status", ["incomplete", "failed", "cancelled", "in_progress", "queued"])
def test_what_did_not_complete_ends_a_run(status: str) -> None:
    assert turns().calls(came(call(), status=status)) == []


def test_what_only_the_caller_can_do_ends_a_run() -> None:
    shell = {"type": "shell_call", "id": "s", "call_id": "s1", "status": "completed"}
    shell["action"] = {"commands": ["ls"], "max_output_length": None, "timeout_ms": None}
    done = {"type": "shell_call_output", "id": "o", "call_id": "s1", "output": []}
    done |= {"max_output_length": None, "status": "completed"}
    approve = {"type": "mcp_approval_request", "id": "a", "name": "n", "server_label": "l"}
    approve["arguments"] = "{}"
    search = {"type": "tool_search_call", "id": "t", "call_id": None, "arguments": {}}
    search |= {"execution": "client", "status": "completed"}
    assert turns().calls(came(message("bye"))) == []
    assert turns().calls(came(call(), search)) == []
    assert len(turns().calls(came(call(), {**search, "execution": "server"}))) == 1
    assert turns().calls(came(call(), shell)) == []
    assert turns().calls(came(call(), approve)) == []
    (one,) = turns().calls(came(shell, done, call()))
    assert one.item.name == "look"
    answered = {**OUT, "id": "fo_1", "status": "completed"}
    assert turns().calls(came(call(), answered)) == [], "the server ran it"


def test_a_tool_that_has_no_function_is_the_callers() -> None:
    pay = {"type": "function", "name": "pay", "parameters": {}}
    house = {"type": "namespace", "name": "house", "description": "", "tools": [look, pay]}
    for tools in ([look, pay], [house], [look, models.CustomTool(name="pay")]):
        run = turns(tools=tools)
        assert [one.refused for one in run.calls(came(call()))] == [None]
        assert run.calls(came(call(), call("pay", "c2"))) == []
        (unknown,) = run.calls(came(call("peek")))
        assert unknown.refused is not None


def test_tools_that_cannot_be_run_are_refused() -> None:
    @function_tool(name="look")
    def other() -> None: ...

    @function_tool
    async def later() -> None: ...

    with pytest.raises(errors.UsageError, match="tools: two are called look"):
        turns(tools=[look, other])
    with pytest.raises(errors.UsageError, match="later is async; AsyncHeliograph awaits it"):
        turns(tools=[later])
    turns(tools=[later, look, look], awaits=True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"max_turns": 0}, "max_turns: 0 is no number from 1"),
        ({"max_turns": True}, "max_turns: True"),
        ({"tool_errors": "hide"}, "tool_errors: 'hide' is neither tell nor raise"),
    ],
)
def test_settings_that_cannot_be_name_their_field(wrong: dict[str, Any], said: str) -> None:
    told: Any = {"max_turns": 3, "tool_errors": "tell", "awaits": False, **wrong}
    with pytest.raises(errors.UsageError, match=said):
        Turns({}, extra_body=None, extra_headers=None, **told)


def test_a_callers_key_is_one_for_each_turn() -> None:
    run = turns(extra_headers={"Idempotency-KEY": "k", "X-Title": "app"})
    assert run.headers == {"Idempotency-KEY": "k", "X-Title": "app"}
    led(run, call())
    assert run.headers == {"Idempotency-KEY": "k-2", "X-Title": "app"}
    assert turns().headers is None
