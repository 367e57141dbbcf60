"""Wake-ups between tasks of one event loop: no polling, and none gets lost.

A ``Signal`` counts its wake-ups. Who waits says which count it has seen, so a wake-up that comes
between looking at the state and waiting is not missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress

__all__ = ["Claimers", "Signal", "matches"]


class Signal:
    """Wakes every task that waits for it."""

    __slots__ = ("_waiting", "count")

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self, seen: int) -> None:
        """Return once ``count`` is no longer ``seen``."""
        while self.count == seen:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            finally:
                if future in self._waiting:
                    self._waiting.remove(future)

    def wake(self) -> None:
        """Let every waiting task go on."""
        self.count += 1
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)


def matches(required: Iterable[str], offered: Collection[str]) -> bool:
    """Whether a worker offering ``offered`` (``chat:*`` is a prefix) has all of ``required``."""
    return all(
        name in offered
        or any(offer.endswith("*") and name.startswith(offer[:-1]) for offer in offered)
        for name in required
    )


class _Claimer:
    __slots__ = ("begun", "future", "offered")

    def __init__(self, offered: Collection[str], begun: bool, future: asyncio.Future[None]) -> None:
        self.offered = offered
        self.begun = begun
        self.future = future


class Claimers:
    """Tasks that wait for a job.

    Whoever is woken looks again. As with a ``Signal``, who waits says which ``count`` it knew when
    it looked. A job wakes all who can do it: were it one only, that one might take an older job
    instead, and this one would lie there with others still asleep.
    """

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[_Claimer] = []
        self._timer: asyncio.TimerHandle | None = None

    async def wait(
        self, offered: Collection[str], seconds: float, seen: int, begun: bool = False
    ) -> None:
        """Return after a wake-up, after ``seconds``, or at once where ``count`` is not ``seen``.

        ``begun``: a job that was never claimed does not wake it.
        """
        if self.count != seen:
            return
        claimer = _Claimer(offered, begun, asyncio.get_running_loop().create_future())
        self._waiting.append(claimer)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await claimer.future
        finally:
            if claimer in self._waiting:
                self._waiting.remove(claimer)

    def wake(self, required: Collection[str], *, begun: bool = False) -> None:
        """A job that needs ``required`` is there, and was begun or not."""
        self.count += 1
        for claimer in self._waiting:
            fits = begun or not claimer.begun
            if fits and not claimer.future.done() and matches(required, claimer.offered):
                claimer.future.set_result(None)

    def granted(self, seconds: float) -> None:
        """A lease was given for ``seconds``: everyone looks again when it may run out.

        One timer, the earliest, is enough: whoever looks then sees the other leases too.
        """
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self.wake_all)

    def wake_all(self) -> None:
        """Wake every waiting task (a lease may have run out, or the journal closed)."""
        self.count += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for claimer in waiting:
            if not claimer.future.done():
                claimer.future.set_result(None)
