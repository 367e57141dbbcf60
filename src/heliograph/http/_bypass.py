"""httpcore2's connection pool with `Bypass` on each connection, and its errors in httpx2's words.

Imported with the first request: a program that only makes a client does not pay for it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from heliograph.http._chunks import Bypass

READ = 256 * 1024
"""Bytes asked of the socket at once."""

_CONNECTIONS = 1000
IDLE_CONNECTIONS = 100
IDLE_SECONDS = 5.0

SocketOptions = Iterable[httpcore2.SOCKET_OPTION] | None

# The most specific first.
_WORDS: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.ReadTimeout, httpx2.ReadTimeout),
    (httpcore2.WriteTimeout, httpx2.WriteTimeout),
    (httpcore2.PoolTimeout, httpx2.PoolTimeout),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.ReadError, httpx2.ReadError),
    (httpcore2.WriteError, httpx2.WriteError),
    (httpcore2.LocalProtocolError, httpx2.LocalProtocolError),
    (httpcore2.RemoteProtocolError, httpx2.RemoteProtocolError),
    (httpcore2.UnsupportedProtocol, httpx2.UnsupportedProtocol),
)
OURS = tuple(core for core, _ in _WORDS)


@contextmanager
def as_httpx() -> Iterator[None]:
    """Errors of httpcore2 leave this block as httpx2's."""
    try:
        yield
    except OURS as error:
        raise in_httpx(error) from error


def in_httpx(error: Exception) -> httpx2.TransportError:
    """An error of ``OURS`` in httpx2's words."""
    return next(word(str(error)) for core, word in _WORDS if isinstance(error, core))


class BypassStream(httpcore2.NetworkStream):
    """A connection whose chunked bodies go past the parser."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self.bypass = Bypass()
        self.patience: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            if self.patience is not None and (timeout is None or timeout > self.patience):
                timeout = self.patience
            data = self._inner.read(max(max_bytes, READ), timeout)
            if not data:
                return data
            if seen := self.bypass.feed(data):
                return seen

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.bypass.start()
        self.patience = None
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


def sync_pool(scheme: str, ssl_context: ssl.SSLContext | None) -> httpcore2.ConnectionPool:
    """A pool for a scheme's connections."""
    return httpcore2.ConnectionPool(
        network_backend=BypassBackend(), **pool_settings(scheme, ssl_context)
    )


def tls(scheme: str, ssl_context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    """The context to use; certificates are loaded for https only."""
    if scheme == "https" and ssl_context is None:
        return httpx2.create_ssl_context()
    return ssl_context


def pool_settings(scheme: str, ssl_context: ssl.SSLContext | None) -> dict[str, Any]:
    """What both kinds of pool are made with."""
    return {
        "ssl_context": tls(scheme, ssl_context),
        "max_connections": _CONNECTIONS,
        "max_keepalive_connections": IDLE_CONNECTIONS,
        "keepalive_expiry": IDLE_SECONDS,
    }


def core_request(request: httpx2.Request) -> httpcore2.Request:
    """``request`` in httpcore2's words."""
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
