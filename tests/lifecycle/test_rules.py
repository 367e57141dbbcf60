"""Each rule is broken by a stream that breaks nothing else, and reported once."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lifecycle import _streams as s

from heliograph import errors, models
from heliograph.lifecycle import RULES, check

R = "response."
Break = Callable[[], list[s.Wire]]
BREAKS: dict[str, list[Break]] = {}
IN_CLI = {"HG-SSE-001", "HG-SSE-002", "HG-SSE-003"}  # tests/cli/test_check.py


def breaks(rule: str) -> Callable[[Break], Break]:
    def register(make: Break) -> Break:
        BREAKS.setdefault(rule, []).append(make)
        return make

    return register


def named(stream: list[s.Wire], kind: str, nth: int = 0) -> s.Wire:
    """The nth event of a type (without ``response.``)."""
    return [e for e in stream if e["type"] in (kind, R + kind)][nth]


def good(name: str) -> list[s.Wire]:
    return copy.deepcopy(s.good()[name])


def without(stream: list[s.Wire], *kinds: str) -> list[s.Wire]:
    return s.numbered([e for e in stream if e["type"].removeprefix(R) not in kinds])


def moved(stream: list[s.Wire], kind: str, after: str) -> list[s.Wire]:
    """The event of type ``kind`` put behind the one of type ``after``."""
    event = named(stream, kind)
    rest = [e for e in stream if e is not event]
    rest.insert(rest.index(named(rest, after)) + 1, event)
    return s.numbered(rest)


def twice(stream: list[s.Wire], kind: str) -> list[s.Wire]:
    event = named(stream, kind)
    at = stream.index(event)
    return s.numbered([*stream[: at + 1], copy.deepcopy(event), *stream[at + 1 :]])


def set_done(stream: list[s.Wire], change: dict[str, Any]) -> list[s.Wire]:
    """Changes item 0 where it is done, and in the last event's output."""
    done = next(e for e in stream if e["type"] == R + "output_item.done" and e["output_index"] == 0)
    done["item"] |= change
    stream[-1]["response"]["output"][0] |= change
    return stream


# --- events, sequence ----------------------------------------------------------------------------
@breaks("HG-EVT-001")
def wrong_type() -> list[s.Wire]:
    stream = good("debug and unknown")
    named(stream, "debug")["debug"] = "a string"
    return stream


@breaks("HG-SEQ-001")
def gap() -> list[s.Wire]:
    stream = good("text")
    for event in stream[4:]:
        event["sequence_number"] += 1
    return stream


@breaks("HG-SEQ-001")
def from_one() -> list[s.Wire]:
    stream = good("text")
    for event in stream:
        event["sequence_number"] += 1
    return stream


@breaks("HG-SEQ-001")
def repeated_number() -> list[s.Wire]:
    stream = good("text")
    for event in stream[4:]:
        event["sequence_number"] -= 1
    return stream


@breaks("HG-SEQ-001")
def unknown_event_out_of_count() -> list[s.Wire]:
    stream = good("text")
    return [*stream[:3], {"type": "acme.x", "sequence_number": 1}, *stream[3:]]


@breaks("HG-SEQ-002")
def unnumbered() -> list[s.Wire]:
    return [{k: v for k, v in e.items() if k != "sequence_number"} for e in good("text")]


# --- response ------------------------------------------------------------------------------------
@breaks("HG-RSP-001")
def not_created() -> list[s.Wire]:
    return without(good("text"), "created")


@breaks("HG-RSP-001")
def created_twice() -> list[s.Wire]:
    return twice(good("text"), "created")


@breaks("HG-RSP-001")
def never_in_progress() -> list[s.Wire]:
    return without(good("empty"), "in_progress")


@breaks("HG-RSP-001")
def unknown_event_first() -> list[s.Wire]:
    return s.numbered([{"type": "acme.x"}, *good("text")])


@breaks("HG-RSP-002")
def other_id() -> list[s.Wire]:
    stream = good("text")
    stream[-1]["response"]["id"] = "resp_2"
    return stream


@breaks("HG-RSP-003")
def wrong_status() -> list[s.Wire]:
    stream = good("text")
    stream[1]["response"]["status"] = "completed"
    return stream


@breaks("HG-RSP-004")
def output_before_items() -> list[s.Wire]:
    stream = good("text")
    stream[1]["response"]["output"] = stream[-1]["response"]["output"]
    return stream


@breaks("HG-RSP-005")
def items_before_in_progress() -> list[s.Wire]:
    return without(good("text"), "in_progress")


