"""What a caller saw of a stream, and what that is called: judged by code, never typed in.

Verdicts are ordered, best first, so that two clients' cells in a row can be compared.
"""

from __future__ import annotations

import enum
import typing
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel


class Verdict(enum.IntEnum):
    """From best to worst; ``MEANING`` explains each."""

    WHOLE = 0
    UNTYPED = 1
    MISTYPED = 2
    FIELDS_LOST = 3
    ERROR_WITH_SNAPSHOT = 4
    ERROR = 5
    WRONG_ERROR = 6
    CRASH = 7
    ONLY_AN_EVENT = 8
    SHORT = 9
    EVENTS_LOST = 10
    INVENTED = 11


NAME = {
    Verdict.WHOLE: "whole",
    Verdict.UNTYPED: "as `UNKNOWN`",
    Verdict.MISTYPED: "wrong class",
    Verdict.FIELDS_LOST: "fields lost",
    Verdict.ERROR_WITH_SNAPSHOT: "error, with what came",
    Verdict.ERROR: "error",
    Verdict.WRONG_ERROR: "error about something else",
    Verdict.CRASH: "crash",
    Verdict.ONLY_AN_EVENT: "only an event",
    Verdict.SHORT: "silently short",
    Verdict.EVENTS_LOST: "events lost",
    Verdict.INVENTED: "invented event",
}
MEANING = {
    Verdict.WHOLE: "every event, once, in order, of its own type, with all its fields, and a quiet "
    "end (after an event that no client names: an object that says so and has its type)",
    Verdict.UNTYPED: "every event, but some with `type` `UNKNOWN` and a raw dictionary, so that "
    "code which asks for their type misses them",
    Verdict.MISTYPED: "every event, but some as an instance of another event's (or item's) class, "
    "or of its own class without a field that the class promises",
    Verdict.FIELDS_LOST: "every event, but what is read or encoded again lacks fields that came",
    Verdict.ERROR_WITH_SNAPSHOT: "what came, then the client's own error, which carries the "
    "response so far",
    Verdict.ERROR: "what came, then the client's own error",
    Verdict.WRONG_ERROR: "the client's own error, without the reason that the server gave",
    Verdict.CRASH: "what came, then an exception that is not the client's own (a library's below "
    "it, or Python's)",
    Verdict.ONLY_AN_EVENT: "what is wrong is one event among others; the loop goes on, or ends, as "
    "if all were well",
    Verdict.SHORT: "the loop ends as if all were well, and the end is missing",
    Verdict.EVENTS_LOST: "the loop goes on as if all were well, and an event is missing",
    Verdict.INVENTED: "an event that nobody sent, or one twice, or out of order",
}


@dataclass
class Seen:
    """One event as the caller has it: the object, and the JSON that encoding it again gives.

    ``read`` is the JSON that its attributes give, where that is something else.
    """

    event: Any
    fields: Any
    read: Any = None

    def holds(self, sent: Any) -> bool:
        """Whether nothing of what was sent is lost."""
        return _holds(self.fields, sent) and (self.read is None or _holds(self.read, sent))


@dataclass
class Record:
    """One run: the events in order, and the exception that ended it."""

    events: list[Seen] = field(default_factory=list)
    error: BaseException | None = None


@dataclass
class Cell:
    """A verdict; ``detail`` is the class of the exception, or the wrong class."""

    verdict: Verdict
    detail: str = ""

    def __str__(self) -> str:
        return f"{NAME[self.verdict]}: `{self.detail}`" if self.detail else NAME[self.verdict]


def judge(record: Record, came: list[Any], *, package: str, whole: bool, reason: str = "") -> Cell:
    """``came`` is what a caller should have been given; ``package`` whose errors are its own.

    ``whole`` says whether that is all there was to have: if not, the stream broke or told of a
    failure (``reason`` is then what the server said), and only an error is an honest end.
    """
    places = _places(record.events, came)
    if places is None:
        return Cell(Verdict.INVENTED, _name(record.error))
    if record.error is not None:
        if not whole and not reason and len(places) < len(came):
            return Cell(Verdict.EVENTS_LOST, _name(record.error))
        return Cell(_of_error(record.error, package, reason), _name(record.error))
    if places != list(range(len(came))):
        lost_the_end = places == list(range(len(places)))
        return Cell(Verdict.SHORT if lost_the_end else Verdict.EVENTS_LOST)
    if not whole:
        return Cell(Verdict.ONLY_AN_EVENT if reason and came else Verdict.SHORT)
    if any(not seen.holds(sent) for seen, sent in zip(record.events, came, strict=True)):
        return Cell(Verdict.FIELDS_LOST)
    if wrong := next(filter(None, (_mistyped(seen.event) for seen in record.events)), None):
        return Cell(Verdict.MISTYPED, wrong)
    if any(_untyped(seen.event) for seen in record.events):
        return Cell(Verdict.UNTYPED)
    return Cell(Verdict.WHOLE)


def _of_error(error: BaseException, package: str, reason: str) -> Verdict:
    if _package(error) != package:
        return Verdict.CRASH
    if reason and reason not in str(error):
        return Verdict.WRONG_ERROR
    if getattr(error, "snapshot", None) is not None:
        return Verdict.ERROR_WITH_SNAPSHOT
    return Verdict.ERROR


def _package(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _name(error: BaseException | None) -> str:
    if error is None:
        return ""
    package = _package(error)
    name = type(error).__name__
    known = ("openai", "openrouter", "heliograph", "builtins")
    return name if package in known else f"{package}.{name}"


def _places(seen: list[Seen], came: list[Any]) -> list[int] | None:
    """Where each event stood in ``came``; None where one stood nowhere, or not after the last."""
    places: list[int] = []
    at = 0
    for one in seen:
        while at < len(came) and not _same(one.fields, came[at]):
            at += 1
        if at == len(came):
            return None
        places.append(at)
        at += 1
    return places


def _same(fields: Any, sent: Any) -> bool:
    names = ("type", "sequence_number")
    return isinstance(fields, dict) and all(fields.get(n) == sent.get(n) for n in names)


def _holds(found: Any, sent: Any) -> bool:
    """Whether all of ``sent`` is in ``found``. More may be there (a helper adds fields), and null
    is as good as absent."""
    if isinstance(sent, dict):
        return isinstance(found, dict) and all(
            value is None or _holds(found.get(name), value) for name, value in sent.items()
        )
    if isinstance(sent, list):
        return isinstance(found, list) and len(found) == len(sent) and all(map(_holds, found, sent))
    return bool(found == sent)


def _models(value: Any) -> typing.Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for inner in vars(value).values():
            yield from _models(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _models(inner)


def _untyped(event: Any) -> bool:
    return any(getattr(model, "is_unknown", False) is True for model in _models(event))


def _mistyped(event: Any) -> str | None:
    """The name of the class, where something in the event is of one that does not fit it."""
    found = (m for m in _models(event) if _other(m) or _half_built(m))
    return next((type(model).__name__ for model in found), None)


def _other(model: BaseModel) -> bool:
    """Whether its ``type`` is none that its class names."""
    declared = type(model).model_fields.get("type")
    names = typing.get_args(declared.annotation) if declared is not None else ()
    value = getattr(model, "type", None)
    return bool(names) and all(isinstance(n, str) for n in names) and value not in names


def _half_built(model: BaseModel) -> bool:
    return any(
        declared.is_required() and not hasattr(model, name)
        for name, declared in type(model).model_fields.items()
    )
