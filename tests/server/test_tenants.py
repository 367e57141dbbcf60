"""P7: a tenant sees its own, over every route; to others nothing of it exists.

Another tenant's answer is held, byte for byte but for ids, against the answer for what never was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.server.keyed import Keyed, bearer, keyed
from tests.server.kit import Painter, ask, draw, read
from tests.server.sockets import talk

from heliograph.providers import Catalog
from heliograph.providers.chat import ChatCompletions, ChatCompletionsSettings, ChatModel
from heliograph.server import Keyring
from heliograph.testing import FakeChat, Say

BASES = ("/v1", "/api/v1")
ABSENT = "resp_" + "0" * 32


class Site(NamedTuple):
    here: Keyed
    alice: str
    bob: str
    al: str
    """Another key of alice's tenant."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("data")
    ring = Keyring(folder)
    alice, key = ring.create(name="alice")
    bob = ring.create(name="bob")[1]
    al = ring.create(name="al", tenant=alice.tenant)[1]
    with keyed(folder, Painter()) as here:
        yield Site(here, key, bob, al)


@pytest.fixture
def alice(site: Site) -> Iterator[httpx2.Client]:
    with site.here.http(site.alice) as http:
        yield http


@pytest.fixture
def bob(site: Site) -> Iterator[httpx2.Client]:
    with site.here.http(site.bob) as http:
        yield http


@pytest.fixture
def al(site: Site) -> Iterator[httpx2.Client]:
    with site.here.http(site.al) as http:
        yield http


def told(answer: httpx2.Response, *ids: str) -> tuple[Any, ...]:
    """All of an answer that could give a hint."""
    body = answer.text
    for one in ids:
        body = body.replace(one, "ID")
    headers = {n: v for n, v in answer.headers.items() if n not in ("x-request-id", "date")}
    headers.pop("content-length")
    return answer.status_code, body, headers


