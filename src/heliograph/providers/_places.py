"""Places that are taken before an upstream is asked, and given back when its answer is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

__all__ = ["Places", "PlacesOf", "Row", "alone"]


class Places(Protocol):
    """So many may be taken at once. An ``asyncio.Semaphore`` is one."""

    async def acquire(self) -> object:
        """Wait for a place, and take it."""
        ...

    def release(self) -> None:
        """Give one back."""
        ...


PlacesOf = Callable[[str, int], Places]
"""The places of a provider, by its name in the configuration and its ``max_concurrent``."""


def alone(name: str, most: int) -> Places:
    """Of this process: nobody else asks the upstream."""
    return asyncio.Semaphore(most)


class Row:
    """Places of each kind, taken in order."""

    def __init__(self, *each: Places) -> None:
        self._each = each

    async def acquire(self) -> None:
        """Take one of each; none where it is cancelled on the way."""
        taken: list[Places] = []
        try:
            for places in self._each:
                await places.acquire()
                taken.append(places)
        except BaseException:
            for places in reversed(taken):
                places.release()
            raise

    def release(self) -> None:
        """Give one of each back."""
        for places in reversed(self._each):
            places.release()
