"""Streams with habits, mended: what comes out is strict, and loses nothing that was said."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle import _streams as s
from tests.lifecycle.test_rules import BREAKS, Break, good, named, without

from heliograph import errors, models
from heliograph.lifecycle import Machine, Mender, Snapshot, check

R = "response."

#: What no mending can make sense of, by the rule that it breaks; the first names the stream too.
HOPELESS = {
    "HG-EVT-001",  # not decoded at all
    "HG-END-002",  # it just stops
    "HG-AUD-001",
    "other_item_type",
    "part_changes_type",
    "refusal_in_a_text",
    "error_in_the_end",
    "image_event_on_a_message",
    "part_in_a_call",
    "delta_after_text_done",
    "panel_never_added",
    "command_delta_lost",
    "panel_delta_lost",
    "other_commands_at_done",
}


def begin(status: str) -> models.OpenResponsesResult:
    wire = s.response(status)
    return models.decode(models.OpenResponsesResult, json.dumps(wire).encode())


def mended(stream: list[s.Wire]) -> list[models.StreamEvent]:
    """What a relay would send: as it came while the machine takes it, and else mended."""
    machine = Machine()
    snapshot = Snapshot()
    mender = Mender(machine, snapshot, begin)
    sent: list[models.StreamEvent] = []

    def send(event: Any) -> None:
        mender.fill(event)
        if isinstance(event, models.UnknownEvent):
            fields = {**event.fields, "sequence_number": machine.next_sequence}
            event = models.decode_event(json.dumps(fields).encode())
        if isinstance(event, models.Event):
            event.sequence_number = machine.next_sequence
        machine.require(event)
        snapshot.apply(event)
        sent.append(event)

    for event in s.decoded(stream):
        drawn = event.type == R + "image_generation_call.completed"
        if not mender.busy and not machine.ended and not drawn:
            try:
                send(event)
                continue
            except errors.LifecycleError:
                pass
        for other in mender.mend(event):
            send(other)
    return sent


def said(events: list[models.StreamEvent]) -> str:
    return "".join(str(event.delta) for event in events if event.type.endswith(".delta"))


@pytest.mark.parametrize("name", sorted(s.good()))
def test_a_good_stream_stays_as_it_is(name: str) -> None:
    stream = s.good()[name]
    sent = [json.loads(models.encode(event)) for event in mended(stream)]
    drawn = R + "image_generation_call.completed"
    if name == "parallel":  # this one waits for its item's end
        at = next(n for n, e in enumerate(stream) if e["type"] == R + "output_item.done"
                  and e["item"]["type"] == "image_generation_call")  # fmt: skip
        stream.insert(at, named(stream, drawn))
        stream.remove(named(stream, drawn))
        stream = s.numbered(stream)
    assert sent == stream


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        pytest.param(rule, make, id=f"{rule}-{make.__name__}")
        for rule, makes in BREAKS.items()
        for make in makes
        if rule not in HOPELESS and make.__name__ not in HOPELESS
    ],
)
def test_a_stream_that_breaks_a_rule_is_mended(rule: str, make: Break) -> None:
    report = check(mended(make()))
    assert report.ok, [str(v) for v in report.violations]


@pytest.mark.parametrize("name", sorted(HOPELESS - {"HG-EVT-001", "HG-END-002", "HG-AUD-001"}))
def test_what_cannot_be_mended_is_refused(name: str) -> None:
    makes = [make for found in BREAKS.values() for make in found if make.__name__ == name]
    with pytest.raises(errors.LifecycleError):
        mended(makes[0]())


def test_a_whole_response_alone_is_told_from_its_beginning() -> None:
    for name in ("text", "citations", "reasoning", "function call", "parallel", "web search"):
        stream = good(name)
        sent = mended([stream[-1]])
        assert check(sent).ok, name
        assert json.loads(models.encode(sent[-1]))["response"] == stream[-1]["response"]


def test_items_alone_are_told_from_their_beginning() -> None:
    stream = good("parallel")
    ends = [e for e in stream if e["type"] in (R + "output_item.done", R + "completed")]
    sent = mended(ends)
    assert check(sent).ok
    assert said(sent)


def test_an_index_used_for_every_item_becomes_the_next_one() -> None:
    stream = s.wires(
        s.message(0, s.text_part("a")),
        s.message(1, s.text_part("b")),
    )
    for event in stream:
        if "output_index" in event:
            event["output_index"] = 0
    sent = mended(stream)
    assert check(sent).ok
    assert [e.output_index for e in sent if e.type.endswith("text.delta")] == [0, 1]


def test_one_content_index_for_every_part_becomes_the_next_one() -> None:
    stream = good("two parts")
    for event in stream:
        if "content_index" in event:
            event["content_index"] = 0
    sent = mended(stream)
    assert check(sent).ok
    assert said(sent) == said(s.decoded(good("two parts")))


def test_what_was_shown_stands_where_the_end_says_otherwise() -> None:
    stream = good("text")
    named(stream, "output_text.done")["text"] = "something else"
    sent = mended(stream)
    assert check(sent).ok
    assert sent[-1].response.output[0].content[0].text == "Hello fox"  # type: ignore[union-attr]


def test_previews_over_what_was_asked_for_are_left_out() -> None:
    stream = good("image, 3 partials")
    for event in (stream[0], stream[1]):
        event["response"]["tools"] = s.image_tool(2)
    sent = mended(stream)
    assert check(sent).ok
    assert sum(event.type.endswith("partial_image") for event in sent) == 2


@pytest.mark.parametrize("ending", ["failed", "incomplete"])
@pytest.mark.parametrize("name", sorted(set(s.good()) - {"error alone", "cancelled while queued"}))
def test_items_left_open_are_ended_first(name: str, ending: str) -> None:
    whole = good(name)
    for cut in range(3, len(whole) - 1):
        last = copy.deepcopy(whole[-1])
        last["type"] = R + ending
        last["response"]["status"] = ending
        last["response"]["output"] = []
        report = check(mended(s.numbered([*whole[:cut], last])))
        assert report.ok, (cut, [str(v) for v in report.violations])


NAMES = sorted(set(s.good()) - {"error alone"})


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_loss_or_repetition_is_mended_or_refused(data: st.DataObject) -> None:
    """A stream with events left out, doubled or moved comes out strict, or is refused."""
    stream = copy.deepcopy(s.good()[data.draw(st.sampled_from(NAMES))])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(stream) - 1))
        match data.draw(st.sampled_from(["drop", "double", "move"])):
            case "drop" if len(stream) > 1:
                del stream[at]
            case "double":
                stream.insert(at, copy.deepcopy(stream[at]))
            case "move":
                stream.insert(data.draw(st.integers(0, len(stream) - 1)), stream.pop(at))
    try:
        sent = mended(stream)
    except errors.LifecycleError:
        return
    found = [v for v in check(sent).violations if v.rule != "HG-END-002"]
    assert not found, [str(v) for v in found]


def test_the_two_first_events_are_put_in() -> None:
    sent = mended(without(good("text"), "created", "in_progress"))
    assert [event.type for event in sent[:2]] == [R + "created", R + "in_progress"]
    assert check(sent).ok
