"""Request fields: what an upstream is sent for each, over all steps, and what our client sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.engine.kit import CHAT, TOOL, House, ask, last, types

from heliograph import errors, models
from heliograph.providers.chat import (
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Responses,
    ResponsesSettings,
)
from heliograph.testing import Call, FakeChat, Payloads, Say

Build = Callable[..., House]
DRAW = Call(name="image_generation", arguments='{"prompt": "a fox"}', id="d")
LOOK: dict[str, Any] = {"type": "function", "name": "look", "parameters": {"type": "object"}}
NOTE: dict[str, Any] = {"type": "custom", "name": "note"}
WIRES = pytest.mark.parametrize("wire", ["chat", "responses"])
ANSWER = (Say(calls=(DRAW,), usage=(10, 30, 5)), Say(text="Here it is.", usage=(20, 40, 0)))


class Upstream:
    """An upstream that plays a script, a house that asks it, and what it was sent."""

    def __init__(self, fake: FakeChat, home: House, wire: str) -> None:
        self.fake = fake
        self.home = home
        self.chat = wire == "chat"

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [request.json() for request in self.fake.requests]

    async def draw(self, **fields: Any) -> models.OpenResponsesResult:
        return last(await self.home.draw(ask(**fields)))


@asynccontextmanager
async def served(
    house: Build,
    wire: str,
    *script: Any,
    model: dict[str, Any] | None = None,
    switches: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Upstream]:
    with FakeChat(*script, **(switches or {})) as fake:
        known = {CHAT: ChatModel(upstream="theirs", **(model or {}))}
        asked: Any
        if wire == "chat":
            asked = ChatCompletions(
                ChatCompletionsSettings(base_url=fake.base_url, models=known, **settings)
            )
        else:
            asked = Responses(ResponsesSettings(base_url=fake.base_url, models=known, **settings))
        home = house(asked)
        yield Upstream(fake, home, wire)
        await home.engine.stop(0)
        await asked.aclose()


@WIRES
async def test_max_output_tokens_is_what_all_steps_share(house: Build, wire: str) -> None:
    async with served(house, wire, *ANSWER) as up:
        response = await up.draw(tools=[TOOL], max_output_tokens=100)
    name = "max_tokens" if up.chat else "max_output_tokens"
    assert [body[name] for body in up.sent] == [100, 70]
    assert (response.status, response.max_output_tokens) == ("completed", 100)
    assert response.usage.output_tokens == 70  # type: ignore[union-attr]


@pytest.mark.parametrize(("wire", "most"), [("chat", 30), ("responses", 30), ("responses", 45)])
async def test_a_step_for_which_no_tokens_are_left_is_not_asked_for(
    house: Build, wire: str, most: int
) -> None:
    async with served(house, wire, *ANSWER) as up:
        response = await up.draw(tools=[TOOL], max_output_tokens=most)
    assert len(up.sent) == 1
    assert response.status == "incomplete"
    assert response.incomplete_details == models.IncompleteDetails(reason="max_output_tokens")
    assert [item.type for item in response.output] == ["image_generation_call"]


CHOICES: list[tuple[Any, list[str], Any]] = [
    ("auto", ["image_generation", "look", "note"], "auto"),
    ("none", [], None),
    ("required", ["image_generation", "look", "note"], "required"),
    ({"type": "function", "name": "look"}, ["look"], "required"),
    ({"type": "custom", "name": "note"}, ["note"], "required"),
    ({"type": "image_generation"}, ["image_generation"], "required"),
    (
        {
            "type": "allowed_tools",
            "mode": "auto",
            "tools": [{"type": "function", "name": "look"}, {"type": "image_generation"}],
        },
        ["image_generation", "look"],
        "auto",
    ),
    (
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "custom", "name": "note"}],
        },
        ["note"],
        "required",
    ),
]


def offered(body: dict[str, Any]) -> list[str]:
    tools = body.get("tools") or []
    return sorted(tool.get("name") or tool[tool["type"]]["name"] for tool in tools)


@WIRES
@pytest.mark.parametrize(("choice", "names", "mode"), CHOICES)
async def test_tool_choice_upstream(
    house: Build, wire: str, choice: Any, names: list[str], mode: Any
) -> None:
    said = Say(text="No.")
    if mode == "required":
        named = {"look": Call(name="look"), "note": Call(name="note", arguments='{"input":"x"}')}
        if wire == "responses":
            named["note"] = Call(name="note", arguments="x", custom=True)
        said = Say(calls=(named.get(names[0], DRAW),))
    async with served(house, wire, said, Say(text="Done.")) as up:
        response = await up.draw(tools=[TOOL, LOOK, NOTE], tool_choice=choice)
    assert offered(up.sent[0]) == names
    assert up.sent[0].get("tool_choice") == mode
    assert response.status == "completed"
    if len(up.sent) > 1:
        assert up.sent[1]["tool_choice"] == "auto"
        every = ["image_generation", "look", "note"]
        assert offered(up.sent[1]) == every


@WIRES
async def test_allowed_tools_hold_in_every_step(house: Build, wire: str) -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "image_generation"}]}
    async with served(house, wire, *ANSWER) as up:
        await up.draw(tools=[TOOL, LOOK], tool_choice=choice)
    assert [offered(body) for body in up.sent] == [["image_generation"]] * 2
    assert [body["tool_choice"] for body in up.sent] == ["required", "auto"]


@WIRES
async def test_max_tool_calls_is_counted_here(house: Build, wire: str) -> None:
    async with served(house, wire, *ANSWER) as up:
        response = await up.draw(tools=[TOOL, LOOK], max_tool_calls=1)
    assert [offered(body) for body in up.sent] == [["image_generation", "look"], ["look"]]
    assert all("max_tool_calls" not in body for body in up.sent)
    assert response.max_tool_calls == 1


@WIRES
async def test_a_schema_goes_upstream_with_every_step(house: Build, wire: str) -> None:
    form = {
        "type": "json_schema",
        "name": "fox-1",
        "description": "A fox.",
        "schema": {"type": "object", "properties": {"a b": {"type": "string"}}},
        "strict": True,
    }
    async with served(house, wire, *ANSWER) as up:
        response = await up.draw(tools=[TOOL], text={"format": form, "verbosity": "low"})
    for body in up.sent:
        if up.chat:
            given = {key: value for key, value in form.items() if key != "type"}
            assert body["response_format"] == {"type": "json_schema", "json_schema": given}
            assert body["verbosity"] == "low"
        else:
            assert body["text"] == {"format": form, "verbosity": "low"}
    assert response.text.format.schema == form["schema"]  # type: ignore[union-attr]
    assert response.text.verbosity == "low"  # type: ignore[union-attr]


@WIRES
async def test_reasoning_goes_upstream_and_is_repeated(house: Build, wire: str) -> None:
    asked = {"effort": "low", "summary": "auto"}
    async with served(house, wire, Say(reasoning="Hm.", text="Yes.")) as up:
        response = await up.draw(reasoning=asked)
    assert (up.sent[0]["reasoning_effort"] if up.chat else up.sent[0]["reasoning"]) == (
        "low" if up.chat else asked
    )
    assert response.reasoning.effort == "low"  # type: ignore[union-attr]
    assert [item.type for item in response.output] == ["reasoning", "message"]


async def test_openrouters_reasoning_field_takes_all_of_it(house: Build) -> None:
    asked = {"effort": "high", "summary": "detailed"}
    async with served(house, "chat", Say(text="Yes."), reasoning_field="reasoning") as up:
        await up.draw(reasoning=asked)
    assert up.sent[0]["reasoning"] == asked


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("reasoning.summary", {"reasoning": {"summary": "detailed"}}),
        ("reasoning.mode", {"reasoning": {"mode": "pro"}}),
        ("reasoning.context", {"reasoning": {"context": "all_turns"}}),
        ("reasoning.max_tokens", {"reasoning": {"max_tokens": 10}}),
        ("reasoning.enabled", {"reasoning": {"enabled": False}}),
        ("reasoning.effort", {"reasoning": {"effort": "a lot"}}),
        ("reasoning.speed", {"reasoning": {"speed": 1}}),
        ("text.tone", {"text": {"tone": "dry"}}),
        ("text.verbosity", {"text": {"verbosity": "epic"}}),
        ("text.format.type", {"text": {"format": {}}}),
        ("text.format", {"text": {"format": {"type": "limerick"}}}),
        ("text.format.name", {"text": {"format": {"type": "json_schema", "schema": {}}}}),
        (
            "text.format.name",
            {"text": {"format": {"type": "json_schema", "name": "a fox", "schema": {}}}},
        ),
        ("text.format.schema", {"text": {"format": {"type": "json_schema", "name": "a"}}}),
        (
            "text.format.strict",
            {"text": {"format": {"type": "json_schema", "name": "a", "schema": {}, "strict": 1}}},
        ),
        ("top_logprobs", {"top_logprobs": 3}),
        ("include[0]", {"include": ["message.output_text.logprobs"]}),
        ("truncation", {"truncation": "sometimes"}),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    house: Build, field: str, asked: dict[str, Any]
) -> None:
    async with served(house, "chat") as up:
        with pytest.raises((errors.BadRequest, errors.InvalidBody)) as refused:
            await up.draw(**asked)
        assert str(refused.value).startswith(field + ":")
        assert up.sent == []


def probable(*tokens: str) -> list[dict[str, Any]]:
    other = {"token": "Oh", "logprob": -2.0, "bytes": [79, 104]}
    return [
        {"token": t, "logprob": -0.5, "bytes": list(t.encode()), "top_logprobs": [other]}
        for t in tokens
    ]


def chunk(text: str, tokens: list[dict[str, Any]], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": {"content": tokens}}
    return {"choices": [choice | {"finish_reason": finish}]}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"top_logprobs": 1}, {"logprobs": True, "top_logprobs": 1}),
        ({"include": ["message.output_text.logprobs"]}, {"logprobs": True}),
    ],
)
async def test_probabilities_come_through(
    house: Build, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    told = probable("Hi", " you")
    script = Payloads((chunk("Hi", told[:1]), chunk(" you", told[1:], "stop")))
    async with served(house, "chat", script, model={"logprobs": True}) as up:
        events = await up.home.draw(ask(**asked))
    body = up.sent[0]
    assert {name: body[name] for name in body if "logprobs" in name} == sent
    deltas = [e for e in events if isinstance(e, models.TextDeltaEvent)]
    whole = [models.decode(models.Logprob, models.encode(t)) for t in told]  # type: ignore[arg-type]
    assert [e.logprobs for e in deltas] == [whole[:1], whole[1:]]
    done = next(e for e in events if isinstance(e, models.TextDoneEvent))
    assert done.logprobs == whole
    item = last(events).output[0]
    assert isinstance(item, models.OutputMessageItem)
    assert item.content[0].logprobs == whole  # type: ignore[union-attr]


async def test_probabilities_of_a_responses_upstream_come_through(house: Build) -> None:
    told = probable("Hi")
    part = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": told}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    at = {"output_index": 0, "item_id": "m", "content_index": 0}

    def event(number: int, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", "sequence_number": number, **fields}

    whole = {"id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed"}
    whole |= {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    script = Payloads(
        (
            event(0, "output_item.added", output_index=0, item=item | {"content": []}),
            event(1, "output_text.delta", delta="Hi", logprobs=told, **at),
            event(2, "completed", response=whole | {"output": [item | {"content": [part]}]}),
        ),
        done=False,
    )
    include = ["message.output_text.logprobs"]
    async with served(house, "responses", script) as up:
        response = await up.draw(include=include, top_logprobs=1)
    assert (up.sent[0]["include"], up.sent[0]["top_logprobs"]) == (include, 1)
    assert response.output[0].content[0].logprobs[0].token == "Hi"  # type: ignore[union-attr]
    assert response.top_logprobs == 1


@WIRES
async def test_labels_are_repeated_and_go_upstream_where_that_is_set(
    house: Build, wire: str
) -> None:
    labels = {"metadata": {"a": "b"}, "user": "u", "safety_identifier": "s"}
    settings = {"labels": ("metadata", "safety_identifier", "user")} if wire == "chat" else {}
    async with served(house, wire, **settings) as up:
        response = await up.draw(**labels)
    assert {name: up.sent[0][name] for name in labels} == labels
    assert (response.metadata, response.user) == ({"a": "b"}, "u")
    assert response.safety_identifier == "s"


@WIRES
async def test_parallel_tool_calls_go_upstream_and_are_enforced_here(
    house: Build, wire: str
) -> None:
    two = Say(calls=(DRAW, Call(name="image_generation", arguments='{"prompt": "b"}', id="e")))
    async with served(house, wire, two, Say(text="Done.")) as up:
        response = await up.draw(tools=[TOOL], parallel_tool_calls=False)
    assert [body["parallel_tool_calls"] for body in up.sent] == [False, False]
    assert [item.type for item in response.output] == ["image_generation_call", "message"]
    assert response.parallel_tool_calls is False


# -- truncation -------------------------------------------------------------------------------


def conversation(turns: int) -> list[dict[str, Any]]:
    """System, then turns of a question, thoughts, a call, its output and an answer; a question."""
    said: list[dict[str, Any]] = [{"role": "system", "content": "Be brief."}]
    for n in range(turns):
        said += [
            {"role": "user", "content": f"question {n} " + "x" * 400},
            {
                "type": "reasoning",
                "id": f"rs_{n}",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": "Hm."}],
            },
            {"type": "function_call", "call_id": f"c{n}", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": f"c{n}", "output": "y" * 400},
            {"role": "assistant", "content": f"answer {n}"},
        ]
    return [*said, {"role": "user", "content": "the last question"}]


def refusing(most: int) -> Callable[..., Any]:
    """Answers conversations of up to ``most`` bytes; others are too long for it."""

    def answer(request: Any) -> Any:
        if len(request.body) > most:
            error = {"code": "context_length_exceeded", "message": "too long", "status": 400}
            return Payloads(({"error": error | {"code": 400, "message": WORDS}},))
        return Say(text="Yes.")

    return answer


WORDS = "This model's maximum context length is 1000 tokens. However, you requested 4000 tokens."


def whole_pairs(body: dict[str, Any]) -> None:
    """Every call is there with its output, every output with its call."""
    if "messages" in body:
        called = [c["id"] for m in body["messages"] for c in m.get("tool_calls") or ()]
        answered = [m["tool_call_id"] for m in body["messages"] if m["role"] == "tool"]
    else:
        items = body["input"]
        called = [i["call_id"] for i in items if i.get("type") == "function_call"]
        answered = [i["call_id"] for i in items if i.get("type") == "function_call_output"]
        thought = [i["id"] for i in items if i.get("type") == "reasoning"]
        assert thought == [f"rs_{call_id[1:]}" for call_id in called]
    assert called == answered


@pytest.mark.parametrize("context", [0, 1500])
async def test_auto_leaves_out_the_oldest_until_it_fits(house: Build, context: int) -> None:
    async with served(house, "chat", refusing(6000), model={"context": context}) as up:
        response = await up.draw(input=conversation(10), tools=[LOOK], truncation="auto")
    assert response.status == "completed"
    assert response.truncation == "auto"
    assert (len(up.sent) == 1) == bool(context)
    for body in up.sent:
        whole_pairs(body)
    messages = up.sent[-1]["messages"]
    assert messages[0] == {"role": "system", "content": "Be brief."}
    assert messages[-1] == {"role": "user", "content": "the last question"}
    kept = [m["content"][:11] for m in messages if str(m["content"]).startswith("question")]
    assert kept
    assert kept == [f"question {n} " for n in range(10)][-len(kept) :]
    assert len(kept) < 10


async def test_auto_is_passed_on_and_handled_where_the_upstream_does_not(house: Build) -> None:
    def answer(request: Any) -> Any:
        if len(request.body) > 6000:
            told = {"type": "error", "sequence_number": 0, "code": "context_length_exceeded"}
            return Payloads((told | {"message": "too long", "param": "input"},), done=False)
        return Say(text="Yes.")

    async with served(house, "responses", answer) as up:
        response = await up.draw(input=conversation(10), tools=[LOOK], truncation="auto")
    assert response.status == "completed"
    assert len(up.sent) > 1
    for body in up.sent:
        assert body["truncation"] == "auto"
        whole_pairs(body)


@pytest.mark.parametrize("truncation", [None, "disabled", "auto"])
async def test_what_stays_too_long_is_named(house: Build, truncation: str | None) -> None:
    async with served(house, "chat", refusing(0)) as up:
        events = await up.home.draw(ask(input=conversation(2), tools=[LOOK], truncation=truncation))
    assert types(events)[-1] == "failed"
    error = last(events).error
    assert isinstance(error, models.ResponsesErrorField)
    assert error.code == "invalid_prompt"
    assert error.message.startswith("input: context_length_exceeded: ")
    assert "maximum context length is 1000" in error.message
    assert (len(up.sent) > 1) == (truncation == "auto")
    assert len(up.sent) <= 13


async def test_nothing_is_left_out_of_what_fits(house: Build) -> None:
    async with served(house, "chat", model={"context": 100_000}) as up:
        await up.draw(input=conversation(3), tools=[LOOK], truncation="auto")
    assert len(up.sent[0]["messages"]) == 1 + 3 * 4 + 1
