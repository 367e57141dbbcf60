"""Conversations over HTTP: responses that go on from others, their items, and idempotency keys."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from PIL import Image
from tests.server.kit import (
    MODEL,
    Painter,
    Recorder,
    Running,
    Stream,
    ask,
    assert_valid,
    draw,
    read,
    running,
)
from tests.server.test_errors import refusal

from heliograph import models
from heliograph.providers import ImageJob, ImagePart, embedded

PNG = base64.b64encode(b"\x89PNG not really").decode()


class Seeing(Painter):
    """A painter that takes references, and keeps its jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[ImageJob] = []

    @property
    def cards(self) -> Any:
        (card,) = super().cards
        return (type(card)(**{**_fields(card), "input_modalities": ("text", "image")}),)

    async def draw(self, job: ImageJob) -> Any:
        self.jobs.append(job)
        part: ImagePart
        async for part in super().draw(job):
            yield part


def _fields(card: Any) -> dict[str, Any]:
    return {name: getattr(card, name) for name in card.__struct_fields__}


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with running(Seeing()) as server:
        yield server


@pytest.fixture
def http(here: Running) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=here.url, timeout=20) as client:
        yield client


def response_of(stream: Stream) -> Any:
    return stream.events[-1].response


def picture(stream: Stream) -> bytes:
    item: models.OutputImageGenerationCallItem = response_of(stream).output[-1]
    return item.image_bytes()


def turns(http: httpx2.Client, *prompts: str, **more: Any) -> list[Stream]:
    """A conversation, each turn going on from the one before."""
    made: list[Stream] = []
    for prompt in prompts:
        link = {"previous_response_id": response_of(made[-1]).id} if made else {}
        made.append(draw(http, prompt=prompt, partials=0, **link, **more))
    return made


