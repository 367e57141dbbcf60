"""Worker processes of a server's own: started, started again, and stopped with it."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from heliograph.server._process import HAND_OVER_SECONDS
from heliograph.server._settings import Settings

__all__ = ["Workforce"]

_log = logging.getLogger("heliograph.server")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_HEALTHY_SECONDS = 60.0
"""A process that has lived as long is started again without waiting longer than at first."""
_LAST_SECONDS = 2.0
"""Beyond their own grace, before they are killed."""


class Workforce:
    """``settings.workers`` processes on the socket at ``path``.

    Each is told the settings over its standard input, which stays open: where that ends, the server
    is gone, and the worker drains by itself. Signals from a terminal reach the server alone.
    """

    def __init__(self, settings: Settings, path: Path) -> None:
        self._count = settings.workers or 0
        own = msgspec.structs.replace(settings, key=None, workers=None)
        self._told = msgspec.json.encode(own) + b"\n"
        worker = ("-m", "heliograph.cli", "worker", "--supervised", "--socket", str(path))
        self._command = (sys.executable, *worker)
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: set[asyncio.subprocess.Process] = set()
        self._stop = asyncio.Event()

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return sorted(process.pid for process in self._processes)

    def start(self) -> None:
        """Start them; returns at once."""
        self._keepers = [asyncio.create_task(self._keep()) for _ in range(self._count)]

    async def stop(self, drain: float) -> None:
        """Ask them to stop, and kill those that have not ended ``drain`` seconds later and what
        handing over takes."""
        self._stop.set()
        for process in tuple(self._processes):
            with suppress(ProcessLookupError):
                process.terminate()
        if self._keepers:
            await asyncio.wait(self._keepers, timeout=drain + HAND_OVER_SECONDS + _LAST_SECONDS)
        for process in tuple(self._processes):
            _log.warning("worker process %d had to be killed", process.pid)
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            status = await self._run()
            if self._stop.is_set():
                return
            if time.monotonic() - began > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE
            _log.warning(
                "a worker process ended with status %d; another starts in %g s", status, pause
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stop.wait()
                    return
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _run(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.add(process)
        try:
            if self._stop.is_set():
                process.terminate()
            assert process.stdin is not None  # noqa: S101 -- it is a pipe
            with suppress(OSError):  # it died at once: its status says so
                process.stdin.write(self._told)
                await process.stdin.drain()
            return await process.wait()
        finally:
            self._processes.discard(process)
