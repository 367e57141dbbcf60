"""The ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from heliograph import errors
from heliograph.providers import Catalog
from heliograph.server._auth import Door
from heliograph.server._edge import Edge
from heliograph.server._errors import error_body
from heliograph.server._routes import routes
from heliograph.server._runtime import Runtime
from heliograph.server._seen import Seen
from heliograph.server._settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["bare_app", "create_app"]


async def _refused(request: Request, refused: Exception) -> Response:
    """Starlette's own refusals (no such path) in the API's shape."""
    status = refused.status_code if isinstance(refused, HTTPException) else 500
    error: errors.APIError = (
        errors.NotFound(f"no such path: {request.url.path}", code="unknown_path")
        if status == 404
        else errors.APIError("refused", status=status)
    )
    return Response(
        error_body(error, request.url.path), status_code=status, media_type="application/json"
    )


class _App(Starlette):
    """Without starlette's outermost layer: nothing gets past `Edge`, and each layer beneath an
    open stream costs some 600 bytes."""

    def build_middleware_stack(self) -> ASGIApp:
        outermost = super().build_middleware_stack()
        assert isinstance(outermost, ServerErrorMiddleware)  # noqa: S101 -- starlette puts it there
        return outermost.app


def create_app(
    settings: Settings | None = None,
    catalog: Catalog | None = None,
    tracer_provider: TracerProvider | None = None,
) -> Starlette:
    """The server as an ASGI app, for any ASGI server; its lifespan starts and stops the engine.

    ``catalog`` is what it serves, the settings' providers unless given; it is closed when the
    server stops. ``tracer_provider`` is an OpenTelemetry provider to trace with, whatever
    ``[otel]`` says; whoever gave it shuts it down. Raises ``ConfigError`` for settings that must
    not be served, ``MissingExtra``. ``app.state.runtime`` is private to this room.
    """
    told = settings if settings is not None else Settings()
    runtime = Runtime(told, catalog, tracer_provider)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    door = Middleware(Door, gate=runtime.gate, quota=runtime.quota)
    app = bare_app(routes(runtime), door, local=told.local, seen=runtime.seen, lifespan=lifespan)
    app.state.runtime = runtime
    return app


def bare_app(
    routes: Sequence[BaseRoute], *inner: Middleware, local: bool, seen: Seen, **more: Any
) -> Starlette:
    """An app behind the edge: requests are counted, errors have the API's shape."""
    app = _App(
        routes=list(routes),
        middleware=[Middleware(Edge, local=local, seen=seen), *inner],
        exception_handlers={HTTPException: _refused},
        **more,
    )
    app.router.redirect_slashes = False
    return app
