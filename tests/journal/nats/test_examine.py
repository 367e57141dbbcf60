"""What is wrong with servers is found, and named; what is right passes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.contract.journal.support import new
from tests.journal.nats.test_start import USERS

from heliograph.journal import Login, NatsJournal
from heliograph.journal.checkup import Finding
from heliograph.testing.nats import Cluster


def journal_at(cluster: Cluster, **more: object) -> NatsJournal:
    options = {"replicas": 1, "shards": 2, "prefix": "hg", **more}
    return NatsJournal(cluster.urls, **options)  # type: ignore[arg-type]


async def looked(journal: NatsJournal) -> dict[str, Finding]:
    found, _ = await journal.examine()
    return {one.what: one for one in found}


async def make_streams(cluster: Cluster, **more: object) -> None:
    journal = journal_at(cluster, **more)
    await journal.start()
    await journal.stop()


async def test_all_is_well(server: Cluster) -> None:
    await make_streams(server)
    found = await looked(journal_at(server, monitors=[server.nodes[0].monitor]))
    assert {one.status for one in found.values()} == {"ok"}, found
    assert list(found) == [*("server", "streams", "clock", "permissions", "write", "blobs", "sync")]
    assert "nats-server 2." in found["server"].said


async def test_no_server_answers() -> None:
    found = await looked(NatsJournal("nats://127.0.0.1:1", replicas=1))
    assert (found["nats"].status, list(found)) == ("failed", ["nats"])
    assert "journal.servers" in found["nats"].said


async def test_streams_that_are_not_there_are_not_made(server: Cluster) -> None:
    for _ in range(2):
        found = await looked(journal_at(server, prefix="nobody"))
        assert found["streams"].status == "warning"
        assert found["replicas"].status == "ok"
    found = await looked(journal_at(server, prefix="nobody", replicas=3))
    assert found["replicas"].status == "failed"
    assert "journal.replicas: 3" in found["replicas"].said


async def test_other_replicas_and_fewer_shards(server: Cluster) -> None:
    await make_streams(server)
    found = await looked(journal_at(server, replicas=3))
    assert found["streams"].status == "warning"
    assert "journal.replicas is 3" in found["streams"].said
    found = await looked(journal_at(server, shards=1))
    assert found["streams"].status == "failed"
    assert "can only grow" in found["streams"].said


@pytest.mark.parametrize("ahead", [-30.0, 30.0])
async def test_a_clock_that_is_wrong(server: Cluster, ahead: float) -> None:
    await make_streams(server)
    found = await looked(journal_at(server, clock=lambda: time.time() + ahead))
    assert found["clock"].status == "failed"
    assert "NTP" in found["clock"].said


@pytest.mark.parametrize(("sync", "status"), [("always", "ok"), ("2m", "warning")])
async def test_a_lazy_sync(tmp_path: Path, sync: str, status: str) -> None:
    with Cluster(1, tmp_path, sync=sync) as cluster:
        found = await looked(journal_at(cluster, monitors=[cluster.nodes[0].monitor]))
    assert found["sync"].status == status


@pytest.mark.parametrize(
    ("extra", "what", "says"),
    [
        ("max_payload: 1024", "server", "set `max_payload`"),
        (USERS, "nats", "journal.user"),
    ],
)
async def test_settings_of_the_server(tmp_path: Path, extra: str, what: str, says: str) -> None:
    with Cluster(1, tmp_path, extra=extra) as cluster:
        found = await looked(journal_at(cluster, login=Login(user="good", password="wrong")))
    assert found[what].status == "failed"
    assert says in found[what].said.lower()


@pytest.mark.parametrize("user", ["blind", "mute", "deaf"])
async def test_a_permission_that_is_missing(tmp_path: Path, user: str) -> None:
    with Cluster(1, tmp_path, extra=USERS) as cluster:
        await make_streams(cluster, prefix="heliograph", login=Login(user="good", password="pw"))
        journal = journal_at(cluster, prefix="heliograph", login=Login(user=user, password="pw"))
        found = await looked(journal)
    assert found["permissions"].status == "failed"
    denied = {"blind": "stream.msg.get", "mute": "heliograph.ev", "deaf": "heliograph.t"}
    assert denied[user] in found["permissions"].said.lower()


async def test_what_waits_is_told_by_what_it_needs(server: Cluster) -> None:
    journal = journal_at(server, clock=lambda: time.time() - 100)
    await journal.start()
    await journal.create(new("r1", capabilities=("chat:nobody",)))
    await journal.create(new("r2", capabilities=("chat:nobody",)))
    await journal.create(new("r3", capabilities=("chat:some",)))
    await journal.claim("w", ["chat:some"], lease=10, wait=0)  # and released at the stop
    await journal.create(new("r4", capabilities=("chat:some",)))
    await journal.stop()
    _, waiting = await journal_at(server).examine()
    told = {one.needs: (one.count, one.untaken, one.seconds > 90) for one in waiting}
    assert told == {("chat:nobody",): (2, True, True), ("chat:some",): (2, False, True)}
