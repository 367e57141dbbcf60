"""Streams over HTTP: whole, resumed from every event, kept alive, cut, cancelled, deleted."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import httpx2
import pytest
from tests.server.kit import (
    Painter,
    Running,
    ask,
    assert_valid,
    digest,
    draw,
    read,
    running,
)

from heliograph import models
from heliograph.server import Limits

BASES = ("/v1", "/api/v1")


def image_of(response: dict[str, Any]) -> str:
    typed = models.decode(models.OpenResponsesResult, models.encode(response))
    (item,) = [i for i in typed.output if i.type == "image_generation_call"]
    return digest(item.image_bytes())


def wait_for(http: httpx2.Client, response_id: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while True:
        response: dict[str, Any] = http.get(f"/v1/responses/{response_id}").json()
        if response["status"] in states:
            return response
        assert time.monotonic() < deadline, response["status"]
        time.sleep(0.02)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("partials", [0, 1, 2, 3])
def test_a_picture_streams(http: httpx2.Client, shared: Running, base: str, partials: int) -> None:
    stream = draw(http, base, prompt=f"fox {base} {partials}", partials=partials)
    kinds = stream.types
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.image_generation_call.partial_image") == partials
    assert stream.picture in shared.painter.made
    previews = [e.image_bytes() for e in stream.events if e.type.endswith("partial_image")]
    assert {digest(p) for p in previews} <= set(shared.painter.made)


@pytest.mark.parametrize("base", BASES)
def test_headers_of_a_stream(http: httpx2.Client, base: str) -> None:
    with http.stream("POST", f"{base}/responses", json=ask(stream=True)) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["x-request-id"].startswith("req_")
        stream = assert_valid(read(response))
        assert response.headers["x-response-id"] == stream.events[0].response.id


@pytest.mark.parametrize(
    "prompt", ["月の下の赤い狐", "fox " * 25_000, "a 'fox' \u2028 \U0001f98a\n\n"]
)
def test_any_prompt_is_drawn(http: httpx2.Client, prompt: str) -> None:
    stream = draw(http, prompt=prompt)
    assert stream.types[-1] == "response.completed"


@pytest.mark.parametrize("base", BASES)
def test_waiting_gives_the_same_picture(http: httpx2.Client, shared: Running, base: str) -> None:
    answer = http.post(f"{base}/responses", json=ask("a waiting fox"))
    assert answer.status_code == 200
    response = answer.json()
    assert response["status"] == "completed"
    assert answer.headers["x-response-id"] == response["id"]
    assert image_of(response) in shared.painter.made
    stored = http.get(f"{base}/responses/{response['id']}")
    assert stored.content == answer.content
    assert stored.headers["content-type"] == "application/json"


def test_resuming_from_every_event_gives_the_rest(http: httpx2.Client) -> None:
    whole = draw(http, prompt="a resumed fox", partials=3)
    response_id = whole.events[0].response.id
    datas = [frame.data for frame in whole.frames]
    for base in BASES:
        for after in range(-1, len(datas)):
            url = f"{base}/responses/{response_id}"
            query: dict[str, Any] = {"stream": "true", "starting_after": after}
            with http.stream("GET", url, params=query) as response:
                rest = read(response)
            assert rest.done
            assert [frame.data for frame in rest.frames] == datas[after + 1 :]
            assert rest.ids == list(range(after + 1, len(datas)))
            # A reconnecting reader's Last-Event-ID is newer than what its URL says.
            headers = {"last-event-id": str(after)}
            query = {"stream": "true", "starting_after": 0}
            with http.stream("GET", url, params=query, headers=headers) as response:
                assert [frame.data for frame in read(response).frames] == datas[after + 1 :]


def test_many_readers_of_a_live_response_see_one_stream() -> None:
    with running(Painter(pace=0.1)) as here, httpx2.Client(base_url=here.url, timeout=20) as http:
        created = http.post("/v1/responses", json=ask(background=True, partials=3)).json()
        streams: list[Any] = []

        def follow() -> None:
            with (
                httpx2.Client(base_url=here.url, timeout=20) as mine,
                mine.stream("GET", f"/v1/responses/{created['id']}?stream=true") as response,
            ):
                streams.append(read(response))

        readers = [threading.Thread(target=follow) for _ in range(5)]
        for reader in readers:
            reader.start()
            time.sleep(0.07)
        for reader in readers:
            reader.join()
        first = [frame.data for frame in assert_valid(streams[0]).frames]
        assert all([frame.data for frame in s.frames] == first for s in streams)
        assert len(streams) == 5


def test_a_background_response_is_queued_then_completed(http: httpx2.Client) -> None:
    answer = http.post("/v1/responses", json=ask("in the background", background=True))
    created = answer.json()
    assert created["status"] in ("queued", "in_progress")
    assert created["background"] is True
    finished = wait_for(http, created["id"], "completed")
    with http.stream("GET", f"/v1/responses/{created['id']}?stream=true") as response:
        stream = assert_valid(read(response))
    assert stream.events[-1].response.id == finished["id"]
    assert stream.picture == image_of(finished)


def test_a_background_response_may_stream(http: httpx2.Client) -> None:
    stream = draw(http, prompt="background and stream", background=True)
    assert stream.types[:2] == ["response.created", "response.queued"]


def test_a_deleted_response_is_gone(http: httpx2.Client) -> None:
    response_id = draw(http, prompt="deleted").events[0].response.id
    answer = http.delete(f"/v1/responses/{response_id}")
    assert answer.json() == {"id": response_id, "object": "response", "deleted": True}
    for suffix in ("", "?stream=true"):
        assert http.get(f"/v1/responses/{response_id}{suffix}").status_code == 404
    assert http.delete(f"/v1/responses/{response_id}").status_code == 404


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_not_stored_cannot_be_had_again(http: httpx2.Client, stream: bool) -> None:
    answer = http.post("/v1/responses", json=ask("unstored", store=False, stream=stream))
    response_id = answer.headers["x-response-id"]
    assert answer.status_code == 200
    assert http.get(f"/v1/responses/{response_id}").status_code == 404
    assert http.get(f"/v1/responses/{response_id}?stream=true").status_code == 404
    assert http.delete(f"/v1/responses/{response_id}").status_code == 404


def test_what_is_not_stored_is_erased_at_its_end(http: httpx2.Client, shared: Running) -> None:
    from heliograph import errors

    response_id = draw(http, prompt="erased", store=False).events[0].response.id
    passing = shared.server._runtime.passing.journal  # type: ignore[union-attr]
    deadline = time.monotonic() + 5
    while True:
        try:
            shared.call(passing.get("default", response_id))
        except errors.UnknownResponse:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_cancelling_ends_the_stream_and_the_work() -> None:
    painter = Painter(pace=0.05)
    painter.gate = threading.Event()
    with running(painter) as here, httpx2.Client(base_url=here.url, timeout=20) as http:
        created = http.post("/v1/responses", json=ask("cancelled", background=True)).json()
        assert painter.started.wait(10)
        cancelled = http.post(f"/v1/responses/{created['id']}/cancel")
        assert cancelled.status_code == 200
        painter.gate.set()
        assert cancelled.json()["status"] == "cancelled"
        with http.stream("GET", f"/v1/responses/{created['id']}?stream=true") as response:
            stream = assert_valid(read(response))
        assert stream.types[-1] == "response.incomplete"
        assert stream.events[-1].response.status == "cancelled"
        again = http.post(f"/v1/responses/{created['id']}/cancel")
        assert again.json()["status"] == "cancelled"


def test_silence_is_filled_with_comments() -> None:
    limits = Limits(keep_alive_seconds=0.05)
    with (
        running(Painter(pace=0.4), limits=limits) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
        http.stream("POST", "/v1/responses", json=ask(stream=True, partials=3)) as response,
    ):
        stream = assert_valid(read(response))
    assert stream.comments >= 8


def test_a_long_wait_is_filled_with_blanks() -> None:
    limits = Limits(keep_alive_seconds=0.05)
    with (
        running(Painter(pace=0.4), limits=limits) as here,
        httpx2.Client(base_url=here.url, timeout=httpx2.Timeout(20, read=0.3)) as http,
    ):
        answer = http.post("/v1/responses", json=ask(partials=0))
        assert answer.content.startswith(b" " * 4)
        assert "content-length" not in answer.headers
        assert answer.headers["x-response-id"] == answer.json()["id"]
        assert image_of(answer.json()) == here.painter.made[-1]
        quick = http.get(f"/v1/responses/{answer.json()['id']}")
        assert int(quick.headers["content-length"]) == len(answer.content.lstrip())
        assert quick.json() == answer.json()


def test_a_long_wait_that_the_server_s_stop_ends_is_left_unfinished() -> None:
    limits = Limits(keep_alive_seconds=0.05)
    painter = Painter()
    painter.gate = threading.Event()
    with (
        running(painter, limits=limits) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
        http.stream("POST", "/v1/responses", json=ask(partials=0)) as answer,
    ):
        pieces = answer.iter_raw()
        assert next(pieces).strip() == b""
        stopping = threading.Thread(target=here.call, args=(here.server.stop(drain=0),))
        stopping.start()
        painter.gate.set()
        with pytest.raises(httpx2.RemoteProtocolError):
            b"".join(pieces)
        stopping.join()


def test_a_foreground_response_without_a_reader_is_cancelled_after_the_grace() -> None:
    limits = Limits(foreground_grace_seconds=0.3, renew_seconds=0.1, reader_lease_seconds=2)
    with (
        running(Painter(pace=0.7), limits=limits) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
    ):
        with http.stream("POST", "/v1/responses", json=ask(stream=True, partials=3)) as response:
            response_id = response.headers["x-response-id"]
            seen = read(response, stop_after=3)
        assert len(seen.frames) >= 3
        assert wait_for(http, response_id, "cancelled")["status"] == "cancelled"


def test_a_foreground_response_resumed_within_the_grace_goes_on() -> None:
    limits = Limits(foreground_grace_seconds=0.6, renew_seconds=0.1, reader_lease_seconds=2)
    with (
        running(Painter(pace=0.5), limits=limits) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
    ):
        with http.stream("POST", "/v1/responses", json=ask(stream=True, partials=3)) as response:
            response_id = response.headers["x-response-id"]
            seen = read(response, stop_after=3)
        time.sleep(0.2)
        url = f"/v1/responses/{response_id}?stream=true&starting_after={seen.ids[-1]}"
        with http.stream("GET", url) as response:
            rest = read(response)
        seen.take(rest.frames)
        seen.done = rest.done
        assert assert_valid(seen).types[-1] == "response.completed"


def test_a_waiting_client_that_leaves_counts_as_no_reader() -> None:
    limits = Limits(foreground_grace_seconds=0.2, renew_seconds=0.1, reader_lease_seconds=2)
    painter = Painter(pace=1.0)
    with (
        running(painter, limits=limits) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
    ):
        request, key = ask("left alone", partials=3), {"idempotency-key": "one"}
        with pytest.raises(httpx2.ReadTimeout):
            http.post("/v1/responses", json=request, headers=key, timeout=0.5)
        time.sleep(0.6)
        again = http.post("/v1/responses", json=request, headers=key).json()
        assert again["status"] == "cancelled"


def test_a_slow_reader_gets_everything() -> None:
    painter = Painter(size=2_000_000)
    with running(painter) as here:
        request = httpx2.Request(
            "POST", f"{here.url}/v1/responses", json=ask(stream=True, partials=3)
        )
        with socket.create_connection(("127.0.0.1", here.server.port), timeout=20) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            body = request.read()
            raw.sendall(
                b"POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )
            time.sleep(1.0)
            got = bytearray()
            while piece := raw.recv(1 << 20):
                got += piece
        head, _, chunked = bytes(got).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert chunked.endswith(b"0\r\n\r\n")
        assert chunked.count(b"event: response.completed\n") == 1
        with httpx2.Client(base_url=here.url, timeout=20) as http:
            response_id = head.lower().split(b"x-response-id: ")[1].split(b"\r\n")[0].decode()
            with http.stream("GET", f"/v1/responses/{response_id}?stream=true") as response:
                assert assert_valid(read(response)).picture in painter.made


def test_a_stopping_server_hands_over_and_cuts_its_streams(tmp_path: Any) -> None:
    painter = Painter(pace=0.2)
    painter.gate = threading.Event()
    with running(painter, data=str(tmp_path)) as here:
        with (
            httpx2.Client(base_url=here.url, timeout=20) as http,
            http.stream("POST", "/v1/responses", json=ask(stream=True, partials=3)) as response,
        ):
            response_id = response.headers["x-response-id"]
            assert painter.started.wait(10)
            stopper = threading.Thread(target=lambda: here.call(here.server.stop(drain=0)))
            stopper.start()
            with pytest.raises(httpx2.RemoteProtocolError):
                read(response)
            stopper.join()
        painter.gate.set()
    with (
        running(Painter(), data=str(tmp_path)) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
        http.stream("GET", f"/v1/responses/{response_id}?stream=true") as response,
    ):
        assert assert_valid(read(response)).types[-1] == "response.completed"


def test_a_small_event_is_not_held_back_by_the_socket(shared: Running, http: httpx2.Client) -> None:
    http.get("/healthz")

    async def held_back() -> list[bool]:
        listener: Any = shared.server._listener
        uvicorn = listener._uvicorn
        sockets = [
            connection.transport.get_extra_info("socket")
            for connection in uvicorn.server_state.connections
        ]
        return [not s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for s in sockets]

    held = shared.call(held_back())
    assert held
    assert not any(held)
