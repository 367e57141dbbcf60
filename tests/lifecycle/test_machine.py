"""The machine as its users see it: good streams pass, wrong ones are refused or gone on from."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from tests.lifecycle import _streams as s
from tests.lifecycle.test_rules import good, moved, named, set_done, twice, without

from heliograph import errors, lifecycle, models
from heliograph.lifecycle import DIALECTS, STRICT, TOLERANCES, Dialect, Machine, check
from heliograph.lifecycle._dialects import ADDED_ROWS

R = "response."
GOOD = s.good()


def rules(stream: list[s.Wire], dialect: Dialect = STRICT) -> list[str]:
    return [violation.rule for violation in check(s.decoded(stream), dialect).violations]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_good_stream_passes(name: str) -> None:
    events = s.decoded(GOOD[name])
    checked, required = Machine(), Machine()
    for number, event in enumerate(events):
        assert not checked.ended
        assert checked.next_sequence == number
        assert checked.feed(event) == []
        required.require(event)
    assert checked.ended
    assert required.ended
    assert checked.close() == []
    report = check(events)
    assert report.ok, [str(v) for v in report.violations]
    assert report.events == sum(report.counts.values()) == len(events)


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_good_stream_passes_in_every_dialect(name: str, dialect: str) -> None:
    assert rules(GOOD[name], DIALECTS[dialect]) == []


def test_require_raises_with_the_violations_and_stays_where_it_was() -> None:
    created, in_progress, *_ = s.decoded(good("text"))
    machine = Machine()
    machine.require(created)
    with pytest.raises(errors.LifecycleError, match="HG-RSP-001") as caught:
        machine.require(created)
    assert {v.rule for v in caught.value.violations} == {"HG-SEQ-001", "HG-RSP-001"}
    assert caught.value.violations[0].index == 1
    assert machine.next_sequence == 1
    machine.require(in_progress)


def test_a_violation_says_event_rule_fault_and_what_would_be_right() -> None:
    stream = good("image, 3 partials")
    stream.remove(named(stream, "image_generation_call.partial_image", 1))
    (violation,) = check(s.decoded(s.numbered(stream))).violations
    assert str(violation) == (
        "HG-IMG-003 at event 6: partial_image_index went from 0 to 2; expected 1"
    )


def test_texts_that_differ_are_shown_where_they_do() -> None:
    stream = good("text")
    named(stream, "output_text.delta", 1)["delta"] = "lo cat "
    (violation,) = check(s.decoded(stream)).violations
    assert violation.message == "response.output_text.done has 'Hello fox' at character 0"
    assert violation.expected == "'Hello cat fox' there, as it was streamed"


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (good("parallel")[5:], ["HG-SEQ-001", "HG-RSP-005"]),
        (without(good("parallel"), "output_item.added"), ["HG-ITM-002"] * 4),
        (without(good("image, 3 partials"), "image_generation_call.in_progress"), ["HG-IMG-001"]),
        (without(good("text"), "created", "in_progress"), ["HG-RSP-005"]),
        (good("text")[:5], ["HG-END-002"]),
        ([], ["HG-END-002"]),
    ],
)  # fmt: skip
def test_one_fault_is_not_reported_over_and_over(stream: list[s.Wire], found: list[str]) -> None:
    reported = rules(stream)
    assert reported[: len(found)] == found
    # a stream whose head is missing: one more line for each item that was open
    assert len(reported) <= len(found) + 4


def test_an_unknown_event_is_passed_on_and_counted() -> None:
    stream = good("text")
    stream.insert(4, {"type": "acme.x"})
    report = check(s.decoded(stream))
    assert report.ok
    assert report.unknown == {"acme.x": 1}


def test_a_report_counts_pictures_and_says_how_the_response_ended() -> None:
    report = check(s.decoded(s.wires(s.image_call(0, 2), s.failed_image(1), s.image_call(2))))
    assert report.pictures == 2
    assert report.partial_images == 2
    assert report.ending == "completed"
    assert report.counts["response.image_generation_call.generating"] == 3


def test_an_unreadable_event_is_one_violation_and_the_count_goes_on() -> None:
    events: list[Any] = list(s.decoded(good("text")))
    events[4] = errors.InvalidEvent(
        json.dumps(good("text")[4]).encode(), "delta", "a number", 4, R + "output_text.delta"
    )
    assert [v.rule for v in check(events).violations] == ["HG-EVT-001", "HG-TXT-001"]
    events[4] = errors.InvalidEvent(b"\xff", "$", "no JSON", 4)
    assert [v.rule for v in check(events).violations] == ["HG-EVT-001", "HG-TXT-001"]


def test_the_machine_changes_no_event() -> None:
    for stream in GOOD.values():
        events = s.decoded(stream)
        machine = Machine()
        for event in events:
            machine.feed(event)
        assert [models.encode(e) for e in events] == [models.encode(e) for e in s.decoded(stream)]


def test_a_part_text_is_forgotten_when_it_is_done() -> None:
    machine = Machine()
    events = s.decoded(s.wires(s.message(0, s.text_part(*["word "] * 1000))))
    for event in events:
        machine.feed(event)
        if event.type == R + "output_text.delta":
            text = machine._items[0].parts[0].text
            assert text is not None
            assert len(text.getvalue()) <= 5000
        if event.type == R + "output_text.done":
            assert machine._items[0].parts[0].text is None
    assert not machine._items
    assert not machine._done


def test_a_suspended_subagent_may_stay_open() -> None:
    item = s.plain(0, "openrouter:subagent")[:1]
    stream = s.wires(item)
    stream[-1]["response"]["output"] = [item[0]["item"]]
    assert rules(s.numbered(stream)) == []


# --- dialects ------------------------------------------------------------------------------------
def late_done() -> list[s.Wire]:
    return set_done(good("image, 1 partials"), {"status": "generating"})


def numbered_from_one() -> list[s.Wire]:
    return [event | {"sequence_number": n} for n, event in enumerate(good("text"), 1)]


def unnumbered() -> list[s.Wire]:
    return [{k: v for k, v in e.items() if k != "sequence_number"} for e in good("text")]


def keep_alives() -> list[s.Wire]:
    silence = {"type": R + "keep_alive", "sequence_number": 77}
    stream = good("text")
    return [silence, *stream[:4], silence, *stream[4:]]


def lacking(field: str, kind: str) -> list[s.Wire]:
    stream = good("text") if field == "logprobs" else good("function call")
    for event in stream:
        if event["type"].startswith(kind):
            event.pop(field, None)
    return stream


def null_usage() -> list[s.Wire]:
    stream = good("text")
    stream[0]["response"]["usage"] = None
    return stream


def error_in_the_end() -> list[s.Wire]:
    failed = {"type": R + "failed", "response": s.response("failed")}
    return s.numbered([*good("text")[:2], *good("error alone"), failed])


def open_at_failure() -> list[s.Wire]:
    return s.numbered(without(good("failed"), "content_part.done", "output_item.done"))


def output_reordered() -> list[s.Wire]:
    stream = good("reasoning")
    stream[-1]["response"]["output"].reverse()
    return stream


def whole_function_call() -> list[s.Wire]:
    return without(good("function call"), "function_call_arguments.delta",
                   "function_call_arguments.done")  # fmt: skip


def part_added_whole() -> list[s.Wire]:
    stream = good("text")
    named(stream, "content_part.added")["part"]["text"] = "Hello fox"
    return without(stream, "output_text.delta")


HABITS: dict[str, list[s.Wire]] = {
    "late-generating-done": late_done(),
    "no-image-completed": without(good("image, 1 partials"), "image_generation_call.completed"),
    "repeated-generating": twice(good("image, 1 partials"), "image_generation_call.generating"),
    "extra-partial-images": s.wires(s.image_call(0, 2), tools=s.image_tool(0)),
    "sequence-from-one": numbered_from_one(),
    "no-sequence": unnumbered(),
    "keep-alive": keep_alives(),
    "no-logprobs": lacking("logprobs", R + "output_text"),
    "no-name": lacking("name", R + "function_call_arguments.done"),
    "null-usage": null_usage(),
    "missing-fields": lacking("logprobs", R + "output_text"),
    "error-after-created": error_in_the_end(),
    "open-at-failure": open_at_failure(),
    "bare-reasoning": without(
        s.wires(s.reasoning(0, summary=())), "content_part.added", "content_part.done"
    ),
    "no-in-progress": without(good("text"), "in_progress"),
    "whole-calls": whole_function_call(),
    "added-whole": part_added_whole(),
    "output-differs": output_reordered(),
}


@pytest.mark.parametrize("tolerance", sorted(HABITS))
def test_a_tolerance_allows_its_habit_and_strict_does_not(tolerance: str) -> None:
    assert rules(HABITS[tolerance])
    assert rules(HABITS[tolerance], Dialect.parse(tolerance)) == []


@pytest.mark.parametrize("tolerance", sorted(HABITS))
def test_a_habit_needs_its_own_tolerance(tolerance: str) -> None:
    akin = {"no-logprobs": "missing-fields", "missing-fields": "no-logprobs"}
    others = set(TOLERANCES) - {tolerance, akin.get(tolerance), "missing-fields"}
    if tolerance in ("no-name", "missing-fields", "no-logprobs"):
        others -= {"no-name", "missing-fields", "no-logprobs"}
    assert rules(HABITS[tolerance], Dialect("others", frozenset(others)))


def test_every_tolerance_is_tried() -> None:
    in_cli = {"no-done-marker"}
    assert set(HABITS) | in_cli == set(TOLERANCES)
    assert set(ADDED_ROWS) <= set(TOLERANCES)
    for dialect in DIALECTS.values():
        assert dialect.tolerances <= set(TOLERANCES)


def test_a_tolerance_lets_nothing_else_through() -> None:
    lenient = DIALECTS["lenient"]
    assert rules(good("text")[:-1], lenient) == ["HG-END-002"]
    assert rules(moved(good("image, 1 partials"), "image_generation_call.partial_image",
                       "image_generation_call.completed"), lenient) == ["HG-IMG-005"]  # fmt: skip
    stream = good("text")
    named(stream, "output_text.delta")["delta"] = "x"
    assert rules(stream, lenient) == ["HG-TXT-001"]


def test_dialects_and_tolerances_are_joined_by_name() -> None:
    joined = Dialect.parse("openai, no-sequence")
    assert joined.tolerances == DIALECTS["openai"].tolerances | {"no-sequence"}
    assert Dialect.parse("strict").tolerances == frozenset()
    assert Dialect.parse("").tolerances == frozenset()
    with pytest.raises(errors.UsageError, match="no dialect or tolerance named 'bogus'"):
        Dialect.parse("openai,bogus")


def test_a_later_table_is_no_change_of_an_earlier_one() -> None:
    before = copy.deepcopy(lifecycle.TABLES)
    for dialect in DIALECTS.values():
        lifecycle.tables_for(dialect)
    assert before == lifecycle.TABLES


def test_the_face_exports_what_it_says() -> None:
    for name in lifecycle.__all__:
        assert hasattr(lifecycle, name)
    assert sorted(lifecycle.__all__) == sorted(set(lifecycle.__all__))
