"""The asynchronous half of ``_direct``."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import httpcore2
import httpx2

from heliograph.http._bypass import as_httpx, core_request
from heliograph.http._bypass_async import async_pool


class _AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, reply: httpcore2.Response) -> None:
        self._reply = reply
        self._take = reply.extensions["network_stream"].bypass.take

    async def __aiter__(self) -> AsyncIterator[bytes]:
        take = self._take
        with as_httpx():
            async for piece in self._reply.aiter_stream():
                if data := take(piece):
                    yield data

    async def aclose(self) -> None:
        await self._reply.aclose()


class AsyncDirectTransport(httpx2.AsyncBaseTransport):
    """`DirectTransport` for ``httpx2.AsyncClient``, under asyncio.

    At most ``max_connections`` are open, None for no bound; who comes then waits.
    """

    def __init__(
        self, ssl_context: ssl.SSLContext | None = None, *, max_connections: int | None = 1000
    ) -> None:
        self._ssl_context = ssl_context
        self._max_connections = max_connections
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        scheme = request.url.scheme
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = async_pool(
                scheme, self._ssl_context, self._max_connections
            )
        with as_httpx():
            reply = await pool.handle_async_request(core_request(request))
        return httpx2.Response(
            reply.status,
            headers=reply.headers,
            stream=_AsyncBody(reply),
            extensions=reply.extensions,
        )

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
