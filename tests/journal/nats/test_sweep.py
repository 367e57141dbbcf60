"""What a process that died half way leaves behind is put right by another."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import pytest
from tests.contract.journal.support import Clock, claim, entry, frames, new
from tests.journal.nats.raw import eventually
from tests.nats_servers import PREFIX, SHARDS

from heliograph import errors
from heliograph.journal import Entry, NatsJournal
from heliograph.journal._nats._records import Job, Live, Record, pack
from heliograph.testing.nats import Cluster

Open = Callable[..., Awaitable[NatsJournal]]


async def is_closed(journal: NatsJournal) -> bool:
    return await journal._parts.lives.read("r") is None


async def nothing() -> list[tuple[str, Live]]:
    return []


async def soon(journal: NatsJournal) -> object:
    return await journal.claim("w", ["*"], lease=10, wait=5)


async def test_a_response_that_was_stored_and_never_queued_is_queued(
    open_journal: Open, clock: Clock
) -> None:
    journal = await open_journal()
    await journal.create(new("r"))
    await journal._parts.queue.remove("r")
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None
    clock.advance(11)
    lease = await soon(journal)
    assert lease is not None
    assert (lease.response_id, lease.epoch, lease.takeovers) == ("r", 1, 0)


async def test_a_claim_that_never_got_further_is_taken_over(
    open_journal: Open, clock: Clock
) -> None:
    """The claim is in the log, and its worker died before it said until when."""
    journal = await open_journal()
    await journal.create(new("r"))
    tip = await journal._parts.logs.tip("r")
    claimed = Record(kind="claim", tenant="t", epoch=1, running=True, at=clock.now)
    await journal._parts.logs.write("r", tip.seq, claimed)
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None
    clock.advance(11)
    lease = await soon(journal)
    assert lease is not None
    assert (lease.epoch, lease.takeovers) == (2, 1)


async def test_a_log_that_ended_is_closed(open_journal: Open, clock: Clock) -> None:
    journal = await open_journal()
    await journal.create(new("r", expires_in=100.0))
    lease = await claim(journal)
    known = await journal._parts.lives.read("r")
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    await journal._parts.lives.write("r", known[0].but(), 0)
    await journal._wire.purge(journal._names.events(0), journal._names.of("r", "kept.>"))
    clock.advance(11)
    await eventually(partial(is_closed, journal))
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None
    clock.advance(100)
    assert await journal.expire() == 1


async def test_a_job_of_a_log_that_ended_is_dropped(open_journal: Open) -> None:
    journal = await open_journal()
    await journal.create(new("r"))
    lease = await claim(journal)
    await journal.finish(lease, 0, [entry(0)], Entry(b"end"))
    job = Job(response_id="r", created_at=0.0, capabilities=new("r").capabilities)
    await journal._parts.queue.submit(job, redo=True)
    assert await journal.claim("w", ["*"], lease=10, wait=0) is None
    assert await journal._parts.queue.waiting() == set()


async def test_a_live_record_without_a_log_is_dropped(open_journal: Open, clock: Clock) -> None:
    journal = await open_journal()
    await journal.create(new("r"))
    await journal._wire.purge(journal._names.events(0), journal._names.of("r", "log"))
    await journal._parts.queue.remove("r")
    clock.advance(61)
    await eventually(partial(is_closed, journal))


async def test_a_live_record_that_is_gone_is_made_anew_by_its_owner(
    open_journal: Open, clock: Clock
) -> None:
    journal = await open_journal()
    await journal.create(new("r"))
    lease = await claim(journal)
    await journal._parts.lives.drop("r")
    state = await journal.renew(lease, seconds=10)
    assert (state.expires_at, state.cancel_requested) == (clock.now + 10, False)
    await journal.cancel("t", "r")
    assert (await journal.renew(lease, seconds=10)).cancel_requested is True
    clock.advance(11)
    taken = await journal.claim("w2", ["*"], lease=10, wait=5)
    assert taken is not None
    assert taken.epoch == 2
    await journal._parts.lives.drop("r")
    with pytest.raises(errors.Fenced):
        await journal.renew(lease, seconds=10)


async def test_a_key_whose_create_died_goes_to_the_next(open_journal: Open) -> None:
    journal = await open_journal()
    await journal._parts.kept.reserve("t", "k", "never", "d", 0)
    assert await journal.keyed("t", "k", "d") is None
    made = await journal.create(new("r", idempotency_key="k", body_digest="d"))
    assert (made.response_id, made.fresh) == ("r", True)
    assert await journal.keyed("t", "k", "d") == "r"


async def test_racing_creates_of_two_processes_with_one_key_make_one_response(
    open_journal: Open,
) -> None:
    journals = [await open_journal() for _ in range(2)]
    made = await asyncio.gather(
        *(
            journals[i % 2].create(new(f"r{i}", idempotency_key="k", body_digest="d"))
            for i in range(10)
        )
    )
    assert sum(one.fresh for one in made) == 1
    (kept,) = {one.response_id for one in made}
    for i in range(10):
        if f"r{i}" != kept:
            with pytest.raises(errors.UnknownResponse):
                await journals[0].get("t", f"r{i}")


async def test_a_cancel_reaches_the_owner_in_another_process(open_journal: Open) -> None:
    owner, gateway = await open_journal(), await open_journal()
    await gateway.create(new("r"))
    lease = await claim(owner)
    waiting = asyncio.create_task(owner.cancelled(lease))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await gateway.cancel("t", "r")
    async with asyncio.timeout(2):
        await waiting
    assert (await owner.renew(lease, seconds=10)).cancel_requested is True


async def test_readers_of_another_process_count(open_journal: Open, clock: Clock) -> None:
    owner, gateway = await open_journal(), await open_journal()
    await gateway.create(new("r"))
    await gateway.attach("t", "r", "a", seconds=30)
    lease = await claim(owner)
    assert (await owner.renew(lease, seconds=10)).unread_since is None
    clock.advance(5)
    await gateway.detach("t", "r", "a")
    assert (await owner.renew(lease, seconds=10)).unread_since == clock.now


async def test_work_is_shared_between_processes(open_journal: Open) -> None:
    journals = [await open_journal() for _ in range(3)]

    async def work(journal: NatsJournal) -> list[str]:
        got = []
        while (lease := await journal.claim("w", ["chat:*"], lease=60, wait=1)) is not None:
            got.append(lease.response_id)
        return got

    workers = [asyncio.create_task(work(journal)) for journal in journals]
    for i in range(30):
        await journals[i % 3].create(new(f"r{i}"))
    got = [name for names in await asyncio.gather(*workers) for name in names]
    assert sorted(got) == sorted(f"r{i}" for i in range(30))


_OWNER = """
import asyncio, sys, time
from heliograph.journal import Entry, NatsJournal

