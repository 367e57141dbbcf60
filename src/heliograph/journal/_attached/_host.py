"""The side that has the journal: serves it to whoever connects."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._attached import _wire as wire
from heliograph.journal._attached._socket import Outbox, listen
from heliograph.journal._base import Journal, Lease
from heliograph.journal._places import Share

__all__ = ["JournalHost", "Watcher"]

log = logging.getLogger("heliograph.journal")

_READ = 256 * 1024

Key = tuple[str, int]
"""A lease by its response and its epoch."""


class Watcher(Protocol):
    """Sees what attached workers do. Called in the host's loop, and often."""

    def attached(self, change: int) -> None:
        """One worker more or less."""

    def claimed(self, takeovers: int) -> None:
        """A worker took a response; ``takeovers`` earlier owners of it were lost."""

    def fenced(self) -> None:
        """A worker learned that another one has its response."""

    def appended(self, events: int, size: int, seconds: float) -> None:
        """A worker's frame is in the log: its entries, their bytes, how long it took."""


class JournalHost:
    """Serves ``journal`` on a unix socket at ``path``, for processes of this user.

    ``journal`` is started before and stopped after by its owner, who has the folder to himself; its
    blobs are files in the folder ``blobs`` beside the socket. The leases of a worker whose
    connection broke run out ``detached_seconds`` later, unless it comes back.
    """

    def __init__(
        self,
        journal: Journal,
        path: str | Path,
        watcher: Watcher | None = None,
        *,
        detached_seconds: float = 1.0,
    ) -> None:
        self.path = Path(path)
        self.journal = journal
        self.watcher = watcher
        self.held: dict[Key, tuple[_Peer, Lease]] = {}
        self.shares: dict[tuple[str, str], tuple[_Peer, Share, int]] = {}
        self.detached_seconds = detached_seconds
        self._server: asyncio.Server | None = None
        self._peers: dict[_Peer, asyncio.Task[None]] = {}
        self._chores: set[asyncio.Task[Any]] = set()
        self.stopping = False

    @property
    def workers(self) -> list[str]:
        """Who is attached, by the names they gave."""
        return sorted(peer.worker for peer in self._peers if peer.worker)

    async def start(self) -> None:
        """Listen. Raises ``JournalError`` where that is not possible there."""
        self._server = await asyncio.start_unix_server(
            self._accept, sock=listen(self.path), limit=_READ
        )

    async def stop(self) -> None:
        """Cut every connection. What was held stays held: workers come back to the next host."""
        if self._server is None:
            return
        self.stopping = True
        self._server.close()
        for peer in tuple(self._peers):
            peer.cut()
        await asyncio.gather(*self._peers.values(), return_exceptions=True)
        await asyncio.gather(*self._chores, return_exceptions=True)
        self._server = None
        self.path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- asyncio runs this as a task
        peer = _Peer(self, reader, writer)
        self._peers[peer] = task
        try:
            await peer.run()
        finally:
            del self._peers[peer]

    def let_go(self, peer: _Peer) -> None:
        """Its connection broke: what it held may be claimed soon, and others have its places."""
        seconds = self.detached_seconds
        for (pool, name), (holder, share, most) in tuple(self.shares.items()):
            if holder is peer:
                del self.shares[pool, name]
                if not self.stopping:
                    last = Share(share.given, share.given, share.back)  # it waits no more
                    say = self.journal.places.share(pool, name, last, most=most, seconds=seconds)
                    self.chore(say)
        for key, (holder, lease) in tuple(self.held.items()):
            if holder is peer:
                del self.held[key]
                if not self.stopping:
                    self.chore(self.journal.renew(lease, seconds=seconds))

    def chore(self, work: Coroutine[None, None, Any]) -> None:
        """Do something that nobody waits for; the journal may refuse."""
        task = asyncio.create_task(_in_silence(work))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


async def _in_silence(work: Coroutine[None, None, Any]) -> None:
    with contextlib.suppress(errors.JournalError):
        await work


