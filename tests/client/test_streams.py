"""Streams over real HTTP, by every way in: what comes, how it ends, and how it breaks."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from typing import Any

import pytest
from tests.client.scripted import CUT, Scripted, answer, stream
from tests.client.streams import (
    DONE,
    PICTURE,
    frame,
    numbered,
    picture_events,
    response,
    text_events,
    wire,
)
from tests.client.ways import WAYS, client

from heliograph import errors, models

pytestmark = pytest.mark.parametrize("way", WAYS)

TEXT = text_events("The ", "fox", " — ", "狐")
ASK = {"model": "test/model", "input": "hi"}


def pieces(data: bytes, rng: random.Random, count: int) -> list[bytes]:
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(count))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


async def events_of(way: str, server: Scripted, **more: object) -> list[object]:
    async with (
        client(way, server.url) as heliograph,
        heliograph.responses.stream(**ASK, **more) as s,
    ):
        return [event async for event in s]


async def note(s: Any, got: list[str]) -> None:
    """Read to the end, and keep the types that came also when it raises."""
    async for event in s:
        got.append(event.type)  # noqa: PERF401


async def test_typed_events_in_order(way: str) -> None:
    with Scripted(stream(wire(TEXT))) as server:
        events = await events_of(way, server)
    assert [event.type for event in events] == [event["type"] for event in TEXT]
    assert all(isinstance(event, models.Event) for event in events)
    assert [event.sequence_number for event in events] == list(range(len(TEXT)))
    assert json.loads(models.wire_of(events[4])) == TEXT[4]


async def test_any_split_into_http_chunks(way: str) -> None:
    data = wire(TEXT)
    rng = random.Random(7)
    splits = [pieces(data, rng, n) for n in (1, 3, 40)]
    splits += [[bytes([b]) for b in data[:400]] + [data[400:]], [frame(e) for e in TEXT] + [DONE]]
    with Scripted(*(stream(*split) for split in splits)) as server:
        for _ in splits:
            events = await events_of(way, server)
            assert [event.type for event in events] == [event["type"] for event in TEXT]


async def test_pictures_come_out_as_bytes(way: str) -> None:
    with Scripted(stream(*map(frame, picture_events(2)), DONE)) as server:
        events = await events_of(way, server)
    previews = [e for e in events if isinstance(e, models.ImageGenCallPartialImageEvent)]
    assert [e.partial_image_index for e in previews] == [0, 1]
    (item,) = [e.item for e in events if isinstance(e, models.OutputItemDoneEvent)]
    digests = {hashlib.sha256(x.image_bytes()).digest() for x in (*previews, item)}
    assert digests == {hashlib.sha256(PICTURE).digest()}


async def test_final_response_without_a_loop(way: str) -> None:
    with Scripted(stream(wire(TEXT))) as server:
        async with (
            client(way, server.url) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            final = await s.get_final_response()
            assert await s.get_final_response() is final
    assert final.status == "completed"
    assert final.output[0].content[0].text == "The fox — 狐"


async def test_create_with_stream_true_gives_the_stream(way: str) -> None:
    with Scripted(stream(wire(TEXT), x_request_id="req_9")) as server:
        async with client(way, server.url) as heliograph:
            s = await heliograph.responses.create(**ASK, stream=True)
            events = [event async for event in s]
            assert s.request_id == "req_9"
            await s.close()
        assert server.seen[0].json == {**ASK, "stream": True}
        assert server.seen[0].headers["accept"] == "text/event-stream"
    assert len(events) == len(TEXT)


async def test_snapshot_is_at_the_event_in_hand(way: str) -> None:
    with Scripted(stream(wire(TEXT))) as server:
        async with (
            client(way, server.url) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            assert s.snapshot is None
            assert s.last_sequence is None
            texts = []
            async for event in s:
                assert s.last_sequence == event.sequence_number
                assert s.response_id == "resp_1"
                if event.type == "response.output_text.delta":
                    texts.append(s.snapshot.output[0].content[0].text)
            assert s.snapshot.status == "completed"
    assert texts == ["The ", "The fox", "The fox — ", "The fox — 狐"]


async def test_a_loop_can_stop_and_go_on(way: str) -> None:
    with Scripted(stream(*map(frame, TEXT), DONE)) as server:
        async with (
            client(way, server.url) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            first = []
            async for event in s:
                first.append(event.type)
                if len(first) == 3:
                    break
            rest = [event.type async for event in s]
    assert first + rest == [event["type"] for event in TEXT]


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
async def test_each_terminal_event_ends_the_stream(way: str, kind: str) -> None:
    events = numbered(
        {"type": "response.created", "response": response()},
        {"type": f"response.{kind}", "response": response(kind)},
    )
    with Scripted(stream(wire(events, done=False)), stream(wire(events))) as server:
        for _ in range(2):
            async with (
                client(way, server.url) as heliograph,
                heliograph.responses.stream(**ASK) as s,
            ):
                assert [event.type async for event in s][-1] == f"response.{kind}"
                assert (await s.get_final_response()).status == kind


async def test_comments_and_blank_lines_are_nothing(way: str) -> None:
    noise = b": keep-alive\n\n"
    with Scripted(stream(noise, *(noise + frame(e) + b"\n\n" for e in TEXT), DONE)) as server:
        assert len(await events_of(way, server)) == len(TEXT)


async def test_unknown_events_are_given(way: str) -> None:
    strange = {"type": "response.hologram.spun", "sequence_number": 2, "angle": [1, {"a": None}]}
    events = [*TEXT[:2], strange, *TEXT[2:]]
    with Scripted(stream(wire(events))) as server:
        got = await events_of(way, server)
    assert isinstance(got[2], models.UnknownEvent)
    assert got[2].type == "response.hologram.spun"
    assert got[2].fields["angle"] == [1, {"a": None}]
    assert len(got) == len(events)


async def test_invalid_event_is_raised_after_what_came_before(way: str) -> None:
    broken = {"type": "response.output_text.delta", "sequence_number": 2, "delta": 5}
    got = []
    with Scripted(stream(wire([*TEXT[:2], broken, *TEXT[2:]]))) as server:
        async with (
            client(way, server.url) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            with pytest.raises(errors.InvalidEvent) as caught:
                await note(s, got)
    assert got == ["response.created", "response.in_progress"]
    assert caught.value.index == 2
    assert caught.value.type == "response.output_text.delta"
    assert json.loads(caught.value.data) == broken


async def test_invalid_event_can_be_given_instead(way: str) -> None:
    broken = {"type": "response.output_text.delta", "sequence_number": 2, "delta": 5}
    events = [*TEXT[:2], broken, *TEXT[2:]]
    bad = b"event: x\ndata: {not json\n\n"
    with Scripted(stream(bad, wire(events))) as server:
        got = await events_of(way, server, invalid="give")
    assert isinstance(got[0], errors.InvalidEvent)
    assert isinstance(got[3], errors.InvalidEvent)
    assert [e.type for e in got if isinstance(e, models.Event)] == [e["type"] for e in TEXT]


async def interrupted(way: str, server: Scripted, **more: object) -> errors.StreamInterrupted:
    async with (
        client(way, server.url, **more) as heliograph,
        heliograph.responses.stream(**ASK) as s,
    ):
        with pytest.raises(errors.StreamInterrupted) as caught:
            async for _ in s:
                pass
        with pytest.raises(errors.StreamInterrupted):
            await s.get_final_response()
    return caught.value


async def test_clean_end_without_terminal_event(way: str) -> None:
    with Scripted(stream(wire(TEXT[:6], done=False)), stream(wire(TEXT[:6]))) as server:
        for _ in range(2):
            error = await interrupted(way, server)
            assert (error.response_id, error.last_sequence) == ("resp_1", 5)
            assert error.snapshot.output[0].content[0].text == "The fox"
            assert not error.resumable


async def test_empty_stream(way: str) -> None:
    with Scripted(stream()) as server:
        error = await interrupted(way, server)
    assert (error.response_id, error.last_sequence, error.snapshot) == (None, None, None)


async def test_connection_cut_between_and_inside_events(way: str) -> None:
    data = wire(picture_events())
    for at in (len(wire(TEXT[:3], done=False)), len(data) - 9000):
        with Scripted(stream(data[:at], 0.05, CUT, x_response_id="resp_1")) as server:
            error = await interrupted(way, server)
        assert error.response_id == "resp_1"
        assert error.resumable
        assert isinstance(error.__cause__, errors.TransportError)
    assert "bytes into an event" in str(error)


async def test_cut_after_the_terminal_event_is_an_end(way: str) -> None:
    with Scripted(stream(wire(TEXT, done=False), 0.05, CUT)) as server:
        assert len(await events_of(way, server)) == len(TEXT)


async def test_done_ends_it_though_the_server_holds_the_connection(way: str) -> None:
    with Scripted(stream(wire(TEXT), end=False)) as server:
        async with asyncio.timeout(5):
            assert len(await events_of(way, server)) == len(TEXT)


async def test_silence_past_the_timeout(way: str) -> None:
    with Scripted(stream(wire(TEXT[:3], done=False), end=False)) as server:
        error = await interrupted(way, server, timeout=0.3)
    assert isinstance(error.__cause__, errors.TransportTimeout)
    assert error.last_sequence == 2


async def test_error_event_without_a_terminal_one_is_raised(way: str) -> None:
    flat = {"type": "error", "code": "server_error", "message": "it broke", "param": None}
    nested = {"type": "error", "error": {"code": "x", "message": "it broke", "type": "y"}}
    for event in (flat, nested):
        with Scripted(stream(wire([*TEXT[:2], {**event, "sequence_number": 2}]))) as server:
            async with (
                client(way, server.url) as heliograph,
                heliograph.responses.stream(**ASK) as s,
            ):
                got = []
                with pytest.raises(errors.ServerError, match="it broke") as caught:
                    await note(s, got)
        assert got[-1] == "error"
        assert caught.value.code in ("server_error", "x")


async def test_frame_bound(way: str) -> None:
    with Scripted(stream(*map(frame, picture_events()))) as server:
        async with (
            client(way, server.url, max_frame=4000) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            got = []
            with pytest.raises(errors.FrameTooLarge) as caught:
                await note(s, got)
    assert caught.value.limit == 4000
    assert got[-1] == "response.image_generation_call.generating"


async def test_an_answer_that_is_no_stream(way: str) -> None:
    with Scripted(
        answer(response("completed")), answer({"error": {"code": 402, "message": "no credit"}})
    ) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.ProtocolError, match="application/json"):
                await heliograph.responses.create(**ASK, stream=True)
            with pytest.raises(errors.APIError, match="no credit") as caught:
                await heliograph.responses.create(**ASK, stream=True)
    assert caught.value.status == 402


async def test_leaving_early_drops_the_connection_and_the_client_goes_on(way: str) -> None:
    with Scripted(stream(wire(TEXT[:5], done=False), end=False), stream(wire(TEXT))) as server:
        async with client(way, server.url) as heliograph:
            async with heliograph.responses.stream(**ASK) as s:
                async for _ in s:
                    break
            async with heliograph.responses.stream(**ASK) as s:
                assert (await s.get_final_response()).status == "completed"


async def test_connection_is_kept_after_a_whole_stream(way: str) -> None:
    with Scripted(stream(wire(TEXT, done=False))) as server:
        async with client(way, server.url) as heliograph:
            for _ in range(3):
                async with heliograph.responses.stream(**ASK) as s:
                    await s.get_final_response()
        assert {seen.connection for seen in server.seen} == {1}


async def test_retrieve_as_a_stream(way: str) -> None:
    with Scripted(stream(wire(TEXT[5:]))) as server:
        async with client(way, server.url) as heliograph:
            s = await heliograph.responses.retrieve("resp_1", stream=True, starting_after=4)
            assert [event.sequence_number async for event in s] == list(range(5, len(TEXT)))
            assert (await s.get_final_response()).id == "resp_1"
        assert server.seen[0].method == "GET"
        assert server.seen[0].target == "/v1/responses/resp_1?stream=true&starting_after=4"
