"""The pool without a bound: connections are used again, closed ones are not, none is left open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from heliograph.http import AsyncDirectTransport

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class House:
    """Counts connections; ``paths`` say what is answered."""

    def __init__(self) -> None:
        self.opened = 0
        self.open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1]
                if path == b"/silent":
                    writer.write(CHUNKED)
                    await reader.read()
                    return
                writer.write(ANSWER)
                if path == b"/closes":
                    return
        except asyncio.IncompleteReadError:
            return
        finally:
            self.open.discard(writer)
            writer.close()


@asynccontextmanager
async def house() -> AsyncIterator[tuple[House, httpx2.AsyncClient]]:
    there = House()
    server = await asyncio.start_server(there.serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    transport = AsyncDirectTransport(bounded=False)
    async with server, httpx2.AsyncClient(transport=transport, base_url=base) as client:
        yield there, client


async def empty(there: House) -> None:
    async with asyncio.timeout(5):
        while there.open:  # noqa: ASYNC110 -- the server's side has no event for it
            await asyncio.sleep(0.01)


async def test_a_connection_is_used_again() -> None:
    async with house() as (there, client):
        for _ in range(5):
            assert (await client.get("/")).content == b"ok"
        assert there.opened == 1


async def test_requests_at_once_have_a_connection_each_and_leave_them_to_later_ones() -> None:
    async with house() as (there, client):
        for _ in range(2):
            await asyncio.gather(*(client.get("/") for _ in range(20)))
        assert there.opened <= 20


async def test_connections_that_nobody_needs_any_more_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heliograph.http._unbounded.IDLE_SECONDS", 0.2)
    async with house() as (there, client):
        await asyncio.gather(*(client.get("/") for _ in range(3)))
        async with asyncio.timeout(5):
            while len(there.open) > 1:
                assert (await client.get("/")).content == b"ok"
                await asyncio.sleep(0.02)


async def test_a_connection_that_was_closed_is_not_used_again() -> None:
    async with house() as (there, client):
        await client.get("/closes")
        await empty(there)
        await asyncio.sleep(0.05)
        assert (await client.get("/")).content == b"ok"
        assert there.opened == 2


async def test_an_answer_that_is_given_up_closes_its_connection() -> None:
    async with house() as (there, client):
        async with client.stream("GET", "/silent") as answer:
            assert answer.status_code == 200
            assert len(there.open) == 1
        await empty(there)
        assert (await client.get("/")).content == b"ok"


async def test_a_cancelled_request_closes_its_connection() -> None:
    async with house() as (there, client):

        async def read() -> None:
            async with client.stream("GET", "/silent") as answer:
                await answer.aread()

        task = asyncio.create_task(read())
        while not there.open:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await empty(there)
        assert there.opened == 1


async def test_closing_the_client_closes_idle_connections() -> None:
    async with house() as (there, client):
        await asyncio.gather(*(client.get("/") for _ in range(3)))
        await client.aclose()
        await empty(there)
        assert there.opened == 3


async def test_who_cannot_be_reached_is_told_in_httpx2s_words() -> None:
    transport = AsyncDirectTransport(bounded=False)
    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:1/")
