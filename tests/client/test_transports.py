"""Our transports under httpx2: TLS, large bodies, idle connections, other people's clients."""

from __future__ import annotations

import asyncio
import ssl

import httpcore2
import httpx2
import pytest
from tests.client.scripted import CERTIFICATE, CUT, Reply, Scripted, answer, stream
from tests.client.streams import picture_events, response, text_events, wire
from tests.client.ways import WAYS, client

from heliograph import errors
from heliograph.client import AsyncDirectTransport, AsyncHeliograph, DirectTransport, Heliograph
from heliograph.http._aio import AioBackend

TEXT = text_events("a", "b")
ASK = {"model": "m", "input": "x"}
everyway = pytest.mark.parametrize("way", WAYS)


@everyway
async def test_tls(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = wire(picture_events(3))
    with Scripted(stream(data[:70], data[70:]), tls=True) as server:
        with pytest.raises(errors.TransportError, match=r"(?i)certificate"):
            async with client(way, server.url) as heliograph:
                await heliograph.responses.create(**ASK)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        async with client(way, server.url) as heliograph:
            if way == "async-aiohttp":  # its certificates were read when it was imported
                heliograph._transport._session = await _session()
            for _ in range(2):
                async with heliograph.responses.stream(**ASK) as s:
                    assert (await s.get_final_response()).status == "completed"


async def _session():
    import aiohttp

    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))


@everyway
async def test_large_bodies_both_ways(way: str) -> None:
    words = "fox " * 1_000_000
    with Scripted(
        lambda seen: answer(response("completed", metadata={"n": str(len(seen.body))}))
    ) as server:
        async with client(way, server.url) as heliograph:
            got = await heliograph.responses.create(model="m", input=words)
    assert int(got.metadata["n"]) > len(words)
    large = response("completed", metadata={"words": words})
    with Scripted(answer(large)) as server:
        async with client(way, server.url) as heliograph:
            got = await heliograph.responses.create(**ASK)
    assert got.metadata["words"] == words


@everyway
async def test_an_idle_connection_that_was_closed_is_not_used_again(way: str) -> None:
    goodbye = Reply([b"{}"], 404, {"connection": "close"})
    with Scripted(goodbye, answer({"data": []})) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.NotFound):
                await heliograph.models.list()
            await asyncio.sleep(0.05)
            assert await heliograph.models.list() == []


@everyway
async def test_a_host_without_address(way: str) -> None:
    async with client(way, "http://nowhere.invalid/v1") as heliograph:
        with pytest.raises(errors.TransportError):
            await heliograph.models.list()


@everyway
async def test_a_server_that_does_not_speak_http(way: str) -> None:
    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-nope\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(way, f"http://127.0.0.1:{port}/v1") as heliograph:
        with pytest.raises(errors.TransportError):
            await heliograph.models.list()


def test_direct_transport_in_a_client_of_ones_own() -> None:
    trusted = ssl.create_default_context(cafile=str(CERTIFICATE))
    with (
        Scripted(stream(wire(TEXT)), tls=True) as server,
        httpx2.Client(transport=DirectTransport(trusted), headers={"x-own": "1"}) as own,
        Heliograph(base_url=server.url, http_client=own) as made,
    ):
        s = made.responses.create(model="m", input="x", stream=True)
        assert s.get_final_response().status == "completed"
        # Plain httpx2 reads the very bytes, too, however it reads them.
        assert own.post(f"{server.url}/responses", json={}).content == wire(TEXT)
        assert b"".join(own.post(f"{server.url}/responses").iter_bytes(7)) == wire(TEXT)
        assert server.seen[0].headers["x-own"] == "1"


async def test_async_direct_transport_in_a_client_of_ones_own() -> None:
    trusted = ssl.create_default_context(cafile=str(CERTIFICATE))
    with Scripted(stream(wire(TEXT)), tls=True) as server:
        async with (
            httpx2.AsyncClient(transport=AsyncDirectTransport(trusted)) as own,
            AsyncHeliograph(base_url=server.url, http_client=own) as made,
        ):
            async with made.responses.stream(model="m", input="x") as s:
                assert (await s.get_final_response()).status == "completed"
            assert (await own.post(f"{server.url}/responses", json={})).content == wire(TEXT)


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(answer({"data": [{"id": "by proxy"}]})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        for way in ("sync", "async-httpx2", "async-aiohttp"):
            async with client(way, "http://far.invalid/v1") as heliograph:
                assert [card.id for card in await heliograph.models.list()] == ["by proxy"]
        assert {seen.target for seen in proxy.seen} == {"http://far.invalid/v1/models"}


async def test_aio_backend_fails_as_httpcore_does() -> None:
    backend = AioBackend()
    with pytest.raises(httpcore2.ConnectError):
        await backend.connect_tcp("127.0.0.1", 1)
    with Scripted(Reply([b"a", CUT])) as server:
        made = await backend.connect_tcp("127.0.0.1", server.port, timeout=5)
        with pytest.raises(httpcore2.ReadTimeout):
            await made.read(10, 0.05)
        with pytest.raises(httpcore2.ConnectTimeout):  # it waits for a request, not a handshake
            await made.start_tls(ssl.create_default_context(), "127.0.0.1", 0.2)
        await made.aclose()
        with pytest.raises(httpcore2.WriteError):
            await made.write(b"x")
        made = await backend.connect_tcp("127.0.0.1", server.port)
        assert made.get_extra_info("server_addr") == ("127.0.0.1", server.port)
        assert not made.get_extra_info("is_readable")
        await made.write(b"GET / HTTP/1.1\r\n\r\n")
        got = b""
        while piece := await made.read(65536, 5):
            got += piece
        assert got.endswith(b"1\r\na\r\n")
        assert made.get_extra_info("is_readable")
        await made.aclose()


async def test_aio_backend_stops_a_writer_whose_peer_does_not_read() -> None:
    stuck = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stuck.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0, limit=1024)
    async with server:
        made = await AioBackend().connect_tcp("127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(httpcore2.WriteTimeout):  # noqa: PT012 - how much fits is the system's
            while True:
                await made.write(b"x" * 1_000_000, 0.2)
        stuck.set()
        await made.aclose()
