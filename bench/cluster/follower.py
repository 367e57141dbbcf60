"""Follows the responses whose ids come on standard input, all on one NATS connection.

Prints ``ready`` once each is followed live; then waits to be told how many events were written,
until they are there, and prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import uvloop
from bench import load
from bench.cluster.appends import opened

from heliograph.journal import NatsJournal

_PATIENCE = 30.0
_IDLE = 5.0


class Follower:
    """Counts what comes."""

    def __init__(self, journal: NatsJournal) -> None:
        self._journal = journal
        self.waits: list[float] = []
        self.gaps = 0

    async def follow(self, response_id: str) -> None:
        """Until it is cancelled."""
        following = 0
        async for frame in self._journal.read("t", response_id):
            now = time.perf_counter()
            self.gaps += frame.first != following
            following = frame.last + 1
            self.waits += [(now - float(one.data)) * 1e3 for one in frame.entries]


async def _until(come: Callable[[], bool]) -> None:
    """Or until patience is over."""
    until = time.perf_counter() + _PATIENCE
    while not come() and time.perf_counter() < until:  # noqa: ASYNC110 - what is counted wakes nobody
        await asyncio.sleep(0.05)


async def follow(urls: list[str]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    names = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    async with opened(urls, 1) as (journal,):
        follower = Follower(journal)
        before, began = load.resident(os.getpid()), time.perf_counter()
        tasks = [asyncio.create_task(follower.follow(name)) for name in names]
        tails = journal._feeds
        await _until(
            lambda: all((tail := tails.get(name)) and tail.next_seq == 0 for name in names)
        )
        took = time.perf_counter() - began
        await asyncio.sleep(1)
        memory = (load.resident(os.getpid()) - before) / len(names)
        cpu = time.process_time()
        await asyncio.sleep(_IDLE)
        idle = (time.process_time() - cpu) / _IDLE / len(names)
        print("ready", flush=True)
        cpu, began = time.process_time(), time.perf_counter()
        sent = int(await loop.run_in_executor(None, sys.stdin.readline))
        await _until(lambda: len(follower.waits) >= sent)
        used, seconds = time.process_time() - cpu, time.perf_counter() - began
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    cuts = statistics.quantiles(follower.waits, n=100)
    return {
        "events": len(follower.waits),
        "gaps": follower.gaps,
        "p50": cuts[49],
        "p99": cuts[98],
        "cpu": used,
        "seconds": seconds,
        "idle": idle,
        "memory": memory,
        "opened": took,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(follow(sys.argv[1:]))))
