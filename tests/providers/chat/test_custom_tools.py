"""Custom tools upstream: native, as functions, and over the Responses API."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.chat.kit import MODEL, WEATHER, parts, provider, request, turn
from tests.providers.chat.test_request import sent
from tests.providers.chat.test_responses import upstream

from heliograph import errors, models
from heliograph.providers import Arguments, CustomCall, CustomInput, Finish, FunctionCall
from heliograph.providers.chat import ChatModel
from heliograph.providers.chat._custom import MAX_HELD_INPUT, InputReader
from heliograph.testing import Call, FakeChat, Payloads, Say

NOTE = {
    "type": "custom",
    "name": "note",
    "description": "Keeps a note.",
    "format": {"type": "text"},
}
LARK = {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin" /.+/s'}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edits.", "format": LARK}
NATIVE = ChatModel(upstream="theirs", custom_tools="native")
DESCRIBED = ChatModel(upstream="theirs", grammars="describe")
TEXTS = [
    "",
    "plain",
    '*** Begin Patch\n*** Update File: a.py\n-\told = "x\\n"\n+\tnew\n',
    'quotes " and \\ and / and \b\f\r\t',
    "\u00e9\u4e2d\U0001f600\U0001f1e9\U0001f1ea",
    "\u2028\x00\x1f",
]
SPELLINGS = [
    lambda text: json.dumps({"input": text}),
    lambda text: json.dumps({"input": text}, ensure_ascii=False),
    lambda text: json.dumps({"input": text}, indent=2),
    lambda text: ' {\n"input" :\t' + json.dumps(text).replace("/", "\\/") + ', "more": 1}',
    lambda text: json.dumps({"first": 1, "input": text}),
    lambda text: json.dumps({"patch": text}),
    lambda text: json.dumps(text),
]


def read(pieces: list[str], *, whole: bool = True) -> str:
    reader = InputReader("model", "tool")
    return "".join([*(reader.feed(piece) for piece in pieces), reader.end(whole=whole)])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("spelled", SPELLINGS)
def test_the_text_comes_out_of_the_arguments_wherever_they_are_cut(text: str, spelled: Any) -> None:
    arguments = spelled(text)
    assert read([arguments]) == text
    assert read(list(arguments)) == text
    for at in range(len(arguments)):
        assert read([arguments[:at], arguments[at:]]) == text


@given(st.text(), st.booleans(), st.lists(st.integers(0, 400)))
def test_any_text_comes_out_of_any_pieces(text: str, ascii_: bool, cuts: list[int]) -> None:
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_)
    ends = [0, *sorted(min(cut, len(arguments)) for cut in cuts), len(arguments)]
    assert read([arguments[a:b] for a, b in itertools.pairwise(ends)]) == text


def test_it_streams_and_holds_nothing_back_but_half_characters() -> None:
    reader = InputReader("model", "tool")
    assert reader.feed('{"input": "a') == "a"
    assert reader.feed("\\") == ""
    assert reader.feed("nb\\ud83") == "\nb"
    assert reader.feed("d") == ""
    assert reader.feed("\\ude00c") == "\U0001f600c"
    assert reader.feed('"') == ""
    assert reader.feed("}") == ""
    assert reader.end(whole=True) == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input": "\\ud83d"}', "\ufffd"),
        ('{"input": "\\ud83dx"}', "\ufffdx"),
        ('{"input": "\\ude00\\ud83d\\ud83d\\ude00"}', "\ufffd\ufffd\U0001f600"),
        ('{"input": "a\nb"}', "a\nb"),
        ("*** Begin Patch", "*** Begin Patch"),
        ('{"inputs": "x"}', "x"),
        ('{"in put": "x"}', "x"),
    ],
)
def test_odd_arguments(arguments: str, text: str) -> None:
    assert read([arguments]) == text
    assert read(list(arguments)) == text


@pytest.mark.parametrize(
    "arguments",
    [
        '{"input": "a',
        '{"input": "\\x"}',
        '{"input": "\\u12g4"}',
        '{"input": 5}',
        '{"a":"b","c":"d"}',
        "[1]",
    ],
)
def test_arguments_without_the_text_are_a_failure_that_names_the_tool(arguments: str) -> None:
    with pytest.raises(errors.ProviderError, match="'tool'") as failed:
        read([arguments])
    assert (failed.value.kind, failed.value.retryable) == ("protocol", True)


def test_what_is_cut_off_gives_what_it_has() -> None:
    assert read(['{"input": "half of'], whole=False) == "half of"
    assert read(['{"input": "half \\ud83d'], whole=False) == "half \ufffd"
    assert read(['{"in'], whole=False) == ""


def test_what_is_held_is_bounded_by_name() -> None:
    with pytest.raises(errors.ProviderError, match="MAX_HELD_INPUT"):
        read(["x" * MAX_HELD_INPUT, "x"])


async def test_it_is_a_function_upstream_and_a_custom_call_here() -> None:
    said = 'say "\U0001f600"\n'
    script = Say(calls=(Call(name="note", arguments=json.dumps({"input": said}), id="a"),))
    with FakeChat(script) as fake:
        asked = provider(fake.base_url)
        found = await parts(asked, turn(tools=[NOTE]))
        await asked.aclose()
    assert found[0] == CustomCall("a", "note")
    assert "".join(p.delta for p in found if isinstance(p, CustomInput)) == said
    assert isinstance(found[-1], Finish)
    function = fake.requests[0].json()["tools"][0]["function"]
    assert function["name"] == "note"
    assert function["parameters"]["required"] == ["input"]
    assert function["parameters"]["properties"]["input"]["type"] == "string"


async def test_native_custom_tools_go_as_they_are() -> None:
    script = Say(
        calls=(
            Call(name="apply_patch", arguments="*** Begin\n{}", id="a", custom=True),
            Call(name="weather", arguments='{"city":"Oslo"}', id="b"),
            Call(name="note", arguments="", id="c", custom=True),
        )
    )
    for switches in ({}, {"ignore_stream": True}):
        with FakeChat(script, **switches) as fake:
            asked = provider(fake.base_url, NATIVE)
            found = await parts(asked, turn(tools=[PATCH, WEATHER, NOTE]))
            await asked.aclose()
        text = [p.delta for p in found if isinstance(p, CustomInput)]
        assert "".join(text) == "*** Begin\n{}"
        assert [p for p in found[:-1] if not isinstance(p, CustomInput)] == [
            CustomCall("a", "apply_patch"),
            FunctionCall("b", "weather"),
            Arguments("b", '{"city":"Oslo"}'),
            CustomCall("c", "note"),
        ]
    tools = fake.requests[0].json()["tools"]
    grammar = {"definition": LARK["definition"], "syntax": "lark"}
    assert tools[0] == {
        "type": "custom",
        "custom": {
            "name": "apply_patch",
            "description": "Edits.",
            "format": {"type": "grammar", "grammar": grammar},
        },
    }
    assert tools[1]["type"] == "function"
    assert tools[2]["custom"]["format"] == {"type": "text"}


@pytest.mark.parametrize("native", [True, False])
async def test_a_custom_call_and_its_output_go_back(native: bool) -> None:
    said: list[dict[str, Any]] = [
        {"role": "user", "content": "hi"},
        {"type": "custom_tool_call", "call_id": "a", "name": "note", "input": 'x "\n'},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "noted"},
    ]
    given = turn(input=said, tools=[NOTE])
    messages = (await sent(given, NATIVE if native else None))["messages"]
    called = (
        {"id": "a", "type": "custom", "custom": {"name": "note", "input": 'x "\n'}}
        if native
        else {
            "id": "a",
            "type": "function",
            "function": {"name": "note", "arguments": '{"input":"x \\"\\n"}'},
        }
    )
    assert messages[1:] == [
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "a", "content": "noted"},
    ]


@pytest.mark.parametrize(("model", "kind"), [(NATIVE, "custom"), (None, "function")])
async def test_a_choice_by_name(model: ChatModel | None, kind: str) -> None:
    choice = models.ToolChoiceCustom(name="note")
    body = await sent(turn(choice, tools=[NOTE, WEATHER]), model)
    assert body["tool_choice"] == {"type": kind, kind: {"name": "note"}}


async def test_a_grammar_is_refused_told_or_passed_on() -> None:
    asked = request(tools=[NOTE, PATCH])
    with pytest.raises(errors.ProviderError, match="describe") as refused:
        provider("http://127.0.0.1:9/v1").check(asked)
    assert (refused.value.param, refused.value.kind) == ("tools[1].format", "bad_request")
    for model in (NATIVE, DESCRIBED):
        provider("http://127.0.0.1:9/v1", model).check(asked)
    body = await sent(turn(tools=[PATCH]), DESCRIBED)
    told = body["tools"][0]["function"]["description"]
    assert told.startswith("Edits.\n\n")
    assert "lark grammar" in told
    assert told.endswith(str(LARK["definition"]))


async def test_a_hosted_tool_steps_aside_for_a_custom_tools_name() -> None:
    named = {**NOTE, "name": "image_generation"}
    body = await sent(turn(tools=[named, {"type": "image_generation"}]))
    assert [t["function"]["name"] for t in body["tools"]] == [
        "image_generation",
        "image_generation_2",
    ]


@pytest.mark.parametrize("switches", [{}, {"ignore_stream": True}])
async def test_a_responses_upstream_is_asked_and_answers_in_its_own_words(
    switches: dict[str, Any],
) -> None:
    script = Say(calls=(Call(name="apply_patch", arguments="*** Begin x", id="a", custom=True),))
    choice = models.ToolChoiceCustom(name="apply_patch")
    said = [
        {"role": "user", "content": "hi"},
        {"type": "custom_tool_call", "call_id": "z", "name": "note", "input": "x", "id": "ctc_1"},
        {"type": "custom_tool_call_output", "call_id": "z", "output": "noted"},
    ]
    with FakeChat(script, **switches) as fake:
        asked = upstream(fake.base_url)
        asked.check(request(tools=[PATCH, {"type": "image_generation"}]))
        found = await parts(asked, turn(choice, input=said, tools=[PATCH, NOTE]))
        await asked.aclose()
    assert found[0] == CustomCall("a", "apply_patch")
    assert "".join(p.delta for p in found if isinstance(p, CustomInput)) == "*** Begin x"
    body = fake.requests[0].json()
    assert body["tools"] == [PATCH, NOTE]
    assert body["tool_choice"] == {"type": "custom", "name": "apply_patch"}
    assert body["input"][1:] == said[1:]


async def test_an_input_that_stops_in_its_middle_fails() -> None:
    head = {"index": 0, "id": "a", "type": "function"}
    call = {**head, "function": {"name": "note", "arguments": '{"input": "half'}}
    script = Payloads(
        (
            {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        )
    )
    with FakeChat(script) as fake:
        asked = provider(fake.base_url)
        with pytest.raises(errors.ProviderError, match=f"{MODEL} called 'note'"):
            await parts(asked, turn(tools=[NOTE]))
        await asked.aclose()
