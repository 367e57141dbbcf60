"""A client's connection to the host: calls and streams over it, and made again where it breaks."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._attached import _wire as wire
from heliograph.journal._attached._socket import Outbox, connect
from heliograph.journal._base import Frame

__all__ = ["Cut", "Link", "Stream", "repeated"]

log = logging.getLogger("heliograph.journal")

_READ = 256 * 1024
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.5)
"""Seconds between attempts to connect again; the last one goes on."""


class Cut(errors.JournalError):
    """The connection broke while a call was under way: whether it was done is not known."""


class _Refused(errors.JournalError):
    """The host does not want this client; trying again is of no use."""


class Stream:
    """The parts of one stream, each asked for when the one before was used."""

    def __init__(self, link: Link, call: int) -> None:
        self._link = link
        self._call = call
        self._part: asyncio.Future[Frame | None] = _future()
        self._asked = True  # the call itself asks for the first one
        self._ended = False

    def push(self, frame: Frame) -> None:
        """A part came."""
        if self._part.done():
            raise errors.ProtocolError("a part that nobody asked for")
        self._part.set_result(frame)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come."""
        self._ended = True
        if self._part.done():  # the connection broke between two parts
            self._part = _future()
        if error is None:
            self._part.set_result(None)
        else:
            self._part.set_exception(error)

    async def next(self) -> Frame | None:
        """The next part, None at the end. Raises what ended it."""
        if not self._asked and not self._ended:
            self._part = _future()
            self._link.tell(wire.More(self._call))
        self._asked = False
        return await self._part

    def close(self) -> None:
        """No more is wanted."""
        _seen(self._part)
        self._link.forget(self._call, ended=self._ended)


class _Pending:
    """A call that waits for its answer."""

    __slots__ = ("future", "method", "stream")

    def __init__(
        self, method: str, future: asyncio.Future[Any] | None, stream: Stream | None
    ) -> None:
        self.method = method
        self.future = future
        self.stream = stream

    def fail(self, error: BaseException) -> None:
        if self.stream is not None:
            self.stream.end(error)
        elif self.future is not None and not self.future.done():
            self.future.set_exception(error)


