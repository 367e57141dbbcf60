"""Three servers: what the loss of one costs, and what it must not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import nats
import nats.errors
import pytest
from tests.contract.journal.support import Seen, check_log, claim, entry, new
from tests.fleet.net import Net
from tests.journal.nats.raw import api, connected, publish, stream
from tests.nats_servers import PREFIX

from heliograph import errors
from heliograph.journal import Entry, Journal, NatsJournal
from heliograph.journal._nats import _limits
from heliograph.testing.nats import Cluster, Node

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of its own: its servers are killed."""
    with Cluster(3, tmp_path) as made:
        yield made


async def heard(client: nats.NATS, subject: str) -> None:
    """Wait until the client's server knows of the stream that keeps ``subject``."""
    for _ in range(200):
        try:
            await client.request(subject, b"warm", timeout=5)
        except nats.errors.NoRespondersError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(f"nobody keeps {subject}")


def opened(servers: list[str]) -> NatsJournal:
    return NatsJournal(servers, replicas=3, shards=1, prefix=PREFIX)


async def leader_of(cluster: Cluster, name: str) -> Node:
    async with connected(cluster.urls) as client:
        info = await api(client, f"STREAM.INFO.{stream(name)}")
    (found,) = [node for node in cluster.nodes if node.name == info["cluster"]["leader"]]
    return found


async def follow(journal: Journal, response_id: str = "r") -> Seen:
    seen = Seen()
    async for frame in journal.read("t", response_id):
        seen.add(frame)
    return seen


@pytest.mark.parametrize("whom", ["leader", "follower"])
async def test_killing_a_server_loses_nothing_that_was_acknowledged(
    cluster: Cluster, whom: str
) -> None:
    writer, reader = opened(cluster.urls), opened(cluster.urls)
    await writer.start()
    await reader.start()
    try:
        await writer.create(new("r"))
        lease = await claim(writer, lease=60)
        readers = [asyncio.create_task(follow(reader)) for _ in range(3)]
        leader = await leader_of(cluster, "EV_00")
        victim = leader
        if whom == "follower":
            connected_to = reader._wire.client.connected_url
            assert connected_to is not None
            near = [node for node in cluster.nodes if node.port == connected_to.port]
            others = [node for node in cluster.nodes if node is not leader]
            victim = near[0] if near[0] is not leader else others[0]
        first, longest = 0, 0.0
        ends = time.monotonic() + 12
        killed = False
        while time.monotonic() < ends:
            if first == 100 and not killed:
                victim.kill()
                killed = True
            began = time.monotonic()
            await writer.append(lease, first, [entry(first)])
            longest = max(longest, time.monotonic() - began)
            first += 1
            await asyncio.sleep(0.005)
        assert killed
        await writer.finish(lease, first, [entry(first)], Entry(b"end"))
        async with asyncio.timeout(30):
            for seen in await asyncio.gather(*readers):
                check_log(seen.data, 0, first)
        assert longest < 30
        cluster.restart(victim)
        check_log((await follow(reader)).data, 0, first)
    finally:
        await writer.stop()
        await reader.stop()


@pytest.mark.parametrize("from_clients", [True, False])
async def test_a_server_that_is_cut_off_is_left_for_another(
    tmp_path: Path, from_clients: bool
) -> None:
    """Also one that still answers its clients, and with much on its way to it."""
    with Net() as net, Cluster(3, tmp_path, way=net.way) as made:
        ways = {net.way("client", node.name, node.port): node.name for node in made.nodes}
        journal = opened([f"nats://127.0.0.1:{port}" for port in ways])
        await journal.start()
        try:
            await journal.create(new("r"))
            lease = await claim(journal, lease=60)
            near = journal._wire.client.connected_url
            assert near is not None
            assert near.port is not None
            side = {ways[near.port]}
            net.cut(side, {*ways.values(), *(["client"] if from_clients else [])} - side)
            async with asyncio.timeout(25):
                picture = bytes(range(256)) * 4096 * 8
                name, last = await asyncio.gather(
                    journal.blobs.put(picture), journal.append(lease, 0, [entry(0)])
                )
            assert last == 0
            now = journal._wire.client.connected_url
            assert now is not None
            assert now.port != near.port
            assert await journal.blobs.get(name) == picture
        finally:
            net.heal()
            await journal.stop()


