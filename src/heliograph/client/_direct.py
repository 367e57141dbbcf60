"""httpx2 transports for our own clients: its connection pool, with `Bypass` on each.

Only what httpx2 and httpcore2 offer in public is used: a transport of one's own, and a network
backend of one's own in httpcore2's pool. Certificates are loaded at the first https request.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import httpcore2
import httpx2

from heliograph.client._aio import AioBackend
from heliograph.client._chunks import Bypass

_READ = 256 * 1024  # bytes asked of the socket at once
_CONNECTIONS = 1000
_IDLE_CONNECTIONS = 100
_IDLE_SECONDS = 5.0

# httpcore2's own default backends; each error of theirs is raised as it is and translated above.
SocketOptions = Iterable[httpcore2.SOCKET_OPTION] | None


class BypassStream(httpcore2.NetworkStream):
    """A connection whose chunked bodies go past the parser."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self.bypass = Bypass()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            data = self._inner.read(max(max_bytes, _READ), timeout)
            if not data:
                return data
            if seen := self.bypass.feed(data):
                return seen

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.bypass.start()
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return BypassStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class BypassBackend(httpcore2.NetworkBackend):
    """Opens sockets as httpcore2 does."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore2.NetworkStream:
        return BypassStream(
            self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Body(httpx2.SyncByteStream):
    def __init__(self, reply: httpcore2.Response) -> None:
        self._reply = reply
        self._take = reply.extensions["network_stream"].bypass.take

    def __iter__(self) -> Iterator[bytes]:
        take = self._take
        for piece in self._reply.iter_stream():
            if data := take(piece):
                yield data

    def close(self) -> None:
        self._reply.close()


class DirectTransport(httpx2.BaseTransport):
    """What ``httpx2.HTTPTransport`` is, without proxies and HTTP/2, and faster on streams.

    The client's own; ``httpx2.Client(transport=DirectTransport())`` gives it to yours. Certificates
    are loaded at the first https request, unless ``ssl_context`` brings them.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._pools: dict[str, httpcore2.ConnectionPool] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        scheme = request.url.scheme
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = httpcore2.ConnectionPool(
                network_backend=BypassBackend(), **_pool_settings(scheme, self._ssl_context)
            )
        reply = pool.handle_request(_request(request))
        return httpx2.Response(
            reply.status,
            headers=reply.headers,
            stream=_Body(reply),
            extensions=reply.extensions,
        )

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


class AsyncBypassStream(httpcore2.AsyncNetworkStream):
    """`BypassStream`, awaited."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self.bypass = Bypass()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        while True:
            data = await self._inner.read(max(max_bytes, _READ), timeout)
            if not data:
                return data
            if seen := self.bypass.feed(data):
                return seen

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self.bypass.start()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return AsyncBypassStream(inner)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncBypassBackend(httpcore2.AsyncNetworkBackend):
    """Opens sockets as httpcore2 does under asyncio."""

    def __init__(self) -> None:
        self._inner = AioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore2.AsyncNetworkStream:
        return AsyncBypassStream(
            await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, reply: httpcore2.Response) -> None:
        self._reply = reply
        self._take = reply.extensions["network_stream"].bypass.take

    async def __aiter__(self) -> AsyncIterator[bytes]:
        take = self._take
        async for piece in self._reply.aiter_stream():
            if data := take(piece):
                yield data

    async def aclose(self) -> None:
        await self._reply.aclose()


class AsyncDirectTransport(httpx2.AsyncBaseTransport):
    """`DirectTransport` for ``httpx2.AsyncClient``, under asyncio."""

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        scheme = request.url.scheme
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = httpcore2.AsyncConnectionPool(
                network_backend=AsyncBypassBackend(), **_pool_settings(scheme, self._ssl_context)
            )
        reply = await pool.handle_async_request(_request(request))
        return httpx2.Response(
            reply.status,
            headers=reply.headers,
            stream=_AsyncBody(reply),
            extensions=reply.extensions,
        )

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


def _pool_settings(scheme: str, ssl_context: ssl.SSLContext | None) -> dict[str, Any]:
    if scheme == "https" and ssl_context is None:
        ssl_context = httpx2.create_ssl_context()
    return {
        "ssl_context": ssl_context,
        "max_connections": _CONNECTIONS,
        "max_keepalive_connections": _IDLE_CONNECTIONS,
        "keepalive_expiry": _IDLE_SECONDS,
    }


def _request(request: httpx2.Request) -> httpcore2.Request:
    url = request.url
    return httpcore2.Request(
        method=request.method,
        url=httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
