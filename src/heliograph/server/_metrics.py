"""Prometheus metrics: the table of all there are, the counting, and the page.

``TABLE`` is the whole truth: the page and docs/operations.md are made from it. Labels are bounded:
methods and routes are those of this server, models and providers those of its configuration, and
what is none of these counts as ``other``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from heliograph.server._tally import Cell, Counter, Histogram

__all__ = ["OTHER", "TABLE", "Metrics", "Row"]

OTHER = "other"
"""The label of what is not configured here."""

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_APPEND = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)
_BYTES = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 8388608.0)


class Row(NamedTuple):
    """One metric. ``bounds`` are a histogram's."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str
    bounds: tuple[float, ...] = ()


TABLE = (
    Row(
        "heliograph_http_requests_total",
        "counter",
        ("method", "route", "status"),
        "Requests answered; a WebSocket counts at its end, 499 is a client that left before.",
    ),
    Row(
        "heliograph_http_request_seconds",
        "histogram",
        ("route",),
        "From a request to the end of its answer; of a stream, to its last event.",
        _SLOW,
    ),
    Row("heliograph_http_requests_open", "gauge", (), "Requests under way."),
    Row(
        "heliograph_streams_open",
        "gauge",
        ("transport",),
        "Responses being streamed to a client: sse or websocket.",
    ),
    Row("heliograph_sockets_open", "gauge", (), "WebSockets open."),
    Row(
        "heliograph_first_event_seconds",
        "histogram",
        ("transport",),
        "From a request (or a turn on a WebSocket) to its first event.",
        _FAST,
    ),
    Row("heliograph_events_sent_total", "counter", ("transport",), "Events sent to clients."),
    Row("heliograph_bytes_sent_total", "counter", (), "Bytes of answers, without heads."),
    Row(
        "heliograph_events_total",
        "counter",
        ("store",),
        "Events appended to a journal: stored, or passing (`store: false`).",
    ),
    Row(
        "heliograph_responses_total",
        "counter",
        ("model", "status"),
        "Runs of responses that ended here; handed_over and lost ones go on elsewhere.",
    ),
    Row(
        "heliograph_responses_waiting",
        "gauge",
        ("store", "tier"),
        "Queue depth: responses in the journal that nobody has claimed, by `service_tier`.",
    ),
    Row(
        "heliograph_admission_refused_total",
        "counter",
        ("limit",),
        "Requests answered 429 because the queue was as long as `limit` allows.",
    ),
    Row(
        "heliograph_queue_expired_total",
        "counter",
        (),
        "Responses ended `failed` here because nobody had begun them in time (max_queued_seconds).",
    ),
    Row(
        "heliograph_responses_running",
        "gauge",
        ("store",),
        "Responses under way in this process.",
    ),
    Row(
        "heliograph_response_seconds",
        "histogram",
        (),
        "From the claim of a response to the end of its run.",
        _SLOW,
    ),
    Row(
        "heliograph_step_seconds",
        "histogram",
        ("kind", "model"),
        "One chat step or one picture, whoever does it, retries included.",
        _SLOW,
    ),
    Row(
        "heliograph_step_errors_total",
        "counter",
        ("kind", "model", "error"),
        "Chat steps and pictures that failed, by the kind of error.",
    ),
    Row(
        "heliograph_provider_seconds",
        "histogram",
        ("provider", "kind", "model"),
        "One request to an upstream, to the end of its answer.",
        _SLOW,
    ),
    Row(
        "heliograph_provider_first_byte_seconds",
        "histogram",
        ("provider", "kind", "model"),
        "One request to an upstream, to the first byte of its answer's body.",
        _SLOW,
    ),
    Row(
        "heliograph_provider_errors_total",
        "counter",
        ("provider", "kind", "model", "error"),
        "Requests to upstreams that failed, by the kind of error.",
    ),
    Row(
        "heliograph_provider_resting_seconds",
        "gauge",
        ("provider",),
        "Seconds for which a chat upstream is left alone (breaker open, Retry-After); 0: is asked.",
    ),
    Row(
        "heliograph_images_waiting",
        "gauge",
        (),
        "Pictures for the Images APIs that wait for a place (max_images_at_once).",
    ),
    Row("heliograph_images_drawing", "gauge", (), "Pictures under way, hosted calls included."),
    Row(
        "heliograph_journal_append_seconds",
        "histogram",
        ("store",),
        "One append to the journal, its queue and commit included.",
        _APPEND,
    ),
    Row(
        "heliograph_journal_frame_bytes",
        "histogram",
        ("store",),
        "Bytes of an appended frame, pictures aside.",
        _BYTES,
    ),
    Row("heliograph_blob_bytes_total", "counter", (), "Bytes of pictures handed to blob stores."),
    Row("heliograph_workers_attached", "gauge", (), "Worker processes attached to this server."),
    Row(
        "heliograph_queue_oldest_seconds",
        "gauge",
        ("store",),
        "Age of the response that waits longest to be claimed; 0: none waits.",
    ),
    Row(
        "heliograph_readers_lag_events",
        "gauge",
        ("store",),
        "Events in the log that the slowest reader here has still to take.",
    ),
    Row(
        "heliograph_catch_ups_total",
        "counter",
        (),
        "Times that followers of a response had missed something and went back to its log.",
    ),
    Row(
        "heliograph_sweeps_total",
        "counter",
        ("found",),
        "Responses put right by the sweeper: lapsed (owner lost), unqueued (its job was taken and "
        "not claimed: redelivered), ended, deleted, unmade (leftovers).",
    ),
    Row(
        "heliograph_provider_places_held",
        "gauge",
        ("provider",),
        "Places of an upstream (max_concurrent) that this process holds.",
    ),
    Row(
        "heliograph_provider_places_waiting",
        "gauge",
        ("provider",),
        "Requests of this process that wait for a place of the upstream.",
    ),
    Row(
        "heliograph_appends_fenced_total",
        "counter",
        ("store",),
        "Appends that the journal refused because another owner has the response.",
    ),
    Row(
        "heliograph_takeovers_total",
        "counter",
        (),
        "Claims of responses whose owner before was lost.",
    ),
    Row(
        "heliograph_fenced_total",
        "counter",
        (),
        "Runs that ended because another owner had the response.",
    ),
)
"""Every metric of ours; those of the process and of Python come from prometheus-client."""