@breaks("HG-RSP-006")
def keep_alive() -> list[s.Wire]:
    stream = good("text")
    return s.numbered([*stream[:3], {"type": R + "keep_alive"}, *stream[3:]])


@breaks("HG-RSP-007")
def null_usage() -> list[s.Wire]:
    stream = good("text")
    stream[0]["response"]["usage"] = None
    return stream


# --- items ---------------------------------------------------------------------------------------
@breaks("HG-ITM-001")
def index_skipped() -> list[s.Wire]:
    stream = s.wires(s.plain(1))
    stream[-1]["response"]["output"] *= 2  # what stands at the skipped index cannot be known
    return stream


@breaks("HG-ITM-002")
def never_added() -> list[s.Wire]:
    return without(good("text"), "output_item.added")


@breaks("HG-ITM-002")
def event_after_done() -> list[s.Wire]:
    return moved(good("image, 1 partials"), "image_generation_call.partial_image",
                 "content_part.added")  # fmt: skip


@breaks("HG-ITM-002")
def done_twice() -> list[s.Wire]:
    return twice(good("plain"), "output_item.done")


@breaks("HG-ITM-003")
def other_item_id() -> list[s.Wire]:
    stream = good("text")
    named(stream, "output_text.delta")["item_id"] = "msg_9"
    return stream


@breaks("HG-ITM-003")
def other_index() -> list[s.Wire]:
    stream = good("image, 0 partials")
    named(stream, "image_generation_call.generating")["output_index"] = 5
    return stream


@breaks("HG-ITM-003")
def done_with_other_id() -> list[s.Wire]:
    return set_done(good("text"), {"id": "msg_9"})


@breaks("HG-ITM-004")
def id_used_again() -> list[s.Wire]:
    stream = s.wires(s.plain(0), s.plain(1))
    return json.loads(json.dumps(stream).replace("pl_1", "pl_0"))  # type: ignore[no-any-return]


@breaks("HG-ITM-005")
def other_item_type() -> list[s.Wire]:
    other = s.plain(0)[-1]["item"]
    stream = good("no parts")
    named(stream, "output_item.done")["item"] = other | {"id": "msg_0"}
    stream[-1]["response"]["output"][0] = other | {"id": "msg_0"}
    return stream


@breaks("HG-ITM-005")
def other_call_id() -> list[s.Wire]:
    return set_done(good("function call"), {"call_id": "call_9"})


@breaks("HG-ITM-006")
def added_done() -> list[s.Wire]:
    stream = good("text")
    named(stream, "output_item.added")["item"]["status"] = "completed"
    return stream


@breaks("HG-ITM-006")
def added_with_content() -> list[s.Wire]:
    stream = good("function call")
    named(stream, "output_item.added")["item"]["arguments"] = "{}"
    return stream


@breaks("HG-ITM-007")
def done_in_progress() -> list[s.Wire]:
    return set_done(good("text"), {"status": "in_progress"})


@breaks("HG-ITM-007")
def failed_message() -> list[s.Wire]:
    return set_done(good("text"), {"status": "failed"})


@breaks("HG-ITM-008")
def part_open_at_done() -> list[s.Wire]:
    return without(good("text"), "content_part.done")


@breaks("HG-ITM-009")
def other_content() -> list[s.Wire]:
    content = [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}]
    return set_done(good("text"), {"content": content})


@breaks("HG-ITM-009")
def part_missing_at_done() -> list[s.Wire]:
    return set_done(good("text"), {"content": []})


@breaks("HG-ITM-010")
def image_event_on_a_message() -> list[s.Wire]:
    stream = good("text")
    event = {"type": R + "image_generation_call.generating", "output_index": 0, "item_id": "msg_0"}
    return s.numbered([*stream[:3], event, *stream[3:]])


@breaks("HG-ITM-010")
def part_in_a_call() -> list[s.Wire]:
    stream = good("function call")
    event = s.message(0, s.text_part("x"))[1] | {"item_id": "fc_0"}
    return s.numbered([*stream[:3], event, *stream[3:]])


# --- parts, text ---------------------------------------------------------------------------------
@breaks("HG-PRT-001")
def delta_before_part() -> list[s.Wire]:
    return without(good("text"), "content_part.added")


@breaks("HG-PRT-001")
def delta_after_text_done() -> list[s.Wire]:
    stream = good("text")
    late = named(stream, "output_text.delta") | {"delta": "!"}
    return s.numbered([*stream[:8], late, *stream[8:]])


@breaks("HG-PRT-001")
def part_without_text_done() -> list[s.Wire]:
    return without(good("text"), "output_text.done")


