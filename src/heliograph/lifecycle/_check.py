"""One pass over a capture: what it held, and which rules it breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from heliograph import errors, models

from ._checker import Checker
from ._dialects import STRICT, Dialect
from ._machine import HANDLERS
from ._rules import Violation

_IMAGE_ITEMS = frozenset({"image_generation_call", "openrouter:image_generation"})


@dataclass(slots=True)
class Report:
    """What a capture held.

    ``counts`` is events by type, in order of first sight; ``unknown`` those of them that no spec
    names (no fault: P5 of the design); ``pictures`` finished pictures and ``partial_images``
    previews; ``ending`` the response's last state; ``violations`` in the order of their events.
    """

    dialect: Dialect = STRICT
    events: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    partial_images: int = 0
    ending: str = "none"
    violations: list[Violation] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations


def check(
    events: Iterable[models.StreamEvent | errors.InvalidEvent], dialect: Dialect = STRICT
) -> Report:
    """Runs a whole capture through a ``Checker``."""
    report = Report(dialect)
    checker = Checker(dialect)
    for event in events:
        report.events += 1
        report.violations += checker.feed(event)
        if isinstance(event, errors.InvalidEvent):
            report.counts[event.type or "(unreadable)"] += 1
            continue
        kind = event.type
        report.counts[kind] += 1
        if kind not in HANDLERS:
            report.unknown[kind] += 1
        if isinstance(event, models.Event):
            _count_pictures(report, event)
    report.violations += checker.close()
    report.ending = checker.state
    return report


def _count_pictures(report: Report, event: Any) -> None:
    if event.type == "response.image_generation_call.partial_image":
        report.partial_images += 1
    elif (
        event.type == "response.output_item.done"
        and event.item is not None
        and event.item.type in _IMAGE_ITEMS
        and event.item.status not in ("failed", "incomplete")
    ):
        report.pictures += 1
