"""The heartbeat of all open streams: one timer, at whose ticks each sees whether it fell silent.

A timer a stream would take half a kilobyte of each.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

__all__ = ["Beat", "Beating"]

_TICKS = 16
"""Looks per interval: silence is filled within it, and not everybody's at one time."""


class Beating(Protocol):
    """What is told of a tick."""

    def beat(self, since: float) -> None:
        """Fill the silence if it has lasted since ``since``, a time of the event loop's."""


class Beat:
    """Ticks while anybody is there. ``interval`` is the longest silence, in seconds."""

    def __init__(self, interval: float) -> None:
        self._every = interval / _TICKS
        self._silence = interval - self._every
        self._open: set[Beating] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, stream: Beating) -> None:
        """``stream`` is open."""
        self._open.add(stream)
        if self._timer is None:
            self._arm()

    def discard(self, stream: Beating) -> None:
        """It is closed."""
        self._open.discard(stream)
        if not self._open and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tick)

    def _tick(self) -> None:
        since = asyncio.get_running_loop().time() - self._silence
        for stream in self._open:
            stream.beat(since)
        self._arm()
