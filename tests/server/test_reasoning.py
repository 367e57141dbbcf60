"""Reasoning that clients keep: sealed on its way out, told to its upstream on its way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec
import openai
import pytest
from tests.server.kit import Painter, Running, read, running
from tests.server.sockets import talk

from heliograph.providers import Catalog
from heliograph.providers.chat import (
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Responses,
    ResponsesSettings,
)
from heliograph.testing import FakeChat, Payloads, Received, Say
from heliograph.testing._fakes import responses_wire

THINKER = "house/thinker"
OTHER = "house/other"
INCLUDE = ["reasoning.encrypted_content"]
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}
TOOL = {"type": "image_generation", "model": "test/painter"}
MODELS = {THINKER: ChatModel(upstream="deep-1"), OTHER: ChatModel(upstream="deep-2")}


def chunk(**delta: Any) -> dict[str, Any]:
    finish = delta.pop("finish", None)
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": words, "index": 0, **more}


SIGNED = text("Hm. So be it.", format="anthropic-claude-v1", signature="c2ln")
ENCRYPTED = {"type": "reasoning.encrypted", "data": "eA==", "id": "call_1", "index": 1}
PIECES = (
    chunk(reasoning="Hm. ", reasoning_details=[text("Hm. ", format="anthropic-claude-v1")]),
    chunk(reasoning="So be it.", reasoning_details=[text("So be it.")]),
    chunk(reasoning_details=[{"type": "reasoning.text", "index": 0, "signature": "c2ln"}]),
)
WORDS = Payloads((*PIECES, chunk(content="Yes."), chunk(finish="stop")))
PLAIN = Say(text="Yes.")


def calls(name: str, arguments: str = "{}", **more: Any) -> Payloads:
    """Reasoning, a call, and what comes late with it."""
    function = {"name": name, "arguments": arguments}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    late = chunk(reasoning_details=[ENCRYPTED])
    return Payloads((*PIECES, chunk(tool_calls=[call]), late, chunk(finish="tool_calls")))


def draws(request: Received) -> Payloads:
    (tool,) = request.json()["tools"]
    return calls(tool["function"]["name"], '{"prompt": "a hen"}')


@contextmanager
def house(*script: Any, kind: str = "chat", **settings: Any) -> Iterator[tuple[FakeChat, Running]]:
    with FakeChat(*script) as fake:
        provider: Any
        if kind == "chat":
            told = {"base_url": fake.base_url, "models": MODELS, **settings}
            provider = ChatCompletions(ChatCompletionsSettings(**told))
        else:
            provider = Responses(ResponsesSettings(base_url=fake.base_url, models=MODELS))
        with running(serves=Catalog(chat=[provider], images=[Painter()])) as it:
            yield fake, it


def post(here: Running, **body: Any) -> dict[str, Any]:
    body = {"model": THINKER, "input": "Well?", **body}
    answer = httpx2.post(f"{here.url}/v1/responses", json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    response: dict[str, Any] = answer.json()
    assert response["status"] == "completed", response["error"]
    return response


def as_codex_sends_it(item: dict[str, Any]) -> dict[str, Any]:
    """An item as clients that keep conversations send it back: reasoning without its text."""
    if item["type"] != "reasoning":
        return item
    return {
        "type": "reasoning",
        "id": item["id"],
        "summary": [],
        "content": None,
        "encrypted_content": item["encrypted_content"],
    }


def go_on(here: Running, first: dict[str, Any], *more: Any, **body: Any) -> dict[str, Any]:
    given = [
        {"role": "user", "content": "Well?"},
        *map(as_codex_sends_it, first["output"]),
        *(more or [{"role": "user", "content": "Go on."}]),
    ]
    return post(here, input=given, store=False, include=INCLUDE, **body)


def messages(fake: FakeChat) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fake.requests[-1].json()["messages"]
    return found


def reasoning(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in response["output"] if item["type"] == "reasoning"]


@pytest.mark.parametrize("store", [True, False])
def test_what_is_not_asked_for_is_not_sent(store: bool) -> None:
    with house(WORDS) as (_, here):
        (item,) = reasoning(post(here, store=store))
    assert item["content"][0]["text"] == "Hm. So be it."
    assert "encrypted_content" not in item


@pytest.mark.parametrize("store", [True, False])
def test_reasoning_goes_back_to_its_upstream_as_it_came(store: bool) -> None:
    with house(WORDS) as (fake, here):
        first = post(here, store=store, include=INCLUDE)
        (item,) = reasoning(first)
        go_on(here, first)
        assistant = messages(fake)[1]
    assert item["content"][0]["text"] == "Hm. So be it."
    assert "c2ln" not in item["encrypted_content"]
    assert assistant == {"role": "assistant", "content": "Yes.", "reasoning_details": [SIGNED]}


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_the_text_alone_goes_back_where_there_is_no_more(field: Any) -> None:
    say = Say(reasoning="Hm. So be it.", text="Yes.")
    with house(say, reasoning_back=field) as (fake, here):
        go_on(here, post(here, store=False, include=INCLUDE))
        assert messages(fake)[1] == {
            "role": "assistant",
            "content": "Yes.",
            field: "Hm. So be it.",
        }


def test_another_model_is_told_the_text_alone() -> None:
    with house(WORDS, reasoning_back="reasoning") as (fake, here):
        go_on(here, post(here, store=False, include=INCLUDE), model=OTHER)
        assert messages(fake)[1] == {
            "role": "assistant",
            "content": "Yes.",
            "reasoning": "Hm. So be it.",
        }


def test_what_came_with_a_call_goes_back_with_the_call() -> None:
    with house(calls("look"), PLAIN) as (fake, here):
        first = post(here, store=False, include=INCLUDE, tools=[LOOK])
        output = {"type": "function_call_output", "call_id": "call_1", "output": "a hen"}
        go_on(here, first, output, tools=[LOOK])
        _, assistant, tool = messages(fake)
    assert [item["type"] for item in first["output"]] == ["reasoning", "function_call", "reasoning"]
    assert first["output"][2]["content"] == first["output"][2]["summary"] == []
    assert assistant["tool_calls"][0]["function"]["name"] == "look"
    assert assistant["reasoning_details"] == [SIGNED, ENCRYPTED]
    assert tool["content"] == "a hen"


@pytest.mark.parametrize("include", [[], INCLUDE])
def test_the_next_step_of_a_response_has_it_whether_it_is_sent_or_not(include: list[str]) -> None:
    with house(draws, WORDS) as (fake, here):
        response = post(here, tools=[TOOL], include=include)
        assistant = messages(fake)[1]
    kinds = [item["type"] for item in response["output"]]
    assert kinds == ["reasoning", "image_generation_call", "reasoning", "message"]
    assert assistant["reasoning_details"] == [SIGNED, ENCRYPTED]
    assert [("encrypted_content" in item) for item in reasoning(response)] == [
        bool(include) for _ in reasoning(response)
    ]


def test_a_stored_response_is_gone_on_from_with_it() -> None:
    with house(WORDS) as (fake, here):
        first = post(here, include=INCLUDE)
        post(here, input="Go on.", previous_response_id=first["id"])
        assert messages(fake)[1]["reasoning_details"] == [SIGNED]


def test_it_is_the_same_over_sse_and_over_a_websocket() -> None:
    with house(WORDS) as (fake, here):
        body = {"model": THINKER, "input": "Well?", "store": False, "include": INCLUDE}
        asked = {**body, "stream": True}
        with (
            httpx2.Client(base_url=here.url) as http,
            http.stream("POST", "/v1/responses", json=asked) as answer,
        ):
            events = [msgspec.json.decode(frame.data) for frame in read(answer).frames]
        with talk(here) as ws:
            ws.raw(msgspec.json.encode({"type": "response.create", **body}).decode())
            said = [msgspec.json.decode(each) for each in ws.read().assert_valid().texts]
            ws.send(
                "Go on.",
                model=THINKER,
                tools=[],
                store=False,
                previous_response_id=said[-1]["response"]["id"],
            )
            ws.read().assert_valid()
        assert messages(fake)[1]["reasoning_details"] == [SIGNED]
    for each in (events, said):
        (done,) = [
            event["item"]
            for event in each
            if event["type"] == "response.output_item.done" and event["item"]["type"] == "reasoning"
        ]
        (added,) = [
            event["item"]
            for event in each
            if event["type"] == "response.output_item.added"
            and event["item"]["type"] == "reasoning"
        ]
        assert "encrypted_content" not in added
        assert done == reasoning(each[-1]["response"])[0]


def altered(sealed: str) -> str:
    return sealed[:50] + ("A" if sealed[50] != "A" else "B") + sealed[51:]


@pytest.mark.parametrize("spoil", [altered, lambda sealed: "gAAAAABfrom-elsewhere"])
def test_what_is_not_as_it_was_made_here_is_refused_by_name(spoil: Callable[[str], str]) -> None:
    with house(WORDS) as (_, here):
        (item,) = reasoning(post(here, store=False, include=INCLUDE))
        item = as_codex_sends_it(item)
        item["encrypted_content"] = spoil(item["encrypted_content"])
        given = [{"role": "user", "content": "a"}, item, {"role": "user", "content": "b"}]
        body = {"model": THINKER, "input": given}
        answer = httpx2.post(f"{here.url}/v1/responses", json=body)
        with talk(here) as ws:
            told = ws.refused(model=THINKER, input=given, tools=[])
    error = answer.json()["error"]
    wanted = (400, "invalid_encrypted_content", "input[1].encrypted_content")
    assert (answer.status_code, error["code"], error["param"]) == wanted
    assert told == wanted


def test_a_reasoning_item_without_content_is_taken_as_it_is() -> None:
    with house(PLAIN, reasoning_back="reasoning") as (fake, here):
        given = [
            {"role": "user", "content": "a"},
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "Hm."}],
                "encrypted_content": None,
            },
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ]
        post(here, input=given)
        assert messages(fake)[1]["reasoning"] == "Hm."


def reasoned(**more: Any) -> dict[str, Any]:
    return {
        "type": "reasoning",
        "id": "rs_upstream",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "gAAAAABupstream",
        **more,
    }


def upstream_response(*items: dict[str, Any]) -> Payloads:
    """What a Responses upstream that stores nothing sends."""
    done = [
        {"type": "response.output_item.done", "sequence_number": at, "output_index": at, "item": it}
        for at, it in enumerate(items)
    ]
    response = responses_wire.whole(Say(), {"model": "deep-1"}) | {"output": list(items)}
    end = {"type": "response.completed", "sequence_number": 9, "response": response}
    return Payloads((*done, end), done=False)


def message(words: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": words, "annotations": []}
    item = {"type": "message", "id": "msg_u", "role": "assistant", "status": "completed"}
    return {**item, "content": [part]}


def hosted(request: Received) -> Payloads:
    (tool,) = request.json()["tools"]
    call = {
        "type": "function_call",
        "id": "fc_u",
        "call_id": "c1",
        "name": tool["name"],
        "arguments": '{"prompt": "a hen"}',
        "status": "completed",
    }
    return upstream_response(reasoned(), call)


def test_an_upstream_s_own_item_goes_back_to_it_as_it_came() -> None:
    script = (hosted, upstream_response(message("There.")))
    with house(*script, kind="responses") as (fake, here):
        first = post(here, store=False, include=INCLUDE, tools=[TOOL])
        in_the_loop = fake.requests[-1].json()["input"]
        go_on(here, first, tools=[TOOL])
        sent_back = fake.requests[-1].json()["input"]
    assert fake.requests[0].json()["include"] == INCLUDE
    (item,) = reasoning(first)
    assert item["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert item["encrypted_content"] != "gAAAAABupstream"
    assert reasoned() in in_the_loop
    assert reasoned() in sent_back
    assert item["encrypted_content"] not in str(sent_back)


FOREIGN = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAABtheirs"}


@pytest.mark.parametrize("kind", ["reasoning", "compaction"])
def test_an_upstream_s_own_content_is_the_upstream_s_to_judge(kind: str) -> None:
    item = FOREIGN | {"type": kind}
    given = [{"role": "user", "content": "a"}, item, {"role": "user", "content": "b"}]
    script = (hosted, upstream_response(message("There.")))
    with house(*script, kind="responses") as (fake, here):
        first = post(here, store=False, include=INCLUDE, tools=[TOOL])
        (ours,) = reasoning(first)
        post(here, input=[*given, as_codex_sends_it(ours)], tools=[TOOL], store=False)
        told = fake.requests[-1].json()["input"]
        stored = post(here, input=given, tools=[TOOL])
        post(here, input="c", tools=[TOOL], previous_response_id=stored["id"])
        chained = fake.requests[-1].json()["input"]
        ours["encrypted_content"] = altered(ours["encrypted_content"])
        body = {"model": THINKER, "input": [*given, as_codex_sends_it(ours)], "tools": [TOOL]}
        refused = httpx2.post(f"{here.url}/v1/responses", json=body)
        window = httpx2.post(
            f"{here.url}/v1/responses/compact", json={"model": THINKER, "input": given}
        )
        noted = fake.requests[-1].json()["input"]
    for each in (told, chained, noted):
        (found,) = [one for one in each if one.get("encrypted_content") == "gAAAAABtheirs"]
        assert found["type"] == kind
    assert reasoned() in told
    assert refused.status_code == 400
    assert "input[3].encrypted_content" in refused.text
    assert window.status_code == 200, window.text


def test_too_much_of_it_ends_the_response_with_the_limit_s_name() -> None:
    blocks = chunk(reasoning_details=[{"type": "reasoning.encrypted", "data": "x" * 1_500_000}])
    with house(Payloads((blocks,) * 4)) as (_, here):
        body = {"model": THINKER, "input": "Well?"}
        response = httpx2.post(f"{here.url}/v1/responses", json=body, timeout=20).json()
    assert response["status"] == "failed"
    assert "MAX_HELD" in response["error"]["message"]


def test_openai_s_client_keeps_a_conversation_that_nobody_stores() -> None:
    with house(calls("look"), PLAIN) as (fake, here):
        with openai.OpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as client:
            asked: list[Any] = [{"role": "user", "content": "Well?"}]
            more: Any = {"store": False, "include": INCLUDE, "tools": [LOOK]}
            first = client.responses.create(model=THINKER, input=asked, **more)
            asked += [item.model_dump(exclude_unset=True) for item in first.output]
            asked.append({"type": "function_call_output", "call_id": "call_1", "output": "a hen"})
            second = client.responses.create(model=THINKER, input=asked, **more)
        assert messages(fake)[1]["reasoning_details"] == [SIGNED, ENCRYPTED]
    assert second.output_text == "Yes."


def test_a_conversation_with_reasoning_can_be_compacted() -> None:
    with house(WORDS) as (fake, here):
        first = post(here, store=False, include=INCLUDE)
        given = [{"role": "user", "content": "Well?"}, *map(as_codex_sends_it, first["output"])]
        body = {"model": THINKER, "input": given}
        window = httpx2.post(f"{here.url}/v1/responses/compact", json=body, timeout=20)
        assert window.status_code == 200, window.text
        assert messages(fake)[1]["reasoning_details"] == [SIGNED]


def test_the_calls_of_two_turns_stay_two_messages() -> None:
    with house(calls("look"), PLAIN) as (fake, here):
        first = post(here, store=False, include=INCLUDE, tools=[LOOK])
        output = {"type": "function_call_output", "call_id": "call_1", "output": "a hen"}
        again = [
            item | ({"call_id": "call_2"} if item["type"] == "function_call" else {})
            for item in first["output"]
        ]
        given = [
            {"role": "user", "content": "Well?"},
            *map(as_codex_sends_it, first["output"]),
            output,
            *map(as_codex_sends_it, again),
            output | {"call_id": "call_2"},
        ]
        post(here, input=given, store=False, include=INCLUDE, tools=[LOOK])
        told = messages(fake)
    assert [m["role"] for m in told] == ["user", "assistant", "tool", "assistant", "tool"]
    assert told[1]["reasoning_details"] == told[3]["reasoning_details"] == [SIGNED, ENCRYPTED]