@breaks("HG-PRT-001")
def refusal_in_a_text() -> list[s.Wire]:
    stream = good("text")
    event = s.message(0, s.refusal_part("x"))[2]
    return s.numbered([*stream[:5], event, *stream[5:]])


@breaks("HG-PRT-002")
def part_skipped() -> list[s.Wire]:
    stream = good("text")
    for event in stream:
        if "content_index" in event:
            event["content_index"] = 1
    return stream


@breaks("HG-PRT-003")
def part_changes_type() -> list[s.Wire]:
    stream = good("text")
    part = {"type": "refusal", "refusal": "Hello fox"}
    named(stream, "content_part.done")["part"] = part
    return set_done(stream, {"content": [part]})


@breaks("HG-PRT-004")
def part_added_full() -> list[s.Wire]:
    stream = good("text")
    named(stream, "content_part.added")["part"]["text"] = "Hello"
    return stream


@breaks("HG-TXT-001")
def lost_delta() -> list[s.Wire]:
    stream = good("text")
    stream.remove(named(stream, "output_text.delta", 1))
    return s.numbered(stream)


@breaks("HG-TXT-001")
def other_refusal() -> list[s.Wire]:
    stream = good("refusal")
    named(stream, "refusal.delta")["delta"] = "We "
    return stream


@breaks("HG-TXT-002")
def part_with_other_text() -> list[s.Wire]:
    stream = good("text")
    part = named(stream, "content_part.done")["part"] | {"text": "Hello cat"}
    named(stream, "content_part.done")["part"] = part
    return set_done(stream, {"content": [part]})


@breaks("HG-TXT-003")
def annotation_skipped() -> list[s.Wire]:
    stream = good("citations")
    named(stream, "output_text.annotation.added", 1)["annotation_index"] = 2
    return stream


@breaks("HG-TXT-004")
def annotation_lost() -> list[s.Wire]:
    stream = good("citations")
    stream.remove(named(stream, "output_text.annotation.added", 1))
    return s.numbered(stream)


# --- function calls, reasoning -------------------------------------------------------------------
@breaks("HG-FNC-001")
def arguments_never_done() -> list[s.Wire]:
    return without(good("function call"), "function_call_arguments.done")


@breaks("HG-FNC-001")
def arguments_done_twice() -> list[s.Wire]:
    return twice(good("function call"), "function_call_arguments.done")


@breaks("HG-FNC-002")
def arguments_delta_lost() -> list[s.Wire]:
    stream = good("function call")
    stream.remove(named(stream, "function_call_arguments.delta"))
    return s.numbered(stream)


@breaks("HG-FNC-003")
def other_arguments_at_done() -> list[s.Wire]:
    return set_done(good("function call"), {"arguments": "{}"})


@breaks("HG-FNC-003")
def other_arguments_when_incomplete() -> list[s.Wire]:
    stream = without(good("incomplete function call"), "function_call_arguments.done")
    return set_done(stream, {"arguments": "{"})


@breaks("HG-FNC-004")
def other_name() -> list[s.Wire]:
    stream = good("function call")
    named(stream, "function_call_arguments.done")["name"] = "subtract"
    return stream


@breaks("HG-RSN-001")
def reasoning_without_part() -> list[s.Wire]:
    return without(s.wires(s.reasoning(0, summary=())), "content_part.added")


@breaks("HG-RSN-001")
def summary_never_added() -> list[s.Wire]:
    return without(s.wires(s.reasoning(0, text=())), "reasoning_summary_part.added")


@breaks("HG-RSN-001")
def summary_text_not_done() -> list[s.Wire]:
    return without(s.wires(s.reasoning(0, text=())), "reasoning_summary_text.done")


@breaks("HG-RSN-002")
def summary_delta_lost() -> list[s.Wire]:
    stream = good("reasoning")
    stream.remove(named(stream, "reasoning_summary_text.delta"))
    return s.numbered(stream)


@breaks("HG-RSN-003")
def summary_part_with_other_text() -> list[s.Wire]:
    stream = good("reasoning")
    part = {"type": "summary_text", "text": "Other"}
    named(stream, "reasoning_summary_part.done")["part"] = part
    return set_done(stream, {"summary": [part]})


@breaks("HG-RSN-004")
def summary_lost_at_done() -> list[s.Wire]:
    return set_done(good("reasoning"), {"summary": []})


@breaks("HG-RSN-004")
def other_reasoning_at_done() -> list[s.Wire]:
    content = [{"type": "reasoning_text", "text": "because"}]
    return set_done(good("reasoning"), {"content": content})