async def test_a_leader_that_is_cut_off_is_not_believed_that_there_is_no_response(
    tmp_path: Path,
) -> None:
    """It goes on as one for seconds, and knows nothing of what the others make meanwhile."""
    with Net() as net, Cluster(3, tmp_path, way=net.way) as made:
        names = {node.name: net.way("client", node.name, node.port) for node in made.nodes}
        urls = [f"nats://127.0.0.1:{port}" for port in names.values()]
        first = opened(urls)
        await first.start()
        leader = (await leader_of(made, "EV_00")).name
        others = [port for name, port in names.items() if name != leader]
        far = opened([f"nats://127.0.0.1:{port}" for port in others])
        near = opened(urls)
        await far.start()
        try:
            await near.start()
            while near._wire.client.connected_url.port != names[leader]:  # type: ignore[union-attr]
                await near.stop()
                await near.start()
            net.cut({leader}, {*names} - {leader})
            async with asyncio.timeout(90):
                await far.create(new("made-meanwhile"))
                assert (await near.get("t", "made-meanwhile")).state == "queued"
                with pytest.raises(errors.UnknownResponse):
                    await near.get("t", "never-made")
        finally:
            net.heal()
            for journal in (first, far, near):
                await journal.stop()


async def test_of_racing_writers_one_wins(cluster: Cluster) -> None:
    """Older servers let several win, in most rounds."""
    journal = opened(cluster.urls)
    await journal.start()
    subject = f"{PREFIX}.ev.00.race.log"
    try:
        clients = [connected([url]) for url in (cluster.urls * 2)[:4]]
        entered = [await one.__aenter__() for one in clients]
        try:
            for client in entered:
                await heard(client, f"{PREFIX}.ev.00.warm.log")
            last = 0
            for _ in range(100):
                answers = await asyncio.gather(
                    *(
                        publish(
                            client, subject, b"%d" % i, Expected_Last_Subject_Sequence=str(last)
                        )
                        for i, client in enumerate(entered)
                    )
                )
                won = [answer for answer in answers if "error" not in answer]
                assert len(won) <= 1
                stored = await api(
                    entered[0], f"STREAM.MSG.GET.{stream('EV_00')}", last_by_subj=subject
                )
                seq = stored["message"]["seq"]
                assert not won or seq == won[0]["seq"]
                last = seq
        finally:
            for one in clients:
                await one.__aexit__(None, None, None)
    finally:
        await journal.stop()


async def test_a_restart_of_all_servers_keeps_everything(cluster: Cluster) -> None:
    journal = opened(cluster.urls)
    await journal.start()
    try:
        sha256 = await journal.blobs.put(b"picture" * 1000)
        await journal.create(new("r"))
        lease = await claim(journal, lease=60)
        await journal.append(lease, 0, [entry(0, sha256), entry(1)])
        await journal.cancel("t", "r")
        reading = asyncio.create_task(follow(journal))
        for node in cluster.nodes:
            node.kill()
        appending = asyncio.create_task(journal.append(lease, 2, [entry(2)]))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(cluster.start)
        async with asyncio.timeout(40):
            assert await appending == 2
        assert (await journal.renew(lease, seconds=10)).cancel_requested is True
        await journal.finish(lease, 3, [entry(3)], Entry(b"end"))
        async with asyncio.timeout(30):
            got = await reading
        assert got.data == [entry(0, sha256).data, *(entry(i).data for i in range(1, 4))]
        journal._parts.blobs._cache.clear()
        assert await journal.blobs.get(sha256) == b"picture" * 1000
    finally:
        await journal.stop()


async def test_a_start_waits_for_a_server_that_is_not_there_yet(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_limits, "PEERS_SECONDS", 30.0)
    late = cluster.nodes[2]
    await asyncio.to_thread(late.stop)
    two = [node.url for node in cluster.nodes[:2]]
    journal = NatsJournal(two, replicas=3, shards=1, prefix="late")  # of which nothing is there yet
    starting = asyncio.create_task(journal.start())
    await asyncio.sleep(3)
    # Two may not know yet that the third is gone; what they must not do is refuse.
    assert not starting.done() or starting.exception() is None
    await asyncio.to_thread(cluster.restart, late)
    await starting
    await journal.stop()
