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
from typing import Any

import msgspec
import nats
from tests.fleet.net import Net
from tests.fleet.processes import SHARDS, Gateway, Hand, configured, free_port
from tests.nats_servers import PREFIX

from heliograph.testing.nats import Cluster

ABILITIES = ((), ("--capability", "chat:*"), ("--capability", "image:*"))
"""One worker does all; of the others one speaks and one paints, so that they need each other."""


_START_SECONDS = 60.0


class Kill(msgspec.Struct, frozen=True):
    """A worker that was killed, and when."""

    pid: int
    at: float


class Fleet:
    """Two gateways and three workers on a cluster. Whatever is killed is started again."""

    def __init__(
        self,
        folder: Path,
        cluster: Cluster,
        net: Net,
        more: str,
        abilities: Sequence[tuple[str, ...]] = ABILITIES,
    ) -> None:
        self._folder = folder
        self._more = more
        self._abilities = abilities
        self.cluster = cluster
        self._net = net
        self.ports = [free_port(), free_port()]
        self.gateways: dict[int, Gateway] = {}
        self.hands: dict[int, Hand] = {}
        self.kills: list[Kill] = []
        self._configs = [self._config(name) for name in self._names]
        try:
            for index in range(len(self.ports)):
                self._start_gateway(index)
            for index in range(len(abilities)):
                self._start_hand(index)
        except BaseException:
            self.close()
            raise

    @property
    def _names(self) -> list[str]:
        gateways = [f"g{index}" for index in range(len(self.ports))]
        return gateways + [f"w{index}" for index in range(len(self._abilities))]

    def _config(self, name: str) -> Path:
        """Each has ways of its own to the servers."""
        ports = [self._net.way(name, node.name, node.port) for node in self.cluster.nodes]
        servers = [f"nats://127.0.0.1:{port}" for port in ports]
        return configured(self._folder / name, self.cluster, self._more, servers)

    def _start_gateway(self, index: int) -> None:
        self.gateways[index] = Gateway(self._configs[index], self.ports[index])

    def _start_hand(self, index: int) -> None:
        config = self._configs[len(self.ports) + index]
        self.hands[index] = Hand(config, *self._abilities[index])

    def close(self) -> None:
        for child in (*self.gateways.values(), *self.hands.values()):
            child.close()

    async def kill_gateway(self, rng: random.Random) -> None:
        index = rng.randrange(len(self.gateways))
        self.gateways[index].kill()
        self.gateways[index].close()
        await _again(partial(self._start_gateway, index))

    async def stop_gateway(self, rng: random.Random) -> None:
        await _pause(rng.choice(list(self.gateways.values())).signal, rng.uniform(1, 6))

    async def kill_worker(self, rng: random.Random) -> None:
        await self.kill_worker_at(rng.randrange(len(self.hands)), rng.uniform(0, 3))

    async def kill_worker_at(self, index: int, pause: float = 0.0) -> None:
        self.kills.append(Kill(self.hands[index].pid, time.time()))
        self.hands[index].kill()
        self.hands[index].close()
        await asyncio.sleep(pause)
        await _again(partial(self._start_hand, index))

    async def stop_worker(self, rng: random.Random) -> None:
        """For longer than its leases at times: it wakes as a zombie."""
        await _pause(rng.choice(list(self.hands.values())).signal, rng.uniform(1, 16))

    async def kill_server(self, rng: random.Random) -> None:
        node = rng.choice(self.cluster.nodes)
        node.kill()
        await asyncio.sleep(rng.uniform(0.5, 4))
        await _whole(partial(self.cluster.restart, node))

    async def stop_server(self, rng: random.Random) -> None:
        await _pause(rng.choice(self.cluster.nodes).signal, rng.uniform(1, 10))
        await _whole(self.cluster.wait)

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
        await _whole(self.cluster.start)

    async def cut_off(self, rng: random.Random) -> None:
        await self._part(rng)

    async def cut_off_unheard(self, rng: random.Random) -> None:
        await self._part(rng, hears=True)

    async def cut_off_deaf(self, rng: random.Random) -> None:
        await self._part(rng, heard=True)

    async def cut_off_alone(self, rng: random.Random) -> None:
        await self._part(rng, alone=True)

    async def _part(
        self,
        rng: random.Random,
        *,
        alone: bool = False,
        hears: bool = False,
        heard: bool = False,
    ) -> None:
        """One server, a gateway and a worker from all others; ``alone`` the server from the other
        servers only, and whoever is connected to it stays so.
        """
        node = rng.choice(self.cluster.nodes).name
        servers = {one.name for one in self.cluster.nodes}
        side, others = {node}, servers - {node}
        if not alone:
            side |= {rng.choice([name for name in self._names if name[0] == kind]) for kind in "gw"}
            others |= set(self._names) - side
        self._net.cut(side, others, hears=hears, heard=heard)
        try:
            await asyncio.sleep(rng.uniform(4, 16))
        finally:
            self._net.heal()
        await _whole(self.cluster.wait)


async def _whole(work: Callable[[], None]) -> None:
    """Do it in a thread, and wait for it also when cut off: what it starts must not be left."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _again(start: Callable[[], None]) -> None:
    """As a supervisor does: a process that begins while NATS is away ends, and is begun again."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            await _whole(start)
            return
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
        "a nats-server, a gateway and a worker cut off": Fleet.cut_off,
        "the same, who hear the others and are not heard": Fleet.cut_off_unheard,
        "the same, who are heard and do not hear": Fleet.cut_off_deaf,
        "a nats-server cut off from the others, not from clients": Fleet.cut_off_alone,
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
