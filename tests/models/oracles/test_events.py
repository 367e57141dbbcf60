"""Every event of ours is an event of theirs, and every event of theirs is one of ours."""

from __future__ import annotations

import functools
import json

import pytest

from heliograph import models

from . import build
from .covers import fresh, missing, typed
from .differences import ABSENT
from .packages import dump, parse
from .roots import PAIRS
from .shapes import Obj, obj, shape_of

# The openrouter package marks fields of its own models as deprecated and reads them itself.
pytestmark = pytest.mark.filterwarnings(r"ignore:warning. \*\* DEPRECATED:DeprecationWarning")

ORACLES = ("openai", "openrouter")


@functools.cache
def theirs(oracle: str) -> dict[str, Obj]:
    """Wire type to their event, read from their own union."""
    events = shape_of(PAIRS[oracle]["events"].theirs).objects
    return {tag: event for event in events for tag in event.tags}


SHARED = [(oracle, tag) for oracle in ORACLES for tag in sorted(theirs(oracle))]


@pytest.mark.parametrize("oracle", ORACLES)
def test_every_event_of_theirs_is_one_of_ours(oracle: str) -> None:
    assert set(theirs(oracle)) <= set(models.EVENTS)


def test_the_two_unions_and_open_responses_together_are_our_events() -> None:
    named = set(theirs("openai")) | set(theirs("openrouter")) | set(theirs("open responses"))
    assert named == set(models.EVENTS)
    assert len(models.EVENTS) == 73


@pytest.mark.parametrize(("oracle", "tag"), SHARED)
def test_our_event_is_one_of_theirs(oracle: str, tag: str) -> None:
    union = PAIRS[oracle]["events"].theirs
    for label, value in build.cases(build.meet(obj(models.EVENTS[tag]), theirs(oracle)[tag])):
        event = fresh(models.decode_event(json.dumps(value).encode()))
        text = models.encode(event)
        assert json.loads(text) == value, label
        parsed = parse(union, json.loads(text))
        assert type(parsed) is theirs(oracle)[tag].cls, label


@pytest.mark.parametrize(("oracle", "tag"), SHARED)
def test_their_event_is_one_of_ours(oracle: str, tag: str) -> None:
    other = theirs(oracle)[tag]
    for label, value in build.cases(other):
        text = dump(parse(other.cls, value))
        event = models.decode_event(text.encode())
        assert type(event) is models.EVENTS[tag], label
        assert json.loads(models.encode(event)) == json.loads(text), label
        assert missing(json.loads(text), typed(event), ABSENT[oracle]) == [], label
