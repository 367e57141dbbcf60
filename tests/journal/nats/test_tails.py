"""Nothing is missing from a reader, whatever its connection misses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest
from tests.contract.journal.support import Seen, check_log, claim, entries, entry, new
from tests.journal.nats.proxy import Proxy
from tests.journal.nats.raw import eventually

from heliograph import errors
from heliograph.journal import Entry, Journal, Lease, NatsJournal
from heliograph.journal._nats import _limits
from heliograph.testing.nats import Cluster

Open = Callable[..., Awaitable[NatsJournal]]


async def follow(journal: Journal, response_id: str = "r") -> Seen:
    seen = Seen()
    async for frame in journal.read("t", response_id):
        seen.add(frame)
    return seen


async def test_what_is_committed_while_a_reader_is_cut_off_is_read_later(
    open_journal: Open, server: Cluster
) -> None:
    async with Proxy(server.nodes[0].port) as proxy:
        writer, reader = await open_journal(), await open_journal(proxy.url)
        await writer.create(new("r"))
        lease = await claim(writer)
        tasks = [asyncio.create_task(follow(reader)) for _ in range(3)]
        await asyncio.sleep(0.1)
        for first in range(60):
            await writer.append(lease, first, [entry(first)])
            if first % 20 == 10:
                proxy.deaf = True
            if first % 20 == 15:
                proxy.cut()
                await asyncio.sleep(0.3)
        await writer.finish(lease, 60, [entry(60)], Entry(b"end"))
        async with asyncio.timeout(30):
            for seen in await asyncio.gather(*tasks):
                check_log(seen.data, 0, 60)
        await reader.stop()


async def test_stopping_does_not_wait_for_servers_that_are_gone(
    open_journal: Open, server: Cluster
) -> None:
    async with Proxy(server.nodes[0].port) as proxy:
        journal = await open_journal(proxy.url)
        await journal.create(new("r"))
        lease = await claim(journal)
        proxy.deaf = True
        late = asyncio.create_task(journal.append(lease, 0, [entry(0)]))
        await asyncio.sleep(0.1)
    async with asyncio.timeout(_limits.STOP_SECONDS + 3):
        await journal.stop()
        with pytest.raises(errors.JournalError):
            await late


async def test_a_lost_last_event_shows_in_the_comparison(open_journal: Open) -> None:
    """Nothing comes after it, and the connection is well: only the silence tells."""
    writer, reader = await open_journal(), await open_journal()
    await writer.create(new("r"))
    lease = await claim(writer)
    task = asyncio.create_task(follow(reader))
    await writer.append(lease, 0, [entry(0)])
    await asyncio.sleep(2 * _limits.SETTLE_SECONDS)
    feed = reader._feeds._feeds["r"]
    await (await feed.subscribing).unsubscribe()
    await writer.append(lease, 1, [entry(1)])
    await writer.finish(lease, 2, [entry(2)], Entry(b"end"))
    async with asyncio.timeout(_limits.SILENCE_SECONDS + 5):
        check_log((await task).data, 0, 2)


async def test_a_gap_is_filled_from_the_log(open_journal: Open) -> None:
    writer, reader = await open_journal(), await open_journal()
    await writer.create(new("r"))
    lease = await claim(writer)
    task = asyncio.create_task(follow(reader))
    await writer.append(lease, 0, [entry(0)])
    await asyncio.sleep(0.1)
    feed = reader._feeds._feeds["r"]
    await (await feed.subscribing).unsubscribe()
    await writer.append(lease, 1, entries(1, 3))
    subject = reader._names.tail("r")
    feed.subscribing = asyncio.create_task(reader._wire.subscribe(subject, reader._feeds._heard))
    await feed.subscribing
    await reader._wire.client.flush()
    await writer.append(lease, 4, [entry(4)])
    await writer.finish(lease, 5, [entry(5)], Entry(b"end"))
    async with asyncio.timeout(3):
        check_log((await task).data, 0, 5)


async def test_a_reader_begins_deep_in_a_long_log(open_journal: Open) -> None:
    """Further than one look into the log reaches."""
    writer, reader = await open_journal(), await open_journal()
    await writer.create(new("r"))
    lease = await claim(writer)
    for first in range(600):
        await writer.append(lease, first, [entry(first)])
    async with asyncio.timeout(5):
        frames = reader.read("t", "r", 590)
        assert [(await anext(frames)).first for _ in range(9)] == list(range(591, 600))
        await frames.aclose()
    await writer.finish(lease, 600, [entry(600)], Entry(b"end"))
    async with asyncio.timeout(5):
        assert [frame.first async for frame in reader.read("t", "r", 598)] == [599, 600]
        assert [frame.first async for frame in reader.read("t", "r", 600)] == []
        check_log((await follow(reader)).data, 0, 600)


async def test_what_a_slow_connection_drops_is_read_from_the_log(
    open_journal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client library drops what a subscription has no room for, and says so."""
    writer, reader = await open_journal(), await open_journal()
    leases = []
    for i in range(4):
        await writer.create(new(f"r{i}"))
        leases.append(await claim(writer))
    dropped = []
    lost = reader._feeds.lost
    monkeypatch.setattr(
        reader._wire, "_on_gap", lambda subject: (dropped.append(subject), lost(subject))
    )
    monkeypatch.setattr(_limits, "TAIL_PENDING_BYTES", 2500)
    tasks = [asyncio.create_task(follow(reader, lease.response_id)) for lease in leases]
    await asyncio.sleep(0.1)

    async def produce(lease: Lease) -> None:
        for first in range(100):
            await writer.append(lease, first, [Entry(b"%d" % first + b" " * (3000 * (first % 2)))])
        await writer.finish(lease, 100, [Entry(b"100")], Entry(b"end"))

    await asyncio.gather(*(produce(lease) for lease in leases))
    async with asyncio.timeout(20):
        for seen in await asyncio.gather(*tasks):
            assert [int(data) for data in seen.data] == list(range(101))
    assert dropped
    assert set(dropped) <= {reader._names.tail(lease.response_id) for lease in leases}


