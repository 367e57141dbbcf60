"""From measured costs to a fleet: how many processes of each kind survive the loss of a host.

A *unit* is one core's worth: a gateway or a worker is a process that uses one, and of a nats-server
it is a core that works for some of its streams, one write after the other. Load spreads evenly over
the units of a kind. For each kind the least number is taken with which no unit is busier than
``headroom``, and with which the ones that are left when a host is lost keep the 99th percentile of
waits under ``bound``: in steady operation, and after the loss, with what the loss brings besides.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.planner.queues import Burst, Job, Shift, arrivals, quantile, waits

GATEWAYS, TEXTS, PICTURES, SERVERS = "gateways", "text workers", "picture workers", "nats-servers"
_MEASURED = {GATEWAYS: "gateways", TEXTS: "workers", PICTURES: "workers", SERVERS: "nats-servers"}

UPKEEP = 1 / 3 + 1 / 5
"""Writes of an open stream's live record a second: its owner's renewals, its gateway's reader."""

STALL = 9.0
"""Seconds for which a lost server's shards stand still at the most, until they have a leader."""

LEASE = 10.0
"""Seconds until a dead worker's leases have run out."""

RECONNECT = 2.0
"""Seconds over which the clients of a lost gateway come back."""

_PIECE = 0.001
_CALM = 8.0
_POOL = 500
_BASE64 = 4 / 3


@dataclass(frozen=True)
class Demand:
    """What is asked of the fleet.

    ``pictures`` is a share of ``streams``; ``frames`` are those of a stream of text a second;
    ``headroom`` is how busy a unit may be; ``bound`` the 99th percentile of waits at one, and
    ``claimed`` that of responses for a worker, seconds; ``cores`` those of a host;
    ``shard_writes`` what one shard takes a second.
    """

    streams: int
    pictures: float = 0.1
    frames: float = 4.0
    events_per_frame: float = 1.0
    text_seconds: float = 60.0
    picture_seconds: float = 20.0
    previews: int = 3
    megabytes: float = 1.5
    headroom: float = 0.6
    bound: float = 0.25
    cores: int = 8
    replicas: int = 3
    shard_writes: float = 2_000.0
    claimed: float = 2.0
    streams_per_gateway: int = 10_000

    def __post_init__(self) -> None:
        for name in ("bound", "claimed"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)}; more than 0 s is possible")
        if not 0 < self.headroom < 1:
            raise ValueError(f"headroom: {self.headroom}; more than 0 and less than 1 is possible")
        if not 0 <= self.pictures <= 1:
            raise ValueError(f"pictures: {self.pictures}; a share of 0 to 1 is possible")

    @property
    def texts(self) -> float:
        """Open streams of text."""
        return self.streams * (1 - self.pictures)

    @property
    def drawing(self) -> float:
        """Open streams of pictures."""
        return self.streams * self.pictures

    @property
    def frames_a_second(self) -> float:
        """Of text; a picture's few are in its cost."""
        return self.texts * self.frames

    @property
    def pictures_a_second(self) -> float:
        """Finished ones."""
        return self.drawing / self.picture_seconds

    @property
    def texts_a_second(self) -> float:
        """Responses of text that begin."""
        return self.texts / self.text_seconds

    @property
    def megabytes_a_second(self) -> float:
        """Of pictures, previews with them: each a quarter of the picture."""
        return self.pictures_a_second * self.megabytes * (1 + self.previews / 4)


Costs = Mapping[str, Any]


def fleet_of(costs: Costs, replicas: int) -> Mapping[str, Any]:
    """What was measured with so many replicas."""
    return next(one for one in costs["fleets"] if one["replicas"] == replicas)


