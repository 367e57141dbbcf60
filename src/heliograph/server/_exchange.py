"""One request as logs and metrics see it; the edge makes it, whoever learns something fills it in.

It is in ``scope["state"]["exchange"]`` and, for those without a scope, in the context.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Literal

from starlette.types import Scope

from heliograph.server._metrics import Metrics

__all__ = ["EXCHANGE", "Exchange", "exchange_of"]

Transport = Literal["sse", "websocket"]

_bodies = logging.getLogger("heliograph.bodies")

MAX_LOGGED_BODY = 64 * 1024
"""Bytes of a request's body that are logged where bodies are logged at all."""


class _Streaming:
    """A stream counted while it is open; a generator would take 300 bytes more for as long."""

    __slots__ = ("_metrics", "_transport")

    def __init__(self, metrics: Metrics, transport: Transport) -> None:
        self._metrics = metrics
        self._transport = transport

    def __enter__(self) -> None:
        self._metrics.add("streams_open", self._transport)

    def __exit__(self, *exception: object) -> None:
        self._metrics.add("streams_open", self._transport, by=-1)


class Exchange:
    """What is known of a request so far.

    ``tenant`` and ``key_id`` are set by whoever knows the key; ``key_id`` names it and is not the
    key. ``response_id`` is the last response's on a WebSocket. ``first_event`` is in seconds from
    the request, on a WebSocket from the turn, None before it. ``left`` says why a stream was not
    sent to its end: ``gone`` (the client), ``closing`` (the server), ``cut`` (it was deleted, or
    the journal failed).
    """

    __slots__ = (
        "_began_at",
        "_cells",
        "_metrics",
        "_sent",
        "began",
        "bodies",
        "bytes",
        "events",
        "first_event",
        "key_id",
        "left",
        "request_id",
        "response_id",
        "status",
        "tenant",
        "transport",
        "turns",
    )

    def __init__(
        self, request_id: str, metrics: Metrics, transport: Transport, *, bodies: bool
    ) -> None:
        self._metrics = metrics
        self._sent = metrics.counter("events_sent_total").values
        self._cells = (transport,)
        self.transport: Transport = transport
        self.request_id = request_id
        self.response_id = ""
        self.tenant = ""
        self.key_id = ""
        self.left = ""
        self.status = 0
        self.bytes = 0
        self.events = 0
        self.turns = 0
        self.first_event: float | None = None
        self.bodies = bodies
        self.began = self._began_at = time.perf_counter()

    def streaming(self) -> AbstractContextManager[None]:
        """Around a response being streamed."""
        return _Streaming(self._metrics, self.transport)

    @contextmanager
    def socket(self) -> Iterator[None]:
        """Around an accepted WebSocket."""
        self._metrics.add("sockets_open")
        try:
            yield
        finally:
            self._metrics.add("sockets_open", by=-1)

    def turn(self) -> None:
        """A turn on the WebSocket begins."""
        self.turns += 1
        self.first_event = None
        self._began_at = time.perf_counter()

    def sent(self, events: int) -> None:
        """So many events were sent to the client."""
        self.events += events
        self._sent[self._cells] += events
        if self.first_event is None and events:
            self.first_event = time.perf_counter() - self._began_at
            self._metrics.at("first_event_seconds", self.transport).observe(self.first_event)

    def body(self, data: bytes | bytearray) -> None:
        """The request's body came: it is logged where the settings ask for that by name."""
        if self.bodies:
            text = bytes(data[:MAX_LOGGED_BODY]).decode("utf-8", "replace")
            _bodies.info("request body", extra={"body": text, "body_bytes": len(data)})


EXCHANGE: ContextVar[Exchange | None] = ContextVar("heliograph_exchange", default=None)


def exchange_of(scope: Scope) -> Exchange:
    """The request's exchange."""
    exchange: Exchange = scope["state"]["exchange"]
    return exchange
