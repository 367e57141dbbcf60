"""What is wrong with a body, an error, a stream: pure, given what came."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from heliograph import errors, lifecycle, models
from heliograph.testing._validate import OPENAPI, Problem, Validator
from heliograph.testing.conformance._case import Finding

__all__ = ["Judge", "Told", "calls_in", "text_of"]

_REQUIRED = "is a required property"

MOST = 12
"""Findings of one kind that a case tells."""


@dataclass
class Told:
    """A stream that was read: its payloads, its events, the response of its last one."""

    frames: list[bytes] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    response: dict[str, Any] | None = None

    @property
    def plain(self) -> list[Any]:
        """Its events as JSON values."""
        return [_value(frame) for frame in self.frames]

    def of(self, kind: str) -> Iterator[Any]:
        """Its events of one type."""
        return (event for event in self.events if event.type == kind)


class Judge:
    """Holds bodies and streams against schemas and rules, as one dialect has them."""

    def __init__(self, dialect: lifecycle.Dialect) -> None:
        self._dialect = dialect
        self._validator = Validator(relayed=True)

    def body(self, kind: str, value: Any) -> list[Finding]:
        """What of the published schemas a body of this kind does not fit."""
        return _found("HG-SCH-001", self._kept(self._validator.body(kind, value)))

    def readable(self, body: bytes) -> list[Finding]:
        """What makes a response unreadable: cases look into those that can be read alone."""
        try:
            models.decode(models.OpenResponsesResult, body)
        except errors.InvalidBody as error:
            return [Finding("HG-SCH-001", str(error), "a value of the field's type")]
        return []

    def error(self, value: Any) -> list[Finding]:
        """What is wrong with an error's body: neither OpenAI's shape nor OpenRouter's."""
        either = [self._validator.body(kind, value) for kind in ("error", "openrouter error")]
        return [] if not all(either) else _found("HG-API-004", either[0])

    def envelope(self, value: Any) -> list[Finding]:
        """What is wrong with an error that is told over a WebSocket."""
        return _found("HG-API-004", self._validator.message(value))

    def stream(self, body: bytes) -> tuple[Told, list[Finding]]:
        """A body of server-sent events, read and held against every rule."""
        framing = lifecycle.Framing(self._dialect, keep=True)
        told = Told()
        try:
            found = self._events(told, framing.events([body]))
        except errors.ProtocolError as error:
            return told, [Finding("HG-EVT-001", str(error), "frames that can be read")]
        told.frames = framing.frames
        found += [_of(violation) for violation in framing.violations]
        return told, found + self._fitting(told)

    def messages(self, texts: list[bytes]) -> tuple[Told, list[Finding]]:
        """The messages of one turn over a WebSocket."""
        told = Told(frames=texts)
        given = [lifecycle.read_event(text, index) for index, text in enumerate(texts)]
        found = self._events(told, given)
        return told, found + self._fitting(told)

    def _events(self, told: Told, events: Iterable[Any]) -> list[Finding]:
        def kept() -> Iterator[Any]:
            for event in events:
                told.events.append(event)
                yield event

        report = lifecycle.check(kept(), self._dialect)
        return [_of(violation) for violation in report.violations[:MOST]]

    def _fitting(self, told: Told) -> list[Finding]:
        """The events against the schemas, the last one against those before it."""
        try:
            problems = self._kept(self._validator.stream(told.frames))
        except (ValueError, RecursionError):  # no JSON: the rules have said so
            problems = []
        found = _found("HG-SCH-002", problems)
        last = told.events[-1] if told.events else None
        if last is None or last.type not in lifecycle.TERMINAL or _invalid(last):
            return found
        told.response = json.loads(told.frames[-1])["response"]
        snapshot = lifecycle.Snapshot()
        for event in told.events[:-1]:
            if not _invalid(event):
                snapshot.apply(event)
        folded = snapshot.response
        if "output-differs" not in self._dialect and (
            folded is None or _plain(folded.output) != _plain(last.response.output)
        ):
            message = f"the output of {last.type} is not what was streamed"
            found.append(Finding("HG-ANS-004", message, "the items as they were done, in order"))
        return found

    def _kept(self, problems: list[Problem]) -> list[Problem]:
        """Without what the dialect lets pass."""
        return [problem for problem in problems if not self._allowed(problem)]

    def _allowed(self, problem: Problem) -> bool:
        if _REQUIRED in problem.right:
            # Our own document says what our server always sends; others need what specs require.
            return problem.spec == OPENAPI or "missing-fields" in self._dialect
        return "null-usage" in self._dialect and problem.field.endswith("usage")


def _value(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _plain(items: Iterable[Any]) -> list[Any]:
    return [json.loads(models.encode(item)) for item in items]


def _invalid(event: Any) -> bool:
    return isinstance(event, errors.InvalidEvent)


def _of(violation: lifecycle.Violation) -> Finding:
    where = f"event {violation.index}: {violation.message}"
    return Finding(violation.rule, where, violation.expected)


def _found(rule: str, problems: Iterable[Problem]) -> list[Finding]:
    found = []
    for problem in problems:
        where = "" if problem.event is None else f"event {problem.event}: "
        named = f"{where}{problem.field} ({problem.source})"
        found.append(Finding(rule, named, problem.right))
    return list(dict.fromkeys(found))[:MOST]


def text_of(response: dict[str, Any]) -> str:
    """The text that a response says."""
    return "".join(
        str(part.get("text", ""))
        for item in response.get("output") or ()
        if item.get("type") == "message"
        for part in item.get("content") or ()
        if part.get("type") == "output_text"
    )


def calls_in(response: dict[str, Any], kind: str = "function_call") -> list[dict[str, Any]]:
    """A response's items of one type."""
    return [item for item in response.get("output") or () if item.get("type") == kind]