def jobs(costs: Costs, demand: Demand, kind: str) -> list[Job]:
    """All work of one kind, of the whole fleet. Long work goes in pieces, as event loops do it."""
    each = fleet_of(costs, demand.replicas)["kinds"][_MEASURED[kind]]
    texts = demand.texts if kind != PICTURES else 0.0
    drawing = demand.drawing if kind != TEXTS else 0.0
    began = demand.texts_a_second if kind != PICTURES else 0.0
    drawn = demand.pictures_a_second if kind != TEXTS else 0.0
    size = demand.megabytes_a_second if kind != TEXTS else 0.0
    work = [
        Job((texts + drawing) * UPKEEP, each["stream"] / UPKEEP),
        Job(texts * demand.frames, each["frame"]),
        Job(began, each["response"]),
        Job(drawn, each["picture"]),
        Job(size, each["megabyte"]),
    ]
    return [_in_pieces(job) for job in work if job.rate > 0 and job.cost > 0]


def _in_pieces(job: Job) -> Job:
    pieces = max(1, math.ceil(job.cost / _PIECE))
    return Job(job.rate * pieces, job.cost / pieces)


def busy(costs: Costs, demand: Demand, kind: str) -> float:
    """Cores that all work of one kind takes."""
    return sum(job.rate * job.cost for job in jobs(costs, demand, kind))


@dataclass(frozen=True)
class Kind:
    """So many units on so many hosts; waits in seconds; ``binds`` says what asks for so many."""

    units: int
    hosts: int
    cores: float
    steady: float = 0.0
    after: float = 0.0
    binds: str = ""


@dataclass(frozen=True)
class Fleet:
    """What ``demand`` needs."""

    demand: Demand
    kinds: dict[str, Kind] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)
    shards: int = 0
    memory: float = 0.0
    network: float = 0.0
    requeued: float = 0.0

    @property
    def binds(self) -> str:
        """The kind that takes the most hosts."""
        name, kind = max(self.kinds.items(), key=lambda one: one[1].hosts)
        return f"{name}: {kind.binds}"


def hosts_for(units: int, kind: str, demand: Demand) -> int:
    """Two at least (of servers as many as there are replicas), so that one can be lost."""
    least = demand.replicas if kind == SERVERS else 2
    return max(least, math.ceil(units / demand.cores))


def _burst(costs: Costs, demand: Demand, kind: str, units: int, left: int) -> Burst:
    """What the loss brings one of the units that are left; ``at`` is from the loss on."""
    gone = (units - left) / units
    if kind == GATEWAYS:
        return _pieces(0.0, RECONNECT, demand.streams * gone / left, costs["resume"])
    fleet = fleet_of(costs, demand.replicas)["kinds"]
    if kind == SERVERS:
        # Each writer has one append under way; what has come meanwhile goes with the next.
        return _pieces(STALL, 0.5, demand.texts * gone / left, fleet["nats-servers"]["frame"])
    count = (demand.texts if kind == TEXTS else demand.drawing) * gone
    swept = 1.0 + count * costs["put_right"]
    return _pieces(LEASE, swept, count / left, fleet["workers"]["response"])


def _pieces(at: float, seconds: float, count: float, cost: float) -> Burst:
    each = _in_pieces(Job(count, cost))
    return Burst(at, seconds, math.ceil(each.rate), each.cost)


def lived(
    rng: random.Random, mine: Sequence[Job], servers: int, times: float, burst: Burst, calm: float
) -> tuple[float, float]:
    """The 99th percentile of waits in ``calm`` seconds, and in those after a loss.

    From empty; the loss multiplies all rates by ``times``, and brings the burst.
    """
    after = burst.at + burst.seconds + calm
    moved = dataclasses.replace(burst, at=calm + burst.at)
    come = arrivals(rng, mine, calm + after, Shift(calm, times), [moved])
    waited = list(zip((at for at, _ in come), waits(come, servers), strict=True))
    return (
        quantile([wait for at, wait in waited if calm / 2 <= at < calm], 0.99),
        quantile([wait for at, wait in waited if at >= calm], 0.99),
    )


