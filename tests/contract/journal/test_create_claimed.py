"""``NewResponse.claim_as``: made and claimed in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.contract.journal.support import Clock, claim, entries, entry, frames, new

from heliograph import errors
from heliograph.journal import Created, Entry, Journal, Lease, NewResponse


def mine(response_id: str = "r", **more: object) -> NewResponse:
    return new(response_id, claim_as="me", claim_seconds=10.0, **more)


async def made(journal: Journal, response_id: str = "r", **more: object) -> Lease:
    created = await journal.create(mine(response_id, **more))
    assert created.fresh is True
    assert created.lease is not None
    return created.lease


async def test_its_lease_is_what_a_claim_would_have_given(journal: Journal, clock: Clock) -> None:
    context = Entry(b'{"said":1}')
    await journal.create(new("a", background=True, context=context))
    claimed = await claim(journal, "me")
    lease = await made(journal, "b", background=True, context=context)
    assert lease == msgspec.structs.replace(claimed, response_id="b")
    assert (lease.epoch, lease.takeovers, lease.last_seq) == (1, 0, -1)
    assert lease.expires_at == clock.now + 10


async def test_it_runs_and_was_never_queued(journal: Journal) -> None:
    await made(journal)
    assert await journal.claim("other", ["chat:*"], lease=10, wait=0) is None
    assert (await journal.get("t", "r")).state == "running"
    load = await journal.load()
    assert (load.queued, load.running) == (0, 1)


async def test_who_is_not_asked_to_claim_gets_no_lease(journal: Journal) -> None:
    assert (await journal.create(new("r"))).lease is None


async def test_it_is_appended_to_read_and_finished(journal: Journal) -> None:
    lease = await made(journal)
    reading = asyncio.create_task(frames(journal))
    await journal.append(lease, 0, entries(0, 2))
    await journal.finish(lease, 2, [entry(2)], Entry(b"{}"))
    got = await reading
    assert [one for frame in got for one in frame.entries] == entries(0, 3)
    assert await frames(journal) != []
    assert [one for frame in await frames(journal, after=1) for one in frame.entries] == [entry(2)]


async def test_another_tenant_does_not_read_it(journal: Journal) -> None:
    await made(journal)
    with pytest.raises(errors.UnknownResponse):
        await anext(journal.read("other", "r"))


async def test_a_lease_that_ran_out_is_taken_over(journal: Journal, clock: Clock) -> None:
    lease = await made(journal)
    await journal.append(lease, 0, [entry(0)])
    clock.advance(11)
    second = await claim(journal, "other")
    assert (second.epoch, second.takeovers, second.last_seq) == (2, 1, 0)
    with pytest.raises(errors.Fenced):
        await journal.append(lease, 1, [entry(1)])
    await journal.append(second, 1, [entry(1)])


async def test_a_waiting_claimer_learns_when_it_runs_out(journal: Journal, clock: Clock) -> None:
    clock.run()
    created = await journal.create(new("r", claim_as="me", claim_seconds=0.1))
    assert created.lease is not None
    second = await journal.claim("other", ["chat:*"], lease=10, wait=5)
    assert second is not None
    assert (second.response_id, second.takeovers) == ("r", 1)


async def test_it_is_claimable_at_once_after_a_restart(
    journal: Journal, restart: Callable[[Journal], Awaitable[Journal]]
) -> None:
    await made(journal)
    again = await restart(journal)
    second = await claim(again, "other")
    assert (second.epoch, second.takeovers) == (2, 1)
    await again.append(second, 0, [entry(0)])
    await again.finish(second, 1, [], Entry(b"{}"))
    assert [one for frame in await frames(again) for one in frame.entries] == [entry(0)]


async def test_a_release_hands_it_over(journal: Journal) -> None:
    lease = await made(journal)
    await journal.release(lease)
    second = await claim(journal, "other")
    assert (second.epoch, second.takeovers) == (2, 0)


async def test_a_repeat_under_its_key_is_given_no_lease(journal: Journal) -> None:
    await made(journal, idempotency_key="k", body_digest="d")
    again = await journal.create(mine("r2", idempotency_key="k", body_digest="d"))
    assert (again.response_id, again.fresh, again.lease) == ("r", False, None)


async def test_a_cancelled_create_leaves_no_lease_behind(journal: Journal) -> None:
    creating = asyncio.create_task(journal.create(mine()))
    await asyncio.sleep(0)
    creating.cancel()
    (result,) = await asyncio.gather(creating, return_exceptions=True)
    if isinstance(result, Created):  # it was through before it could be cancelled
        assert result.lease is not None
        await journal.release(result.lease)
    second = await journal.claim("other", ["chat:*"], lease=10, wait=5)
    assert second is not None
    assert second.takeovers == 0
