"""What the shells ask of a transport: send one call, read its reply. The drivers translate errors.

A driver turns every failure of its library into `TransportError` or `TransportTimeout`; nothing of
httpx2 or aiohttp leaks past it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Protocol, TypeAlias

import msgspec
from msgspec import UnsetType


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds to wait; None waits for ever.

    ``connect`` is for the connection. ``read`` is for silence: the longest time between two pieces
    of an answer, or before its first. A picture may take minutes with nothing on the wire, so
    ``read`` is long unless the server is known to send keep-alives. ``total`` is for the whole:
    tries, resumptions and the waits between them included.
    """

    connect: float | None = 10.0
    read: float | None = 600.0
    total: float | None = None

    @classmethod
    def of(cls, value: float | Timeout | None) -> Timeout:
        """A number bounds connecting and silence; None bounds neither."""
        return value if isinstance(value, Timeout) else cls(connect=value, read=value)


Wait: TypeAlias = float | Timeout | UnsetType | None
"""A timeout as a method takes it; UNSET is the client's own."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, ready to be sent. ``url`` is absolute; header names are lower case."""

    method: str
    url: str
    headers: dict[str, str]
    timeout: Timeout
    body: bytes | None = None


class Reply(Protocol):
    """An answer whose head has come. ``headers`` looks names up in lower case."""

    status: int
    headers: Mapping[str, str]

    def read(self) -> bytes:
        """The whole body; the connection is free afterwards."""

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes; ends at its end and not before."""

    def limit(self, seconds: float | None) -> None:
        """Wait no longer than this for the next piece. A driver that cannot change its mind while
        it reads keeps to the call's timeout. (Asynchronous shells need no such help.)"""

    def close(self) -> None:
        """Give the connection back, or drop it where the body was not read to its end."""


class Transport(Protocol):
    """Sends calls, one thread or many."""

    def send(self, call: Call) -> Reply: ...

    def close(self) -> None: ...


class AsyncReply(Protocol):
    """`Reply`, awaited."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes: ...

    def chunks(self) -> AsyncIterator[bytes]: ...

    async def close(self) -> None: ...


class AsyncTransport(Protocol):
    """`Transport`, awaited."""

    async def send(self, call: Call) -> AsyncReply: ...

    async def close(self) -> None: ...


Send: TypeAlias = Callable[[], Reply]
"""Sends what was decided before; the answer's head has come."""
AsyncSend: TypeAlias = Callable[[], Awaitable[AsyncReply]]
"""`Send`, awaited."""
