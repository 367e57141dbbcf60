"""Who asked for which ``store: false`` response, and turns for who uses one idempotency key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

from heliograph import errors
from heliograph.journal import Journal

__all__ = ["Keys", "Passing"]

_CANCEL_WAIT = 5.0

Chore = Callable[[Coroutine[None, None, None]], "asyncio.Task[None]"]


class Passing:
    """``store: false`` responses: each is erased, or cancelled first, with its last client.

    ``chore`` runs a coroutine in the background.
    """

    def __init__(self, journal: Journal, chore: Chore) -> None:
        self._journal = journal
        self._chore = chore
        self._counts: dict[str, int] = {}
        self._erasing: dict[str, asyncio.Task[None]] = {}

    def enter(self, response_id: str) -> None:
        """A client waits for it. Follows what made or found it without an ``await`` between."""
        self._counts[response_id] = self._counts.get(response_id, 0) + 1

    def leave(self, tenant: str, response_id: str, *, ended: bool) -> None:
        """A client has it all (``ended``) or left."""
        self._counts[response_id] -= 1
        if not self._counts[response_id]:
            del self._counts[response_id]
            task = self._chore(self._erase(tenant, response_id, ended))
            self._erasing[response_id] = task
            task.add_done_callback(lambda _: self._erasing.pop(response_id, None))

    async def erased(self, response_id: str) -> bool:
        """Whether it is being erased; returns once it is."""
        task = self._erasing.get(response_id)
        if task is None:
            return False
        await asyncio.wait([task])
        return True

    async def _erase(self, tenant: str, response_id: str, ended: bool) -> None:
        with suppress(errors.JournalError):
            if not ended:
                await self._journal.cancel(tenant, response_id)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_CANCEL_WAIT):
                        async for _ in self._journal.read(tenant, response_id):
                            pass
            await self._journal.delete(tenant, response_id)


class Keys:
    """One request at a time per tenant and idempotency key, over both journals."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, tenant: str, key: str | None) -> AsyncIterator[None]:
        """Wait for the key's turn; without a key there is nothing to wait for."""
        if key is None:
            yield
            return
        lock = self._locks.setdefault((tenant, key), asyncio.Lock())
        async with lock:
            yield
