"""What watches the tests' own servers: a message, an event or an answer gone wrong is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from tests import tap
from tests.server.kit import Running, ask, running
from tests.server.sockets import talk
from websockets.exceptions import InvalidStatus

from heliograph.server import Limits, _edge, _frames, _socket, _socket_wire

PARTIAL = "response.image_generation_call.partial_image"


@pytest.fixture(autouse=True)
def _found() -> Iterator[None]:
    """Each test here looks at what was found, and leaves nothing of it behind."""
    yield
    tap.problems.clear()


def changed(data: bytes, kind: str, change: Callable[[dict[str, Any]], None]) -> bytes:
    """``data`` with ``change`` made, where it is of this type."""
    value = msgspec.json.decode(data)
    if value.get("type") == kind:
        change(value)
    return msgspec.json.encode(value)


def said_wrong(
    monkeypatch: pytest.MonkeyPatch, kind: str, change: Callable[[dict[str, Any]], None]
) -> None:
    """Have every WebSocket send messages of this type changed."""
    say = _socket._Connection.say

    async def wrong(self: Any, data: bytes) -> None:
        await say(self, changed(data, kind, change))

    monkeypatch.setattr(_socket._Connection, "say", wrong)


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
def test_an_event_changed_on_its_way_over_a_websocket_is_found(
    shared: Running, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    said_wrong(monkeypatch, PARTIAL, lambda event: event.update(partial_image_index="0"))
    with talk(shared, base) as ws:
        ws.send(partials=1)
        ws.read()
    assert tap.problems
    assert all(f"WebSocket {base}/responses: partial_image_index" in p for p in tap.problems)


def test_an_event_that_no_specification_names_is_found(
    shared: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_wrong(monkeypatch, PARTIAL, lambda event: event.update(type="response.unheard_of"))
    with talk(shared) as ws:
        ws.send(partials=1)
        ws.read()
    (problem,) = tap.problems
    assert "no specification names 'response.unheard_of'" in problem


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("status", lambda envelope: envelope.update(status="400")),
        ("error.code", lambda envelope: envelope["error"].update(code=None)),
        ("error.message", lambda envelope: envelope["error"].update(message=None)),
        ("error", lambda envelope: envelope["error"].pop("param")),
        ("$", lambda envelope: envelope.pop("error")),
    ],
)
def test_a_changed_envelope_is_found(
    shared: Running, monkeypatch: pytest.MonkeyPatch, field: str, change: Any
) -> None:
    said_wrong(monkeypatch, "error", change)
    with talk(shared) as ws:
        ws.send(model="nobody/knows")
        ws.read()
    assert tap.problems
    assert all(problem.startswith(f"WebSocket /v1/responses: {field}:") for problem in tap.problems)


def test_an_error_event_is_no_envelope(shared: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"type": "error", "code": "x", "message": "x", "param": None, "sequence_number": 0}
    said_wrong(monkeypatch, PARTIAL, lambda message: (message.clear(), message.update(event)))
    with talk(shared) as ws:
        ws.send(partials=1)
        ws.read()
    assert any("status" in problem for problem in tap.problems)


def test_a_changed_message_from_below_the_app_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _socket_wire.too_large

    def without_words(limit: int) -> Any:
        error = told(limit)
        error.message = None  # type: ignore[assignment]
        return error

    monkeypatch.setattr(_socket_wire, "too_large", without_words)
    with running(limits=Limits(max_body_bytes=2000)) as here, talk(here) as ws:
        ws.raw("x" * 5000)
        assert ws.closed() == 1009
    assert any("below the app: error.message" in problem for problem in tap.problems)


def test_a_changed_refusal_of_a_handshake_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_edge, "error_body", lambda error, path: b"{}")
    with running(key="k") as here, pytest.raises(InvalidStatus), talk(here):
        raise AssertionError("it was let in")
    (problem,) = tap.problems
    assert problem.startswith("GET /v1/responses 401: $:")


def test_an_event_changed_on_its_way_over_sse_is_found(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _frames._lines
    index = b'"partial_image_index":'
    monkeypatch.setattr(_frames, "_lines", lambda d: lines(d).replace(index, b'"index":'))
    answer = http.post("/v1/responses", json=ask(stream=True, partials=1))
    assert answer.status_code == 200
    assert all("partial_image_index" in problem for problem in tap.problems)
    assert tap.problems
