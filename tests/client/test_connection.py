"""Turns over a WebSocket: with our server, with a proxy that cuts, and with servers of others."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.client.chaos import Chaos
from tests.client.sockets import socket_server
from tests.client.streams import text_events
from tests.client.ways import client, read
from tests.server.kit import Painter, Running, ask, digest, running
from websockets.sync.server import ServerConnection

from heliograph import AsyncHeliograph, Heliograph, errors, lifecycle, models
from heliograph.client import Retries, Timeout
from heliograph.server import Limits

WAYS = ["sync", "async-httpx2"]
SOON = Retries(wait_first=0.01, wait_most=0.05)
both_ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as here:
        yield here


@pytest.fixture
def brief() -> Iterator[Running]:
    """Its connections live for a moment."""
    with running(Painter(pace=0.25), limits=Limits(socket_seconds=0.3)) as here:
        yield here


@pytest.fixture
def slow() -> Iterator[Running]:
    with running(Painter(pace=1.6)) as here:
        yield here


async def turn(connection: Any, **request: Any) -> list[Any]:
    events: list[Any] = []
    await read(connection.stream(**ask(**request)), events)
    return events


def journaled(here: Running, response_id: str) -> list[Any]:
    with Heliograph("k", f"{here.url}/v1") as made:
        return list(made.responses.resume(response_id))


@both_ways
@pytest.mark.parametrize("store", [True, False])
async def test_turns_go_on_from_one_another(server: Running, way: str, store: bool) -> None:
    async with (
        client(way, f"{server.url}/v1") as made,
        made.responses.connect() as connection,
    ):
        assert not connection.closed
        assert connection.request_id.startswith("req_")
        last, shown = None, []
        for prompt in ("a red fox", "make it night", "add a moon"):
            more = {} if last is None else {"previous_response_id": last.id}
            async with connection.stream(**ask(prompt, store=store, **more)) as stream:
                events = []
                async for event in stream:
                    events.append(event)
                    assert stream.last_sequence == event.sequence_number
                last = await stream.get_final_response()
            assert lifecycle.check(events).ok
            assert stream.snapshot == last
            assert stream.request_id == connection.request_id
            assert last.previous_response_id == more.get("previous_response_id")
            shown += [digest(e.image_bytes()) for e in events if e.type.endswith("partial_image")]
        whole = await connection.create(**ask(store=store, previous_response_id=last.id))
        assert whole.output[0].status == "completed"
        assert len(shown) == 6
        assert set(shown) <= set(server.painter.made)
    assert connection.closed


@both_ways
async def test_the_events_are_those_of_sse(server: Running, way: str) -> None:
    async with client(way, f"{server.url}/v1") as made, made.responses.connect() as connection:
        events = await turn(connection)
    same = journaled(server, events[0].response.id)
    assert [models.wire_of(event) for event in events] == [models.wire_of(event) for event in same]


@both_ways
async def test_a_refusal_is_an_api_error_and_the_connection_goes_on(
    server: Running, way: str
) -> None:
    async with client(way, f"{server.url}/v1") as made, made.responses.connect() as connection:
        first = await connection.create(**ask(store=False))
        with pytest.raises(errors.BadRequest) as caught:
            await connection.create(
                model="heliograph/direct", input="x", temperature=99, previous_response_id=first.id
            )
        assert (caught.value.status, caught.value.param) == (400, "temperature")
        assert caught.value.request_id == connection.request_id
        assert json.loads(caught.value.body)["type"] == "error"
        with pytest.raises(errors.APIError) as caught:  # it was evicted
            await connection.create(**ask(store=False, previous_response_id=first.id))
        assert caught.value.code == "previous_response_not_found"
        assert (await connection.create(**ask())).status == "completed"


@both_ways
async def test_a_stream_that_was_left_early_is_read_past(server: Running, way: str) -> None:
    async with client(way, f"{server.url}/v1") as made, made.responses.connect() as connection:
        async with connection.stream(**ask("left")) as stream:
            async for event in stream:
                assert event.type == "response.created"
                with pytest.raises(errors.UsageError, match="a turn is under way"):
                    await connection.create(**ask("too early"))
                break
        events = await turn(connection, prompt="the next")
        assert events[0].response.id != stream.response_id
        assert lifecycle.check(events).ok


@pytest.mark.parametrize("field", ["stream", "stream_options", "background"])
def test_what_must_not_be_sent_is_said_before_it_is(server: Running, field: str) -> None:
    with Heliograph("k", f"{server.url}/v1") as made, made.responses.connect() as connection:
        with pytest.raises(errors.UsageError, match=f"{field}: not over a WebSocket"):
            connection.create(model="m", input="x", extra_body={field: True})
        assert connection.create(**ask()).status == "completed"


def test_a_connection_is_entered_once(server: Running) -> None:
    with Heliograph("k", f"{server.url}/v1") as made:
        connection = made.responses.connect()
        assert connection.closed
        with pytest.raises(errors.UsageError, match="not open"):
            connection.create(**ask())
        with connection:
            assert repr(connection) == f"<Connection to ws{server.url[4:]}/v1/responses>"
        with pytest.raises(errors.TransportError, match="it was closed"):
            connection.create(**ask())
        with pytest.raises(errors.UsageError, match="opened before"), connection:
            pass


# -- limits and cuts --------------------------------------------------------------------------


@both_ways
async def test_the_connections_limit_is_told(way: str, brief: Running) -> None:
    async with client(way, f"{brief.url}/v1", retries=SOON) as made:
        # A stored turn under way goes on over HTTP ...
        async with made.responses.connect() as connection:
            events = await turn(connection, partials=3)
            assert connection.closed
            assert [e.sequence_number for e in events] == list(range(len(events)))
            assert lifecycle.check(events).ok
            with pytest.raises(errors.TransportError, match="limit_reached") as gone:
                await connection.create(**ask())
            assert not gone.value.sent
        # ... one that is not stored cannot ...
        async with made.responses.connect() as connection:
            with pytest.raises(errors.StreamInterrupted, match="limit_reached") as caught:
                await turn(connection, partials=3, store=False)
            assert caught.value.snapshot.id == caught.value.response_id
            assert caught.value.request_id == connection.request_id
        # ... and the next turn of an idle connection learns it by name.
        async with made.responses.connect() as connection:
            await _idle(0.6)
            with pytest.raises(errors.APIError) as told:
                await connection.create(**ask())
            assert told.value.code == "websocket_connection_limit_reached"
            assert connection.closed


async def _idle(seconds: float) -> None:
    await asyncio.sleep(seconds)


@both_ways
async def test_each_event_once_through_a_proxy_that_cuts(server: Running, way: str) -> None:
    port = int(server.url.rpartition(":")[2])
    whole: list[list[Any]] = []
    cut = 0
    with Chaos(port, 1) as chaos:
        patient = Timeout(connect=2, read=0.5)
        policy = Retries(attempts=50, wait_first=0.01, wait_most=0.02)
        async with client(way, chaos.url, retries=policy, timeout=patient) as made:
            while len(whole) < 10 or (cut < 3 and len(whole) < 100):
                try:
                    async with made.responses.connect() as connection:
                        while not connection.closed:
                            whole.append(await turn(connection, prompt=f"{way} {len(whole)}"))
                    cut += 1  # in the middle of a turn that came whole all the same
                except errors.TransportError:
                    pass  # nothing of the turn had come: nobody knows whether it was taken
    assert cut >= 3
    for events in whole:
        same = journaled(server, events[0].response.id)
        assert [models.wire_of(e) for e in events] == [models.wire_of(e) for e in same]


@both_ways
async def test_silence_past_the_timeout(way: str, slow: Running) -> None:
    short = Timeout(read=1.0)
    async with client(way, f"{slow.url}/v1", retries=SOON, timeout=short) as made:
        async with made.responses.connect() as connection:
            # Over HTTP the server fills the silence.
            events = await turn(connection, prompt="kept")
            assert lifecycle.check(events).ok
        async with made.responses.connect() as connection:
            with pytest.raises(errors.StreamInterrupted, match="no message in time"):
                await turn(connection, prompt="not kept", store=False)


def test_a_message_over_max_frame(server: Running) -> None:
    with (
        Heliograph("k", f"{server.url}/v1", max_frame=3000) as made,
        made.responses.connect() as connection,
    ):
        with (
            pytest.raises(errors.FrameTooLarge, match="max_frame"),
            connection.stream(**ask()) as stream,
        ):
            for _ in stream:
                pass
        assert connection.closed


# -- other servers, and none ------------------------------------------------------------------

TEXT = text_events("a", "b")


def says(events: list[dict[str, Any]]) -> Any:
    def answer(connection: ServerConnection, message: dict[str, Any]) -> None:
        for event in events:
            connection.send(json.dumps(event))

    return answer


@both_ways
async def test_what_a_turn_sends(way: str) -> None:
    with socket_server(says(TEXT)) as heard:
        async with (
            client(way, heard.url, headers={"x-title": "T"}) as made,
            made.responses.connect(extra_headers={"HTTP-Referer": "r"}) as connection,
        ):
            whole = await connection.create(
                model="m", input="x", generate=False, store=False, extra_body={"new": 1}
            )
        assert whole.status == "completed"
        assert heard.messages == [
            {
                "type": "response.create",
                "model": "m",
                "input": "x",
                "generate": False,
                "store": False,
                "new": 1,
            }
        ]
        [head] = heard.heads
        assert head["authorization"] == "Bearer sk-test-secret"
        assert (head["x-title"], head["http-referer"]) == ("T", "r")
        assert head["user-agent"].startswith("heliograph/")


@both_ways
async def test_a_cut_where_nothing_is_kept(way: str) -> None:
    def answer(connection: ServerConnection, message: dict[str, Any]) -> None:
        says(TEXT[:5])(connection, message)
        connection.close(1011, "oh")

    with socket_server(answer) as heard:
        async with (
            client(way, heard.url, retries=SOON) as made,
            made.responses.connect() as connection,
        ):
            seen: list[Any] = []
            with pytest.raises(errors.StreamInterrupted) as caught:
                await read(connection.stream(model="m", input="x"), seen)
    assert [event.type for event in seen] == [event["type"] for event in TEXT[:5]]
    assert caught.value.last_sequence == 4
    assert not caught.value.resumable


async def test_a_turn_that_is_cancelled_before_its_first_event() -> None:
    def slowly(connection: ServerConnection, message: dict[str, Any]) -> None:
        if len(heard.messages) == 1:
            time.sleep(0.5)
        says(TEXT)(connection, message)

    with socket_server(slowly) as heard:
        async with (
            AsyncHeliograph("k", heard.url) as made,
            made.responses.connect() as connection,
        ):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await connection.create(model="m", input="first")
            events = await turn(connection, prompt="second")
            assert len(events) == len(TEXT)
            assert len(heard.messages) == 2


@both_ways
async def test_an_error_in_the_middle_of_a_turn(way: str) -> None:
    told = {"type": "error", "status": 429, "error": {"code": "slow_down", "message": "wait"}}
    with socket_server(says([*TEXT[:3], told])) as heard:
        async with client(way, heard.url) as made, made.responses.connect() as connection:
            for _ in range(2):  # the connection goes on
                with pytest.raises(errors.RateLimited, match="wait") as caught:
                    await connection.create(model="m", input="x")
                assert caught.value.code == "slow_down"


@both_ways
async def test_a_turn_that_was_refused_for_now_is_sent_again(way: str) -> None:
    told = {"type": "error", "status": 503, "error": {"code": "busy", "message": "busy"}}

    def answer(connection: ServerConnection, message: dict[str, Any]) -> None:
        says([told] if len(heard.messages) < 3 else TEXT)(connection, message)

    with socket_server(answer) as heard:
        async with (
            client(way, heard.url, retries=SOON) as made,
            made.responses.connect() as connection,
        ):
            assert (await connection.create(model="m", input="x")).status == "completed"
            assert len(heard.messages) == 3
            heard.messages.clear()
            with pytest.raises(errors.ServerError, match="busy"):  # it has been evicted by now
                await connection.create(model="m", input="x", previous_response_id="resp_1")
            assert len(heard.messages) == 1


@both_ways
async def test_strict_over_a_socket(way: str, server: Running) -> None:
    async with (
        client(way, f"{server.url}/v1", strict=True) as made,
        made.responses.connect() as connection,
    ):
        assert (await connection.create(**ask())).status == "completed"
    with socket_server(says([*TEXT[:4], *TEXT[5:]])) as heard:
        async with (
            client(way, heard.url, strict="missing-fields") as made,
            made.responses.connect() as connection,
        ):
            with pytest.raises(errors.LifecycleError, match="HG-SEQ-001 at event 4"):
                await connection.create(model="m", input="x")


@both_ways
async def test_no_connection(server: Running, way: str) -> None:
    async with client(way, "http://127.0.0.1:9/v1") as made:
        with pytest.raises(errors.TransportError, match="no WebSocket") as caught:
            async with made.responses.connect():
                pass
        assert not caught.value.sent
    async with client(way, f"{server.url}/v1/nowhere") as made:
        with pytest.raises(errors.APIError) as refused:
            async with made.responses.connect():
                pass
        assert refused.value.status in (403, 404)
        assert refused.value.request_id


def test_without_the_extra(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("heliograph.client._websocket")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "websockets.exceptions", None)
    with (
        Heliograph("k", f"{server.url}/v1") as made,
        pytest.raises(errors.MissingExtra, match=r"pip install 'heliograph\[ws\]'"),
        made.responses.connect(),
    ):
        pass
