"""Counting: what a key has spent, what it has under way, what the server holds open."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph import errors
from heliograph.server import Limits
from heliograph.server._quota import Quota, Spent, rate_headers


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def quota(clock: Clock | None = None, **limits: int) -> Quota:
    return Quota(Limits(**limits), clock or Clock())


def test_a_key_may_spend_its_number_and_then_waits() -> None:
    clock = Clock()
    counts = quota(clock)
    seen = []
    for _ in range(3):
        seen.append(counts.spend("a", 3))
        clock.now += 10
    assert [one.remaining for one in seen] == [2, 1, 0]
    assert [one.reset for one in seen] == [60, 60, 60]
    over = counts.spend("a", 3)
    assert (over.remaining, over.wait, over.reset) == (0, 30, 50)
    with pytest.raises(errors.RateLimited) as refused:
        over.require()
    assert refused.value.retry_after == 30
    assert "requests_per_minute" in refused.value.message
    assert "30 s" in refused.value.message
    assert "--requests-per-minute" in refused.value.message
    clock.now += over.wait
    assert counts.spend("a", 3).wait == 0


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock()
    counts = quota(clock)
    counts.spend("a", 1)
    for _ in range(59):
        clock.now += 1
        assert counts.spend("a", 1).wait > 0
    clock.now += 1
    assert counts.spend("a", 1).wait == 0


def test_keys_are_counted_apart() -> None:
    counts = quota()
    assert counts.spend("a", 1).wait == 0
    assert counts.spend("b", 1).wait == 0
    assert counts.spend("a", 1).wait > 0


@given(
    limit=st.integers(1, 5),
    steps=st.lists(st.floats(0, 40, allow_nan=False), min_size=1, max_size=60),
)
def test_no_window_of_a_minute_holds_more_than_the_limit(limit: int, steps: list[float]) -> None:
    clock = Clock()
    counts = quota(clock)
    served: list[float] = []
    for step in steps:
        clock.now += step
        spent = counts.spend("a", limit)
        if spent.wait == 0:
            served.append(clock.now)
        else:
            assert spent.wait <= 60
        assert 0 <= spent.remaining <= limit
    for begin in served:
        assert sum(begin <= at < begin + 60 for at in served) <= limit


def test_a_limit_that_was_lowered_holds_at_once() -> None:
    clock = Clock()
    counts = quota(clock)
    for _ in range(5):
        counts.spend("a", 5)
        clock.now += 1
    spent = counts.spend("a", 2)
    assert (spent.remaining, spent.wait) == (0, 58)


@pytest.mark.parametrize("kind", ["work", "follow", "socket"])
def test_a_keys_places_run_out_and_come_back(kind: str) -> None:
    counts = quota()
    take = getattr(counts, kind)
    held = [take("a", 2), take("a", 2)]
    with pytest.raises(errors.RateLimited, match="concurrent_requests of this key is 2") as refused:
        take("a", 2)
    assert refused.value.code == "concurrency_limit_exceeded"
    assert refused.value.retry_after
    assert "--concurrent" in refused.value.message
    take("b", 2)
    held[0].release()
    held[0].release()
    take("a", 2)
    with pytest.raises(errors.RateLimited):
        take("a", 2)


def test_what_is_counted_apart_does_not_add_up() -> None:
    counts = quota()
    with counts.work("a", 1), counts.follow("a", 1), counts.socket("a", 1):
        for kind in (counts.work, counts.follow, counts.socket):
            with pytest.raises(errors.RateLimited):
                kind("a", 1)
    assert counts._counts == {}


def test_zero_is_no_limit() -> None:
    counts = quota()
    held = [counts.work("", 0) for _ in range(1000)]
    for place in held:
        place.release()
    assert counts._counts == {}


def test_the_servers_streams_run_out_by_name() -> None:
    counts = quota(max_open_streams=2)
    held = [counts.answer(), counts.follow("a", 0)]
    for take in (counts.answer, lambda: counts.follow("b", 0)):
        with pytest.raises(errors.ServerError, match="its limit max_open_streams") as refused:
            take()
        assert (refused.value.status, refused.value.code) == (503, "server_overloaded")
        assert refused.value.retry_after
    held[1].release()
    counts.answer()


def test_the_servers_sockets_run_out_by_name() -> None:
    counts = quota(max_open_sockets=1)
    with (
        counts.socket("a", 0),
        pytest.raises(errors.ServerError, match="its limit max_open_sockets"),
    ):
        counts.socket("b", 0)
    counts.socket("b", 0)


def test_a_refusal_takes_no_place() -> None:
    counts = quota(max_open_sockets=1)
    counts.socket("a", 5)
    before = dict(counts._counts)
    for key in ("a", "b"):
        with pytest.raises(errors.ServerError):
            counts.socket(key, 5)
    assert counts._counts == before


def test_headers_are_those_of_the_base_path() -> None:
    spent = Spent(limit=60, remaining=12, reset=1.5, wait=0)
    assert rate_headers(spent, "/v1/responses") == [
        (b"x-ratelimit-limit-requests", b"60"),
        (b"x-ratelimit-remaining-requests", b"12"),
        (b"x-ratelimit-reset-requests", b"1.500s"),
    ]
    told = dict(rate_headers(spent, "/api/v1/responses"))
    assert told[b"x-ratelimit-limit"] == b"60"
    assert told[b"x-ratelimit-remaining"] == b"12"
    assert abs(int(told[b"x-ratelimit-reset"]) / 1000 - time.time() - 1.5) < 5


def test_counting_costs_microseconds() -> None:
    counts = Quota(Limits())
    rounds, best = 2000, float("inf")
    for _ in range(7):
        began = time.thread_time()
        for _ in range(rounds):
            counts.spend("a", 600)
            counts.work("a", 100).release()
            counts.answer().release()
        best = min(best, (time.thread_time() - began) / rounds)
    assert best < 100e-6
