"""What a running server holds: journals, engines, reader leases, open requests."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from heliograph import errors
from heliograph.engine import Compactor, Engine, Observer, Pools, Seals, Studio
from heliograph.journal import Journal, MemoryJournal, SqliteJournal
from heliograph.providers import Catalog
from heliograph.providers.fetch import Fetcher
from heliograph.server._attaching import Attaching
from heliograph.server._auth import Caller, Gate
from heliograph.server._beat import Beat
from heliograph.server._journal_settings import NatsSettings
from heliograph.server._keys import Keyring, KeyWatch
from heliograph.server._keys_shared import SharedKeyWatch
from heliograph.server._passing import Keys, Passing
from heliograph.server._quota import Place, Quota
from heliograph.server._readers import Readers
from heliograph.server._secret import seals_of
from heliograph.server._seen import Seen, Sources
from heliograph.server._settings import Settings
from heliograph.server._watch import Closing

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from heliograph.server._trace import Tracer

__all__ = ["Delivery", "Lane", "Runtime", "tracer_of"]

_log = logging.getLogger("heliograph.server")

_EXPIRE_EVERY = 60.0
_CANCEL_WAIT = 5.0
_READY_WAIT = 2.0
_DELIVER_WAIT = 2.0
_OWN = "server"
"""What the server's own engines call themselves in leases, and its share of upstreams' places."""


def _make_folder(folder: Path) -> None:
    """For its owner alone, where it is not there: responses are kept in it as they are."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        said = f"the data folder {folder}: {error.strerror or error}"
        raise errors.JournalError(said) from error


class Lane:
    """A journal with the engine that works on it and the readers that read from it.

    Stored responses have one; those of ``store: false`` have their own, over memory. Without
    ``runs`` the engine only takes requests in, and workers run the responses.
    """

    def __init__(
        self,
        journal: Journal,
        catalog: Catalog,
        settings: Settings,
        fetcher: Fetcher,
        seals: Seals,
        observer: Observer,
        *,
        runs: bool = True,
    ) -> None:
        self.journal = journal
        self._runs = runs
        self.engine = Engine(
            journal,
            catalog,
            settings.limits,
            worker=_OWN,
            echo_hosted_tools=not settings.compat.echo_without_hosted_tools,
            fetcher=fetcher,
            observer=observer,
            seals=seals,
            hurried=settings.priority_tenants,
        )
        self.readers = Readers(journal, settings.limits.reader_lease_seconds)

    async def open(self) -> None:
        """Open the journal."""
        await self.journal.start()

    async def start(self) -> None:
        """Begin to claim."""
        await self.engine.start(claims=self._runs)
        self.readers.start()

    async def stop(self) -> None:
        """After the engine has stopped: give the readers back and close the journal."""
        await self.readers.stop()
        await self.journal.stop()


class Delivery(Protocol):
    """A response on its way to a client that cannot ask for it again."""

    async def delivered(self) -> None:
        """Wait until an ended response was sent whole; returns at once for one that goes on."""


def tracer_of(settings: Settings, given: TracerProvider | None) -> Tracer | None:
    """What traces, None where nothing does. Raises ``MissingExtra``."""
    if given is None and not settings.otel.wanted:
        return None
    try:
        from heliograph.server import _trace

        return _trace.Tracer(given) if given is not None else _trace.exporting(settings.otel)
    except ModuleNotFoundError as missing:
        if missing.name is None or not missing.name.startswith("opentelemetry"):
            raise
        raise errors.MissingExtra(
            "exporting traces ([otel], OTEL_EXPORTER_OTLP_*)", "otel"
        ) from None


