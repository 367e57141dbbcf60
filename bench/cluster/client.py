"""A process that makes load; prints one JSON line at its end.

``load PORT CLIENTS SECONDS ASK``: clients that ask again once they were answered.
``open PORT COUNT SECONDS ASK``: so many streams, all open; prints a line once each has begun, and
then reads them until its standard input ends. ASK is JSON: ``body``, ``texts``, ``pictures``.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

import uvloop
from bench import load

KEY = "sk-bench"
_DELTA = b'"response.output_text.delta"'


async def closed(port: int, clients: int, seconds: float, ask: dict[str, Any]) -> dict[str, Any]:
    asked = load.request(ask["body"], KEY)
    came = await load.load(
        port, asked, ask.get("texts", 0), clients, seconds, ask.get("pictures", 0)
    )
    return {
        "events": came.events,
        "responses": len(came.first_event),
        "first": statistics.median(came.first_event) if came.first_event else 0.0,
        "seconds": came.wall,
        "broken": came.broken[:3],
    }


class Open(load.Reader):
    """Counts the deltas that come and how late they are; keeps nothing."""

    deltas = 0
    late: list[float] | None = None
    bytes = 0

    def data_received(self, data: bytes) -> None:
        count = data.count(_DELTA)
        if count and not self.first.done():
            self.first.set_result(None)
        self.deltas += count
        self.bytes += len(data)


async def opened(port: int, count: int, seconds: float, ask: dict[str, Any]) -> dict[str, Any]:
    asked = load.request(ask["body"], KEY)
    loop = asyncio.get_running_loop()
    readers: list[Open] = []
    for _ in range(count):
        _, reader = await loop.create_connection(lambda: Open(asked), "127.0.0.1", port)
        readers.append(reader)
    async with asyncio.timeout(seconds):
        await asyncio.gather(*(reader.first for reader in readers))
    print("open", flush=True)
    before = sum(one.deltas for one in readers), sum(one.bytes for one in readers)
    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.to_thread(sys.stdin.read)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    ended = sum(one.ended.done() for one in readers)
    found = {
        "events": sum(one.deltas for one in readers) - before[0],
        "bytes": sum(one.bytes for one in readers) - before[1],
        "seconds": took,
        "cpu": used,
        "broken": [f"{ended} streams ended"] if ended else [],
    }
    for reader in readers:
        reader.transport.close()
    return found


def main() -> None:
    kind, port, count, seconds, ask = sys.argv[1:]
    work = {"load": closed, "open": opened}[kind]
    found = uvloop.run(work(int(port), int(count), float(seconds), json.loads(ask)))
    print(json.dumps({"cpu": time.process_time(), **found}))


if __name__ == "__main__":
    main()
