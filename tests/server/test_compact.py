"""``POST /responses/compact``: what stays, what is sealed, and what can be gone on from."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import openrouter
import pytest
from PIL import Image
from tests.server.kit import MODEL, Painter, Running, ask, running
from tests.server.sockets import talk

from heliograph import providers
from heliograph.engine import Seals
from heliograph.providers import Catalog
from heliograph.providers.chat import (
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Direct,
)
from heliograph.providers.image.illustrator import Illustrator
from heliograph.server import Limits
from heliograph.testing import FakeChat, Received, Say
from heliograph.testing._fakes._pictures import make_picture

WORDS = "house/talker"
TOOL: dict[str, Any] = {"type": "image_generation", "size": "256x256"}
BASES = pytest.mark.parametrize("base", ["/v1", "/api/v1"])
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}


def picture_url(words: str = "a hen") -> str:
    return "data:image/png;base64," + b64encode(make_picture(words, 0, 32, 24, "png")).decode()


def think(request: Received) -> Say:
    messages = request.json()["messages"]
    if "Write the notes" in str(messages[-1]["content"]):
        return Say(text="They keep hens. Two are brown.", usage=(40, 9, 2))
    return Say(text="Yes.")


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeChat]:
    with FakeChat(think) as fake:
        yield fake


def talker(fake: FakeChat, **more: Any) -> ChatCompletions:
    models = {WORDS: ChatModel(upstream="fake-1", **more)}
    return ChatCompletions(ChatCompletionsSettings(base_url=fake.base_url, models=models))


@pytest.fixture(scope="module")
def here(upstream: FakeChat) -> Iterator[Running]:
    chat = [talker(upstream, sees=True), Direct()]
    with running(serves=Catalog(chat=chat, images=[Illustrator()])) as it:
        yield it


@pytest.fixture
def http(here: Running) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=here.url, timeout=20) as client:
        yield client


def said(role: str, content: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": content}


def compact(http: httpx2.Client, base: str = "/v1", **body: Any) -> list[dict[str, Any]]:
    """The window's items."""
    answer = http.post(f"{base}/responses/compact", json=body)
    assert answer.status_code == 200, answer.text
    output: list[dict[str, Any]] = answer.json()["output"]
    return output


