"""Places for what an engine runs at once."""

from __future__ import annotations

import asyncio

__all__ = ["Slots"]


class Slots:
    """``places`` for any work, and a ``reserve`` for what was begun and has lost its worker.

    Who asks the journal for work holds the place that the work will have. For the reserve's places
    nobody asks before all others are in use: what was begun goes first there too.
    """

    def __init__(self, places: int, reserve: int) -> None:
        self.any = asyncio.Semaphore(places)
        self.reserve = asyncio.Semaphore(reserve)
        self._full = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no place for any work can be had at once."""
        return self.any.locked()

    async def take(self) -> asyncio.Semaphore:
        """Wait for a place for any work; returns what to give it back to."""
        if self.full:
            self._full.set()
        try:
            await self.any.acquire()
        finally:
            self._full.clear()
        return self.any

    async def take_reserved(self) -> asyncio.Semaphore:
        """Wait until only the reserve has a place, while ``take`` waits for another."""
        await self.reserve.acquire()
        try:
            await self._full.wait()
        except BaseException:
            self.reserve.release()
            raise
        return self.reserve