ROUTES = [
    ("GET", ""),
    ("GET", "?stream=true"),
    ("GET", "?stream=true&starting_after=3"),
    ("POST", "/cancel"),
    ("DELETE", ""),
    ("GET", "/input_items"),
    ("GET", "/input_items?after=msg_1"),
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize(("method", "rest"), ROUTES)
def test_anothers_response_is_one_that_never_was(
    alice: httpx2.Client,
    bob: httpx2.Client,
    base: str,
    background: bool,
    method: str,
    rest: str,
) -> None:
    made = alice.post(f"{base}/responses", json=ask(background=background)).json()["id"]
    path = f"{base}/responses"
    others = bob.request(method, f"{path}/{made}{rest}")
    assert others.status_code == 404
    absent = bob.request(method, f"{path}/{ABSENT}{rest}")
    assert told(others, made) == told(absent, ABSENT)
    own = alice.get(f"{path}/{made}")
    assert own.status_code == 200
    assert own.json()["status"] != "cancelled"


def test_a_running_response_of_another_is_no_more_visible(
    site: Site, alice: httpx2.Client, bob: httpx2.Client
) -> None:
    site.here.here.painter.pace = 0.3
    try:
        made = alice.post("/v1/responses", json=ask(background=True)).json()["id"]
        for method, rest in ROUTES:
            others = bob.request(method, f"/v1/responses/{made}{rest}")
            absent = bob.request(method, f"/v1/responses/{ABSENT}{rest}")
            assert told(others, made) == told(absent, ABSENT), (method, rest)
        with alice.stream("GET", f"/v1/responses/{made}?stream=true") as mine:
            assert read(mine).types[-1] == "response.completed"
    finally:
        site.here.here.painter.pace = 0.0


def test_last_event_id_opens_nothing(alice: httpx2.Client, bob: httpx2.Client) -> None:
    made = draw(alice).events[0].response.id
    headers = {"last-event-id": "2"}
    path = f"/v1/responses/{made}?stream=true"
    assert bob.get(path, headers=headers).status_code == 404
    with alice.stream("GET", path, headers=headers) as mine:
        assert read(mine).ids[0] == 3


@pytest.mark.parametrize("base", BASES)
def test_keys_of_one_tenant_share_all(alice: httpx2.Client, al: httpx2.Client, base: str) -> None:
    made = draw(alice, base).events[0].response.id
    path = f"{base}/responses/{made}"
    assert al.get(path).json() == alice.get(path).json()
    assert al.get(f"{path}/input_items").status_code == 200
    assert draw(al, base, previous_response_id=made).types[-1] == "response.completed"
    assert al.delete(path).status_code == 200
    assert alice.get(path).status_code == 404


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("store", [True, False])
def test_anothers_response_cannot_be_gone_on_from(
    alice: httpx2.Client, bob: httpx2.Client, base: str, store: bool
) -> None:
    made = draw(alice, base).events[0].response.id
    others = bob.post(f"{base}/responses", json=ask(previous_response_id=made, store=store))
    absent = bob.post(f"{base}/responses", json=ask(previous_response_id=ABSENT, store=store))
    assert others.status_code in (400, 404)
    assert "previous_response_not_found" in others.text
    assert told(others, made) == told(absent, ABSENT)


@pytest.mark.parametrize("base", BASES)
def test_anothers_chain_cannot_be_entered_by_a_later_link(
    alice: httpx2.Client, bob: httpx2.Client, base: str
) -> None:
    first = draw(alice, base).events[0].response.id
    second = draw(alice, base, previous_response_id=first).events[0].response.id
    for link in (first, second):
        answer = bob.post(f"{base}/responses", json=ask(previous_response_id=link))
        assert "previous_response_not_found" in answer.text


@pytest.mark.parametrize("base", BASES)
def test_anothers_items_cannot_be_referred_to(
    alice: httpx2.Client, bob: httpx2.Client, base: str
) -> None:
    response = draw(alice, base).events[-1].response
    items = [response.output[-1].id]
    items.append(alice.get(f"{base}/responses/{response.id}/input_items").json()["data"][0]["id"])
    for item in items:
        given = [{"type": "item_reference", "id": item}, {"role": "user", "content": "again"}]
        absent = [{"type": "item_reference", "id": "ig_0"}, {"role": "user", "content": "again"}]
        others = bob.post(f"{base}/responses", json=ask() | {"input": given})
        never = bob.post(f"{base}/responses", json=ask() | {"input": absent})
        assert others.status_code in (400, 404)
        assert told(others, item) == told(never, "ig_0")
    own = [{"type": "item_reference", "id": items[0]}, {"role": "user", "content": "again"}]
    assert alice.post(f"{base}/responses", json=ask() | {"input": own}).status_code == 200


@pytest.mark.parametrize("store", [True, False])
def test_an_idempotency_key_is_the_tenants_own(
    alice: httpx2.Client, al: httpx2.Client, bob: httpx2.Client, store: bool
) -> None:
    headers = {"idempotency-key": f"one-{store}"}

    def post(http: httpx2.Client, prompt: str) -> httpx2.Response:
        body = ask(prompt, background=store, store=store)
        return http.post("/v1/responses", json=body, headers=headers)

    made = post(alice, "a fox").json()["id"]
    theirs = post(bob, "a hen")
    assert theirs.status_code == 200
    assert theirs.json()["id"] != made
    if store:
        assert post(al, "a fox").json()["id"] == made
        assert post(al, "a hen").status_code == 409


@pytest.mark.parametrize("base", BASES)
def test_a_websocket_sees_its_tenants_own(site: Site, alice: httpx2.Client, base: str) -> None:
    made = draw(alice, base).events[0].response.id
    item = alice.get(f"{base}/responses/{made}").json()["output"][-1]["id"]
    reference = [{"type": "item_reference", "id": item}, {"role": "user", "content": "again"}]
    with talk(site.here.here, base, additional_headers=bearer(site.bob)) as ws:
        for store in (True, False):
            refused = ws.refused(previous_response_id=made, store=store)
            assert refused == (400, "previous_response_not_found", "previous_response_id")
            assert refused == ws.refused(previous_response_id=ABSENT, store=store)
        document = {"type": "response.create", **ask(), "input": reference}
        others = ws.refused(json.dumps(document))
        document["input"][0]["id"] = "ig_0"
        assert others == ws.refused(json.dumps(document))
        own = ws.turn("a hen").id
    with talk(site.here.here, base, additional_headers=bearer(site.al)) as ws:
        assert ws.turn("again", previous_response_id=made).types[-1] == "response.completed"
        refused = ws.refused(previous_response_id=own)
        assert refused[1] == "previous_response_not_found"


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """As ``site``, with a chat model that compacts."""
    folder = tmp_path_factory.mktemp("talking")
    ring = Keyring(folder)
    alice, key = ring.create()
    bob, al = ring.create()[1], ring.create(tenant=alice.tenant)[1]
    with FakeChat(Say(text="They keep hens.")) as fake:
        served = {"house/talker": ChatModel(upstream="fake-1")}
        told = ChatCompletionsSettings(base_url=fake.base_url, models=served)
        catalog = Catalog(chat=[ChatCompletions(told)], images=[])
        with keyed(folder, serves=catalog) as here:
            yield Site(here, key, bob, al)


@pytest.mark.parametrize("base", BASES)
def test_what_was_sealed_for_another_does_not_open(talking: Site, base: str) -> None:
    model = {"model": "house/talker"}
    with talking.here.http(talking.alice) as http:
        given = [{"role": "user", "content": "I keep hens."}]
        answer = http.post(f"{base}/responses/compact", json={**model, "input": given})
        window = answer.json()["output"]
    document = {**model, "input": [*window, {"role": "user", "content": "How many?"}]}
    altered = json.loads(json.dumps(document))
    sealed = next(item for item in altered["input"] if "encrypted_content" in item)
    sealed["encrypted_content"] = sealed["encrypted_content"][:-8] + "AAAAAAAA"
    with talking.here.http(talking.bob) as http:
        others = http.post(f"{base}/responses", json=document)
        assert others.status_code == 400
        assert told(others) == told(http.post(f"{base}/responses", json=altered))
        again = http.post(f"{base}/responses/compact", json=document)
        assert again.status_code == 400
    with talking.here.http(talking.al) as http:
        assert http.post(f"{base}/responses", json=document).status_code == 200


def test_what_is_not_stored_is_nobodys(alice: httpx2.Client, bob: httpx2.Client) -> None:
    made = draw(alice, store=False).events[0].response.id
    for http in (alice, bob):
        assert http.get(f"/v1/responses/{made}").status_code == 404


def test_a_picture_is_in_nobodys_reach_but_by_its_response(
    site: Site, alice: httpx2.Client, bob: httpx2.Client
) -> None:
    """The same bytes are one file, and each tenant sees only its own response to them."""
    first = draw(alice, input="the very same fox").events[-1].response
    second = draw(bob, input="the very same fox").events[-1].response
    assert alice.delete(f"/v1/responses/{first.id}").status_code == 200
    kept = bob.get(f"/v1/responses/{second.id}").json()
    assert kept["output"][-1]["result"]
    with bob.stream("GET", f"/v1/responses/{second.id}?stream=true") as mine:
        assert read(mine).types[-1] == "response.completed"


def test_a_revoked_keys_responses_stay_its_tenants(site: Site) -> None:
    ring = site.here.ring
    key, text = ring.create()
    time.sleep(0.6)
    with site.here.http(text) as http:
        made = draw(http).events[0].response.id
    ring.revoke(key.id)
    successor = ring.create(tenant=key.tenant)[1]
    time.sleep(0.6)
    with site.here.http(text) as old, site.here.http(successor) as new:
        assert old.get(f"/v1/responses/{made}").status_code == 401
        assert new.get(f"/v1/responses/{made}").status_code == 200


def test_without_keys_there_is_one_tenant_whatever_key_is_sent(
    http: httpx2.Client,
) -> None:
    made = draw(http).events[0].response.id
    for key in ("hg_000000000000_" + "0" * 64, "sk-anything"):
        answer = http.get(f"/v1/responses/{made}", headers=bearer(key))
        assert answer.status_code == 200


def compacted(http: httpx2.Client, base: str, **body: Any) -> httpx2.Response:
    model = ask()["model"]
    return http.post(f"{base}/responses/compact", json={"model": model, **body})


@pytest.mark.parametrize("base", BASES)
def test_anothers_compacted_window_opens_for_nobody_else(
    site: Site, alice: httpx2.Client, bob: httpx2.Client, al: httpx2.Client, base: str
) -> None:
    window = compacted(alice, base, input="a red fox").json()["output"]
    altered = json.loads(json.dumps(window))
    sealed = altered[1]["encrypted_content"]
    altered[1]["encrypted_content"] = sealed[:-8] + sealed[-8:].swapcase()

    def post(http: httpx2.Client, items: list[Any]) -> httpx2.Response:
        return http.post(f"{base}/responses", json=ask(input=items))

    refused = post(bob, window)
    assert refused.status_code == 400
    assert "input[1].encrypted_content" in refused.text
    assert "invalid_encrypted_content" in refused.text
    assert told(refused) == told(post(alice, altered)) == told(post(bob, altered))
    assert post(alice, window).status_code == 200
    assert post(al, window).status_code == 200
    with talk(site.here.here, base, additional_headers=bearer(site.bob)) as ws:
        wanted = (400, "invalid_encrypted_content", "input[1].encrypted_content")
        assert ws.refused(input=window) == wanted


@pytest.mark.parametrize("base", BASES)
def test_anothers_response_cannot_be_compacted(
    alice: httpx2.Client, bob: httpx2.Client, base: str
) -> None:
    first = draw(alice, base).events[-1].response.id
    refused = compacted(bob, base, previous_response_id=first)
    absent = compacted(bob, base, previous_response_id=ABSENT)
    assert refused.status_code == 400
    assert told(refused, first) == told(absent, ABSENT)
    assert compacted(alice, base, previous_response_id=first).status_code == 200
