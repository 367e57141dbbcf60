"""A growing fleet under load: what it brings, and where the time goes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

from bench import kit
from bench.cluster.fleet import KINDS, Cell, Fleet, client, fleet, outcome
from bench.cluster.part import Part

DELTAS, PACE = 200, 50
CONCURRENCY = 16
SMALL, LARGE = 60_000, 1_500_000
PREVIEWS = 3
CORES = os.cpu_count() or 1

PACED = f"text-{DELTAS}-{PACE}"
FLAT = f"text-{DELTAS}-0"
SLOW, QUICK = "text-100000-1", "text-100000-4"
SHORT = "text-1-0"
MODELS = (PACED, FLAT, SLOW, QUICK, SHORT, f"paint-{SMALL}", f"paint-{LARGE}")

Ask = dict[str, Any]


def text(model: str, deltas: int = DELTAS) -> Ask:
    """A streamed text."""
    return {"body": {"model": model, "input": "Tell me of it."}, "texts": deltas}


def picture(model: str, **more: Any) -> Ask:
    """A picture with its previews."""
    tool = {"type": "image_generation", "model": model, "partial_images": PREVIEWS, **more}
    return {
        "body": {"model": "heliograph/direct", "input": "a fox", "tools": [tool]},
        "pictures": 1,
    }


DRAWN = picture("heliograph/illustrator", size="256x256")


def warm(made: Fleet) -> None:
    """A first answer through each gateway."""
    for ask in (text(SHORT, 1), DRAWN):
        made.load(len(made.gateways), 2 * len(made.gateways), 0.0, ask)


def share(cell: Cell, per: float) -> list[str]:
    """CPU of each kind in microseconds per event, and the idle share."""
    return [f"{cell.cpu[kind] / per * 1e6:.0f}" for kind in KINDS] + [f"{cell.idle:.0%}"]


HEAD = ("events/s", "events per CPU second", *(f"{kind}, us/event" for kind in KINDS), "idle")


def grid(quick: bool) -> Part:
    """1, 2 and 4 workers, 1 and 2 gateways, on one server: text at a pace, and pictures."""
    seconds = 2.0 if quick else 8.0
    rows, drawn, rates = [], [], {}
    with fleet(1, CONCURRENCY, MODELS) as made:
        for workers in (1, 2, 4):
            made.grow(workers, 2)
            warm(made)
            for gateways in (1, 2):
                at_once = CONCURRENCY * workers
                cell = made.load(gateways, at_once, seconds, text(PACED))
                events = cell.total("events")
                rate = events / max(one["seconds"] for one in cell.clients)
                rates[workers, gateways] = rate, cell.idle
                each = f"{events / cell.cpu_seconds:,.0f}"
                rows.append((f"{workers} workers, {gateways} gateways", f"{rate:,.0f}", each,
                             *share(cell, events)))  # fmt: skip
            cell = made.load(2, 4 * workers, seconds, DRAWN)
            count = cell.total("responses")
            rate = count / max(one["seconds"] for one in cell.clients)
            rates[workers, 0] = rate, cell.idle
            shares = [f"{cell.cpu[kind] / count * 1e3:.0f}" for kind in KINDS]
            drawn.append((f"{workers} workers", f"{rate:.1f}", f"{count / cell.cpu_seconds:.1f}",
                          *shares, f"{cell.idle:.0%}"))  # fmt: skip
    paced = kit.table(("text", *HEAD), rows)
    head = (
        "pictures",
        "pictures/s",
        "pictures per CPU second",
        *(f"{k}, ms" for k in KINDS),
        "idle",
    )
    return Part(
        f"One nats-server. Each worker runs {CONCURRENCY} streams of {PACE} deltas a second at "
        f"most; as many clients ask. Pictures are the illustrator's, 256 x 256 with {PREVIEWS} "
        f"previews; four clients per worker.\n\n{paced}\n\n{kit.table(head, drawn)}\n\n"
        + plainly(rates),
        [
            ("throughput of text grows with workers until the cores are used up", grows(rates, 2)),
            ("throughput of pictures does", grows(rates, 0)),
        ],
    )


_FULL = 0.15
"""A machine that is idle for less than this has nothing left for one more process."""


def grows(rates: dict[tuple[int, int], tuple[float, float]], gateways: int) -> bool:
    """Each doubling of workers brings half as much again, or finds the cores used up."""
    steps = [(rates[one, gateways], rates[2 * one, gateways]) for one in (1, 2)]
    return all(
        after >= 1.5 * before or idle < _FULL or was < _FULL
        for (before, was), (after, idle) in steps
    )


def plainly(rates: dict[tuple[int, int], tuple[float, float]]) -> str:
    """What binds here."""
    full = [workers for workers in (1, 2, 4) if rates[workers, 2][1] < _FULL]
    ahead = rates[4, 2][0] / rates[1, 2][0]
    said = f"Four workers bring {ahead:.1f} times what one does. "
    if full:
        said += (
            f"From {full[0]} workers on it is the machine's {CORES} cores that bind: all kinds of "
            "processes share them, those that make the load too. What a further machine brings "
            "follows from the columns per CPU second."
        )
    return said


def opened(
    made: Fleet, count: int, seconds: float, model: str
) -> tuple[Cell, float, dict[str, float]]:
    """``count`` streams that stay open: a cell of some seconds, and memory per stream by kind."""
    before = made.memory()
    reader = client("open", str(made.ports[0]), str(count), "120", json.dumps(text(model)))
    assert reader.stdout is not None
    assert reader.stdin is not None
    if reader.stdout.readline() != "open\n":
        raise RuntimeError("the streams did not open")
    with made.watched() as cell:
        time.sleep(seconds)
        cell.clients = [outcome(reader, 60)]
    grown = {kind: (now - before[kind]) / count for kind, now in made.memory().items()}
    if cell.clients[0]["broken"]:
        raise RuntimeError(cell.clients[0]["broken"][0])
    return cell, cell.total("events"), grown


def costs(replicas: int, quick: bool) -> dict[str, Any]:
    """CPU seconds and bytes: of an idle process, of an open stream, of each frame more, and so on.

    From streams that stay open at 1 and at 4 a second, less what the fleet takes with none.
    """
    count, seconds = (60, 6.0) if quick else (150, 15.0)
    with fleet(replicas, 1000, MODELS) as made:
        made.grow(1, 1)
        warm(made)
        _settle(made)
        with made.watched() as nothing:
            time.sleep(seconds)
        found: list[tuple[float, Cell]] = []
        grown: dict[str, float] = {}
        for model in (SLOW, QUICK):
            cell, events, kept = opened(made, count, seconds, model)
            found.append((events / cell.wall, cell))
            grown = grown or kept
            _settle(made)
        short = made.load(1, 8, seconds, text(SHORT, 1))
        alone = made.load(1, 1, seconds / 2, text(SHORT, 1))
        pictures = [made.load(1, 4, seconds, picture(f"paint-{size}")) for size in (SMALL, LARGE)]
    (few, idle), (many, busy) = found
    megabytes = [size * (1 + PREVIEWS / 4) / 1e6 for size in (SMALL, LARGE)]
    kinds: dict[str, dict[str, float]] = {}
    for kind in KINDS[:3]:
        fixed = nothing.cpu[kind] / nothing.wall
        low, high = (cell.cpu[kind] / cell.wall - fixed for cell in (idle, busy))
        frame = max(0.0, (high - low) / (many - few))
        each = [
            (cell.cpu[kind] - fixed * cell.wall) / cell.total("responses")
            for cell in (short, *pictures)
        ]
        per_mb = max(0.0, (each[2] - each[1]) / (megabytes[1] - megabytes[0]))
        kinds[kind] = {
            "fixed": fixed,
            "stream": max(0.0, low - frame * few) / count,
            "frame": frame,
            "response": each[0],
            "picture": max(0.0, each[1] - per_mb * megabytes[0]),
            "megabyte": per_mb,
            "memory": max(0.0, grown[kind]),
        }
    frame_bytes = (busy.bytes_in / busy.wall - idle.bytes_in / idle.wall) / (many - few)
    return {
        "replicas": replicas,
        "kinds": kinds,
        "nats_bytes_per_frame": max(0.0, frame_bytes) / replicas,
        "sse_bytes_per_event": busy.clients[0]["bytes"] / busy.total("events"),
        "first_text_ms": alone.clients[0]["first"],
    }


def _settle(made: Fleet) -> None:
    """Until nothing runs: readers have gone, and what nobody reads is cancelled."""
    for _ in range(60):
        before = made.cpu()["workers"]
        time.sleep(1.0)
        if made.cpu()["workers"] - before < 0.05:
            return


def cost_rows(found: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """One row per number of replicas and kind."""
    for one in found:
        for kind, each in one["kinds"].items():
            yield (
                f"R{one['replicas']}, {kind}",
                f"{each['fixed'] * 1e3:.0f}",
                *(f"{each[name] * 1e6:,.0f}" for name in ("stream", "frame")),
                *(f"{each[name] * 1e3:.2f}" for name in ("response", "picture", "megabyte")),
                f"{each['memory'] / 1e3:.0f}",
            )


COSTS_HEAD = (
    "CPU",
    "ms a second of all, idle",
    "us per open stream and second",
    "us per frame of one",
    "ms per response",
    "ms per picture",
    "ms per MB of picture",
    "kB per open stream",
)