async def main(url, prefix, shards):
    journal = NatsJournal(url, replicas=1, shards=int(shards), prefix=prefix)
    await journal.start()
    lease = await journal.claim("doomed", ["*"], lease=1.5, wait=10)
    await journal.append(lease, 0, [Entry(b"0")])
    print("owns", flush=True)
    first = 1
    while True:
        await journal.append(lease, first, [Entry(b"%d" % first)])
        await journal.renew(lease, seconds=1.5)
        first += 1
        await asyncio.sleep(0.01)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_the_work_of_a_process_that_is_killed_goes_on(server: Cluster) -> None:
    journal = NatsJournal(server.urls, replicas=1, shards=SHARDS, prefix=PREFIX, clock=time.time)
    await journal.start()
    try:
        await journal.create(new("r"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _OWNER, server.urls[0], PREFIX, str(SHARDS),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        reading = asyncio.create_task(frames(journal))
        async with asyncio.timeout(30):
            assert process.stdout is not None
            assert await process.stdout.readline() == b"owns\n"
        await asyncio.sleep(0.3)
        process.kill()
        await process.wait()
        killed = time.monotonic()
        taken = await journal.claim("heir", ["*"], lease=10, wait=10)
        assert taken is not None
        assert (taken.epoch, taken.takeovers) == (2, 1)
        assert time.monotonic() - killed < 1.5 + 2 + 1
        last = taken.last_seq
        await journal.finish(taken, last + 1, [Entry(b"%d" % (last + 1))], Entry(b"end"))
        got = [int(one.data) for frame in await reading for one in frame.entries]
        assert got == list(range(last + 2))
    finally:
        await journal.stop()


async def test_a_sweep_finds_what_was_left_among_many_that_are_not(
    open_journal: Open, clock: Clock
) -> None:
    """More in one stream than a server tells of in one answer; all but two are renewed."""
    journal = await open_journal()
    for response_id in ("r", "r2"):
        await journal.create(new(response_id))
        await claim(journal)
    clock.advance(11)
    until = Live(tenant="t", capabilities=(), created_at=0.0, since=0.0, until=clock.now + 10)
    fresh = msgspec.structs.replace(until, at=clock.now)
    for number in range(1100):
        subject = journal._names.of(f"other{number}", "live")
        await journal._wire.client.publish(subject, pack(fresh))
    await journal._wire.client.flush()
    found = await journal._sweeper.lapsed()
    assert [one for one, _ in found] == ["r", "r2"]
    clock.advance(11)
    assert len(await journal._sweeper.lapsed()) == 1102


async def test_a_reader_finds_what_was_left_where_no_sweep_comes_to_it(
    open_journal: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await open_journal(), await open_journal()
    for journal in (first, second):
        monkeypatch.setattr(journal._sweeper, "lapsed", nothing)
    await first.create(new("r"))
    await claim(first)
    await second.attach("t", "r", "reader", seconds=60)
    assert await second.claim("w2", ["*"], lease=10, wait=0) is None
    clock.advance(11)
    assert await second.claim("w2", ["*"], lease=10, wait=0) is None
    await second.attach("t", "r", "reader", seconds=60)
    lease = await second.claim("w2", ["*"], lease=10, wait=5)
    assert lease is not None
    assert (lease.epoch, lease.takeovers) == (2, 1)
