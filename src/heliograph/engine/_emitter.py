"""The only way from the engine into a response's log.

``emit`` is synchronous: the event gets its sequence number, the lifecycle machine lets it pass (or
raises), the snapshot folds it, and its entry waits for the next commit. What is emitted without an
``await`` in between therefore goes in one frame, whole or not at all. One append is in flight at a
time; what comes meanwhile goes with the next, so deltas coalesce by themselves when the store is
the slower side.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import cast

from heliograph import lifecycle, models
from heliograph.engine._limits import Limits
from heliograph.engine._observer import UNSEEN, Observer
from heliograph.engine._pictures import Pictures
from heliograph.engine._splice import wire_size
from heliograph.journal import Entry, Journal, Lease

__all__ = ["Emitter"]


class Emitter:
    """Numbers, checks, folds and journals the events of one response under one lease."""

    __slots__ = (
        "_closing",
        "_committed",
        "_idle",
        "_journal",
        "_lease",
        "_limits",
        "_next",
        "_observer",
        "_pending",
        "_pending_bytes",
        "_waiting",
        "machine",
        "pictures",
        "snapshot",
    )

    def __init__(
        self,
        journal: Journal,
        lease: Lease,
        pictures: Pictures,
        limits: Limits,
        observer: Observer = UNSEEN,
    ) -> None:
        self.machine = lifecycle.Machine()
        self.snapshot = lifecycle.Snapshot()
        self.pictures = pictures
        self._journal = journal
        self._lease = lease
        self._limits = limits
        self._observer = observer
        self._next = 0
        self._committed = -1
        self._pending: list[Entry] = []
        self._pending_bytes = 0
        self._closing = False
        self._idle: asyncio.Future[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def replay(self, entry: Entry) -> models.StreamEvent:
        """Take in an entry that the log holds already, in order; returns its event."""
        event = models.decode_event(self.pictures.mend(entry), self._next)
        self.machine.require(event)
        self.snapshot.apply(event)
        self._committed = self._next
        self._next += 1
        return event

    def emit(self, event: models.Event, note: bytes = b"") -> int:
        """Queue an event for the log; returns its size on the wire.

        ``note`` is stored beside it and never shown. Raises ``LifecycleError``, moving nothing.
        """
        event.sequence_number = self._next
        return self.pass_on(cast("models.StreamEvent", event), models.encode(event), note)

    def pass_on(self, event: models.StreamEvent, data: bytes, note: bytes = b"") -> int:
        """Queue an event whose text is at hand and bears the number ``next``; else as ``emit``."""
        entry = self.pictures.cut(data, note)
        self.machine.require(event)
        self.snapshot.apply(event)
        self._next += 1
        self._pending.append(entry)
        self._pending_bytes += len(entry.data)
        self._wake()
        return wire_size(entry)

    def pass_run(
        self,
        first: models.TextDeltaEvent,
        events: Sequence[models.TextDeltaEvent],
        texts: list[bytes],
    ) -> int:
        """Queue the deltas that follow ``first``, which was just passed on, and differ from it in
        number and text only; ``texts`` are theirs. How many that were: all, or none."""
        if self.machine.take_run(first, events, 0) != len(events):
            return 0
        self.snapshot.apply_run(first, "".join([event.delta for event in events]))
        self._pending += self.pictures.cut_each(texts)
        self._next += len(events)
        self._pending_bytes += sum(map(len, texts))
        self._wake()
        return len(events)

    @property
    def response_id(self) -> str:
        """Whose events these are."""
        return self._lease.response_id

    @property
    def next(self) -> int:
        """The next event's sequence number."""
        return self._next

    @property
    def settled(self) -> bool:
        """Whether nothing more is committed but with the response's end (or its release)."""
        return self._closing

    @property
    def full(self) -> bool:
        """Whether so much waits that no more should be asked of a provider."""
        return (
            len(self._pending) >= self._limits.max_pending_events
            or self._pending_bytes >= self._limits.max_pending_bytes
        )

    async def room(self) -> None:
        """Wait until less waits than the limits allow."""
        while self.full:
            await self._commit()

    async def _commit(self) -> None:
        """Wait for the next commit."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def write(self) -> None:
        """Commit what waits, until ``settle``; run as a task. Raises what the journal raises."""
        while not self._closing:
            if self._pending:
                await self._append(self._taken())
            else:
                self._idle = asyncio.get_running_loop().create_future()
                await self._idle

    def _taken(self) -> list[Entry]:
        """What waits, which waits no more. ``write`` gives it no name: it would keep it."""
        entries, self._pending, self._pending_bytes = self._pending, [], 0
        return entries

    async def _append(self, entries: list[Entry]) -> None:
        first = self._committed + 1
        began = time.perf_counter()
        self._committed = await self._journal.append(self._lease, first, entries)
        self._seen(entries, began)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _seen(self, entries: list[Entry], began: float) -> None:
        size = sum([len(entry.data) for entry in entries])
        self._observer.appended(len(entries), size, time.perf_counter() - began)

    def settle(self) -> None:
        """Let ``write`` end once the append in flight is through; what waits goes on waiting."""
        self._closing = True
        self._wake()

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def finish(self, snapshot: Entry) -> None:
        """Commit what waits as the log's last frame, and end the job. ``write`` must have ended."""
        entries, self._pending = self._pending, []
        began = time.perf_counter()
        await self._journal.finish(self._lease, self._committed + 1, entries, snapshot)
        self._seen(entries, began)

    async def release(self) -> None:
        """Commit what waits and give the lease back. ``write`` must have ended."""
        entries, self._pending = self._pending, []
        if entries:
            await self._append(entries)
        await self._journal.release(self._lease)
