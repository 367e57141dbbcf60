"""Joins logs, metrics and traces to the rooms below: their observer, and the edge's."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.types import Receive, Scope, Send

from heliograph import errors, providers
from heliograph.engine import TIERS, Engine, Pools
from heliograph.journal import Journal
from heliograph.server._body import header
from heliograph.server._exchange import EXCHANGE, Exchange
from heliograph.server._log import access
from heliograph.server._metrics import OTHER, Metrics

if TYPE_CHECKING:
    from heliograph.server._settings import Settings
    from heliograph.server._trace import Request as RequestSpan
    from heliograph.server._trace import Span, Tracer

__all__ = ["MetricsAnswer", "Seen", "Sources"]

_log = logging.getLogger("heliograph.engine")
_upstreams = logging.getLogger("heliograph.providers")

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "WS"})
_RESPONSE_ID = re.compile(r"resp_\w{1,64}", re.ASCII)
_LEFT = 499
_ASK_SECONDS = 2.0
"""For the journal to tell of its queue, before the page goes without."""
_REFUSALS = frozenset({"bad_request", "content_policy"})
"""Kinds of failures that are the request's fault."""
_GONE = (asyncio.CancelledError, GeneratorExit)
_TRACE_HEADERS = (b"traceparent", b"tracestate")


def _kind_of(error: BaseException) -> str:
    return error.kind if isinstance(error, errors.ProviderError) else "bug"


class _Watching:
    """One piece of work under way: timed, counted, and a span where traces are wanted."""

    __slots__ = ("_began", "_facts", "_first", "_lane", "_span", "_work")

    def __init__(
        self, lane: _Lane, work: providers.Work, facts: dict[str, Any], span: Span | None
    ) -> None:
        self._lane = lane
        self._work = work
        self._facts = facts
        self._span = span
        self._first = False
        self._began = time.perf_counter()

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self._span is None else self._span.headers

    def tell(self, **facts: Any) -> None:
        self._facts |= facts
        if self._span is not None:
            self._span.tell(facts)

    def first(self) -> None:
        if self._first:
            return
        self._first = True
        if self._work == "upstream":
            self._lane.first_byte(self._facts, time.perf_counter() - self._began)
        if self._span is not None:
            self._span.first()

    def follows(self, headers: Mapping[str, str]) -> None:
        if self._span is not None:
            self._span.follows(headers)

    def __enter__(self) -> _Watching:
        if self._span is not None:
            self._span.enter()
        self._lane.begun(self._work)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._span is not None:
            self._span.leave(error)
        self._lane.ended(self._work, self._facts, error, time.perf_counter() - self._began)


