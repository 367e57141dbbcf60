"""Requests, responses, items, tools, image bodies: what we build they take, and what they build we
read whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typing_extensions

from heliograph import models

from . import build
from .compare import best_match
from .covers import fresh, missing, typed
from .differences import ABSENT
from .packages import dump, parse
from .roots import PAIRS
from .shapes import Obj, Shape, shape_of

# The openrouter package marks fields of its own models as deprecated and reads them itself.
pytestmark = pytest.mark.filterwarnings(r"ignore:warning. \*\* DEPRECATED:DeprecationWarning")

CASES = [
    pytest.param(oracle, pair.ours, other, id=f"{oracle}-{label}-{other.name}")
    for oracle in ("openai", "openrouter")
    for label, pair in PAIRS[oracle].items()
    if label != "events"
    for other in shape_of(pair.theirs).objects
    if best_match(list(shape_of(pair.ours).objects), other) is not None
]


def read(cls: type, value: Any) -> Any:
    return models.decode(cls, json.dumps(value).encode())


def our_object(ours: Any, theirs: Obj) -> Obj:
    mine = best_match(list(shape_of(ours).objects), theirs)
    assert mine is not None
    return mine


@pytest.mark.parametrize(("oracle", "ours", "theirs"), CASES)
def test_they_take_what_we_build(oracle: str, ours: Any, theirs: Obj) -> None:
    mine = our_object(ours, theirs)
    for label, value in build.cases(build.meet(mine, theirs)):
        text = models.encode(fresh(read(ours, value)))
        assert json.loads(text) == value, label
        if not theirs.name.startswith("ImageEditParams"):  # multipart: it holds open files
            parse(theirs.cls, json.loads(text))


@pytest.mark.parametrize(("oracle", "ours", "theirs"), CASES)
def test_we_read_what_they_build(oracle: str, ours: Any, theirs: Obj) -> None:
    for label, value in build.cases(theirs):
        if typing_extensions.is_typeddict(theirs.cls):
            text = json.dumps(value)
        else:
            text = dump(parse(theirs.cls, value))
        body = read(ours, json.loads(text))
        assert json.loads(models.encode(body)) == json.loads(text), label
        assert missing(json.loads(text), typed(body), ABSENT[oracle]) == [], label


@pytest.mark.parametrize("name", ["CreateResponseBody", "ResponseResource", "CompactResource"])
def test_we_read_what_open_responses_allows(name: str) -> None:
    pairs = PAIRS["open responses"].values()
    ours, other = next(
        (pair.ours, o) for pair in pairs for o in shape_of(pair.theirs).objects if o.name == name
    )
    for label, value in build.cases(other):
        body = read(ours, value)
        assert json.loads(models.encode(body)) == value, label
        assert missing(value, typed(body), frozenset()) == [], label


def test_every_case_has_a_pair() -> None:
    lonely = [
        (oracle, other.name)
        for oracle, pairs in PAIRS.items()
        for pair in pairs.values()
        for other in _objects(shape_of(pair.theirs))
        if best_match(list(shape_of(pair.ours).objects), other) is None
    ]
    assert lonely == []


def _objects(shape: Shape) -> tuple[Obj, ...]:
    return shape.objects
