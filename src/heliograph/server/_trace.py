"""OpenTelemetry traces. Imported only where they are wanted: the extra ``otel`` brings the library.

Attribute names are those of the semantic conventions, where they have one: HTTP (stable) and
generative AI (``gen_ai.*``, in development). No span bears what a user or a model said, nor an
error's words: ``error.type`` has the error's kind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from heliograph import errors, providers
from heliograph._version import __version__
from heliograph.server._seen_settings import Otel

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

__all__ = ["Tracer", "exporting"]

_EXPORT_SECONDS = 2.0
"""How long the last spans may take when the server stops."""

_W3C = TraceContextTextMapPropagator()
_INSIDE = frozenset({"response", "chat", "image"})
_KINDS = {"request": trace.SpanKind.SERVER, "upstream": trace.SpanKind.CLIENT}
_NAMES = {
    "response": "response",
    "chat": "chat {model}",
    "image": "execute_tool image_generation",
    "drawing": "generate_content {model}",
    "upstream": "{method}",
}
_FIXED: dict[str, dict[str, str]] = {
    "chat": {"gen_ai.operation.name": "chat"},
    "image": {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "image_generation",
        "gen_ai.output.type": "image",
    },
    "drawing": {"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "image"},
}
_ATTRIBUTES = {
    "model": "gen_ai.request.model",
    "provider": "gen_ai.provider.name",
    "finish": "gen_ai.response.finish_reasons",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "method": "http.request.method",
    "route": "http.route",
    "error": "error.type",
    "request_id": "heliograph.request.id",
    "response_id": "gen_ai.response.id",
}
_OF_WORK = {
    ("response", "id"): "gen_ai.response.id",
    ("image", "item"): "gen_ai.tool.call.id",
    ("upstream", "status"): "http.response.status_code",
    ("request", "status"): "http.response.status_code",
}

_Value = str | bool | int | float | Sequence[str]


def _attributes(work: str, facts: Mapping[str, Any]) -> dict[str, _Value]:
    told: dict[str, _Value] = {}
    for name, value in facts.items():
        if name == "url":
            told |= _address(value)
        elif name == "finish":
            told[_ATTRIBUTES[name]] = [value]
        elif value not in ("", None):
            known = _OF_WORK.get((work, name)) or _ATTRIBUTES.get(name)
            told[known or f"heliograph.{name}"] = value
    return told


def _address(url: str) -> dict[str, _Value]:
    """Where a request goes, without what could be a secret: user, password and query."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    full = f"{parts.scheme}://{shown}:{port}{parts.path}"
    return {"url.full": full, "server.address": host, "server.port": port}


class Span:
    """One span under way."""

    def __init__(self, tracer: trace.Tracer, work: str, facts: Mapping[str, Any]) -> None:
        self._work = work
        self._token: Token[Context] | None = None
        self._span = tracer.start_span(
            _NAMES[work].format_map(facts),
            kind=_KINDS.get(work, trace.SpanKind.INTERNAL),
            attributes={**_FIXED.get(work, {}), **_attributes(work, facts)},
        )

    @property
    def headers(self) -> dict[str, str]:
        """``traceparent``, and ``tracestate`` where there is one."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(self._span))
        return carrier

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Add attributes."""
        self._span.set_attributes(_attributes(self._work, facts))
        if self._work == "response" and "model" in facts:
            self._span.update_name(f"response {facts['model']}")

    def first(self) -> None:
        """Mark the first piece of the result."""
        self._span.add_event("first_byte")

    def follows(self, headers: Mapping[str, str]) -> None:
        """Link to the span that ``headers`` name."""
        linked = trace.get_current_span(_W3C.extract(dict(headers))).get_span_context()
        if linked.is_valid:
            self._span.add_link(linked)

    def enter(self) -> None:
        """What is begun from here on belongs to it, if its kind of work is left in its own task."""
        if self._work in _INSIDE:
            self._token = context.attach(trace.set_span_in_context(self._span))

    def leave(self, error: BaseException | None) -> None:
        """It ended."""
        if self._token is not None:
            context.detach(self._token)
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._span.set_attribute("heliograph.abandoned", True)
        elif error is not None:
            kind = error.kind if isinstance(error, errors.ProviderError) else type(error).__name__
            self._span.set_attribute("error.type", kind)
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()


class Request:
    """The span of a request, a context manager; what is begun inside belongs to it."""

    def __init__(self, tracer: trace.Tracer, method: str, headers: Mapping[str, str]) -> None:
        self._span = tracer.start_span(
            method, context=_W3C.extract(dict(headers)), kind=trace.SpanKind.SERVER
        )

    def __enter__(self) -> Request:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Method, route, status and the like, once they are known."""
        self._span.set_attributes(_attributes("request", facts))
        self._span.update_name(f"{facts['method']} {facts['route']}")
        if facts["status"] >= 500:
            self._span.set_attribute("error.type", str(facts["status"]))
            self._span.set_status(trace.StatusCode.ERROR)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        context.detach(self._token)
        self._span.end()


class Tracer:
    """Begins spans with ``provider``, which is ours to shut down where ``exporter`` is given."""

    def __init__(
        self, provider: trace.TracerProvider, exporter: OTLPSpanExporter | None = None
    ) -> None:
        self._provider = provider
        self._exporter = exporter
        self._tracer = provider.get_tracer("heliograph", __version__)

    def begin(self, work: providers.Work, facts: Mapping[str, Any]) -> Span:
        """A span for a piece of work."""
        return Span(self._tracer, work, facts)

    def request(self, method: str, headers: Mapping[str, str]) -> Request:
        """A span for a request with these headers; a ``traceparent`` among them is its parent."""
        return Request(self._tracer, method, headers)

    async def aclose(self) -> None:
        """Export what waits; a collector that takes it for too long does not get it."""
        if self._exporter is None:
            return
        shutdown: Any = self._provider.shutdown  # type: ignore[attr-defined]
        ending = asyncio.get_running_loop().run_in_executor(None, shutdown)
        if not (await asyncio.wait({ending}, timeout=_EXPORT_SECONDS))[0]:
            give_up: Any = self._exporter.shutdown
            give_up()
        await ending


def exporting(told: Otel) -> Tracer:
    """A tracer that exports over OTLP/HTTP. Raises ``ModuleNotFoundError`` without the extra."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    attributes = {"service.version": __version__}
    name = told.service_name
    resource = Resource.create(attributes)
    if name is not None or resource.attributes["service.name"] == "unknown_service":
        resource = resource.merge(Resource({"service.name": name or "heliograph"}))
    endpoint = told.endpoint
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(None if endpoint is None else f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracer(provider, exporter)