class _Lane:
    """``engine.Observer`` of one journal's engine, ``journal.Watcher`` of its worker processes."""

    def __init__(self, metrics: Metrics, tracer: Tracer | None, store: str) -> None:
        self._metrics = metrics
        self._tracer = tracer
        self._events = metrics.counter("events_total").values
        self._labels = (store,)
        self._appends = metrics.at("journal_append_seconds", store)
        self._frames = metrics.at("journal_frame_bytes", store)

    def watch(self, work: providers.Work, **facts: Any) -> _Watching:
        span = None if self._tracer is None else self._tracer.begin(work, facts)
        return _Watching(self, work, facts, span)

    def claimed(self, takeovers: int) -> None:
        if takeovers:
            self._metrics.add("takeovers_total")

    def fenced(self) -> None:
        self._metrics.add("fenced_total")

    def refused(self, limit: str) -> None:
        self._metrics.add("admission_refused_total", limit)

    def expired(self) -> None:
        self._metrics.add("queue_expired_total")

    def attached(self, change: int) -> None:
        self._metrics.add("workers_attached", by=change)

    def appended(self, events: int, size: int, seconds: float) -> None:
        self._events[self._labels] += events
        self._appends.observe(seconds)
        self._frames.observe(size)

    def stored(self, size: int) -> None:
        self._metrics.add("blob_bytes_total", by=size)

    def begun(self, work: str) -> None:
        if work in ("image", "drawing"):
            self._metrics.add("images_drawing")

    def first_byte(self, facts: Mapping[str, Any], seconds: float) -> None:
        self._metrics.at("provider_first_byte_seconds", *self._upstream(facts)).observe(seconds)

    def ended(
        self, work: str, facts: Mapping[str, Any], error: BaseException | None, seconds: float
    ) -> None:
        if work in ("image", "drawing"):
            self._metrics.add("images_drawing", by=-1)
        failure = None if error is None or isinstance(error, _GONE) else _kind_of(error)
        if work == "response":
            self._response(facts, seconds)
            return
        if work == "upstream":
            labels = self._upstream(facts)
            self._metrics.at("provider_seconds", *labels).observe(seconds)
            if failure is not None:
                self._metrics.add("provider_errors_total", *labels, failure)
                self._failed(labels, failure, seconds)
            return
        done = ("chat" if work == "chat" else "image", self._metrics.model(facts.get("model")))
        self._metrics.at("step_seconds", *done).observe(seconds)
        failure = failure or facts.get("error")
        if failure is not None:
            self._metrics.add("step_errors_total", *done, failure)

    @staticmethod
    def _failed(upstream: tuple[str, str, str], failure: str, seconds: float) -> None:
        provider, kind, model = upstream
        fields = {
            "provider": provider,
            "kind": kind,
            "model": model,
            "error": failure,
            "ms": round(seconds * 1e3, 1),
        }
        level = logging.INFO if failure in _REFUSALS else logging.WARNING
        _upstreams.log(level, "request to an upstream failed", extra=fields)

    def _upstream(self, facts: Mapping[str, Any]) -> tuple[str, str, str]:
        metrics = self._metrics
        return metrics.provider(facts["provider"]), facts["kind"], metrics.model(facts["model"])

    def _response(self, facts: Mapping[str, Any], seconds: float) -> None:
        status = facts.get("status", "handed_over")
        self._metrics.add("responses_total", self._metrics.model(facts.get("model")), status)
        self._metrics.at("response_seconds").observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            fields = {
                "response_id": facts["id"],
                "model": facts.get("model", ""),
                "status": status,
                "ms": round(seconds * 1e3, 1),
                "events": facts.get("events", 0),
                "takeovers": facts["takeovers"] or None,
            }
            _log.info("response %s", status, extra=fields)


class Sources(NamedTuple):
    """Where a page looks: journals and engines by what they store, and what else there is."""

    lanes: Mapping[str, tuple[Journal, Engine]]
    catalog: providers.Catalog
    pools: Pools
    drawings_waiting: int = 0


