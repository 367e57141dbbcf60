"""Calls that come to their end even where their caller is cancelled: the servers may have acted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from heliograph import errors

__all__ = ["Whole"]

T = TypeVar("T")


class Whole:
    """``check_open`` raises ``JournalError`` where the journal is closed."""

    def __init__(self, check_open: Callable[[], None]) -> None:
        self._check_open = check_open
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(
        self,
        work: Coroutine[Any, Any, T],
        unwanted: Callable[[T], Awaitable[None]] | None = None,
    ) -> T:
        """Run ``work`` whole; where the caller is cancelled, ``unwanted`` gets its result."""
        try:
            self._check_open()
        except errors.JournalError:
            work.close()
            raise
        task = asyncio.create_task(work)
        self._keep(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise errors.JournalError("the journal is not open") from None
            self._keep(asyncio.create_task(_given_back(task, unwanted)))
            raise

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, seconds: float) -> None:
        """Let what is under way end; what has not after ``seconds`` is cancelled."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()


async def _given_back(
    task: asyncio.Task[T], unwanted: Callable[[T], Awaitable[None]] | None
) -> None:
    with suppress(errors.JournalError, asyncio.CancelledError):
        result = await task
        if unwanted is not None:
            await unwanted(result)
