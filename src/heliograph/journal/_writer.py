"""One thread that writes, and natural group commit.

What arrives while a commit is under way goes with the next one; nobody sleeps to wait for more.
The event loop is woken once per commit, not once per call.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._database import is_fatal, translate
from heliograph.journal._transaction import Transaction

__all__ = ["Writer"]

T = TypeVar("T")


class Call(Generic[T]):
    """A method of the store to be run in the writer's thread, and what becomes of its result.

    ``then`` runs in the event loop after the commit, before the caller goes on; ``unwanted``
    instead of the caller, where that was cancelled meanwhile.
    """

    __slots__ = ("error", "future", "result", "size", "then", "unwanted", "work")

    def __init__(
        self,
        work: Callable[[], T],
        future: asyncio.Future[T],
        size: int,
        then: Callable[[T], None] | None,
        unwanted: Callable[[T], None] | None,
    ) -> None:
        self.work = work
        self.future = future
        self.size = size
        self.then = then
        self.unwanted = unwanted
        self.result: T | None = None
        self.error: errors.HeliographError | None = None


class Writer:
    """Runs calls in order, many per transaction, in a thread of its own."""

    def __init__(self, transaction: Transaction, loop: asyncio.AbstractEventLoop) -> None:
        self._transaction = transaction
        self._loop = loop
        self._queue: queue.SimpleQueue[Call[object] | None] = queue.SimpleQueue()
        self._taken: list[Call[object]] = []
        self._closed: str | None = None
        self._failed: str | None = None
        self._thread = threading.Thread(target=self._main, name="heliograph-journal", daemon=True)
        self._thread.start()

    def submit(
        self,
        work: Callable[[], T],
        *,
        size: int = 0,
        then: Callable[[T], None] | None = None,
        unwanted: Callable[[T], None] | None = None,
    ) -> asyncio.Future[T]:
        """The future of ``work``'s result, done once that is durable.

        ``work`` may be run twice (again, alone, after a failure) and must write nothing where it
        raises a ``HeliographError``. Raises ``JournalError`` once the writer is closed.
        """
        if self._closed is not None:
            raise errors.JournalError(self._closed)
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(Call(work, future, size, then, unwanted))  # type: ignore[arg-type]
        return future

    async def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        if self._closed is None:
            self._closed = "the journal is not open"
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _main(self) -> None:
        try:
            while self._take():
                self._commit(self._taken)
                self._hand_back()
            self._commit(self._taken)
        finally:
            # Also the way out of a bug: nobody may be left waiting for ever.
            lost = "the journal's writer ended"
            self._closed = self._closed or lost
            while True:
                for call in self._taken:
                    if call.result is None and call.error is None:
                        call.error = errors.JournalError(lost)
                self._hand_back()
                try:
                    left = self._queue.get_nowait()
                except queue.Empty:
                    break
                self._taken = [] if left is None else [left]

    def _take(self) -> bool:
        """Wait for a call and take what else is there; False where the writer is to end."""
        taken = self._taken = []
        size = 0
        call = self._queue.get()
        while call is not None:
            taken.append(call)
            size += call.size
            if len(taken) >= _limits.MAX_COMMIT_CALLS or size >= _limits.MAX_COMMIT_BYTES:
                return True
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                return True
        return False

    def _commit(self, calls: list[Call[object]]) -> None:
        try:
            for call in calls:
                call.error = None
                try:
                    if self._failed is not None:
                        raise errors.JournalError(self._failed)
                    call.result = call.work()
                except errors.HeliographError as exc:
                    call.error = exc
            self._transaction.commit()
        except sqlite3.Error as exc:
            self._roll_back(calls, exc)

    def _roll_back(self, calls: list[Call[object]], error: sqlite3.Error) -> None:
        """Undo the transaction; give each call another chance alone, so that one bad call cannot
        take the others with it."""
        said = translate(error)
        if is_fatal(error):
            self._failed = said
        try:
            self._transaction.rollback()
        except sqlite3.Error as exc:
            self._failed = translate(exc)
        if len(calls) == 1 or self._failed is not None:
            for call in calls:
                call.result, call.error = None, errors.JournalError(said)
        else:
            for call in calls:
                self._commit([call])

    def _hand_back(self) -> None:
        calls, self._taken = self._taken, []
        if calls and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_deliver, calls)


def _deliver(calls: list[Call[object]]) -> None:
    """In the event loop: results to their callers, in the order of the commit."""
    for call in calls:
        future = call.future
        if call.error is not None:
            if not future.done():
                future.set_exception(call.error)
            continue
        if call.then is not None:
            call.then(call.result)
        if not future.done():
            future.set_result(call.result)
        elif call.unwanted is not None:
            call.unwanted(call.result)
