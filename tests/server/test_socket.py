"""The WebSocket mode of ``/responses``, over a real WebSocket with a real client."""

from __future__ import annotations

import asyncio
import socket as raw_socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec
import pytest
from tests.server.kit import Painter, Running, ask, digest, read, running
from tests.server.sockets import Talk, talk
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from heliograph import models
from heliograph.server import Limits

BASES = ("/v1", "/api/v1")
PARTIAL = "response.image_generation_call.partial_image"


@pytest.fixture
def ws(shared: Running) -> Iterator[Talk]:
    with talk(shared) as one:
        yield one


def eventually(holds: Any) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("store", [True, False])
def test_a_picture_with_partials(shared: Running, base: str, store: bool) -> None:
    with talk(shared, base) as ws:
        turn = ws.turn(f"a fox {base} {store}", partials=3, store=store)
    assert turn.types[0] == "response.created"
    assert turn.types[-1] == "response.completed"
    assert turn.types.count(PARTIAL) == 3
    events = [models.decode_event(text.encode()) for text in turn.texts]
    shown = [digest(event.image_bytes()) for event in events if event.type == PARTIAL]
    assert set(shown + turn.pictures) <= set(shared.painter.made)


def test_events_are_the_same_as_over_sse(ws: Talk, http: httpx2.Client) -> None:
    turn = ws.turn("the same fox", partials=2)
    with http.stream("GET", f"/v1/responses/{turn.id}?stream=true") as response:
        frames = read(response).frames
    assert [frame.data.decode() for frame in frames] == turn.texts


def test_a_large_picture_is_one_message() -> None:
    with running(Painter(size=5_000_000)) as here, talk(here) as ws:
        turn = ws.turn(partials=1)
        assert turn.pictures[0] in here.painter.made


@pytest.mark.parametrize("store", [True, False])
def test_a_picture_is_gone_on_with(shared: Running, ws: Talk, store: bool) -> None:
    first = ws.turn("a red fox in the snow", store=store)
    second = ws.turn("make it night", store=store, previous_response_id=first.id)
    third = ws.turn("add a moon", store=store, previous_response_id=second.id)
    assert second.last["response"]["previous_response_id"] == first.id
    assert third.last["response"]["previous_response_id"] == second.id
    for turn in (second, third):
        # What came before is context, not output.
        assert len(turn.last["response"]["output"]) == len(turn.pictures) == 1
    assert len({*first.pictures, *second.pictures, *third.pictures}) == 3


def test_a_turn_goes_on_from_all_that_was_said_and_drawn(shared: Running, ws: Talk) -> None:
    words = {"type": "output_text", "text": "I look.", "annotations": []}
    comment = {"type": "message", "role": "assistant", "phase": "commentary", "content": [words]}
    said = [{"role": "user", "content": "a fox of three turns"}, comment]
    message = {"type": "response.create", **ask(partials=0), "input": said}
    ws.raw(msgspec.json.encode(message).decode())
    first = ws.read().assert_valid()
    second = ws.turn("make it night", partials=0, previous_response_id=first.id)

    async def stored() -> Any:
        runtime = shared.server._runtime
        assert runtime is not None
        return await runtime.stored.journal.get("default", second.id)

    kept = msgspec.json.decode(shared.call(stored()).request)
    assert kept["input"][:2] == said
    assert kept["input"][2] == first.last["response"]["output"][0]
    assert kept["input"][3]["content"][0]["text"] == "make it night"
    assert len(kept["input"]) == 4


def test_a_compacted_window_starts_afresh(ws: Talk) -> None:
    ws.turn("a fox")
    turn = ws.turn("a second fox", previous_response_id=None)
    assert turn.last["response"]["previous_response_id"] is None


def test_only_the_newest_response_is_remembered(ws: Talk) -> None:
    first = ws.turn("a fox", store=False)
    ws.turn("an owl", store=False)
    refusal = ws.refused(store=False, previous_response_id=first.id)
    assert refusal == (400, "previous_response_not_found", "previous_response_id")


def test_another_connection_remembers_nothing(shared: Running, ws: Talk) -> None:
    first = ws.turn("a fox", store=False)
    with talk(shared) as other:
        refusal = other.refused(store=False, previous_response_id=first.id)
    assert refusal == (400, "previous_response_not_found", "previous_response_id")
    ws.turn("make it night", store=False, previous_response_id=first.id)


