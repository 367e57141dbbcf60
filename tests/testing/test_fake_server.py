"""The small server that the fakes are made of."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2
import pytest

from heliograph.testing import FakeServer, Received, Reply, Switches
from heliograph.testing._fakes import Events


class Echo(FakeServer):
    """Says what it was sent; ``/events`` is a stream of three."""

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        if request.path == "/bug":
            raise ZeroDivisionError("a bug in the fake")
        if request.path != "/events":
            await reply.json({"method": request.method, "body": request.body.decode()})
            return
        events = Events(reply, switches)
        for number in range(3):
            await events.send({"n": number}, "tick")
        await events.end()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as fake:
        yield fake


def test_a_request_is_answered_and_recorded(echo: Echo) -> None:
    answer = httpx2.post(f"{echo.url}/a?x=1", content=b"hello", headers={"X-Thing": "2"})
    assert answer.json() == {"method": "POST", "body": "hello"}
    (seen,) = echo.requests
    assert (seen.path, seen.query, seen.headers["x-thing"]) == ("/a", {"x": "1"}, "2")
    assert seen.done.wait(5)
    assert not seen.abandoned


def test_one_connection_serves_many_requests(echo: Echo) -> None:
    with httpx2.Client(base_url=echo.url) as client:
        for number in range(200):
            sent = b"%d" % number
            assert client.post("/", content=sent).json()["body"] == sent.decode()
        assert echo.open_connections == 1


def test_a_body_in_chunks_is_read(echo: Echo) -> None:
    answer = httpx2.post(echo.url, content=iter([b"one ", b"two"]))
    assert answer.json()["body"] == "one two"


def test_a_stream_comes_event_by_event(echo: Echo) -> None:
    text = httpx2.get(f"{echo.url}/events").text
    assert text == "".join(f'event: tick\ndata: {{"n":{n}}}\n\n' for n in range(3))


def test_a_cut_stream_ends_in_the_middle_of_a_line() -> None:
    with Echo(cut=1) as fake, httpx2.stream("GET", f"{fake.url}/events") as answer:
        chunks = answer.iter_raw()
        got = b"".join([next(chunks), next(chunks)])
        with pytest.raises(httpx2.RemoteProtocolError):
            next(chunks)
    assert got.startswith(b'event: tick\ndata: {"n":0}\n\nevent: tick\ndata: {"')
    assert not got.endswith(b"\n")


def test_slow_and_stall_are_pauses() -> None:
    with Echo(slow=0.05, stall=0.1) as fake:
        began = time.monotonic()
        httpx2.get(f"{fake.url}/events")
        assert time.monotonic() - began >= 0.25


def test_a_client_that_leaves_is_noticed() -> None:
    with Echo(stall=30) as fake:
        with httpx2.stream("GET", f"{fake.url}/events") as answer:
            next(answer.iter_raw())
        assert fake.requests[0].done.wait(5)
        assert fake.requests[0].abandoned


def test_switches_hold_for_so_many_requests() -> None:
    class Failing(FakeServer):
        async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
            await reply.json({}, switches.status or 200)

    with Failing(status=500, times=2) as fake:
        got = [httpx2.get(fake.url).status_code for _ in range(3)]
        fake.set(status=429)
        got.append(httpx2.get(fake.url).status_code)
    assert got == [500, 500, 200, 429]


def test_a_bug_in_a_fake_fails_the_test_that_uses_it() -> None:
    fake = Echo().begin()
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{fake.url}/bug")
    with pytest.raises(ZeroDivisionError):
        fake.end()
