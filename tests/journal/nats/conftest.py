"""Several journals on one real server, as several processes would have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock
from tests.nats_servers import PREFIX, SHARDS, cluster, empty

from heliograph.journal import NatsJournal
from heliograph.testing.nats import Cluster

Open = Callable[..., Awaitable[NatsJournal]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server() -> Cluster:
    """One server, its streams empty."""
    await empty(cluster(1).urls)
    return cluster(1)


@pytest.fixture
async def open_journal(server: Cluster, clock: Clock) -> AsyncIterator[Open]:
    """Opens another journal on the server, or on a way to it."""
    opened: list[NatsJournal] = []

    async def journal(url: str | None = None) -> NatsJournal:
        made = NatsJournal(
            url or server.urls, replicas=1, shards=SHARDS, prefix=PREFIX, clock=clock
        )
        await made.start()
        opened.append(made)
        return made

    yield journal
    for one in opened:
        await one.stop()
