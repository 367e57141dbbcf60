"""A network backend for httpcore2 on plain asyncio: what the socket gives is handed on uncopied.

httpcore2's own asynchronous backends go through anyio, whose cancel scopes and flow control cost
some 150 microseconds a read, more than all else that is done with the bytes.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine, Iterable
from typing import Any

import httpcore2

_HIGH = 512 * 1024  # bytes that may wait unread before the socket is left alone
_EYEBALLS = 0.25  # seconds of a head start for the first of a host's addresses


class _Protocol(asyncio.Protocol):
    """One connection's buffer; at most one reader and one writer wait for it."""

    __slots__ = (
        "_chunks",
        "_full",
        "_paused",
        "_reader",
        "_size",
        "_writer",
        "ended",
        "error",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.ended = False
        self.error: Exception | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._paused = False
        self._full = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        if self._size >= _HIGH and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        self.ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.error = exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        _wake(self._writer)

    @property
    def readable(self) -> bool:
        """Whether a read would not wait: on an idle connection, that it has been closed."""
        return bool(self._chunks) or self.ended

    async def read(self, seconds: float | None) -> bytes:
        """All that has come; b"" at the end."""
        if not self._chunks and not self.ended:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                if seconds is None:
                    await self._reader
                else:
                    await _within(self._reader, seconds, httpcore2.ReadTimeout)
            finally:
                self._reader = None
        chunks = self._chunks
        if not chunks:
            if self.error is not None:
                raise httpcore2.ReadError(str(self.error)) from self.error
            return b""
        self._chunks = []
        self._size = 0
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def write(self, data: bytes, seconds: float | None) -> None:
        if self.transport.is_closing():
            raise httpcore2.WriteError("the connection is closed") from self.error
        self.transport.write(data)
        if self._full:
            self._writer = asyncio.get_running_loop().create_future()
            try:
                await _within(self._writer, seconds, httpcore2.WriteTimeout)
            finally:
                self._writer = None
            if self.ended and self._full:
                raise httpcore2.WriteError("the connection was closed") from self.error


class AioStream(httpcore2.AsyncNetworkStream):
    """One connection. `read` may give more than was asked for."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: _Protocol) -> None:
        self._protocol = protocol

    def read(self, max_bytes: int, timeout: float | None = None) -> Coroutine[Any, Any, bytes]:
        return self._protocol.read(timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if buffer:
            await self._protocol.write(buffer, timeout)

    async def aclose(self) -> None:
        self._protocol.transport.abort()
        await asyncio.sleep(0)  # the socket is closed by the loop's next turn

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        protocol = self._protocol
        plain = protocol.transport
        try:
            async with asyncio.timeout(timeout):
                secured = await asyncio.get_running_loop().start_tls(
                    plain, protocol, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            plain.abort()
            raise httpcore2.ConnectTimeout("TLS handshake") from error
        except (OSError, ssl.SSLError) as error:
            plain.abort()
            raise httpcore2.ConnectError(str(error)) from error
        if secured is None:
            raise httpcore2.ConnectError("the connection was closed during the TLS handshake")
        protocol.transport = secured
        return AioStream(protocol)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._protocol.readable
        name = {"client_addr": "sockname", "server_addr": "peername"}.get(info, info)
        return self._protocol.transport.get_extra_info(name)


class AioBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections in the running asyncio loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                transport, protocol = await asyncio.get_running_loop().create_connection(
                    _Protocol,
                    host,
                    port,
                    local_addr=None if local_address is None else (local_address, 0),
                    **_happy(asyncio.get_running_loop()),
                )
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return AioStream(protocol)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _happy(loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    """uvloop's loop takes no ``happy_eyeballs_delay``: it tries one address after the other."""
    return {"happy_eyeballs_delay": _EYEBALLS} if isinstance(loop, asyncio.BaseEventLoop) else {}


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


async def _within(
    waiter: asyncio.Future[None], seconds: float | None, late: type[Exception]
) -> None:
    """Wait, but not for longer than ``seconds``. A timer and no task: it is done for each read."""
    if seconds is None:
        await waiter
        return

    def expire() -> None:
        if not waiter.done():
            waiter.set_exception(late(f"nothing for {seconds:g} s"))

    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        await waiter
    finally:
        timer.cancel()