def post(http: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/responses", json=body)
    assert answer.status_code == 200, answer.text
    response: dict[str, Any] = answer.json()
    assert response["status"] == "completed", response["error"]
    return response


def refused(answer: httpx2.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def told(upstream: FakeChat) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = upstream.requests[-1].json()["messages"]
    return messages


def drawn(response: dict[str, Any]) -> bytes:
    (item,) = [item for item in response["output"] if item["type"] == "image_generation_call"]
    return b64decode(item["result"])


def scene(picture: bytes) -> str:
    """What the illustrator says that it drew: the first prompt, then each edit."""
    with Image.open(io.BytesIO(picture)) as image:
        recipe = json.loads(image.info["heliograph"])
    return ", ".join([recipe["prompt"], *(words for words, _ in recipe.get("edits", []))])


@BASES
def test_the_user_s_words_stay_and_the_model_notes_the_rest(
    http: httpx2.Client, upstream: FakeChat, base: str
) -> None:
    given = [
        said("user", "I keep hens."),
        said("assistant", "How many?"),
        said("user", [{"type": "input_text", "text": "Two, both brown."}]),
    ]
    answer = http.post(
        f"{base}/responses/compact", json={"model": WORDS, "input": given, "instructions": "Cluck."}
    )
    window = answer.json()
    first, second, item = window["output"]
    assert first["content"] == [{"type": "input_text", "text": "I keep hens."}]
    assert second["content"] == [{"type": "input_text", "text": "Two, both brown."}]
    assert item["id"].startswith("cmp_")
    assert window["usage"]["input_tokens"] == 40
    assert window["usage"]["output_tokens_details"]["reasoning_tokens"] == 2
    asked = told(upstream)
    assert asked[0] == {"role": "system", "content": "Cluck."}
    assert [m["content"] for m in asked[1:-1]] == ["I keep hens.", "How many?", "Two, both brown."]
    assert "tools" not in upstream.requests[-1].json()


def test_the_next_turn_is_told_the_notes_between_the_words(
    http: httpx2.Client, upstream: FakeChat
) -> None:
    given = [
        said("system", "Be brief."),
        said("user", "I keep hens."),
        said("assistant", "How many?"),
    ]
    window = compact(http, model=WORDS, input=given)
    post(http, model=WORDS, input=[*window, said("user", "Go on.")])
    assert [(m["role"], m["content"]) for m in told(upstream)] == [
        ("system", "Be brief."),
        ("user", "I keep hens."),
        (
            "assistant",
            "Notes on the conversation so far:\nThey keep hens. Two are brown.",
        ),
        ("user", "Go on."),
    ]


def test_what_a_stored_response_came_to_is_compacted(
    http: httpx2.Client, upstream: FakeChat
) -> None:
    first = post(http, model=WORDS, input="I keep hens.")
    second = post(http, model=WORDS, input="Two.", previous_response_id=first["id"])
    window = compact(http, model=WORDS, previous_response_id=second["id"])
    assert [m["content"][0]["text"] for m in window[:-1]] == ["I keep hens.", "Two."]
    assert [m["role"] for m in told(upstream)] == ["user", "assistant"] * 2 + ["user"]
    window = compact(http, model=WORDS, previous_response_id=second["id"], input="And a goat.")
    assert window[-2]["content"][0]["text"] == "And a goat."


def test_a_compacted_window_is_compacted_again(http: httpx2.Client, upstream: FakeChat) -> None:
    given = [said("developer", "Be brief."), said("user", "I keep hens."), said("assistant", "So.")]
    window = compact(http, model=WORDS, input=given)
    again = compact(http, model=WORDS, input=[*window, said("user", "And a goat.")])
    assert [item["type"] for item in again] == ["message", "message", "compaction"]
    assert any("Two are brown" in str(message["content"]) for message in told(upstream))
    post(http, model=WORDS, input=[*again, said("user", "Go on.")])
    assert told(upstream)[0] == {"role": "system", "content": "Be brief."}


def test_what_is_no_language_model_tells_it_line_by_line(http: httpx2.Client) -> None:
    first = post(http, model=MODEL, input="a red fox on a hill", tools=[TOOL])
    body = {"model": MODEL, "previous_response_id": first["id"]}
    answer = http.post("/v1/responses/compact", json=body).json()
    assert answer["usage"]["total_tokens"] == 0
    message, item = answer["output"]
    assert message["content"][0]["text"] == "a red fox on a hill"
    assert len(b64decode(item["encrypted_content"])) > len(drawn(first))


def turn_over_http(here: Running, items: list[Any]) -> dict[str, Any]:
    with httpx2.Client(base_url=here.url, timeout=20) as http:
        return post(http, model=MODEL, input=items, tools=[TOOL])


def turn_over_a_websocket(here: Running, items: list[Any]) -> dict[str, Any]:
    with talk(here) as ws:
        ws.send(model=MODEL, input=items, tools=[TOOL], store=False)
        response: dict[str, Any] = ws.read().assert_valid().last["response"]
        return response


@pytest.mark.parametrize("turn", [turn_over_http, turn_over_a_websocket])
@pytest.mark.parametrize("erased", [False, True])
def test_a_picture_can_be_worked_on_after_a_compaction(
    here: Running, http: httpx2.Client, turn: Callable[..., dict[str, Any]], erased: bool
) -> None:
    first = post(http, model=MODEL, input="a red fox on a hill", tools=[TOOL])
    window = compact(http, model=MODEL, previous_response_id=first["id"])
    if erased:
        assert http.delete(f"/v1/responses/{first['id']}").status_code == 200
    night = turn(here, [*window, said("user", "make it night")])
    assert "a red fox on a hill, make it night" in scene(drawn(night))
    assert drawn(night) != drawn(first)


def test_it_works_on_through_a_chain_and_a_second_compaction(http: httpx2.Client) -> None:
    first = post(http, model=MODEL, input="a red fox on a hill", tools=[TOOL])
    window = compact(http, model=MODEL, previous_response_id=first["id"])
    night = post(http, model=MODEL, input=[*window, said("user", "make it night")], tools=[TOOL])
    snow = post(http, model=MODEL, input="add snow", tools=[TOOL], previous_response_id=night["id"])
    assert "make it night, add snow" in scene(drawn(snow))
    items = http.get(f"/v1/responses/{snow['id']}/input_items?limit=100&order=asc").json()["data"]
    assert "compaction" not in {item["type"] for item in items}
    again = compact(http, model=MODEL, previous_response_id=snow["id"])
    assert [item["type"] for item in again] == ["message"] * 3 + ["compaction"]
    day = post(http, model=MODEL, input=[*again, said("user", "make it day")], tools=[TOOL])
    assert "add snow, make it day" in scene(drawn(day))


def test_a_websocket_goes_on_from_a_window_turn_by_turn(here: Running, http: httpx2.Client) -> None:
    first = post(http, model=MODEL, input="a red fox on a hill", tools=[TOOL])
    window = compact(http, model=MODEL, previous_response_id=first["id"])
    with talk(here) as ws:
        given = [*window, said("user", "make it night")]
        ws.send(model=MODEL, input=given, tools=[TOOL], store=False)
        night = ws.read().assert_valid()
        ws.send("add snow", model=MODEL, tools=[TOOL], store=False, previous_response_id=night.id)
        snow: dict[str, Any] = ws.read().assert_valid().last["response"]
    assert scene(drawn(snow)) == "a red fox on a hill, make it night, add snow"


def test_an_unstored_conversation_s_picture_is_kept_too(http: httpx2.Client) -> None:
    first = post(http, model=MODEL, input="a red fox", tools=[TOOL], store=False)
    given = [said("user", "a red fox"), *first["output"]]
    window = compact(http, model=MODEL, input=given)
    night = post(
        http, model=MODEL, input=[*window, said("user", "make it night")], tools=[TOOL], store=False
    )
    assert "a red fox, make it night" in scene(drawn(night))


def test_a_model_that_sees_is_shown_kept_pictures(http: httpx2.Client, upstream: FakeChat) -> None:
    given = [
        said("user", "Draw a hen."),
        {
            "type": "image_generation_call",
            "id": "ig_1",
            "status": "completed",
            "result": picture_url().partition(",")[2],
        },
    ]
    window = compact(http, model=WORDS, input=given)
    post(http, model=WORDS, input=[*window, said("user", "Go on.")])
    shown = [
        part["image_url"]["url"]
        for message in told(upstream)
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]
    assert shown == [picture_url()]


def test_a_picture_in_a_message_stays_in_it(http: httpx2.Client, upstream: FakeChat) -> None:
    part = {"type": "input_image", "image_url": picture_url(), "detail": "auto"}
    first = post(http, model=WORDS, input=[said("user", [part])])
    window = compact(http, model=WORDS, previous_response_id=first["id"])
    assert window[0]["content"] == [part]


def test_an_open_call_can_be_answered_afterwards(http: httpx2.Client, upstream: FakeChat) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    done = call | {"call_id": "c0"}
    output = {"type": "function_call_output", "call_id": "c0", "output": "a hen"}
    given = [said("user", "Look."), done, output, call]
    window = compact(http, model=WORDS, input=given)
    assert [m["role"] for m in told(upstream)] == ["user", "assistant", "tool", "user"]
    output = {"type": "function_call_output", "call_id": "c1", "output": "a goat"}
    post(http, model=WORDS, input=[*window, output], tools=[LOOK])
    assert told(upstream)[-1] == {"role": "tool", "tool_call_id": "c1", "content": "a goat"}
    answered = [*window, output | {"call_id": "c0"}]
    answer = http.post("/v1/responses", json={"model": WORDS, "input": answered})
    assert refused(answer) == (400, "invalid_value", "input[2].call_id")


def altered(text: str) -> str:
    return text[:40] + ("A" if text[40] != "A" else "B") + text[41:]


@pytest.mark.parametrize("kind", ["compaction", "context_compaction"])
@pytest.mark.parametrize(
    "spoil",
    [
        altered,
        lambda text: text[:-4],
        lambda text: "gAAAAABpM0Yj-made-elsewhere",
        lambda text: "",
        lambda text: Seals().of("default").close("compaction", b64decode(text)),
        lambda text: Seals().of("default").close("reasoning", b"x"),
    ],
)
def test_what_is_not_as_it_was_made_here_is_refused_by_name(
    here: Running, http: httpx2.Client, kind: str, spoil: Callable[[str], str]
) -> None:
    message, item = compact(http, model=MODEL, input="a red fox")
    bad = {"type": kind, "encrypted_content": spoil(item["encrypted_content"])}
    items = [message, bad, said("user", "Go on.")]
    wanted = (400, "invalid_encrypted_content", "input[1].encrypted_content")
    assert refused(http.post("/v1/responses", json={"model": MODEL, "input": items})) == wanted
    body = {"model": MODEL, "input": items}
    assert refused(http.post("/v1/responses/compact", json=body)) == wanted
    with talk(here) as ws:
        assert ws.refused(model=MODEL, input=items, tools=[]) == wanted


def test_a_reasoning_item_s_content_opens_no_compaction(here: Running, http: httpx2.Client) -> None:
    assert here.server._runtime is not None
    seal = here.server._runtime.stored.engine.seals.of("default")
    items = [{"type": "compaction", "encrypted_content": seal.close("reasoning", b"\x00")}]
    answer = http.post("/v1/responses", json={"model": MODEL, "input": items})
    assert refused(answer) == (400, "invalid_encrypted_content", "input[0].encrypted_content")


def test_openrouter_s_other_name_is_taken(http: httpx2.Client, upstream: FakeChat) -> None:
    message, item = compact(http, model=WORDS, input=[said("user", "a"), said("assistant", "b")])
    window = [message, item | {"type": "context_compaction"}, said("user", "Go on.")]
    post(http, model=WORDS, input=window)
    assert "Two are brown" in str(told(upstream))


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"input": "x"}, "invalid_value", "model"),
        ({"model": None, "input": "x"}, "missing_required_parameter", "model"),
        ({"model": MODEL}, "missing_required_parameter", "input"),
        ({"model": MODEL, "input": None}, "missing_required_parameter", "input"),
        ({"model": MODEL, "input": ""}, "empty_input", "input"),
        ({"model": MODEL, "input": 5}, "invalid_value", "input"),
        ({"model": MODEL, "input": "x", "stream": True}, "unknown_parameter", "stream"),
        (
            {"model": MODEL, "input": "x", "image": {"context_compression": "enabled"}},
            "unsupported_parameter",
            "image.context_compression",
        ),
        (
            {"model": MODEL, "previous_response_id": "resp_none"},
            "previous_response_not_found",
            "previous_response_id",
        ),
        (
            {"model": MODEL, "input": [{"type": "compaction_trigger"}]},
            "unsupported_parameter",
            "input[0].type",
        ),
        ({"model": "heliograph/illustrator", "input": "x"}, "model_not_found", "model"),
        ({"model": "nobody/knows", "input": "x"}, "model_not_found", "model"),
    ],
)
def test_what_cannot_be_compacted_is_refused_by_name(
    http: httpx2.Client, body: dict[str, Any], code: str, param: str
) -> None:
    status, told_code, told_param = refused(http.post("/v1/responses/compact", json=body))
    assert (told_code, told_param) == (code, param)
    assert status == (404 if code == "model_not_found" else 400)


