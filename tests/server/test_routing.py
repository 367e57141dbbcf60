"""Routes over HTTP: relayed responses on every transport, failover of pictures, preferences."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from tests.lifecycle import _streams as s
from tests.server.kit import Running, Stream, assert_valid, digest, read, running
from tests.server.sockets import talk

from heliograph import models, sse
from heliograph.providers.chat import ChatModel, ResponsesSettings
from heliograph.providers.configured import RouteSettings, install
from heliograph.providers.image import OpenAIImagesSettings
from heliograph.testing import FakeChat, FakeImages, Payloads, Say

MODEL, PAINTER = "far/model", "far/painter"
FAST = RouteSettings(wait_first=0.01, wait_most=0.05)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(90))


@contextmanager
def serving(
    *chats: FakeChat, images: tuple[FakeImages, ...] = (), hosts: tuple[str, ...] = ()
) -> Iterator[Running]:
    """A server whose catalog is made of sections ``a``, ``b``, ... and ``x``, ``y``, ..."""
    sections: dict[str, Any] = {}
    for name, chat in zip("abc", chats, strict=False):
        known = {MODEL: ChatModel(upstream="theirs")}
        sections[name] = ResponsesSettings(base_url=chat.base_url, models=known, hosts=hosts)
    for name, painter in zip("xyz", images, strict=False):
        sections[name] = OpenAIImagesSettings(
            base_url=painter.openai_url, models={PAINTER: "up"}, api_key_env=None
        )
    with running(serves=install(sections, FAST).catalog, journal="memory") as here:
        yield here


@contextmanager
def client(here: Running) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=here.url, timeout=20) as http:
        yield http


def streamed(http: httpx2.Client, **body: Any) -> Stream:
    asked = {"model": MODEL, "input": "Hello?", "stream": True, **body}
    with http.stream("POST", "/v1/responses", json=asked) as answer:
        assert answer.status_code == 200, answer.read()
        return assert_valid(read(answer))


def test_a_relayed_stream_its_resumption_and_what_is_kept_of_it() -> None:
    with (
        FakeChat(Say(text="Hello there, you.", reasoning="Hm.")) as fake,
        serving(fake) as here,
        client(here) as http,
    ):
        got = streamed(http)
        last = json.loads(got.frames[-1].data)["response"]
        kept = http.get(f"/v1/responses/{last['id']}")
        again = http.get(
            f"/v1/responses/{last['id']}", params={"stream": "true", "starting_after": 4}
        )
        rest = Stream()
        rest.take(sse.Decoder().feed(again.content))
        sent = fake.requests[0].json()
    assert last["output"][1]["content"][0]["text"] == "Hello there, you."
    assert kept.json() == last
    assert [f.data for f in rest.frames] == [f.data for f in got.frames[5:]]
    assert (sent["model"], sent["store"]) == ("theirs", False)
    assert last["model"] == MODEL


def test_a_relayed_json_answer_and_the_turn_after_it() -> None:
    with (
        FakeChat(Say(text="Hello."), Say(text="Again.")) as fake,
        serving(fake) as here,
        client(here) as http,
    ):
        first = http.post("/v1/responses", json={"model": MODEL, "input": "Hello?"}).json()
        body = {"model": MODEL, "input": "and?", "previous_response_id": first["id"]}
        second = http.post("/v1/responses", json=body).json()
        listed = http.get(f"/v1/responses/{second['id']}/input_items").json()
        sent = fake.requests[1].json()
    assert second["output"][0]["content"][0]["text"] == "Again."
    assert second["previous_response_id"] == first["id"]
    assert [item["role"] for item in sent["input"]] == ["user", "assistant", "user"]
    assert len(listed["data"]) == 3


def test_a_relayed_turn_over_a_websocket() -> None:
    with (
        FakeChat(Say(text="Hello."), Say(text="Again.")) as fake,
        serving(fake) as here,
        talk(here) as socket,
    ):
        first = socket.turn(model=MODEL, input="Hello?", tools=[]).assert_valid()
        second = socket.turn(
            model=MODEL, input="and?", tools=[], previous_response_id=first.id
        ).assert_valid()
    assert second.last["response"]["output"][0]["content"][0]["text"] == "Again."


def test_a_relayed_picture_is_stored_and_comes_back_the_same() -> None:
    text = base64.b64encode(PNG).decode()
    sent = s.wires(s.image_call(0, 1), tools=s.image_tool(1), model="theirs")
    for event in sent:
        if "partial_image_b64" in event:
            event["partial_image_b64"] = text
    for item in (sent[-2]["item"], sent[-1]["response"]["output"][0]):
        item["result"] = text
    with (
        FakeChat(Payloads(tuple(sent))) as fake,
        serving(fake, hosts=("image_generation",)) as here,
        client(here) as http,
    ):
        got = streamed(http, tools=[{"type": "image_generation", "partial_images": 1}])
    assert got.picture == digest(PNG)


@pytest.mark.parametrize("store", [True, False])
def test_failover_between_relays(store: bool) -> None:
    with (
        FakeChat(status=500) as bad,
        FakeChat(Say(text="Hello.")) as good,
        serving(bad, good) as here,
        client(here) as http,
    ):
        got = streamed(http, store=store)
    assert got.types[-1] == "response.completed"
    assert (len(bad.requests), len(good.requests)) == (2, 1)


def test_a_relay_that_breaks_off_ends_as_failed() -> None:
    with (
        FakeChat(Say(text="one two three"), cut=6) as bad,
        serving(bad) as here,
        client(here) as http,
    ):
        got = streamed(http)
    last = json.loads(got.frames[-1].data)["response"]
    assert (last["status"], last["error"]["code"]) == ("failed", "server_error")
    assert last["output"][0]["status"] == "incomplete"


def test_an_unknown_provider_is_refused_with_those_that_there_are() -> None:
    with FakeChat() as fake, serving(fake) as here, client(here) as http:
        body = {"model": MODEL, "input": "x", "provider": {"only": ["openai"]}}
        answer = http.post("/v1/responses", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "provider.only[0]")
    assert "there are: a, embedded" in error["message"]


def drawn(got: Stream) -> Any:
    done = [e for e in got.events if e.type == "response.output_item.done"]
    return [e.item for e in done if e.item.type == "image_generation_call"]


TOOL = {"type": "image_generation", "model": PAINTER, "size": "64x48"}


def test_pictures_of_the_tool_fail_over() -> None:
    with (
        FakeImages(status=500) as bad,
        FakeImages() as good,
        serving(images=(bad, good)) as here,
        client(here) as http,
    ):
        got = streamed(http, model="heliograph/direct", input="a fox", tools=[TOOL])
    (item,) = drawn(got)
    assert item.status == "completed"
    assert digest(item.image_bytes()) == digest(good.made[-1])
    assert (len(bad.requests), len(good.requests)) == (2, 1)


def test_pictures_of_the_images_api_fail_over() -> None:
    with (
        FakeImages(status=500) as bad,
        FakeImages() as good,
        serving(images=(bad, good)) as here,
        client(here) as http,
    ):
        body = {"model": PAINTER, "prompt": "a fox", "size": "64x48"}
        answer = http.post("/v1/images/generations", json=body)
    assert answer.status_code == 200, answer.text
    assert len(good.requests) == 1


def test_preferences_of_openrouters_images() -> None:
    with (
        FakeImages() as one,
        FakeImages() as other,
        serving(images=(one, other)) as here,
        client(here) as http,
    ):
        body = {"model": PAINTER, "prompt": "a fox", "size": "64x48"}
        chosen = http.post("/api/v1/images", json={**body, "provider": {"order": ["y"]}})
        nobody = http.post("/api/v1/images", json={**body, "provider": {"only": ["z"]}})
        left = http.post("/api/v1/images", json={**body, "provider": {"ignore": ["x", "y"]}})
        sorted_ = http.post("/api/v1/images", json={**body, "provider": {"sort": "price"}})
    assert chosen.status_code == 200, chosen.text
    assert (len(one.requests), len(other.requests)) == (0, 1)
    for answer, field in (
        (nobody, "provider.only[0]"),
        (left, "provider"),
        (sorted_, "provider.sort"),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["metadata"]["param"] == field, answer.text


def test_a_request_may_name_only_models_to_fall_back_on() -> None:
    with FakeChat(status=401) as bad, serving(bad) as here, client(here) as http:
        body = {"models": [MODEL, "heliograph/direct"], "input": "a fox"}
        answer = http.post("/v1/responses", json={**body, "tools": [{"type": "image_generation"}]})
    told = models.decode(models.OpenResponsesResult, answer.content)
    assert (told.status, told.model) == ("completed", "heliograph/direct")