# --- images --------------------------------------------------------------------------------------
@breaks("HG-IMG-001")
def picture_without_generating() -> list[s.Wire]:
    return without(good("image, 2 partials"), "image_generation_call.generating")


@breaks("HG-IMG-001")
def picture_without_in_progress() -> list[s.Wire]:
    return without(good("image, 0 partials"), "image_generation_call.in_progress")


@breaks("HG-IMG-001")
def incomplete_after_completed() -> list[s.Wire]:
    return set_done(good("hosted image"), {"status": "incomplete"})


@breaks("HG-IMG-002")
def generating_twice() -> list[s.Wire]:
    return twice(good("image, 0 partials"), "image_generation_call.generating")


@breaks("HG-IMG-002")
def in_progress_again() -> list[s.Wire]:
    return moved(
        twice(good("image, 1 partials"), "image_generation_call.in_progress"),
        "image_generation_call.in_progress",
        "image_generation_call.partial_image",
    )


@breaks("HG-IMG-003")
def preview_skipped() -> list[s.Wire]:
    stream = good("image, 3 partials")
    stream.remove(named(stream, "image_generation_call.partial_image", 1))
    return s.numbered(stream)


@breaks("HG-IMG-003")
def previews_from_one() -> list[s.Wire]:
    stream = good("image, 2 partials")
    for nth in range(2):
        named(stream, "image_generation_call.partial_image", nth)["partial_image_index"] += 1
    return stream


@breaks("HG-IMG-004")
def too_many_previews() -> list[s.Wire]:
    return s.wires(s.image_call(0, 2), tools=s.image_tool(1))


@breaks("HG-IMG-005")
def preview_after_completed() -> list[s.Wire]:
    return moved(
        good("image, 1 partials"),
        "image_generation_call.partial_image",
        "image_generation_call.completed",
    )


@breaks("HG-IMG-006")
def done_without_completed() -> list[s.Wire]:
    return without(good("image, 1 partials"), "image_generation_call.completed")


@breaks("HG-IMG-007")
def failed_after_completed() -> list[s.Wire]:
    return set_done(good("image, 1 partials"), {"status": "failed", "result": None})


@breaks("HG-IMG-008")
def incomplete_picture() -> list[s.Wire]:
    return set_done(good("failed image"), {"status": "incomplete"})


@breaks("HG-IMG-009")
def picture_without_result() -> list[s.Wire]:
    return set_done(good("image, 1 partials"), {"result": None})


# --- other calls, audio --------------------------------------------------------------------------
@breaks("HG-CAL-001")
def search_without_searching() -> list[s.Wire]:
    return without(good("web search"), "web_search_call.searching")


@breaks("HG-CAL-001")
def code_not_interpreted() -> list[s.Wire]:
    return without(good("code"), "code_interpreter_call.interpreting")


@breaks("HG-CAL-001")
def failed_mcp_is_completed() -> list[s.Wire]:
    return set_done(s.wires(s.mcp_call(0, failed=True)), {"status": "completed"})


@breaks("HG-CAL-001")
def panel_never_added() -> list[s.Wire]:
    stream = good("fusion")
    stream.remove(named(stream, "fusion_call.panel.added", 1))
    return s.numbered(stream)


@breaks("HG-CAL-001")
def panel_added_before_the_call_runs() -> list[s.Wire]:
    return moved(s.wires(s.fusion(0)), "fusion_call.panel.added", "output_item.added")


@breaks("HG-CAL-002")
def code_delta_lost() -> list[s.Wire]:
    stream = good("code")
    stream.remove(named(stream, "code_interpreter_call_code.delta"))
    return s.numbered(stream)


@breaks("HG-CAL-002")
def command_delta_lost() -> list[s.Wire]:
    stream = good("shell")
    stream.remove(named(stream, "shell_call_command.delta"))
    return s.numbered(stream)


@breaks("HG-CAL-002")
def panel_delta_lost() -> list[s.Wire]:
    stream = good("fusion")
    stream.remove(named(stream, "fusion_call.panel.delta"))
    return s.numbered(stream)


@breaks("HG-CAL-003")
def other_code_at_done() -> list[s.Wire]:
    return set_done(good("code"), {"code": "print(2)"})


@breaks("HG-CAL-003")
def other_diff_at_done() -> list[s.Wire]:
    operation = {"type": "create_file", "path": "a.txt", "diff": "+c"}
    return set_done(good("patch"), {"operation": operation})


