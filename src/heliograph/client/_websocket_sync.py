"""The blocking half of the WebSocket driver: the asynchronous one, in a thread of its own.

The library's own blocking half reads in one thread and writes in another. OpenSSL allows that to
nobody for one TLS connection, and Python keeps the two apart from 3.13 on only: before, a message
that was sent while the server's session tickets came in could wait for ever.
"""

from __future__ import annotations

import asyncio
import ssl as tls
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from heliograph import errors
from heliograph.client import _websocket_async
from heliograph.client._transport import Call
from heliograph.client._websocket import CLOSE_SECONDS, Proxy
from heliograph.client._websocket_async import AsyncChannel

T = TypeVar("T")


class Channel:
    """A WebSocket that is open. ``headers`` are the handshake's answer's."""

    def __init__(self, thread: _Thread, channel: AsyncChannel) -> None:
        self._thread = thread
        self._channel = channel
        self._coming: Future[bytes] | None = None
        self.headers = channel.headers

    def send(self, message: bytes) -> None:
        self._thread.run(lambda: self._channel.send(message))

    def receive(self, seconds: float | None) -> bytes:
        """The next message. Raises `TransportError`, `TransportTimeout`, `FrameTooLarge`.

        Who is interrupted while it waits, or waits no longer, has lost none: the next call gets it.
        """
        coming = self._coming
        if coming is None:
            coming = self._coming = self._thread.begin(lambda: self._channel.receive(None))
        try:
            message = coming.result(seconds)
        except TimeoutError as error:
            raise errors.TransportTimeout("no message in time") from error
        except errors.HeliographError:
            self._coming = None
            raise
        self._coming = None
        return message

    def close(self) -> None:
        """Harmless where it is closed."""
        if self._thread.alive:
            try:
                self._thread.run(self._channel.close)
            finally:
                self._thread.end()


class _Thread:
    """An event loop in a thread, until ``end``."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(),), name="heliograph WebSocket", daemon=True
        )
        self._thread.start()
        self._running.wait()
        self.alive = True

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._running.set()
        await self._over.wait()

    def begin(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        """Raises `TransportError` once it has ended."""
        if not self.alive:
            raise errors.TransportError("the WebSocket was closed")
        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for its result; cancelled where the wait is interrupted."""
        future = self.begin(work)
        try:
            return future.result()
        finally:
            future.cancel()

    def end(self) -> None:
        """Cancel what is left. What cannot be, a look-up of a name, is not waited for long."""
        if self.alive:
            self.alive = False
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(CLOSE_SECONDS)


def dial(call: Call, *, max_frame: int, ssl: tls.SSLContext | None, proxy: Proxy) -> Channel:
    """Open a WebSocket. Raises `APIError` where the server answers otherwise."""
    thread = _Thread()
    try:
        opened = thread.run(
            lambda: _websocket_async.dial(call, max_frame=max_frame, ssl=ssl, proxy=proxy)
        )
    except BaseException:
        thread.end()
        raise
    return Channel(thread, opened)
