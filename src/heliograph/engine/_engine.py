"""The engine: takes requests in, and runs the responses it can claim."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import msgspec

from heliograph import errors, journal, lifecycle, models, providers
from heliograph.engine._admission import admit, claim_within
from heliograph.engine._context import Context, Resolved, resolve
from heliograph.engine._echo import Echo
from heliograph.engine._items import new_id
from heliograph.engine._job_run import PictureRun
from heliograph.engine._job_wire import is_step
from heliograph.engine._limits import Limits
from heliograph.engine._observer import UNSEEN, Observer
from heliograph.engine._opening import opening, read_body
from heliograph.engine._page import Page, page_of
from heliograph.engine._pictures import Pictures
from heliograph.engine._relay_ask import read_either
from heliograph.engine._remote import inlined, remote_pictures, stand_ins
from heliograph.engine._run import Run
from heliograph.engine._seal import Seals
from heliograph.engine._slots import Slots
from heliograph.engine._tiers import granted, raise_after
from heliograph.providers.fetch import Fetcher

__all__ = ["Engine", "Plan", "body_digest", "json_of"]

log = logging.getLogger("heliograph.engine")

_RETRY_SECONDS = 1.0

_SWEEP_SECONDS = 2.0
"""Between looks for responses that nobody has claimed in time."""

_SWEPT_AT_ONCE = 4
"""Such responses that are ended at the same time."""

_CONTEXTS = 4096
"""Contexts kept of responses that wait to be claimed, here or by another process."""


def body_digest(body: bytes) -> str:
    """What tells a repeat under one idempotency key from a conflict."""
    return hashlib.sha256(body).hexdigest()


def json_of(request: models.ResponsesRequest | models.CompactRequest) -> dict[str, Any]:
    """What the client really sent. Raises ``BadRequest``."""
    try:
        body: dict[str, Any] = msgspec.json.decode(models.encode(request))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise errors.BadRequest(
            f"the request holds text or numbers that cannot be used: {error}",
            param="$",
            code="invalid_json",
        ) from None
    return body


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a checked request comes to. ``relayed``: its upstream may be the one to begin it."""

    model: str
    image_model: str | None
    capabilities: tuple[str, ...]
    relayed: bool
    store: bool
    background: bool
    stream: bool
    priority: int
    resolved: Resolved | None = None


