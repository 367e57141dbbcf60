"""Moving all that one journal has into another: a data folder into NATS.

Each response is written whole, by records that the target knows again: a migration that was killed
is run again, and goes on where it was. Responses that have not ended are handed to the target's
queue last, in the order in which they were made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from heliograph.journal import _limits
from heliograph.journal._base import Clock
from heliograph.journal._folder import DataFolder
from heliograph.journal._moved import Name, Source, Stock, Tally, Target, Unmovable

if TYPE_CHECKING:
    from heliograph.journal._nats import NatsJournal

__all__ = ["Stock", "Tally", "migrate", "stock_of"]

T = TypeVar("T")


async def stock_of(folder: str | Path, clock: Clock = time.time) -> Stock:
    """What is in a data folder. Raises as ``migrate``, for the folder."""
    source = DataFolder(folder, clock)
    await source.open()
    try:
        return await source.stock()
    finally:
        await source.close()


async def migrate(
    folder: str | Path,
    target: NatsJournal,
    *,
    progress: Callable[[Tally], None] = lambda _: None,
    refused: Callable[[str, str], None] = lambda *_: None,
    clock: Clock = time.time,
) -> Tally:
    """Bring all that a data folder has to ``target``, which is started here, and stopped.

    The folder is only read. Safe to repeat, and to run where ``target`` is in use: what is there
    already is left alone. ``refused`` is told the id of each response that cannot be brought, and
    why: something else is there, or a picture is missing; the others are brought all the same.
    ``progress`` is called after each response.

    Raises ``JournalError`` where the folder is in use, no journal's or another version's, and where
    ``target`` cannot be reached, refuses this user, or has no room.
    """
    source = DataFolder(folder, clock)
    await source.open()
    try:
        await target.start()
        try:
            return await _Migration(source, target.intake, progress, refused).run()
        finally:
            await target.stop()
    finally:
        await source.close()


class _Migration:
    def __init__(
        self,
        source: Source,
        target: Target,
        progress: Callable[[Tally], None],
        refused: Callable[[str, str], None],
    ) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._refused = refused
        self._tally = Tally()

    async def run(self) -> Tally:
        self._tally.total = await self._source.count()
        await _each(self._source.names(), self._bring)
        await _each(self._source.tombstones(), self._bury)
        # One after the other: a queue is in the order in which it was filled.
        async for name in self._source.names(ended=False):
            await self._queue(name)
        return self._tally

    async def _bring(self, name: Name) -> None:
        tally = self._tally
        try:
            moved = await self._source.response(name)
            fate = await self._target.take(
                moved, partial(self._source.log, name), self._source.blob
            )
        except Unmovable as exc:
            tally.refused += 1
            self._refused(name.response_id, str(exc))
        else:
            setattr(tally, fate, getattr(tally, fate) + 1)
            if fate == "brought":
                tally.events += moved.record.last_seq + 1
                tally.blobs += len(moved.blobs)
                tally.keys += moved.keyed_at is not None
        self._progress(tally)

    async def _queue(self, name: Name) -> None:
        try:
            self._tally.waiting += await self._target.queue(await self._source.response(name))
        except Unmovable:
            return  # it was refused before

    async def _bury(self, erased: tuple[str, float]) -> None:
        response_id, at = erased
        try:
            await self._target.bury(response_id, at)
        except Unmovable as exc:
            self._tally.refused += 1
            self._refused(response_id, str(exc))
        else:
            self._tally.tombstones += 1


async def _each(things: AsyncIterator[T], work: Callable[[T], Awaitable[None]]) -> None:
    """``work`` for each of ``things``, ``MOVED_AT_ONCE`` of them at a time."""
    slots = asyncio.Semaphore(_limits.MOVED_AT_ONCE)

    async def one(thing: T) -> None:
        try:
            await work(thing)
        finally:
            slots.release()

    try:
        async with asyncio.TaskGroup() as group:
            async for thing in things:
                await slots.acquire()
                group.create_task(one(thing))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
