"""The plan of a fleet: more for more, half for half, and queues as the books have them."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from typing import Any

import pytest
from bench import plan
from bench.planner.model import (
    GATEWAYS,
    PICTURES,
    SERVERS,
    TEXTS,
    Demand,
    busy,
    hosts_for,
    sized,
    tried,
)
from bench.planner.model import (
    plan as planned,
)
from bench.planner.queues import Burst, Job, Shift, arrivals, erlang_c, quantile, waits

KIND = {
    "stream": 5e-4,
    "frame": 3e-4,
    "response": 6e-3,
    "picture": 15e-3,
    "megabyte": 5e-3,
    "memory": 5e4,
}


def costs(factor: float = 1.0) -> dict[str, Any]:
    each = {name: cost * factor for name, cost in KIND.items()}
    kinds = dict.fromkeys(("workers", "gateways", "nats-servers"), each)
    fleet = {"replicas": 3, "kinds": kinds, "nats_bytes_per_frame": 300, "sse_bytes_per_event": 230}
    return {"resume": 8e-3 * factor, "put_right": 1e-3 * factor, "fleets": [fleet]}


def test_more_streams_take_no_less_of_anything() -> None:
    fleets = [planned(costs(), Demand(streams)) for streams in (1_000, 10_000, 30_000)]
    for kind in (GATEWAYS, TEXTS, PICTURES, SERVERS):
        units = [fleet.kinds[kind].units for fleet in fleets]
        assert units == sorted(units)
        assert units[-1] > units[0]
    for what in ("shards", "memory", "network"):
        values = [getattr(fleet, what) for fleet in fleets]
        assert values == sorted(values)


def test_half_the_costs_are_half_the_fleet() -> None:
    demand = Demand(1_000_000)
    whole, half = (planned(costs(factor), demand) for factor in (1.0, 0.5))
    for kind, one in whole.kinds.items():
        assert half.kinds[kind].units == pytest.approx(one.units / 2, rel=0.05)
        assert half.kinds[kind].cores == pytest.approx(one.cores / 2)


def test_work_is_what_streams_frames_responses_and_pictures_cost() -> None:
    demand = Demand(1_000, pictures=0.0, frames=2.0, text_seconds=50.0)
    assert busy(costs(), demand, TEXTS) == pytest.approx(1_000 * (5e-4 + 2 * 3e-4 + 6e-3 / 50))
    assert busy(costs(), demand, PICTURES) == 0
    drawing = Demand(1_000, pictures=1.0, picture_seconds=20.0, previews=4, megabytes=2.0)
    each = 15e-3 + 2.0 * (1 + 4 / 4) * 5e-3
    assert busy(costs(), drawing, PICTURES) == pytest.approx(1_000 * 5e-4 + 50 * each)
    assert busy(costs(), drawing, TEXTS) == 0


@pytest.mark.parametrize("kind", [GATEWAYS, TEXTS, PICTURES, SERVERS])
def test_what_is_planned_survives_a_host_and_fewer_do_not_hold(kind: str) -> None:
    demand = Demand(20_000)
    found = sized(costs(), demand, kind, seed=1)
    assert max(found.steady, found.after) <= demand.bound
    assert found.cores / found.units <= demand.headroom
    # So few that those who are left cannot do all.
    few = max(2, int(found.cores))
    assert tried(costs(), demand, kind, few, seed=1)[1] > demand.bound


def test_a_tighter_bound_takes_more() -> None:
    loose, tight = (Demand(20_000, headroom=0.95, bound=bound) for bound in (0.5, 0.02))
    assert sized(costs(), tight, TEXTS, 1).units > sized(costs(), loose, TEXTS, 1).units


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bound": 0.0}, "bound: 0.0; more than 0 s is possible"),
        ({"claimed": -1.0}, "claimed: -1.0; more than 0 s is possible"),
        ({"headroom": 1.5}, "headroom: 1.5; more than 0 and less than 1 is possible"),
        ({"pictures": 1.1}, "pictures: 1.1; a share of 0 to 1 is possible"),
    ],
)
def test_what_cannot_be_planned_is_refused(given: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Demand(1_000, **given)


def test_of_everything_one_host_more_than_could_be_lost() -> None:
    demand = Demand(10)
    assert [hosts_for(1, kind, demand) for kind in (GATEWAYS, TEXTS, SERVERS)] == [2, 2, 3]
    assert hosts_for(17, TEXTS, demand) == 3


def test_slots_hold_the_streams_of_a_lost_host_too() -> None:
    fleet = planned(costs(), Demand(2_000))
    workers = fleet.kinds[TEXTS]
    left = workers.units - -(-workers.units // workers.hosts)
    assert fleet.slots[TEXTS] * left >= fleet.demand.texts


@pytest.mark.parametrize(("load", "servers"), [(0.7, 1), (3.0, 4), (9.0, 12)])
def test_queues_are_as_erlang_has_them(load: float, servers: int) -> None:
    """M/M/c: the share of jobs that wait, and how long all wait on the average."""
    come = arrivals(random.Random(7), [Job(rate=load, cost=1.0)], seconds=60_000 / load)
    waited = waits(come, servers)[5_000:]
    expected = erlang_c(load, servers)
    share = sum(wait > 0 for wait in waited) / len(waited)
    assert share == pytest.approx(expected, rel=0.1)
    assert sum(waited) / len(waited) == pytest.approx(expected / (servers - load), rel=0.2)


def test_erlangs_formula_for_what_is_known() -> None:
    assert erlang_c(0.5, 1) == pytest.approx(0.5)
    assert erlang_c(1.0, 2) == pytest.approx(1 / 3)


def test_a_loss_shifts_rates_and_brings_its_burst() -> None:
    jobs = [Job(rate=100.0, cost=1e-3)]
    come = arrivals(random.Random(1), jobs, 20.0, Shift(10.0, 2.0), [Burst(12.0, 1.0, 500, 1e-3)])
    before, between, during, later = (
        sum(low <= at < high for at, _ in come)
        for low, high in ((0, 10), (10, 12), (12, 13), (13, 20))
    )
    assert before / 10 == pytest.approx(100, rel=0.2)
    assert between / 2 == pytest.approx(200, rel=0.25)
    assert during == pytest.approx(700, rel=0.2)
    assert later / 7 == pytest.approx(200, rel=0.2)


def test_quantiles() -> None:
    assert quantile([], 0.99) == 0.0
    assert quantile(list(range(100)), 0.99) == 99
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_the_page_is_the_same_for_the_same_costs_and_follows_them() -> None:
    measured = {**costs(), "machine": "a machine", "quick": True}
    few = dataclasses.replace(Demand(0), pictures=0.2)
    made = plan.tables(measured, few, [1_000])
    assert made == plan.tables(measured, few, [1_000])
    assert made != plan.tables({**measured, **costs(2.0)}, few, [1_000])
    assert [line.split(" | ")[0] for line in made.splitlines() if line.startswith("| 1")] == [
        "| 1,000",
        "| 1,000",
    ]


def test_what_was_measured_can_be_planned_with() -> None:
    measured = json.loads(plan.COSTS.read_text())
    fleet = planned(measured, Demand(1_000))
    assert set(fleet.kinds) == {GATEWAYS, TEXTS, PICTURES, SERVERS}
    assert all(0 < kind.cores < 100 for kind in fleet.kinds.values())