def test_a_continuation_that_fails_evicts_what_it_went_on_from(ws: Talk) -> None:
    first = ws.turn("a fox", store=False)
    orphan = {"type": "function_call_output", "call_id": "call_x", "output": "1"}
    failing = {"type": "response.create", **ask(store=False), "input": [orphan]}
    failing["previous_response_id"] = first.id
    status, _, param = ws.refused(msgspec.json.encode(failing).decode())
    assert (status, param) == (400, "input[0].call_id"), "counted as the client counts"
    refusal = ws.refused(store=False, previous_response_id=first.id)
    assert refusal == (400, "previous_response_not_found", "previous_response_id")


def test_a_turn_that_fails_without_going_on_evicts_nothing(ws: Talk) -> None:
    first = ws.turn("a fox", store=False)
    ws.refused("{")
    ws.refused(store=False, temperature=9)
    ws.turn("make it night", store=False, previous_response_id=first.id)


class Broken(Painter):
    """Draws once; then it has an accident."""

    async def draw(self, job: Any) -> Any:
        if self.made:
            raise RuntimeError("an accident")
        async for part in super().draw(job):
            yield part


def test_a_continuation_that_ends_failed_evicts_too() -> None:
    with running(Broken()) as here, talk(here) as ws:
        first = ws.turn("a fox", partials=0, store=False)
        forced = {"tool_choice": "required", "partials": 0, "store": False}
        second = ws.turn("make it night", previous_response_id=first.id, **forced)
        assert second.types[-1] == "response.failed"
        for gone in (first.id, second.id):
            refusal = ws.refused(previous_response_id=gone, store=False)
            assert refusal[1] == "previous_response_not_found"


REFUSED: list[tuple[str | bytes, str, str | None]] = [
    ("", "invalid_json", None),
    ("{", "invalid_json", None),
    ("[1]", "invalid_json", None),
    ("null", "invalid_json", None),
    ('{"model": "m",, }', "invalid_json", None),
    ("{}", "missing_required_parameter", "type"),
    ('{"type": null}', "invalid_value", "type"),
    ('{"type": 7}', "invalid_value", "type"),
    ('{"type": "response.cancel"}', "invalid_value", "type"),
    (b'{"type": "response.create"}', "binary_message", None),
    ('{"type": "response.create"}', "missing_required_parameter", "model"),
    ('{"type": "response.create", "previous_response_id": 3}', "invalid_value", None),
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("text", "code", "param"), REFUSED)
def test_a_malformed_message_is_refused_and_the_connection_goes_on(
    shared: Running, base: str, text: str | bytes, code: str, param: str | None
) -> None:
    with talk(shared, base) as ws:
        status, said, at = ws.refused(text)
        assert (status, said) == (400, code)
        assert param is None or at == param
        ws.turn("a fox", partials=0)


@pytest.mark.parametrize("value", [True, False, None])
@pytest.mark.parametrize("name", ["stream", "stream_options", "background"])
def test_what_must_not_be_sent_is_refused_by_name(ws: Talk, name: str, value: object) -> None:
    assert ws.refused(**{name: value}) == (400, "unsupported_parameter", name)


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"model": "nobody/nothing"}, 404, "model"),
        ({"temperature": "hot"}, 400, "temperature"),
        ({"nonsense": 1}, 400, "nonsense"),
        ({"tools": [{"type": "web_search"}]}, 400, "tools[0].type"),
        ({"conversation": "conv_1"}, 400, "conversation"),
        ({"input": ""}, 400, "input"),
    ],
)
def test_requests_are_refused_as_over_http(
    ws: Talk, http: httpx2.Client, change: dict[str, Any], status: int, param: str
) -> None:
    message = {"type": "response.create", **ask(), **change}
    refused = ws.refused(msgspec.json.encode(message).decode())
    answer = http.post("/v1/responses", json=ask() | change)
    error = answer.json()["error"]
    assert refused == (answer.status_code, error["code"], error["param"])
    assert (refused[0], refused[2]) == (status, param)


def test_http_still_refuses_to_continue(http: httpx2.Client) -> None:
    answer = http.post("/v1/responses", json=ask(previous_response_id="resp_1"))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "previous_response_id"


def test_a_message_over_the_limit_is_told_which_and_closed() -> None:
    with running(limits=Limits(max_body_bytes=10_000)) as here:
        with talk(here) as ws:
            ws.turn("a fox", partials=0)
            ws.send("x" * 3_000_000)
            turn = ws.read()
            assert turn.error == (413, "payload_too_large", None)
            assert "max_body_bytes" in turn.last["error"]["message"]
            assert ws.closed() == 1009
        with talk(here) as ws:
            ws.turn("a fox", partials=0)


