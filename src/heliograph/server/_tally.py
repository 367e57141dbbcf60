"""Counters and histograms as plain numbers, so that counting costs next to nothing.

All counting is done in the server's loop, so nothing is locked; ``_metrics`` turns the numbers into
Prometheus's families when somebody asks for them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

__all__ = ["Counter", "Histogram"]

Labels = tuple[str, ...]


class Counter:
    """Sums by labels: ``counter[labels] += 1``. Serves as a gauge too."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: defaultdict[Labels, float] = defaultdict(float)

    def add(self, *labels: str, by: float = 1) -> None:
        """Add ``by`` to the sum at ``labels``."""
        self.values[labels] += by


class Cell:
    """How often a value fell into each bucket, and the sum of all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count ``value``: it belongs to the first bucket whose bound is not below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Histogram:
    """Cells by labels, all with the same ``bounds``."""

    __slots__ = ("bounds", "cells")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.cells: dict[Labels, Cell] = {}

    def at(self, *labels: str) -> Cell:
        """The cell at ``labels``; made where it is new."""
        cell = self.cells.get(labels)
        if cell is None:
            cell = self.cells[labels] = Cell(self.bounds)
        return cell