def listed(http: httpx2.Client, response_id: str, **query: Any) -> dict[str, Any]:
    answer = http.get(f"/v1/responses/{response_id}/input_items", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    page = models.decode(models.InputItemList, answer.content) if found["data"] else None
    assert page is None or not models.missing_fields(page)
    return found


# -- previous_response_id


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
def test_a_turn_edits_the_picture_of_the_turn_before(
    http: httpx2.Client, here: Running, base: str
) -> None:
    first = draw(http, base, prompt="a red fox", instructions="be brief")
    second = draw(http, base, prompt="make it night", previous_response_id=response_of(first).id)
    job = here.painter.jobs[-1]
    assert (job.prompt, job.action, job.images) == ("make it night", "edit", (picture(first),))
    after = response_of(second)
    assert after.previous_response_id == response_of(first).id
    assert after.instructions is None
    assert after.output[-1].action == "edit"


def test_a_chain_gives_every_earlier_picture_oldest_first(
    http: httpx2.Client, here: Running
) -> None:
    made = turns(http, "one", "two", "three")
    assert here.painter.jobs[-1].images == (picture(made[0]), picture(made[1]))


def test_the_illustrator_draws_the_earlier_scene_at_night() -> None:
    with (
        running(Recorder(embedded().image("heliograph/illustrator"))) as own,
        httpx2.Client(base_url=own.url, timeout=60) as http,
    ):
        first, second = turns(http, "a red fox on a hill", "make it night")
        assert picture(first) != picture(second)
        with Image.open(io.BytesIO(picture(second))) as drawn:
            made_from = str(drawn.info)
        assert "a red fox on a hill" in made_from
        assert "make it night" in made_from


def test_the_earlier_response_is_not_needed_any_more_once_a_turn_is_stored(
    http: httpx2.Client, here: Running
) -> None:
    first, second = turns(http, "gone", "still there")
    http.delete(f"/v1/responses/{response_of(first).id}")
    journal = here.server._runtime.stored.journal  # type: ignore[union-attr]
    here.call(journal.expire())
    items = listed(http, response_of(second).id, order="asc")["data"]
    assert base64.b64decode(items[1]["result"]) == picture(first)
    draw(http, prompt="on", previous_response_id=response_of(second).id)
    assert here.painter.jobs[-1].images == (picture(first), picture(second))


def test_a_deleted_or_unknown_link_is_400(http: httpx2.Client) -> None:
    deleted = response_of(draw(http, prompt="deleted")).id
    http.delete(f"/v1/responses/{deleted}")
    unstored = response_of(draw(http, prompt="not kept", store=False)).id
    for link in (deleted, unstored, "resp_never", "x"):
        for base in ("/v1", "/api/v1"):
            answer = http.post(f"{base}/responses", json=ask(previous_response_id=link))
            message, param, code = refusal(answer, base, 400)
            assert (param, code) == ("previous_response_id", "previous_response_not_found")
            assert link in message


def test_another_tenants_link_is_400(http: httpx2.Client, here: Running) -> None:
    from heliograph import errors

    made = response_of(draw(http, prompt="mine")).id
    request = models.decode(
        models.ResponsesRequest, json.dumps(ask(previous_response_id=made)).encode()
    )
    engine = here.server._runtime.stored.engine  # type: ignore[union-attr]
    with pytest.raises(errors.BadRequest) as refused:
        here.call(engine.resolve("somebody else", request))
    assert refused.value.code == "previous_response_not_found"


def test_a_link_that_still_runs_is_400() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with running(painter) as own, httpx2.Client(base_url=own.url, timeout=20) as http:
        link = http.post("/v1/responses", json=ask("slow", background=True)).json()["id"]
        answer = http.post("/v1/responses", json=ask(previous_response_id=link))
        _, param, code = refusal(answer, "/v1", 400)
        assert (param, code) == ("previous_response_id", "previous_response_not_finished")
        painter.gate.set()


def test_what_is_not_stored_may_go_on_from_what_is(http: httpx2.Client, here: Running) -> None:
    first = draw(http, prompt="kept")
    draw(http, prompt="not kept", previous_response_id=response_of(first).id, store=False)
    assert here.painter.jobs[-1].images == (picture(first),)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("max_chain_responses", 1), ("max_chain_bytes", 700), ("max_chain_picture_bytes", 4000)],
)
def test_chains_are_bounded_by_name(limit: str, value: int) -> None:
    from heliograph.server import Limits

    with (
        running(Seeing(), limits=Limits(**{limit: value})) as own,
        httpx2.Client(base_url=own.url, timeout=20) as http,
    ):
        made = turns(http, "one", "two")
        body = ask("three", previous_response_id=response_of(made[-1]).id)
        message, param, code = refusal(http.post("/v1/responses", json=body), "/v1", 400)
        assert (param, code) == ("previous_response_id", "context_length_exceeded")
        assert limit in message


# -- items sent back and referred to


def test_items_sent_back_in_input_are_references(http: httpx2.Client, here: Running) -> None:
    first = draw(http, prompt="a red fox", store=False)
    output = json.loads(models.encode(response_of(first)))["output"]
    said = [{"role": "user", "content": "a red fox"}, *output]
    draw(http, prompt=[*said, {"role": "user", "content": "make it night"}], store=False)  # type: ignore[arg-type]
    job = here.painter.jobs[-1]
    assert (job.prompt, job.action, job.images) == ("make it night", "edit", (picture(first),))


@pytest.mark.parametrize(
    "naming",
    [
        {},
        {"type": "item_reference"},
        {"type": "image_generation_call"},
        {"type": "image_generation_call", "status": "completed", "result": None},
        {"type": "openrouter:image_generation", "status": "completed"},
    ],
)
def test_an_item_can_be_named_instead_of_sent(
    http: httpx2.Client, here: Running, naming: dict[str, Any]
) -> None:
    first = draw(http, prompt="a red fox")
    reference = {**naming, "id": response_of(first).output[-1].id}
    given: Any = [reference, {"role": "user", "content": "make it night"}]
    second = draw(http, prompt=given)
    assert here.painter.jobs[-1].images == (picture(first),)
    shown, said = listed(http, response_of(second).id, order="asc")["data"]
    assert shown["id"] == reference["id"]
    assert base64.b64decode(shown["result"]) == picture(first)
    assert said["content"][0]["text"] == "make it night"
    draw(http, prompt="and snow", previous_response_id=response_of(second).id)
    assert here.painter.jobs[-1].images == (picture(first), picture(second))


