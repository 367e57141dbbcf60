"""Events folded into a response: right at every moment, cheap, and without a hand on the events."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.lifecycle import _streams as s

from heliograph import models
from heliograph.lifecycle import Snapshot

R = "response."
GOOD = s.good()
WITH_RESPONSE = sorted(set(GOOD) - {"error alone"})


def folded(events: list[models.StreamEvent]) -> Snapshot:
    snapshot = Snapshot()
    for event in events:
        snapshot.apply(event)
    return snapshot


def response(snapshot: Snapshot) -> models.OpenResponsesResult:
    assert snapshot.response is not None
    return snapshot.response


@pytest.mark.parametrize("name", WITH_RESPONSE)
def test_a_whole_stream_folds_to_its_last_response(name: str) -> None:
    events = s.decoded(GOOD[name])
    snapshot = folded(events)
    assert snapshot.ended
    assert snapshot.response is events[-1].response  # type: ignore[union-attr]


@pytest.mark.parametrize("name", WITH_RESPONSE)
def test_the_fold_agrees_with_the_last_response_before_it_comes(name: str) -> None:
    *events, last = s.decoded(GOOD[name])
    before = response(folded(events))
    assert before.output == last.response.output  # type: ignore[union-attr]
    assert before.status in ("queued", "in_progress")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_any_beginning_folds_to_a_response_that_encodes(name: str) -> None:
    snapshot = Snapshot()
    for event in s.decoded(GOOD[name]):
        snapshot.apply(event)
        if snapshot.response is not None:
            again = models.decode(models.OpenResponsesResult, models.encode(snapshot.response))
            assert again.output == snapshot.response.output
        else:
            assert name == "error alone"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_any_ending_folds_without_an_error(name: str) -> None:
    events = s.decoded(GOOD[name])
    for start in range(len(events)):
        so_far = folded(events[start:]).response
        assert so_far is None or models.encode(so_far)


@pytest.mark.parametrize("name", WITH_RESPONSE)
def test_a_fold_goes_on_from_a_given_response(name: str) -> None:
    events = s.decoded(GOOD[name])
    for cut in range(1, len(events) - 1):
        saved = models.encode(response(folded(events[:cut])))
        resumed = Snapshot(models.decode(models.OpenResponsesResult, saved))
        for event in events[cut:-1]:
            resumed.apply(event)
        assert response(resumed).output == response(folded(events[:-1])).output


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_fold_changes_no_event(name: str) -> None:
    events = s.decoded(GOOD[name])
    snapshot = Snapshot()
    for event in events:
        snapshot.apply(event)
        snapshot.response  # noqa: B018
    for event, wire in zip(events, s.decoded(GOOD[name]), strict=True):
        assert event == wire


def test_text_grows_with_its_deltas() -> None:
    events = s.decoded(s.wires(s.message(0, s.text_part("Hel", "lo ", "fox"))))
    snapshot = Snapshot()
    seen = []
    for event in events[:-1]:
        snapshot.apply(event)
        items: list[Any] = response(snapshot).output
        seen += [item.content[0].text if item.content else None for item in items]
    assert seen == [None, "", "Hel", "Hello ", "Hello fox", "Hello fox", "Hello fox", "Hello fox"]


def test_arguments_summaries_and_diffs_grow_too() -> None:
    builders: list[tuple[list[s.Wire], Any]] = [
        (s.function_call(0, ("{", "}")), lambda item: item.arguments),
        (s.custom_call(0), lambda item: item.input),
        (s.code_interpreter(0), lambda item: item.code),
        (s.mcp_call(0), lambda item: item.arguments),
        (s.apply_patch(0), lambda item: item.operation.diff),
        (s.reasoning(0, text=()), lambda item: "".join(p.text for p in item.summary)),
        (s.reasoning(0, summary=()), lambda item: "".join(p.text for p in item.content or [])),
        (s.shell_call(0), lambda item: "|".join(item.action.commands)),
    ]
    for wires, read in builders:
        events = s.decoded(s.wires(wires))
        deltas = [n for n, e in enumerate(events) if e.type.endswith(".delta")]
        partway = read(response(folded(events[: deltas[0] + 1])).output[0])
        whole = read(response(folded(events[:-1])).output[0])
        assert partway
        assert whole.startswith(partway)
        assert len(partway) <= len(whole)


def test_a_picture_in_the_making_shows_in_its_status() -> None:
    events = s.decoded(s.wires(s.image_call(0, 1)))
    statuses = []
    snapshot = Snapshot()
    for event in events[:-1]:
        snapshot.apply(event)
        statuses += [item.status for item in response(snapshot).output]  # type: ignore[union-attr]
    assert statuses == ["in_progress"] * 2 + ["generating"] * 3 + ["completed"]


def test_a_done_item_is_the_events_own_and_its_picture_is_not_copied() -> None:
    picture = "A" * (1 << 20)
    wires = s.wires(s.image_call(0))
    for event in wires:
        if event["type"] == R + "output_item.done":
            event["item"]["result"] = picture
    *_, done, _ = events = s.decoded(wires)
    assert response(folded(events[:-1])).output[0] is done.item  # type: ignore[union-attr]


def test_text_without_its_part_is_folded_all_the_same() -> None:
    wires = [
        wire
        for wire in s.wires(s.message(0, s.text_part("a", "b")), s.reasoning(1, summary=()))
        if "content_part" not in wire["type"] and wire["type"] != R + "output_item.done"
    ]
    output: list[Any] = response(folded(s.decoded(wires[:-1]))).output
    assert output[0].content[0].text == "ab"
    assert output[1].content[0].text == "why"


def test_the_response_before_any_event_is_none() -> None:
    assert Snapshot().response is None
    assert not Snapshot().ended


def test_an_event_after_the_end_changes_nothing() -> None:
    events = s.decoded(GOOD["text"])
    snapshot = folded(events)
    for event in events[:-1]:
        snapshot.apply(event)
    assert snapshot.response is events[-1].response  # type: ignore[union-attr]


def test_a_fold_costs_the_same_however_long_the_text_is() -> None:
    head = s.decoded(s.wires(s.message(0, s.text_part("x"))))[:4]
    delta = models.decode_event(json.dumps(s.wires(s.message(0, s.text_part("word ")))[4]).encode())

    def seconds(count: int) -> float:
        best = 9.0
        for _ in range(3):
            snapshot = folded(head)
            begin = time.perf_counter()
            for _ in range(count):
                snapshot.apply(delta)
            best = min(best, time.perf_counter() - begin)
        return best

    assert seconds(40_000) < 12 * seconds(10_000)
