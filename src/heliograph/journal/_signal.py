"""Wake-ups between tasks of one event loop: no polling, and none gets lost.

A ``Signal`` counts its wake-ups. Who waits says which count it has seen, so a wake-up that comes
between looking at the state and waiting is not missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

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
    __slots__ = ("future", "offered")

    def __init__(self, offered: Collection[str], future: asyncio.Future[None]) -> None:
        self.offered = offered
        self.future = future


class Claimers:
    """Tasks that wait for a job, first come first woken: one job wakes one of them.

    Whoever is woken looks again. A task that is cancelled after it was woken passes that on.
    """

    def __init__(self) -> None:
        self._waiting: list[_Claimer] = []
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, offered: Collection[str], seconds: float) -> None:
        """Return after a wake-up, or after ``seconds``."""
        claimer = _Claimer(offered, asyncio.get_running_loop().create_future())
        self._waiting.append(claimer)
        try:
            async with asyncio.timeout(seconds):
                await claimer.future
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if claimer.future.done() and not claimer.future.cancelled():
                self.wake_all()
            raise
        finally:
            if claimer in self._waiting:
                self._waiting.remove(claimer)

    def wake(self, required: Collection[str]) -> None:
        """A job that needs ``required`` is there: wake the first waiting task that can do it."""
        for claimer in self._waiting:
            if not claimer.future.done() and matches(required, claimer.offered):
                claimer.future.set_result(None)
                return

    def granted(self, seconds: float) -> None:
        """A lease was given for ``seconds``: whoever waits now looks again when it may run out.

        A task that begins to wait later sees that lease itself. One timer, the earliest, is
        enough: when it fires, everyone looks at every lease.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            return
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self.wake_all)

    def wake_all(self) -> None:
        """Wake every waiting task (a lease may have run out, or the journal closed)."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for claimer in waiting:
            if not claimer.future.done():
                claimer.future.set_result(None)
