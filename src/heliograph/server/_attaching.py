"""A server's worker processes: the socket that they attach to, and those it starts itself."""

from __future__ import annotations

import logging
import sys

from heliograph import errors
from heliograph.journal import SOCKET, Journal, JournalHost, SqliteJournal, Watcher
from heliograph.server._settings import Settings
from heliograph.server._workforce import Workforce

__all__ = ["Attaching"]

_log = logging.getLogger("heliograph.server")


class Attaching:
    """The socket is there wherever the journal is a folder and the system has such sockets."""

    def __init__(self, journal: Journal, settings: Settings, watcher: Watcher) -> None:
        self._needed = settings.workers is not None
        self._host: JournalHost | None = None
        self._workforce: Workforce | None = None
        if not isinstance(journal, SqliteJournal) or (sys.platform == "win32" and not self._needed):
            return
        path = journal.folder / SOCKET
        detached = settings.limits.detached_seconds
        self._host = JournalHost(journal, path, watcher, detached_seconds=detached)
        if settings.workers:
            self._workforce = Workforce(settings, path)

    async def start(self) -> None:
        """Listen, and start the workers. Raises ``JournalError`` where workers are needed and there
        can be no socket."""
        if self._host is None:
            return
        try:
            await self._host.start()
        except errors.JournalError as error:
            if self._needed:
                raise
            _log.warning("no worker can attach: %s", error)
        if self._workforce is not None:
            self._workforce.start()

    async def drain(self, seconds: float) -> None:
        """Stop the workers that were started here, within ``seconds`` and what handing over takes.

        Others stay, without work, and come back to the next server.
        """
        if self._workforce is not None:
            await self._workforce.stop(seconds)

    async def stop(self) -> None:
        """Close the socket."""
        if self._host is not None:
            await self._host.stop()
