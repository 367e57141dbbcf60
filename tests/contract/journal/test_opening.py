"""``NewResponse.opening``: the log's first frame, stored with the response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, claim, entries, entry, frames, new

from heliograph import errors
from heliograph.journal import BlobRef, Entry, Frame, Journal

OPENING = (entry(0), entry(1))


async def test_it_is_read_before_anybody_claims(journal: Journal) -> None:
    await journal.create(new("r", opening=OPENING))
    reading = journal.read("t", "r")
    assert await anext(reading) == Frame(0, 0, OPENING)
    await reading.aclose()
    assert (await journal.get("t", "r")).last_seq == 1


@pytest.mark.parametrize("claim_as", [None, "me"])
async def test_the_owner_goes_on_behind_it(journal: Journal, claim_as: str | None) -> None:
    created = await journal.create(new("r", opening=OPENING, claim_as=claim_as, claim_seconds=10.0))
    lease = created.lease or await claim(journal, "me")
    assert (lease.epoch, lease.takeovers, lease.last_seq) == (1, 0, 1)
    reading = asyncio.create_task(frames(journal))
    with pytest.raises(errors.JournalError):
        await journal.append(lease, 0, [entry(0)])
    await journal.append(lease, 2, [entry(2)])
    await journal.finish(lease, 3, [entry(3)], Entry(b"{}"))
    assert [one for frame in await reading for one in frame.entries] == entries(0, 4)
    assert [one for frame in await frames(journal) for one in frame.entries] == entries(0, 4)
    (rest,) = await frames(journal, after=2)
    assert (rest.first, rest.epoch) == (3, 1)


async def test_it_outlives_a_restart(
    journal: Journal, clock: Clock, restart: Callable[[Journal], Awaitable[Journal]]
) -> None:
    await journal.create(new("r", opening=OPENING))
    clock.advance(0.001)
    await journal.create(new("s", opening=OPENING, claim_as="me", claim_seconds=10.0))
    again = await restart(journal)
    for response_id, epoch in (("s", 2), ("r", 1)):  # what was begun goes first
        lease = await claim(again, "other")
        assert (lease.response_id, lease.epoch, lease.last_seq) == (response_id, epoch, 1)
        await again.finish(lease, 2, [], Entry(b"{}"))
        assert await frames(again, response_id) == [Frame(0, 0, OPENING)]


async def test_a_repeat_under_its_key_reads_the_first_ones(journal: Journal) -> None:
    key = {"idempotency_key": "k", "body_digest": "d"}
    await journal.create(new("r", opening=OPENING, **key))
    again = await journal.create(new("r2", opening=(entry(7),), **key))
    assert (again.response_id, again.fresh) == ("r", False)
    reading = journal.read("t", "r")
    assert await anext(reading) == Frame(0, 0, OPENING)
    await reading.aclose()
    with pytest.raises(errors.UnknownResponse):
        await journal.get("t", "r2")


async def test_its_blobs_must_be_there_and_nothing_is_stored_else(journal: Journal) -> None:
    unknown = Entry(b'{"b":""}', (BlobRef(6, "0" * 64, 1),))
    with pytest.raises(errors.JournalError, match="unknown blob"):
        await journal.create(new("r", opening=(unknown,)))
    with pytest.raises(errors.UnknownResponse):
        await journal.get("t", "r")
    assert (await journal.load()).queued == 0


async def test_one_that_no_frame_could_hold_is_refused(journal: Journal) -> None:
    with pytest.raises(errors.JournalError, match="MAX_FRAME_BYTES"):
        await journal.create(new("r", opening=(Entry(b"x" * (64 * 1024 * 1024 + 1)),)))


async def test_what_it_says_of_its_age_is_kept(journal: Journal) -> None:
    created = await journal.create(
        new("r", opening=OPENING, created_at=12.5, claim_as="me", claim_seconds=10.0)
    )
    assert created.lease is not None
    assert created.lease.created_at == (await journal.get("t", "r")).created_at == 12.5
