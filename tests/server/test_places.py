"""``max_concurrent`` over real processes: a server and its workers ask one upstream together."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.nats_servers import PREFIX, SHARDS, cluster, empty
from tests.server.process import Child
from tests.server.test_workers import until

from heliograph.testing import FakeChat, FakeImages, FakeServer, Received, Reply, Say, Switches

MOST = 2
PROVIDERS = """
[limits]
lease_seconds = 1.5
renew_seconds = 0.2
[providers.talker]
kind = "chat_completions"
base_url = "{talker}"
max_concurrent = {most}
models."house/talker".upstream = "fake-1"
[providers.painter]
kind = "openai_images"
base_url = "{painter}"
max_concurrent = {most}
models."house/painter" = "fake-painter"
"""

TEXT = {"model": "house/talker", "input": "Hi"}
PICTURE = {
    "model": "heliograph/direct",
    "input": "a fox",
    "tools": [{"type": "image_generation", "model": "house/painter"}],
}


class Counted(FakeServer):
    """Counts the requests that it has at once."""

    here = most = 0

    async def _work(self, request: Received, reply: Reply, switches: Switches) -> None:
        self.here += 1
        self.most = max(self.most, self.here)
        try:
            await super()._work(request, reply, switches)
        finally:
            self.here -= 1


class Talker(Counted, FakeChat):
    pass


class Painter(Counted, FakeImages):
    pass


@pytest.fixture
def talker() -> Iterator[Talker]:
    with Talker(Say(text="Hello."), silent=0.1) as fake:
        yield fake


@pytest.fixture
def painter() -> Iterator[Painter]:
    with Painter(silent=0.1) as fake:
        yield fake


class House:
    """A gateway that runs no response, and workers, on one journal."""

    def __init__(self, config: Path, where: tuple[str, ...], stack: ExitStack) -> None:
        self._stack = stack
        self._told = ("--config", str(config), *where)
        self._log = config.parent / "processes.log"
        gateway = self.child("serve", "--port", "0", "--workers", "0")
        self.url = next(word for word in gateway.said.split() if word.startswith("http"))
        self.http = stack.enter_context(httpx2.Client(base_url=self.url, timeout=60))

    def child(self, command: str, *options: str) -> Child:
        return self._stack.enter_context(Child(self._log, command, *self._told, *options))

    def responses(self, count: int, body: dict[str, Any]) -> list[str]:
        body = {**body, "background": True}
        made = [self.http.post("/responses", json=body) for _ in range(count)]
        return [answer.raise_for_status().json()["id"] for answer in made]

    def status(self, response_id: str) -> str:
        return str(self.http.get(f"/responses/{response_id}").json()["status"])

    def completed(self, response_ids: list[str]) -> None:
        for response_id in response_ids:
            until(lambda: self.status(response_id) != "queued", pause=0.05)  # noqa: B023
            until(lambda: self.status(response_id) != "in_progress", pause=0.05)  # noqa: B023
            assert self.status(response_id) == "completed"

    def picture(self, number: int) -> bool:
        body = {"model": "house/painter", "prompt": f"fox {number}"}
        answer = self.http.post("/images/generations", json=body).raise_for_status()
        return bool(answer.json()["data"][0]["b64_json"])


@pytest.fixture(params=["sqlite", "nats"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, talker: Talker, painter: Painter
) -> Iterator[House]:
    config = tmp_path / "heliograph.toml"
    told = PROVIDERS.format(talker=talker.base_url, painter=painter.openai_url, most=MOST)
    where = ("--data", str(tmp_path / "data"))
    if request.param == "nats":
        servers = cluster(1)
        asyncio.run(empty(servers.urls))
        told += (
            f'[journal]\nkind = "nats"\nservers = {json.dumps(servers.urls)}\n'
            f'replicas = 1\nshards = {SHARDS}\nprefix = "{PREFIX}"\n'
        )
        where = ()
    config.write_text(told)
    with ExitStack() as stack:
        yield House(config, where, stack)


def test_no_more_than_the_limit_over_all_processes_and_a_dead_ones_places_come_back(
    house: House, talker: Talker, painter: Painter
) -> None:
    killed, leaving = house.child("worker"), house.child("worker")
    made = house.responses(8, TEXT) + house.responses(6, PICTURE)
    with ThreadPoolExecutor(8) as threads:
        drawn = [threads.submit(house.picture, number) for number in range(8)]
        assert all(one.result() for one in drawn)
    house.completed(made)
    assert (talker.most, painter.most) == (MOST, MOST)

    leaving.signal(signal.SIGTERM)
    assert leaving.wait() == 0
    talker.set(silent=60)
    made = house.responses(5, TEXT)
    until(lambda: talker.here == MOST and {house.status(one) for one in made} == {"in_progress"})
    talker.set(silent=0.05)
    killed.kill()
    house.child("worker")
    house.completed(made)
    assert (talker.most, talker.here) == (MOST, 0)
