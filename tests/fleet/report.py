"""The figures of a run, written into docs/faults.md between its two marks."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

__all__ = ["PAGE", "Figures", "write"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


class Figures(msgspec.Struct, kw_only=True):
    """What a run has seen; times are seconds."""

    seed: int
    pictures: int
    texts: int
    took: float
    strikes: Mapping[str, int]
    cuts: int
    stalled: int
    events: int
    steps: int
    endings: Mapping[str, int]
    interrupted: int
    losses: int
    stalls: Sequence[float]
    takeovers: Sequence[float]
    alone: Sequence[float] = ()
    lease: float


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    median = statistics.median(ordered)
    return f"{median:.1f} s, {late:.1f} s, {ordered[-1]:.1f} s ({len(ordered)})"


def rows(figures: Figures) -> list[tuple[str, object]]:
    """What the page says, line by line."""
    ends = ", ".join(f"{count} {name}" for name, count in sorted(figures.endings.items()))
    return [
        ("when, seed", f"{datetime.now(UTC):%Y-%m-%d}, {figures.seed}"),
        ("pictures, texts", f"{figures.pictures}, {figures.texts}"),
        ("the run took", f"{figures.took:.0f} s, Python {platform.python_version()}"),
        *figures.strikes.items(),
        ("clients' connections cut, stalled", f"{figures.cuts}, {figures.stalled}"),
        ("events in the logs, step jobs", f"{figures.events}, {figures.steps}"),
        ("endings", ends),
        ("texts that a lost worker left half out", figures.interrupted),
        ("**losses of any kind**", f"**{figures.losses}**"),
        ("longest silence of a reader: median, 99 %, most", _spread(figures.stalls)),
        (
            f"from a worker's kill to the takeover (lease {figures.lease:g} s): the same",
            _spread(figures.takeovers),
        ),
        ("the same, where nothing else is wrong and there is room", _spread(figures.alone)),
    ]


def write(figures: Figures, page: Path = PAGE) -> str:
    """Put the figures where the page has its marks; returns them."""
    lines = ["| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in rows(figures)]
    table = "\n".join(lines) + "\n"
    text = page.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_BEGIN}{table}{_END}{after}", "utf-8")
    return table
