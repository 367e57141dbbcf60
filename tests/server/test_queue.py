"""A queue that is full, and one that nobody works on, over HTTP and the WebSocket."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.server.kit import Painter, Running, ask, running
from tests.server.sockets import talk
from tests.server.test_errors import refusal

from heliograph.providers import ImageJob, ImagePart
from heliograph.server import Limits
from heliograph.server._keys import Keyring

BASES = ("/v1", "/api/v1")


@pytest.fixture
def idle(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    """A server whose responses wait for workers that never come."""
    limits = Limits(**request.param)
    with running(data=str(tmp_path / "data"), workers=0, limits=limits) as here:
        yield here


def metric(http: httpx2.Client, name: str) -> float:
    lines = http.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("idle", [{"max_queued": 1, "max_queued_background": 2}], indirect=True)
def test_a_full_queue_is_a_429_that_names_its_limit(idle: Running, base: str) -> None:
    with httpx2.Client(base_url=idle.url, timeout=20) as http:
        path = f"{base}/responses"
        key = {"idempotency-key": "k"}
        first = http.post(path, json=ask(background=True), headers=key)
        assert first.status_code == 200
        for body in (ask(), ask(stream=True)):
            message, _, code = refusal(http.post(path, json=body), base, 429)
            assert (code, "the limit max_queued is 1" in message) == ("queue_full", True)
        assert http.post(path, json=ask(background=True)).status_code == 200
        over = http.post(path, json=ask(background=True))
        message, _, code = refusal(over, base, 429)
        assert (code, "max_queued_background is 2" in message) == ("queue_full", True)
        assert over.headers["retry-after"] == "5"
        again = http.post(path, json=ask(background=True), headers=key)
        assert again.json()["id"] == first.json()["id"]
        unstored = http.post(path, json=ask(store=False))
        assert unstored.status_code == 200
        assert metric(http, 'heliograph_admission_refused_total{limit="max_queued"}') == 2
        assert metric(http, "heliograph_admission_refused_total") == 3


@pytest.mark.parametrize("idle", [{"max_queued": 1}], indirect=True)
def test_a_turn_on_a_websocket_is_refused_and_the_connection_goes_on(idle: Running) -> None:
    with httpx2.Client(base_url=idle.url, timeout=20) as http:
        assert http.post("/v1/responses", json=ask(background=True)).status_code == 200
    with talk(idle) as ws:
        for _ in range(2):
            ws.send()
            refused = ws.read()
            assert refused.error[:2] == (429, "queue_full")
            assert "max_queued" in refused.last["error"]["message"]


@pytest.mark.parametrize("idle", [{"max_queued_background_seconds": 0.5}], indirect=True)
def test_what_nobody_begins_ends_failed_and_says_why(idle: Running) -> None:
    with httpx2.Client(base_url=idle.url, timeout=20) as http:
        made = http.post("/v1/responses", json=ask(background=True)).json()
        assert made["status"] == "queued"
        deadline = time.monotonic() + 30
        while (now := http.get(f"/v1/responses/{made['id']}").json())["status"] == "queued":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert now["status"] == "failed"
        assert "max_queued_background_seconds" in now["error"]["message"]
        assert metric(http, "heliograph_queue_expired_total") == 1
        assert metric(http, 'heliograph_responses_waiting{store="stored"') == 0


class Noting(Painter):
    """Keeps whose picture it drew when."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[str] = []

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        self.prompts.append(job.prompt)
        async for part in super().draw(job):
            yield part


@pytest.mark.parametrize("base", BASES)
def test_one_keys_flood_lets_another_key_have_its_turn(tmp_path: Path, base: str) -> None:
    ring = Keyring(tmp_path)
    keys = {tenant: ring.create(tenant=tenant)[1] for tenant in ("flood", "other", "vip")}
    painter = Noting()
    painter.gate = threading.Event()
    told = {"limits": Limits(concurrency=1), "priority_tenants": ("vip",), "data": str(tmp_path)}
    with running(painter, **told) as here, httpx2.Client(base_url=here.url, timeout=20) as http:

        def post(tenant: str, prompt: str, tier: str) -> dict[str, Any]:
            body = ask(prompt, background=True, service_tier=tier)
            headers = {"authorization": f"Bearer {keys[tenant]}"}
            answer = http.post(f"{base}/responses", json=body, headers=headers)
            assert answer.status_code == 200, answer.text
            made: dict[str, Any] = answer.json()
            return made | {"url": f"{base}/responses/{made['id']}", "headers": headers}

        made = [post("flood", f"flood {i}", "priority") for i in range(12)]
        made.append(post("other", "other 0", "auto"))
        made.append(post("flood", "flood 12", "flex"))
        made.append(post("vip", "vip 0", "fast"))
        tiers = [one["service_tier"] for one in made]
        assert tiers == ["default"] * 13 + ["flex", "priority"]
        shown = metric(http, 'heliograph_responses_waiting{store="stored",tier="default"')
        assert shown == 12  # one of the flood runs
        painter.gate.set()
        for one in made:
            with http.stream(
                "GET", f"{one['url']}?stream=true", headers=one["headers"]
            ) as following:
                following.read()
            ended = http.get(one["url"], headers=one["headers"]).json()
            assert (ended["status"], ended["service_tier"]) == ("completed", one["service_tier"])
    assert painter.prompts[:2] == ["flood 0", "vip 0"]
    assert "other 0" in painter.prompts[2:4]
    assert painter.prompts[-1] == "flood 12"
