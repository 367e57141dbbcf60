"""The server as something that runs: in the current loop, or as a process with signals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from heliograph import errors
from heliograph.providers import Catalog
from heliograph.server._app import create_app
from heliograph.server._http import http_protocol
from heliograph.server._listener import Listener, listen, url_of
from heliograph.server._process import run_process
from heliograph.server._runtime import Runtime
from heliograph.server._settings import Settings
from heliograph.server._socket_wire import SocketProtocol

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["Server", "run"]

_log = logging.getLogger("heliograph.server")


class Server:
    """``await start()``, then ``port`` and ``url``, then ``await stop()``; or ``async with``.

    It runs in the current event loop. ``start`` raises ``ConfigError`` for settings that must not
    be served, an address that cannot be had, or a data folder that cannot be used. What it is made
    from is as for ``create_app``.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        catalog: Catalog | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        self.settings = settings if settings is not None else Settings(port=0)
        self._catalog = catalog
        self._tracer_provider = tracer_provider
        self._runtime: Runtime | None = None
        self._listener: Listener | None = None
        self.port = self.settings.port

    @property
    def url(self) -> str:
        """Where it listens, without a base path: ``http://127.0.0.1:8080``."""
        return url_of(self.settings.host, self.port)

    async def start(self) -> None:
        """Listen, open the journal, begin to work. A request is answered once this returns."""
        app = create_app(self.settings, self._catalog, self._tracer_provider)
        sock = listen(self.settings.host, self.settings.port)
        runtime: Runtime = app.state.runtime
        try:
            await runtime.start()
        except errors.JournalError as error:
            sock.close()
            raise errors.ConfigError(str(error)) from error
        except BaseException:
            sock.close()
            raise
        self._runtime = runtime
        self.port = sock.getsockname()[1]
        self._listener = Listener(
            app,
            sock,
            http=http_protocol(self.settings.limits.max_head_bytes),
            ws=SocketProtocol,
            ws_max_size=self.settings.limits.max_body_bytes,
            ws_ping_interval=self.settings.limits.keep_alive_seconds,
            ws_ping_timeout=self.settings.limits.socket_pong_seconds,
            ws_per_message_deflate=False,
        )
        await self._listener.start()

    async def stop(self, drain: float | None = None) -> None:
        """Stop accepting, let work finish within ``drain`` seconds, hand over the rest, close."""
        listener, self._listener = self._listener, None
        if listener is None or self._runtime is None:
            return
        listener.close()
        await self._runtime.stop(drain)
        await listener.ended()

    async def __aenter__(self) -> Server:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()


async def _serve(server: Server, ready: Callable[[Server], None], asked: asyncio.Event) -> None:
    await server.start()
    ready(server)
    await asked.wait()
    _log.info("stopping: running work has %g s", server.settings.limits.drain_seconds)
    await server.stop()


def run(settings: Settings, ready: Callable[[Server], None] = lambda server: None) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called once requests are answered.

    The first signal stops gracefully within the limit ``drain_seconds``, a second one ends the
    process at once. Raises ``ConfigError``.
    """
    run_process(partial(_serve, Server(settings), ready))
