from __future__ import annotations

import asyncio

import pytest
from tests.contract.journal.support import CHAT, Clock, claim, entry, new, started

from heliograph import errors
from heliograph.journal import MAX_FRAME_BYTES, Entry, Journal

DAY = 24 * 3600


async def test_a_created_response_is_queued_and_empty(journal: Journal, clock: Clock) -> None:
    made = await journal.create(new("r", background=True))
    assert (made.response_id, made.fresh) == ("r", True)
    record = await journal.get("t", "r")
    assert record.state == "queued"
    assert (record.last_seq, record.epoch, record.takeovers) == (-1, 0, 0)
    assert record.request == b'{"model":"m"}'
    assert record.background is True
    assert record.created_at == clock.now
    assert record.cancel_requested is False
    assert (record.snapshot, record.finished_at, record.expires_at) == (None, None, None)


async def test_an_id_is_used_once(journal: Journal) -> None:
    await journal.create(new("r"))
    with pytest.raises(errors.JournalError, match="used before"):
        await journal.create(new("r", tenant="other"))
    await journal.delete("t", "r")
    with pytest.raises(errors.JournalError, match="used before"):
        await journal.create(new("r"))


async def test_the_same_key_and_body_lead_to_the_same_response(journal: Journal) -> None:
    await journal.create(new("r1", idempotency_key="k", body_digest="d"))
    again = await journal.create(new("r2", idempotency_key="k", body_digest="d"))
    assert (again.response_id, again.fresh) == ("r1", False)
    with pytest.raises(errors.UnknownResponse):
        await journal.get("t", "r2")


async def test_the_same_call_again_under_a_key_is_a_repeat(journal: Journal) -> None:
    again = new("r1", idempotency_key="k", body_digest="d")
    assert (await journal.create(again)).fresh is True
    assert (await journal.create(again)).fresh is False


async def test_the_same_key_with_another_body_is_a_conflict(journal: Journal) -> None:
    await journal.create(new("r1", idempotency_key="k", body_digest="d"))
    with pytest.raises(errors.IdempotencyConflict) as raised:
        await journal.create(new("r2", idempotency_key="k", body_digest="other"))
    assert raised.value.key == "k"


async def test_a_key_whose_id_was_used_before_leads_nowhere(journal: Journal) -> None:
    await journal.create(new("r1", "a"))
    for tenant in ("a", "b"):
        with pytest.raises(errors.JournalError, match="used before"):
            await journal.create(new("r1", tenant, idempotency_key="k", body_digest="d"))
        assert await journal.keyed(tenant, "k", "d") is None
        again = new(f"{tenant}2", tenant, idempotency_key="k", body_digest="d")
        assert (await journal.create(again)).fresh is True


async def test_keys_are_per_tenant(journal: Journal) -> None:
    await journal.create(new("r1", "a", idempotency_key="k", body_digest="d"))
    made = await journal.create(new("r2", "b", idempotency_key="k", body_digest="other"))
    assert made.fresh is True


async def test_a_key_is_forgotten_after_a_day(journal: Journal, clock: Clock) -> None:
    await journal.create(new("r1", idempotency_key="k", body_digest="d"))
    clock.advance(DAY - 1)
    assert (await journal.create(new("r2", idempotency_key="k", body_digest="d"))).fresh is False
    clock.advance(1)
    made = await journal.create(new("r3", idempotency_key="k", body_digest="other"))
    assert (made.response_id, made.fresh) == ("r3", True)
    again = await journal.create(new("r4", idempotency_key="k", body_digest="other"))
    assert again.response_id == "r3"


async def test_a_key_is_forgotten_with_its_response(journal: Journal) -> None:
    await journal.create(new("r1", idempotency_key="k", body_digest="d"))
    await journal.delete("t", "r1")
    made = await journal.create(new("r2", idempotency_key="k", body_digest="other"))
    assert made.fresh is True


async def test_what_a_key_leads_to_can_be_asked(journal: Journal, clock: Clock) -> None:
    assert await journal.keyed("t", "k", "d") is None
    await journal.create(new("r1", idempotency_key="k", body_digest="d"))
    assert await journal.keyed("t", "k", "d") == "r1"
    assert await journal.keyed("other", "k", "d") is None
    with pytest.raises(errors.IdempotencyConflict):
        await journal.keyed("t", "k", "other")
    clock.advance(DAY)
    assert await journal.keyed("t", "k", "other") is None


