"""The asynchronous half of the WebSocket driver; see ``_websocket``."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Mapping

from heliograph.client._transport import Call
from heliograph.client._websocket import Proxy, opening, settings, talking

# After _websocket, which says what is missing.
from websockets.asyncio.client import ClientConnection, connect  # isort: skip


class AsyncChannel:
    """A WebSocket that is open. ``headers`` are the handshake's answer's."""

    def __init__(self, socket: ClientConnection, max_frame: int) -> None:
        self._socket = socket
        self._max_frame = max_frame
        response = socket.response
        self.headers: Mapping[str, str] = {} if response is None else response.headers

    async def send(self, message: bytes) -> None:
        with talking(self._max_frame):
            await self._socket.send(message, text=True)

    async def receive(self, seconds: float | None) -> bytes:
        """The next message. Raises `TransportError`, `TransportTimeout`, `FrameTooLarge`."""
        with talking(self._max_frame):
            async with asyncio.timeout(seconds):
                return await self._socket.recv(decode=False)

    async def close(self) -> None:
        await self._socket.close()


async def dial(
    call: Call, *, max_frame: int, ssl: tls.SSLContext | None, proxy: Proxy
) -> AsyncChannel:
    """Open a WebSocket. Raises `APIError` where the server answers otherwise."""
    with opening():
        socket = await connect(call.url, **settings(call, max_frame, ssl, proxy))
        return AsyncChannel(socket, max_frame)
