"""One pass over a capture: what it held, and which rules it breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from heliograph import errors, models

from ._dialects import STRICT, Dialect
from ._machine import HANDLERS, Machine
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
    """Runs a whole capture through a ``Machine`` and the field rules.

    An ``InvalidEvent`` among the events (as ``models.decode_event`` raised it) is reported and
    passed over. A missing field is reported once per event type.
    """
    report = Report(dialect)
    machine = Machine(dialect)
    lacking: set[tuple[str, str]] = set()
    for index, event in enumerate(events):
        report.events += 1
        if isinstance(event, errors.InvalidEvent):
            report.counts[event.type or "(unreadable)"] += 1
            report.violations.append(
                Violation("HG-EVT-001", index, f"{event.type or 'an event'}: {event.reason}",
                          f"a right value at {event.field}")
            )  # fmt: skip
            machine.skip(_number(event.data))
            continue
        kind = event.type
        report.counts[kind] += 1
        if kind not in HANDLERS:
            report.unknown[kind] += 1
        report.violations += machine.feed(event)
        if isinstance(event, models.Event):
            _count_pictures(report, event)
            for path in _missing(event, dialect):
                if (kind, path) not in lacking:
                    lacking.add((kind, path))
                    report.violations.append(
                        Violation(
                            "HG-FLD-001",
                            index,
                            f"{kind} lacks {path}",
                            "the field: a spec requires it",
                        )
                    )
    report.violations += machine.close()
    report.ending = machine.state
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


def _missing(event: models.Event, dialect: Dialect) -> list[str]:
    """Paths of the fields that some spec requires and the event lacks."""
    if "missing-fields" in dialect:
        return []
    return [
        path
        for path in models.missing_fields(event)
        if path != "sequence_number"  # HG-SEQ-002 has it
        and not (path.endswith("logprobs") and "no-logprobs" in dialect)
        and not (path == "name" and "no-name" in dialect)
    ]


def _number(data: bytes) -> int | None:
    """The sequence number of an event that did not decode, if it can be read at all."""
    try:
        return msgspec.json.decode(data, type=_Numbered).sequence_number
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class _Numbered(msgspec.Struct):
    sequence_number: int | None = None
