"""The journal beyond one machine: NATS JetStream.

``_names`` says what is where, ``_records`` what is in it; ``_commit`` is the fence, ``_wire`` the
connection. ``_creating``, ``_claims``, ``_owners`` and ``_erasing`` write logs, ``_queue`` hands
out work, ``_feeds`` follows, ``_sweeper`` puts right. This module joins them.

Every call that may write runs to its end even where its caller is cancelled: what it was granted
is then given back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
from nats.aio.msg import Msg

from heliograph import errors
from heliograph.journal._base import (
    Clock,
    Created,
    Entry,
    Frame,
    Journal,
    Lease,
    LeaseState,
    Load,
    NewResponse,
    Queued,
    Record,
)
from heliograph.journal._bucket import Bucket
from heliograph.journal._counts import Counts
from heliograph.journal._following import Page, follow
from heliograph.journal._frames import check_entries, check_request
from heliograph.journal._nats import _limits
from heliograph.journal._nats._absence import Absence
from heliograph.journal._nats._claims import Claims
from heliograph.journal._nats._connection import Login
from heliograph.journal._nats._creating import Creating
from heliograph.journal._nats._erasing import Erasing
from heliograph.journal._nats._examine import examine
from heliograph.journal._nats._feeds import Feeds
from heliograph.journal._nats._intake import Intake
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._places import NatsPlaces
from heliograph.journal._nats._probe import check_calls, check_sync
from heliograph.journal._nats._queue import REDO, group
from heliograph.journal._nats._records import Job, Live, unpack
from heliograph.journal._nats._records import Record as LogRecord
from heliograph.journal._nats._register import NatsRegister
from heliograph.journal._nats._setup import check_server, open_streams
from heliograph.journal._nats._sweeper import Sweeper
from heliograph.journal._nats._whole import Whole
from heliograph.journal._nats._wire import Wire
from heliograph.journal._places import Board
from heliograph.journal._signal import Claimers
from heliograph.journal.checkup import Finding, Waiting

__all__ = ["NatsJournal"]

log = logging.getLogger("heliograph.journal")

SHARDS = 64


class NatsJournal(Journal):
    """A journal on the NATS servers at ``servers`` (``nats://host:4222``).

    ``replicas`` 3 survives the loss of a server, 1 does not. ``shards`` streams hold the events;
    their number can only grow. ``prefix`` begins all subjects and streams. ``monitors`` are the
    servers' monitoring addresses (``http://host:8222``), the only place that tells whether they
    flush what they acknowledge. ``bucket`` is where pictures go, and whatever is too large for a
    message; None is the servers' own object store. ``clock`` gives seconds since the epoch;
    processes that share a journal should agree on it within a second.
    """

    def __init__(
        self,
        servers: str | Sequence[str],
        *,
        replicas: int = 3,
        shards: int = SHARDS,
        prefix: str = "heliograph",
        login: Login | None = None,
        monitors: Sequence[str] = (),
        bucket: Bucket | None = None,
        clock: Clock = time.time,
    ) -> None:
        if not 1 <= shards <= _limits.MAX_SHARDS:
            raise errors.ConfigError(
                f"journal.shards: {shards}; 1 to {_limits.MAX_SHARDS} are possible"
            )
        self._clock = clock
        self._monitors = tuple(monitors)
        self._replicas = replicas
        self._name = f"journal-{secrets.token_hex(6)}"
        self._names = names = Names(prefix, shards)
        urls = [servers] if isinstance(servers, str) else list(servers)
        self._wire = wire = Wire(urls, login or Login(), self._gap)
        self.counts = Counts()
        self._feeds = Feeds(wire, names, self.counts, lambda *known: self._owners.written(*known))
        self._parts = parts = Parts(wire, names, clock, replicas, self._feeds.erased, bucket)
        self.blobs = parts.blobs
        self._board = Board(clock, self._check_open)
        self.places = NatsPlaces(wire, names, clock, self._board)
        self._register = NatsRegister(wire, names)
        self._owners = owners = Owners(parts)
        self._claims = Claims(parts, owners)
        self._absence = Absence(wire, names)
        self._creating = Creating(parts, owners)
        self._erasing = Erasing(parts, owners)
        self._sweeper = Sweeper(parts, owners, self.counts)
        self.intake = Intake(parts, owners)
        self._claimers = Claimers()
        self._offers: dict[frozenset[str], float] = {}
        self._listens = False
        self._attached: set[tuple[str, str]] = set()
        self._open = False
        self._chores: list[asyncio.Task[None]] = []
        self._whole = Whole(self._check_open)
        self._to_its_end = self._whole.run

    @property
    def register(self) -> NatsRegister:
        """What all processes share beside responses."""
        return self._register

    # -- open and close

    async def start(self) -> None:
        """Connect, check the servers, make what streams are missing.

        Raises ``JournalError`` where the servers cannot be reached or cannot be trusted.
        """
        if self._open:
            raise errors.JournalError("the journal is open already")
        await self._wire.connect()
        try:
            check_server(self._wire.info)
            await open_streams(self._wire, self._names, self._replicas)
            await self._parts.open_blobs()
            await check_calls(self._wire, self._names, self._clock)
            await check_sync(self._monitors)
        except BaseException:
            self._parts.blobs.close()
            await self._wire.close()
            raise
        self._open = True
        self._chores = [
            asyncio.create_task(self._every(_limits.SWEEP_SECONDS, self._sweep)),
            asyncio.create_task(self._every(_limits.SETTLE_SECONDS, self._feeds.compare)),
        ]

    async def examine(self) -> tuple[list[Finding], list[Waiting]]:
        """What is right and what is wrong with the servers, and what waits; only before ``start``.

        Nothing that it writes stays.
        """
        return await examine(self._parts, self._replicas, self._monitors)

    async def stop(self) -> None:
        """Let go of what is held here, wake who waits, disconnect. Harmless where not open."""
        if not self._open:
            return
        self._open = self._listens = False
        self._claimers.wake_all()
        self._board.wake()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        deadline = asyncio.get_running_loop().time() + _limits.STOP_SECONDS
        await self._whole.settle(_limits.STOP_SECONDS)
        try:
            async with asyncio.timeout_at(deadline + 1):
                await self._let_go()
        except (errors.JournalError, TimeoutError) as exc:
            log.warning("NATS journal: leases are left to run out: %s", exc or "no answer")
        await self._feeds.settle()
        self._parts.blobs.close()
        await self._wire.close()

    async def _let_go(self) -> None:
        """Nobody reads or owns through here any more; others need not wait for the lapse."""
        await self._parts.kept.sweeps_no_more(self._name)
        for response_id, reader in sorted(self._attached):
            await self._detach(response_id, reader)
        held = [
            (one.live[0].created_at, response_id, one.tip.record.epoch)
            for response_id, one in self._owners.held.items()
            if one.live is not None
        ]
        self._owners.held.clear()
        for _, response_id, epoch in sorted(held):
            await self._owners.requeue(response_id, epoch)

    async def _every(self, seconds: float, chore: Any) -> None:
        # A cancellation alone may be lost: Python 3.11's ``wait_for`` drops one that comes as its
        # future is done.
        while self._open:
            await asyncio.sleep(seconds)
            try:
                await chore()
            except errors.JournalError as exc:
                log.warning("NATS journal: %s", exc)

    async def _sweep(self) -> None:
        if await self._parts.kept.sweeps(self._name, _limits.SWEEPER_SECONDS):
            await self._sweeper.sweep()

    def _gap(self, subject: str | None) -> None:
        self._feeds.lost(subject)
        self._parts.queue.doubt()
        self._claimers.wake_all()

    def _check_open(self) -> None:
        if not self._open:
            raise errors.JournalError("the journal is not open")

    # -- the job queue

    def placed(self, response_id: str) -> str:
        """See ``Journal.placed``: the shard."""
        return self._names.place(response_id)

    async def create(self, new: NewResponse) -> Created:
        """See ``Journal.create``."""
        self._check_open()
        check_request(new)

        async def unwanted(created: Created) -> None:
            if created.lease is not None:
                await self.release(created.lease)

        created = await self._to_its_end(self._creating.create(new), unwanted)
        if created.lease is not None:
            self._claimers.granted(new.claim_seconds)
        elif created.fresh:
            self._claimers.wake(new.capabilities)
        return created

    async def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        """See ``Journal.keyed``."""
        self._check_open()
        return await self._creating.keyed(tenant, key, body_digest)

    async def claim(
        self,
        worker: str,
        capabilities: Collection[str],
        *,
        lease: float,
        wait: float,
        begun: bool = False,
    ) -> Lease | None:
        """See ``Journal.claim``. Turns are by what this process knows of the queue and of others'
        turns: see ``_queue``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        offered = frozenset(capabilities)
        listening = None
        await self._asks(offered)
        try:
            while True:
                self._check_open()
                seen = self._claimers.count
                found = await self._to_its_end(
                    self._claims.look(worker, offered, lease, begun), self._unwanted
                )
                left = deadline - loop.time()
                if found is not None:
                    self._claimers.granted(lease)
                if found is not None or left <= 0:
                    return found
                if listening is None:
                    listening = await self._wire.subscribe(
                        self._names.new(REDO if begun else "*"),
                        self._woken,
                        queue=group(offered, begun),
                    )
                    continue
                await self._claimers.wait(offered, min(left, _limits.POLL_SECONDS), seen, begun)
        finally:
            if listening is not None:
                await self._wire.leave(listening)

    async def claim_overdue(self, worker: str, *, lease: float) -> Lease | None:
        """See ``Journal.claim_overdue``. First in, first out per kind: background, foreground."""
        self._check_open()
        found = await self._to_its_end(self._claims.overdue(worker, lease), self._unwanted)
        if found is not None:
            self._claimers.granted(lease)
        return found

    async def _asks(self, offered: frozenset[str]) -> None:
        """Someone here asks for work: others are to be heard, and to be answered."""
        self._check_open()
        self._offers[offered] = asyncio.get_running_loop().time()
        if not self._listens:
            self._listens = True
            await self._wire.subscribe(self._names.took(), self._took)
            await self._wire.subscribe(self._names.who(), self._answer)

    async def _woken(self, message: Msg) -> None:
        needs, redo = await self._parts.queue.heard(message.subject)
        self._claimers.wake(needs, begun=redo)

    async def _took(self, message: Msg) -> None:
        if message.data != self._parts.queue.name:
            self._parts.queue.taken(message.subject)

    async def _answer(self, message: Msg) -> None:
        now = asyncio.get_running_loop().time()
        lately = [o for o, at in self._offers.items() if now - at < _limits.ASKED_SECONDS]
        await self._wire.tell(message.reply, msgspec.json.encode([sorted(one) for one in lately]))

    async def _unwanted(self, lease: Lease | None) -> None:
        if lease is not None:
            await self._owners.release(lease)
            self._claimers.wake_all()

    async def renew(self, lease: Lease, *, seconds: float) -> LeaseState:
        """See ``Journal.renew``."""
        return await self._to_its_end(self._owners.renew(lease, seconds))

    async def release(self, lease: Lease) -> None:
        """See ``Journal.release``."""
        await self._to_its_end(self._owners.release(lease))
        self._claimers.wake_all()

    # -- the log

    async def append(self, lease: Lease, first: int, entries: Sequence[Entry]) -> int:
        """See ``Journal.append``."""
        check_entries(entries)
        with self.counts:
            return await self._to_its_end(self._owners.append(lease, first, tuple(entries)))

    async def finish(
        self, lease: Lease, first: int, entries: Sequence[Entry], snapshot: Entry
    ) -> int:
        """See ``Journal.finish``."""
        check_entries(entries, least=0)
        check_entries([snapshot])
        work = self._owners.finish(lease, first, tuple(entries), snapshot)
        with self.counts:
            return await self._to_its_end(work)

    def read(self, tenant: str, response_id: str, after: int = -1) -> AsyncGenerator[Frame, None]:
        """See ``Journal.read``."""
        following = self._feeds.follow(response_id, reads=True)
        return follow(following, self._page, self._check_open, tenant, response_id, after)

    async def _page(self, tenant: str, response_id: str, after: int) -> Page:
        self._names.shard(response_id)
        await self._feeds.ready(response_id)
        page = partial(self._parts.logs.page, tenant, response_id, after)
        return await self._absence.sure(response_id, page)

    async def get(self, tenant: str, response_id: str) -> Record:
        """See ``Journal.get``."""
        self._check_open()
        return await self._absence.sure(response_id, partial(self._get, tenant, response_id))

    async def _get(self, tenant: str, response_id: str) -> Record:
        tip, first, known = await asyncio.gather(
            self._parts.logs.tip_for(tenant, response_id),
            self._parts.logs.first(response_id),
            self._parts.lives.read(response_id),
        )
        last = tip.record
        if first is None or first.record.kind != "create":
            raise errors.UnknownResponse(response_id)
        made = await self._parts.logs.made(first.record)
        end = await self._parts.logs.end(last) if last.kind == "end" else None
        cancelled = end.cancel_requested if end else known is not None and known[0].cancel_requested
        return Record(
            response_id=response_id,
            tenant=tenant,
            state="finished" if end else "running" if last.running else "queued",
            request=made.request,
            background=made.background,
            created_at=made.created_at,
            epoch=last.epoch,
            takeovers=last.takeovers,
            last_seq=last.last_seq,
            cancel_requested=cancelled,
            snapshot=end.snapshot if end else None,
            finished_at=end.finished_at if end else None,
            expires_at=end.expires_at if end else None,
            context=made.context,
            priority=made.priority,
        )

    # -- what others ask of a response

    async def delete(self, tenant: str, response_id: str) -> None:
        """See ``Journal.delete``."""

        def allowed(last: LogRecord) -> bool:
            return last.tenant == tenant

        if not await self._to_its_end(self._erasing.delete(response_id, allowed)):
            raise errors.UnknownResponse(response_id)

    async def cancel(self, tenant: str, response_id: str) -> None:
        """See ``Journal.cancel``."""
        self._check_open()

        def new(live: Live) -> Live:
            return live if live.cancel_requested else live.but(cancel_requested=True)

        await self._change(tenant, response_id, new)

    async def _change(self, tenant: str, response_id: str, new: Any) -> bool:
        """Change a tenant's live record; False where it has ended. Raises ``UnknownResponse``."""
        change = partial(self._change_once, tenant, response_id, new)
        return await self._absence.sure(response_id, change)

    async def _change_once(self, tenant: str, response_id: str, new: Any) -> bool:
        known = await self._parts.lives.read(response_id)
        if known is None or known[0].tenant != tenant:
            await self._parts.logs.tip_for(tenant, response_id)
            return False
        return await self._parts.lives.change(response_id, new, known) is not None

    async def cancelled(self, lease: Lease) -> None:
        """See ``Journal.cancelled``."""
        with self._feeds.follow(lease.response_id) as tail:
            while True:
                self._check_open()
                seen = tail.moved.count
                await self._feeds.ready(lease.response_id)
                known = await self._parts.lives.read(lease.response_id)
                if known is not None and known[0].cancel_requested:
                    return
                if not await self._owners.current(lease):
                    return
                await tail.moved.wait(seen)

    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        """See ``Journal.attach``. Its readers write the live record so often that a sweep may not
        come to it: who attaches to a response that nobody makes any more sees to it."""
        self._check_open()
        left = False

        def new(live: Live) -> Live:
            nonlocal left
            left = 0 < live.until <= self._clock()
            readers = live.read_by()
            readers.attach(reader, self._clock(), seconds)
            return live.with_readers(readers)

        if await self._change(tenant, response_id, new):
            self._attached.add((response_id, reader))
        if left:
            await self._owners.afterwards(response_id, self._sweeper.put_right(response_id))

    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        """See ``Journal.detach``."""
        self._check_open()
        with suppress(errors.UnknownResponse):
            known = await self._parts.lives.read(response_id)
            if known is not None and known[0].tenant == tenant:
                await self._detach(response_id, reader)
        self._attached.discard((response_id, reader))

    async def _detach(self, response_id: str, reader: str) -> None:
        def new(live: Live) -> Live | None:
            readers = live.read_by()
            readers.detach(reader, self._clock())
            return live.with_readers(readers)

        await self._parts.lives.change(response_id, new)

    async def load(self) -> Load:
        """See ``Journal.load``: by what the servers count, so near enough."""
        self._check_open()
        names = self._names
        opened = await asyncio.gather(
            *(
                self._wire.names(names.events(shard), names.all_of(shard, "live"))
                for shard in range(names.shards)
            )
        )
        return await self._parts.queue.load(sum(map(len, opened)))

    async def queued(self, tenant: str) -> Queued:
        """See ``Journal.queued``."""
        self._check_open()
        return await self._parts.queue.depth(tenant)

    async def oldest(self) -> float | None:
        """See ``Journal.oldest``: of the job that came first into the queue."""
        self._check_open()
        pattern = f"{self._names.prefix}.jobs.>"
        first = await self._wire.next(self._names.jobs, pattern, 1)
        return None if first is None else unpack(first.data, Job).created_at

    @property
    def lag(self) -> int:
        """See ``Journal.lag``."""
        return self._feeds.lag

    async def expire(self) -> int:
        """See ``Journal.expire``."""
        self._check_open()
        return await self._erasing.expire()
