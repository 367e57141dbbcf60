"""Queues, simulated job by job: who waits how long. Pure, and the same for the same seed."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """Work of one sort: so many a second, so many CPU seconds each."""

    rate: float
    cost: float


@dataclass(frozen=True)
class Burst:
    """Work that comes besides: ``count`` jobs spread over ``seconds``, from ``at`` on."""

    at: float
    seconds: float
    count: int
    cost: float


@dataclass(frozen=True)
class Shift:
    """From ``at`` on every rate is ``times`` what it was: others are gone."""

    at: float
    times: float


def arrivals(
    rng: random.Random,
    jobs: Sequence[Job],
    seconds: float,
    shift: Shift | None = None,
    bursts: Sequence[Burst] = (),
) -> list[tuple[float, float]]:
    """When each job comes and what it takes: Poisson, with exponential costs."""
    found: list[tuple[float, float]] = []
    for job in jobs:
        if job.rate > 0:
            found += (
                (at, rng.expovariate(1 / job.cost)) for at in _times(rng, job, seconds, shift)
            )
    for burst in bursts:
        for _ in range(burst.count):
            at = burst.at + rng.random() * burst.seconds
            found.append((at, rng.expovariate(1 / burst.cost)))
    return sorted(found)


def _times(rng: random.Random, job: Job, seconds: float, shift: Shift | None) -> Iterator[float]:
    now = 0.0
    while True:
        times = shift.times if shift is not None and now >= shift.at else 1.0
        now += rng.expovariate(job.rate * times)
        if now >= seconds:
            return
        yield now


def waits(come: Sequence[tuple[float, float]], servers: int) -> list[float]:
    """How long each job waits before it is begun, first come first served."""
    free = [0.0] * servers
    found = []
    for at, cost in come:
        begun = max(at, free[0])
        heapq.heapreplace(free, begun + cost)
        found.append(begun - at)
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def erlang_c(load: float, servers: int) -> float:
    """The probability that a job waits at all; ``load`` is rate times cost."""
    blocked = 1.0
    for one in range(1, servers + 1):
        blocked = load * blocked / (one + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))
