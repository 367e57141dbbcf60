"""What arrives late, dies half way, or is cancelled as it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.contract.journal.support import claim, new
from tests.fleet.net import Net
from tests.nats_servers import PREFIX, SHARDS, cluster, empty

from heliograph import errors
from heliograph.journal import NatsJournal


@asynccontextmanager
async def opened(servers: list[str]) -> AsyncIterator[NatsJournal]:
    journal = NatsJournal(servers, replicas=1, shards=SHARDS, prefix=PREFIX)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


@pytest.fixture
async def ways() -> AsyncIterator[tuple[Net, dict[int, str]]]:
    """Two ways to one server, by port."""
    servers = cluster(1)
    await empty(servers.urls)
    with Net() as net:
        yield net, {net.way(name, "server", servers.nodes[0].port): name for name in ("a", "b")}
    await empty(servers.urls)


def way_of(journal: NatsJournal, ways: dict[int, str]) -> str:
    url = journal._wire.client.connected_url
    assert url is not None
    assert url.port is not None
    return ways[url.port]


async def test_a_blobs_record_that_arrives_late_names_nothing_that_is_gone(
    ways: tuple[Net, dict[int, str]],
) -> None:
    """It waits in the network while the blob is put another way, and comes after that."""
    net, ports = ways
    data = bytes(range(256)) * 4096
    async with opened([f"nats://127.0.0.1:{port}" for port in ports]) as journal:
        record = f"PUB $O.{journal._names.blobs}.M.".encode()
        net.cut_after(way_of(journal, ports), "server", record)
        name = await journal.blobs.put(data)
        net.heal()
        await asyncio.sleep(0.5)  # for what is late
        async with opened(cluster(1).urls) as other:
            assert await other.blobs.get(name) == data
            await other.blobs.put(data)
            assert await other.blobs.get(name) == data


async def test_what_died_before_its_log_was_written_can_be_made_again(
    ways: tuple[Net, dict[int, str]],
) -> None:
    """The id of an order follows from its item's: the next owner has no other."""
    net, ports = ways
    servers = [f"nats://127.0.0.1:{port}" for port in ports]
    async with opened(servers) as journal, opened(cluster(1).urls) as other:
        net.cut_after(way_of(journal, ports), "server", b".r.log")
        dying = asyncio.create_task(journal.create(new("r")))
        async with asyncio.timeout(20):
            while await other._parts.lives.read("r") is None:  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(0.01)
        with pytest.raises(errors.UnknownResponse):
            await other.get("t", "r")
        assert (await other.create(new("r"))).fresh
        with pytest.raises(errors.JournalError, match="was used before"):
            await other.create(new("r"))
        net.heal()
        with pytest.raises(errors.JournalError, match="was used before"):
            await dying
        assert (await claim(other)).response_id == "r"
        assert await other.claim("w", ["*"], lease=10, wait=0) is None


async def test_a_cancel_is_heard_together_with_an_answer() -> None:
    """A loop that is cancelled ends, whenever that is."""
    async with opened(cluster(1).urls) as journal:
        await journal.create(new("r"))
        asked = journal._wire.client._resp_map

        def unanswered() -> list[asyncio.Future[Any]]:
            return [one for one in asked.values() if not one.done()]

        async def forever() -> None:
            while True:
                await journal.attach("t", "r", "reader", seconds=60)

        for _ in range(20):
            task = asyncio.create_task(forever())
            while not (waiting := unanswered()):  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(0)
            waiting[0].add_done_callback(lambda _, task=task: task.cancel())
            done, _ = await asyncio.wait([task], timeout=5)
            assert done
    await empty(cluster(1).urls)
