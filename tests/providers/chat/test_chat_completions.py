"""The chat completions provider against a real server on loopback."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import msgspec
import pytest
from tests.providers.chat.kit import DRAW, PNG, WEATHER, parts, provider, quick, request, turn

from heliograph import errors
from heliograph.providers import (
    Arguments,
    Finish,
    FunctionCall,
    HostedCall,
    InlinePicture,
    Reasoning,
    Refusal,
    Text,
)
from heliograph.testing import Call, FakeChat, Payloads, Say


@pytest.fixture
def fake() -> Any:
    with FakeChat() as fake:
        yield fake


async def ask(fake: FakeChat, say: Any = None, **fields: Any) -> list[Any]:
    if say is not None:
        fake.script = [say]
    asked = provider(fake.base_url)
    try:
        return await parts(asked, turn(**fields))
    finally:
        await asked.aclose()


def usage_of(finish: Any) -> tuple[int, int, int, int]:
    usage = finish.usage
    details = usage.output_tokens_details.reasoning_tokens
    return usage.input_tokens, usage.output_tokens, details, usage.total_tokens


async def test_text_reasoning_and_usage_are_streamed(fake: FakeChat) -> None:
    found = await ask(fake, Say(text="Hello there.", reasoning="Hm, so.", usage=(3, 4, 2)))
    assert found[:2] == [Reasoning("Hm, so."), Text("Hello there.")]
    assert found[2].reason == "stop"
    assert usage_of(found[2]) == (3, 4, 2, 7)


async def test_each_piece_comes_before_the_next_is_sent() -> None:
    with FakeChat(Say(text="one two three"), slow=0.05) as fake:
        asked, now = provider(fake.base_url), asyncio.get_running_loop().time
        times = [now() async for part in asked.answer(turn()) if isinstance(part, Text)]
        await asked.aclose()
    assert len(times) == 3
    assert times[2] - times[0] > 0.05


async def test_a_refusal_is_told_apart(fake: FakeChat) -> None:
    found = await ask(fake, Say(refusal="I cannot do that."))
    assert found[0] == Refusal("I cannot do that.")


async def test_parallel_calls_of_functions(fake: FakeChat) -> None:
    calls = (
        Call(name="weather", arguments='{"city":"Oslo"}', id="a"),
        Call(name="weather", arguments='{"city":"Rome"}', id="b"),
    )
    found = await ask(fake, Say(calls=calls), tools=[WEATHER])
    assert found[:4] == [
        FunctionCall("a", "weather"),
        Arguments("a", '{"city":"Oslo"}'),
        FunctionCall("b", "weather"),
        Arguments("b", '{"city":"Rome"}'),
    ]
    assert found[4].reason == "tool_calls"


async def test_the_image_tool_is_a_function_upstream_and_a_hosted_call_here(
    fake: FakeChat,
) -> None:
    call = Call(name="image_generation", arguments='{"prompt":"a red fox"}', id="p")
    found = await ask(fake, Say(text="Now.", calls=(call,)), tools=[DRAW])
    assert found[:2] == [Text("Now."), HostedCall("p", "a red fox")]
    assert found[2].reason == "tool_calls"
    sent = fake.requests[0].json()["tools"][0]["function"]
    assert sent["name"] == "image_generation"
    assert set(sent["parameters"]["properties"]) == {"prompt"}


async def test_an_action_is_offered_where_there_is_a_picture_to_edit(fake: FakeChat) -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}
    call = Call(name="image_generation", arguments='{"prompt":"at night","action":"edit"}')
    said = [{"role": "user", "content": [image, {"type": "input_text", "text": "at night"}]}]
    found = await ask(fake, Say(calls=(call,)), tools=[DRAW], input=said)
    assert found[0] == HostedCall("call_1", "at night", "edit")
    sent = fake.requests[0].json()["tools"][0]["function"]["parameters"]
    assert sent["properties"]["action"]["enum"] == ["generate", "edit"]


async def test_a_function_of_the_clients_keeps_its_name_beside_the_image_tool(
    fake: FakeChat,
) -> None:
    own = {"type": "function", "name": "image_generation", "parameters": {}}
    calls = (
        Call(name="image_generation", arguments='{"x":1}', id="a"),
        Call(name="image_generation_2", arguments='{"prompt":"a fox"}', id="b"),
    )
    found = await ask(fake, Say(calls=calls), tools=[DRAW, own])
    assert found[:3] == [
        FunctionCall("a", "image_generation"),
        Arguments("a", '{"x":1}'),
        HostedCall("b", "a fox"),
    ]


async def test_the_image_tool_is_known_when_it_is_not_offered_any_more(fake: FakeChat) -> None:
    fake.script = [Say(calls=(Call(name="image_generation", arguments='{"prompt":"a fox"}'),))]
    asked = provider(fake.base_url)
    found = await parts(asked, msgspec.structs.replace(turn(tools=[DRAW]), tools=()))
    await asked.aclose()
    assert found[0] == HostedCall("call_1", "a fox")
    assert "tools" not in fake.requests[0].json()


async def test_a_character_cut_in_two_is_whole_in_a_prompt(fake: FakeChat) -> None:
    def piece(text: str) -> dict[str, object]:
        function = {"name": "image_generation", "arguments": text}
        return {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": function}]}}]}

    finish = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    pieces = [piece('{"prompt":"\ud83d'), piece('\ude00"}'), finish]
    say = Payloads(tuple(json.dumps(one).encode() for one in pieces))
    found = await ask(fake, say, tools=[DRAW])
    assert found[0] == HostedCall("call_0", "\U0001f600")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"prompt": "a f', "no JSON"),
        ('["a fox"]', "no JSON object"),
        ('{"text": "a fox"}', "no prompt"),
        ('{"prompt": 7}', "no prompt"),
    ],
)
async def test_broken_arguments_of_the_image_tool_are_told_clearly(
    fake: FakeChat, arguments: str, said: str
) -> None:
    say = Say(calls=(Call(name="image_generation", arguments=arguments),))
    with pytest.raises(errors.ProviderError, match=said) as caught:
        await ask(fake, say, tools=[DRAW])
    assert caught.value.kind == "protocol"
    assert caught.value.retryable


async def test_a_call_cut_off_by_the_length_is_no_call(fake: FakeChat) -> None:
    say = Say(calls=(Call(name="image_generation", arguments='{"prompt": "a f'),), finish="length")
    found = await ask(fake, say, tools=[DRAW])
    assert [type(part) for part in found] == [Finish]
    assert found[0].reason == "length"


@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
async def test_finish_reasons(fake: FakeChat, finish: str) -> None:
    found = await ask(fake, Say(text="So.", finish=finish))
    assert found[-1].reason == finish


async def test_a_picture_that_the_model_made_itself(fake: FakeChat) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    found = await ask(fake, Say(text="Here.", pictures=(url,)))
    assert found[:2] == [Text("Here."), InlinePicture(PNG, "image/png")]


async def test_a_picture_by_address_is_not_fetched(fake: FakeChat) -> None:
    with pytest.raises(errors.ProviderError, match="by address"):
        await ask(fake, Say(pictures=("https://example.com/a.png",)))


async def test_a_connection_is_used_again(fake: FakeChat) -> None:
    asked, connections = provider(fake.base_url), set()
    for _ in range(3):
        await parts(asked, turn())
        connections |= fake._connections
    await asked.aclose()
    assert len(connections) == 1


# -- switches of the upstream -----------------------------------------------------------------


async def trouble(say: Any = None, timeouts: Any = None, **switches: Any) -> errors.ProviderError:
    with FakeChat(say or Say(text="one two three"), **switches) as fake:
        asked = provider(fake.base_url, **({"timeouts": timeouts} if timeouts else {}))
        try:
            with pytest.raises(errors.ProviderError) as caught:
                await parts(asked, turn())
        finally:
            await asked.aclose()
        assert all(seen.done.wait(5) for seen in fake.requests)
    return caught.value


async def test_silence_before_the_first_byte_times_out() -> None:
    error = await trouble(silent=5, timeouts=quick(first_byte=0.1))
    assert (error.kind, error.retryable) == ("timeout", True)


async def test_silence_in_the_middle_times_out() -> None:
    error = await trouble(stall=5, timeouts=quick(silence=0.1))
    assert (error.kind, error.retryable) == ("timeout", True)


async def test_no_connection() -> None:
    with FakeChat() as gone:
        url = gone.base_url
    asked = provider(url)
    with pytest.raises(errors.ProviderError) as caught:
        await parts(asked, turn())
    await asked.aclose()
    assert (caught.value.kind, caught.value.retryable) == ("unavailable", True)


@pytest.mark.parametrize("event", [0, 1, 3])
async def test_a_stream_cut_in_the_middle_of_a_line(event: int) -> None:
    error = await trouble(cut=event)
    assert error.retryable


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, "bad_request", False),
        (401, "auth", False),
        (402, "unavailable", False),
        (404, "unavailable", False),
        (408, "timeout", True),
        (422, "bad_request", False),
        (429, "rate_limit", True),
        (500, "unavailable", True),
        (503, "unavailable", True),
        (529, "unavailable", True),
    ],
)
async def test_error_statuses(status: int, kind: str, retryable: bool) -> None:
    error = await trouble(status=status)
    assert (error.kind, error.retryable) == (kind, retryable)


async def test_retry_after_is_passed_on() -> None:
    assert (await trouble(status=429, retry_after=7)).retry_after == 7


async def test_bad_json_is_told_as_what_it_is() -> None:
    error = await trouble(bad_json=True)
    assert error.kind == "protocol"
    assert "no JSON" in error.message


async def test_wrong_types_name_the_field() -> None:
    error = await trouble(wrong_types=True)
    assert error.kind == "protocol"
    assert "delta.content" in error.message


async def test_an_upstream_that_never_ends_is_left_when_the_reader_leaves() -> None:
    with FakeChat(Say(text="on and on"), endless=True) as fake:
        asked = provider(fake.base_url)
        answer = asked.answer(turn())
        for _ in range(50):
            await anext(answer)
        await answer.aclose()
        assert await asyncio.to_thread(fake.requests[0].done.wait, 5)
        await asked.aclose()


async def test_an_answer_that_is_no_stream_is_read_all_the_same() -> None:
    call = Call(name="weather", arguments='{"city":"Oslo"}', id="a")
    say = Say(text="Hello there.", reasoning="Hm.", calls=(call,), usage=(3, 4, 0))
    with FakeChat(say, ignore_stream=True) as fake:
        asked = provider(fake.base_url)
        found = await parts(asked, turn(tools=[WEATHER]))
        await asked.aclose()
    assert found[:4] == [
        Reasoning("Hm."),
        Text("Hello there."),
        FunctionCall("a", "weather"),
        Arguments("a", '{"city":"Oslo"}'),
    ]
    assert usage_of(found[4]) == (3, 4, 0, 7)


async def test_usage_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heliograph.providers.chat.chat_completions.USAGE_SECONDS", 0.1)
    finish = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    with FakeChat(Payloads((finish, {"choices": []})), stall=5) as fake:
        asked = provider(fake.base_url)
        assert await parts(asked, turn()) == [Text("Hi"), Finish("stop")]
        await asked.aclose()


async def test_no_key_and_no_address_in_any_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAM_KEY", "sk-very-secret-1234")
    said = {"message": "Incorrect API key provided: sk-very-secret-1234"}
    for status in (401, 400, 500):
        with FakeChat(status=status, error=said) as fake:
            asked = provider(fake.base_url, api_key_env="UPSTREAM_KEY")
            with pytest.raises(errors.ProviderError) as caught:
                await parts(asked, turn())
            await asked.aclose()
            assert fake.requests[0].headers["authorization"] == "Bearer sk-very-secret-1234"
            assert "secret" not in str(caught.value)
            assert str(fake.port) not in str(caught.value)


async def test_a_key_that_is_not_set_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPSTREAM_KEY", raising=False)
    with pytest.raises(errors.ConfigError, match="UPSTREAM_KEY"):
        provider("http://127.0.0.1:1", api_key_env="UPSTREAM_KEY")


@pytest.mark.parametrize(("code", "kind"), [(502, "unavailable"), (429, "rate_limit")])
async def test_an_error_in_the_middle_keeps_what_came_before(code: int, kind: str) -> None:
    error = {"code": code, "message": "gone away"}
    with FakeChat(Say(text="Hello there."), error_at=2, error=error) as fake:
        asked = provider(fake.base_url)
        answer = asked.answer(turn())
        assert await anext(answer) == Text("Hello")
        with pytest.raises(errors.ProviderError, match="gone away") as caught:
            await anext(answer)
        await asked.aclose()
    assert (caught.value.kind, caught.value.retryable) == (kind, True)


# -- what is refused --------------------------------------------------------------------------

PICTURE = [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (
            {
                "tools": [
                    {
                        "type": "custom",
                        "name": "patch",
                        "format": {"type": "grammar", "syntax": "regex", "definition": "a+"},
                    }
                ]
            },
            "tools[0].format",
        ),
        ({"tools": [WEATHER, {"type": "web_search"}]}, "tools[1].type"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"modalities": ["text", "image"]}, "modalities"),
        ({"image_config": {"aspect_ratio": "1:1"}}, "image_config"),
        ({"tools": [DRAW, WEATHER | {"defer_loading": True}]}, "tools[1].defer_loading"),
        ({"tools": [WEATHER | {"output_schema": {"type": "string"}}]}, "tools[0].output_schema"),
        ({"tools": [WEATHER | {"new_in_2027": 1}]}, "tools[0].new_in_2027"),
        ({"input": PICTURE}, "input[0].content[0]"),
    ],
)
def test_what_cannot_be_asked_upstream_is_refused_by_name(
    fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(errors.ProviderError) as caught:
        provider("http://127.0.0.1:1").check(request(**fields))
    assert (caught.value.kind, caught.value.param) == ("bad_request", param)


def test_what_can_be_asked_is_not() -> None:
    asked = provider("http://127.0.0.1:1")
    asked.check(request(tools=[WEATHER, DRAW], input=PICTURE, reasoning={"effort": "low"}))
    idle = {"defer_loading": False, "output_schema": None, "allowed_callers": ["direct"]}
    asked.check(request(tools=[WEATHER | idle]))
