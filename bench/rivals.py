"""One event of 64 MB, side by side: each client's CPU time and peak memory."""

from __future__ import annotations

from bench import kit, workloads
from bench.streams import SIDES, python_of, serving

NAME = "One event of 64 MB, side by side"
WHO = ("openai_sync", "openrouter_sync")
OURS = "ours_sync"


def run(quick: bool) -> str:
    rounds = 1 if quick else 3
    wanted = workloads.workload("one64")
    figures: dict[str, tuple[float, float]] = {}
    with serving("one64") as url:
        for side in (OURS, *WHO):
            script = kit.ROOT / "bench" / "sides" / f"{side}.py"
            runs = kit.run_json(python_of(side), script, url, "one64", str(rounds), "time")
            memory = kit.run_json(python_of(side), script, url, "one64", "1", "resident")
            if any(
                (r["events"], r["sha256"]) != (wanted.events, wanted.sha256)
                for r in (*runs, memory)
            ):
                raise SystemExit(f"{side} did not read the stream whole")
            figures[side] = (kit.middle([one["cpu"] for one in runs]), memory["peak"])
    time, peak = figures[OURS]
    rows = [
        [
            SIDES[side],
            f"{spent / time:.1f}",
            f"{held / peak:.1f}",
            f"{spent:.2f}",
            f"{held / 1e6:.0f}",
        ]
        for side, (spent, held) in figures.items()
    ]
    table = kit.table(["", "CPU, x ours", "peak memory, x ours", "CPU s", "peak MB"], rows)
    how = "The reader decodes and hashes the picture; memory is by how much the process grew."
    return f"{how}\n\n{table}"
