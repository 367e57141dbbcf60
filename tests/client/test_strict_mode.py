"""Strict mode: what comes is held to the lifecycle's rules, in the dialect of who sends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.client.scripted import CUT, Scripted, answer, stream
from tests.client.streams import frame, numbered, picture_events, response, text_events, wire
from tests.client.ways import WAYS, client, read
from tests.server.kit import Running, ask, running

from heliograph import Heliograph, errors
from heliograph.client import Retries

all_ways = pytest.mark.parametrize("way", WAYS)
SOON = Retries(wait_first=0.01, wait_most=0.02)
MORE = "missing-fields"  # the streams written by hand have just what a test needs
TEXT = text_events("a", "b", "c")
ASK: dict[str, Any] = {"model": "m", "input": "x"}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as here:
        yield here


async def take(made: Any, into: list[Any], **request: Any) -> Any:
    return await read(made.responses.stream(**(request or ASK)), into)


@all_ways
async def test_our_own_server_needs_no_tolerance(server: Running, way: str) -> None:
    async with client(way, f"{server.url}/v1", strict="strict") as made:
        whole = await take(made, [], **ask(partials=3))
        assert (await made.responses.create(**ask())).status == "completed"
        assert (await made.responses.retrieve(whole.id)).id == whole.id
        async with await made.responses.resume(whole.id) as again:
            assert len([event async for event in again]) == 11


BROKEN: dict[str, tuple[list[dict[str, Any]], str, int]] = {
    "a delta is missing": (numbered(*TEXT[:5], *TEXT[6:]), "HG-TXT-001", 6),
    "a number is missing": ([*TEXT[:5], *TEXT[6:]], "HG-SEQ-001", 5),
    "an item is not added": (numbered(*TEXT[:2], *TEXT[3:]), "HG-ITM-002", 2),
    "a preview is left out": (
        numbered(*picture_events(3)[:6], *picture_events(3)[7:]),
        "HG-IMG-003",
        6,
    ),
    "an event after the end": (numbered(*TEXT, TEXT[1]), "HG-END-001", len(TEXT)),
}


@all_ways
@pytest.mark.parametrize("what", BROKEN)
async def test_the_first_fault_is_raised_after_what_came_before(way: str, what: str) -> None:
    events, rule, index = BROKEN[what]
    with Scripted(stream(wire(events))) as server:
        async with client(way, server.url, strict=MORE) as made:
            seen: list[Any] = []
            with pytest.raises(errors.LifecycleError) as caught:
                await take(made, seen)
            assert len(seen) == index
            first = caught.value.violations[0]
            assert (first.rule, first.index) == (rule, index)
            assert first.expected
            assert f"{rule} at event {index}" in str(caught.value)
            # Without it the same stream is read to its end.
            await take(made.with_options(strict=False), [])


@all_ways
async def test_it_goes_on_over_a_resumption(way: str) -> None:
    head = {"x_response_id": "resp_1"}
    first = stream(wire(TEXT[:5], done=False), CUT, **head)
    good = stream(wire(TEXT[3:]), **head)
    bad = stream(wire([TEXT[5], TEXT[7]]), **head)
    for second, fault in ((good, None), (bad, "HG-SEQ-001 at event 6")):
        with Scripted(first, second, bad) as server:
            async with client(way, server.url, strict=MORE, retries=SOON) as made:
                seen: list[Any] = []
                if fault is None:
                    assert (await take(made, seen)).status == "completed"
                    assert [event.sequence_number for event in seen] == list(range(len(TEXT)))
                else:
                    with pytest.raises(errors.LifecycleError, match=fault):
                        await take(made, seen)
                assert server.seen[1].target == "/v1/responses/resp_1?stream=true&starting_after=4"


@all_ways
async def test_what_the_servers_dialect_forgives(way: str) -> None:
    late = picture_events()
    late[8]["item"]["status"] = "generating"
    late[9]["response"]["output"][0]["status"] = "generating"
    habit = numbered(*late[:7], *late[8:])  # no completed event, and the item still generating
    with Scripted(stream(wire(habit))) as server:
        async with client(way, server.url, strict=True, dialect="openai") as made:
            assert (await take(made, [])).status == "completed"
        async with client(way, server.url, strict=True, dialect="open-responses") as made:
            with pytest.raises(errors.LifecycleError, match="HG-ITM-007"):
                await take(made, [])
        named = f"{MORE},late-generating-done,no-image-completed"
        async with client(way, server.url, strict=named) as made:
            assert (await take(made, [])).status == "completed"
    # Elsewhere the answer's head tells who it is, before the first event is looked at.
    with Scripted(stream(wire(habit), openai_version="2020-10-01")) as server:
        async with client(way, server.url, strict=True) as made:
            assert (await take(made, [])).status == "completed"
    with Scripted(stream(wire(TEXT), x_response_id="resp_1")) as server:
        async with client(way, server.url, strict=True) as made:
            with pytest.raises(errors.LifecycleError, match="HG-FLD-001 at event 0"):
                await take(made, [])


@all_ways
async def test_how_a_stream_must_close(way: str) -> None:
    with Scripted(stream(wire(TEXT, done=False))) as server:
        async with client(way, server.url, strict=MORE) as made:
            seen: list[Any] = []
            with pytest.raises(errors.LifecycleError, match=f"HG-SSE-003 at event {len(TEXT)}"):
                await take(made, seen)
            assert len(seen) == len(TEXT)
            forgiving = made.with_options(strict=f"{MORE},no-done-marker")
            assert (await take(forgiving, [])).status == "completed"


@all_ways
async def test_events_that_do_not_decode_are_faults_also_where_they_are_given(way: str) -> None:
    wrong = {**TEXT[4], "delta": 1}
    with Scripted(stream(wire([*TEXT[:4], wrong, *TEXT[5:]]))) as server:
        async with client(way, server.url, strict=MORE) as made:
            with pytest.raises(errors.InvalidEvent):
                await take(made, [])
            with pytest.raises(errors.LifecycleError, match="HG-EVT-001 at event 4"):
                await take(made, [], **ASK, invalid="give")


@dataclass
class Words:
    text: str


@all_ways
async def test_whole_responses(way: str) -> None:
    failed = response("failed")
    with Scripted(answer(failed)) as server:
        async with client(way, server.url, strict=MORE) as made:
            for call in (made.responses.create(**ASK), made.responses.retrieve("resp_1")):
                with pytest.raises(errors.LifecycleError, match="HG-END-006"):
                    await call
            with pytest.raises(
                errors.LifecycleError, match="HG-FLD-001 at event 0: the response lacks"
            ):
                await made.with_options(strict="strict").responses.create(**ASK)
            with pytest.raises(errors.LifecycleError, match="HG-END-006"):
                await made.responses.parse(**ASK, text_format=Words)
            easy = made.with_options(strict=False)
            assert (await easy.responses.create(**ASK)).status == "failed"


@all_ways
async def test_a_stream_from_its_middle_cannot_be_checked(way: str) -> None:
    async with client(way, "http://127.0.0.1:9/v1", strict=True) as made:
        with pytest.raises(errors.UsageError, match="starting_after: strict mode"):
            await made.responses.resume("resp_1", starting_after=3)


@pytest.mark.parametrize("wrong", ["openai,no-such", 1, None])
def test_a_strictness_that_cannot_be(wrong: Any) -> None:
    with pytest.raises(errors.UsageError):
        Heliograph(base_url="http://h/v1", strict=wrong)


@all_ways
async def test_byte_by_byte_is_the_same(way: str) -> None:
    events, rule, index = BROKEN["a preview is left out"]
    data = b"".join(map(frame, events))
    pieces = [data[at : at + 997] for at in range(0, len(data), 997)]
    with Scripted(stream(*pieces)) as server:
        async with client(way, server.url, strict=MORE) as made:
            with pytest.raises(errors.LifecycleError, match=f"{rule} at event {index}"):
                await take(made, [])
