"""Every test here runs against each journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.contract.journal.support import Clock, host_of, stop_host
from tests.nats_servers import cluster, empty, nats_journal
from tests.s3_server import bucket_at, seaweed

from heliograph.journal import AttachedJournal, Journal, JournalHost, MemoryJournal, SqliteJournal

CLUSTER = pytest.mark.cluster
S3 = pytest.mark.s3
Restart = Callable[[Journal], Awaitable[Journal]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(
    params=[
        *("memory", "sqlite", "socket", "nats-r1"),
        pytest.param("nats-r3", marks=CLUSTER),
        pytest.param("nats-s3", marks=S3),
    ]
)
async def restart(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[Restart]:
    """Stops a journal and gives the one that comes up after it, over the same data."""
    current: list[Journal] = []
    behind: list[JournalHost] = []
    replicas = {"nats-r1": 1, "nats-r3": 3, "nats-s3": 1}.get(request.param, 0)
    bucket = bucket_at(await seaweed()) if request.param == "nats-s3" else None
    if replicas:
        await empty(cluster(replicas).urls)

    async def again(journal: Journal | None) -> Journal:
        if journal is not None:
            await journal.stop()
        for host in behind:
            await stop_host(host)
        if request.param == "socket":
            behind[:] = [await host_of(SqliteJournal(tmp_path / "data", clock))]
            journal = AttachedJournal(behind[0].path, clock)
        elif request.param == "sqlite":
            journal = SqliteJournal(tmp_path / "data", clock)
        elif replicas:
            journal = nats_journal(replicas, clock, bucket)
        elif journal is None:
            journal = MemoryJournal(clock)
        await journal.start()
        current[:] = [journal]
        return journal

    yield again  # type: ignore[misc]
    for journal in current:
        await journal.stop()
    for host in behind:
        await stop_host(host)


@pytest.fixture
async def journal(restart: Callable[[None], Awaitable[Journal]]) -> Journal:
    return await restart(None)
