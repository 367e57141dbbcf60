"""One step job under one lease: a picture made for the owner of a response.

Its log goes on where an attempt before has left it: the next preview is the first that the log does
not have. The work and the watch are tasks; the first that ends decides.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Any

import msgspec

from heliograph import errors, journal, providers
from heliograph.engine import _job_wire as wire
from heliograph.engine._limits import Limits
from heliograph.engine._observer import RESPONSE_ID, Observer

__all__ = ["PictureRun"]

log = logging.getLogger("heliograph.engine")

Ended = errors.ProviderError | None
"""Why there is no picture; None where no owner waits: the next one orders it anew."""


class PictureRun:
    """As ``Run``, for a step job."""

    def __init__(
        self,
        lease: journal.Lease,
        store: journal.Journal,
        catalog: providers.Catalog,
        limits: Limits,
        clock: journal.Clock,
        observer: Observer,
    ) -> None:
        self._lease = lease
        self._journal = store
        self._catalog = catalog
        self._limits = limits
        self._clock = clock
        self._observer = observer
        self._leave: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def hand_over(self) -> None:
        """Ask it to stop where it is and give the lease back."""
        if not self._leave.done():
            self._leave.set_result(None)

    async def run(self) -> None:
        """Do it. A lost lease ends it in silence."""
        step = self._lease.response_id
        RESPONSE_ID.set(step)
        providers.OBSERVER.set(self._observer)
        work = asyncio.create_task(self._work())
        watch = asyncio.create_task(self._watch())
        try:
            tasks: list[asyncio.Future[Any]] = [work, watch, self._leave]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._end(work, watch)
        except errors.Fenced:
            self._observer.fenced()
            log.info("%s: another worker makes it now", step)
        except errors.JournalError as error:
            log.error("%s: left to be taken over: %s", step, error)
        finally:
            for task in (work, watch):
                task.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)

    async def _end(self, work: asyncio.Task[None], watch: asyncio.Task[Ended]) -> None:
        """What the first of them to end has decided."""
        if work.done():
            failure = work.exception()
            if isinstance(failure, errors.HeliographError):
                raise failure
            if failure is not None:
                log.error("%s: a bug ended it", self._lease.response_id, exc_info=failure)
                await self._give_up(_lost(f"internal error: {type(failure).__name__}"))
            return
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if watch.done():
            await self._give_up(watch.result())
            return
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await self._journal.release(self._lease)

    async def _give_up(self, why: Ended) -> None:
        """End it without a picture, wherever its log stands."""
        lease = self._lease
        with suppress(errors.UnknownResponse):
            last = (await self._journal.get(lease.tenant, lease.response_id)).last_seq
            await self._finish(last + 1, why)

    async def _finish(self, first: int, ended: providers.Picture | Ended) -> None:
        outcome = await wire.pack_outcome(ended, self._journal.blobs)
        await self._journal.finish(self._lease, first, [], outcome)

    async def _work(self) -> None:
        lease, blobs = self._lease, self._journal.blobs
        if lease.takeovers > self._limits.max_takeovers:
            lost = f"{lease.takeovers} workers in turn were lost while this was drawn"
            limit = self._limits.max_takeovers
            await self._give_up(_lost(f"{lost}; the limit max_takeovers is {limit}"))
            return
        job = await wire.unpack_job(lease.request, lease.context, blobs)
        next_ = lease.last_seq + 1
        job = msgspec.structs.replace(job, first_partial=job.first_partial + next_)
        watching = self._observer.watch("image", model=job.model, item=lease.response_id)
        ended: providers.Picture | errors.ProviderError | None = None
        with watching as watched:
            try:
                async with aclosing(self._catalog.image(job.model).draw(job)) as parts:
                    async for part in parts:
                        if isinstance(part, providers.Picture):
                            ended = part
                            break
                        entry = await wire.pack_preview(part, blobs)
                        await self._journal.append(lease, next_, [entry])
                        next_ += 1
            except errors.ProviderError as error:
                watched.tell(error=error.kind)
                ended = error
        nothing = errors.ProviderError(f"{job.model} ended without a picture", kind="protocol")
        await self._finish(next_, ended or nothing)

    async def _watch(self) -> Ended:
        """Keep the lease; returns why the picture is not to be made any more."""
        limits, lease = self._limits, self._lease
        cancelled = asyncio.create_task(self._journal.cancelled(lease))
        try:
            while True:
                state = await self._journal.renew(lease, seconds=limits.lease_seconds)
                if state.cancel_requested:
                    return _lost("cancelled: its response has ended")
                unread, now = state.unread_since, self._clock()
                if unread is not None and now - unread >= limits.foreground_grace_seconds:
                    log.info("%s: no owner waits for it any more", lease.response_id)
                    return None
                if now - lease.created_at >= limits.wall_seconds:
                    return _lost(f"took over wall_seconds, {limits.wall_seconds:g} s")
                await asyncio.wait([cancelled], timeout=limits.renew_seconds)
        finally:
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)


def _lost(why: str) -> errors.ProviderError:
    return errors.ProviderError(why, kind="unavailable")
