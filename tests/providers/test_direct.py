from __future__ import annotations

import json
from typing import Any

import pytest

from heliograph import errors, models
from heliograph.providers import ChatTurn, Finish, HostedCall, Text
from heliograph.providers.chat import Direct

TOOL = {"type": "image_generation"}


def request(**fields: Any) -> models.ResponsesRequest:
    body = {"model": "heliograph/direct", "input": "a fox"} | fields
    return models.decode(models.ResponsesRequest, json.dumps(body).encode())


async def answer(step: int = 0, choice: str = "auto", **fields: Any) -> list[Any]:
    asked = request(**fields)
    given = asked.input
    said = (models.InputMessage(role="user", content=given),) if isinstance(given, str) else given
    turn = ChatTurn(
        model=asked.model or "",
        input=tuple(said or ()),
        tools=tuple(asked.tools or ()),
        tool_choice=choice,
        request=asked,
        step=step,
    )
    return [part async for part in Direct().answer(turn)]


@pytest.mark.parametrize("tool", ["image_generation", "openrouter:image_generation"])
async def test_the_words_become_the_prompt(tool: str) -> None:
    parts = await answer(tools=[{"type": tool}])
    assert parts == [HostedCall(call_id="call_0", prompt="a fox"), Finish("tool_calls")]


async def test_the_last_user_message_counts_with_all_its_text_parts() -> None:
    said = [
        {"role": "user", "content": "a hen"},
        {"role": "assistant", "content": "Here it is."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "a fox"},
                {"type": "input_text", "text": "at night"},
            ],
        },
        {"role": "developer", "content": "be kind"},
    ]
    parts = await answer(input=said, tools=[TOOL])
    assert parts[0].prompt == "a fox\nat night"


async def test_after_the_picture_it_has_nothing_to_add() -> None:
    assert await answer(step=1, tools=[TOOL]) == [Finish()]


@pytest.mark.parametrize(("tools", "choice"), [([], "auto"), ([TOOL], "none")])
async def test_without_a_tool_it_says_what_it_is_and_how_to_get_a_picture(
    tools: list[Any], choice: str
) -> None:
    parts = await answer(tools=tools, choice=choice)
    text = "".join(part.delta for part in parts if isinstance(part, Text))
    assert "not a language model" in text
    assert '"tools"' in text
    assert parts[-1] == Finish()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (
            {
                "tools": [{"type": "function", "name": "f"}],
                "tool_choice": {"type": "function", "name": "f"},
            },
            "tool_choice",
        ),
        ({"text": {"format": {"type": "json_object"}}}, "text.format"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"tools": [TOOL], "input": [{"role": "system", "content": "x"}]}, "input"),
    ],
)
def test_what_only_a_language_model_could_do_is_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(errors.ProviderError) as caught:
        Direct().check(request(**fields))
    assert (caught.value.kind, caught.value.param) == ("bad_request", param)


def test_functions_may_be_offered_it_just_never_calls_them() -> None:
    Direct().check(request(tools=[{"type": "function", "name": "f"}, TOOL]))


@pytest.mark.parametrize("allowed", [TOOL, {"type": "function", "name": "f"}])
def test_a_must_among_allowed_tools_needs_the_image_tool_in_it(allowed: dict[str, Any]) -> None:
    tools = [{"type": "function", "name": "f"}, TOOL]
    choice = {"type": "allowed_tools", "mode": "required", "tools": [allowed]}
    asked = request(tools=tools, tool_choice=choice)
    if allowed == TOOL:
        Direct().check(asked)
    else:
        with pytest.raises(errors.ProviderError):
            Direct().check(asked)
