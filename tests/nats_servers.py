"""Real nats-servers for tests: each kind is started once per process, and emptied in between."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import msgspec
import nats

from heliograph.journal import Clock, NatsJournal, S3Bucket
from heliograph.testing.nats import Cluster

SHARDS = 2
PREFIX = "hg"

_running: list[tuple[Cluster, Path]] = []


@cache
def cluster(size: int) -> Cluster:
    """A cluster of ``size`` that ends with the test process (``stop_all``)."""
    folder = Path(tempfile.mkdtemp(prefix="heliograph-nats-"))
    made = Cluster(size, folder)
    _running.append((made, folder))
    made.start()
    return made


def stop_all() -> None:
    while _running:
        made, folder = _running.pop()
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
    cluster.cache_clear()


def nats_journal(replicas: int, clock: Clock, bucket: S3Bucket | None = None) -> NatsJournal:
    return NatsJournal(
        cluster(replicas).urls,
        replicas=replicas,
        shards=SHARDS,
        prefix=PREFIX,
        bucket=bucket,
        clock=clock,
    )


async def empty(servers: list[str]) -> None:
    """Nothing is left in any stream, and no stream beyond ``SHARDS``."""
    client = await nats.connect(servers)
    try:
        answer = await client.request("$JS.API.STREAM.NAMES", b"{}", timeout=10)
        for name in msgspec.json.decode(answer.data).get("streams") or []:
            prefix, _, number = name.rpartition("_EV_")
            verb = "DELETE" if prefix and int(number) >= SHARDS else "PURGE"
            await client.request(f"$JS.API.STREAM.{verb}.{name}", b"{}", timeout=10)
    finally:
        await client.close()
