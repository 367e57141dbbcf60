"""All that a stream's events are held to: the machine's tables and rules, and the field rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from heliograph import errors, models

from ._dialects import STRICT, Dialect
from ._machine import Machine
from ._on_response import unexplained
from ._rules import Violation


class Checker:
    """Holds one stream to every rule about its events, in a dialect.

    An ``InvalidEvent`` (as ``models.decode_event`` raised it) is reported and passed over. A
    missing field is reported once per event type.
    """

    __slots__ = ("_count", "_dialect", "_lacking", "_machine")

    def __init__(self, dialect: Dialect = STRICT) -> None:
        self._dialect = dialect
        self._machine = Machine(dialect)
        self._count = 0
        self._lacking: set[tuple[str, str]] = set()

    @property
    def state(self) -> str:
        """The response's state: none, created, queued, in_progress, completed, ... or errored."""
        return self._machine.state

    def feed(self, event: models.StreamEvent | errors.InvalidEvent) -> list[Violation]:
        """Takes an event and returns the rules it breaks."""
        return self.take([event])[1]

    def take(self, events: Sequence[Any]) -> tuple[int, list[Violation]]:
        """Takes events up to the first that breaks a rule: how many were good, and what it broke.

        A large batch costs little more than the machine's step for each.
        """
        if self._plain(events):
            good, found = self._machine.take(events)
        else:
            good, found = self._one_by_one(events)
        self._count += good + bool(found)
        return good, found

    def unmarked(self) -> list[Violation]:
        """An SSE stream ended its response and closed without ``[DONE]``."""
        if "no-done-marker" in self._dialect:
            return []
        what = "the stream closed after its last event"
        return [Violation("HG-SSE-003", self._count, what, "data: [DONE]")]

    def close(self) -> list[Violation]:
        """The stream is over: reports it where the response has not ended."""
        return self._machine.close()

    def _plain(self, events: Sequence[Any]) -> bool:
        """Whether the machine alone has to look at them."""
        if "missing-fields" in self._dialect:
            return errors.InvalidEvent not in map(type, events)
        return models.are_whole(events)

    def _one_by_one(self, events: Sequence[Any]) -> tuple[int, list[Violation]]:
        for at, event in enumerate(events):
            if found := self._feed(event, self._count + at):
                return at, found
        return len(events), []

    def _feed(self, event: Any, index: int) -> list[Violation]:
        if isinstance(event, errors.InvalidEvent):
            self._machine.skip(_number(event.data))
            kind = event.type or "an event"
            return [
                Violation(
                    "HG-EVT-001",
                    index,
                    f"{kind}: {event.reason}",
                    f"a right value at {event.field}",
                )
            ]
        found = self._machine.feed(event)
        if isinstance(event, models.Event):
            for path in _missing(event, self._dialect):
                if (event.type, path) not in self._lacking:
                    self._lacking.add((event.type, path))
                    what = f"{event.type} lacks {path}"
                    found.append(
                        Violation("HG-FLD-001", index, what, "the field: a spec requires it")
                    )
        return found


def check_response(
    response: models.OpenResponsesResult, dialect: Dialect = STRICT
) -> list[Violation]:
    """What a whole response breaks of the rules that need no stream; ``index`` is 0."""
    found = [
        Violation("HG-FLD-001", 0, f"the response lacks {path}", "the field: a spec requires it")
        for path in _missing(response, dialect)
    ]
    lack = unexplained(response, f"response.{response.status}")
    if lack is not None:
        found.append(Violation("HG-END-006", 0, *lack))
    done = response.status in ("completed", "incomplete")
    if done and response.usage is None and "null-usage" not in dialect:
        found.append(Violation("HG-RSP-007", 0, "the response has usage null", "an object"))
    return found


def _missing(event: models.Model, dialect: Dialect) -> list[str]:
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
