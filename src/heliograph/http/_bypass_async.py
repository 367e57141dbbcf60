# ruff: noqa: ASYNC109 - the timeouts are httpcore2's
"""The asynchronous half of ``_bypass``."""

from __future__ import annotations

import ssl
from typing import Any

import httpcore2

from heliograph.http._aio import AioBackend
from heliograph.http._bypass import READ, SocketOptions, pool_settings
from heliograph.http._chunks import Bypass


class AsyncBypassStream(httpcore2.AsyncNetworkStream):
    """`BypassStream`, awaited."""

    __slots__ = ("_inner", "bypass")

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self.bypass = Bypass()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            data = await self._inner.read(max(max_bytes, READ), timeout)
            if not data:
                return data
            if seen := self.bypass.feed(data):
                return seen

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.bypass.start()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
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
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore2.AsyncNetworkStream:
        return AsyncBypassStream(
            await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def async_pool(scheme: str, ssl_context: ssl.SSLContext | None) -> httpcore2.AsyncConnectionPool:
    """A pool for a scheme's connections."""
    return httpcore2.AsyncConnectionPool(
        network_backend=AsyncBypassBackend(), **pool_settings(scheme, ssl_context)
    )