class Link:
    """``first_calls`` gives what is to be called before all else on each connection made anew.

    Calls wait while the host is away, ``patience`` seconds at most.
    """

    def __init__(
        self,
        path: Path,
        worker: str,
        patience: float,
        first_calls: Callable[[], Iterable[tuple[str, tuple[Any, ...]]]],
    ) -> None:
        self._path = path
        self._worker = worker
        self._patience = patience
        self._first_calls = first_calls
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._outbox: Outbox | None = None
        self._changed = asyncio.Event()
        self._away_since = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._failed: str | None = "the journal is not open"
        self.refused: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Connect. Raises ``JournalError``."""
        self.refused = asyncio.get_running_loop().create_future()
        try:
            reader, framer = await self._connect()
        except OSError as error:
            raise errors.JournalError(
                f"no server at {self._path} ({error.strerror or error}); "
                "is 'heliograph serve' running on that data folder?"
            ) from None
        self._failed = None
        self._keeper = asyncio.create_task(self._keep(reader, framer))

    async def stop(self) -> None:
        """Disconnect; whoever waits gets ``JournalError``."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if self.refused is not None and not self.refused.done():
            self.refused.cancel()
        self._fail("the journal is not open")
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    # -- calls

    async def call(self, method: str, *args: Any) -> Any:
        """Call and wait for the answer. Raises what the journal raised, and ``Cut``."""
        data = wire.encode(args)
        writer = await self._connected()
        call = next(self._numbers)
        future = _future()
        self._write(wire.Call(call, method, data))
        self._pending[call] = _Pending(method, future, None)
        try:
            with suppress(OSError):  # then the answer will not come either
                await writer.drain()
            value = await future
        except asyncio.CancelledError:
            self.tell(wire.Cancel(call))
            raise
        finally:
            self._pending.pop(call, None)
            _seen(future)
        if wire.lease_in(value) is not None:
            if self._writer is not writer:
                raise Cut("the connection broke before the lease was taken")
            self.tell(wire.Took(call))
        return value

    async def stream(self, method: str, *args: Any) -> Stream:
        """Begin a stream; to be closed by the caller."""
        await self._connected()
        call = next(self._numbers)
        stream = Stream(self, call)
        self._write(wire.Call(call, method, wire.encode(args)))
        self._pending[call] = _Pending(method, None, stream)
        return stream

    def forget(self, call: int, *, ended: bool) -> None:
        """A stream is closed."""
        known = self._pending.pop(call, None)
        if known is not None and not ended:
            self.tell(wire.Cancel(call))

    def tell(self, message: wire.ToHost) -> None:
        """Send what is of use on the current connection only."""
        if self._writer is not None:
            self._write(message)

    def _write(self, message: wire.ToHost) -> None:
        data = wire.pack(message)
        if self._writer is None or self._outbox is None:
            raise Cut("the connection broke")
        self._outbox.write(data)

    async def _connected(self) -> asyncio.StreamWriter:
        loop = asyncio.get_running_loop()
        while True:
            if self._failed is not None:
                raise errors.JournalError(self._failed)
            if self._writer is not None:
                return self._writer
            left = self._away_since + self._patience - loop.time()
            if left <= 0:
                raise errors.JournalError(
                    f"the server at {self._path} has been away for over {self._patience:g} s"
                )
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    # -- the connection

    async def _keep(self, reader: asyncio.StreamReader, framer: wire.Framer) -> None:
        while True:
            try:
                await self._listen(reader, framer)
            except (OSError, errors.ProtocolError) as error:
                log.warning("the connection to %s broke: %s", self._path, error)
            except _Refused as error:
                self._fail(str(error))
                return
            self._broken()
            try:
                reader, framer = await self._connect_again()
            except errors.JournalError as error:
                self._fail(str(error))
                return
            log.info("attached to %s again", self._path)
            self._reattach()

    def _broken(self) -> None:
        log.warning("the server at %s is away", self._path)
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = None
        self._away_since = asyncio.get_running_loop().time()
        for waiting in self._pending.values():
            waiting.fail(Cut("the connection broke"))
        self._pending.clear()

    def _reattach(self) -> None:
        for method, args in self._first_calls():
            call = next(self._numbers)
            future = _future()
            future.add_done_callback(_seen)
            self._pending[call] = _Pending(method, future, None)
            self._write(wire.Call(call, method, wire.encode(args)))
        self._changed.set()

    async def _connect_again(self) -> tuple[asyncio.StreamReader, wire.Framer]:
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            try:
                return await self._connect()
            except (OSError, errors.ProtocolError):
                await asyncio.sleep(pause)
        raise AssertionError

    async def _connect(self) -> tuple[asyncio.StreamReader, wire.Framer]:
        """Connect and say hello. Raises ``OSError``, ``ProtocolError``, ``JournalError``."""
        reader, writer = await asyncio.open_unix_connection(sock=connect(self._path), limit=_READ)
        try:
            writer.write(wire.pack(wire.Hello(wire.MAGIC, wire.VERSION, self._worker)))
            framer = wire.Framer(wire.ToClient)
            async with asyncio.timeout(_limits.GREETING_SECONDS):
                while not (found := framer.feed(await _some(reader))):
                    pass
        except BaseException:
            writer.close()
            raise
        (greeting, _), *more = found
        if more or not isinstance(greeting, wire.Welcome):
            writer.close()
            reason = greeting.reason if isinstance(greeting, wire.Refused) else "no welcome"
            raise _Refused(f"the server at {self._path} refused: {reason}")
        self._writer, self._outbox = writer, Outbox(writer)
        return reader, framer

    async def _listen(self, reader: asyncio.StreamReader, framer: wire.Framer) -> None:
        while data := await reader.read(_READ):
            for message, _ in framer.feed(data):
                self._take(message)

    def _take(self, message: wire.ToClient) -> None:
        if isinstance(message, wire.Refused):
            raise _Refused(f"the server at {self._path} refused: {message.reason}")
        if isinstance(message, wire.Welcome):
            raise errors.ProtocolError("a second welcome")
        known = self._pending.get(message.id)
        if known is None:
            return  # it was cancelled meanwhile
        if isinstance(message, wire.Failed):
            del self._pending[message.id]
            known.fail(wire.error_of(message))
        elif isinstance(message, wire.Part):
            frame = wire.decode(known.method, message.value, result=True)
            if known.stream is None:
                raise errors.ProtocolError("a part of what is no stream")
            known.stream.push(frame)
        elif known.stream is not None:
            del self._pending[message.id]
            known.stream.end()
        elif known.future is not None and not known.future.done():
            known.future.set_result(wire.decode(known.method, message.value, result=True))

    def _fail(self, reason: str) -> None:
        """There will be no connection any more."""
        self._failed = reason
        for waiting in self._pending.values():
            waiting.fail(errors.JournalError(reason))
        self._pending.clear()
        self._changed.set()
        if self.refused is not None and not self.refused.done():
            self.refused.set_exception(errors.JournalError(reason))
            self.refused.exception()  # also where nobody looks


async def repeated(link: Link, method: str, *args: Any) -> Any:
    """Call what may be called twice."""
    while True:
        with suppress(Cut):
            return await link.call(method, *args)


async def _some(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(_READ)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    return data


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _seen(future: asyncio.Future[Any]) -> None:
    """What it raised may be dropped."""
    if future.done() and not future.cancelled():
        future.exception()