class Seen:
    """How one server is seen: its metrics, its traces, and the observers of its engines."""

    def __init__(
        self, settings: Settings, catalog: providers.Catalog, tracer: Tracer | None
    ) -> None:
        self._settings = settings
        self._tracer = tracer
        self.metrics = Metrics([card.id for card in catalog.cards()], settings.providers)
        self.stored = _Lane(self.metrics, tracer, "stored")
        self.passing = _Lane(self.metrics, tracer, "passing")
        self._token = settings.metrics.token()
        self.bodies = settings.log.bodies

    async def aclose(self) -> None:
        """Export the traces that wait."""
        if self._tracer is not None:
            await self._tracer.aclose()

    def exchange(self, scope: Scope, request_id: str) -> AbstractContextManager[Exchange]:
        """Around a request; when it is over, it is counted, logged, and its span ended."""
        http = scope["type"] == "http"
        exchange = Exchange(
            request_id,
            self.metrics,
            "sse" if http else "websocket",
            bodies=self.bodies,
        )
        scope.setdefault("state", {})["exchange"] = exchange
        scope["state"]["request_id"] = request_id
        method = scope["method"] if http else "WS"
        method = method if method in _METHODS else OTHER
        span = None
        if self._tracer is not None:
            span = self._tracer.request(method, _trace_headers(scope))
        return _Around(self, scope, exchange, method, span)

    def about(self, exchange: Exchange, scope: Scope, method: str) -> dict[str, Any]:
        """What is told of it."""
        named = scope.get("path_params", {}).get("response_id", "")
        if not exchange.response_id and _RESPONSE_ID.fullmatch(named):
            exchange.response_id = named
        return {
            "method": method,
            "route": getattr(scope.get("route"), "path", OTHER),
            "status": exchange.status or _LEFT,
            "request_id": exchange.request_id,
            "response_id": exchange.response_id,
            "tenant": exchange.tenant,
        }

    def answered(self, exchange: Exchange, about: dict[str, Any]) -> None:
        """Count and log it."""
        seconds = time.perf_counter() - exchange.began
        labels = about["method"], about["route"], str(about["status"])
        self.metrics.add("http_requests_total", *labels)
        self.metrics.at("http_request_seconds", about["route"]).observe(seconds)
        self.metrics.add("bytes_sent_total", by=exchange.bytes)
        access(exchange, about, seconds)

    def admit(self, scope: Scope) -> None:
        """Whether the request may read the metrics. Raises ``AuthenticationError``."""
        told = self._settings
        if self._token is not None:
            given = header(scope, b"authorization") or b""
            if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
                raise errors.AuthenticationError(
                    "metrics: send the token of metrics.token_env as 'Authorization: Bearer TOKEN'",
                    code="metrics_token",
                )
        elif not told.local and not told.metrics.public:
            raise errors.AuthenticationError(
                "metrics: not shown on an address that other machines reach; set metrics.token_env "
                "to the name of a token's variable, or metrics.public = true",
                code="metrics_not_public",
            )

    async def page(self, sources: Sources, accept: str) -> tuple[bytes, str]:
        """The metrics as text, and its media type; what is only known now is looked up."""
        put = self.metrics.put
        for name, (journal, engine) in sources.lanes.items():
            await self._lane(name, journal)
            put("responses_running", engine.running, name)
        put("images_waiting", sources.drawings_waiting)
        for provider, rest in sources.catalog.rests().items():
            put("provider_resting_seconds", rest, provider)
        for provider, pool in sources.pools.pools.items():
            put("provider_places_held", pool.held, provider)
            put("provider_places_waiting", pool.waiting, provider)
        return self.metrics.page(accept)

    async def _lane(self, name: str, journal: Journal) -> None:
        """What a journal knows; what it cannot be asked for now is not shown."""
        put, counts = self.metrics.put, journal.counts
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                load, oldest = await asyncio.gather(journal.load(), journal.oldest())
        except (errors.JournalError, TimeoutError):
            for tier in TIERS:
                self.metrics.drop("responses_waiting", name, tier)
            self.metrics.drop("queue_oldest_seconds", name)
        else:
            for tier, waiting in zip(TIERS, load.waiting, strict=True):
                put("responses_waiting", waiting, name, tier)
            put("queue_oldest_seconds", 0 if oldest is None else max(0, time.time() - oldest), name)
        put("readers_lag_events", journal.lag, name)
        put("appends_fenced_total", counts.fenced, name)
        if name == "stored":
            put("catch_ups_total", counts.caught_up)
            for found, count in counts.swept.items():
                put("sweeps_total", count, found)


class _Around:
    """A request under way; a generator would take 400 bytes more for as long."""

    __slots__ = ("_before", "_exchange", "_method", "_observed", "_scope", "_seen", "_span")

    def __init__(
        self,
        seen: Seen,
        scope: Scope,
        exchange: Exchange,
        method: str,
        span: RequestSpan | None,
    ) -> None:
        self._seen = seen
        self._scope = scope
        self._exchange = exchange
        self._method = method
        self._span = span

    def __enter__(self) -> Exchange:
        self._before = EXCHANGE.set(self._exchange)
        self._observed = providers.OBSERVER.set(self._seen.passing)
        self._seen.metrics.add("http_requests_open")
        if self._span is not None:
            self._span.__enter__()
        return self._exchange

    def __exit__(self, *exception: Any) -> None:
        about = self._seen.about(self._exchange, self._scope, self._method)
        if self._span is not None:
            self._span.tell(about)
            self._span.__exit__(*exception)
        self._seen.answered(self._exchange, about)
        self._seen.metrics.add("http_requests_open", by=-1)
        providers.OBSERVER.reset(self._observed)
        EXCHANGE.reset(self._before)


def _trace_headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in _TRACE_HEADERS
    }


class MetricsAnswer:
    """The answer to ``GET /metrics``."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self._body = body
        self._media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", self._media_type.encode()),
            (b"content-length", str(len(self._body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