def test_a_conversation_over_the_limit_cannot_be_gone_on_with() -> None:
    with running(Painter(size=20_000), limits=Limits(max_body_bytes=10_000)) as here:
        with talk(here) as ws:
            first = ws.turn("a fox", partials=0, store=False)
            refusal = ws.refused(store=False, previous_response_id=first.id)
            assert refusal == (413, "payload_too_large", None)
            refusal = ws.refused(store=False, previous_response_id=first.id)
            assert refusal[1] == "previous_response_not_found"
        with talk(here) as ws:
            first = ws.turn("a" * 4_000, tools=[])
            second = ws.turn("b" * 4_000, tools=[], previous_response_id=first.id)
            refusal = ws.refused(prompt="c" * 4_000, tools=[], previous_response_id=second.id)
            assert refusal == (413, "payload_too_large", None)


def test_turns_wait_for_each_other_in_order() -> None:
    with running(Painter(pace=0.05)) as here, talk(here) as ws:
        for index in range(4):
            ws.send(f"fox {index}", metadata={"index": str(index)})
        turns = [ws.read().assert_valid() for _ in range(4)]
        assert [t.last["response"]["metadata"]["index"] for t in turns] == ["0", "1", "2", "3"]
        assert len({turn.id for turn in turns}) == 4


def test_a_refusal_keeps_its_place_in_the_queue(shared: Running, ws: Talk) -> None:
    ws.send("a fox")
    ws.raw("{")
    ws.send("an owl")
    assert [ws.read().types[-1] for _ in range(3)] == [
        "response.completed",
        "error",
        "response.completed",
    ]


def test_a_full_queue_refuses_what_is_more() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with running(painter, limits=Limits(max_queued_turns=2)) as here, talk(here) as ws:
        ws.send("fox 0")
        assert painter.started.wait(10)
        for index in range(1, 5):
            ws.send(f"fox {index}", metadata={"index": str(index)})
        texts: list[dict[str, Any]] = []
        while sum(t["type"] == "error" for t in texts) < 2:
            texts.append(msgspec.json.decode(ws.recv()))
        for text in texts:
            if text["type"] == "error":
                assert (text["status"], text["error"]["code"]) == (429, "websocket_queue_full")
                assert "max_queued_turns is 2" in text["error"]["message"]
        painter.gate.set()
        ws.read()
        assert [ws.read().last["response"]["metadata"]["index"] for _ in range(2)] == ["1", "2"]


def test_what_waits_is_bounded_in_bytes() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with running(painter, limits=Limits(max_body_bytes=10_000)) as here, talk(here) as ws:
        ws.send("fox 0")
        assert painter.started.wait(10)
        for _ in range(2):
            ws.send("x" * 6_000)
        while (text := msgspec.json.decode(ws.recv()))["type"] != "error":
            pass
        assert "max_body_bytes is 10000" in text["error"]["message"]
        painter.gate.set()


def test_without_a_queue_an_idle_connection_still_takes_turns() -> None:
    with running(limits=Limits(max_queued_turns=0)) as here, talk(here) as ws:
        for _ in range(3):
            ws.turn(partials=0)


def test_a_connection_ends_at_its_limit() -> None:
    with running(limits=Limits(socket_seconds=0.5)) as here, talk(here) as ws:
        ws.turn(partials=0)
        turn = ws.read()
        assert turn.error == (400, "websocket_connection_limit_reached", None)
        assert "socket_seconds" in turn.last["error"]["message"]
        assert ws.closed() == 1000


def test_the_limit_ends_a_turn_under_way_and_its_response_can_be_resumed() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with running(painter, limits=Limits(socket_seconds=0.5)) as here:
        with talk(here) as ws:
            ws.send("a fox")
            turn = ws.read()
            assert turn.types[0] == "response.created"
            assert turn.error[1] == "websocket_connection_limit_reached"
            assert ws.closed() == 1000
        painter.gate.set()
        response_id = msgspec.json.decode(turn.texts[0])["response"]["id"]
        with (
            httpx2.Client(base_url=here.url, timeout=20) as http,
            http.stream("GET", f"/v1/responses/{response_id}?stream=true") as response,
        ):
            assert read(response).types[-1] == "response.completed"


