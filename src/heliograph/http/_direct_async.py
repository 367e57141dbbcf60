"""The asynchronous half of ``_direct``."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator

import httpcore2
import httpx2

from heliograph.http._bypass import as_httpx, core_request, tls
from heliograph.http._bypass_async import async_pool
from heliograph.http._unbounded import Unbounded


class _AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, reply: httpcore2.Response) -> None:
        self._reply = reply
        assert isinstance(reply.stream, AsyncIterable)  # noqa: S101 -- async pools' are
        self._pieces = reply.stream
        self._take = reply.extensions["network_stream"].bypass.take

    async def __aiter__(self) -> AsyncIterator[bytes]:
        take = self._take
        with as_httpx():
            # Not through aiter_stream: a layer less on each open stream.
            async for piece in self._pieces:
                if data := take(piece):
                    yield data

    async def aclose(self) -> None:
        await self._reply.aclose()


class AsyncDirectTransport(httpx2.AsyncBaseTransport):
    """`DirectTransport` for ``httpx2.AsyncClient``, under asyncio.

    ``bounded`` False opens as many connections as there are requests; else who comes when 1,000
    are open waits.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None, *, bounded: bool = True) -> None:
        self._ssl_context = ssl_context
        self._bounded = bounded
        self._pools: dict[str, httpcore2.AsyncConnectionPool | Unbounded] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        scheme = request.url.scheme
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = self._pool(scheme)
        asked = core_request(request)
        with as_httpx():
            reply = await pool.handle_async_request(asked)
        # The reply keeps the request: its body can be large, and a stream be open for long.
        asked.headers, asked.stream = [], ()
        return httpx2.Response(
            reply.status,
            headers=reply.headers,
            stream=_AsyncBody(reply),
            extensions=reply.extensions,
        )

    def _pool(self, scheme: str) -> httpcore2.AsyncConnectionPool | Unbounded:
        if self._bounded:
            return async_pool(scheme, self._ssl_context)
        return Unbounded(tls(scheme, self._ssl_context))

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
