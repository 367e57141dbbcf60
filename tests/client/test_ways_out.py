"""The way to the server: proxies, timeouts, headers, request ids, and what is not told."""

from __future__ import annotations

import ssl
import threading
import time
import traceback
from typing import Any, ClassVar

import aiohttp
import httpx2
import pytest
from tests.client.proxy import Proxy
from tests.client.scripted import CERTIFICATE, CUT, Scripted, answer, stream
from tests.client.sockets import socket_server
from tests.client.streams import response, text_events, wire
from tests.client.test_connection import says
from tests.client.ways import WAYS, client, read

from heliograph import AsyncHeliograph, Heliograph, errors
from heliograph.client import Retries, Timeout

all_ways = pytest.mark.parametrize("way", WAYS)
SOON = Retries(wait_first=0.01, wait_most=0.02)
TEXT = text_events("a", "b")
ASK: dict[str, Any] = {"model": "m", "input": "x"}
WHOLE = answer(response("completed"))
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


# -- proxies ----------------------------------------------------------------------------------


@all_ways
async def test_the_environments_proxy_is_used(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy() as proxy, Scripted(WHOLE, stream(wire(TEXT))) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        async with client(way, server.url) as made:
            assert (await made.responses.create(**ASK)).status == "completed"
            assert (await read(made.responses.stream(**ASK))).status == "completed"
        assert proxy.asked[0] == f"POST {server.url}/responses"
        told = len(proxy.asked)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with client(way, server.url) as made:
            assert (await read(made.responses.stream(**ASK))).status == "completed"
        assert len(proxy.asked) == told


@pytest.mark.parametrize("way", ["sync", "async-httpx2", "async-aiohttp"])
async def test_a_tunnel_to_a_server_with_tls(way: str) -> None:
    context = trusting()
    with Proxy("ann:secret") as proxy, Scripted(WHOLE, tls=True) as server:
        own: Any
        if way == "sync":
            with (
                httpx2.Client(proxy=proxy.url, verify=context) as own,
                Heliograph("k", server.url, http_client=own) as made,
            ):
                assert made.responses.create(**ASK).status == "completed"
        elif way == "async-httpx2":
            async with (
                httpx2.AsyncClient(proxy=proxy.url, verify=context) as own,
                AsyncHeliograph("k", server.url, http_client=own) as made_,
            ):
                assert (await made_.responses.create(**ASK)).status == "completed"
        else:
            connector = aiohttp.TCPConnector(ssl=context)
            async with (
                aiohttp.ClientSession(proxy=proxy.url, connector=connector) as own,
                AsyncHeliograph("k", server.url, http_client=own) as made_,
            ):
                assert (await made_.responses.create(**ASK)).status == "completed"
        assert proxy.asked == [f"CONNECT 127.0.0.1:{server.port}"]
        assert "proxy-authorization" not in server.seen[0].headers


@pytest.mark.parametrize("way", ["sync", "async-httpx2"])
@pytest.mark.parametrize("secure", [True, False])
async def test_a_websocket_through_a_proxy(
    way: str, secure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = None
    if secure:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    trust = {"ssl": trusting()} if secure else {}
    with Proxy("ann:secret") as proxy, socket_server(says(TEXT), context) as heard:
        asked = f"CONNECT {heard.url.partition('://')[2].removesuffix('/v1')}"
        async with client(way, heard.url) as made:
            async with made.responses.connect(proxy=proxy.url, **trust) as connection:
                assert (await connection.create(**ASK)).status == "completed"
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            async with made.responses.connect(**trust) as connection:
                assert (await connection.create(**ASK)).status == "completed"
            assert proxy.asked == [asked, asked]
            async with made.responses.connect(proxy=None, **trust) as connection:
                assert (await connection.create(**ASK)).status == "completed"
            assert len(proxy.asked) == 2
            with pytest.raises(errors.TransportError) as refused:
                async with made.responses.connect(proxy=f"http://127.0.0.1:{proxy.port}", **trust):
                    pass
            assert "407" in str(refused.value)


class ByThread(ssl.SSLObject):
    """Tells which threads have it read or write."""

    threads: ClassVar[set[int]] = set()

    def read(self, *given: Any) -> Any:
        self.threads.add(threading.get_ident())
        return super().read(*given)

    def write(self, data: Any) -> int:
        self.threads.add(threading.get_ident())
        return super().write(data)


class ByThreadSocket(ssl.SSLSocket):
    def read(self, *given: Any) -> Any:
        ByThread.threads.add(threading.get_ident())
        return super().read(*given)

    def send(self, *given: Any) -> int:
        ByThread.threads.add(threading.get_ident())
        return super().send(*given)


@pytest.mark.parametrize("way", ["sync", "async-httpx2"])
async def test_one_thread_reads_and_writes_a_websocket_with_tls(way: str) -> None:
    """Two at once may not: OpenSSL takes a message to be sent for a part of the handshake, and
    waits for its answer."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(CERTIFICATE)
    context = trusting()
    context.sslobject_class = ByThread
    context.sslsocket_class = ByThreadSocket
    ByThread.threads.clear()
    with socket_server(says(TEXT), serving) as heard:
        async with (
            client(way, heard.url) as made,
            made.responses.connect(ssl=context) as connection,
        ):
            assert (await connection.create(**ASK)).status == "completed"
    assert len(ByThread.threads) == 1


@pytest.mark.parametrize("way", ["sync", "async-httpx2"])
async def test_a_websocket_trusts_whom_http_trusts(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    with socket_server(says(TEXT), context) as heard:
        async with client(way, heard.url) as made:
            with pytest.raises(errors.TransportError, match=r"connect\(ssl=\.\.\.\) takes"):
                async with made.responses.connect():
                    pass
            monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
            async with made.responses.connect() as connection:
                assert (await connection.create(**ASK)).status == "completed"


# -- timeouts ---------------------------------------------------------------------------------


@all_ways
async def test_total_bounds_an_answer_that_trickles(way: str) -> None:
    images = {"prompt": "a fox", "model": "m"}
    with Scripted(trickle(200), trickle(200), trickle(500), trickle(200)) as server:
        async with client(way, server.url, timeout=Timeout(total=0.4), retries=SOON) as made:
            for call, arguments in (
                (made.responses.create, ASK),
                (made.images.generate, images),
                (made.images.generate, images),
                (made.images.fetch, {"picture": f"{server.url}/fox.png"}),
            ):
                began = time.monotonic()
                with pytest.raises(errors.TransportTimeout, match=r"timeout\.total, 0\.4 s"):
                    await call(**arguments)
                assert time.monotonic() - began < 1.5
        assert len(server.seen) == 4


def trickle(status: int) -> Any:
    slow = answer(b"", status)
    slow.pieces = [piece for _ in range(40) for piece in (b" ", 0.05)]
    return slow


@all_ways
async def test_total_bounds_a_stream_of_images(way: str) -> None:
    pieces = [piece for _ in range(40) for piece in (b": keep-alive\n\n", 0.05)]
    with Scripted(stream(*pieces)) as server:
        async with client(way, server.url, timeout=Timeout(total=0.4)) as made:
            began = time.monotonic()
            drawn = await made.images.generate("a fox", model="m", stream=True)
            async with drawn:
                with pytest.raises(errors.StreamInterrupted, match=r"timeout\.total, 0\.4 s"):
                    [event async for event in drawn]
            assert time.monotonic() - began < 1.5
            answered = made.with_options(timeout=Timeout(read=0.2)).images
            server.replies[:] = [stream(b": keep-alive\n\n", 0.6)]
            drawn = await answered.generate("a fox", model="m", stream=True)
            async with drawn:
                with pytest.raises(errors.StreamInterrupted, match=r"[Tt]imeout"):
                    [event async for event in drawn]


@all_ways
async def test_total_bounds_a_stream_that_goes_on(way: str) -> None:
    pieces = [piece for event in TEXT for piece in (wire([event], done=False), 0.2)]
    with Scripted(stream(*pieces, x_response_id="resp_1")) as server:
        async with client(way, server.url, timeout=Timeout(total=0.7), retries=SOON) as made:
            seen: list[Any] = []
            with pytest.raises(errors.StreamInterrupted, match=r"timeout\.total, 0\.7 s") as caught:
                await read(made.responses.stream(**ASK), seen)
        assert 2 <= len(seen) < len(TEXT)
        assert caught.value.resumable
        assert len(server.seen) == 1  # there is no time to resume in
        async with client(way, server.url, timeout=Timeout(total=20)) as made:
            assert (await read(made.responses.stream(**ASK))).status == "completed"


@all_ways
async def test_total_bounds_the_tries(way: str) -> None:
    busy = answer({"error": {"message": "busy"}}, 503)
    policy = Retries(attempts=1000, wait_first=0.05, wait_most=0.05)
    with Scripted(busy) as server:
        async with client(way, server.url, timeout=Timeout(total=0.4), retries=policy) as made:
            began = time.monotonic()
            with pytest.raises((errors.ServerError, errors.TransportTimeout)):
                await made.responses.create(**ASK)
            assert 0.2 < time.monotonic() - began < 1.5
        assert 3 < len(server.seen) < 20


@pytest.mark.parametrize("way", ["sync", "async-httpx2"])
async def test_total_bounds_a_turn_over_a_websocket(way: str) -> None:
    def slowly(connection: Any, message: Any) -> None:
        for event in TEXT:
            says([event])(connection, message)
            time.sleep(0.2)

    with socket_server(slowly) as heard:
        async with client(way, heard.url, retries=SOON) as made, made.responses.connect() as conn:
            with pytest.raises(errors.StreamInterrupted):
                await conn.create(**ASK, timeout=Timeout(total=0.7), store=False)


@all_ways
async def test_connecting_has_its_own_bound(way: str) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # fills the backlog: no more are let in
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        try:
            timeout = Timeout(connect=0.3, read=30)
            async with client(way, f"http://127.0.0.1:{port}/v1", timeout=timeout) as made:
                began = time.monotonic()
                with pytest.raises(errors.TransportTimeout) as caught:
                    await made.responses.create(**ASK)
                assert time.monotonic() - began < 5
                assert not caught.value.sent
        finally:
            for one in waiting:
                one.close()


# -- headers, request ids, secrets ------------------------------------------------------------


@all_ways
async def test_headers_of_one_request(way: str) -> None:
    with Scripted(WHOLE) as server:
        async with client(way, server.url, headers={"X-Title": "mine"}) as made:
            await made.responses.create(**ASK, extra_headers={"HTTP-Referer": "https://a.example"})
            await made.responses.create(**ASK, extra_headers={"x-title": "other"})
            await made.with_options(headers={"X-Title": "third"}).responses.retrieve("resp_1")
            await made.responses.cancel("resp_1")
    heads = [seen.headers for seen in server.seen]
    assert [head.get("x-title") for head in heads] == ["mine", "other", "third", "mine"]
    assert [head.get("http-referer") for head in heads] == ["https://a.example", None, None, None]


@all_ways
async def test_errors_bear_the_request_id(way: str) -> None:
    named = {"x_request_id": "req_7"}
    refused = answer({"error": {"message": "no"}}, 400, **named)
    told = {"type": "error", "code": "server_error", "message": "oh", "sequence_number": 5}
    with Scripted(refused) as server:
        async with client(way, server.url) as made:
            with pytest.raises(errors.BadRequest) as caught:
                await made.responses.create(**ASK)
            assert caught.value.request_id == "req_7"
    for pieces, kind in (
        ((wire([*TEXT[:5], told]),), errors.ServerError),
        ((wire(TEXT[:5], done=False), CUT), errors.StreamInterrupted),
    ):
        with Scripted(stream(*pieces, **named)) as server:
            async with client(way, server.url) as made:
                with pytest.raises(kind) as interrupted:
                    async with made.responses.stream(**ASK) as events:
                        await events.get_final_response()
                assert interrupted.value.request_id == "req_7"


@all_ways
async def test_no_secret_is_in_what_is_printed(way: str) -> None:
    def secretive(url: str) -> list[Any]:
        with_user = url.replace("://", "://ann:pass-secret@")
        more: dict[str, Any] = {"headers": {"x-token": "also-secret"}, "retries": SOON}
        return [client(way, url, **more), client(way, with_user, **more, api_key=None)]

    refused = answer({"error": {"message": "wrong key"}}, 401)
    texts = []
    with Scripted(refused) as server:
        for url in ("http://127.0.0.1:9/v1", server.url):
            for one in secretive(url):
                async with one as made:
                    texts += [repr(made), repr(made.responses), str(made)]
                    calls = [made.responses.create(**ASK), made.models.list()]
                    if way != "async-aiohttp":
                        texts.append(repr(made.responses.connect()))
                        calls.append(_connect(made))
                    for call in calls:
                        with pytest.raises(errors.HeliographError) as caught:
                            await call
                        texts += traceback.format_exception_only(caught.value)
                        texts += [repr(caught.value), repr(vars(caught.value))]
        sent = {seen.headers["authorization"] for seen in server.seen}
    assert sent == {"Bearer sk-test-secret", "Basic YW5uOnBhc3Mtc2VjcmV0"}
    assert [text for text in texts if "secret" in text] == []


async def _connect(made: Any) -> None:
    async with made.responses.connect():
        pass


def test_a_user_and_a_key_are_one_too_many() -> None:
    with pytest.raises(errors.UsageError, match="base_url: holds a user name") as caught:
        Heliograph("k", "http://ann:pass-secret@h/v1")
    assert "secret" not in str(caught.value)
