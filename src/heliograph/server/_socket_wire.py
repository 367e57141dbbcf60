"""uvicorn's WebSocket protocol, with four things that it has not.

A handshake that cannot be read (a POST, a body, a header over 8 KiB) is answered. A message over
the limit is told which limit it is over before the connection is closed (1009). At a stop the app
closes its connections itself, once the work is done. And a client that reads no more cannot keep a
closed connection open.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame, Opcode

from heliograph.server._body import too_large
from heliograph.server._errors import error_envelope

__all__ = ["SocketProtocol"]

_LINGER_SECONDS = 10.0
_QUIET_SECONDS = 0.5


class SocketProtocol(WebSocketsSansIOProtocol):
    """For uvicorn's ``ws``; its ``ws_max_size`` is the limit ``max_body_bytes``."""

    def data_received(self, data: bytes) -> None:
        """What came from the client."""
        super().data_received(data)
        unread = self.conn.handshake_exc
        if unread is not None and not self.handshake_initiated and not self.transport.is_closing():
            self.handshake_initiated = True
            refusal = self.conn.reject(HTTPStatus.BAD_REQUEST, f"No WebSocket handshake: {unread}.")
            self.transport.write(refusal.serialize())
            self.transport.close()

    def handle_parser_exception(self) -> None:
        """After each read once the client has broken the protocol."""
        sent = self.conn.close_sent
        if sent is None or sent.code != CloseCode.MESSAGE_TOO_BIG:
            super().handle_parser_exception()
            return
        if not self.close_sent:
            self.close_sent = True
            told = error_envelope(too_large(self.config.ws_max_size))
            self.transport.write(Frame(Opcode.TEXT, told).serialize(mask=False))
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.queue.put_nowait({"type": "websocket.disconnect", "code": sent.code})
        # Closing while the rest of the message comes would be a reset, which overtakes the answer.
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(_QUIET_SECONDS, self.transport.close)

    def keepalive_timeout(self) -> None:
        """A client that is gone reads no more, so what waits for it must not be waited for."""
        super().keepalive_timeout()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        """The app closes what it has accepted, with 1001, when it is done."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Whatever is not out by then, nobody reads."""
        super().on_task_complete(task)
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