class Runtime:
    """Everything between the routes and the rooms below; one per app."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        settings.check()
        self.settings = settings
        self._scratch: Path | None = None
        journal = self._journal()
        self.pools = Pools(journal.places, self._holder, settings.limits)
        self.catalog = catalog = catalog or settings.install(self.pools.of).catalog
        self.closing = Closing()
        self.beat = Beat(settings.limits.keep_alive_seconds)
        self.turns: set[Delivery] = set()
        self._stopping = False
        self._chores: set[asyncio.Task[None]] = set()
        self.seen = Seen(settings, catalog, tracer_of(settings, tracer_provider))
        self.fetcher = Fetcher(
            settings.fetch,
            max_picture_bytes=settings.limits.max_picture_bytes,
            max_pixels=settings.limits.max_image_pixels,
        )
        seals = seals_of(settings.data if self._scratch is None else str(self._scratch))
        both = (catalog, settings, self.fetcher, seals)
        runs = settings.workers is None
        self.stored = Lane(journal, *both, self.seen.stored, runs=runs)
        self.passing = Lane(MemoryJournal(), *both, self.seen.passing)
        self.attaching = Attaching(journal, settings, self.seen.stored)
        self.compactor = Compactor(self.stored.engine)
        self.studio = Studio(catalog, settings.limits, settings.limits.max_images_at_once)
        self.unstored = Passing(self.passing.journal, self._chore)
        self.keys = Keys()
        register = journal.register
        self._shared_keys = None if register is None else SharedKeyWatch(register)
        self.gate = Gate(settings, self._shared_keys or KeyWatch(settings.data))
        self.quota = Quota(settings.limits)

    def _journal(self) -> Journal:
        if self.settings.journal == "memory":
            return MemoryJournal()
        if isinstance(self.settings.journal, NatsSettings):
            return self.settings.journal.journal()
        if self.settings.data is not None:
            folder = Path(self.settings.data)
        else:
            folder = Path(tempfile.gettempdir()) / f"heliograph-{secrets.token_hex(8)}"
            self._scratch = folder
        reattach = self.settings.limits.reattach_seconds
        return SqliteJournal(folder, own=_OWN, reattach_seconds=reattach)

    @property
    def _holder(self) -> str:
        """Whose places of upstreams this server's are, where others share the journal."""
        if isinstance(self.settings.journal, NatsSettings):
            return f"{_OWN}-{os.getpid()}-{secrets.token_hex(4)}"
        return _OWN

    async def start(self) -> None:
        """Open both journals and begin to work; what an earlier process left is taken up."""
        if self._scratch is not None:
            # Nobody else may read it, and a name that is there already is somebody else's.
            self._scratch.mkdir(mode=0o700)
        elif self.settings.data is not None:
            _make_folder(Path(self.settings.data))
        await self.stored.open()
        try:
            await self._check_keys()
        except BaseException:
            self.gate.close()
            await self.stored.journal.stop()
            raise
        await self.stored.start()
        await self.passing.open()
        await self.passing.start()
        await self.attaching.start()
        self._chore(self._expire())

    async def _check_keys(self) -> None:
        """Raises ``ConfigError`` where nobody's requests, or anybody's, would be let in."""
        await self.gate.start()
        watch, data = self._shared_keys, self.settings.data
        if watch is None:
            return
        if data is not None and watch.lacking(Keyring(data).list()):
            raise errors.ConfigError(
                f"data: {data} has API keys that the journal has not; copy them with "
                f"'heliograph keys import {data} --config FILE'"
            )
        self.settings.check_open(keyed=watch.required)

    async def stop(self, drain: float | None = None) -> None:
        """Let work finish within ``drain`` seconds, hand the rest over, end what is open."""
        self._stopping = True
        seconds = self.settings.limits.drain_seconds if drain is None else drain
        await asyncio.gather(
            self.stored.engine.stop(seconds),
            self.passing.engine.stop(seconds),
            self.attaching.drain(seconds),
            self.studio.drain(seconds),
            self.compactor.drain(seconds),
        )
        await self._deliver()
        self.closing.close()
        for chore in tuple(self._chores):
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self.pools.close()
        await self.attaching.stop()
        await self.stored.stop()
        await self.passing.stop()
        await self.catalog.aclose()
        self.fetcher.close()
        self.gate.close()
        await self.seen.aclose()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    @property
    def sources(self) -> Sources:
        """What its metrics are looked up from."""
        lanes = {
            name: (lane.journal, lane.engine)
            for name, lane in (("stored", self.stored), ("passing", self.passing))
        }
        return Sources(lanes, self.catalog, self.pools, self.studio.waiting)

    def accept(self) -> None:
        """Raises ``ServerError`` (503) once the server is stopping."""
        if self._stopping:
            raise errors.ServerError(
                "the server is stopping", status=503, code="server_stopping", retry_after=1
            )

    def hold(self, caller: Caller, place: Place, lane: Lane, response_id: str) -> None:
        """Give ``place`` back once the response has ended; at once where nobody counts it."""
        if caller.concurrent and not self._stopping:
            self._chore(self._held(caller.tenant, place, lane, response_id))
        else:
            place.release()

    async def _held(self, tenant: str, place: Place, lane: Lane, response_id: str) -> None:
        with place, suppress(errors.JournalError):
            record = await lane.journal.get(tenant, response_id)
            if record.state != "finished":
                frames = lane.journal.read(tenant, response_id, record.last_seq)
                async with aclosing(frames):
                    async for _ in frames:
                        pass

    def lane(self, *, store: bool) -> Lane:
        """Where a response lives."""
        return self.stored if store else self.passing

    async def cancel(self, tenant: str, response_id: str) -> None:
        """Ask for the end of a stored response and wait a little for it.

        Raises ``UnknownResponse``.
        """
        journal = self.stored.journal
        record = await journal.get(tenant, response_id)
        if record.state == "finished":
            return
        await journal.cancel(tenant, response_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CANCEL_WAIT):
                async for _ in journal.read(tenant, response_id, record.last_seq):
                    pass

    async def ready(self) -> None:
        """Raises ``JournalError`` where the stored journal's writer does not answer."""
        try:
            async with asyncio.timeout(_READY_WAIT):
                await self.stored.journal.detach("", "", "readyz")
        except TimeoutError:
            raise errors.JournalError("the journal does not answer") from None

    async def _deliver(self) -> None:
        """Let clients have the rest of what has ended in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DELIVER_WAIT):
                turns = [turn.delivered() for turn in self.turns]
                await asyncio.gather(*turns, return_exceptions=True)

    def _chore(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
        return task

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRE_EVERY)
            for lane in (self.stored, self.passing):
                try:
                    await lane.journal.expire()
                except errors.JournalError as error:
                    _log.warning("expiry failed: %s", error)
