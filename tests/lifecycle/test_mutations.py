"""Random faults put into good streams are caught, or they do no harm."""

from __future__ import annotations

import copy
import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle import _streams as s

from heliograph import errors, models
from heliograph.lifecycle import DIALECTS, Machine, Snapshot

R = "response."
GOOD = s.good()
NAMES = sorted(GOOD)

# Events that a stream may lose, or have again, without a reader being the worse for it.
OPTIONAL = {
    R + "queued",
    R + "debug",
    "acme.sparkle",
    R + "shell_call_output_content.delta",
    R + "shell_call_output_content.done",
    R + "fusion_call.panel.reasoning.delta",
    R + "fusion_call.analysis.completed",
    R + "compaction.compacting",
    R + "image_generation_call.partial_image",  # fewer than asked for
    R + "audio.delta",
    R + "audio.done",
    R + "audio.transcript.delta",
    R + "audio.transcript.done",
}


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, list[s.Wire]]:
    name = draw(st.sampled_from(NAMES))
    stream = copy.deepcopy(GOOD[name])
    for _ in range(draw(st.integers(1, 4))):
        if not stream:
            break
        at = draw(st.integers(0, len(stream) - 1))
        what = draw(st.sampled_from(["drop", "swap", "repeat"]))
        if what == "drop":
            del stream[at]
        elif what == "repeat":
            stream.insert(draw(st.integers(0, len(stream))), copy.deepcopy(stream[at]))
        else:
            other = draw(st.integers(0, len(stream) - 1))
            stream[at], stream[other] = stream[other], stream[at]
    return name, stream


def violations(machine: Machine, stream: list[s.Wire]) -> list[str]:
    found = []
    for event in s.decoded(stream):
        found += machine.feed(event)
    return [violation.rule for violation in found + machine.close()]


def weighty(stream: list[s.Wire]) -> Counter[str]:
    """The events that count, whatever their order and numbers."""
    broken_off = {
        event["output_index"]
        for event in stream
        if event["type"] == R + "output_item.done"
        and (
            event["item"].get("status") in ("failed", "incomplete")
            or event["item"]["type"] == "openrouter:image_generation"
        )
    }
    kept = [
        {key: value for key, value in event.items() if key != "sequence_number"}
        for event in stream
        if event["type"] not in OPTIONAL
        and event.get("delta") != ""
        and event.get("model") != "b/b"  # the panel member that failed
        # a call may break off at any point, and a hosted image may have no events
        and not ("_call" in event["type"] and event["output_index"] in broken_off)
    ]
    return Counter(json.dumps(event, sort_keys=True) for event in kept)


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_a_fault_in_a_numbered_stream_is_caught(case: tuple[str, list[s.Wire]]) -> None:
    name, stream = case
    if stream != GOOD[name]:
        assert violations(Machine(), stream)


@given(mutated())
@settings(max_examples=600, deadline=None)
def test_a_fault_is_caught_without_its_number_or_does_no_harm(
    case: tuple[str, list[s.Wire]],
) -> None:
    name, stream = case
    stream = s.numbered(stream)
    if violations(Machine(), stream):
        return
    assert weighty(stream) == weighty(GOOD[name])
    snapshot = Snapshot()
    *before, last = s.decoded(stream)
    for event in before:
        snapshot.apply(event)
    if isinstance(last, models.CompletedEvent | models.IncompleteEvent | models.FailedEvent):
        assert snapshot.response is not None
        assert snapshot.response.output == last.response.output


@given(mutated(), st.sampled_from(sorted(DIALECTS)))
@settings(max_examples=300, deadline=None)
def test_nothing_makes_a_machine_or_a_snapshot_raise(
    case: tuple[str, list[s.Wire]], dialect: str
) -> None:
    machine, snapshot = Machine(DIALECTS[dialect]), Snapshot()
    for event in s.decoded(case[1]):
        machine.feed(event)
        snapshot.apply(event)
        response = snapshot.response
        if response is not None:
            models.encode(response)


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_what_require_refuses_could_be_left_out(case: tuple[str, list[s.Wire]]) -> None:
    """A machine that refused events is where one is that never saw them."""
    strict, clean = Machine(), Machine()
    for event in s.decoded(s.numbered(case[1])):
        renumbered = copy.copy(event)
        if isinstance(renumbered, models.Event):
            renumbered.sequence_number = strict.next_sequence
        try:
            strict.require(renumbered)
        except errors.LifecycleError:
            continue
        assert clean.feed(renumbered) == []
    assert strict.state == clean.state
    assert strict.next_sequence == clean.next_sequence