async def test_a_context_comes_with_the_claim_and_the_record(journal: Journal) -> None:
    sha256 = await journal.blobs.put(b"abc")
    context = entry(0, sha256)
    lease = await started(journal, "r", context=context)
    assert lease.context == context
    assert (await journal.get("t", "r")).context == context
    assert (await started(journal, "without")).context is None
    assert (await journal.get("t", "without")).context is None


async def test_a_context_that_cannot_be_kept_is_refused_and_leaves_nothing(
    journal: Journal,
) -> None:
    with pytest.raises(errors.JournalError, match="unknown blob"):
        await journal.create(new("r", context=entry(0, "0" * 64)))
    with pytest.raises(errors.JournalError, match="MAX_FRAME_BYTES"):
        await journal.create(new("r", context=Entry(b" " * (MAX_FRAME_BYTES + 1))))
    assert (await journal.create(new("r"))).fresh is True


async def test_racing_creates_with_one_key_make_one_response(journal: Journal) -> None:
    made = await asyncio.gather(
        *(journal.create(new(f"r{i}", idempotency_key="k", body_digest="d")) for i in range(20))
    )
    assert sum(one.fresh for one in made) == 1
    assert len({one.response_id for one in made}) == 1


async def test_a_request_over_the_bound_is_refused_by_name(journal: Journal) -> None:
    with pytest.raises(errors.JournalError, match="MAX_FRAME_BYTES"):
        await journal.create(new("r", request=b" " * (MAX_FRAME_BYTES + 1)))


async def test_another_tenants_response_is_unknown(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    with pytest.raises(errors.UnknownResponse):
        await journal.get("other", "r")
    with pytest.raises(errors.UnknownResponse):
        await journal.cancel("other", "r")
    with pytest.raises(errors.UnknownResponse):
        await journal.delete("other", "r")
    with pytest.raises(errors.UnknownResponse):
        await journal.attach("other", "r", "reader", seconds=5)
    await journal.detach("other", "r", "reader")
    with pytest.raises(errors.UnknownResponse):
        await anext(journal.read("other", "r"))
    # Nothing of that reached the owner.
    assert (await journal.renew(lease, seconds=5)).cancel_requested is False


async def test_another_tenant_does_not_get_in_beside_a_reader(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    reader = journal.read("t", "r")
    await anext(reader)
    await journal.append(lease, 1, [entry(1)])
    for after in (-1, 0, 1, 2):
        async with asyncio.timeout(2):
            with pytest.raises(errors.UnknownResponse):
                await anext(journal.read("other", "r", after))
    await reader.aclose()


async def test_an_unknown_response_is_unknown_everywhere(journal: Journal) -> None:
    with pytest.raises(errors.UnknownResponse):
        await journal.get("t", "nope")
    with pytest.raises(errors.UnknownResponse):
        await anext(journal.read("t", "nope"))
    with pytest.raises(errors.UnknownResponse):
        await journal.delete("t", "nope")
    with pytest.raises(errors.UnknownResponse):
        await journal.cancel("t", "nope")
    with pytest.raises(errors.UnknownResponse):
        await journal.attach("t", "nope", "reader", seconds=5)
    await journal.detach("t", "nope", "reader")


async def test_the_lease_carries_what_the_worker_needs(journal: Journal, clock: Clock) -> None:
    made_at = clock.now
    await journal.create(new("r", background=True, capabilities=(*CHAT, "image:x")))
    clock.advance(3)
    lease = await journal.claim("worker-1", ["image:x", "chat:*"], lease=10, wait=0)
    assert lease is not None
    assert (lease.response_id, lease.tenant, lease.worker) == ("r", "t", "worker-1")
    assert (lease.epoch, lease.takeovers, lease.last_seq) == (1, 0, -1)
    assert lease.expires_at == clock.now + 10
    assert (lease.request, lease.created_at) == (b'{"model":"m"}', made_at)
    assert lease.background is True


async def test_a_closed_journal_says_so(journal: Journal) -> None:
    await journal.create(new("r"))
    await journal.stop()
    for call in (
        journal.create(new("r2")),
        claim(journal),
        journal.get("t", "r"),
        anext(journal.read("t", "r")),
        journal.blobs.put(b"x"),
        journal.expire(),
    ):
        with pytest.raises(errors.JournalError, match="not open"):
            await call
