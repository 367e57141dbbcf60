"""A fleet of real processes on a real NATS cluster, and what CPU each kind of them takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import kit, load
from bench.gateways import upstream
from tests.fleet.processes import Gateway, Hand, configured

from heliograph.testing.nats import Cluster

KINDS = ("workers", "gateways", "nats-servers", "load makers")
HERE = Path(__file__).resolve().parent
CLIENT = HERE / "client.py"


def config(
    folder: Path, cluster: Cluster, up: int, concurrency: int, models: Sequence[str]
) -> Path:
    """``bench/upstream.py`` as chat and image provider; ``models`` are its model names."""
    url = f'base_url = "http://127.0.0.1:{up}/v1"\n'
    talks = "\n".join(f'[providers.up.models."{one}"]' for one in models if "paint" not in one)
    paints = ", ".join(f'"{one}" = "{one}"' for one in models if "paint" in one)
    return configured(
        folder,
        cluster,
        f"[limits]\nconcurrency = {concurrency}\nforeground_grace_seconds = 1\n"
        f"max_queued = 0\nmax_queued_per_tenant = 0\n"
        f'[providers.up]\nkind = "chat_completions"\n{url}{talks}\n'
        f'[providers.art]\nkind = "openai_images"\n{url}models = {{ {paints} }}\n',
    )


def machine_cpu() -> tuple[float, float]:
    """Seconds that all cores were busy, and that they were there, since the machine's start."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / load.TICKS, sum(fields) / load.TICKS


@dataclass
class Cell:
    """One load's outcome: counts, seconds, and CPU seconds by kind of process."""

    wall: float
    cpu: dict[str, float]
    idle: float
    clients: list[dict[str, Any]]
    bytes_in: float
    bytes_out: float

    def total(self, what: str) -> float:
        """Of all load makers."""
        return float(sum(one[what] for one in self.clients))

    @property
    def cpu_seconds(self) -> float:
        """Of all kinds but those who make the load."""
        return sum(used for kind, used in self.cpu.items() if kind != "load makers")


class Fleet:
    """Processes are started by ``grow`` and end with ``close``."""

    def __init__(self, cluster: Cluster, path: Path, up: tuple[int, int]) -> None:
        self.cluster = cluster
        self.path = path
        self.up_port, self.up_pid = up
        self.gateways: list[Gateway] = []
        self.hands: list[Hand] = []

    def grow(self, workers: int, gateways: int) -> None:
        """As many as that, at least."""
        while len(self.gateways) < gateways:
            self.gateways.append(Gateway(self.path))
        while len(self.hands) < workers:
            self.hands.append(Hand(self.path))

    def close(self) -> None:
        """Kill what was started."""
        for child in (*self.gateways, *self.hands):
            child.close()

    @property
    def ports(self) -> list[int]:
        """The gateways'."""
        return [int(one.url.rpartition(":")[2]) for one in self.gateways]

    def pids(self) -> dict[str, list[int]]:
        """By kind; of the load makers only the upstream."""
        return {
            "workers": [one.pid for one in self.hands],
            "gateways": [one.pid for one in self.gateways],
            "nats-servers": [node.pid for node in self.cluster.nodes if node.pid],
            "load makers": [self.up_pid],
        }

    def cpu(self) -> dict[str, float]:
        """Seconds so far."""
        return {kind: sum(map(load.cpu, pids)) for kind, pids in self.pids().items()}

    def memory(self) -> dict[str, int]:
        """Resident bytes."""
        return {kind: sum(map(load.resident, pids)) for kind, pids in self.pids().items()}

    def traffic(self) -> tuple[int, int]:
        """Bytes that the servers took from and gave to clients and each other's routes."""
        came = gone = 0
        for node in self.cluster.nodes:
            with urllib.request.urlopen(f"{node.monitor}/varz", timeout=10) as answer:
                said = json.load(answer)
            came, gone = came + said["in_bytes"], gone + said["out_bytes"]
        return came, gone

    @contextmanager
    def watched(self) -> Iterator[Cell]:
        """A cell that is filled in at the end of the block."""
        cell = Cell(0.0, {}, 0.0, [], 0.0, 0.0)
        used, traffic, machine = self.cpu(), self.traffic(), machine_cpu()
        began = time.perf_counter()
        yield cell
        cell.wall = time.perf_counter() - began
        busy, there = (now - then for now, then in zip(machine_cpu(), machine, strict=True))
        cell.cpu = {kind: now - used[kind] for kind, now in self.cpu().items()}
        cell.cpu["load makers"] += sum(one["cpu"] for one in cell.clients)
        cell.idle = 1 - busy / there
        cell.bytes_in, cell.bytes_out = (
            now - then for now, then in zip(self.traffic(), traffic, strict=True)
        )

    def load(self, gateways: int, at_once: int, seconds: float, ask: dict[str, Any]) -> Cell:
        """``at_once`` clients, a process of them per gateway, ask again and again."""
        each = at_once // gateways
        with self.watched() as cell:
            running = [
                client("load", str(port), str(each), str(seconds), json.dumps(ask))
                for port in self.ports[:gateways]
            ]
            cell.clients = [outcome(one, seconds + 120) for one in running]
        broken = [one for said in cell.clients for one in said["broken"]]
        if broken:
            raise RuntimeError(f"{len(broken)} streams were not whole: {broken[0]}")
        return cell


def client(*arguments: str) -> subprocess.Popen[str]:
    """A process that makes load: see ``client.py``."""
    environment = {**os.environ, "PYTHONPATH": str(kit.ROOT)}
    return subprocess.Popen(
        [sys.executable, CLIENT, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )


def outcome(process: subprocess.Popen[str], seconds: float) -> dict[str, Any]:
    """What it says at its end."""
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    if process.returncode:
        raise RuntimeError(f"a load maker ended with {process.returncode}")
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


@contextmanager
def fleet(replicas: int, concurrency: int, models: Sequence[str]) -> Iterator[Fleet]:
    """Without gateways and workers yet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(kit.scratch()))
        cluster = stack.enter_context(Cluster(replicas, folder / "nats"))
        up = stack.enter_context(upstream())
        made = Fleet(cluster, config(folder / "fleet", cluster, up[0], concurrency, models), up)
        stack.callback(made.close)
        yield made