def test_what_clients_send_along_is_taken(http: httpx2.Client, upstream: FakeChat) -> None:
    window = compact(
        http,
        model=WORDS,
        input="I keep hens.",
        tools=[LOOK],
        parallel_tool_calls=True,
        reasoning={"effort": "low"},
        text={"verbosity": "low"},
        service_tier="auto",
        prompt_cache_key="k",
        prompt_cache_retention="24h",
        image={"context_compression": "auto"},
    )
    assert len(window) == 2
    assert upstream.requests[-1].json()["reasoning_effort"] == "low"


def test_compacting_in_the_middle_of_a_response_is_refused_by_name(http: httpx2.Client) -> None:
    managed = [{"type": "compaction", "compact_threshold": 1000}]
    body = {"model": MODEL, "input": "x", "context_management": managed}
    answer = http.post("/v1/responses", json=body)
    assert refused(answer) == (400, "unsupported_parameter", "context_management")
    assert "/responses/compact" in answer.json()["error"]["message"]


LONG = "word " * 400


def test_older_words_are_told_and_no_longer_kept(http: httpx2.Client) -> None:
    with running(limits=Limits(max_kept_text_bytes=1000)) as small:
        given = [said("user", f"{at} {'hen ' * 60}") for at in range(10)]
        with httpx2.Client(base_url=small.url, timeout=20) as client:
            window = compact(client, model=MODEL, input=given)
            assert [m["content"][0]["text"][0] for m in window[:-1]] == ["8", "9"]
            window = compact(client, model=MODEL, input=[*given, said("user", LONG)])
            assert [m["content"][0]["text"] for m in window[:-1]] == [LONG]
            items = compact(client, model=MODEL, input=window)
            assert items[0]["content"][0]["text"] == LONG


