"""The frame around a side: warm up, measure, report.

A side gives ``open_client(base_url)`` and ``read(client, model, sink) -> events``. The client is
made once, as in a program. CPU time of the process (user and system, all threads) around ``read``
is the figure; hashing what it found comes after.
"""

from __future__ import annotations

import gc
import hashlib
import json
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

Client = TypeVar("Client")


class Sink:
    """Where a side puts the pictures and the text it found."""

    def __init__(self, keep: bool) -> None:
        self._keep = keep
        self.images: list[bytes] = []
        self.text: list[str] = []
        self._digest = hashlib.sha256()
        self._count = 0

    def image(self, data: bytes) -> None:
        if self._keep:
            self.images.append(data)
        else:
            self._count += 1
            self._digest.update(hashlib.sha256(data).digest())

    def sha256(self) -> str:
        for data in self.images:
            self._count += 1
            self._digest.update(hashlib.sha256(data).digest())
        if not self._count:
            self._digest.update("".join(self.text).encode())
        return self._digest.hexdigest()


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(open_client: Callable[[str], Client], read: Callable[[Client, str, Sink], int]) -> None:
    """``URL WORKLOAD COUNT time|memory``."""
    url, name, count, mode = sys.argv[1:5]
    client = open_client(url)
    read(client, "tiny", Sink(True))
    if mode == "memory":
        gc.collect()
        tracemalloc.start()
        sink = Sink(False)
        events = read(client, name, sink)
        peak = tracemalloc.get_traced_memory()[1]
        print(json.dumps({"peak": peak, "events": events, "sha256": sink.sha256()}))
        return
    runs = []
    for _ in range(int(count)):
        gc.collect()
        sink = Sink(True)
        wall, used = time.perf_counter(), cpu()
        events = read(client, name, sink)
        used, wall = cpu() - used, time.perf_counter() - wall
        runs.append({"cpu": used, "wall": wall, "events": events, "sha256": sink.sha256()})
    print(json.dumps(runs))
