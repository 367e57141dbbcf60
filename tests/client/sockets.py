"""A real WebSocket server on loopback that says what a test tells it."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.client.loopback import Loopback
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve


class Front(Loopback):
    """Speaks TLS for a server at ``port``. The library's own blocking server would read and write
    one TLS connection in two threads, which OpenSSL does not allow."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        super().__init__(context)
        self._to = port

    async def talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        ends: list[asyncio.StreamWriter],
    ) -> None:
        answers, far = await asyncio.open_connection("127.0.0.1", self._to)
        ends.append(far)
        await asyncio.gather(_pass_on(reader, far), _pass_on(answers, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


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

    with ExitStack() as stack, serve(handler, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        try:
            if context is None:
                heard.url = f"http://127.0.0.1:{port}/v1"
            else:
                front = stack.enter_context(Front(context, port))
                heard.url = f"https://127.0.0.1:{front.port}/v1"
            yield heard
        finally:
            server.shutdown()
            thread.join()
