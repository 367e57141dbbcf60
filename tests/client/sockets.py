"""A real WebSocket server on loopback that says what a test tells it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve


class Heard:
    """What the server has heard: requests as they came, and the heads of the handshakes."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.url = ""


@contextmanager
def socket_server(
    answer: Callable[[ServerConnection, dict[str, Any]], None],
    context: ssl.SSLContext | None = None,
) -> Iterator[Heard]:
    """``answer`` is called with each message; what it raises ends the connection."""
    heard = Heard()

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        heard.heads.append({k.lower(): v for k, v in connection.request.headers.raw_items()})
        try:
            for message in connection:
                heard.messages.append(json.loads(message))
                answer(connection, heard.messages[-1])
        except ConnectionClosed:
            pass

    with serve(handler, "127.0.0.1", 0, ssl=context, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        scheme = "http" if context is None else "https"
        heard.url = f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}/v1"
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()
