"""One queue per device: pictures that wait for the same machine are drawn one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from heliograph import errors
from heliograph.providers._base import ImageJob, ImagePart, ImageProvider, ModelCard

__all__ = ["Device", "Queued"]


class Device:
    """What several providers share that can draw ``at_once`` pictures: a GPU, a pool of threads.

    Jobs take their turns in the order in which they came. ``max_waiting`` bounds those that wait.
    """

    def __init__(self, name: str, *, at_once: int = 1, max_waiting: int = 64) -> None:
        self.name = name
        self.max_waiting = max_waiting
        self._places = asyncio.Semaphore(at_once)
        self.waiting = 0

    async def enter(self) -> None:
        """Wait for a turn. Raises ``ProviderError`` (``rate_limit``) where too many wait."""
        if self.waiting >= self.max_waiting and self._places.locked():
            raise errors.ProviderError(
                f"{self.waiting} pictures wait for {self.name}; the limit max_waiting is "
                f"{self.max_waiting}",
                kind="rate_limit",
                retryable=True,
            )
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        """The turn is over."""
        self._places.release()


class Queued:
    """An image provider whose drawings wait for their turn on a device.

    A job that is cancelled while it waits, or while it draws, gives its place to the next.
    """

    def __init__(self, provider: ImageProvider, device: Device) -> None:
        self._provider = provider
        self.device = device

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The provider's models."""
        return self._provider.cards

    def check(self, job: ImageJob) -> None:
        """The provider's word."""
        self._provider.check(job)

    def seed_for(self, job: ImageJob) -> int | None:
        """The provider's."""
        return self._provider.seed_for(job)

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        """What the provider draws, once it is this job's turn. Raises ``ProviderError``."""
        await self.device.enter()
        try:
            async with aclosing(self._provider.draw(job)) as parts:
                async for part in parts:
                    yield part
        finally:
            self.device.leave()

    async def aclose(self) -> None:
        """Close the provider, where it can be closed."""
        close = getattr(self._provider, "aclose", None)
        if close is not None:
            await close()
