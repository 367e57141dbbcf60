"""Servers that cannot be trusted are refused, by the setting to change."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from tests.contract.journal.support import entry, frames, new

from heliograph import errors
from heliograph.journal import Entry, Login, NatsJournal
from heliograph.journal._nats._names import Names, needs_token
from heliograph.journal._nats._setup import check_server
from heliograph.testing.nats import Cluster

Open = Callable[..., Awaitable[NatsJournal]]

GOOD = {"version": "2.14.0", "jetstream": True, "max_payload": 1_048_576}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "2.9.10"}, "nats-server 2.9.10 is too old: before 2.14"),
        ({"version": "2.13.9"}, "too old"),
        ({"version": "1.4.1"}, "too old"),
        ({"version": ""}, "of unknown version"),
        ({"jetstream": False}, "runs without JetStream; add a `jetstream"),
        ({"max_payload": 1024}, "max_payload is 1024 bytes; set `max_payload`"),
    ],
)
def test_what_a_server_says_of_itself(change: dict[str, object], said: str) -> None:
    with pytest.raises(errors.JournalError, match=said):
        check_server({**GOOD, **change})


@pytest.mark.parametrize("version", ["2.14.0", "2.15.1-beta", "2.100.0", "3.0.0"])
def test_newer_servers_are_good(version: str) -> None:
    check_server({**GOOD, "version": version})


async def test_an_older_server_is_refused_at_the_start() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {**GOOD, "version": "2.9.10", "server_id": "x", "proto": 1, "headers": True}
        writer.write(b"INFO " + msgspec.json.encode(info) + b"\r\n")
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()
        await writer.wait_closed()
        left.set()

    left = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    journal = NatsJournal(f"nats://127.0.0.1:{port}", replicas=1, shards=1)
    with pytest.raises(errors.JournalError, match=r"2\.9\.10 is too old"):
        await journal.start()
    with pytest.raises(errors.JournalError, match="not open"):
        await journal.get("t", "r")
    async with asyncio.timeout(5):
        await left.wait()
    server.close()


async def test_no_server_at_all() -> None:
    journal = NatsJournal("nats://127.0.0.1:1", replicas=1)
    with pytest.raises(errors.JournalError, match=r"no NATS server of nats://127\.0\.0\.1:1"):
        await journal.start()


async def test_more_replicas_than_servers_are_refused(server: Cluster) -> None:
    journal = NatsJournal(server.urls, replicas=3, shards=1, prefix="more")
    with pytest.raises(errors.JournalError, match=r"journal\.replicas: 3"):
        await journal.start()


async def test_fewer_shards_than_there_are_are_refused(open_journal: Open, server: Cluster) -> None:
    await open_journal()
    journal = NatsJournal(server.urls, replicas=1, shards=1, prefix="hg")
    with pytest.raises(errors.JournalError, match="can only grow"):
        await journal.start()
    with pytest.raises(errors.ConfigError, match=r"journal\.shards: 0"):
        NatsJournal(server.urls, shards=0)


USERS = """
authorization {
  users: [
    { user: "good", password: "pw" },
    { user: "blind", password: "pw", permissions: {
      publish: { deny: "$JS.API.STREAM.MSG.GET.>" } } },
    { user: "mute", password: "pw", permissions: { publish: { deny: "heliograph.ev.>" } } },
    { user: "deaf", password: "pw", permissions: { subscribe: { deny: "heliograph.t.>" } } }
  ]
}
"""


@pytest.mark.parametrize("user", ["blind", "mute", "deaf"])
async def test_a_missing_permission_is_named(tmp_path: Path, user: str) -> None:
    with Cluster(1, tmp_path, extra=USERS) as cluster:
        good = NatsJournal(
            cluster.urls, replicas=1, shards=1, login=Login(user="good", password="pw")
        )
        await good.start()
        await good.stop()
        journal = NatsJournal(
            cluster.urls, replicas=1, shards=1, login=Login(user=user, password="pw")
        )
        denied = {"blind": "STREAM.MSG.GET", "mute": "heliograph.ev", "deaf": "heliograph.t"}
        with pytest.raises(errors.JournalError, match=f"(?i){denied[user]}"):
            await journal.start()


LEAST = """
authorization { users: [ { user: "least", password: "pw", permissions: {
  publish: { allow: ["heliograph.>", "$O.HELIOGRAPH_BLOBS.>", "$JS.API.>", "$JS.ACK.>"] }
  subscribe: { allow: ["heliograph.t.>", "heliograph.j.>", "_INBOX.>"] }
} } ] }
"""


async def test_the_permissions_that_the_docs_name_are_enough(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "cluster.md").read_text()
    for subject in re.findall(r'"([^"]+>)"', LEAST):
        assert f"`{subject}`" in page
    with Cluster(1, tmp_path, extra=LEAST) as cluster:
        login = Login(user="least", password="pw")
        journal = NatsJournal(cluster.urls, replicas=1, shards=2, login=login)
        await journal.start()
        sha256 = await journal.blobs.put(b"picture" * 200_000)
        waiting = asyncio.create_task(journal.claim("w", ["*"], lease=10, wait=5))
        await asyncio.sleep(0.1)
        key = {"idempotency_key": "k", "body_digest": "d"}
        await journal.create(new("r", expires_in=0.0, **key))
        lease = await waiting
        assert lease is not None
        await journal.attach("t", "r", "reader", seconds=5)
        await journal.append(lease, 0, [entry(0, sha256)])
        await journal.cancel("t", "r")
        await journal.renew(lease, seconds=5)
        await journal.finish(lease, 1, [entry(1)], Entry(b"end"))
        assert [frame.first for frame in await frames(journal)] == [0, 1]
        journal._parts.blobs._cache.clear()
        assert len(await journal.blobs.get(sha256)) == 1_400_000
        assert await journal.expire() == 1
        await journal.create(new("r2"))
        await journal.delete("t", "r2")
        await journal.load()
        assert journal._wire.denied is None
        await journal.stop()


async def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    with Cluster(1, tmp_path, extra=USERS) as cluster:
        journal = NatsJournal(cluster.urls, replicas=1, login=Login(user="good", password="no"))
        with pytest.raises(errors.JournalError, match=r"(?i)authorization"):
            await journal.start()


@pytest.mark.parametrize(("sync", "warns"), [("always", False), ("2m", True)])
async def test_a_lazy_sync_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, sync: str, warns: bool
) -> None:
    with Cluster(1, tmp_path, sync=sync) as cluster:
        journal = NatsJournal(
            cluster.urls, replicas=1, shards=1, monitors=[cluster.nodes[0].monitor]
        )
        with caplog.at_level(logging.WARNING):
            await journal.start()
        await journal.stop()
    assert ("sync_interval: always" in caplog.text) is warns


async def test_a_monitor_that_does_not_answer_is_a_warning(
    server: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    journal = NatsJournal(
        server.urls, replicas=1, shards=2, prefix="hg", monitors=["http://127.0.0.1:1"]
    )
    with caplog.at_level(logging.WARNING):
        await journal.start()
    await journal.stop()
    assert "http://127.0.0.1:1" in caplog.text


def test_the_shard_is_in_the_id() -> None:
    names = Names("p", 64)
    made = "resp_" + "0123456789abcdef" * 2
    placed = {names.place(made) for _ in range(2000)}
    assert {names.shard(one) for one in placed} == set(range(64))
    grown = Names("p", 128)
    assert all(names.stream(one) == grown.stream(one) for one in placed)
    for one in placed:
        derived = f"step_ig_{one.removeprefix('resp_')}o3"
        assert names.shard(derived) == names.shard(one)


def test_an_id_without_a_shard_is_where_its_hash_says_however_many_there_are() -> None:
    ids = [f"resp_{number:032x}" for number in range(2000)]
    names, grown = Names("p", 64), Names("p", 128)
    assert {names.shard(one) for one in ids} == {0}
    names.spread = grown.spread = 64
    assert {names.shard(one) for one in ids} == set(range(64))
    assert all(names.stream(one) == grown.stream(one) for one in ids)


async def test_where_ids_without_a_shard_live_is_settled_by_the_first_start(tmp_path: Path) -> None:
    ids = [f"r{number}" for number in range(8)]
    with Cluster(1, tmp_path) as cluster:
        for shards in (2, 4):
            journal = NatsJournal(cluster.urls, replicas=1, shards=shards)
            await journal.start()
            if shards == 2:
                for one in ids:
                    await journal.create(new(one))
                assert {journal._names.shard(one) for one in ids} == {0, 1}
            for one in ids:
                assert (await journal.get("t", one)).state == "queued"
            await journal.stop()


@pytest.mark.parametrize("odd", ["", "a.b", "a b", "*", ">", "é", "x" * 200, "a\r\nPUB"])
def test_what_cannot_be_an_id_is_unknown(odd: str) -> None:
    with pytest.raises(errors.UnknownResponse):
        Names("p", 64).shard(odd)


def test_capabilities_in_any_order_are_one_queue() -> None:
    assert needs_token(("a", "b")) == needs_token(("b", "a")) != needs_token(("a",))