def test_a_picture_of_words_no_longer_kept_is_kept_itself(upstream: FakeChat) -> None:
    chat = Catalog(chat=[talker(upstream, sees=True)], images=[Painter()])
    with running(serves=chat, limits=Limits(max_kept_text_bytes=1000)) as small:
        part = {"type": "input_image", "image_url": picture_url("a goat")}
        given = [said("user", [part, {"type": "input_text", "text": LONG}]), said("user", LONG)]
        with httpx2.Client(base_url=small.url, timeout=20) as client:
            window = compact(client, model=WORDS, input=given)
            assert len(window) == 2
            post(client, model=WORDS, input=[*window, said("user", "Go on.")])
    first = told(upstream)[0]
    assert first["role"] == "user"
    assert first["content"][0]["image_url"]["url"] == picture_url("a goat")


def test_pictures_beyond_the_room_are_told_of(upstream: FakeChat) -> None:
    chat = Catalog(chat=[talker(upstream)], images=[Painter(size=9_000)])
    limits = Limits(max_sealed_bytes=20_000)
    with running(serves=chat, limits=limits) as small:
        given = [
            {
                "type": "image_generation_call",
                "id": f"ig_{at}",
                "status": "completed",
                "result": b64encode(bytes([at]) * 8_000).decode(),
            }
            for at in range(3)
        ]
        with httpx2.Client(base_url=small.url, timeout=20) as client:
            (item,) = compact(client, model=WORDS, input=given)
            post(client, model=WORDS, input=[item, said("user", "Go on.")])
    assert len(b64decode(item["encrypted_content"])) < 20_000
    text = str(told(upstream))
    assert "[1 earlier pictures are not at hand any more.]" in text
    assert "ig_0" not in text
    assert "ig_2" in text


