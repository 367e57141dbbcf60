"""The owner's side of step jobs: pictures of its response, made here or by whoever can.

An order outlives the owner that gave it: the next one finds it by its id and reads it from its
beginning. While an owner waits, it holds a reader lease on the job, so that a job which nobody
waits for any more is given up by its worker. An owner that comes later than that orders the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable
from contextlib import aclosing, asynccontextmanager, suppress

import msgspec

from heliograph import errors, providers
from heliograph.engine import _job_wire as wire
from heliograph.engine._limits import Limits
from heliograph.journal import Journal, Lease, NewResponse

__all__ = ["PictureJobs"]


class PictureJobs:
    """Draws for one response. ``able`` is what this worker does: what is not in it is ordered."""

    def __init__(
        self,
        journal: Journal,
        lease: Lease,
        catalog: providers.Catalog,
        limits: Limits,
        able: Collection[str],
    ) -> None:
        self._journal = journal
        self._lease = lease
        self._catalog = catalog
        self._limits = limits
        self._able = able
        self._tenant = wire.step_tenant(lease.tenant)

    def draw(
        self, job: providers.ImageJob, item_id: str
    ) -> AsyncGenerator[providers.ImagePart, None]:
        """As ``ImageProvider.draw``; raises what the journal raises, too."""
        if self._is_here(job.model):
            return self._catalog.image(job.model).draw(job)
        return self._ordered(job, item_id)

    def _is_here(self, model: str) -> bool:
        return f"image:{model}" in self._able

    async def _ordered(
        self, job: providers.ImageJob, item_id: str
    ) -> AsyncGenerator[providers.ImagePart, None]:
        blobs = self._journal.blobs
        for step in wire.step_ids(item_id):
            await self._order(job, step)
            shown, read = job.first_partial, self._journal.read
            async with self._waiting(step), aclosing(read(self._tenant, step)) as frames:
                async for frame in frames:
                    for entry in frame.entries:
                        index = msgspec.json.decode(entry.data, type=int)
                        if index >= shown:
                            shown = index + 1
                            yield providers.Preview(index, await blobs.get(entry.blobs[0].sha256))
            ended = (await self._journal.get(self._tenant, step)).snapshot
            if ended is None:
                raise errors.JournalError(f"{step} ended without an outcome")
            picture = await wire.outcome_of(ended, blobs)
            if picture is not None:
                yield picture
                return
            job = msgspec.structs.replace(job, first_partial=shown)

    async def _order(self, job: providers.ImageJob, step: str) -> None:
        """Put it in the queue, unless an owner before has done so."""
        if await self._is_ordered(step):
            return
        request, context = await wire.pack_job(job, self._journal.blobs)
        new = NewResponse(
            response_id=step,
            tenant=self._tenant,
            request=request,
            capabilities=(f"image:{job.model}",),
            expires_in=self._limits.wall_seconds,
            context=context,
            priority=self._lease.priority,
        )
        try:
            await self._journal.create(new)
        except errors.JournalError:
            if not await self._is_ordered(step):
                raise

    async def _is_ordered(self, step: str) -> bool:
        with suppress(errors.UnknownResponse):
            await self._journal.get(self._tenant, step)
            return True
        return False

    @asynccontextmanager
    async def _waiting(self, step: str) -> AsyncIterator[None]:
        """Say that the job is waited for, until it is not."""
        name = f"owner-{self._lease.response_id}-{self._lease.epoch}"
        seconds = self._limits.lease_seconds
        await self._journal.attach(self._tenant, step, name, seconds=seconds)

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._limits.renew_seconds)
                with suppress(errors.JournalError):  # the reading will tell
                    await self._journal.attach(self._tenant, step, name, seconds=seconds)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def cancel(self, calls: Iterable[tuple[str, str]]) -> None:
        """Nobody needs these pictures any more: ids of items, each with its model."""
        for item_id, model in calls:
            if not self._is_here(model):
                with suppress(errors.JournalError):
                    await self._drop(item_id)

    async def _drop(self, item_id: str) -> None:
        """Its worker is told, if it has one; one that nobody may ever claim is not left behind.

        Raises ``UnknownResponse`` behind the last job of the item.
        """
        for step in wire.step_ids(item_id):
            record = await self._journal.get(self._tenant, step)
            if record.state == "queued":
                await self._journal.delete(self._tenant, step)
            else:
                await self._journal.cancel(self._tenant, step)