def test_a_picture_named_twice_is_meant_once_and_last(http: httpx2.Client, here: Running) -> None:
    one, two = draw(http, prompt="a red fox"), draw(http, prompt="a blue boat")
    first = {"type": "item_reference", "id": response_of(one).output[-1].id}
    second = {"type": "item_reference", "id": response_of(two).output[-1].id}
    given: Any = [first, second, first, {"role": "user", "content": "make it night"}]
    third = draw(http, prompt=given)
    assert here.painter.jobs[-1].images == (picture(two), picture(one))
    kinds = [item["id"] for item in listed(http, response_of(third).id, order="asc")["data"]]
    assert kinds[:2] == [first["id"], second["id"]]
    assert len(kinds) == 3
    again: Any = [first, {"role": "user", "content": "and snow"}]
    draw(http, prompt=again, previous_response_id=response_of(two).id)
    assert here.painter.jobs[-1].images == (picture(two), picture(one))
    draw(http, prompt=[second, *again[1:]], previous_response_id=response_of(two).id)  # type: ignore[arg-type]
    assert here.painter.jobs[-1].images == (picture(two),)


@pytest.mark.parametrize("key", ["result", "imageB64", "imageUrl"])
def test_openrouter_s_item_brings_its_picture_in_any_of_its_fields(
    http: httpx2.Client, here: Running, key: str
) -> None:
    first = picture(draw(http, prompt="a red fox"))
    text = base64.b64encode(first).decode()
    value = f"data:image/png;base64,{text}" if key == "imageUrl" else text
    item = {"type": "openrouter:image_generation", "status": "completed", key: value}
    second = draw(http, prompt=[item, {"role": "user", "content": "make it night"}])  # type: ignore[arg-type]
    assert here.painter.jobs[-1].images == (first,)
    draw(http, prompt="and snow", previous_response_id=response_of(second).id)
    assert here.painter.jobs[-1].images == (first, picture(second))


def test_a_picture_that_was_not_made_is_no_reference(http: httpx2.Client, here: Running) -> None:
    failed = {"type": "image_generation_call", "id": "ig_1", "status": "failed", "result": None}
    draw(http, prompt=[failed, {"role": "user", "content": "try again"}])  # type: ignore[arg-type]
    assert here.painter.jobs[-1].images == ()


@pytest.mark.parametrize("kind", ["image_generation_call", "openrouter:image_generation"])
def test_a_picture_by_address_is_refused_by_its_field(http: httpx2.Client, kind: str) -> None:
    key = "result" if kind == "image_generation_call" else "imageUrl"
    item = {"type": kind, "id": "ig_1", "status": "completed", key: "ftp://example.com/1.png"}
    body = {"model": MODEL, "input": [item, {"role": "user", "content": "x"}]}
    _, param, _ = refusal(http.post("/v1/responses", json=body), "/v1", 400)
    assert param == f"input[0].{key}"


def test_an_input_item_can_be_named_too(http: httpx2.Client, here: Running) -> None:
    first = response_of(draw(http, prompt="a lighthouse")).id
    (item,) = listed(http, first)["data"]
    draw(
        http,
        prompt=[{"type": "item_reference", "id": item["id"]}, {"role": "user", "content": "x"}],
    )  # type: ignore[arg-type]
    assert here.painter.jobs[-1].prompt == "x"