def test_system_messages_beyond_the_room_are_refused_by_the_limit_s_name() -> None:
    with running(limits=Limits(max_sealed_bytes=1_000)) as small:
        body = {"model": MODEL, "input": [said("system", LONG), said("user", "Go on.")]}
        answer = httpx2.post(f"{small.url}/v1/responses/compact", json=body)
    assert refused(answer) == (400, "context_length_exceeded", "input")
    assert "max_sealed_bytes" in answer.json()["error"]["message"]


def test_a_model_that_says_nothing_leaves_the_lines() -> None:
    with FakeChat(lambda request: Say(refusal="No.")) as fake:
        chat = Catalog(chat=[talker(fake)], images=[])
        with running(serves=chat) as it, httpx2.Client(base_url=it.url, timeout=20) as client:
            given = [said("user", "I keep hens."), said("assistant", "How many?")]
            window = compact(client, model=WORDS, input=given)
            client.post("/v1/responses", json={"model": WORDS, "input": window})
        assert "The assistant said: How many?" in str(told(fake))


def test_notes_without_an_end_are_cut() -> None:
    with FakeChat(Say(text="on and on "), endless=True) as fake:
        chat = Catalog(chat=[talker(fake)], images=[])
        limits = Limits(max_summary_bytes=2_000)
        with (
            running(serves=chat, limits=limits) as it,
            httpx2.Client(base_url=it.url, timeout=20) as client,
        ):
            (_, item) = compact(client, model=WORDS, input="I keep hens.")
    assert len(b64decode(item["encrypted_content"])) < 2_200


@pytest.mark.parametrize(
    ("switches", "status"),
    [({"status": 500}, 503), ({"status": 429}, 429), ({"status": 401}, 502), ({"cut": 2}, 503)],
)
def test_an_upstream_s_failure_is_told(switches: dict[str, Any], status: int) -> None:
    body = {"model": WORDS, "input": "I keep hens."}
    with (
        FakeChat(Say(text="some words of notes"), **switches) as fake,
        running(serves=Catalog(chat=[talker(fake)], images=[])) as it,
    ):
        answer = httpx2.post(f"{it.url}/v1/responses/compact", json=body, timeout=20)
    assert answer.status_code == status, answer.text


