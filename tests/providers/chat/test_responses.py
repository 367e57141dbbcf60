"""The Responses provider against a real server on loopback."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.providers.chat.kit import DRAW, MODEL, PNG, WEATHER, parts, quick, request, turn

from heliograph import errors, models
from heliograph.providers import (
    Arguments,
    FunctionCall,
    HostedCall,
    InlinePicture,
    Reasoning,
    Refusal,
    Summary,
    Text,
)
from heliograph.providers.chat import ChatModel, Responses, ResponsesSettings
from heliograph.testing import Call, FakeChat, Payloads, Say
from heliograph.testing._fakes import responses_wire


def upstream(url: str, sees: bool = False, **settings: Any) -> Responses:
    known = {MODEL: ChatModel(upstream="theirs", sees=sees)}
    return Responses(ResponsesSettings(base_url=url, models=known, **settings))


async def ask(script: Any, switches: dict[str, Any] | None = None, **fields: Any) -> list[Any]:
    with FakeChat(script, **(switches or {})) as fake:
        asked = upstream(fake.base_url, timeouts=quick(first_byte=0.5, silence=0.5))
        try:
            return await parts(asked, turn(**fields))
        finally:
            await asked.aclose()


async def drain(asked: Responses, relayed: bool) -> None:
    given = turn()
    async for _ in asked.relay(given) if relayed else asked.answer(given):
        pass


@pytest.mark.parametrize("switches", [{}, {"ignore_stream": True}])
async def test_everything_a_model_says(switches: dict[str, Any]) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    say = Say(
        text="Hello there.",
        reasoning="Hm, so.",
        refusal="No more.",
        calls=(Call(name="weather", arguments='{"city":"Oslo"}', id="a"),),
        pictures=(url,),
        usage=(3, 4, 2),
    )
    found = await ask(say, switches, tools=[WEATHER])
    assert found[:-1] == [
        Reasoning("Hm, so."),
        Text("Hello there."),
        Refusal("No more."),
        InlinePicture(PNG, "image/png"),
        FunctionCall("a", "weather"),
        Arguments("a", '{"city":"Oslo"}'),
    ]
    assert found[-1].reason == "tool_calls"
    assert found[-1].usage.output_tokens_details.reasoning_tokens == 2


async def test_the_image_tool_is_hosted_here() -> None:
    call = Call(name="image_generation", arguments='{"prompt":"a red fox"}', id="p")
    with FakeChat(Say(text="Now.", calls=(call,))) as fake:
        asked = upstream(fake.base_url)
        given = turn(tools=[DRAW, WEATHER], background=True, temperature=0.25, max_tool_calls=3)
        found = await parts(asked, given)
        await asked.aclose()
    assert found[:2] == [Text("Now."), HostedCall("p", "a red fox")]
    sent = fake.requests[0].json()
    assert [tool["type"] for tool in sent["tools"]] == ["function", "function"]
    assert sent["tools"][1] == WEATHER
    assert (sent["model"], sent["store"], sent["stream"]) == ("theirs", False, True)
    assert sent["temperature"] == 0.25
    assert not {"background", "max_tool_calls"} & set(sent)


@pytest.mark.parametrize("relayed", [False, True])
async def test_a_connection_is_used_again(relayed: bool) -> None:
    with FakeChat() as fake:
        asked, connections = upstream(fake.base_url), set()
        for _ in range(3):
            await drain(asked, relayed)
            connections |= fake._connections
        await asked.aclose()
    assert len(connections) == 1


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_an_answer_cut_short(finish: str) -> None:
    found = await ask(Say(text="So", finish=finish))
    assert found[0] == Text("So")
    assert found[-1].reason == finish


async def test_a_picture_made_before_goes_back_as_a_call_and_is_shown() -> None:
    made = {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": base64.b64encode(PNG).decode(),
        "revised_prompt": "a red fox",
    }
    said = [{"role": "user", "content": "a fox"}, made, {"role": "user", "content": "at night"}]
    with FakeChat() as fake:
        asked = upstream(fake.base_url, sees=True)
        await parts(asked, turn(input=said, tools=[DRAW]))
        await asked.aclose()
    sent = fake.requests[0].json()["input"]
    kinds = [item.get("type", "message") for item in sent]
    assert kinds == ["message", "function_call", "function_call_output", "message", "message"]
    assert sent[1]["call_id"] == sent[2]["call_id"] == "ig_1"
    assert json.loads(sent[1]["arguments"]) == {"prompt": "a red fox"}
    assert sent[3]["content"][1]["image_url"].endswith(made["result"])


async def test_upstreams_that_leave_out_the_deltas() -> None:
    message = {
        "type": "message",
        "id": "m",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
    }
    call = {
        "type": "function_call",
        "id": "f",
        "call_id": "a",
        "name": "weather",
        "arguments": "{}",
        "status": "completed",
    }
    end = list(responses_wire.stream(Say(), {"model": "theirs"}))[-1]
    end["response"]["output"] = [message, call]
    found = await ask(Payloads((end,), done=False), tools=[WEATHER])
    assert found[:3] == [Text("Hello"), FunctionCall("a", "weather"), Arguments("a", "{}")]


@pytest.mark.parametrize(
    ("switches", "kind"),
    [
        ({"status": 429}, "rate_limit"),
        ({"status": 401}, "auth"),
        ({"status": 500}, "unavailable"),
        ({"silent": 5}, "timeout"),
        ({"stall": 5}, "timeout"),
        ({"cut": 2}, "unavailable"),
        ({"bad_json": True}, "protocol"),
        ({"wrong_types": True}, "protocol"),
        ({"bad_json": True, "ignore_stream": True}, "protocol"),
    ],
)
@pytest.mark.parametrize("relayed", [False, True])
async def test_failures(switches: dict[str, Any], kind: str, relayed: bool) -> None:
    with FakeChat(Say(text="one two three"), **switches) as fake:
        asked = upstream(fake.base_url, timeouts=quick(first_byte=0.3, silence=0.3))
        with pytest.raises(errors.ProviderError) as caught:
            await drain(asked, relayed)
        await asked.aclose()
    assert caught.value.kind == kind


FAILED = {
    "type": "error",
    "sequence_number": 2,
    "code": "rate_limit_exceeded",
    "message": "slow down",
    "param": None,
}


@pytest.mark.parametrize("relayed", [False, True])
async def test_an_error_event_is_a_failure(relayed: bool) -> None:
    with FakeChat(Payloads((FAILED,))) as fake:
        asked = upstream(fake.base_url)
        with pytest.raises(errors.ProviderError, match="slow down") as caught:
            await drain(asked, relayed)
        await asked.aclose()
    assert caught.value.kind == "rate_limit"


async def test_a_stream_that_stops_before_its_end() -> None:
    with pytest.raises(errors.ProviderError, match="before the end"):
        await ask(Payloads(()))


# -- relay ------------------------------------------------------------------------------------

ODD = b'{"type":"response.new_thing", "sequence_number":1,  "x": 1.0e2}'


async def relay(script: Any, **fields: Any) -> tuple[list[Any], dict[str, Any]]:
    with FakeChat(script) as fake:
        asked = upstream(fake.base_url)
        try:
            events = [event async for batch in asked.relay(turn(**fields)) for event in batch]
        finally:
            await asked.aclose()
        return events, fake.requests[0].json()


async def test_events_are_relayed_with_their_bytes() -> None:
    sent = list(responses_wire.stream(Say(text="Hello there."), {"model": "theirs"}))
    raw = [json.dumps(event).encode() for event in sent]
    events, _ = await relay(Payloads((*raw[:1], ODD, *raw[1:])))
    assert [models.encode(event) for event in events] == [raw[0], ODD, *raw[1:]]


async def test_the_request_is_relayed_with_what_is_ours_taken_out() -> None:
    events, sent = await relay(
        Say(text="Hi."),
        tools=[WEATHER, {"type": "custom", "name": "patch"}],
        include=["reasoning.encrypted_content"],
        store=True,
        background=True,
        models=["ours/other"],
        max_tool_calls=3,
        unknown_field={"kept": [1.50]},
    )
    assert events[-1].type == "response.completed"
    assert sent.pop("model") == "theirs"
    assert sent == {
        "input": "a fox",
        "tools": [WEATHER, {"type": "custom", "name": "patch"}],
        "include": ["reasoning.encrypted_content"],
        "store": False,
        "stream": True,
        "max_tool_calls": 3,
        "unknown_field": {"kept": [1.50]},
    }


@pytest.mark.parametrize(
    ("tools", "hosts", "can"),
    [
        ([WEATHER], (), True),
        ([{"type": "custom", "name": "patch"}], (), True),
        ([DRAW], (), False),
        ([DRAW], ("image_generation",), True),
        ([{"type": "web_search"}], (), False),
        ([{"type": "web_search"}], ("web_search",), True),
    ],
)
def test_what_can_be_relayed(tools: Any, hosts: tuple[str, ...], can: bool) -> None:
    asked = upstream("http://127.0.0.1:1", hosts=hosts)
    assert asked.relays(request(tools=tools)) is can


@pytest.mark.parametrize(
    ("fields", "hosted"),
    [
        ({"plugins": [{"id": "web"}]}, "plugins"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"something_new": 1}, "something_new"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "u"}]}]},
            "input_file",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "file_id",
        ),
    ],
)
def test_what_else_a_request_needs_must_be_hosted(fields: dict[str, Any], hosted: str) -> None:
    asked = request(**fields)
    assert not upstream("http://127.0.0.1:1").relays(asked)
    assert upstream("http://127.0.0.1:1", hosts=(hosted,)).relays(asked)


async def test_a_response_that_failed_before_it_showed_anything_is_a_failure() -> None:
    begun = next(iter(responses_wire.stream(Say(), {"model": "theirs"})))
    wrong = {"code": "rate_limit_exceeded", "message": "slow down"}
    failed = {
        "type": "response.failed",
        "sequence_number": 1,
        "response": begun["response"] | {"status": "failed", "error": wrong},
    }
    with pytest.raises(errors.ProviderError, match="slow down") as caught:
        await relay(Payloads((begun, failed)))
    assert caught.value.kind == "rate_limit"


async def test_one_json_body_is_relayed_as_its_end() -> None:
    with FakeChat(Say(text="Hi."), ignore_stream=True) as fake:
        asked = upstream(fake.base_url)
        events = [event async for batch in asked.relay(turn()) for event in batch]
        await asked.aclose()
    assert [event.type for event in events] == ["response.completed"]
    assert events[0].response.output[0].content[0].text == "Hi."


async def test_sealed_reasoning_is_asked_for_and_no_other_goes_back() -> None:
    said = [
        {"type": "message", "role": "user", "content": "a fox"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "sealed"},
    ]
    with FakeChat() as fake:
        asked = upstream(fake.base_url, encrypted_reasoning=True)
        given = turn(input=said, previous_response_id="resp_1")
        async for _ in asked.relay(given):
            pass
        await asked.aclose()
    sent = fake.requests[0].json()
    assert sent["include"] == ["reasoning.encrypted_content"]
    assert [item.get("id") for item in sent["input"]] == [None, "rs_2"]


def test_a_tool_that_nobody_serves_is_refused_by_name() -> None:
    with pytest.raises(errors.ProviderError) as caught:
        upstream("http://127.0.0.1:1").check(request(tools=[DRAW, {"type": "web_search"}]))
    assert caught.value.param == "tools[1].type"


@pytest.mark.parametrize("told", [True, False])
async def test_summaries_stay_summaries(told: bool) -> None:
    def item(number: int, *texts: str) -> dict[str, Any]:
        summary = [{"type": "summary_text", "text": text} for text in texts]
        return {"type": "reasoning", "id": f"rs_{number}", "summary": summary}

    items = [item(0, "a", "b"), item(1, "c")]
    events: list[dict[str, Any]] = []
    for index, whole in enumerate(items):
        for at, part in enumerate(whole["summary"] if told else ()):
            events.append(
                {
                    "type": "response.reasoning_summary_text.delta",
                    "item_id": whole["id"],
                    "output_index": index,
                    "summary_index": at,
                    "delta": part["text"],
                }
            )
    done = {**responses_wire.whole(Say(), {}), "output": items}
    events.append({"type": "response.completed", "response": done})
    numbered = [event | {"sequence_number": n} for n, event in enumerate(events)]
    found = await ask(Payloads(tuple(numbered), done=False))
    assert found[:-1] == [Summary("a", 0), Summary("b", 1), Summary("c", 2)]
