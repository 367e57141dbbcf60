"""Streams and calls over connections that break, by every way in: what goes over the wire."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from tests.client.scripted import CUT, Reply, Scripted, answer, stream
from tests.client.streams import DONE, frame, message, picture_events, response, text_events, wire
from tests.client.ways import WAYS, client

from heliograph import errors
from heliograph.client import Retries

pytestmark = pytest.mark.parametrize("way", WAYS)

TEXT = text_events("The ", "fox", " — ", "狐")
ASK = {"model": "test/model", "input": "hi"}
QUICK = Retries(attempts=3, wait_first=0.01, wait_most=0.02, stall_least=0.3)
OURS = {"x_response_id": "resp_1"}
HONOURED = Reply((), 405, {"x-idempotency": "honoured"})


def cut(events: list[Any], tail: bytes = b"", **headers: str) -> Reply:
    return stream(wire(events, done=False) + tail, 0.02, CUT, **headers)


async def numbers(way: str, server: Scripted, retries: Retries = QUICK, **more: Any) -> list[int]:
    async with (
        client(way, server.url, retries=retries) as heliograph,
        heliograph.responses.stream(**ASK, **more) as s,
    ):
        got = [event.sequence_number async for event in s]
        assert s.last_sequence == got[-1]
        assert (await s.get_final_response()).status == "completed"
        return got


async def note(s: Any, got: list[int]) -> None:
    """Read to the end, and keep what came also when it raises."""
    async for event in s:
        got.append(event.sequence_number)  # noqa: PERF401


async def test_a_cut_stream_goes_on(way: str) -> None:
    pictures = picture_events(2)
    with Scripted(
        cut(pictures[:5], frame(pictures[5])[:5000], **OURS),
        cut(pictures[5:7], **OURS),
        stream(wire(pictures[7:]), **OURS),
    ) as server:
        got = await numbers(way, server, extra_headers={"X-Title": "app"})
        first, second, third = server.seen
    assert got == list(range(len(pictures)))
    assert (first.method, second.method) == ("POST", "GET")
    assert second.target == "/v1/responses/resp_1?stream=true&starting_after=4"
    assert third.target == "/v1/responses/resp_1?stream=true&starting_after=6"
    assert second.headers["authorization"] == "Bearer sk-test-secret"
    assert second.headers["x-title"] == "app"
    assert len(first.headers["idempotency-key"]) == 32
    assert "idempotency-key" not in second.headers
    assert second.body == b""


async def test_an_end_without_terminal_event_is_a_cut(way: str) -> None:
    with Scripted(
        stream(wire(TEXT[:4]), **OURS),
        stream(wire(TEXT[4:6], done=False), **OURS),
        stream(wire(TEXT), **OURS),
    ) as server:
        assert await numbers(way, server) == list(range(len(TEXT)))


async def test_a_hole_is_filled(way: str) -> None:
    with Scripted(
        stream(frame(TEXT[0]), wire([TEXT[1], *TEXT[3:]]), **OURS), stream(wire(TEXT[2:]), **OURS)
    ) as server:
        assert await numbers(way, server) == list(range(len(TEXT)))
        assert server.seen[1].target.endswith("starting_after=1")


async def test_trouble_at_the_reconnect_passes(way: str) -> None:
    trouble = {"error": {"message": "busy"}}
    with Scripted(
        cut(TEXT[:3], **OURS),
        answer(trouble, 503),
        answer(trouble, 429, retry_after_ms="150"),
        stream(wire(TEXT[3:]), **OURS),
    ) as server:
        started = time.monotonic()
        assert await numbers(way, server) == list(range(len(TEXT)))
        assert time.monotonic() - started > 0.15
        assert len(server.seen) == 4


async def test_a_stall_past_the_keep_alives_is_a_cut(way: str) -> None:
    beat = b": keep-alive\n"
    with Scripted(
        stream(wire(TEXT[:3], done=False), 0.05, beat, 0.05, beat, end=False, **OURS),
        stream(wire(TEXT[3:]), **OURS),
    ) as server:
        async with asyncio.timeout(8):
            assert await numbers(way, server, timeout=30) == list(range(len(TEXT)))


async def test_without_keep_alives_only_the_callers_timeout_counts(way: str) -> None:
    with Scripted(
        stream(wire(TEXT[:3], done=False), 0.6, wire(TEXT[3:5], done=False), end=False, **OURS),
        stream(wire(TEXT[5:]), **OURS),
    ) as server:
        assert await numbers(way, server, timeout=1.0) == list(range(len(TEXT)))
        assert server.seen[1].target.endswith("starting_after=4")


async def test_a_server_that_cannot_resume_interrupts(way: str) -> None:
    with Scripted(cut(TEXT[:6]), answer({"error": {"message": "not background"}}, 400)) as server:
        got = []
        async with (
            client(way, server.url, retries=QUICK) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            with pytest.raises(errors.StreamInterrupted, match="not background") as caught:
                await note(s, got)
        assert len(server.seen) == 2
    assert got == list(range(6))
    assert caught.value.snapshot.output[0].content[0].text == "The fox"
    assert caught.value.advice
    assert isinstance(caught.value.__cause__, errors.BadRequest)


async def test_store_false_and_retries_off_resume_nothing(way: str) -> None:
    for told, more in ((QUICK, {"store": False}), (Retries.off(), {}), (None, {})):
        with Scripted(cut(TEXT[:6], **OURS)) as server:
            async with (
                client(way, server.url, retries=told) as heliograph,
                heliograph.responses.stream(**ASK, **more) as s,
            ):
                with pytest.raises(errors.StreamInterrupted):
                    await s.get_final_response()
            assert len(server.seen) == 1


async def test_a_create_that_was_cut_is_repeated_under_its_key(way: str) -> None:
    whole = answer(response("completed", [message("hi")]))
    for told in ({}, {"stream": True}):
        last = stream(wire(TEXT), **OURS) if told else whole
        with Scripted(answer({}, 500), HONOURED, answer({}, 500), last) as server:
            async with client(way, server.url, retries=QUICK) as heliograph:
                got = await heliograph.responses.create(**ASK, **told)
                if told:
                    got = await got.get_final_response()
                assert got.status == "completed"
            asked = [seen for seen in server.seen if seen.method == "POST"]
            assert [seen.method for seen in server.seen] == ["POST", "HEAD", "POST", "POST"]
            assert len({seen.headers["idempotency-key"] for seen in asked}) == 1
            assert len({seen.body for seen in asked}) == 1


async def test_a_create_is_not_repeated_where_keys_may_mean_nothing(way: str) -> None:
    broken = Reply([b'{"id":', 0.02, CUT], 200, {"content-type": "application/json"})
    with Scripted(broken, answer({}, 405)) as server:
        async with client(way, server.url, retries=QUICK) as heliograph:
            with pytest.raises(errors.TransportError):
                await heliograph.responses.create(**ASK)
        assert [seen.method for seen in server.seen] == ["POST", "HEAD"]
    with Scripted(broken, answer(response("completed"))) as server:
        always = Retries(wait_first=0.01, repeat="always")
        async with client(way, server.url, retries=always) as heliograph:
            assert (await heliograph.responses.create(**ASK)).status == "completed"


async def test_each_create_has_a_key_of_its_own_or_the_callers(way: str) -> None:
    with Scripted(answer(response("completed"))) as server:
        async with client(way, server.url) as heliograph:
            for _ in range(2):
                await heliograph.responses.create(**ASK)
            await heliograph.responses.create(**ASK, extra_headers={"Idempotency-Key": "mine"})
        keys = [seen.headers["idempotency-key"] for seen in server.seen]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


async def test_other_calls_are_tried_again(way: str) -> None:
    items = {"object": "list", "data": [], "first_id": "", "last_id": "", "has_more": False}
    bad = answer({"error": {"message": "later"}}, 503)
    half = Reply([b"[", 0.02, CUT], 200, {"content-type": "application/json"})
    with Scripted(
        *(half, bad, answer({"data": [{"id": "m"}]})),
        *(half, answer(response("cancelled"))),
        *(bad, answer(items)),
        *(answer({}, 500), answer({}, 404)),
    ) as server:
        async with client(way, server.url, retries=QUICK) as heliograph:
            assert [card.id for card in await heliograph.models.list()] == ["m"]
            assert (await heliograph.responses.cancel("resp_1")).status == "cancelled"
            page = await heliograph.responses.input_items(
                "resp_1", limit=5, order="asc", after="msg_0", include=["a.b"]
            )
            assert page.has_more is False
            assert await heliograph.responses.delete("resp_1") is None
        assert (server.seen[4].method, server.seen[4].target) == (
            "POST",
            "/v1/responses/resp_1/cancel",
        )
        assert server.seen[6].target == (
            "/v1/responses/resp_1/input_items?include%5B%5D=a.b&limit=5&order=asc&after=msg_0"
        )


async def test_retry_after_is_waited_for_and_a_long_one_is_not(way: str) -> None:
    with Scripted(
        answer({}, 429, retry_after_ms="200"),
        answer({"data": []}),
        answer({}, 429, retry_after="3600"),
    ) as server:
        async with client(way, server.url, retries=QUICK) as heliograph:
            started = time.monotonic()
            assert await heliograph.models.list() == []
            assert time.monotonic() - started >= 0.2
            with pytest.raises(errors.RateLimited) as caught:
                await heliograph.models.list()
        assert caught.value.retry_after == 3600
        assert len(server.seen) == 3


async def test_resume_gives_what_comes_after(way: str) -> None:
    with Scripted(cut(TEXT[3:5], **OURS), stream(wire(TEXT[5:]), DONE, **OURS)) as server:
        async with client(way, server.url, retries=QUICK) as heliograph:
            s = await heliograph.responses.resume("resp_1", starting_after=2, include=["a.b"])
            assert [event.sequence_number async for event in s] == list(range(3, len(TEXT)))
            await s.close()
        base = "/v1/responses/resp_1?include%5B%5D=a.b&stream=true&starting_after="
        assert [seen.target for seen in server.seen] == [f"{base}2", f"{base}4"]
