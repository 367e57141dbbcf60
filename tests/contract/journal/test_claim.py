from __future__ import annotations

import asyncio

import pytest
from tests.contract.journal.support import CHAT, Clock, claim, entry, new, started

from heliograph import errors
from heliograph.journal import Entry, Journal, Lease, Load


async def test_the_oldest_goes_first(journal: Journal) -> None:
    for name in ("c", "a", "b"):
        await journal.create(new(name))
    assert [(await claim(journal)).response_id for _ in range(3)] == ["c", "a", "b"]
    assert await journal.claim("w", ["chat:*"], lease=10, wait=0) is None


@pytest.mark.parametrize(
    ("required", "offered", "fits"),
    [
        (("chat:a",), ["chat:a"], True),
        (("chat:a",), ["chat:*"], True),
        (("chat:a",), ["*"], True),
        (("chat:a",), ["chat:a*"], True),
        (("chat:a",), ["chat:b"], False),
        (("chat:a",), ["chat:ab"], False),
        (("chat:ab",), ["chat:a"], False),
        (("chat:a",), [], False),
        (("chat:a", "image:x"), ["chat:*"], False),
        (("chat:a", "image:x"), ["chat:*", "image:x"], True),
        ((), [], True),
        (("chat:*",), ["chat:a"], False),
    ],
)
async def test_capabilities(
    journal: Journal, required: tuple[str, ...], offered: list[str], fits: bool
) -> None:
    await journal.create(new("r", capabilities=required))
    lease = await journal.claim("w", offered, lease=10, wait=0)
    assert (lease is not None) is fits


async def test_what_does_not_fit_is_passed_over(journal: Journal) -> None:
    await journal.create(new("other", capabilities=("image:x",)))
    await journal.create(new("mine"))
    assert (await claim(journal)).response_id == "mine"
    lease = await journal.claim("w", ["image:*"], lease=10, wait=0)
    assert lease is not None
    assert lease.response_id == "other"


async def test_many_kinds_of_job_are_taken_oldest_first(journal: Journal, clock: Clock) -> None:
    names = [f"r{i}" for i in range(12)]
    for i, name in enumerate(names):
        clock.advance(0.001)
        await journal.create(new(name, capabilities=(f"chat:{i % 3}",)))
    assert [(await claim(journal)).response_id for _ in names] == names


async def test_twenty_claimers_and_one_job_have_one_winner(journal: Journal) -> None:
    await journal.create(new("r"))
    got = await asyncio.gather(
        *(journal.claim(f"w{i}", ["chat:*"], lease=10, wait=0) for i in range(20))
    )
    assert sum(lease is not None for lease in got) == 1


async def test_twenty_waiting_claimers_and_one_late_job_have_one_winner(journal: Journal) -> None:
    tasks = [
        asyncio.create_task(journal.claim(f"w{i}", ["chat:*"], lease=10, wait=0.3))
        for i in range(20)
    ]
    await asyncio.sleep(0.05)
    await journal.create(new("r"))
    got = await asyncio.gather(*tasks)
    assert sum(lease is not None for lease in got) == 1


async def test_each_of_many_jobs_is_claimed_once(journal: Journal) -> None:
    async def work(worker: str) -> list[Lease]:
        got = []
        while (lease := await journal.claim(worker, ["chat:*"], lease=60, wait=1)) is not None:
            got.append(lease)
        return got

    workers = [asyncio.create_task(work(f"w{i}")) for i in range(8)]
    await asyncio.gather(*(journal.create(new(f"r{i}")) for i in range(60)))
    got = [lease.response_id for leases in await asyncio.gather(*workers) for lease in leases]
    assert sorted(got) == sorted(f"r{i}" for i in range(60))


async def test_a_waiting_claimer_is_woken_by_a_job_it_can_do(journal: Journal) -> None:
    chat = asyncio.create_task(journal.claim("a", ["chat:*"], lease=10, wait=5))
    image = asyncio.create_task(journal.claim("b", ["image:*"], lease=10, wait=5))
    await asyncio.sleep(0.02)
    await journal.create(new("r", capabilities=("image:x",)))
    async with asyncio.timeout(2):
        lease = await image
    assert lease is not None
    assert lease.response_id == "r"
    assert not chat.done()
    await journal.create(new("r2"))
    async with asyncio.timeout(2):
        assert await chat is not None


async def test_a_claimer_waits_no_longer_than_it_was_told(journal: Journal) -> None:
    async with asyncio.timeout(2):
        assert await journal.claim("w", ["chat:*"], lease=10, wait=0.05) is None


async def test_a_cancelled_claim_leaves_no_lease_behind(journal: Journal) -> None:
    for i in range(10):
        await journal.create(new(f"r{i}"))
        task = asyncio.create_task(journal.claim("gone", ["chat:*"], lease=1000, wait=5))
        for _ in range(i % 4):
            await asyncio.sleep(0)
        task.cancel()
        try:
            lease = await task
        except asyncio.CancelledError:
            async with asyncio.timeout(2):
                lease = await journal.claim("next", ["chat:*"], lease=1000, wait=5)
        assert lease is not None
        assert lease.response_id == f"r{i}"
        assert lease.takeovers == 0


