"""Pictures through the journal on NATS: its own object store beside S3 storage, on one machine.

``python -m bench.blobs``. One nats-server that flushes what it acknowledges, one SeaweedFS, eight
pictures under way at once. Whatever is read is checked against its digest; nothing comes from
memory.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tests import nats_servers, s3_server

from heliograph.journal import NatsJournal, S3Bucket

AT_ONCE = 8
SIZES = {1_000_000: 96, 100_000: 200}

T = TypeVar("T")


async def timed(call: Callable[[T], Awaitable[object]], each: Sequence[T]) -> float:
    """Seconds for all calls, so many at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(argument: T) -> None:
        async with slots:
            await call(argument)

    began = time.perf_counter()
    await asyncio.gather(*map(one, each))
    return time.perf_counter() - began


async def measure(name: str, bucket: S3Bucket | None) -> None:
    await nats_servers.empty(nats_servers.cluster(1).urls)
    journal: NatsJournal = nats_servers.nats_journal(1, time.time, bucket)
    await journal.start()
    cache = journal._parts.blobs._cache

    async def fresh(sha256: str) -> None:
        cache.clear()
        await journal.blobs.get(sha256)

    for size, count in SIZES.items():
        names: list[str] = []

        async def put(data: bytes, names: list[str] = names) -> None:
            names.append(await journal.blobs.put(data))

        stored = await timed(put, [os.urandom(size) for _ in range(count)])
        read = await timed(fresh, names)
        speeds = [f"{size * count / 1e6 / seconds:5.0f} MB/s" for seconds in (stored, read)]
        print(f"{name:13} {size // 1000:5} kB   put {speeds[0]}   get {speeds[1]}")
    await journal.stop()


async def main() -> None:
    try:
        await measure("object store", None)
        await measure("S3", s3_server.bucket_at(await s3_server.seaweed()))
    finally:
        nats_servers.stop_all()
        s3_server.stop_all()


if __name__ == "__main__":
    asyncio.run(main())