def test_an_unknown_item_is_400_by_its_place(http: httpx2.Client) -> None:
    gone = draw(http, prompt="gone")
    http.delete(f"/v1/responses/{response_of(gone).id}")
    made = response_of(gone).output[-1].id
    for kind, item_id in (
        ("item_reference", "ig_1"),
        ("item_reference", made),
        ("image_generation_call", made),
    ):
        given = [{"role": "user", "content": "x"}, {"type": kind, "id": item_id}]
        body = {"model": MODEL, "input": given}
        _, param, code = refusal(http.post("/v1/responses", json=body), "/v1", 400)
        assert (param, code) == ("input[1].id", "item_not_found")


# -- input_items


def test_input_items_of_a_chain_are_whole(http: httpx2.Client) -> None:
    look = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    words = {"type": "input_text", "text": "like this"}
    first = draw(http, prompt=[{"role": "user", "content": [words, look]}])  # type: ignore[arg-type]
    second = draw(http, prompt="make it night", previous_response_id=response_of(first).id)
    found = listed(http, response_of(second).id, order="asc")
    message, call, last = found["data"]
    assert message["content"][1] == {**look, "detail": "auto"}
    assert message["role"] == "user"
    assert call["id"] == response_of(first).output[-1].id
    assert base64.b64decode(call["result"]) == picture(first)
    assert last["content"] == [{"type": "input_text", "text": "make it night"}]
    assert (found["first_id"], found["last_id"]) == (message["id"], last["id"])
    assert (found["object"], found["has_more"]) == ("list", False)
    assert listed(http, response_of(second).id)["data"] == [last, call, message]
    assert listed(http, response_of(first).id)["data"] == [message]


def test_pages_of_input_items_meet_without_gap_or_repeat(http: httpx2.Client) -> None:
    given = [{"role": "user", "content": f"line {n}"} for n in range(45)]
    made = response_of(draw(http, prompt=given)).id  # type: ignore[arg-type]
    every = [item["id"] for item in listed(http, made, limit=100, order="asc")["data"]]
    assert len(set(every)) == 45
    default = listed(http, made)
    assert [item["id"] for item in default["data"]] == every[:-21:-1]
    assert default["has_more"] is True
    for order, expected in (("asc", every), ("desc", every[::-1])):
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 7, "order": order}
        while True:
            page = listed(http, made, **query)
            seen += [item["id"] for item in page["data"]]
            if not page["has_more"]:
                break
            query["after"] = page["last_id"]
        assert seen == expected
    back = listed(http, made, order="asc", before=every[10], limit=4)
    assert [item["id"] for item in back["data"]] == every[6:10]
    assert back["has_more"] is True
    between = listed(http, made, order="asc", after=every[2], before=every[5])
    assert [item["id"] for item in between["data"]] == every[3:5]
    past = listed(http, made, order="asc", after=every[-1])
    assert (past["data"], past["has_more"], past["first_id"]) == ([], False, None)


def test_ids_given_twice_are_told_apart(http: httpx2.Client) -> None:
    given = [{"role": "user", "content": text, "id": "msg_same"} for text in ("a", "b")]
    made = response_of(draw(http, prompt=given)).id  # type: ignore[arg-type]
    first, second = (item["id"] for item in listed(http, made, order="asc")["data"])
    assert first == "msg_same"
    assert second not in (first, None)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=0000000101", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("order=up", "order"),
        ("after=msg_none", "after"),
        ("before=msg_none", "before"),
        ("include=everything", "include"),
    ],
)
def test_a_wrong_page_is_400_by_name(http: httpx2.Client, query: str, param: str) -> None:
    made = response_of(draw(http, prompt="paged")).id
    answer = http.get(f"/v1/responses/{made}/input_items?{query}")
    assert refusal(answer, "/v1", 400)[1] == param


def test_input_items_of_what_is_not_there_are_404(http: httpx2.Client) -> None:
    unstored = response_of(draw(http, prompt="not kept", store=False)).id
    for response_id in ("resp_none", unstored):
        assert http.get(f"/v1/responses/{response_id}/input_items").status_code == 404


# -- Idempotency-Key


