"""What the Open Responses compliance suite asks of a server, asked of ours in our own words.

One upstream is a chat completions server that does what a model would do with such requests; the
other is ``heliograph/direct``. Everything that comes back is text and functions alone, so all of it
must be valid in Open Responses whole, without any listed extension.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from tests.server.kit import MODEL, Painter, Running, read, running
from tests.server.sockets import Talk, Turn, talk

from heliograph import testing
from heliograph.providers import Catalog
from heliograph.providers.chat import (
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Direct,
)
from heliograph.testing import Call, FakeChat, Received, Say
from heliograph.testing._fakes._pictures import make_picture

WORDS = "house/talker"
STRICT = testing.Validator(extensions=False)

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place.",
    "parameters": {
        "type": "object",
        "properties": {"place": {"type": "string"}},
        "required": ["place"],
    },
}


def think(request: Received) -> Say:
    """A model that calls a function it is offered, once, and else tells what it was last told."""
    asked = request.json()
    messages = asked["messages"]
    if asked.get("tools") and messages[-1]["role"] != "tool":
        return Say(calls=(Call(name="get_weather", arguments='{"place":"Oslo"}', id="call_w"),))
    return Say(text=f"You said: {messages[-1]['content']}")


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeChat]:
    with FakeChat(think) as fake:
        yield fake


@pytest.fixture(scope="module")
def here(upstream: FakeChat) -> Iterator[Running]:
    told = ChatCompletionsSettings(
        base_url=upstream.base_url,
        models={WORDS: ChatModel(upstream="fake-1", sees=True, files=True)},
    )
    with running(serves=Catalog(chat=[ChatCompletions(told), Direct()], images=[Painter()])) as it:
        yield it


@pytest.fixture
def http(here: Running) -> Iterator[httpx2.Client]:
    headers = {"authorization": "Bearer any"}
    with httpx2.Client(base_url=here.url, timeout=20, headers=headers) as client:
        yield client


@pytest.fixture
def ws(here: Running) -> Iterator[Talk]:
    with talk(here, additional_headers={"authorization": "Bearer any"}) as one:
        yield one


models = pytest.mark.parametrize("model", [WORDS, MODEL])


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": content, **more}


def completed(response: dict[str, Any]) -> dict[str, Any]:
    """A response that is valid, has output and is complete."""
    problems = STRICT.body("response", response)
    assert not problems, [str(problem) for problem in problems]
    assert response["output"]
    assert response["status"] == "completed"
    return response


def post(http: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/responses", json=body)
    assert answer.status_code == 200, answer.text
    return completed(answer.json())


def stream(http: httpx2.Client, **body: Any) -> list[dict[str, Any]]:
    with http.stream("POST", "/v1/responses", json={**body, "stream": True}) as answer:
        assert answer.status_code == 200
        events = [msgspec.json.decode(frame.data) for frame in read(answer).frames]
    return valid(events)


def valid(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    problems = STRICT.stream(events)
    assert not problems, [str(problem) for problem in problems]
    completed(events[-1]["response"])
    return events


def turn(ws: Talk, model: str, **body: Any) -> list[dict[str, Any]]:
    """A turn that is served."""
    return valid(send(ws, model, **body))


def send(ws: Talk, model: str, **body: Any) -> list[dict[str, Any]]:
    ws.raw(msgspec.json.encode({"type": "response.create", "model": model, **body}).decode())
    return messages(ws.read())


def messages(turn: Turn) -> list[dict[str, Any]]:
    return [msgspec.json.decode(text) for text in turn.texts]


def not_found(events: list[dict[str, Any]]) -> bool:
    (envelope,) = events
    assert STRICT.message(envelope) == []
    return bool(envelope["error"]["code"] == "previous_response_not_found")


def told(upstream: FakeChat) -> str:
    """The messages of the request that the upstream got last."""
    return msgspec.json.encode(upstream.requests[-1].json()["messages"]).decode()


@models
def test_a_text_response(http: httpx2.Client, model: str) -> None:
    response = post(http, model=model, input=[said("user", "Greet me in three words.")])
    (item,) = response["output"]
    assert item["type"] == "message"


@models
def test_an_assistant_s_phases_are_taken(
    http: httpx2.Client, upstream: FakeChat, model: str
) -> None:
    given = [
        said("assistant", "Let me look it up.", phase="commentary"),
        said("assistant", "It is seven.", phase="final_answer"),
        said("user", "Only the number, please."),
    ]
    post(http, model=model, input=given)
    if model == WORDS:
        assert "It is seven." in told(upstream)


def test_an_assistant_s_phases_may_be_sent() -> None:
    part = {"type": "output_text", "text": "Seven.", "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    for phase in ("commentary", "final_answer"):
        assert STRICT.body("item", {**item, "content": [part], "phase": phase}) == []
    assert STRICT.body("item", {**item, "content": [part], "phase": "musing"})


@models
def test_a_stream(http: httpx2.Client, model: str) -> None:
    events = stream(http, model=model, input=[said("user", "Count to five.")])
    kinds = [event["type"] for event in events]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert "response.output_text.delta" in kinds


@models
def test_a_system_message(http: httpx2.Client, upstream: FakeChat, model: str) -> None:
    given = [said("system", "Talk like a sailor."), said("user", "Greet me.")]
    post(http, model=model, input=given)
    if model == WORDS:
        first, last = upstream.requests[-1].json()["messages"]
        assert first == {"role": "system", "content": "Talk like a sailor."}
        assert last["content"] == "Greet me."


def test_a_function_call(http: httpx2.Client) -> None:
    response = post(
        http, model=WORDS, input=[said("user", "How is the weather in Oslo?")], tools=[WEATHER]
    )
    (call,) = response["output"]
    assert (call["type"], call["name"]) == ("function_call", "get_weather")
    assert msgspec.json.decode(call["arguments"]) == {"place": "Oslo"}


def test_a_function_call_in_a_stream(http: httpx2.Client) -> None:
    events = stream(
        http, model=WORDS, input=[said("user", "How is the weather in Oslo?")], tools=[WEATHER]
    )
    kinds = [event["type"] for event in events]
    assert "response.function_call_arguments.delta" in kinds
    assert "response.function_call_arguments.done" in kinds
    for kind in ("response.output_item.added", "response.output_item.done"):
        (item,) = [event["item"] for event in events if event["type"] == kind]
        assert item["type"] == "function_call"


@pytest.mark.parametrize("choice", ["auto", {"type": "function", "name": "get_weather"}])
def test_a_function_call_and_its_output(
    http: httpx2.Client, upstream: FakeChat, choice: Any
) -> None:
    first = post(
        http, model=WORDS, input="The weather in Oslo?", tools=[WEATHER], tool_choice=choice
    )
    (call,) = first["output"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain, 9 C"}
    second = post(http, model=WORDS, previous_response_id=first["id"], input=[output])
    assert second["output"][0]["content"][0]["text"] == "You said: rain, 9 C"
    assert "The weather in Oslo?" in told(upstream)


@models
def test_a_picture_in_the_input(http: httpx2.Client, upstream: FakeChat, model: str) -> None:
    url = "data:image/png;base64," + b64encode(make_picture("a heart", 0, 32, 32, "png")).decode()
    parts = [
        {"type": "input_text", "text": "What is on it?"},
        {"type": "input_image", "image_url": url},
    ]
    post(http, model=model, input=[said("user", parts)])
    if model == WORDS:
        assert url in told(upstream)


PDF = "data:application/pdf;base64," + b64encode(b"%PDF-1.1\n1 0 obj\n<<>>\nendobj\n").decode()


def test_a_file_in_the_input(http: httpx2.Client, upstream: FakeChat) -> None:
    file = {"type": "input_file", "filename": "title.pdf", "file_data": PDF}
    parts = [{"type": "input_text", "text": "Its title, please."}, file]
    first = post(http, model=WORDS, input=[said("user", parts)])
    wanted = {"type": "file", "file": {"filename": "title.pdf", "file_data": PDF}}
    assert upstream.requests[-1].json()["messages"][0]["content"][1] == wanted
    post(http, model=WORDS, input="And its date?", previous_response_id=first["id"])
    assert upstream.requests[-1].json()["messages"][0]["content"][1] == wanted


@pytest.mark.parametrize(
    ("model", "part", "param"),
    [
        (MODEL, {"file_data": PDF}, "type"),
        (WORDS, {"file_id": "file_1"}, "file_id"),
        (WORDS, {"file_url": "https://example.org/a.pdf"}, "file_url"),
        (WORDS, {"filename": "a.pdf"}, "file_data"),
        (WORDS, {"file_data": PDF, "filename": 5}, "filename"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(
    http: httpx2.Client, model: str, part: dict[str, Any], param: str
) -> None:
    given = [said("user", [{"type": "input_file", **part}])]
    answer = http.post("/v1/responses", json={"model": model, "input": given})
    assert answer.status_code == 400
    wanted = f"input[0].content[0].{param}"
    assert wanted in str(answer.json()["error"]["param"]) + answer.json()["error"]["message"]


@models
def test_several_turns_in_the_input(http: httpx2.Client, upstream: FakeChat, model: str) -> None:
    given = [
        said("user", "I am called Ada."),
        said("assistant", "Good day, Ada. What can I do for you?"),
        said("user", "What am I called?"),
    ]
    post(http, model=model, input=given)
    if model == WORDS:
        assert [m["role"] for m in upstream.requests[-1].json()["messages"]] == [
            "user",
            "assistant",
            "user",
        ]


@models
def test_a_turn_goes_on_from_a_response(
    http: httpx2.Client, upstream: FakeChat, model: str
) -> None:
    first = post(http, model=model, input="The word is papaya. Say only OK.")
    second = post(http, model=model, previous_response_id=first["id"], input="Which word?")
    assert second["previous_response_id"] == first["id"]
    if model == WORDS:
        assert "papaya" in told(upstream)


@models
def test_a_turn_over_a_websocket(ws: Talk, model: str) -> None:
    events = turn(ws, model, input=[said("user", "Count to three.")])
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


@models
def test_turns_one_after_another_over_a_websocket(ws: Talk, model: str) -> None:
    turns = [turn(ws, model, store=False, input=f"Say {word}.") for word in ("one", "two")]
    first, second = (events[-1]["response"]["id"] for events in turns)
    assert first != second


@models
def test_turns_sent_at_once_are_not_mixed(ws: Talk, model: str) -> None:
    for word in ("one", "two"):
        ws.raw(
            msgspec.json.encode(
                {"type": "response.create", "model": model, "store": False, "input": word}
            ).decode()
        )
    for _ in range(2):
        valid(messages(ws.read()))


@models
def test_a_websocket_goes_on_from_what_is_not_stored(
    ws: Talk, upstream: FakeChat, model: str
) -> None:
    first = turn(ws, model, store=False, input="The word is cobalt. Say OK.")[-1]["response"]
    turn(ws, model, store=False, previous_response_id=first["id"], input="Which word?")
    if model == WORDS:
        assert "cobalt" in told(upstream)


@models
def test_another_websocket_does_not_but_can_begin_anew(here: Running, ws: Talk, model: str) -> None:
    first = turn(ws, model, store=False, input="The word is copper. Say OK.")[-1]["response"]
    with talk(here) as other:
        assert not_found(
            send(other, model, store=False, previous_response_id=first["id"], input="Go on.")
        )
        turn(other, model, store=False, input=[said("user", "Begin anew.")])


@models
def test_a_response_that_never_was_is_not_found_over_a_websocket(ws: Talk, model: str) -> None:
    assert not_found(
        send(ws, model, store=False, previous_response_id="resp_that_never_was", input="Go on.")
    )


@models
def test_a_turn_that_fails_makes_the_websocket_forget(ws: Talk, model: str) -> None:
    first = turn(ws, model, store=False, input="The word is ember. Say OK.")[-1]["response"]
    output = {"type": "function_call_output", "call_id": "call_nobody_made", "output": "?"}
    (failed,) = send(ws, model, store=False, previous_response_id=first["id"], input=[output])
    assert STRICT.message(failed) == []
    assert failed["status"] == 400
    assert not_found(send(ws, model, store=False, previous_response_id=first["id"], input="Go on."))


def compact(http: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/responses/compact", json=body)
    assert answer.status_code == 200, answer.text
    window: dict[str, Any] = answer.json()
    problems = STRICT.body("compaction", window)
    assert not problems, [str(problem) for problem in problems]
    assert window["object"] == "response.compaction"
    (item,) = [item for item in window["output"] if item["type"] == "compaction"]
    assert item == window["output"][-1]
    return window


@models
def test_a_conversation_is_compacted(http: httpx2.Client, model: str) -> None:
    given = [
        said("user", "We ship on Tuesday and tell support first."),
        said("assistant", "Noted: Tuesday, support first."),
    ]
    window = compact(http, model=model, prompt_cache_key="a key", input=given)
    message, _ = window["output"]
    assert message["content"] == [{"type": "input_text", "text": given[0]["content"]}]


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
def test_a_compaction_needs_a_model(http: httpx2.Client, base: str) -> None:
    answer = http.post(f"{base}/responses/compact", json={"input": [said("user", "Compact.")]})
    assert answer.status_code == 400
    assert "model" in answer.text


@models
def test_a_websocket_begins_anew_from_a_compacted_window(
    http: httpx2.Client, ws: Talk, upstream: FakeChat, model: str
) -> None:
    given = [
        said("user", [{"type": "input_text", "text": "The word is slate."}]),
        said("assistant", [{"type": "output_text", "text": "OK."}]),
        said("user", [{"type": "input_text", "text": "Make it short."}]),
    ]
    window = compact(http, model=model, input=given)
    events = turn(
        ws, model, store=False, tools=[], input=[*window["output"], said("user", "Go on.")]
    )
    assert events[-1]["response"]["previous_response_id"] is None
    if model == WORDS:
        assert "The word is slate." in told(upstream)
        assert "Notes on the conversation so far" in told(upstream)