_FAMILIES = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
}


class Metrics:
    """One server's numbers, in a registry of their own."""

    def __init__(self, models: Collection[str], providers: Collection[str]) -> None:
        self._models = frozenset(models)
        self._providers = frozenset(providers)
        self._sums = {row.name: Counter() for row in TABLE if row.kind != "histogram"}
        self._cells = {row.name: Histogram(row.bounds) for row in TABLE if row.kind == "histogram"}
        for row in TABLE:
            if not row.labels:  # what has no labels is there from the start, at 0
                if row.kind == "histogram":
                    self._cells[row.name].at()
                else:
                    self._sums[row.name].add(by=0)
        self._registry = CollectorRegistry()
        self._registry.register(_Collected(self))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter or gauge. Short names: without ``heliograph_``."""
        self._sums[f"heliograph_{name}"].values[labels] += by

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._sums[f"heliograph_{name}"].values[labels] = value

    def drop(self, name: str, *labels: str) -> None:
        """Show no value: it is not known now."""
        self._sums[f"heliograph_{name}"].values.pop(labels, None)

    def counter(self, name: str) -> Counter:
        """A counter to count with often."""
        return self._sums[f"heliograph_{name}"]

    def at(self, name: str, *labels: str) -> Cell:
        """A histogram's cell, to observe with."""
        return self._cells[f"heliograph_{name}"].at(*labels)

    def model(self, name: object) -> str:
        """A model as a label."""
        return name if isinstance(name, str) and name in self._models else OTHER

    def provider(self, name: object) -> str:
        """A provider as a label."""
        return name if isinstance(name, str) and name in self._providers else OTHER

    def page(self, accept: str) -> tuple[bytes, str]:
        """The numbers as text and its media type, as ``accept`` asks for."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def families(self) -> Iterator[Metric]:
        """The numbers, by the table."""
        for row in TABLE:
            if row.kind == "histogram":
                yield self._histogram(row)
                continue
            family = _FAMILIES[row.kind](row.name, row.help, labels=row.labels)
            for labels, value in self._sums[row.name].values.items():
                family.add_metric(labels, value)
            yield family

    def _histogram(self, row: Row) -> Metric:
        family = HistogramMetricFamily(row.name, row.help, labels=row.labels)
        for labels, cell in self._cells[row.name].cells.items():
            buckets: list[tuple[str, float]] = []
            so_far = 0
            for bound, count in zip((*row.bounds, "+Inf"), cell.counts, strict=True):
                so_far += count
                buckets.append((str(bound), so_far))
            family.add_metric(labels, buckets, cell.total)
        return family


class _Collected(Collector):
    """The registry's way to the numbers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics.families()