def test_a_stored_response_without_its_client_is_cancelled_after_the_grace() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    limits = Limits(foreground_grace_seconds=0.3, renew_seconds=0.1)
    with running(painter, limits=limits) as here:
        with httpx2.Client(base_url=here.url, timeout=20) as http:

            def status() -> str:
                return str(http.get(f"/v1/responses/{response_id}").json()["status"])

            with talk(here) as ws:
                ws.send("a fox")
                response_id = msgspec.json.decode(ws.recv())["response"]["id"]
                time.sleep(3 * limits.foreground_grace_seconds)
                assert status() == "in_progress"
            eventually(lambda: status() == "cancelled")
        painter.gate.set()


def test_nothing_is_left_of_an_unstored_response() -> None:
    painter = Painter()
    with running(painter) as here:
        runtime = here.server._runtime
        assert runtime is not None
        with talk(here) as ws:
            ws.turn("a fox", store=False)
            eventually(lambda: not runtime.passing.journal._logs)  # type: ignore[attr-defined]
            painter.gate = threading.Event()
            painter.started.clear()
            ws.send("an owl", store=False)
            assert painter.started.wait(10)
        painter.gate.set()
        eventually(lambda: not runtime.passing.journal._logs)  # type: ignore[attr-defined]
        eventually(lambda: not runtime.turns and not len(runtime.closing))


def test_a_stop_waits_for_running_work_and_closes_with_1001() -> None:
    with running(Painter(pace=0.2)) as here, talk(here) as ws, talk(here) as idle:
        ws.send("a fox", partials=3, store=False)
        ws.recv()
        stopping = asyncio.run_coroutine_threadsafe(here.server.stop(drain=20), here.loop)
        turn = ws.read()
        assert turn.types[-1] == "response.completed"
        assert turn.pictures[0] in here.painter.made
        assert ws.closed() == 1001
        assert idle.closed() == 1001
        stopping.result(20)


def test_a_stop_hands_over_what_does_not_finish_and_closes_with_1001() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with running(painter) as here, talk(here) as ws:
        ws.send("a fox")
        assert painter.started.wait(10)
        stopping = asyncio.run_coroutine_threadsafe(here.server.stop(drain=0), here.loop)
        assert ws.closed() == 1001
        painter.gate.set()
        stopping.result(20)


def test_a_stopping_server_takes_no_more_turns() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with running(painter) as here, talk(here) as ws, talk(here) as other:
        ws.send("a fox")
        assert painter.started.wait(10)
        stopping = asyncio.run_coroutine_threadsafe(here.server.stop(drain=20), here.loop)
        runtime = here.server._runtime
        assert runtime is not None
        eventually(lambda: runtime._stopping)
        assert other.refused() == (503, "server_stopping", None)
        painter.gate.set()
        assert ws.read().types[-1] == "response.completed"
        stopping.result(20)


def refused_handshake(here: Running, base: str = "/v1", **options: Any) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as refused, talk(here, base, **options):
        pass
    response = refused.value.response
    assert response.headers["x-request-id"].startswith("req_")
    return response.status_code, msgspec.json.decode(response.body or b"")["error"]


def test_a_configured_key_is_asked_for_at_the_handshake() -> None:
    with running(key="s3cret") as here:
        status, error = refused_handshake(here)
        assert (status, error["code"]) == (401, "missing_api_key")
        wrong = {"authorization": "Bearer other"}
        status, error = refused_handshake(here, "/api/v1", additional_headers=wrong)
        assert (status, error["metadata"]["code"]) == (401, "invalid_api_key")
        with talk(here, additional_headers={"authorization": "Bearer s3cret"}) as ws:
            ws.turn(partials=0)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://10.0.0.1"])
def test_a_page_from_elsewhere_is_refused(shared: Running, origin: Any) -> None:
    status, error = refused_handshake(shared, origin=origin)
    assert (status, error["param"]) == (403, "Origin")


def test_a_page_of_this_machine_is_served(shared: Running) -> None:
    with talk(shared, origin="http://localhost:3000") as ws:  # type: ignore[arg-type]
        ws.turn(partials=0)


