"""Two servers that share a journal on NATS are one service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest
from tests.nats_servers import PREFIX, SHARDS, cluster, empty
from tests.server.kit import Running, ask, digest, draw, read, running

from heliograph.server import NatsSettings


@pytest.fixture(scope="module")
def journal() -> NatsSettings:
    servers = cluster(1).urls
    asyncio.run(empty(servers))
    return NatsSettings(servers=tuple(servers), replicas=1, shards=SHARDS, prefix=PREFIX)


@pytest.fixture(scope="module")
def gateways(journal: NatsSettings) -> Iterator[tuple[Running, Running]]:
    with running(journal=journal) as one, running(journal=journal) as other:
        yield one, other


@pytest.fixture
def clients(gateways: tuple[Running, Running]) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    one, other = gateways
    with (
        httpx2.Client(base_url=one.url, timeout=20) as here,
        httpx2.Client(base_url=other.url, timeout=20) as there,
    ):
        yield here, there


def test_a_stream_of_one_is_resumed_from_every_event_at_the_other(
    clients: tuple[httpx2.Client, httpx2.Client],
) -> None:
    here, there = clients
    stream = draw(here, prompt="a fox", partials=2)
    response_id = stream.events[0].response.id
    whole = [frame.data for frame in stream.frames]
    for after in range(len(whole)):
        path = f"/v1/responses/{response_id}?stream=true&starting_after={after}"
        with there.stream("GET", path) as response:
            again = read(response)
        assert [frame.data for frame in again.frames] == whole[after + 1 :]
    got = there.get(f"/v1/responses/{response_id}").json()
    assert got["status"] == "completed"


def test_a_conversation_goes_on_at_the_other(
    clients: tuple[httpx2.Client, httpx2.Client],
) -> None:
    here, there = clients
    first = here.post("/v1/responses", json=ask("a fox")).json()
    assert first["status"] == "completed"
    item = first["output"][0]
    more = {"previous_response_id": first["id"]}
    second = there.post("/v1/responses", json=ask("and the moon", **more)).json()
    assert second["previous_response_id"] == first["id"]
    listed = there.get(f"/v1/responses/{second['id']}/input_items").json()["data"]
    assert item["id"] in [one["id"] for one in listed]
    referred = {
        "input": [{"type": "item_reference", "id": item["id"]}, {"role": "user", "content": "x"}]
    }
    third = there.post("/v1/responses", json={**ask(), **referred}).json()
    assert third["status"] == "completed"


def test_a_background_response_is_followed_cancelled_and_deleted_at_the_other(
    clients: tuple[httpx2.Client, httpx2.Client],
) -> None:
    here, there = clients
    made = here.post("/v1/responses", json=ask("slowly", background=True)).json()
    path = f"/v1/responses/{made['id']}"
    there.post(f"{path}/cancel")
    with there.stream("GET", f"{path}?stream=true") as response:
        stream = read(response)
    assert stream.done
    assert stream.types[-1] in ("response.incomplete", "response.completed")
    assert there.delete(path).status_code == 200
    assert here.get(path).status_code == 404


def test_a_repeat_at_the_other_is_the_same_response(
    clients: tuple[httpx2.Client, httpx2.Client],
) -> None:
    here, there = clients
    headers = {"Idempotency-Key": "one"}
    one = here.post("/v1/responses", json=ask("a whale"), headers=headers).json()
    other = there.post("/v1/responses", json=ask("a whale"), headers=headers).json()
    assert one["id"] == other["id"]
    assert digest(str(one["output"]).encode()) == digest(str(other["output"]).encode())


def test_what_a_server_held_is_made_by_the_other_when_it_stops(journal: NatsSettings) -> None:
    with running(journal=journal) as other, httpx2.Client(base_url=other.url, timeout=20) as there:
        with running(journal=journal) as one, httpx2.Client(base_url=one.url, timeout=20) as here:
            made = [
                here.post("/v1/responses", json=ask(f"fox {i}", background=True)).json()["id"]
                for i in range(6)
            ]
        for response_id in made:
            with there.stream("GET", f"/v1/responses/{response_id}?stream=true") as response:
                stream = read(response)
            assert stream.types[-1] == "response.completed"
