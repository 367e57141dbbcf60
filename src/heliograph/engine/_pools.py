"""Each upstream's places, shared with the other processes on one journal.

A pool's task is there while anything here is asked of it. It says to the journal what is wanted
and what is back, all at once however much it is, and hands on what it is given, in the order in
which it was asked for. Where the journal does not answer, nobody is let in.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from contextlib import suppress
from typing import Any

from heliograph import errors, journal
from heliograph.engine._limits import Limits

__all__ = ["Pool", "Pools"]

log = logging.getLogger("heliograph.engine")

_RETRY_SECONDS = 1.0


class Pool:
    """``providers.Places`` of the upstream ``name``: ``most`` over all processes."""

    def __init__(
        self, store: journal.Places, holder: str, limits: Limits, name: str, most: int
    ) -> None:
        self._store = store
        self._holder = holder
        self._limits = limits
        self.name = name
        self._most = most
        self._given = 0
        self._back = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._moved: asyncio.Task[int] | None = None
        self._closed = False

    @property
    def held(self) -> int:
        """Places that this process has."""
        return self._given - self._back

    @property
    def waiting(self) -> int:
        """Requests that wait here for one."""
        return len(self._waiting)

    async def acquire(self) -> None:
        """Wait for a place, and take it."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._change()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came just then
                self.release()
            elif turn in self._waiting:
                self._waiting.remove(turn)
                self._change()
            raise

    def release(self) -> None:
        """Give one back."""
        self._back += 1
        self._change()

    def _change(self) -> None:
        self._changed.set()
        if self._task is None and not self._closed:
            # Nobody's in particular: not in the context of whoever happens to be the first.
            self._task = asyncio.create_task(self._keep(), context=contextvars.Context())

    async def _keep(self) -> None:
        """Until nothing is held, waited for or still to be told."""
        try:
            while self._changed.is_set() or self.held or self._waiting:
                try:
                    await self._say()
                    await self._news()
                except errors.JournalError as error:
                    log.error("no place can be had for %s: %s", self.name, error)
                    self._changed.set()
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._task = None
            await self._listen_no_more()

    async def _say(self) -> None:
        self._changed.clear()
        asked = self._given + len(self._waiting)
        share = journal.Share(asked, self._given, self._back)
        seconds = self._limits.lease_seconds
        self._take(
            await self._store.share(
                self.name, self._holder, share, most=self._most, seconds=seconds
            )
        )

    def _take(self, given: int) -> None:
        """Hand on what is new; what nobody waits for any more goes back."""
        while self._given < given:
            self._given += 1
            if not self._next():
                self._back += 1
                self._changed.set()

    def _next(self) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else it was cancelled just now
                turn.set_result(None)
                return True
        return False

    async def _news(self) -> None:
        """Return when there is something to say: a change here, a turn, or a lease to keep."""
        if not self._waiting:
            await self._listen_no_more()
        elif self._moved is None:
            moved = self._store.moved(self.name, self._holder, self._given)
            self._moved = asyncio.create_task(moved)
        changed = asyncio.create_task(self._changed.wait())
        tasks: list[asyncio.Task[Any]] = [changed]
        if self._moved is not None:
            tasks.append(self._moved)
        try:
            await asyncio.wait(
                tasks,
                timeout=self._limits.renew_seconds if self.held or self._waiting else 0,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            changed.cancel()
            await asyncio.gather(changed, return_exceptions=True)
        if self._moved is not None and self._moved.done():
            told, self._moved = self._moved, None
            self._take(told.result())

    async def _listen_no_more(self) -> None:
        moved, self._moved = self._moved, None
        if moved is not None:
            moved.cancel()
            await asyncio.gather(moved, return_exceptions=True)

    async def close(self) -> None:
        """Say what is left to say, at most for a moment; what is still held runs out."""
        self._closed, task = True, self._task
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with suppress(errors.JournalError, TimeoutError):
            async with asyncio.timeout(_RETRY_SECONDS):
                await self._say()


class Pools:
    """The pools of one process; ``holder`` is what it calls itself in the journal's places."""

    def __init__(self, store: journal.Places, holder: str, limits: Limits) -> None:
        self._store = store
        self._holder = holder
        self._limits = limits
        self.pools: dict[str, Pool] = {}

    def of(self, name: str, most: int) -> Pool:
        """The places of one provider: a ``providers.PlacesOf``."""
        pool = self.pools[name] = Pool(self._store, self._holder, self._limits, name, most)
        return pool

    async def close(self) -> None:
        """Before the journal is closed: give back what is back."""
        await asyncio.gather(*(pool.close() for pool in self.pools.values()))
