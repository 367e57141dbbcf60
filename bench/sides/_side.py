"""The frame around a side: warm up, measure, report.

A side gives ``open_client(base_url)`` and ``read(client, model, sink) -> events``. The client is
made once, as in a program. CPU time of the process (user and system, all threads) around ``read``
is the figure; hashing what it found comes after.
"""

from __future__ import annotations

import gc
import hashlib
import json
import re
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
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


def _resident(name: str) -> int:
    """Bytes. (``ru_maxrss`` begins with the peak of the process that started this one.)"""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"/proc/self/status does not tell {name}")
    return int(found[1]) * 1024


def main(open_client: Callable[[str], Client], read: Callable[[Client, str, Sink], int]) -> None:
    """``URL WORKLOAD COUNT time|memory|resident``: CPU; what ``tracemalloc`` sees at the peak; by
    how much the process grew, for readers whose Python is too much for ``tracemalloc``."""
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
    if mode == "resident":
        before = _resident("VmRSS")
        sink = Sink(False)
        events = read(client, name, sink)
        grown = _resident("VmHWM") - before
        print(json.dumps({"peak": grown, "events": events, "sha256": sink.sha256()}))
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
