"""What fleet for how many open streams: worked out and simulated from ``bench/costs.json``.

``python bench/plan.py [--streams N ...] [--pictures SHARE] [--frames N] ...`` prints a table; with
``--write`` docs/scale.md is written, with ``--check`` it must be as it would be written.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import kit
from bench.planner.model import (
    GATEWAYS,
    PICTURES,
    SERVERS,
    TEXTS,
    Costs,
    Demand,
    Fleet,
    Kind,
    plans,
)

COSTS = kit.ROOT / "bench" / "costs.json"
PAGE = kit.ROOT / "docs" / "scale.md"
STREAMS = (1_000, 10_000, 100_000, 1_000_000)
SCENARIOS = {
    "Text at 4 frames a second, a tenth of the streams pictures": Demand(0),
    "Text at 1 frame a second, a tenth of the streams pictures": Demand(0, frames=1.0),
    "Pictures only": Demand(0, pictures=1.0),
}
HEAD = (
    "open streams",
    "gateways",
    "text workers",
    "picture workers",
    "cores of nats-servers",
    "hosts",
    "shards",
    "memory",
    "network",
    "blobs",
    "most hosts for",
)
WAITS_HEAD = ("p99 of waits, ms: all well / a host lost", *HEAD[1:5], "requeued in", "concurrency")


def two(value: float) -> str:
    """Two digits that count."""
    if not value:
        return "0"
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def size(bytes_: float) -> str:
    """With a unit."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if bytes_ >= factor:
            return f"{two(bytes_ / factor)} {unit}"
    return f"{two(bytes_ / 1e3)} kB"


def _units(kind: Kind | None) -> str:
    return "" if kind is None else two(kind.units)


def row(fleet: Fleet) -> tuple[str, ...]:
    """How much of everything."""
    kinds = fleet.kinds
    return (
        f"{fleet.demand.streams:,}",
        *(_units(kinds.get(kind)) for kind in (GATEWAYS, TEXTS, PICTURES, SERVERS)),
        two(sum(one.hosts for one in kinds.values())),
        two(fleet.shards),
        size(fleet.memory),
        f"{size(fleet.network)}/s",
        f"{size(fleet.demand.megabytes_a_second * 1e6)}/s",
        fleet.binds,
    )


def waits_row(fleet: Fleet) -> tuple[str, ...]:
    """How it goes in the simulation."""

    def shown(name: str) -> str:
        kind = fleet.kinds.get(name)
        return "" if kind is None else f"{two(kind.steady * 1e3)} / {two(kind.after * 1e3)}"

    return (
        f"{fleet.demand.streams:,}",
        *map(shown, (GATEWAYS, TEXTS, PICTURES, SERVERS)),
        f"{two(fleet.requeued)} s",
        " / ".join(two(count) for count in fleet.slots.values()),
    )


def tables(costs: Costs, demand: Demand, streams: Sequence[int]) -> str:
    """Markdown."""
    found = plans(costs, [dataclasses.replace(demand, streams=count) for count in streams])
    return f"{kit.table(HEAD, map(row, found))}\n\n{kit.table(WAITS_HEAD, map(waits_row, found))}"


def page(costs: Costs) -> str:
    """docs/scale.md."""
    one = Demand(0)
    parts = [
        "# How large a fleet\n\nWritten by `bench/plan.py` from figures that `bench/scale.py` "
        f"measured ({costs['machine']}{'; a quick run' if costs['quick'] else ''}). "
        "Your own machines are other ones: measure there (`make bench`), then "
        "`python bench/plan.py --help` says what can be asked.\n\n"
        "A gateway or worker is a process that uses one core. Each number is the least with which "
        f"none of a kind is busy for more than {one.headroom:.0%} of the time, and with which a "
        f"host of {one.cores} cores can be lost and 99 of 100 events still wait less than "
        f"{one.bound * 1e3:.0f} ms at each place. The loss is simulated with what it brings: "
        "leases that run out and are taken over, clients that come back and read what they have "
        "missed, appends that have waited for a shard's new leader. Those shards' streams stand "
        "still for up to 9 s, and the lost workers' for a lease and a second or two.\n\n"
        f"Texts last {one.text_seconds:.0f} s with an event a frame, pictures "
        f"{one.picture_seconds:.0f} s with {one.previews} previews of a quarter of "
        f"{one.megabytes} MB; "
        f"{one.replicas} replicas. What models take to talk and to draw is not in it. *Memory* is "
        "that of the open streams. *Network* is what leaves processes, pictures in base64 to the "
        "client and to each replica. *Shards* are those with which none takes more than "
        f"{one.shard_writes:,.0f} writes a second, which is what one stream took where it was "
        "measured. A service has at most 256: where more stand here, it takes several, each with a "
        "`prefix` of its own. *Concurrency* is what `limits.concurrency` must be at each "
        f"text worker / picture worker for 99 of 100 responses to be begun within {one.claimed:g} "
        "s, a host lost or not; *requeued in* is how long one sweeper takes for what a lost host "
        "of workers leaves.",
    ]
    for title, demand in SCENARIOS.items():
        parts.append(f"## {title}\n\n{tables(costs, demand, STREAMS)}")
    return "\n\n".join(parts) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/scale.md")
    parser.add_argument("--check", action="store_true", help="fail where docs/scale.md is stale")
    parser.add_argument("--streams", type=int, nargs="+", default=list(STREAMS), metavar="N")
    for each in dataclasses.fields(Demand):
        if each.name != "streams":
            kind = int if each.type == "int" else float
            option = f"--{each.name.replace('_', '-')}"
            parser.add_argument(option, type=kind, default=each.default, help=f"{each.default}")
    args = vars(parser.parse_args())
    write, check, streams = (args.pop(name) for name in ("write", "check", "streams"))
    costs = json.loads(COSTS.read_text())
    if not (write or check):
        print(tables(costs, Demand(0, **args), streams))
        return 0
    made = page(costs)
    if write:
        PAGE.write_text(made)
    elif not PAGE.is_file() or PAGE.read_text() != made:
        print("docs/scale.md is stale: run bench/plan.py --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
