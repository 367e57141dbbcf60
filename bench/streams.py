"""Streams: our client, its peers, and a limit program, on the same bytes.

A server process sends ready-made bytes over loopback, one HTTP chunk per event. Each side runs in a
process of its own and reads each stream several times with one client; the sides take turns within
every round. The figure is the CPU time of the reading process (user and system), the median of its
runs over all rounds. Each side counts its events and hashes its pictures or its text: a side that
found something else than was sent has no figure. Kernel work for the socket is in every figure.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench import kit, workloads

NAME = "Streams"
WORKLOADS = ("pictures", "text", "lifecycles")
SIDES = {
    "limit": "limit program",
    "ours_sync": "ours, sync",
    "ours_strict": "ours, sync, strict mode",
    "ours_async": "ours, async",
    "ours_aiohttp": "ours, async, on aiohttp",
    "ours_plain": "ours, on a caller's httpx2.Client",
    "by_hand": "by hand, on httpx2",
    "openai_sync": "openai 3.54.0",
    "openrouter_sync": "openrouter 1.3.84",
}
# Side, its least lead over openai-python by workload, and its most times the limit.
TARGETS = (
    ("ours_sync", {"pictures": 6.0, "text": 8.0, "lifecycles": 8.0}, {}),
    (
        "ours_async",
        {"pictures": 7.0, "text": 30.0, "lifecycles": 30.0},
        {"text": 1.5, "lifecycles": 1.5},
    ),
)

STRICT_MOST = 1.25  # times the same client without strict mode


class Reading(NamedTuple):
    """One side on one workload: median CPU milliseconds, or None where the figure is void."""

    milliseconds: float | None
    runs: int


@contextmanager
def serving(*names: str) -> Iterator[str]:
    """A server of these workloads; its base URL."""
    process = subprocess.Popen(
        [kit.OURS, kit.ROOT / "bench" / "server.py", "tiny", *names],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(kit.ROOT)},
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def python_of(side: str) -> kit.Path:
    return kit.peer_python() if side.startswith("open") else kit.OURS


def _measure(url: str, name: str, rounds: int) -> dict[str, Reading]:
    expected = workloads.workload(name)
    found: dict[str, list[float]] = {side: [] for side in SIDES}
    void = set()
    for turn in range(rounds):
        for side in SIDES:
            slow = side == "openrouter_sync"
            if slow and turn:  # a minute a run: one is enough
                continue
            runs = kit.run_json(
                python_of(side),
                kit.ROOT / "bench" / "sides" / f"{side}.py",
                *(url, name, "1" if slow else "3", "time"),
            )
            for run in runs:
                if (run["events"], run["sha256"]) != (expected.events, expected.sha256):
                    void.add(side)
                found[side].append(run["cpu"] * 1000)
    return {
        side: Reading(None if side in void else kit.middle(values), len(values))
        for side, values in found.items()
    }


def run(quick: bool) -> str:
    rounds = 2 if quick else 5
    with serving(*WORKLOADS) as url:
        readings = {name: _measure(url, name, rounds) for name in WORKLOADS}
    rows = []
    for side, title in SIDES.items():
        row: list[object] = [title]
        for name in WORKLOADS:
            value = readings[name][side].milliseconds
            limit, peer = (readings[name][s].milliseconds for s in ("limit", "openai_sync"))
            if value is None or limit is None or peer is None:
                row += ["void", "", ""]
            else:
                row += [f"{value:,.1f}", f"{value / limit:.2f}", f"{peer / value:.1f}"]
        rows.append(row)
    head = ["CPU milliseconds"]
    for name in WORKLOADS:
        head += [name, "of the limit", "lead over openai"]
    counts = ", ".join(f"{name} {workloads.workload(name).events:,} events" for name in WORKLOADS)
    return (
        f"Median of {rounds} rounds of 3 runs ({counts}); sides interleaved, events counted "
        f"and pictures hashed.\n\n{kit.table(head, rows)}\n\n{_verdicts(readings)}"
    )


def _verdicts(readings: dict[str, dict[str, Reading]]) -> str:
    lines = []
    for side, leads, limits in TARGETS:
        for name in WORKLOADS:
            value = readings[name][side].milliseconds
            peer = readings[name]["openai_sync"].milliseconds
            limit = readings[name]["limit"].milliseconds
            if value is None or peer is None or limit is None:
                lines.append([SIDES[side], name, "", "", "**void**"])
                continue
            lead = peer / value
            lines.append(
                [
                    SIDES[side],
                    f"{name}: lead over openai",
                    f"{leads[name]:g}",
                    f"{lead:.1f}",
                    kit.verdict(lead >= leads[name]),
                ]
            )
            if name in limits:
                times = value / limit
                lines.append(
                    [
                        SIDES[side],
                        f"{name}: times the limit",
                        f"{limits[name]:g}",
                        f"{times:.2f}",
                        kit.verdict(times <= limits[name]),
                    ]
                )
    for name in WORKLOADS:
        strict, plain = (readings[name][s].milliseconds for s in ("ours_strict", "ours_sync"))
        row = [SIDES["ours_strict"], f"{name}: times ours, sync", f"{STRICT_MOST:g}"]
        if strict is None or plain is None:
            lines.append([*row, "", "**void**"])
        else:
            lines.append(
                [*row, f"{strict / plain:.2f}", kit.verdict(strict / plain <= STRICT_MOST)]
            )
    return kit.table(["side", "target", "wanted", "got", ""], lines)
