"""Beyond one machine: a fleet of real processes on real nats-servers, on this one machine.

Gateways and workers are what ``heliograph serve --workers 0`` and ``heliograph worker`` are; the
servers flush each write (``sync_interval: always``), one alone (R1) or three (R3). Models and
pictures come from `bench.upstream`, ready made; clients are raw sockets in processes of their own
(`bench.cluster.client`), and every stream must come whole. CPU is that of each kind's processes
from /proc; *load makers* are clients and upstream.

It writes ``bench/costs.json`` too, from which `bench.plan` works out fleets.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import kit
from bench.cluster import appends, bounds, throughput

NAME = "Beyond one machine"
COSTS = Path(__file__).resolve().parent / "costs.json"


def run(quick: bool) -> str:
    parts = []
    for part in (
        throughput.grid,
        appends.frames,
        appends.latency,
        appends.tails,
        bounds.bounds,
    ):
        print(f"  {part.__name__}", flush=True)
        parts.append(part(quick))
    found = [throughput.costs(replicas, quick) for replicas in (1, 3)]
    more = {name: cost for part in parts for name, cost in part.costs.items()}
    COSTS.write_text(
        json.dumps({"quick": quick, "machine": kit.machine(), **more, "fleets": found}, indent=1)
        + "\n"
    )
    costs = (
        "What it costs, from streams that stay open at 1 and at 4 deltas a second, from short "
        "responses, and from pictures of two sizes with three previews each.\n\n"
        + kit.table(throughput.COSTS_HEAD, throughput.cost_rows(found))
        + "\n\nFirst text through a gateway, nothing else running: "
        + ", ".join(f"R{one['replicas']} {one['first_text_ms']:.0f} ms" for one in found)
        + "."
    )
    bodies = [part.body for part in parts]
    bodies.insert(1, costs)
    aims = [aim for part in parts for aim in part.aims]
    rows = [(name, kit.verdict(held)) for name, held in aims]
    return "\n\n".join([*bodies, kit.table(("aim", ""), rows)])


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
