"""A small HTTP/1.1 server for fakes: on loopback, in a thread of its own, able to misbehave.

A framework's server hides what a fake must do: stop in the middle of a line, stay silent, cut a
connection. So this one writes to the socket itself. It speaks as much of HTTP/1.1 as the clients
of a provider need: keep-alive, ``Content-Length`` and chunked bodies, chunked answers; no TLS, no
pipelining, no trailers.

A fake subclasses ``FakeServer`` and says in ``answer`` what goes out; ``Switches`` are its faults.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

__all__ = ["Events", "FakeServer", "Received", "Reply", "Switches"]

MAX_BODY = 256 * 1024 * 1024
"""Bytes of a request's body that a fake takes in."""

_MAX_HEAD = 64 * 1024
_START_SECONDS = 10.0

Self = TypeVar("Self", bound="FakeServer")


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What a fake does wrong; all off by default. Times are seconds.

    - ``slow``: the pause before each event of a stream, and before a whole answer.
    - ``silent``: the silence between the request and the first byte of the answer.
    - ``stall``: the silence after the first event of a stream.
    - ``cut``: the connection is cut in the middle of the line of this event (counted from 0) of a
      stream; in an answer that is no stream, in the middle of the body.
    - ``status``: answer with this status and the API's error body. ``retry_after`` goes into the
      header ``Retry-After``, ``error`` replaces fields of the error.
    - ``error_at``: this event (counted from 0) of a stream is an error, told as the API tells it,
      and the stream ends there; ``error`` counts here too.
    - ``bad_json``: what should be JSON is not. ``wrong_types``: it is, with fields of wrong types.
    - ``no_stream``: a request that asks for a stream is refused with a 400 that says so.
    - ``ignore_stream``: a request that asks for a stream gets a whole answer.
    - ``endless``: a stream goes on for ever.
    - ``times``: only so many requests meet the switches above; later ones are served well.
    """

    slow: float = 0.0
    silent: float = 0.0
    stall: float = 0.0
    cut: int | None = None
    status: int | None = None
    retry_after: float | str | None = None
    error: Mapping[str, Any] | None = None
    error_at: int | None = None
    bad_json: bool = False
    wrong_types: bool = False
    no_stream: bool = False
    ignore_stream: bool = False
    endless: bool = False
    times: int | None = None


@dataclass
class Received:
    """A request as it came, and what became of it. ``target`` is path and query, word for word.

    ``done`` is set when the answer is complete or given up; ``abandoned`` says that the client
    closed the connection before that.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    abandoned: bool = False
    done: threading.Event = field(default_factory=threading.Event)
    target: str = ""

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    def form(self) -> list[tuple[str, bytes]]:
        """The fields of a multipart body, in order."""
        boundary = self.headers.get("content-type", "").partition("boundary=")[2].strip('"')
        if not boundary:
            return []
        found = []
        for part in self.body.split(b"--" + boundary.encode())[1:-1]:
            head, _, value = part.partition(b"\r\n\r\n")
            name = head.partition(b'name="')[2].partition(b'"')[0]
            found.append((name.decode(), value.removesuffix(b"\r\n")))
        return found


class CutHere(Exception):
    """The connection ends now, whatever was promised."""


