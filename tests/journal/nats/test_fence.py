"""One writer: what JetStream refuses, what it does not, and what a lost answer comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from nats.aio.msg import Msg
from tests.contract.journal.support import Clock, claim, entries, entry, frames, new
from tests.journal.nats.proxy import Proxy
from tests.journal.nats.raw import api, connected, eventually, log_of, publish, stream
from tests.nats_servers import PREFIX

from heliograph import errors
from heliograph.journal import Entry, Journal, Lease, NatsJournal
from heliograph.journal._nats._records import Record, pack
from heliograph.testing.nats import Cluster

Open = Callable[..., Awaitable[NatsJournal]]


async def taken_by(journal: Journal, worker: str = "w2") -> Lease:
    """A job that the sweeper has queued anew."""
    lease = await journal.claim(worker, ["*"], lease=10, wait=10)
    assert lease is not None
    return lease


async def reaches(journal: Journal, last_seq: int) -> bool:
    return (await journal.get("t", "r")).last_seq >= last_seq


async def test_another_process_takes_over_and_the_first_is_fenced(
    open_journal: Open, clock: Clock
) -> None:
    first, second, third = [await open_journal() for _ in range(3)]
    await first.create(new("r"))
    lease = await claim(first)
    await first.append(lease, 0, entries(0, 2))
    reading = asyncio.create_task(frames(third))
    clock.advance(11)
    taken = await taken_by(second)
    assert (taken.epoch, taken.takeovers, taken.last_seq) == (2, 1, 1)
    with pytest.raises(errors.Fenced):
        await first.append(lease, 2, [Entry(b"zombie")])
    with pytest.raises(errors.Fenced):
        await first.renew(lease, seconds=10)
    await second.append(taken, 2, [entry(2)])
    await second.finish(taken, 3, [entry(3)], Entry(b"end"))
    got = [one.data for frame in await reading for one in frame.entries]
    assert got == [one.data for one in entries(0, 4)]


async def test_what_is_refused_reaches_no_tail(
    open_journal: Open, server: Cluster, clock: Clock
) -> None:
    """Whereas a subscription to the captured subject sees it: tails must not be made of those."""
    journal = await open_journal()
    await journal.create(new("r"))
    lease = await claim(journal)
    reading = asyncio.create_task(frames(journal))
    await journal.append(lease, 0, [entry(0)])
    tailed, captured = [], []

    async def tail(message: Msg) -> None:
        tailed.append(message.data)

    async def capture(message: Msg) -> None:
        captured.append(message.data)

    async with connected(server.urls) as client:
        await client.subscribe(f"{PREFIX}.t.00.r.*", cb=tail)
        await client.subscribe(log_of("r"), cb=capture)
        await client.flush()
        for _ in range(5):
            zombie = pack(Record(kind="frame", tenant="t", epoch=1, last_seq=1, count=1))
            answer = await publish(client, log_of("r"), zombie, Expected_Last_Subject_Sequence="1")
            assert answer["error"]["err_code"] == 10071
        await journal.finish(lease, 1, [entry(1)], Entry(b"end"))
        await client.flush()
        await asyncio.sleep(0.05)
    assert len(captured) == 6
    assert len(tailed) == 1
    assert [frame.first for frame in await reading] == [0, 1]


async def test_a_message_id_alone_is_no_fence(open_journal: Open, server: Cluster) -> None:
    """A zombie's event goes in, and the owner's is dropped as its duplicate."""
    await open_journal()
    async with connected(server.urls) as client:
        zombie = await publish(client, log_of("x"), b"zombie", Msg_Id="x:1")
        owner = await publish(client, log_of("x"), b"owner", Msg_Id="x:1")
        assert "error" not in zombie
        assert owner["duplicate"] is True
        last = await api(client, f"STREAM.MSG.GET.{stream('EV_00')}", last_by_subj=log_of("x"))
        assert last["message"]["data"] == "em9tYmll"


async def test_an_acknowledgement_that_is_lost_writes_nothing_twice(
    open_journal: Open, server: Cluster
) -> None:
    async with Proxy(server.nodes[0].port) as proxy:
        writer, reader = await open_journal(proxy.url), await open_journal()
        await writer.create(new("r"))
        lease = await claim(writer)
        await writer.append(lease, 0, [entry(0)])
        proxy.deaf = True
        appending = asyncio.create_task(writer.append(lease, 1, [entry(1)]))
        await eventually(partial(reaches, reader, 1))
        proxy.cut()
        async with asyncio.timeout(20):
            assert await appending == 1
        assert await writer.append(lease, 2, [entry(2)]) == 2
        await writer.finish(lease, 3, [], Entry(b"end"))
        got = [one.data for frame in await frames(reader) for one in frame.entries]
        assert got == [one.data for one in entries(0, 3)]
        await writer.stop()


async def test_a_lost_acknowledgement_and_a_takeover_meanwhile_is_a_fence(
    open_journal: Open, server: Cluster, clock: Clock
) -> None:
    async with Proxy(server.nodes[0].port) as proxy:
        writer, other = await open_journal(proxy.url), await open_journal()
        await writer.create(new("r"))
        lease = await claim(writer)
        proxy.deaf = True
        appending = asyncio.create_task(writer.append(lease, 0, [entry(0)]))
        await eventually(partial(reaches, other, 0))
        clock.advance(11)
        taken = await taken_by(other)
        assert taken.last_seq == 0
        await other.append(taken, 1, [entry(1)])
        proxy.cut()
        async with asyncio.timeout(20):
            with pytest.raises(errors.Fenced):
                await appending
        await other.finish(taken, 2, [], Entry(b"end"))
        got = [one.data for frame in await frames(other) for one in frame.entries]
        assert got == [one.data for one in entries(0, 2)]
        await writer.stop()


async def test_racing_claimers_of_many_processes_have_one_winner_each(
    open_journal: Open,
) -> None:
    journals = [await open_journal() for _ in range(4)]
    for i in range(20):
        await journals[0].create(new(f"r{i}"))
    takes = [
        journal._claims.take(f"r{i}", f"w{j}", 10.0)
        for i in range(20)
        for j, journal in enumerate(journals)
    ]
    got = [lease for lease in await asyncio.gather(*takes) if lease is not None]
    assert sorted(lease.response_id for lease in got) == sorted(f"r{i}" for i in range(20))


async def test_a_record_that_was_deleted_keeps_late_writers_out(
    open_journal: Open, server: Cluster
) -> None:
    first, second = await open_journal(), await open_journal()
    await first.create(new("r"))
    lease = await claim(first)
    await first.append(lease, 0, [entry(0)])
    await second.delete("t", "r")
    with pytest.raises(errors.Fenced):
        await first.append(lease, 1, [entry(1)])
    with pytest.raises(errors.Fenced):
        await first.finish(lease, 1, [entry(1)], Entry(b"end"))
    async with connected(server.urls) as client:
        late = pack(Record(kind="frame", tenant="t", epoch=1, last_seq=1, count=1))
        answer = await publish(client, log_of("r"), late, Expected_Last_Subject_Sequence="0")
        assert answer["error"]["err_code"] == 10071
        # Without the tombstone it would have been let in.
        await api(client, f"STREAM.PURGE.{stream('EV_00')}", filter=log_of("r"))
        answer = await publish(client, log_of("r"), late, Expected_Last_Subject_Sequence="0")
        assert "error" not in answer


async def test_nothing_of_a_deleted_response_is_left_but_its_tombstone(
    open_journal: Open, server: Cluster
) -> None:
    journal = await open_journal()
    sha256 = await journal.blobs.put(b"picture")
    await journal.create(new("r", idempotency_key="k", body_digest="d"))
    lease = await claim(journal)
    await journal.append(lease, 0, [entry(0, sha256)])
    await journal.append(lease, 1, [entry(1)])
    await journal.attach("t", "r", "reader", seconds=5)
    await journal.delete("t", "r")
    async with connected(server.urls) as client:
        left = await api(client, f"STREAM.INFO.{stream('EV_00')}", subjects_filter=">")
        assert {name.split(".")[4]: n for name, n in left["state"]["subjects"].items()} == {
            "log": 1,
            "kept": 1,
        }
        refs = await api(client, f"STREAM.INFO.{stream('REFS')}", subjects_filter=">")
        assert list(refs["state"]["subjects"]) == [f"{PREFIX}.rf.{sha256}.put"]
        jobs = await api(client, f"STREAM.INFO.{stream('JOBS')}")
        assert jobs["state"]["messages"] == 0
    assert await journal.keyed("t", "k", "d") is None
