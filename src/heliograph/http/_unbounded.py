"""A pool that never makes anyone wait, and whose work does not grow with what is open.

httpcore2's own pool looks at every connection whenever a request comes or goes: with thousands of
silent streams open that is most of what a server does. Whoever bounds its requests elsewhere needs
no bound here: a request takes the idle connection that was used last, or a new one.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import httpcore2

from heliograph.http._bypass import IDLE_CONNECTIONS, IDLE_SECONDS
from heliograph.http._bypass_async import AsyncBypassBackend


class Unbounded:
    """What ``AsyncDirectTransport`` needs of a pool."""

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        self._ssl_context = ssl_context
        self._backend = AsyncBypassBackend()
        self._open: set[httpcore2.AsyncHTTPConnection] = set()
        self._idle: dict[tuple[bytes, bytes, int], list[httpcore2.AsyncHTTPConnection]] = {}

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """The answer, its body unread. Raises httpcore2's errors."""
        origin = request.url.origin
        idle = self._idle.setdefault((origin.scheme, origin.host, origin.port), [])
        while True:
            connection = await self._taken(idle)
            if connection is None:
                connection = httpcore2.AsyncHTTPConnection(
                    origin,
                    ssl_context=self._ssl_context,
                    keepalive_expiry=IDLE_SECONDS,
                    network_backend=self._backend,
                )
                self._open.add(connection)
            try:
                response = await connection.handle_async_request(request)
            except httpcore2.ConnectionNotAvailable:
                await self._drop(connection)
            except BaseException:
                await self._drop(connection)
                raise
            else:
                return httpcore2.Response(
                    status=response.status,
                    headers=response.headers,
                    content=_Body(self, idle, connection, response),
                    extensions=response.extensions,
                )

    async def _taken(
        self, idle: list[httpcore2.AsyncHTTPConnection]
    ) -> httpcore2.AsyncHTTPConnection | None:
        while idle and idle[0].has_expired():  # the one unused for longest
            await self._drop(idle.pop(0))
        while idle:
            connection = idle.pop()
            if not (connection.is_closed() or connection.has_expired()):
                return connection
            await self._drop(connection)
        return None

    async def _drop(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        self._open.discard(connection)
        await connection.aclose()

    async def release(
        self,
        idle: list[httpcore2.AsyncHTTPConnection],
        connection: httpcore2.AsyncHTTPConnection,
    ) -> None:
        """An answer was read or given up: keep the connection where it can be used again."""
        if connection.is_idle() and connection in self._open and len(idle) < IDLE_CONNECTIONS:
            idle.append(connection)
        else:
            await self._drop(connection)

    async def aclose(self) -> None:
        """Close every connection, idle or not."""
        connections, self._open = self._open, set()
        self._idle.clear()
        for connection in connections:
            await connection.aclose()


class _Body:
    """An answer's body; closing it gives the connection back."""

    __slots__ = ("_closed", "_connection", "_idle", "_pool", "_response")

    def __init__(
        self,
        pool: Unbounded,
        idle: list[httpcore2.AsyncHTTPConnection],
        connection: httpcore2.AsyncHTTPConnection,
        response: httpcore2.Response,
    ) -> None:
        self._pool = pool
        self._idle = idle
        self._connection = connection
        self._response = response
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_stream()

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            try:
                await self._response.aclose()
            finally:
                await self._pool.release(self._idle, self._connection)