def tried(costs: Costs, demand: Demand, kind: str, units: int, seed: int) -> tuple[float, float]:
    """The 99th percentile of waits at one unit: before, and after a host is lost."""
    left = units - math.ceil(units / hosts_for(units, kind, demand))
    if left < 1 or busy(costs, demand, kind) >= left:
        return 0.0, math.inf
    mine = [Job(job.rate / units, job.cost) for job in jobs(costs, demand, kind)]
    rng = random.Random(f"{seed}/{kind}/{units}")
    burst = _burst(costs, demand, kind, units, left)
    return lived(rng, mine, 1, units / left, burst, _CALM)


def sized(costs: Costs, demand: Demand, kind: str, seed: int) -> Kind:
    """The least that holds."""
    cores = busy(costs, demand, kind)
    wanted = {"CPU": math.ceil(cores / demand.headroom)}
    if kind == GATEWAYS:
        wanted["open streams"] = math.ceil(demand.streams / demand.streams_per_gateway)
    binds = max(wanted, key=lambda name: wanted[name])
    least = demand.replicas if kind == SERVERS else 2
    if wanted[binds] <= least:
        binds = "the loss of one"
    units = max(least, wanted.get(binds, least))
    while True:
        steady, after = tried(costs, demand, kind, units, seed)
        if max(steady, after) <= demand.bound:
            return Kind(units, hosts_for(units, kind, demand), cores, steady, after, binds)
        units, binds = units + math.ceil(units / 20), "waits after a loss"


def slots(demand: Demand, kind: str, workers: Kind, seed: int) -> int:
    """How many responses each worker must take at once (``limits.concurrency``), so that one that
    is queued is begun within ``claimed``, a host lost or not. All slots serve one queue."""
    open_, lasts = {
        TEXTS: (demand.texts, demand.text_seconds),
        PICTURES: (demand.drawing, demand.picture_seconds),
    }[kind]
    # A larger pool has shorter queues: what holds for a part of it holds for the whole.
    part = min(open_, _POOL)
    share = (workers.units - math.ceil(workers.units / workers.hosts)) / workers.units
    times = 1.05 / share
    while True:
        left = math.ceil(part * times * share)
        rng = random.Random(f"{seed}/slots/{kind}/{left}")
        mine = [Job(part / lasts * share, lasts)]
        burst = Burst(LEASE, 3.0, math.ceil(part * (1 - share)), lasts)
        if max(lived(rng, mine, left, 1 / share, burst, 5 * lasts)) <= demand.claimed:
            return math.ceil(open_ * times / workers.units)
        times *= 1.05


def plan(costs: Costs, demand: Demand, seed: int = 1) -> Fleet:
    """See the module."""
    kinds = {
        kind: sized(costs, demand, kind, seed)
        for kind in (GATEWAYS, TEXTS, PICTURES, SERVERS)
        if busy(costs, demand, kind) > 0
    }
    owners = {kind: kinds[kind] for kind in (TEXTS, PICTURES) if kind in kinds}
    measured = fleet_of(costs, demand.replicas)
    events = demand.frames_a_second * demand.events_per_frame
    written = demand.frames_a_second * measured["nats_bytes_per_frame"] * demand.replicas
    pictures = demand.megabytes_a_second * 1e6 * (_BASE64 + demand.replicas + 1)
    writes = demand.frames_a_second + demand.streams * UPKEEP
    return Fleet(
        demand,
        kinds,
        slots={kind: slots(demand, kind, one, seed) for kind, one in owners.items()},
        shards=max(1, math.ceil(writes / demand.shard_writes)),
        memory=demand.streams * sum(one["memory"] for one in measured["kinds"].values()),
        network=events * measured["sse_bytes_per_event"] + written + pictures,
        requeued=demand.streams / sum(one.hosts for one in owners.values()) * costs["put_right"],
    )


def plans(costs: Costs, demands: Sequence[Demand], seed: int = 1) -> list[Fleet]:
    """One after the other."""
    return [plan(costs, one, seed) for one in demands]
