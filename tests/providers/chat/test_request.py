"""What a turn becomes upstream."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.providers.chat.kit import DRAW, MODEL, PNG, WEATHER, parts, provider, request, turn

from heliograph import errors, models
from heliograph.providers import ChatTurn
from heliograph.providers.chat import ChatModel
from heliograph.testing import FakeChat

B64 = base64.b64encode(PNG).decode()
URL = f"data:image/png;base64,{B64}"
USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "a", "name": "weather", "arguments": '{"city":"Oslo"}'}
OUTPUT = {"type": "function_call_output", "call_id": "a", "output": "rain"}
MADE = {
    "type": "image_generation_call",
    "id": "ig_1",
    "status": "completed",
    "result": B64,
    "revised_prompt": "a red fox",
    "size": "512x512",
}


async def sent(given: ChatTurn, model: ChatModel | None = None, **settings: Any) -> dict[str, Any]:
    """The body that the upstream gets."""
    with FakeChat() as fake:
        asked = provider(fake.base_url, model, **settings)
        await parts(asked, given)
        await asked.aclose()
        body: dict[str, Any] = fake.requests[0].json()
        return body


async def said(input_: Any, model: ChatModel | None = None, **settings: Any) -> list[Any]:
    messages: list[Any] = (await sent(turn(input=input_, tools=[DRAW]), model, **settings))[
        "messages"
    ]
    return messages


async def test_the_least() -> None:
    assert await sent(turn()) == {
        "model": "theirs",
        "messages": [{"role": "user", "content": "a fox"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_every_setting_has_its_place() -> None:
    body = await sent(
        turn(
            choice="auto",
            tools=[WEATHER],
            temperature=0.5,
            top_p=0.9,
            top_k=40,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            max_output_tokens=100,
            parallel_tool_calls=False,
            reasoning={"effort": "low"},
            user="u",
            metadata={"a": "b"},
            text={
                "verbosity": "low",
                "format": {
                    "type": "json_schema",
                    "name": "fox",
                    "schema": {"type": "object"},
                    "strict": True,
                },
            },
        ),
        labels=("user", "metadata"),
        body={"seed": 7, "stop": ["\n\n"], "temperature": 1.5},
    )
    del body["messages"], body["stream"], body["stream_options"]
    assert body == {
        "model": "theirs",
        "tools": [
            {
                "type": "function",
                "function": {key: value for key, value in WEATHER.items() if key != "type"},
            }
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "max_tokens": 100,
        "reasoning_effort": "low",
        "user": "u",
        "metadata": {"a": "b"},
        "verbosity": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "fox", "schema": {"type": "object"}, "strict": True},
        },
        "seed": 7,
        "stop": ["\n\n"],
    }


async def test_upstreams_differ_by_their_settings() -> None:
    body = await sent(
        turn(
            max_output_tokens=5,
            reasoning={"effort": "low", "max_tokens": 9},
            text={"format": {"type": "json_object"}},
        ),
        ChatModel(draws=True),
        max_tokens_field="max_completion_tokens",
        reasoning_field="reasoning",
        stream_usage=False,
    )
    assert body["model"] == MODEL
    assert body["max_completion_tokens"] == 5
    assert body["reasoning"] == {"effort": "low", "max_tokens": 9}
    assert body["response_format"] == {"type": "json_object"}
    assert body["modalities"] == ["image", "text"]
    assert "stream_options" not in body


async def test_a_model_that_draws_is_told_what_and_how() -> None:
    wanted = {"modalities": ["text"], "image_config": {"aspect_ratio": "16:9"}}
    body = await sent(turn(**wanted), ChatModel(draws=True))
    assert {name: body[name] for name in wanted} == wanted


def test_an_effort_that_cannot_be_told_is_refused() -> None:
    asked = provider("http://127.0.0.1:1", reasoning_field="none")
    with pytest.raises(errors.ProviderError) as caught:
        asked.check(request(reasoning={"effort": "low"}))
    assert caught.value.param == "reasoning.effort"


@pytest.mark.parametrize(
    ("choice", "names", "told"),
    [
        ("auto", ["image_generation", "weather"], "auto"),
        ("required", ["image_generation", "weather"], "required"),
        ("none", [], None),
        (
            models.ToolChoiceFunction(name="weather"),
            ["image_generation", "weather"],
            {"type": "function", "function": {"name": "weather"}},
        ),
        (
            models.ToolChoiceImageGeneration(),
            ["image_generation", "weather"],
            {"type": "function", "function": {"name": "image_generation"}},
        ),
        (
            models.ToolChoiceAllowed(
                tools=[models.ToolChoiceFunction(name="weather")], mode="required"
            ),
            ["weather"],
            "required",
        ),
    ],
)
async def test_tool_choice(choice: object, names: list[str], told: object) -> None:
    body = await sent(turn(choice, tools=[DRAW, WEATHER]))
    assert [tool["function"]["name"] for tool in body.get("tools", [])] == names
    assert body.get("tool_choice") == told


async def test_instructions_and_leading_system_messages_are_one() -> None:
    given = [
        {"role": "developer", "content": "Be brief."},
        USER,
        {"role": "system", "content": "Now be long."},
    ]
    body = await sent(turn(input=given, instructions="Be kind."))
    assert body["messages"] == [
        {"role": "system", "content": "Be kind.\n\nBe brief."},
        USER,
        {"role": "system", "content": "Now be long."},
    ]


async def test_calls_made_at_once_are_one_message_and_their_outputs_follow() -> None:
    said_before = {
        "type": "message",
        "role": "assistant",
        "id": "m",
        "content": [{"type": "output_text", "text": "Let me see.", "annotations": []}],
    }
    other = CALL | {"call_id": "b"}
    outputs = [OUTPUT | {"call_id": "b", "output": "sun"}, OUTPUT]
    messages = await said([USER, said_before, CALL, other, *outputs, USER])
    assert [message["role"] for message in messages] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
    ]
    assert messages[1]["content"] == "Let me see."
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["a", "b"]
    assert [(m["tool_call_id"], m["content"]) for m in messages[2:4]] == [
        ("a", "rain"),
        ("b", "sun"),
    ]


async def test_a_call_without_its_output_is_refused() -> None:
    with pytest.raises(errors.ProviderError, match="no output") as caught:
        await said([USER, CALL])
    assert caught.value.kind == "bad_request"


async def test_an_item_that_chat_has_no_word_for_is_refused() -> None:
    with pytest.raises(errors.ProviderError, match="item_reference"):
        await said([USER, {"type": "item_reference", "id": "x"}])


async def test_pictures_go_to_models_that_see() -> None:
    content = [
        {"type": "input_text", "text": "what is it?"},
        {"type": "input_image", "image_url": URL, "detail": "original"},
    ]
    given = [{"role": "user", "content": content}]
    seen = await said(given, ChatModel(sees=True))
    assert seen[0]["content"] == [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
    ]
    unseen = await said(given)
    assert unseen[0]["content"].startswith("what is it?\n[A picture is attached.")


async def test_an_earlier_picture_is_a_call_with_a_note_and_is_shown_to_who_sees() -> None:
    messages = await said([USER, MADE, USER])
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    call = messages[1]["tool_calls"][0]
    assert call["id"] == messages[2]["tool_call_id"] == "ig_1"
    assert call["function"]["name"] == "image_generation"
    assert json.loads(call["function"]["arguments"]) == {"prompt": "a red fox"}
    assert "512x512" in messages[2]["content"]
    seen = await said([USER, MADE, USER], ChatModel(sees=True))
    assert seen[3]["content"][1] == {"type": "image_url", "image_url": {"url": URL}}


async def test_a_picture_of_this_response_is_asked_for() -> None:
    asked: list[str] = []

    async def picture(item_id: str) -> bytes:
        asked.append(item_id)
        return PNG

    given = turn(picture=picture, input=[USER, MADE | {"result": None}], tools=[DRAW])
    body = await sent(given, ChatModel(sees=True))
    assert asked == ["ig_1"]
    assert body["messages"][-1]["content"][1]["image_url"]["url"] == URL


async def test_a_picture_that_failed_is_told_as_such() -> None:
    error = {"code": "server_error", "message": "out of paint", "type": "image"}
    made = MADE | {"status": "failed", "result": None, "error": error}
    messages = await said([USER, made], ChatModel(sees=True))
    assert messages[-1]["content"] == "The picture could not be made. out of paint"


async def test_a_functions_picture_follows_its_output() -> None:
    shown = [
        {"type": "input_text", "text": "the map"},
        {"type": "input_image", "image_url": URL},
    ]
    messages = await said([USER, CALL, OUTPUT | {"output": shown}], ChatModel(sees=True))
    assert messages[2]["content"] == "the map"
    assert messages[3]["content"] == [{"type": "image_url", "image_url": {"url": URL}}]


@pytest.mark.parametrize("back", ["none", "reasoning", "reasoning_content"])
async def test_reasoning_goes_back_where_the_upstream_wants_it(back: str) -> None:
    thought = {
        "type": "reasoning",
        "id": "r",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "Hm."}],
    }
    messages = await said([USER, thought, CALL, OUTPUT], reasoning_back=back)
    assert messages[1].get(back) == (None if back == "none" else "Hm.")


async def test_files_and_sound_go_to_models_that_take_them() -> None:
    content = [
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": "data:application/pdf;base64,AA==",
        },
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ]
    given = [{"role": "user", "content": content}]
    messages = await said(given, ChatModel(hears=True, files=True))
    assert [part["type"] for part in messages[0]["content"]] == ["file", "input_audio"]
    with pytest.raises(errors.ProviderError) as caught:
        provider("http://127.0.0.1:1").check(request(input=given))
    assert caught.value.param == "input[0].content[0]"


async def test_half_a_character_does_not_stop_a_request() -> None:
    body = await sent(turn(input="a \ud83d fox"))
    assert body["messages"][0]["content"] == "a \ufffd fox"
