"""What the tests of the journal over a socket share: a data folder, its server, its workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.journal.support import (
    Seen,
    stop_host,
)
from tests.journal.relay import Relay

from heliograph.journal import (
    SOCKET,
    AttachedJournal,
    JournalHost,
    SqliteJournal,
)

PATIENCE = 5.0


class Watched:
    """What a host tells of its workers."""

    def __init__(self) -> None:
        self.workers = 0
        self.takeovers: list[int] = []
        self.frames = 0
        self.lost = 0

    def attached(self, change: int) -> None:
        self.workers += change

    def claimed(self, takeovers: int) -> None:
        self.takeovers.append(takeovers)

    def fenced(self) -> None:
        self.lost += 1

    def appended(self, events: int, size: int, seconds: float) -> None:
        assert events >= 0 <= size
        assert seconds >= 0
        self.frames += 1


class House:
    """A data folder, whoever serves it, and the workers at its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watched = Watched()
        self.hosts: list[JournalHost] = []
        self.workers: list[AttachedJournal] = []
        self.relays: list[Relay] = []

    async def serve(self, reattach: float = 0.0, detached: float = 1.0) -> JournalHost:
        journal = SqliteJournal(self.folder, own="server", reattach_seconds=reattach)
        await journal.start()
        host = JournalHost(journal, self.folder / SOCKET, self.watched, detached_seconds=detached)
        await host.start()
        self.hosts.append(host)
        return host

    async def leave(self) -> None:
        await stop_host(self.hosts.pop())

    async def relay(self) -> Relay:
        relay = Relay(self.folder / "relay.sock", self.folder / SOCKET)
        await relay.start()
        self.relays.append(relay)
        return relay

    async def worker(self, name: str = SOCKET, patience: float = PATIENCE) -> AttachedJournal:
        worker = AttachedJournal(self.folder / name, patience=patience)
        await worker.start()
        self.workers.append(worker)
        return worker

    async def close(self) -> None:
        for worker in self.workers:
            await worker.stop()
        for relay in self.relays:
            await relay.stop()
        for host in self.hosts:
            await stop_host(host)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- the parts under test tell nobody
            await asyncio.sleep(0.005)


async def follow(journal: Any, response_id: str = "r") -> Seen:
    seen = Seen()
    async for frame in journal.read("t", response_id):
        seen.add(frame)
    return seen