class _Peer:
    """One connection."""

    def __init__(
        self, host: JournalHost, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.worker = ""
        self._host = host
        self._reader = reader
        self._writer = writer
        self._outbox = Outbox(writer)
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._methods: dict[int, str] = {}
        self._wanted: dict[int, asyncio.Event] = {}
        self._unwanted: set[int] = set()
        self._granted: dict[int, Lease] = {}
        self._withdrawn: set[int] = set()
        self._bytes = 0
        self._room = asyncio.Event()
        self._greeted = False

    def cut(self) -> None:
        """End the connection."""
        self._writer.transport.abort()

    async def run(self) -> None:
        """Serve until the connection ends, then undo what is half done."""
        framer = wire.Framer(wire.ToHost)
        try:
            while data := await self._reader.read(_READ):
                for message, size in framer.feed(data):
                    self._take(message, size)
                while self._bytes > _limits.MAX_CALL_BYTES:
                    self._room.clear()
                    await self._room.wait()
                await self._writer.drain()
        except errors.ProtocolError as error:
            log.warning("a connection of %s was cut: %s", self.worker or "a stranger", error)
            self._send(wire.Refused(str(error)))
        except OSError:
            pass  # it broke
        finally:
            await self._undo()

    async def _undo(self) -> None:
        calls = tuple(self._calls.values())
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for lease in self._granted.values():
            self._host.chore(self._host.journal.release(lease))
        self._granted.clear()
        self._host.let_go(self)
        self._outbox.flush()
        self._writer.close()
        if self._greeted:
            self._tell_attached(-1)
            log.info("%s is detached", self.worker)

    def _tell_attached(self, change: int) -> None:
        if self._host.watcher is not None:
            self._host.watcher.attached(change)

    # -- messages

    def _take(self, message: wire.ToHost, size: int) -> None:
        if not self._greeted:
            self._greet(message)
        elif isinstance(message, wire.Call):
            self._begin(message, size)
        elif isinstance(message, wire.Cancel):
            self._cancel(message.id)
        elif isinstance(message, wire.Took):
            self._took(message.id)
        elif isinstance(message, wire.More):
            wanted = self._wanted.get(message.id)
            if wanted is not None:  # else the stream has ended meanwhile
                wanted.set()
        else:
            raise errors.ProtocolError("a second hello")

    def _greet(self, message: wire.ToHost) -> None:
        if not isinstance(message, wire.Hello) or message.magic != wire.MAGIC:
            raise errors.ProtocolError("the first message must be a hello")
        if message.version != wire.VERSION:
            raise errors.ProtocolError(
                f"a worker of protocol {message.version}, and this server speaks {wire.VERSION}; "
                "run both from one version of Heliograph"
            )
        self._greeted = True
        self.worker = message.worker
        self._send(wire.Welcome(wire.VERSION))
        self._tell_attached(1)
        log.info("%s is attached", self.worker)

    def _begin(self, call: wire.Call, size: int) -> None:
        if call.id in self._calls or call.id in self._granted:
            raise errors.ProtocolError(f"call {call.id} is under way already")
        args = wire.decode(call.method, call.args, result=False)
        if len(self._calls) >= _limits.MAX_CALLS:
            over = f"over {_limits.MAX_CALLS} calls at once, the limit MAX_CALLS"
            self._send(wire.failed(call.id, errors.JournalError(over)))
            return
        self._bytes += size
        task = asyncio.create_task(self._answer(call.id, call.method, args))
        self._calls[call.id] = task
        self._methods[call.id] = call.method
        task.add_done_callback(lambda _: self._ended(call.id, size))

    def _ended(self, call: int, size: int) -> None:
        task = self._calls.pop(call)
        del self._methods[call]
        self._unwanted.discard(call)
        self._bytes -= size
        self._room.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("a bug ended a worker's call", exc_info=task.exception())
            kind = type(task.exception()).__name__
            self._send(wire.failed(call, errors.JournalError(f"internal error: {kind}")))

    def _cancel(self, call: int) -> None:
        task = self._calls.get(call)
        if task is not None and wire.METHODS[self._methods[call]].waits:
            task.cancel()
        elif task is not None:
            self._unwanted.add(call)
        lease = self._granted.pop(call, None)
        if lease is not None:
            self._host.chore(self._host.journal.release(lease))

    def _withdraw(self, call: int) -> None:
        """A worker that hangs does not take what it was granted: others can have it."""
        lease = self._granted.pop(call, None)
        if lease is not None:
            self._withdrawn.add(call)
            self._host.chore(self._host.journal.release(lease))

    def _took(self, call: int) -> None:
        lease = self._granted.pop(call, None)
        if lease is None and call in self._withdrawn:
            self._withdrawn.discard(call)  # too late: its first append will be refused
            return
        if lease is None:
            raise errors.ProtocolError(f"call {call} was granted no lease")
        self._hold(lease)
        if self._host.watcher is not None:
            self._host.watcher.claimed(lease.takeovers)

    # -- calls

    async def _answer(self, call: int, name: str, args: tuple[Any, ...]) -> None:
        held = args[0] if args and isinstance(args[0], wire.Held) else None
        if held is not None:
            args = (held.lease(), *args[1:])
        named = wire.METHODS[name].named
        plain, by_name = args[: len(args) - len(named)], args[len(args) - len(named) :]
        began = time.perf_counter()
        try:
            if name == "read":
                value: Any = None
                await self._stream(call, *plain)
            else:
                method = attrgetter(name)(self._host.journal)
                if name == "places.share":
                    pool, holder, share, most, _ = args
                    self._host.shares[pool, holder] = self, share, most
                value = await method(*plain, **dict(zip(named, by_name, strict=True)))
            message: wire.ToClient = wire.Result(call, wire.encode(value))
            data = wire.pack(message)
        except errors.JournalError as error:
            if held is not None and isinstance(error, errors.Fenced):
                self._lost(held)
            data = wire.pack(wire.failed(call, error))
        else:
            lease = wire.lease_in(value)
            if lease is not None and call in self._unwanted:
                self._host.chore(self._host.journal.release(lease))
            elif lease is not None:
                self._granted[call] = lease
                later = asyncio.get_running_loop().call_later
                later(_limits.GRANT_SECONDS, self._withdraw, call)
            if held is not None:
                self._done(name, args, time.perf_counter() - began)
        self._outbox.write(data)
        await self._drain()

    async def _stream(self, call: int, tenant: str, response_id: str, after: int) -> None:
        wanted = self._wanted[call] = asyncio.Event()
        frames = self._host.journal.read(tenant, response_id, after)
        try:
            async with contextlib.aclosing(frames):
                async for frame in frames:
                    self._send(wire.Part(call, wire.encode(frame)))
                    await self._drain()
                    await wanted.wait()
                    wanted.clear()
        finally:
            del self._wanted[call]

    def _send(self, message: wire.ToClient) -> None:
        self._outbox.write(wire.pack(message))

    async def _drain(self) -> None:
        """Hold no more answers here than the connection takes."""
        with contextlib.suppress(OSError):  # it broke, which `run` sees
            await self._writer.drain()

    # -- leases

    def _hold(self, lease: Lease) -> None:
        self._host.held[lease.response_id, lease.epoch] = self, lease

    def _lost(self, held: wire.Held) -> None:
        known = self._host.held.pop((held.response_id, held.epoch), None)
        if known is not None and self._host.watcher is not None:
            self._host.watcher.fenced()

    def _done(self, name: str, args: tuple[Any, ...], seconds: float) -> None:
        """What a call under a lease has changed."""
        lease: Lease = args[0]
        if name in ("release", "finish"):
            self._host.held.pop((lease.response_id, lease.epoch), None)
        elif name == "renew":
            self._hold(lease)
        if name in ("append", "finish") and self._host.watcher is not None:
            size = sum(len(entry.data) for entry in args[2])
            self._host.watcher.appended(len(args[2]), size, seconds)
