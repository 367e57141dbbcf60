"""Draws for the Images APIs: no response, no journal, only a request that waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import msgspec

from heliograph import errors, providers
from heliograph.engine._busy import Busy
from heliograph.engine._images import ImageAsk
from heliograph.engine._limits import Limits

__all__ = ["Studio"]


class Studio(Busy):
    """Draws for the Images APIs with a catalog's image providers, at most ``at_once`` at a time.

    ``drawing`` pictures are under way, ``waiting`` ones wait for a place.
    """

    def __init__(self, catalog: providers.Catalog, limits: Limits, at_once: int) -> None:
        super().__init__()
        self._catalog = catalog
        self._limits = limits
        self._places = asyncio.Semaphore(at_once)
        self.waiting = 0
        self.drawing = 0

    def job(self, ask: ImageAsk, index: int) -> providers.ImageJob:
        """The job of picture ``index``: with a seed of its own, or all would be the same."""
        if index == 0:
            return ask.job
        seed = self._catalog.image(ask.job.model).seed_for(ask.job)
        return msgspec.structs.replace(
            ask.job, seed=None if seed is None else (seed + index) % 2**63
        )

    async def draw(
        self, ask: ImageAsk, index: int = 0
    ) -> AsyncGenerator[providers.ImagePart, None]:
        """Previews, then the picture ``index`` of the request. Closing it ends the work.

        Raises ``ProviderError`` (also for a picture over a limit) and ``BadRequest``.
        """
        try:
            async with self._place():
                watching = providers.OBSERVER.get().watch("drawing", model=ask.job.model)
                drawn = self._drawn(ask.job.model, self.job(ask, index))
                with watching:
                    async with aclosing(drawn) as parts:
                        async for part in parts:
                            yield part
        except errors.ProviderError as error:
            raise ask.refusal(error) from error

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        self.drawing += 1
        try:
            yield
        finally:
            self.drawing -= 1
            self._places.release()

    async def _drawn(
        self, model: str, job: providers.ImageJob
    ) -> AsyncGenerator[providers.ImagePart, None]:
        until = asyncio.get_running_loop().time() + self._limits.wall_seconds
        limit = self._limits.max_picture_bytes
        async with aclosing(self._catalog.image(model).draw(job)) as parts:
            while True:
                try:
                    async with asyncio.timeout_at(until):
                        part = await anext(parts, None)
                except TimeoutError:
                    raise errors.ProviderError(
                        f"the picture took over wall_seconds, {self._limits.wall_seconds:g} s",
                        kind="timeout",
                    ) from None
                if part is None:
                    raise errors.ProviderError(f"{job.model} ended without a picture")
                if len(part.data) > limit:
                    raise errors.ProviderError(
                        f"the picture has {len(part.data)} bytes; "
                        f"the limit max_picture_bytes is {limit}",
                        kind="protocol",
                    )
                if isinstance(part, providers.Picture):
                    yield part
                    return
                if part.index < job.partial_images:
                    yield part