class Reply:
    """The answer to one request: ``whole`` at once, or piece by piece (``start, write, end``)."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._chunked = False
        self.begun = False
        self.ended = False

    async def whole(
        self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """An answer with its length."""
        await self._head(status, {**(headers or {}), "content-length": str(len(body))})
        self._writer.write(body)
        await self._writer.drain()
        self.ended = True

    async def json(
        self, document: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """A JSON document."""
        told = {"content-type": "application/json", **(headers or {})}
        await self.whole(msgspec.json.encode(document), status, told)

    async def start(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Begin a chunked answer; a stream of events unless ``headers`` say otherwise."""
        told = {"content-type": "text/event-stream", "cache-control": "no-store", **(headers or {})}
        self._chunked = True
        await self._head(status, {**told, "transfer-encoding": "chunked"})

    async def write(self, data: bytes) -> None:
        """One chunk."""
        if data:
            self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await self._writer.drain()

    async def end(self) -> None:
        """The last chunk."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        self.ended = True

    async def cut(self, data: bytes = b"", length: int | None = None) -> None:
        """Send ``data``, the beginning of something longer, and cut the connection.

        For an answer not yet begun ``length`` is the length that it promises.
        """
        if not self.begun:
            told = {"content-type": "application/json"}
            await self._head(200, {**told, "content-length": str(length or len(data) + 1)})
            self._writer.write(data)
        elif data:
            self._writer.write(b"%x\r\n%b" % (len(data) + 1, data))
        await self._writer.drain()
        raise CutHere

    async def hang_up(self, promised: bytes = b"") -> None:
        """Close the connection before the answer's end; all that was sent arrives before that.

        Where the answer has not begun, ``promised`` is the half of one that is.
        """
        if not self.begun:
            length = str(len(promised) + 1)
            await self._head(200, {"content-type": "application/json", "content-length": length})
            self._writer.write(promised)
        self._writer.close()
        await self._writer.wait_closed()
        raise CutHere

    async def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.begun = True
        lines = [f"HTTP/1.1 {status} Fake", *(f"{k}: {v}" for k, v in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        await self._writer.drain()


class FakeServer:
    """Base of the fakes: ``with Fake(status=429) as fake:`` serves until the block ends.

    ``url`` is its address without a path. ``requests`` are those it got, oldest first; ``switches``
    may be set anew at any time (``set``), and count for requests that come later. It works from
    synchronous and asynchronous tests alike: it runs in a thread and an event loop of its own.
    """

    def __init__(self, **switches: Any) -> None:
        self.switches = Switches(**switches)
        self.requests: list[Received] = []
        self.port = 0
        self.errors: list[BaseException] = []
        self._left = self.switches.times
        self._connections: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._refused: OSError | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def set(self, **switches: Any) -> None:
        """Other switches from now on; what is not named is off."""
        with self._lock:
            self.switches = Switches(**switches)
            self._left = self.switches.times

    def begin(self: Self) -> Self:
        """Listen, on a free port unless one was set. Raises ``OSError`` where it cannot be had."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready)), name=type(self).__name__, daemon=True
        )
        self._thread.start()
        if not ready.wait(_START_SECONDS):
            raise RuntimeError("the fake did not start")
        if self._refused is not None:
            self._thread.join()
            self._loop = self._thread = None
            refused, self._refused = self._refused, None
            raise refused
        return self

    def end(self) -> None:
        """Stop, cut what is open, and raise what a bug in the fake raised."""
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._loop = self._thread = None
        if self.errors:
            raise self.errors[0]

    def __enter__(self: Self) -> Self:
        return self.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        """What a fake says: overridden by each. ``switches`` are those that count for this one."""
        await reply.json({"error": {"message": f"no such path: {request.path}"}}, 404)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            server = await asyncio.start_server(
                self._connected, "127.0.0.1", self.port, limit=_MAX_HEAD
            )
        except OSError as error:
            self._refused = error
            ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await self._stop.wait()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine under asyncio always runs in one
        self._connections.add(task)
        try:
            given = _Input(reader)
            while await self._exchange(given, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, CutHere):
            pass
        except asyncio.CancelledError:
            pass  # the fake ends: nothing is left to answer
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _exchange(self, given: _Input, writer: asyncio.StreamWriter) -> bool:
        request = await given.request(writer)
        if request is None:
            return False
        with self._lock:
            self.requests.append(request)
            switches = self._for_this_one()
        reply = Reply(writer)
        work = asyncio.create_task(self._work(request, reply, switches))
        gone = asyncio.create_task(given.gone())
        error: BaseException | None = None
        left = True
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            left = not work.done()
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)
            error = None if work.cancelled() else work.exception()
            request.abandoned = left or isinstance(error, ConnectionError)
            request.done.set()
        if error is not None and not isinstance(error, (ConnectionError, CutHere)):
            self.errors.append(error)
        return error is None and reply.ended

    async def _work(self, request: Received, reply: Reply, switches: Switches) -> None:
        await asyncio.sleep(switches.silent)
        await self.answer(request, reply, switches)

    def _for_this_one(self) -> Switches:
        if self._left is None:
            return self.switches
        if self._left <= 0:
            return Switches()
        self._left -= 1
        return self.switches


class _Input:
    """What comes in on a connection."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._ahead = b""

    async def gone(self) -> None:
        """Returns when the client has closed the connection.

        A byte that comes instead begins the next request: a fast client sends it before the task
        that wrote the answer has ended.
        """
        self._ahead = await self._reader.read(1)
        if self._ahead:
            await asyncio.Event().wait()

    async def request(self, writer: asyncio.StreamWriter) -> Received | None:
        """The next request, None where the client has closed."""
        try:
            head = self._ahead + await self._reader.readuntil(b"\r\n\r\n")
            self._ahead = b""
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return None
            raise
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts = urlsplit(target)
        request = Received(method, parts.path, dict(parse_qsl(parts.query)), headers)
        request.target = target
        if "chunked" in headers.get("transfer-encoding", "").lower():
            request.body = b"".join([chunk async for chunk in self._chunks()])
        elif length := int(headers.get("content-length", "0")):
            if length > MAX_BODY:
                raise ConnectionError("the request's body is too long for a fake")
            request.body = await self._reader.readexactly(length)
        return request

    async def _chunks(self) -> AsyncIterator[bytes]:
        left = MAX_BODY
        while True:
            size = int((await self._reader.readline()).split(b";")[0], 16)
            left -= size
            if left < 0:
                raise ConnectionError("the request's body is too long for a fake")
            data = await self._reader.readexactly(size)
            await self._reader.readline()
            if not size:
                return
            yield data


class Events:
    """A stream of events, sent with its switches: ``send`` each, then ``end``."""

    def __init__(self, reply: Reply, switches: Switches) -> None:
        self._reply = reply
        self._switches = switches
        self.count = 0

    async def send(self, document: Any, name: str | None = None) -> None:
        """One event: a JSON document (or bytes as they are), with its name where it has one.

        Each waits ``slow``, the second one ``stall``; event ``cut`` goes out by half before the
        connection ends.
        """
        switches = self._switches
        if not self.count:
            await self._reply.start()
        await asyncio.sleep(switches.slow + (switches.stall if self.count == 1 else 0))
        data = document if isinstance(document, bytes) else msgspec.json.encode(document)
        head = b"" if name is None else b"event: %b\n" % name.encode()
        if switches.cut == self.count:
            await self._reply.cut(head + b"data: " + data[: len(data) // 2])
        await self._reply.write(b"%bdata: %b\n\n" % (head, data))
        self.count += 1

    async def end(self) -> None:
        """The stream's proper end."""
        await self._reply.end()
