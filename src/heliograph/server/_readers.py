"""Reader leases: while a client reads a response here, the journal knows that it is read.

One lease per response and process, however many clients read it; one task renews them all.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine

from heliograph import errors
from heliograph.journal import Journal

__all__ = ["Readers"]

_log = logging.getLogger("heliograph.server")

Key = tuple[str, str]

_AT_FIRST = 0.2
"""Seconds until a lease on a new response is taken: who has it all by then needs none, and no
first event waits for its commit. Until it is taken, a response's grace counts from its claim."""

_TOGETHER = 256
"""Leases renewed at once: the journal commits them together."""


class Readers:
    """``enter`` and ``leave`` return at once; the journal is told in the background.

    ``seconds`` is how long a lease lives without renewal: a client of a server that died counts as
    gone that much later.
    """

    def __init__(self, journal: Journal, seconds: float) -> None:
        self._journal = journal
        self._seconds = seconds
        self._name = f"reader-{secrets.token_hex(6)}"
        self._counts: dict[Key, int] = {}
        self._soon: dict[Key, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to renew."""
        self._renewer = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        """Stop renewing and wait for what is under way; held leases lapse by themselves."""
        for timer in self._soon.values():
            timer.cancel()
        if self._renewer is not None:
            self._renewer.cancel()
            await asyncio.gather(self._renewer, *self._tasks, return_exceptions=True)

    def enter(self, tenant: str, response_id: str, *, fresh: bool = False) -> None:
        """A client begins to read; ``fresh`` says that the response was made for it just now."""
        key = (tenant, response_id)
        count = self._counts.get(key, 0)
        self._counts[key] = count + 1
        if count == 0 and fresh:
            later = asyncio.get_running_loop().call_later
            self._soon[key] = later(_AT_FIRST, self._take, key)
        elif count == 0:
            self._spawn(self._attach(key))

    def leave(self, tenant: str, response_id: str) -> None:
        """A client stopped reading; the last one gives the lease back."""
        key = (tenant, response_id)
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
            return
        del self._counts[key]
        timer = self._soon.pop(key, None)
        if timer is None:
            self._spawn(self._detach(key))
        else:
            timer.cancel()

    def _take(self, key: Key) -> None:
        del self._soon[key]
        self._spawn(self._attach(key))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attach(self, key: Key) -> None:
        try:
            await self._journal.attach(*key, self._name, seconds=self._seconds)
        except errors.UnknownResponse:
            pass  # deleted meanwhile: its readers learn of it where they read
        except errors.JournalError as error:
            _log.warning("reader lease of %s not taken: %s", key[1], error)

    async def _detach(self, key: Key) -> None:
        if key in self._counts:
            return  # someone came back before this ran
        try:
            await self._journal.detach(*key, self._name)
        except errors.UnknownResponse:
            pass
        except errors.JournalError as error:
            _log.warning("reader lease of %s not given back: %s", key[1], error)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            held = tuple(self._counts)
            for at in range(0, len(held), _TOGETHER):
                some = held[at : at + _TOGETHER]
                mine = [key for key in some if key in self._counts and key not in self._soon]
                await asyncio.gather(*map(self._attach, mine))
