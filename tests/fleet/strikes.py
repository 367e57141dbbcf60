"""What is done to a fleet, as a table; each lane strikes one kind of process, one at a time."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import nats
from tests.fleet.processes import SHARDS, Gateway, Hand, free_port
from tests.nats_servers import PREFIX

from heliograph.testing.nats import Cluster

ABILITIES = ((), ("--capability", "chat:*"), ("--capability", "image:*"))
"""One worker does all; of the others one speaks and one paints, so that they need each other."""


_START_SECONDS = 60.0

T = TypeVar("T")


class Kill(msgspec.Struct, frozen=True):
    """A worker that was killed, and when."""

    pid: int
    at: float


class Fleet:
    """Two gateways and three workers on a cluster. Whatever is killed is started again."""

    def __init__(
        self, config: Path, cluster: Cluster, abilities: Sequence[tuple[str, ...]] = ABILITIES
    ) -> None:
        self._abilities = abilities
        self.config = config
        self.cluster = cluster
        self.ports = [free_port(), free_port()]
        self.gateways = [Gateway(config, port) for port in self.ports]
        self.hands = [Hand(config, *can) for can in abilities]
        self.kills: list[Kill] = []

    def close(self) -> None:
        for child in (*self.gateways, *self.hands):
            child.close()

    async def kill_gateway(self, rng: random.Random) -> None:
        index = rng.randrange(len(self.gateways))
        self.gateways[index].kill()
        self.gateways[index].close()
        self.gateways[index] = await _again(partial(Gateway, self.config, self.ports[index]))

    async def stop_gateway(self, rng: random.Random) -> None:
        await _pause(rng.choice(self.gateways).signal, rng.uniform(1, 6))

    async def kill_worker(self, rng: random.Random) -> None:
        await self.kill_worker_at(rng.randrange(len(self.hands)), rng.uniform(0, 3))

    async def kill_worker_at(self, index: int, pause: float = 0.0) -> None:
        self.kills.append(Kill(self.hands[index].pid, time.time()))
        self.hands[index].kill()
        self.hands[index].close()
        await asyncio.sleep(pause)
        self.hands[index] = await _again(partial(Hand, self.config, *self._abilities[index]))

    async def stop_worker(self, rng: random.Random) -> None:
        """For longer than its leases at times: it wakes as a zombie."""
        await _pause(rng.choice(self.hands).signal, rng.uniform(1, 16))

    async def kill_server(self, rng: random.Random) -> None:
        node = rng.choice(self.cluster.nodes)
        node.kill()
        await asyncio.sleep(rng.uniform(0.5, 4))
        await asyncio.to_thread(self.cluster.restart, node)

    async def stop_server(self, rng: random.Random) -> None:
        await _pause(rng.choice(self.cluster.nodes).signal, rng.uniform(1, 10))
        await asyncio.to_thread(self.cluster.wait)

    async def step_down(self, rng: random.Random) -> None:
        names = [f"{PREFIX.upper()}_EV_{shard:02d}" for shard in range(SHARDS)]
        names += [f"{PREFIX.upper()}_JOBS", f"{PREFIX.upper()}_KEYS"]
        client = await nats.connect(self.cluster.urls)
        try:
            for name in rng.sample(names, 3):
                with suppress(nats.errors.Error):
                    await client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{name}", b"", timeout=5)
        finally:
            await client.close()

    async def restart_cluster(self, rng: random.Random) -> None:
        for node in self.cluster.nodes:
            node.kill()
        await asyncio.sleep(rng.uniform(0, 2))
        await asyncio.to_thread(self.cluster.start)


async def _again(start: Callable[[], T]) -> T:
    """As a supervisor does: a process that begins while NATS is away ends, and is begun again."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return await asyncio.to_thread(start)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.5)


async def _pause(send: Callable[[signal.Signals], None], seconds: float) -> None:
    send(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(signal.SIGCONT)


Strike = Callable[[Fleet, random.Random], Awaitable[Any]]

LANES: dict[str, dict[str, Strike]] = {
    "workers": {
        "a worker killed": Fleet.kill_worker,
        "a worker stopped and woken": Fleet.stop_worker,
    },
    "gateways": {
        "a gateway killed": Fleet.kill_gateway,
        "a gateway stopped and woken": Fleet.stop_gateway,
    },
    "servers": {
        "a nats-server killed": Fleet.kill_server,
        "a nats-server stopped and woken": Fleet.stop_server,
        "leaders of streams told to step down": Fleet.step_down,
        "all nats-servers killed and started again": Fleet.restart_cluster,
    },
}


async def strike(fleet: Fleet, lane: str, seed: int, most: int, done: Counter[str]) -> None:
    """Go through a lane's table over and over, each time in another order, with pauses."""
    rng = random.Random(f"{seed}/{lane}")
    table = LANES[lane]
    while True:
        for name in rng.sample(sorted(table), len(table)):
            if sum(done[one] for one in table) >= most:
                return
            await asyncio.sleep(rng.uniform(0.5, 3))
            await table[name](fleet, rng)
            done[name] += 1
