"""A real S3-speaking server, its bucket, and journals that have their blobs there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.contract.journal.support import Clock
from tests.nats_servers import cluster, empty, nats_journal
from tests.s3_server import Seaweed, bucket_at, make_bucket, seaweed

from heliograph.journal import NatsJournal, S3Bucket

Open = Callable[[S3Bucket | None], Awaitable[NatsJournal]]


@pytest.fixture
async def storage() -> Seaweed:
    """A server that other tests use too."""
    return await seaweed()


@pytest.fixture
async def own_storage(tmp_path: Path) -> AsyncIterator[Seaweed]:
    """A server that a test may stop."""
    server = Seaweed(tmp_path)
    server.start()
    await make_bucket(server)
    yield server
    server.stop()


@pytest.fixture
async def bucket(storage: Seaweed) -> S3Bucket:
    """With a prefix of its own, opened."""
    made = bucket_at(storage)
    await made.open()
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def open_journal(clock: Clock) -> AsyncIterator[Open]:
    """Opens another journal on one nats-server, its blobs in the bucket that is given."""
    await empty(cluster(1).urls)
    opened: list[NatsJournal] = []

    async def journal(bucket: S3Bucket | None) -> NatsJournal:
        made = nats_journal(1, clock, bucket)
        await made.start()
        opened.append(made)
        return made

    yield journal
    for one in opened:
        await one.stop()