async def test_an_event_over_the_servers_payload_is_a_blob(open_journal: Open) -> None:
    writer, reader = await open_journal(), await open_journal()
    limit = writer._wire.info["max_payload"]
    big = Entry(b'"' + b"x" * (2 * limit) + b'"')
    request = b'{"input":"' + b"y" * limit + b'"}'
    await writer.create(new("r", request=request))
    lease = await claim(writer)
    assert lease.request == request
    task = asyncio.create_task(follow(reader))
    await asyncio.sleep(0.1)
    await writer.append(lease, 0, [entry(0)])
    await writer.append(lease, 1, [big])
    await writer.append(lease, 2, [entry(2)])
    await writer.finish(lease, 3, [big], big)
    async with asyncio.timeout(10):
        seen = await task
    assert seen.data == [entry(0).data, big.data, entry(2).data, big.data]
    assert (await reader.get("t", "r")).snapshot == big
    await reader.delete("t", "r")
    names = await reader._wire.names(reader._names.refs, reader._names.ref("*", "*"))
    assert names == []


async def test_many_tails_on_one_connection(open_journal: Open) -> None:
    writer, reader = await open_journal(), await open_journal()
    leases = []
    for i in range(20):
        await writer.create(new(f"r{i}"))
        leases.append(await claim(writer))
    tasks = [
        asyncio.create_task(follow(reader, lease.response_id)) for lease in leases for _ in range(5)
    ]

    async def produce(lease: object) -> None:
        for first in range(30):
            await writer.append(lease, first, [entry(first)])  # type: ignore[arg-type]
        await writer.finish(lease, 30, [entry(30)], Entry(b"end"))  # type: ignore[arg-type]

    await asyncio.gather(*(produce(lease) for lease in leases))
    async with asyncio.timeout(20):
        for seen in await asyncio.gather(*tasks):
            check_log(seen.data, 0, 30)
    assert reader._feeds._feeds == {}


async def test_a_renewal_goes_by_what_readers_have_written(open_journal: Open) -> None:
    """One write and nothing else, though the record is another one since."""
    owner, reader = await open_journal(), await open_journal()
    await owner.create(new("r"))
    lease = await claim(owner)
    for chore in owner._chores:
        chore.cancel()
    watching = asyncio.create_task(owner.cancelled(lease))
    await reading_of(owner)
    await reader.attach("t", "r", "reader", seconds=60)
    await eventually(partial(is_read, owner))
    before = owner._wire.client.stats["out_msgs"]
    state = await owner.renew(lease, seconds=10)
    assert owner._wire.client.stats["out_msgs"] - before == 1
    assert state.unread_since is None
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_stopping_ends_a_chore_that_missed_its_cancellation(
    open_journal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``asyncio.wait_for`` of Python 3.11 misses one that comes as its future is done."""
    journal = await open_journal()
    begun = asyncio.Event()

    async def deaf() -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    monkeypatch.setattr(journal._sweeper, "sweep", deaf)
    async with asyncio.timeout(10):
        await begun.wait()
    async with asyncio.timeout(5):
        await journal.stop()


async def reading_of(journal: NatsJournal) -> None:
    """Return once it hears what becomes of the response."""
    while journal._feeds.get("r") is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await journal._feeds.ready("r")
    await journal._wire.client.flush()
    await asyncio.sleep(0.1)


async def is_read(journal: NatsJournal) -> bool:
    known = journal._owners.held["r"].live
    return known is not None and "reader" in known[0].readers
