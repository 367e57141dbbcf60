"""``assert_valid_stream`` and ``assert_resumable``: what they let pass, and what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from tests.lifecycle import _streams as s

from heliograph import errors, models
from heliograph.testing import (
    FakeServer,
    Received,
    Reply,
    RunningServer,
    Switches,
    assert_resumable,
    assert_valid_stream,
)

GOOD = s.good()
PICTURE = GOOD["image, 2 partials"]


def body(stream: list[s.Wire]) -> str:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in stream) + "data: [DONE]\n\n"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_good_stream_passes_in_every_form(name: str) -> None:
    stream = GOOD[name]
    decoded = [models.decode_event(json.dumps(event).encode()) for event in stream]
    forms: list[Any] = [stream, decoded, body(stream), body(stream).encode()]
    forms.append([json.dumps(event) for event in stream])
    assert {assert_valid_stream(form).events for form in forms} == {len(stream)}


def test_a_bad_stream_is_refused_with_rule_and_event() -> None:
    stream = s.numbered([e for e in PICTURE if e.get("partial_image_index") != 0])
    with pytest.raises(AssertionError, match=r"HG-IMG-003 event 5: partial_image_index 1; right"):
        assert_valid_stream(stream)
    with pytest.raises(AssertionError, match="no event"):
        assert_valid_stream([])
    with pytest.raises(AssertionError, match="not valid"):
        assert_valid_stream(PICTURE[:-1])
    with pytest.raises(errors.UsageError, match="int is no event"):
        assert_valid_stream([1])
    with pytest.raises(errors.UsageError, match="martian"):
        assert_valid_stream(PICTURE, dialect="martian")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as it:
        yield it


def made(server: RunningServer, **more: Any) -> str:
    asked = {"model": server.model, "input": "a fox", **more}
    told = {"authorization": f"Bearer {server.api_key}"}
    url = f"{server.base_url}/responses"
    return str(httpx2.post(url, json=asked, headers=told, timeout=60).json()["id"])


def test_our_server_s_streams_are_resumable(server: RunningServer) -> None:
    tool = {"type": "image_generation", "size": "256x256", "partial_images": 1}
    response_id = made(server, tools=[tool])
    assert assert_resumable(server, response_id) > 8
    assert assert_resumable(server.base_url, response_id, api_key=server.api_key, after=[3]) > 8
    with pytest.raises(AssertionError, match="answered 401"):
        assert_resumable(server.base_url, response_id)


def test_what_is_not_stored_is_not_resumable(server: RunningServer) -> None:
    response_id = made(server, store=False)
    with pytest.raises(AssertionError, match="answered 404"):
        assert_resumable(server, response_id)


@pytest.mark.parametrize(
    ("skip", "says"),
    [
        (1, r"event 0 of it is .* \(sequence_number 2\), right: .* \(sequence_number 1\)"),
        (0, r"event 0 of it is .* \(sequence_number 0\), right: .* \(sequence_number 1\)"),
        (3, r"0 events came, right: 2; the first missing is"),
    ],
)
def test_a_resume_that_loses_or_repeats_is_told(skip: int, says: str) -> None:
    """A server that goes on after ``skip`` events whatever it is asked."""

    class Wrong(FakeServer):
        async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
            first = 0 if "starting_after" not in request.query else skip + (skip == 1)
            events = [{"type": "x", "sequence_number": n} for n in range(first, 3)]
            await reply.whole(body(events).encode(), headers={"content-type": "text/event-stream"})

    with Wrong() as fake, pytest.raises(AssertionError, match=says):
        assert_resumable(f"{fake.url}/v1", "resp_1")
