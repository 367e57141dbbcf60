"""uvicorn's HTTP protocol with a bound on a request's head, which the C parser itself has not."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["http_protocol"]


class _Pipeline(list[Any]):
    """Requests sent before their turn: nearly always none, for which a deque takes 700 bytes."""

    __slots__ = ()

    def appendleft(self, one: Any) -> None:
        self.insert(0, one)


class _Event(asyncio.Event):
    """One or two wait for it, for whom a deque, too, takes 600 bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._waiters = []  # type: ignore[assignment]


class _BoundedHead(HttpToolsProtocol):
    """Refuses a request line with headers of more than ``max_head_bytes`` (and one read)."""

    # Past thirty attributes an instance's dict costs over a kilobyte more, on each connection.
    __slots__ = ("_head_bytes", "_in_head")

    max_head_bytes = 64 * 1024

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = True
        self.pipeline = _Pipeline()  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        writable = _Event()
        writable.set()
        self.flow._is_writable_event = writable

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        over = self._in_head and self._head_bytes > self.max_head_bytes
        if over and not self.transport.is_closing():
            self.send_400_response("The request's head is over max_head_bytes.")

    def on_headers_complete(self) -> None:
        self._in_head = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # whose task has not begun to run
            self.cycle.message_event = _Event()

    def on_message_complete(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()


def http_protocol(max_head_bytes: int) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn with this bound."""
    return type("BoundedHead", (_BoundedHead,), {"max_head_bytes": max_head_bytes})
