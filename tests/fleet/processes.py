"""A fleet of real processes on loopback: nats-servers, gateways that hold no work, workers."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path

import msgspec
import nats
from nats.js.api import ConsumerConfig, DeliverPolicy
from tests.nats_servers import PREFIX
from tests.server.process import Child

from heliograph.journal._nats._records import Record, unpack
from heliograph.testing.nats import Cluster

SHARDS = 4


def configured(folder: Path, cluster: Cluster, more: str = "", servers: Sequence[str] = ()) -> Path:
    """The file that those of a fleet are given; ``servers`` are their ways to the cluster."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "heliograph.toml"
    path.write_text(
        f'[journal]\nkind = "nats"\nservers = {json.dumps(list(servers) or cluster.urls)}\n'
        f'replicas = {len(cluster.nodes)}\nshards = {SHARDS}\nprefix = "{PREFIX}"\n{more}'
    )
    return path


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class Gateway(Child):
    """``heliograph serve`` on NATS; no worker of its own unless it is told."""

    def __init__(self, config: Path, port: int = 0, workers: int = 0) -> None:
        options = ("--config", str(config), "--port", str(port), "--workers", str(workers))
        super().__init__(config.parent / "gateways.log", "serve", *options)
        self.url = next(word for word in self.said.split() if word.startswith("http"))
        self.url = self.url.removesuffix("/v1")


class Hand(Child):
    """``heliograph worker`` on NATS."""

    def __init__(self, config: Path, *options: str) -> None:
        log = config.parent / "workers.log"
        super().__init__(log, "worker", "--config", str(config), *options)


class Claim(msgspec.Struct, frozen=True):
    """A claim record of a log; ``pid`` is the worker process's, 0 where it is none."""

    epoch: int
    takeovers: int
    at: float
    pid: int


def claim_of(record: Record) -> Claim:
    kind, _, rest = record.body.decode().partition("-")
    pid = int(rest.partition("-")[0]) if kind == "worker" else 0
    return Claim(record.epoch, record.takeovers, record.at, pid)


async def logs(servers: list[str], response_id: str = "*") -> dict[str, list[Record]]:
    """Every log's records as the streams have them, by response; read without the journal."""
    client = await nats.connect(servers, connect_timeout=10)
    try:
        js = client.jetstream(timeout=10)
        found: dict[str, list[Record]] = {}
        for shard in range(SHARDS):
            subject = f"{PREFIX}.ev.{shard:02x}.{response_id}.log"
            stream = f"{PREFIX.upper()}_EV_{shard:02d}"
            config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
            feed = await js.subscribe(subject, stream=stream, ordered_consumer=True, config=config)
            info = await feed.consumer_info()
            left = (info.num_pending or 0) + (info.delivered.consumer_seq if info.delivered else 0)
            for _ in range(left):
                message = await feed.next_msg(timeout=10)
                name = message.subject.split(".")[3]
                found.setdefault(name, []).append(unpack(message.data, Record))
            await feed.unsubscribe()
        return found
    finally:
        await client.close()
