"""The checker by batches finds just what the machine finds event by event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.client.streams import numbered, picture_events, text_events

from heliograph import errors, lifecycle, models


def two_calls() -> list[dict[str, Any]]:
    """Two pictures without early stages, in one response."""
    created, begun, *call, ended = picture_events(0)
    again = json.loads(json.dumps(call).replace("ig_1", "ig_2"))
    for event in again:
        event["output_index"] = 1
    output = [call[-1]["item"], again[-1]["item"]]
    end = {**ended, "response": {**ended["response"], "output": output}}
    return numbered(created, begun, *call, *again, end)


STREAMS = {
    "text": text_events("a", "b", "c", "d"),
    "picture": picture_events(3),
    "calls": two_calls(),
}
LENIENT = lifecycle.Dialect.parse("missing-fields")


def decoded(events: list[dict[str, Any]]) -> list[Any]:
    return [models.decode_event(json.dumps(e).encode(), n) for n, e in enumerate(events)]


def mutations(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The stream itself; each event left out, doubled, swapped with the next, or changed a bit."""
    yield events
    for at, event in enumerate(events):
        yield events[:at] + events[at + 1 :]
        yield [*events[: at + 1], *events[at:]]
        yield [*events[:at], *events[at : at + 2][::-1], *events[at + 2 :]]
        for name, value in (("output_index", 1), ("item_id", "other"), ("delta", "?"),
                            ("content_index", 1), ("sequence_number", 99)):  # fmt: skip
            if name in event:
                yield [*events[:at], {**event, name: value}, *events[at + 1 :]]
        for name, value in (("id", "other"), ("id", "ig_1"), ("status", "failed"),
                            ("status", "generating"), ("status", "incomplete"),
                            ("status", "in_progress"), ("status", "completed"),
                            ("result", None), ("type", "acme:call")):  # fmt: skip
            if name in event.get("item", {}):
                item = {**event["item"], name: value}
                yield [*events[:at], {**event, "item": item}, *events[at + 1 :]]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    "tolerances", ["missing-fields", "openai,missing-fields", "openrouter,missing-fields"]
)
def test_any_batches_find_what_single_events_do(name: str, size: int, tolerances: str) -> None:
    broken = 0
    dialect = lifecycle.Dialect.parse(tolerances)
    for stream in mutations(STREAMS[name]):
        events = decoded(stream)
        machine = lifecycle.Machine(dialect)
        wanted: Any = (len(events), [])
        for at, event in enumerate(events):
            if found := machine.feed(event):
                wanted = at, found
                break
        checker = lifecycle.Checker(dialect)
        got: Any = (0, [])
        for start in range(0, len(events), size):
            good, found = checker.take(events[start : start + size])
            got = start + good, found
            if found:
                break
        assert got == wanted, stream
        assert bool(wanted[1]) or checker.state == machine.state
        broken += bool(wanted[1])
    assert broken > 40


@pytest.mark.parametrize("name", STREAMS)
def test_whole_means_that_nothing_is_missing(name: str) -> None:
    events = decoded(STREAMS[name])
    for some in (events, *([event] for event in events)):
        lacking = [p for e in some for p in models.missing_fields(e) if p != "sequence_number"]
        assert models.are_whole(some) == (not lacking)
    found = lifecycle.Checker().take(events)[1]
    assert {violation.rule for violation in found} == {"HG-FLD-001"}


def test_what_is_whole_and_what_is_not() -> None:
    part = {"item_id": "m", "output_index": 0, "content_index": 0, "sequence_number": 1}
    delta = {"type": "response.output_text.delta", **part, "delta": "a"}
    good, bare = decoded([{**delta, "logprobs": []}, delta])
    odd = decoded([{**delta, "logprobs": [{"token": "a", "logprob": 0}]}])[0]
    unknown = decoded([{"type": "vendor:new"}])[0]
    error = decoded([{"type": "error", "error": {"code": "x"}}])[0]
    assert models.are_whole([])
    assert models.are_whole([good, unknown, good])
    assert not models.are_whole([good, bare])
    assert not models.are_whole([good, errors.InvalidEvent(b"{", "$", "no JSON", 1)])
    assert models.are_whole([odd]) == (not models.missing_fields(odd))
    assert models.are_whole([error]) == (not models.missing_fields(error))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"status": "failed"}, "HG-END-006"),
        ({"status": "incomplete"}, "HG-END-006"),
        ({"usage": None}, "HG-RSP-007"),
        ({"status": "in_progress", "usage": None}, None),
        ({"status": "cancelled"}, None),
    ],
)
def test_whole_responses(change: dict[str, Any], rule: str | None) -> None:
    whole = STREAMS["text"][-1]["response"] | change
    response = models.decode(models.OpenResponsesResult, json.dumps(whole).encode())
    found = lifecycle.check_response(response, LENIENT)
    assert [violation.rule for violation in found] == ([] if rule is None else [rule])
