"""The asynchronous half of ``_direct``."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator

import httpcore2
import httpx2

from heliograph.http._bypass import OURS, as_httpx, core_request, in_httpx, tls
from heliograph.http._bypass_async import async_pool
from heliograph.http._unbounded import Unbounded

BODY = "heliograph.body"
"""A response's extension: its body's bytes as the connection gives them, past ``httpx2``'s layers,
each of which costs some 600 bytes on an open stream."""


class _AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, reply: httpcore2.Response) -> None:
        self._reply = reply
        assert isinstance(reply.stream, AsyncIterable)  # noqa: S101 -- async pools' are
        self._pieces = reply.stream
        self._take = reply.extensions["network_stream"].bypass.take

    async def __aiter__(self) -> AsyncIterator[bytes]:
        take = self._take
        try:
            # Not through aiter_stream: a layer less on each open stream.
            async for piece in self._pieces:
                if data := take(piece):
                    yield data
        except OURS as error:
            raise in_httpx(error) from error

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
        body = _AsyncBody(reply)
        return httpx2.Response(
            reply.status,
            headers=reply.headers,
            stream=body,
            extensions={**reply.extensions, BODY: body},
        )

    def _pool(self, scheme: str) -> httpcore2.AsyncConnectionPool | Unbounded:
        if self._bounded:
            return async_pool(scheme, self._ssl_context)
        return Unbounded(tls(scheme, self._ssl_context))

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