@breaks("HG-CAL-003")
def other_commands_at_done() -> list[s.Wire]:
    action = {"commands": ["ls"], "max_output_length": None, "timeout_ms": None}
    return set_done(good("shell"), {"action": action})


@breaks("HG-AUD-001")
def audio_done_twice() -> list[s.Wire]:
    return twice(good("audio"), "audio.done")


# --- endings -------------------------------------------------------------------------------------
@breaks("HG-END-001")
def ended_twice() -> list[s.Wire]:
    return twice(good("text"), "completed")


@breaks("HG-END-001")
def unknown_event_after_the_end() -> list[s.Wire]:
    return s.numbered([*good("text"), {"type": "acme.x"}])


@breaks("HG-END-001")
def event_after_an_error() -> list[s.Wire]:
    return s.numbered([*good("error alone"), {"type": R + "created",
                                              "response": s.response("in_progress")}])  # fmt: skip


@breaks("HG-END-002")
def never_ended() -> list[s.Wire]:
    return good("text")[:-1]


@breaks("HG-END-003")
def ended_in_progress() -> list[s.Wire]:
    stream = good("text")
    stream[-1]["response"]["status"] = "in_progress"
    return stream


@breaks("HG-END-004")
def item_open_at_the_end() -> list[s.Wire]:
    return without(good("text"), "output_item.done")


@breaks("HG-END-004")
def audio_open_at_the_end() -> list[s.Wire]:
    return without(good("audio"), "audio.transcript.done")


@breaks("HG-END-005")
def item_lost_at_the_end() -> list[s.Wire]:
    stream = good("reasoning")
    stream[-1]["response"]["output"].pop()
    return stream


@breaks("HG-END-005")
def item_changed_at_the_end() -> list[s.Wire]:
    stream = good("image, 1 partials")
    stream[-1]["response"]["output"][0]["result"] = "BBBB"
    return stream


@breaks("HG-END-006")
def failed_without_error() -> list[s.Wire]:
    stream = good("failed")
    stream[-1]["response"]["error"] = None
    return stream


@breaks("HG-END-006")
def incomplete_without_details() -> list[s.Wire]:
    stream = good("incomplete text")
    stream[-1]["response"]["incomplete_details"] = None
    return stream


@breaks("HG-END-007")
def error_in_the_end() -> list[s.Wire]:
    return s.numbered([*good("text")[:-1], *good("error alone")])


@breaks("HG-FLD-001")
def no_logprobs() -> list[s.Wire]:
    stream = good("text")
    for event in stream:
        if event["type"] == R + "output_text.delta":
            del event["logprobs"]
    return stream


@breaks("HG-FLD-001")
def item_is_null() -> list[s.Wire]:
    stream = good("plain")
    named(stream, "output_item.added")["item"] = None
    return stream


# --- the tests -----------------------------------------------------------------------------------
def events(stream: list[s.Wire]) -> list[models.StreamEvent | errors.InvalidEvent]:
    read: list[models.StreamEvent | errors.InvalidEvent] = []
    for index, wire in enumerate(stream):
        try:
            read.append(models.decode_event(json.dumps(wire).encode(), index))
        except errors.InvalidEvent as error:
            read.append(error)
    return read


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        pytest.param(rule, make, id=f"{rule}-{make.__name__}")
        for rule, makes in BREAKS.items()
        for make in makes
    ],
)
def test_a_stream_that_breaks_one_rule_is_reported_once(rule: str, make: Break) -> None:
    report = check(events(make()))
    assert [v.rule for v in report.violations] == [rule], [str(v) for v in report.violations]
    (violation,) = report.violations
    assert 0 <= violation.index <= report.events
    assert violation.message
    assert violation.expected


def test_every_rule_is_broken_by_some_test() -> None:
    assert set(BREAKS) | IN_CLI == set(RULES)


def test_every_rule_that_the_code_reports_has_a_text() -> None:
    source = Path(__file__).parents[2] / "src" / "heliograph"
    files = [*(source / "lifecycle").glob("*.py"), source / "cli" / "_check.py"]
    used = set()
    for file in files:
        if file.name != "_rules.py":
            used |= set(re.findall(r'"(HG-[A-Z]{3}-\d{3})"', file.read_text()))
    assert used == set(RULES)


def test_rule_ids_are_numbered_within_their_family() -> None:
    families: dict[str, list[int]] = {}
    for rule in RULES:
        family, number = rule.rsplit("-", 1)
        families.setdefault(family, []).append(int(number))
    for family, numbers in families.items():
        assert numbers == list(range(1, len(numbers) + 1)), family