def test_a_name_that_is_not_loopback_is_refused(shared: Running) -> None:
    url = f"ws://evil.example:{shared.server.port}"
    address = ("127.0.0.1", shared.server.port)
    with (
        raw_socket.create_connection(address) as sock,
        pytest.raises(InvalidStatus) as refused,
        connect(f"{url}/v1/responses", sock=sock, proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_other_paths_are_no_websockets(shared: Running) -> None:
    status, error = refused_handshake(shared, "/v1/models")
    assert (status, error["code"]) == (404, "unknown_path")


class Counting(ClientConnection):
    """Counts the pings that came."""

    pings = 0

    def process_event(self, event: Any) -> None:
        self.pings += getattr(event, "opcode", None) is Opcode.PING
        super().process_event(event)


def test_silence_is_filled_with_pings() -> None:
    painter = Painter()
    painter.gate = threading.Event()
    with (
        running(painter, limits=Limits(keep_alive_seconds=0.05)) as here,
        talk(here, create_connection=Counting) as ws,
    ):
        ws.send("a fox", partials=0)
        assert painter.started.wait(10)
        eventually(lambda: ws.socket.pings >= 3)  # type: ignore[attr-defined]
        painter.gate.set()
        assert ws.read().assert_valid().types[-1] == "response.completed"


def test_a_bug_is_logged_and_closes_with_1011(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    with running() as here, talk(here) as ws:
        monkeypatch.setattr("heliograph.server._socket.Turn.run", broken)
        ws.send()
        assert ws.closed() == 1011
    assert "a bug" in caplog.text


UPGRADE = (
    b"host: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/responses HTTP/1.1\r\ncontent-length: 2\r\n" + UPGRADE + b"\r\n{}",
        b"GET /v1/responses HTTP/1.1\r\ncontent-length: 2\r\n" + UPGRADE + b"\r\n{}",
        b"GET /v1/responses HTTP/1.1\r\n" + UPGRADE + b"x: " + b"a" * 30_000 + b"\r\n\r\n",
        b"GET /v1/responses HTTP/1.1\r\n" + UPGRADE + b"x: a\r\n" * 300 + b"\r\n",
        b"GET /v1/responses HTTP/1.1\r\n" + UPGRADE.replace(b"13", b"8") + b"\r\n",
    ],
)
def test_a_handshake_that_cannot_be_read_is_answered(shared: Running, head: bytes) -> None:
    with raw_socket.create_connection(("127.0.0.1", shared.server.port), timeout=5) as raw:
        raw.sendall(head)
        assert raw.recv(12) == b"HTTP/1.1 400"
        while raw.recv(4096):
            pass


@pytest.mark.parametrize("frame", [b"\xff" * 30, b"\x81\x82\0\0\0\0\xff\xff", b"\x81\x01a"])
def test_broken_frames_end_the_connection(shared: Running, frame: bytes) -> None:
    with raw_socket.create_connection(("127.0.0.1", shared.server.port), timeout=5) as raw:
        raw.sendall(b"GET /v1/responses HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        assert raw.recv(12) == b"HTTP/1.1 101"
        raw.sendall(frame)
        while raw.recv(4096):
            pass
    runtime = shared.server._runtime
    assert runtime is not None
    eventually(lambda: not len(runtime.closing))


@contextmanager
def mute(here: Running) -> Iterator[Any]:
    """A client that asks for many pictures, reads none and answers no ping."""
    with raw_socket.create_connection(("127.0.0.1", here.server.port), timeout=10) as raw:
        raw.sendall(b"GET /v1/responses HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        assert raw.recv(12) == b"HTTP/1.1 101"
        message = msgspec.json.encode({"type": "response.create", **ask(partials=3, store=False)})
        for _ in range(5):
            raw.sendall(Frame(Opcode.TEXT, message).serialize(mask=True))
        yield raw


def test_a_client_that_answers_no_ping_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heliograph.server._socket_wire._LINGER_SECONDS", 0.1)
    limits = Limits(keep_alive_seconds=0.1, socket_pong_seconds=0.3)
    with running(Painter(size=8_000_000), limits=limits) as here, mute(here):
        runtime = here.server._runtime
        assert runtime is not None
        eventually(lambda: runtime.turns)
        eventually(lambda: not runtime.turns and not len(runtime.closing))


def test_a_client_that_reads_nothing_does_not_hold_up_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heliograph.server._socket_wire._LINGER_SECONDS", 0.1)
    monkeypatch.setattr("heliograph.server._socket._CLOSE_WAIT", 0.1)
    monkeypatch.setattr("heliograph.server._runtime._DELIVER_WAIT", 0.1)
    with running(Painter(size=8_000_000)) as here, mute(here):
        runtime = here.server._runtime
        assert runtime is not None
        eventually(lambda: runtime.turns)
        time.sleep(0.5)
        here.call(here.server.stop(drain=0), timeout=10)
