"""Whole streams: every event in them that a package knows is taken by it, and goes through us
unchanged."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lifecycle import _streams

from heliograph import models

from .compare import Seen, Walk
from .covers import fresh
from .packages import dump, parse
from .roots import PAIRS
from .shapes import demanded, shape_of

# The openrouter package marks fields of its own models as deprecated and reads them itself.
pytestmark = pytest.mark.filterwarnings(r"ignore:warning. \*\* DEPRECATED:DeprecationWarning")

Wire = dict[str, Any]


def streams() -> dict[str, list[Wire]]:
    """The lifecycle's good streams, and one in which `generating` comes again and again."""
    found = _streams.good()
    repeated = []
    for event in found["image, 2 partials"]:
        again = event["type"] == "response.image_generation_call.generating"
        repeated += [event] * (4 if again else 1)
    numbered = [event | {"sequence_number": n} for n, event in enumerate(repeated)]
    return found | {"generating, again and again": numbered}


STREAMS = streams()


@functools.cache
def tags(oracle: str) -> frozenset[str]:
    """Every type that the oracle names anywhere within its events."""
    walk = Walk(oracle, Seen(), demanded)
    pair = PAIRS[oracle]["events"]
    walk.shapes(shape_of(pair.ours), shape_of(pair.theirs), "events")
    return frozenset(tag for _, theirs in walk.pairs for tag in theirs.tags)


def types_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"]
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from types_in(child)


def shared(oracle: str, stream: list[Wire]) -> list[Wire]:
    """The events of a stream in which everything has a type that the oracle names."""
    return [event for event in stream if set(types_in(event)) <= tags(oracle)]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("oracle", ["openai", "openrouter"])
def test_events_of_a_stream_pass_through_them_and_us(oracle: str, name: str) -> None:
    union = PAIRS[oracle]["events"].theirs
    for wire in shared(oracle, STREAMS[name]):
        event = models.decode_event(json.dumps(wire).encode())
        text = models.encode(event if models.unknown_fields(event) else fresh(event))
        assert json.loads(text) == wire
        back = models.decode_event(dump(parse(union, json.loads(text))).encode())
        assert type(back) is models.EVENTS[wire["type"]]


@pytest.mark.parametrize("oracle", ["openai", "openrouter"])
def test_the_streams_hold_what_matters(oracle: str) -> None:
    """Repeated `generating`, failed pictures and each ending were among what was tried."""
    tried = [event for stream in STREAMS.values() for event in shared(oracle, stream)]
    kinds = {event["type"] for event in tried}
    assert {f"response.{end}" for end in ("completed", "incomplete", "failed")} <= kinds
    assert len(tried) > 200
    items = [e["item"] for e in tried if e["type"] == "response.output_item.done"]
    assert any(i["type"] == "image_generation_call" and i["status"] == "failed" for i in items)
    generating = [
        e for e in STREAMS["generating, again and again"] if e["type"].endswith(".generating")
    ]
    assert len(generating) >= 4