def test_notes_that_take_too_long_are_given_up() -> None:
    with FakeChat(Say(text="late"), silent=20) as fake:
        chat = Catalog(chat=[talker(fake)], images=[])
        with running(serves=chat, limits=Limits(wall_seconds=0.3)) as it:
            body = {"model": WORDS, "input": "I keep hens."}
            answer = httpx2.post(f"{it.url}/v1/responses/compact", json=body, timeout=20)
    assert answer.status_code == 504
    assert "wall_seconds" in answer.json()["error"]["message"]


class Gate(Direct):
    """A language model that writes when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked = threading.Event()
        self.left = threading.Event()
        card = providers.ModelCard(
            id="test/gate", name="g", description="g", kind="chat", created=1, owned_by="test"
        )
        self.mine = (card,)

    @property
    def cards(self) -> Any:
        return self.mine

    async def answer(self, turn: Any) -> Any:
        self.asked.set()
        try:
            while not self.open.is_set():  # noqa: ASYNC110 -- another thread sets it
                await asyncio.sleep(0.01)
            yield providers.Text("notes")
            yield providers.Finish()
        finally:
            self.left.set()


def test_a_client_that_leaves_ends_the_work() -> None:
    gate = Gate()
    with running(serves=Catalog(chat=[gate], images=[])) as it:
        with (
            httpx2.Client(base_url=it.url, timeout=0.3) as client,
            pytest.raises(httpx2.ReadTimeout),
        ):
            client.post("/v1/responses/compact", json={"model": "test/gate", "input": "x"})
        assert gate.left.wait(10)
    assert gate.asked.is_set()


def test_a_stopping_server_lets_it_finish_within_its_grace() -> None:
    gate = Gate()
    here = running(serves=Catalog(chat=[gate], images=[]))
    with here as it:
        answers: list[httpx2.Response] = []

        def call() -> None:
            body = {"model": "test/gate", "input": "x"}
            answers.append(httpx2.post(f"{it.url}/v1/responses/compact", json=body, timeout=20))

        thread = threading.Thread(target=call)
        thread.start()
        assert gate.asked.wait(10)
        threading.Timer(0.2, gate.open.set).start()
        it.call(it.server.stop(drain=10))
        thread.join()
    assert answers[0].status_code == 200


def test_openai_s_client_compacts(here: Running) -> None:
    with openai.OpenAI(api_key="any", base_url=f"{here.url}/v1", max_retries=0) as client:
        first = client.responses.create(model=MODEL, input="a red fox", tools=[TOOL])  # type: ignore[list-item]
        window = client.responses.compact(model=MODEL, previous_response_id=first.id)
        items: list[Any] = [
            # Its types do not know that an output can hold messages of the user.
            item.model_dump(exclude_unset=True, warnings=False)
            for item in window.output
        ]
        night = client.responses.create(
            model=MODEL,
            input=[*items, {"role": "user", "content": "make it night"}],
            tools=[TOOL],  # type: ignore[list-item]
        )
    assert window.object == "response.compaction"
    assert "a red fox, make it night" in scene(drawn(night.model_dump()))


def test_openrouter_s_client_goes_on_from_it(here: Running, http: httpx2.Client) -> None:
    window: list[Any] = compact(http, "/api/v1", model=MODEL, input=[said("user", "a red fox")])
    with openrouter.OpenRouter(api_key="any", server_url=f"{here.url}/api/v1") as client:
        answer: Any = client.beta.responses.send(
            model=MODEL, input=[*window, {"role": "user", "content": "a hen"}], tools=[TOOL]
        )
    assert answer.status == "completed"


def test_a_server_opens_what_it_sealed_before_it_was_started_again(tmp_path: Any) -> None:
    with running(data=str(tmp_path)) as before, httpx2.Client(base_url=before.url) as http:
        window = compact(http, model=MODEL, input="a red fox")
    body = ask(input=[*window, said("user", "a hen")])
    with running(data=str(tmp_path)) as after:
        assert httpx2.post(f"{after.url}/v1/responses", json=body).status_code == 200
    with running() as other:
        answer = httpx2.post(f"{other.url}/v1/responses", json=body)
        assert refused(answer)[1] == "invalid_encrypted_content"