def keyed(http: httpx2.Client, key: str, body: dict[str, Any]) -> httpx2.Response:
    return http.post("/v1/responses", json=body, headers={"idempotency-key": key})


def streamed(http: httpx2.Client, key: str, body: dict[str, Any]) -> Stream:
    headers = {"idempotency-key": key}
    with http.stream("POST", "/v1/responses", json=body, headers=headers) as response:
        assert response.status_code == 200, response.read()
        return assert_valid(read(response))


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("stream", [True, False])
def test_a_repeat_attaches_to_the_response_that_runs(store: bool, stream: bool) -> None:
    painter = Painter()
    painter.gate = threading.Event()
    body = ask("once", store=store, stream=stream)
    ask_for = streamed if stream else keyed
    with (
        running(painter) as own,
        httpx2.Client(base_url=own.url, timeout=20) as http,
        ThreadPoolExecutor() as pool,
    ):
        asked = [pool.submit(ask_for, http, "k", body)]
        assert painter.started.wait(10)
        asked += [pool.submit(ask_for, http, "k", body) for _ in range(3)]
        conflict = keyed(http, "k", ask("another", store=store, stream=stream))
        crossed = keyed(http, "k", {**body, "store": not store})
        threading.Timer(0.2, painter.gate.set).start()
        answers = [each.result(20) for each in asked]
        for refused in (conflict, crossed):
            message, param, code = refusal(refused, "/v1", 409)
            assert (param, code) == ("Idempotency-Key", "idempotency_conflict")
            assert "'k'" in message
        if stream:
            wires = [[frame.data for frame in each.frames] for each in answers]
        else:
            assert {each.status_code for each in answers} == {200}
            wires = [[each.content] for each in answers]
        assert all(wire == wires[0] for wire in wires)
        assert len(painter.made) == 3


def test_a_repeat_after_the_end_gets_the_same_stored_response(http: httpx2.Client) -> None:
    body = ask("kept for a day")
    first = keyed(http, "day", body)
    assert keyed(http, "day", body).content == first.content
    background = ask("in the background", background=True)
    assert (
        keyed(http, "back", background).json()["id"] == keyed(http, "back", background).json()["id"]
    )


def test_a_key_outlives_what_its_request_went_on_from(http: httpx2.Client) -> None:
    link = response_of(draw(http, prompt="first")).id
    body = ask("second", previous_response_id=link)
    first = keyed(http, "link", body)
    http.delete(f"/v1/responses/{link}")
    assert keyed(http, "link", body).content == first.content


def test_a_key_of_what_is_not_stored_is_free_again_at_its_end(http: httpx2.Client) -> None:
    made = [keyed(http, "free", ask("again", store=False)) for _ in range(5)]
    assert len({each.json()["id"] for each in made}) == 5
    assert keyed(http, "free", ask("another", store=False)).status_code == 200


def test_the_first_client_may_leave_while_another_is_attached() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    body = ask("shared", store=False, stream=True)
    with (
        running(painter) as own,
        httpx2.Client(base_url=own.url, timeout=20) as http,
        ThreadPoolExecutor() as pool,
    ):
        headers = {"idempotency-key": "k"}
        with http.stream("POST", "/v1/responses", json=body, headers=headers) as first:
            chunks = first.iter_bytes()  # held: the stream is closed with it
            assert b"response.created" in next(chunks)
            second = pool.submit(streamed, http, "k", body)
            assert painter.started.wait(10)
            passing = own.server._runtime.unstored  # type: ignore[union-attr]
            deadline = time.monotonic() + 10
            while 2 not in passing._counts.values():
                assert time.monotonic() < deadline
                time.sleep(0.01)
        threading.Timer(0.2, painter.gate.set).start()
        assert second.result(20).types[-1] == "response.completed"


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none_is_400(http: httpx2.Client, key: str) -> None:
    assert refusal(keyed(http, key, ask()), "/v1", 400)[1] == "Idempotency-Key"
