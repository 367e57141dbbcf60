"""A worker process: the engine, over the journal of a server on this machine or over NATS."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import msgspec

from heliograph import errors
from heliograph.engine import Engine, Pools
from heliograph.journal import AttachedJournal, Journal
from heliograph.providers import Catalog
from heliograph.server._exposed import Exposed
from heliograph.server._journal_settings import NatsSettings
from heliograph.server._process import HAND_OVER_SECONDS, run_process
from heliograph.server._runtime import tracer_of
from heliograph.server._secret import seals_of
from heliograph.server._seen import Seen, Sources
from heliograph.server._settings import Settings

__all__ = ["Worker", "run_worker"]

_log = logging.getLogger("heliograph.server")


def _offered(catalog: Catalog, patterns: Sequence[str]) -> tuple[str, ...]:
    """The capabilities that the patterns name. Raises ``ConfigError``."""
    known = catalog.capabilities()
    if not patterns:
        return known
    for pattern in patterns:
        if not any(_is_meant(name, pattern) for name in known):
            raise errors.ConfigError(
                f"capability {pattern!r}: no model here; there are {', '.join(known)}"
            )
    return tuple(n for n in known if any(_is_meant(n, pattern) for pattern in patterns))


def _is_meant(name: str, pattern: str) -> bool:
    """``image:illustrator`` means ``image:heliograph/illustrator`` too; ``*`` is any text."""
    kind, _, model = name.partition(":")
    short = f"{kind}:{model.rpartition('/')[2]}"
    return fnmatchcase(name, pattern) or fnmatchcase(short, pattern)


def _attached(settings: Settings, path: str | Path, name: str) -> AttachedJournal:
    return AttachedJournal(Path(path), worker=name, patience=settings.limits.away_seconds)


def _shared(settings: Settings) -> Journal:
    if isinstance(settings.journal, NatsSettings):
        return settings.journal.journal()
    raise errors.ConfigError(
        "which server is the worker for? give its socket, or settings whose journal is on NATS"
    )


class Worker:
    """Runs responses in the current event loop: for the server whose socket is at ``path``, or,
    where ``settings.journal`` is on NATS and there is no ``path``, for all that share that journal.

    ``capabilities`` are patterns over ``chat:MODEL`` and ``image:MODEL``; what matches none is left
    to others. ``metrics`` is a host and a port (0 for a free one) where its metrics are shown.
    Raises ``ConfigError`` where neither says which journal it is. ``start`` raises
    ``JournalError`` where no server is there.
    """

    def __init__(
        self,
        settings: Settings,
        path: str | Path | None = None,
        *,
        capabilities: Sequence[str] = (),
        catalog: Catalog | None = None,
        metrics: tuple[str, int] | None = None,
    ) -> None:
        self.settings = settings
        name = f"worker-{os.getpid()}-{os.urandom(4).hex()}"
        self._attached = None if path is None else _attached(settings, path, name)
        self.journal = self._attached or _shared(settings)
        self.pools = Pools(self.journal.places, name, settings.limits)
        self._catalog = catalog or settings.install(self.pools.of).catalog
        shown = settings if metrics is None else msgspec.structs.replace(settings, host=metrics[0])
        self._seen = Seen(shown, self._catalog, tracer_of(settings, None))
        self._exposed = None if metrics is None else Exposed(*metrics, self._seen, self._sources)
        self.engine = Engine(
            self.journal,
            self._catalog,
            settings.limits,
            worker=name,
            echo_hosted_tools=not settings.compat.echo_without_hosted_tools,
            observer=self._seen.stored,
            seals=seals_of(settings.data if path is None else str(Path(path).parent)),
            capabilities=_offered(self._catalog, capabilities),
        )

    @property
    def metrics_url(self) -> str | None:
        """Where its metrics are, once it was started; None where it shows none."""
        return None if self._exposed is None else self._exposed.url

    def _sources(self) -> Sources:
        return Sources({"stored": (self.journal, self.engine)}, self._catalog, self.pools)

    async def start(self) -> None:
        """Attach, and begin to claim."""
        await self.journal.start()
        try:
            if self._exposed is not None:
                await self._exposed.start()
        except errors.ConfigError:
            await self.journal.stop()
            raise
        await self.engine.start()

    async def refused(self) -> None:
        """Returns never; raises ``JournalError`` once the server does not want this worker."""
        if self._attached is None:
            await asyncio.Event().wait()
        else:
            await self._attached.refused()

    async def stop(self, drain: float | None = None) -> None:
        """Claim no more, let what runs finish within ``drain`` seconds, hand over the rest."""
        seconds = self.settings.limits.drain_seconds if drain is None else drain
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds + HAND_OVER_SECONDS):
                await self.engine.stop(seconds)
        await self.pools.close()
        if self._exposed is not None:
            await self._exposed.stop()
        await self.journal.stop()
        await self._catalog.aclose()
        await self._seen.aclose()

    async def __aenter__(self) -> Worker:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()


def run_worker(
    worker: Worker,
    ready: Callable[[Worker], None] = lambda worker: None,
    *,
    lifeline: int | None = None,
) -> None:
    """Work until SIGTERM or SIGINT, and drain as ``Worker.stop`` does; a second signal ends the
    process at once.

    ``lifeline`` is a file descriptor whose end is taken for a signal. Raises ``JournalError`` where
    no server is there, or the one that came back does not want this worker.
    """
    run_process(partial(_work, worker, ready, lifeline))


async def _work(
    worker: Worker,
    ready: Callable[[Worker], None],
    lifeline: int | None,
    asked: asyncio.Event,
) -> None:
    if lifeline is not None:
        asyncio.get_running_loop().add_reader(lifeline, _look, lifeline, asked)
    await worker.start()
    ready(worker)
    told = asyncio.create_task(asked.wait())
    refused = asyncio.create_task(worker.refused())
    await asyncio.wait([told, refused], return_when=asyncio.FIRST_COMPLETED)
    _log.info("stopping: running work has %g s", worker.settings.limits.drain_seconds)
    unwanted = refused.done()
    told.cancel()
    await worker.stop()
    if unwanted:
        refused.result()
    refused.cancel()


def _look(lifeline: int, asked: asyncio.Event) -> None:
    if not os.read(lifeline, 4096):
        asyncio.get_running_loop().remove_reader(lifeline)
        asked.set()