class Engine:
    """Runs responses out of one journal with the providers of one catalog.

    The journal is started before and stopped after by its owner. ``worker`` names this engine in
    leases. ``echo_hosted_tools`` False leaves hosted tools out of the ``tools`` and ``tool_choice``
    that the response repeats (``@openrouter/sdk`` 0.1.27 refuses them there). ``fetcher`` gets the
    pictures that requests name by address; without one such requests are refused. ``seals`` seal
    what clients keep for it; without any, it opens only what it has sealed itself. A response runs
    in a copy of the context that it was submitted in, if that was here; ``observer`` sees it run.
    ``capabilities`` are what it does of what the catalog can do, all of it unless given: it owns
    responses of those chat models, draws with those image models for itself and for other owners,
    and orders the pictures of others (step jobs). ``hurried`` are the tenants whose requests may
    have the service tier ``priority``, ``*`` for all; those of others are ``default``.
    """

    def __init__(
        self,
        store: journal.Journal,
        catalog: providers.Catalog,
        limits: Limits | None = None,
        *,
        worker: str | None = None,
        clock: journal.Clock = time.time,
        echo_hosted_tools: bool = True,
        fetcher: Fetcher | None = None,
        observer: Observer = UNSEEN,
        seals: Seals | None = None,
        capabilities: Collection[str] | None = None,
        hurried: Collection[str] = (),
    ) -> None:
        self.journal = store
        self.catalog = catalog
        self.limits = limits if limits is not None else Limits()
        self.worker = worker if worker is not None else f"worker-{secrets.token_hex(6)}"
        self._clock = clock
        self._echo_hosted_tools = echo_hosted_tools
        self._hurried = frozenset(hurried)
        self._fetcher = fetcher
        self.seals = seals if seals is not None else Seals()
        self._claiming: list[asyncio.Task[None]] = []
        self._sweeping: asyncio.Task[None] | None = None
        self._runs: dict[asyncio.Task[None], tuple[Run | PictureRun, asyncio.Semaphore]] = {}
        self._observer = observer
        self.capabilities = catalog.capabilities() if capabilities is None else tuple(capabilities)
        self._asked: OrderedDict[str, contextvars.Context] = OrderedDict()
        count = self.limits.concurrency
        reserve = int(count * self.limits.takeover_reserve)
        self._slots = Slots(count, reserve)
        # Their own: owners that wait for pictures of each other must not fill all the places.
        self._step_slots = Slots(count, reserve)

    @property
    def running(self) -> int:
        """How many responses it runs now."""
        return len(self._runs)

    async def start(self, *, claims: bool = True) -> None:
        """Begin to claim and run responses, and to end those that nobody claims in time.

        Without ``claims`` that end is all it brings about.
        """
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep())
        if not claims or self._claiming:
            return
        pictures = [name for name in self.capabilities if name.startswith("image:")]
        for able, slots in ((self.capabilities, self._slots), (pictures, self._step_slots)):
            if able or slots is self._slots:
                for begun in (False, True):
                    self._claiming.append(asyncio.create_task(self._claim(able, slots, begun)))

    async def stop(self, grace: float) -> None:
        """Claim no more, let what runs finish within ``grace`` seconds, hand over the rest.

        What is handed over is claimable at once and does not count as a takeover.
        """
        tasks = [*self._claiming, *([] if self._sweeping is None else [self._sweeping])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._claiming, self._sweeping = [], None
        if self._runs:
            await asyncio.wait(self._runs, timeout=grace)
        for run, _ in self._runs.values():
            run.hand_over()
        if self._runs:
            await asyncio.wait(self._runs)

    async def _sweep(self) -> None:
        """End what nobody claims in time: whoever could, may not be there at all."""
        slots = asyncio.Semaphore(_SWEPT_AT_ONCE)
        while True:
            await slots.acquire()
            lease = None
            try:
                lease = await self.journal.claim_overdue(
                    self.worker, lease=self.limits.lease_seconds
                )
            except errors.JournalError as error:
                log.error("no overdue response can be looked for: %s", error)
            finally:
                if lease is None:
                    slots.release()
            if lease is None:
                await asyncio.sleep(_SWEEP_SECONDS)
            else:
                self._run(lease, slots)

    async def _claim(self, capabilities: Collection[str], slots: Slots, begun: bool) -> None:
        while True:
            place = await (slots.take_reserved() if begun else slots.take())
            lease = None
            try:
                lease = await self.journal.claim(
                    self.worker,
                    capabilities,
                    lease=self.limits.lease_seconds,
                    wait=self.limits.claim_seconds,
                    begun=begun,
                )
            except errors.JournalError as error:
                log.error("no response can be claimed: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
            finally:
                if lease is None:
                    place.release()
            if lease is not None:
                self._run(lease, place)

    def _run(self, lease: journal.Lease, place: asyncio.Semaphore) -> None:
        asked = self._asked.pop(lease.response_id, None)
        self._observer.claimed(lease.takeovers)
        try:
            run = self._run_of(lease)
        except msgspec.DecodeError as error:
            log.error("%s: its request cannot be read: %s", lease.response_id, error)
            place.release()
            return
        task = asyncio.create_task(run.run(), name=f"heliograph {lease.response_id}", context=asked)
        self._runs[task] = run, place
        task.add_done_callback(self._done)

    def _run_of(self, lease: journal.Lease) -> Run | PictureRun:
        work = (lease, self.journal, self.catalog, self.limits, self._clock)
        if is_step(lease.tenant):
            return PictureRun(*work, self._observer)
        return Run(
            *work,
            self.seals.of(lease.tenant),
            able=self.capabilities,
            echo_hosted_tools=self._echo_hosted_tools,
            observer=self._observer,
        )

    def _done(self, task: asyncio.Task[None]) -> None:
        _, place = self._runs.pop(task)
        place.release()
        if not task.cancelled() and task.exception() is not None:
            log.error("%s: a bug ended it", task.get_name(), exc_info=task.exception())

    async def resolve(self, tenant: str, request: models.ResponsesRequest) -> Resolved | None:
        """Look up what the request goes on from: ``previous_response_id``, item references; and
        fetch the pictures that it names by address, once nothing else is wrong with it.

        None where there is nothing of that. Raises ``BadRequest``; with pictures to fetch what
        ``check`` and ``Fetcher.pictures`` raise too.
        """
        resolved = await resolve(self.journal, tenant, request, self.limits, self.seals.of(tenant))
        if self._fetcher is None or not self._fetcher.on:
            return resolved
        wanted = remote_pictures(request)
        if not wanted:
            return resolved
        body = json_of(request)
        tried = msgspec.json.encode(inlined(body, stand_ins(wanted)))
        self.check(models.decode(models.ResponsesRequest, tried), resolved, tenant=tenant)
        if resolved is None:
            nothing = Context()
            entry = journal.Entry(msgspec.json.encode(nothing), (), b"")
            resolved = Resolved(context=nothing, entry=entry, journal=self.journal)
        return msgspec.structs.replace(resolved, fetched=await self._fetcher.pictures(wanted))

    def check(
        self,
        request: models.ResponsesRequest,
        resolved: Resolved | None = None,
        *,
        tenant: str = "",
        continued: bool = False,
    ) -> Plan:
        """What the request of ``tenant`` needs; ``resolved`` is what it goes on from.

        ``continued``: ``input`` already holds all that came before ``previous_response_id``, which
        is only repeated in the response.

        Raises ``BadRequest`` or ``NotFound``; ``param`` names the field. Nothing that the request
        asks for is dropped: it can be served, or it is refused here.
        """
        body = json_of(request)
        if body.get("previous_response_id") and resolved is None and not continued:
            raise errors.BadRequest(
                "previous_response_id: responses cannot be continued here; send the items in input",
                param="previous_response_id",
                code="unsupported_parameter",
            )
        if resolved is not None and resolved.fetched:
            body = inlined(body, resolved.texts)
            request = models.decode(models.ResponsesRequest, msgspec.json.encode(body))
        context = None if resolved is None else resolved.context
        ask = read_either(body, request, self.catalog, self.limits, context, self.seals.of(tenant))
        try:
            self.catalog.chat(ask.model).check(request)
        except errors.ProviderError as error:
            raise errors.BadRequest(
                error.message, param=error.param, code="unsupported_parameter"
            ) from None
        return Plan(
            model=ask.model,
            image_model=None if ask.hosted is None else ask.hosted.model,
            capabilities=ask.capabilities,
            relayed=ask.relay != "no",
            store=ask.store,
            background=ask.background,
            stream=ask.stream,
            priority=granted(body.get("service_tier"), tenant, self._hurried),
            resolved=resolved,
        )

    async def submit(
        self,
        tenant: str,
        request: models.ResponsesRequest,
        body: bytes,
        plan: Plan,
        *,
        idempotency_key: str | None = None,
        expires_in: float | None = None,
    ) -> journal.Created:
        """Store the request (``body`` as it came), and run it here or queue it.

        ``expires_in`` is seconds after its end, None for never. Raises ``IdempotencyConflict``,
        ``RateLimited`` where the queue is full, and ``BadRequest`` where what the request goes on
        from was erased since it was looked up.
        """
        resolved = plan.resolved
        response_id, created_at = self.journal.placed(new_id("resp")), self._clock()
        within = claim_within(self.limits, background=plan.background)
        try:
            context = None if resolved is None else await resolved.kept_in(self.journal.blobs)
            new = journal.NewResponse(
                response_id=response_id,
                tenant=tenant,
                request=body,
                capabilities=plan.capabilities,
                background=plan.background,
                idempotency_key=idempotency_key,
                body_digest=body_digest(body) if idempotency_key else "",
                expires_in=expires_in,
                context=context,
                opening=() if plan.relayed else self._opening(response_id, created_at, body, plan),
                created_at=created_at,
                claim_within=within,
                priority=plan.priority,
                raise_after=raise_after(within),
            )
            return await self._create(new)
        except errors.IdempotencyConflict:
            raise
        except errors.JournalError:
            if resolved is not None:
                await resolved.check_again(tenant, request)
            raise

    def _opening(
        self, response_id: str, created_at: float, body: bytes, plan: Plan
    ) -> tuple[journal.Entry, ...]:
        fields = read_body(body, self.limits)
        echo = self._echo(response_id, created_at, fields, plan.priority)
        return opening(echo, background=plan.background)

    def _echo(
        self, response_id: str, created_at: float, fields: dict[str, Any], priority: int
    ) -> Echo:
        hosted = self._echo_hosted_tools
        return Echo(response_id, created_at, fields, hosted_tools=hosted, priority=priority)

    async def _create(self, new: journal.NewResponse) -> journal.Created:
        """Store it, and run it where there is room; it will run in a copy of this context.

        Raises ``RateLimited`` where it would have to wait and must not.
        """
        # A free slot is taken before anything suspends; the claim loop holds one of its own.
        slot = bool(self._claiming) and not self._slots.full
        if slot:
            await self._slots.any.acquire()
            new = msgspec.structs.replace(
                new, claim_as=self.worker, claim_seconds=self.limits.lease_seconds
            )
        else:
            asked = self.journal, self.limits, self._observer, new.tenant
            await admit(*asked, background=new.background, priority=new.priority)
        self._asked[new.response_id] = contextvars.copy_context()
        if len(self._asked) > _CONTEXTS:
            self._asked.popitem(last=False)
        fresh, lease = False, None
        began = time.perf_counter()
        try:
            created = await self.journal.create(new)
            fresh, lease = created.fresh, created.lease
            if fresh and new.opening:
                size = sum([len(entry.data) for entry in new.opening])
                self._observer.appended(len(new.opening), size, time.perf_counter() - began)
        finally:
            if not fresh:
                self._asked.pop(new.response_id, None)
            if slot and (lease is None or not self._claiming):
                self._slots.any.release()
        if lease is not None and self._claiming:
            self._run(lease, self._slots.any)
        elif lease is not None:  # the engine was stopped meanwhile
            with suppress(errors.JournalError):
                await self.journal.release(lease)
        return created

    async def input_items(self, tenant: str, response_id: str, page: Page) -> journal.Entry:
        """A page of what the response was made from, those of earlier turns first, as a list
        object (``render`` gives its JSON). Raises ``UnknownResponse``; ``BadRequest``.
        """
        record = await self.journal.get(tenant, response_id)
        return await page_of(record, page, Pictures(self.journal.blobs))

    async def current(self, tenant: str, response_id: str) -> journal.Entry:
        """The response object as it now stands, running or ended (``render`` gives its JSON).

        Raises ``UnknownResponse``.
        """
        record = await self.journal.get(tenant, response_id)
        if record.snapshot is not None:
            return record.snapshot
        pictures = Pictures(self.journal.blobs)
        snapshot = lifecycle.Snapshot()
        left = record.last_seq + 1
        if left:
            frames = self.journal.read(tenant, response_id)
            async for frame in frames:
                for at, entry in enumerate(frame.entries[:left], frame.first):
                    snapshot.apply(models.decode_event(pictures.mend(entry), at))
                left -= len(frame.entries)
                if left <= 0:
                    break
            await frames.aclose()
        response = snapshot.response
        if response is None:
            body = msgspec.json.decode(record.request)
            echo = self._echo(response_id, record.created_at, body, record.priority)
            response = echo.response("queued" if record.background else "in_progress")
        return pictures.cut(models.encode(response))