async def test_a_waiter_cancelled_as_it_is_woken_leaves_the_job_to_the_next(
    journal: Journal,
) -> None:
    first = asyncio.create_task(journal.claim("a", ["chat:*"], lease=10, wait=5))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(journal.claim("b", ["chat:*"], lease=10, wait=5))
    await asyncio.sleep(0.02)
    await journal.create(new("r"))
    first.cancel()
    async with asyncio.timeout(2):
        lease = await second
    assert lease is not None
    assert (lease.worker, lease.takeovers) == ("b", 0)
    assert first.cancelled()


async def test_a_running_response_is_not_claimable_before_its_lease_ran_out(
    journal: Journal, clock: Clock
) -> None:
    await started(journal)
    clock.advance(9.9)
    assert await journal.claim("w2", ["chat:*"], lease=10, wait=0) is None
    clock.advance(0.1)
    taken = await claim(journal, "w2")
    assert (taken.epoch, taken.takeovers, taken.worker) == (2, 1, "w2")


async def test_renewing_keeps_it(journal: Journal, clock: Clock) -> None:
    lease = await started(journal)
    for _ in range(3):
        clock.advance(9)
        state = await journal.renew(lease, seconds=10)
        assert state.expires_at == clock.now + 10
    assert await journal.claim("w2", ["chat:*"], lease=10, wait=0) is None


async def test_a_lease_that_ran_out_can_be_renewed_while_nobody_took_it(
    journal: Journal, clock: Clock
) -> None:
    lease = await started(journal)
    clock.advance(100)
    await journal.renew(lease, seconds=10)
    assert await journal.claim("w2", ["chat:*"], lease=10, wait=0) is None
    await journal.append(lease, 0, [entry(0)])


async def test_a_takeover_sees_the_log_so_far(journal: Journal, clock: Clock) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0), entry(1)])
    clock.advance(11)
    taken = await claim(journal, "w2")
    assert taken.last_seq == 1
    assert await journal.append(taken, 2, [entry(2)]) == 2


async def test_takeovers_add_up(journal: Journal, clock: Clock) -> None:
    await started(journal)
    for count in range(1, 7):
        clock.advance(11)
        taken = await claim(journal)
        assert (taken.takeovers, taken.epoch) == (count, count + 1)
    assert (await journal.get("t", "r")).takeovers == 6


async def test_a_released_response_is_claimable_at_once_and_no_takeover(journal: Journal) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    await journal.release(lease)
    assert (await journal.get("t", "r")).state == "queued"
    taken = await claim(journal, "w2")
    assert (taken.takeovers, taken.epoch, taken.last_seq) == (0, 2, 0)


async def test_a_release_wakes_a_waiting_claimer(journal: Journal) -> None:
    lease = await started(journal)
    task = asyncio.create_task(journal.claim("w2", ["chat:*"], lease=10, wait=5))
    await asyncio.sleep(0.02)
    await journal.release(lease)
    async with asyncio.timeout(2):
        assert await task is not None


async def test_a_lease_that_runs_out_wakes_a_claimer_who_came_later(
    journal: Journal, clock: Clock
) -> None:
    clock.run()
    await journal.create(new("r"))
    await claim(journal, "dead", lease=0.2)
    async with asyncio.timeout(2):
        taken = await journal.claim("w2", ["chat:*"], lease=10, wait=30)
    assert taken is not None
    assert (taken.worker, taken.takeovers) == ("w2", 1)


async def test_a_lease_that_runs_out_wakes_a_claimer_who_waited_before_it_was_given(
    journal: Journal, clock: Clock
) -> None:
    """Either may be given it first: then the other takes over."""
    clock.run()
    one = asyncio.create_task(journal.claim("one", ["chat:*"], lease=0.2, wait=30))
    await asyncio.sleep(0.01)
    other = asyncio.create_task(journal.claim("other", ["chat:*"], lease=0.2, wait=30))
    await asyncio.sleep(0.01)
    await journal.create(new("r"))
    async with asyncio.timeout(2):
        got = await asyncio.gather(one, other)
    assert sorted(lease.takeovers for lease in got if lease is not None) == [0, 1]


async def test_a_renewed_lease_is_not_taken_by_a_waiting_claimer(
    journal: Journal, clock: Clock
) -> None:
    clock.run()
    await journal.create(new("r"))
    lease = await claim(journal, lease=0.2)
    waiting = asyncio.create_task(journal.claim("w2", ["chat:*"], lease=10, wait=2))
    for _ in range(10):
        await asyncio.sleep(0.05)
        await journal.renew(lease, seconds=0.5)
    assert not waiting.done()
    await journal.finish(lease, 0, [entry(0)], entry(0))
    assert await waiting is None


