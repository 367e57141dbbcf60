"""The image tool over an upstream's Images API: what our client sees of each fault.

Always one terminal event, the reason where the picture would be, and nothing left open.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from tests.server.kit import Running, Stream, ask, assert_valid, digest, read, running

from heliograph.providers._upstream import Timeouts
from heliograph.providers.image import (
    OpenAIImages,
    OpenAIImagesSettings,
    OpenRouterImages,
    OpenRouterImagesSettings,
)
from heliograph.server import Limits
from heliograph.testing import FakeImages

TERMINAL = {"response.completed", "response.incomplete", "response.failed"}
QUICK = Timeouts(connect_seconds=5, first_byte_seconds=1.5, silence_seconds=1.0)
PATIENT = Timeouts(first_byte_seconds=30, silence_seconds=30)
wires = pytest.mark.parametrize("wire", ["openai", "openrouter"])


@contextmanager
def serving(fake: FakeImages, wire: str, timeouts: Timeouts = PATIENT) -> Iterator[Running]:
    told: dict[str, Any] = {"models": {"us/p": "up/p"}, "api_key_env": None, "timeouts": timeouts}
    painter: Any
    if wire == "openai":
        painter = OpenAIImages(OpenAIImagesSettings(base_url=fake.openai_url, **told))
    else:
        painter = OpenRouterImages(OpenRouterImagesSettings(base_url=fake.openrouter_url, **told))
    limits = Limits(keep_alive_seconds=0.2)
    with running(painter, limits=limits, journal="memory") as here:
        try:
            yield here
        finally:
            here.call(painter.aclose())


def stream(here: Running, **more: Any) -> Stream:
    with (
        httpx2.Client(base_url=here.url, timeout=20) as http,
        http.stream("POST", "/v1/responses", json=ask(stream=True, **more)) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        got = assert_valid(read(answer))
    assert [kind for kind in got.types if kind in TERMINAL] == got.types[-1:]
    return got


def all_done(fake: FakeImages) -> bool:
    return all(request.done.wait(5) for request in fake.requests)


@wires
def test_previews_picture_and_usage_come_through(wire: str) -> None:
    with FakeImages(previews=2, text_chunks=1) as fake, serving(fake, wire) as here:
        got = stream(here)
        shown = [digest(e.image_bytes()) for e in got.events if hasattr(e, "partial_image_b64")]
        assert [*shown, got.picture] == [digest(data) for data in fake.made]
        used = got.events[-1].response.tool_usage.image_gen
        assert (used.input_tokens, used.output_tokens) == (3, 1024)


@wires
@pytest.mark.parametrize(
    ("switches", "code", "previews"),
    [
        ({"status": 429, "retry_after": 5}, "rate_limit_exceeded", 0),
        ({"status": 500}, "server_error", 0),
        ({"status": 401}, "server_error", 0),
        (
            {"status": 400, "error": {"code": "moderation_blocked"}},
            "image_content_policy_violation",
            0,
        ),
        ({"bad_json": True}, "server_error", 0),
        ({"wrong_types": True}, "server_error", 0),
        ({"silent": 20}, "server_error", 0),
        ({"stall": 20}, "server_error", 1),
        ({"cut": 0}, "server_error", 0),
        ({"cut": 1}, "server_error", 1),
        ({"error_at": 1}, "server_error", 1),
        ({"endless": True}, "server_error", 2),
    ],
)
def test_a_fault_fails_the_picture_and_ends_the_response_once(
    wire: str, switches: dict[str, Any], code: str, previews: int
) -> None:
    times = QUICK if switches.keys() & {"silent", "stall"} else PATIENT
    with FakeImages(**switches) as fake, serving(fake, wire, times) as here:
        got = stream(here)
        (item,) = [
            event.item
            for event in got.events
            if event.type == "response.output_item.done"
            and event.item.type == "image_generation_call"
        ]
        assert (item.status, item.error.code) == ("failed", code)
        assert item.error.message.startswith("us/p: ")
        shown = [kind for kind in got.types if kind.endswith("partial_image")]
        assert len(shown) == previews
        assert all_done(fake)


@wires
@pytest.mark.parametrize("switches", [{"no_stream": True}, {"ignore_stream": True}, {"slow": 0.3}])
def test_what_is_no_fault_gives_the_picture(wire: str, switches: dict[str, Any]) -> None:
    with FakeImages(previews=2, **switches) as fake, serving(fake, wire) as here:
        assert stream(here).picture == digest(fake.made[-1])


@wires
def test_a_long_silence_is_filled_and_the_picture_comes(wire: str) -> None:
    with FakeImages(silent=1.2) as fake, serving(fake, wire) as here:
        got = stream(here)
        assert got.picture == digest(fake.made[-1])
        assert got.comments >= 3


@wires
def test_a_cancelled_response_leaves_no_connection_upstream(wire: str) -> None:
    with FakeImages(silent=30) as fake, serving(fake, wire) as here:
        with httpx2.Client(base_url=here.url, timeout=20) as http:
            made = http.post("/v1/responses", json=ask(background=True)).json()
            until = time.monotonic() + 5
            while not fake.requests and time.monotonic() < until:
                time.sleep(0.02)
            ended = http.post(f"/v1/responses/{made['id']}/cancel").json()
        assert ended["status"] == "cancelled"
        assert all_done(fake)
        assert fake.requests[0].abandoned


def test_what_the_upstream_cannot_draw_is_refused_with_the_tool_s_field() -> None:
    with FakeImages() as fake, serving(fake, "openai") as here:
        body = ask()
        body["tools"][0]["seed"] = 7
        answer = httpx2.post(f"{here.url}/v1/responses", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == "tools[0].seed"
        assert not fake.requests
