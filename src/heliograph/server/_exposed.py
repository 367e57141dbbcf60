"""What a process without an API shows of itself: ``/metrics`` and ``/healthz``."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from heliograph.server._app import bare_app
from heliograph.server._edge import is_loopback
from heliograph.server._http import http_protocol
from heliograph.server._listener import Listener, listen, url_of
from heliograph.server._seen import MetricsAnswer, Seen, Sources

__all__ = ["Exposed"]

_HEAD_BYTES = 16 * 1024


class Exposed:
    """Listens at ``host`` and ``port`` (0 for a free one) between ``start`` and ``stop``.

    Who may read the metrics is ``[metrics]``'s word, as it is of a server at that address.
    """

    def __init__(self, host: str, port: int, seen: Seen, sources: Callable[[], Sources]) -> None:
        self._host, self._port = host, port
        self._seen = seen
        self._sources = sources
        self._listener: Listener | None = None

    @property
    def url(self) -> str:
        """The page's address, once it listens."""
        return f"{url_of(self._host, self._port)}/metrics"

    async def start(self) -> None:
        """Raises ``ConfigError`` where the address cannot be had."""
        sock = listen(self._host, self._port)
        self._port = sock.getsockname()[1]
        routes = [Route("/metrics", self._metrics), Route("/healthz", self._healthy)]
        app = bare_app(routes, local=is_loopback(self._host), seen=self._seen)
        self._listener = Listener(app, sock, http=http_protocol(_HEAD_BYTES), ws="none")
        await self._listener.start()

    async def stop(self) -> None:
        """Harmless where it does not listen."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            await listener.ended()

    async def _metrics(self, request: Request) -> ASGIApp:
        self._seen.admit(request.scope)
        page = await self._seen.page(self._sources(), request.headers.get("accept", ""))
        return MetricsAnswer(*page)

    async def _healthy(self, request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})