async def test_a_finished_response_is_never_claimed_again(journal: Journal, clock: Clock) -> None:
    lease = await started(journal)
    await journal.finish(lease, 0, [entry(0)], entry(0))
    clock.advance(1000)
    assert await journal.claim("w2", ["*"], lease=10, wait=0) is None


@pytest.mark.parametrize("how", ["lapsed", "released"])
async def test_what_was_begun_goes_first_and_each_kind_by_age(
    journal: Journal, clock: Clock, how: str
) -> None:
    for name in ("third", "fourth"):
        await journal.create(new(name))
    for name in ("first", "second"):
        created = await journal.create(new(name, claim_as="dead", claim_seconds=10))
        assert created.lease is not None
        if how == "released":
            await journal.release(created.lease)
    await journal.create(new("fifth"))
    clock.advance(11)
    names = [(await claim(journal, f"w{i}", 1000)).response_id for i in range(5)]
    assert sorted(names[:2]) == ["first", "second"]
    assert names[2:] == ["third", "fourth", "fifth"]


@pytest.mark.parametrize("how", ["lapsed", "released"])
async def test_who_wants_what_was_begun_gets_nothing_else(
    journal: Journal, clock: Clock, how: str
) -> None:
    async def begun() -> Lease | None:
        return await journal.claim("w", ["chat:*"], lease=1000, wait=0, begun=True)

    lease = await started(journal, "begun")
    await journal.create(new("fresh"))
    await journal.create(new("other", capabilities=("image:x",), claim_as="w", claim_seconds=5))
    assert await begun() is None
    if how == "released":
        await journal.release(lease)
    clock.advance(11)
    taken = await begun()
    assert taken is not None
    assert taken.response_id == "begun"
    assert await begun() is None
    assert (await claim(journal)).response_id == "fresh"


async def test_who_waits_for_what_was_begun_is_woken_by_it_and_leaves_the_rest(
    journal: Journal,
) -> None:
    lease = await started(journal, "begun")
    waiting = asyncio.create_task(journal.claim("w", ["chat:*"], lease=1000, wait=20, begun=True))
    await asyncio.sleep(0.02)
    await journal.create(new("fresh"))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await journal.release(lease)
    async with asyncio.timeout(5):
        taken = await waiting
    assert taken is not None
    assert taken.response_id == "begun"
    assert (await claim(journal)).response_id == "fresh"


@pytest.mark.parametrize("how", ["taken over", "released", "finished", "deleted"])
async def test_a_lost_lease_is_fenced_out_of_everything(
    journal: Journal, clock: Clock, how: str
) -> None:
    lease = await started(journal)
    await journal.append(lease, 0, [entry(0)])
    if how == "taken over":
        clock.advance(11)
        await claim(journal, "w2")
    elif how == "released":
        await journal.release(lease)
    elif how == "finished":
        await journal.finish(lease, 1, [entry(1)], entry(1))
    else:
        await journal.delete("t", "r")
    with pytest.raises(errors.Fenced):
        await journal.append(lease, 1, [entry(1)])
    with pytest.raises(errors.Fenced):
        await journal.finish(lease, 1, [entry(1)], entry(1))
    with pytest.raises(errors.Fenced):
        await journal.renew(lease, seconds=10)
    with pytest.raises(errors.Fenced):
        await journal.release(lease)
    async with asyncio.timeout(2):
        await journal.cancelled(lease)


async def test_a_zombies_append_in_the_same_breath_as_the_takeover(
    journal: Journal, clock: Clock
) -> None:
    """Whatever the order, the log holds what was acknowledged and nothing else."""
    for i in range(20):
        name = f"r{i}"
        lease = await started(journal, name)
        clock.advance(11)
        appended, taken, late = await asyncio.gather(
            journal.append(lease, 0, [entry(0)]),
            journal.claim("w2", ["chat:*"], lease=10_000, wait=0),
            journal.append(lease, 1, [entry(1)]),
            return_exceptions=True,
        )
        assert isinstance(taken, Lease)
        assert taken.last_seq == (0 if appended == 0 else -1)
        assert isinstance(late, errors.Fenced)
        assert (await journal.get("t", name)).last_seq == taken.last_seq


def test_the_default_capability_is_what_the_tests_say() -> None:
    assert CHAT == ("chat:heliograph/direct",)


async def test_the_load_is_what_waits_and_what_runs_of_all_tenants(
    journal: Journal, clock: Clock
) -> None:
    assert await journal.load() == Load(0, 0)
    for name, tenant in (("r1", "t"), ("r2", "t"), ("r3", "u")):
        await journal.create(new(name, tenant=tenant))
    assert await journal.load() == Load(3, 0)
    lease = await claim(journal)
    assert await journal.load() == Load(2, 1)
    await journal.release(lease)
    assert await journal.load() == Load(3, 0)
    lease = await claim(journal)
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    assert await journal.load() == Load(2, 0)
