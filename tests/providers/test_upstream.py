"""Asking an upstream: what comes back, and what each failure becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import msgspec
import pytest

from heliograph import errors
from heliograph.providers._failures import MAX_ERROR_TEXT, failure
from heliograph.providers._upstream import Timeouts, Upstream, read_key
from heliograph.providers.configured import ProviderSettings
from heliograph.providers.configured import _made as made
from heliograph.testing import FakeServer, Received, Reply, Switches
from heliograph.testing._fakes import Events

KEY = "sk-a-secret"


class Fake(FakeServer):
    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        if switches.status is not None:
            await reply.json({"error": {"message": "no"}}, switches.status, {"location": "/other"})
        elif request.path == "/stream":
            events = Events(reply, switches)
            for number in range(3):
                await events.send({"n": number})
            await events.send(b"[DONE]")
            await events.end()
        elif switches.cut is not None:
            await reply.cut(b'{"half', length=100)
        else:
            await reply.json({"path": request.path, "bytes": len(request.body)})


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake() as server:
        yield server


async def ask(fake: FakeServer, path: str = "/json", **times: float) -> list[bytes]:
    upstream = Upstream(fake.url, key=KEY, timeouts=Timeouts(**times))
    try:
        async with upstream.post(path, "a/model", json=b"{}") as answer:
            if path == "/stream":
                return [data async for data in answer.events()]
            return [await answer.body(1000)]
    finally:
        await upstream.aclose()


async def refused(fake: FakeServer, path: str = "/json", **times: float) -> errors.ProviderError:
    with pytest.raises(errors.ProviderError) as raised:
        await ask(fake, path, **times)
    assert raised.value.message.startswith("a/model: ")
    assert KEY not in raised.value.message
    assert str(fake.port) not in raised.value.message
    return raised.value


async def test_a_body_and_a_stream_come_back(fake: Fake) -> None:
    assert await ask(fake) == [b'{"path":"/json","bytes":2}']
    assert await ask(fake, "/stream") == [b'{"n":0}', b'{"n":1}', b'{"n":2}', b"[DONE]"]
    assert fake.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_form_is_sent_with_its_files(fake: Fake) -> None:
    upstream = Upstream(fake.url, headers={"X-Team": "a"})
    form: Any = [
        ("prompt", (None, "ein Fuchs für".encode(), "text/plain")),
        ("image[]", ("a.png", b"\x89PNG", "image/png")),
    ]
    async with upstream.post("/edits", "m", form=form) as answer:
        assert answer.status == 200
    await upstream.aclose()
    (seen,) = fake.requests
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert (seen.headers["x-team"], "authorization" in seen.headers) == ("a", False)
    assert b'name="image[]"; filename="a.png"' in seen.body
    assert "ein Fuchs für".encode() in seen.body


async def test_silence_before_the_answer_times_out() -> None:
    with Fake(silent=5) as fake:
        error = await refused(fake, first_byte_seconds=0.1)
        assert (error.kind, error.retryable) == ("timeout", True)
        assert fake.requests[0].done.wait(5)
        assert fake.requests[0].abandoned


async def test_silence_within_the_answer_times_out() -> None:
    with Fake(stall=5) as fake:
        error = await refused(fake, "/stream", first_byte_seconds=0.3, silence_seconds=0.1)
    assert (error.kind, error.retryable) == ("timeout", True)


async def test_a_slow_answer_is_no_silence() -> None:
    with Fake(slow=0.1) as fake:
        assert len(await ask(fake, "/stream", silence_seconds=0.3, first_byte_seconds=0.3)) == 4


class Curt(FakeServer):
    """Ends its streams without the last blank line."""

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        await reply.start()
        await reply.write(b'data: {"n": 0}\n\ndata: ' + request.body)
        await reply.end()


@pytest.mark.parametrize("last", [b"[DONE]", b"[DONE]\n", b'{"n": 1}', b'{"n": 1}\r\n'])
async def test_the_last_event_may_lack_its_blank_line(last: bytes) -> None:
    with Curt() as fake:
        upstream = Upstream(fake.url, timeouts=Timeouts())
        try:
            async with upstream.post("/stream", "a/model", json=last) as answer:
                found = [data async for data in answer.events()]
        finally:
            await upstream.aclose()
    assert found == [b'{"n": 0}', last.strip()]


async def test_a_cut_is_unavailable_and_may_be_tried_again() -> None:
    with Fake(cut=1) as fake:
        for path in ("/stream", "/json"):
            error = await refused(fake, path)
            assert (error.kind, error.retryable) == ("unavailable", True)


async def test_nobody_there_is_unavailable() -> None:
    with Fake() as fake:
        pass
    error = await refused(fake)
    assert (error.kind, error.retryable) == ("unavailable", True)


async def test_redirects_are_not_followed() -> None:
    with Fake(status=307) as fake:
        error = await refused(fake)
    assert (error.kind, error.retryable, len(fake.requests)) == ("unavailable", False, 1)


async def test_an_answer_over_the_bound_is_refused(fake: Fake) -> None:
    upstream = Upstream(fake.url)
    async with upstream.post("/x", "m", json=b"{}") as answer:
        with pytest.raises(errors.ProviderError, match="over 10 bytes"):
            await answer.body(10)
    async with upstream.post("/stream", "m", json=b"{}") as answer:
        with pytest.raises(errors.ProviderError, match="max_frame"):
            assert not [data async for data in answer.events(4)]
    await upstream.aclose()


async def test_leaving_early_closes_the_connection() -> None:
    with Fake(stall=30) as fake:
        upstream = Upstream(fake.url)
        async with upstream.post("/stream", "m", json=b"{}") as answer:
            assert await anext(answer.events()) == b'{"n":0}'
        assert await asyncio.to_thread(fake.requests[0].done.wait, 5)
        assert fake.requests[0].abandoned
        await upstream.aclose()


@pytest.mark.parametrize(
    ("status", "error", "kind", "retryable"),
    [
        (400, {"message": "bad"}, "bad_request", False),
        (422, {"detail": "bad"}, "bad_request", False),
        (413, {}, "bad_request", False),
        (400, {"code": "moderation_blocked"}, "content_policy", False),
        (400, {"code": "content_policy_violation"}, "content_policy", False),
        (403, {"code": 403, "metadata": {"reasons": ["violence"]}}, "content_policy", False),
        (401, {"message": f"wrong key {KEY}"}, "auth", False),
        (403, {"message": "not yours"}, "auth", False),
        (402, {"message": "pay"}, "unavailable", False),
        (404, {"message": "no such model"}, "unavailable", False),
        (408, {}, "timeout", True),
        (429, {"message": "slow down"}, "rate_limit", True),
        (429, {"code": "insufficient_quota"}, "unavailable", False),
        (500, {"message": "oops"}, "unavailable", True),
        (504, {}, "timeout", True),
        (529, {}, "unavailable", True),
    ],
)
def test_an_error_answer_has_a_kind(
    status: int, error: dict[str, Any], kind: str, retryable: bool
) -> None:
    found = failure(status, {}, msgspec.json.encode({"error": error}), "m", secret=KEY)
    assert (found.kind, found.retryable) == (kind, retryable)
    assert KEY not in found.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":1}', b"\xff", b'"text"'])
def test_any_body_of_an_error_will_do(body: bytes) -> None:
    assert (
        failure(500, {}, body, "m").message == "m: the upstream answered with an error (HTTP 500)"
    )


def test_what_the_upstream_says_is_kept_short_and_without_the_key() -> None:
    said = {"error": {"message": f"{KEY} " + "x" * 2000, "param": "size"}}
    found = failure(400, {}, msgspec.json.encode(said), "m", secret=KEY)
    assert found.message.startswith("m: *** xxx")
    assert len(found.message) < MAX_ERROR_TEXT + 50
    assert found.param == "size"


def test_when_to_come_back_is_read_in_every_spelling() -> None:
    def seconds(**headers: str) -> float | None:
        named = httpx2.Headers({name.replace("_", "-"): value for name, value in headers.items()})
        return failure(429, named, b"", "m").retry_after

    assert seconds(retry_after="7") == 7
    assert seconds(retry_after_ms="250", retry_after="7") == 0.25
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < (seconds(retry_after=soon) or 0) <= 30
    assert seconds(retry_after="Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert seconds(retry_after="soon") is seconds(retry_after="nan") is seconds() is None


def test_a_key_that_is_not_set_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", f" {KEY}\n")
    assert read_key("SOME_KEY") == KEY
    assert read_key(None) is None
    with pytest.raises(errors.ConfigError, match="OTHER_KEY"):
        read_key("OTHER_KEY")


class Crowded(FakeServer):
    """Counts whom it has at once; ``/never`` is answered to nobody, ``/no`` with an error."""

    here = most = 0

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        self.here += 1
        self.most = max(self.most, self.here)
        try:
            await asyncio.sleep(60 if request.path == "/never" else 0.03)
            await reply.json({}, 503 if request.path == "/no" else 200)
        finally:
            self.here -= 1


@pytest.mark.parametrize("name", ["max_concurrent", "max_concurrent_per_process"])
@pytest.mark.parametrize(("limit", "most"), [(1, 1), (2, 2), (0, 6)])
async def test_no_more_are_asked_at_once_than_the_limit(name: str, limit: int, most: int) -> None:
    with Crowded() as fake:
        upstream = Upstream(fake.url, **{name: limit})  # type: ignore[arg-type]

        async def one() -> bytes:
            async with upstream.post("/json", "a/model", json=b"{}") as answer:
                return await answer.body(1000)

        assert await asyncio.gather(*(one() for _ in range(6))) == [b"{}"] * 6
        assert fake.most <= most
        assert fake.most > 1 or limit == 1
        await upstream.aclose()


async def test_a_place_is_given_back_whatever_becomes_of_the_request() -> None:
    with Crowded() as fake:
        upstream = Upstream(fake.url, max_concurrent=1, timeouts=Timeouts(first_byte_seconds=5))

        async def one(path: str) -> int:
            async with upstream.post(path, "a/model", json=b"{}") as answer:
                # A link in an answer is fetched while the answer is open.
                async with upstream.get(fake.url + "/picture", "a/model") as picture:
                    await picture.body(1000)
                return answer.status

        for _ in range(2):
            with pytest.raises(errors.ProviderError):
                await one("/no")
            hanging = asyncio.create_task(one("/never"))
            waiting = asyncio.create_task(one("/json"))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            waiting.cancel()
            hanging.cancel()
            await asyncio.gather(waiting, hanging, return_exceptions=True)
            async with asyncio.timeout(20):
                assert await one("/json") == 200
        await upstream.aclose()


@pytest.mark.parametrize(
    "section",
    [
        {"kind": "chat_completions", "models": {"a/model": {}}},
        {"kind": "responses", "models": {"a/model": {}}},
        {"kind": "openai_images", "models": {"a/model": "m"}, "api_key_env": None},
        {"kind": "openrouter_images", "models": {"a/model": "m"}, "api_key_env": None},
    ],
)
async def test_every_provider_over_http_has_both_limits(section: dict[str, Any]) -> None:
    limits = {"max_concurrent": 3, "max_concurrent_per_process": 2}
    told = {**section, "base_url": "http://127.0.0.1:9/v1", **limits}
    shared = {}

    def places(name: str, most: int) -> asyncio.Semaphore:
        return shared.setdefault((name, most), asyncio.Semaphore(most))

    provider = made("p", msgspec.convert(told, ProviderSettings), places)
    row = provider._upstream._places  # type: ignore[union-attr]
    assert row is not None
    for _ in range(2):
        await row.acquire()
    waiting = asyncio.create_task(row.acquire())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert not shared["p", 3].locked(), "who waits for its own process holds no shared place"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    row.release()
    await shared["p", 3].acquire()
    await shared["p", 3].acquire()
    waiting = asyncio.create_task(row.acquire())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    shared["p", 3].release()
    async with asyncio.timeout(10):
        await row.acquire()
    await provider.aclose()  # type: ignore[union-attr]
    for name in limits:
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert({**told, name: -1}, ProviderSettings)
