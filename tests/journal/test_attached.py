"""The journal over a socket beyond the contract: cuts, restarts, doubt, strangers, slow readers."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.journal.support import (
    CHAT,
    Seen,
    check_log,
    claim,
    entries,
    entry,
    new,
    started,
    stop_host,
)
from tests.journal.relay import Relay

from heliograph import errors
from heliograph.journal import (
    SOCKET,
    AttachedJournal,
    Entry,
    JournalHost,
    MemoryJournal,
    SqliteJournal,
)
from heliograph.journal._attached import _wire as wire

PATIENCE = 5.0


class Watched:
    """What a host tells of its workers."""

    def __init__(self) -> None:
        self.workers = 0
        self.takeovers: list[int] = []
        self.frames = 0
        self.lost = 0

    def attached(self, change: int) -> None:
        self.workers += change

    def claimed(self, takeovers: int) -> None:
        self.takeovers.append(takeovers)

    def fenced(self) -> None:
        self.lost += 1

    def appended(self, events: int, size: int, seconds: float) -> None:
        assert events >= 0 <= size
        assert seconds >= 0
        self.frames += 1


class House:
    """A data folder, whoever serves it, and the workers at its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watched = Watched()
        self.hosts: list[JournalHost] = []
        self.workers: list[AttachedJournal] = []
        self.relays: list[Relay] = []

    async def serve(self, reattach: float = 0.0, detached: float = 1.0) -> JournalHost:
        journal = SqliteJournal(self.folder, own="server", reattach_seconds=reattach)
        await journal.start()
        host = JournalHost(journal, self.folder / SOCKET, self.watched, detached_seconds=detached)
        await host.start()
        self.hosts.append(host)
        return host

    async def leave(self) -> None:
        await stop_host(self.hosts.pop())

    async def relay(self) -> Relay:
        relay = Relay(self.folder / "relay.sock", self.folder / SOCKET)
        await relay.start()
        self.relays.append(relay)
        return relay

    async def worker(self, name: str = SOCKET, patience: float = PATIENCE) -> AttachedJournal:
        worker = AttachedJournal(self.folder / name, patience=patience)
        await worker.start()
        self.workers.append(worker)
        return worker

    async def close(self) -> None:
        for worker in self.workers:
            await worker.stop()
        for relay in self.relays:
            await relay.stop()
        for host in self.hosts:
            await stop_host(host)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "data")
    yield house
    await house.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- the parts under test tell nobody
            await asyncio.sleep(0.005)


async def follow(journal: Any, response_id: str = "r") -> Seen:
    seen = Seen()
    async for frame in journal.read("t", response_id):
        seen.add(frame)
    return seen


# -- the socket


async def test_the_socket_is_for_its_owner_alone_and_goes_with_the_host(house: House) -> None:
    await house.serve()
    path = house.folder / SOCKET
    mode = path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    await house.leave()
    assert not path.exists()


async def test_the_socket_of_a_dead_server_is_replaced_and_a_file_is_not(house: House) -> None:
    house.folder.mkdir()
    path = house.folder / SOCKET
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    await house.serve()
    await (await house.worker()).load()
    await house.leave()
    path.write_text("mine")
    journal = SqliteJournal(house.folder)
    with pytest.raises(errors.JournalError, match="no socket; remove it"):
        await JournalHost(journal, path).start()
    assert path.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's bound holds")
async def test_a_folder_with_a_long_name_has_a_socket_all_the_same(tmp_path: Path) -> None:
    house = House(tmp_path / ("long" * 40))
    await house.serve()
    assert len(os.fsencode(house.folder / SOCKET)) > 108
    worker = await house.worker()
    await started(worker)
    await house.close()


async def test_no_server_is_one_clear_error(tmp_path: Path) -> None:
    worker = AttachedJournal(tmp_path / SOCKET)
    with pytest.raises(errors.JournalError, match=r"no server at .* is 'heliograph serve' running"):
        await worker.start()
    await worker.stop()


# -- strangers


def hello(version: int = wire.VERSION, magic: str = wire.MAGIC) -> bytes:
    return bytes(wire.pack(wire.Hello(magic, version, "stranger")))


def call(number: int, method: str, *args: Any) -> bytes:
    return bytes(wire.pack(wire.Call(number, method, wire.encode(args))))


CLAIM = ("w", list(CHAT), 10.0, 0.0)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "MAX_MESSAGE_BYTES"),
        (b"\x00\x00\x00\x01\xc1", "not a message"),
        (b"\x00\x00\x00\x00", "not a message"),
        (bytes(wire.pack(wire.Cancel(1))), "must be a hello"),
        (hello(magic="other"), "must be a hello"),
        (hello(version=99), "a worker of protocol 99, and this server speaks 1"),
        (hello() * 2, "a second hello"),
        (hello() + call(1, "stop"), "no method 'stop'"),
        (hello() + call(1, "claim", 5), "claim: "),
        (hello() + call(1, "get", "t"), "get: "),
        (hello() + bytes(wire.pack(wire.Took(7))), "granted no lease"),
        (hello() + call(1, "claim", *CLAIM[:3], 5.0) * 2, "under way already"),
    ],
)
async def test_what_is_no_protocol_is_answered_and_cut_and_harms_nobody(
    house: House, sent: bytes, said: str
) -> None:
    await house.serve()
    other = await house.worker()
    reader, writer = await asyncio.open_unix_connection(house.folder / SOCKET)
    writer.write(sent)
    async with asyncio.timeout(PATIENCE):
        got = await reader.read()
    writer.close()
    *_, (last, _) = wire.Framer(wire.ToClient).feed(got)
    assert isinstance(last, wire.Refused)
    assert said in last.reason
    lease = await started(other)
    assert await other.append(lease, 0, [entry(0)]) == 0
    await until(lambda: house.watched.workers == 1)


NEWER = """
import asyncio, sys
from heliograph.journal import JournalHost, SqliteJournal, SOCKET
from heliograph.journal._attached import _wire

_wire.VERSION = 2

async def main():
    journal = SqliteJournal(sys.argv[1])
    await journal.start()
    await JournalHost(journal, journal.folder / SOCKET).start()
    print("serves", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_server_of_another_version_is_not_asked_again(house: House) -> None:
    await house.serve()
    worker = await house.worker()
    refused = asyncio.create_task(worker.refused())
    waiting = asyncio.create_task(worker.claim("w", CHAT, lease=10, wait=60))
    await asyncio.sleep(0.02)
    await house.leave()
    newer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NEWER, str(house.folder), stdout=subprocess.PIPE
    )
    try:
        for task in (refused, waiting):
            with pytest.raises(errors.JournalError, match="run both from one version"):
                async with asyncio.timeout(2 * PATIENCE):
                    await task
        with pytest.raises(errors.JournalError, match="run both from one version"):
            await worker.load()
    finally:
        newer.kill()
        await newer.communicate()


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_a_protocol_error(data: bytes) -> None:
    framer = wire.Framer(wire.ToHost)
    try:
        for message, size in framer.feed(data):
            assert isinstance(message, wire.Hello | wire.Call | wire.Cancel | wire.Took | wire.More)
            assert size <= len(data) - 4
    except errors.ProtocolError:
        pass


MESSAGES = [
    wire.Hello(wire.MAGIC, 1, "w"),
    wire.Call(2**40, "append", wire.encode((wire.Held("r", "t", "w", 3), 0, (entry(0, "a"),)))),
    wire.Cancel(0),
    wire.Took(1),
    wire.More(2),
]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 10_000])
def test_messages_come_whole_however_they_are_cut(step: int) -> None:
    data = b"".join(bytes(wire.pack(message)) for message in MESSAGES) + b"\x00\x00"
    framer = wire.Framer(wire.ToHost)
    got = [
        message
        for at in range(0, len(data), step)
        for message, _ in framer.feed(data[at : at + step])
    ]
    assert [msgspec.msgpack.encode(m) for m in got] == [msgspec.msgpack.encode(m) for m in MESSAGES]


def test_every_error_of_the_journal_passes_as_itself() -> None:
    kinds = [errors.JournalError]
    for kind in kinds:
        kinds += [k for k in kind.__subclasses__() if k.__module__ == "heliograph.errors"]
    assert len(kinds) == 4
    for kind in kinds:
        error = kind("which")
        back = wire.error_of(wire.failed(1, error))
        assert type(back) is kind
        assert str(back) == str(error)
        assert back.__dict__ == error.__dict__


def test_every_method_of_the_journal_can_be_called() -> None:
    from heliograph.journal import Journal

    local = {"start", "stop"}
    assert set(wire.METHODS) == set(Journal.__abstractmethods__) - local


async def test_a_message_over_the_bound_is_refused_where_it_is_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heliograph.journal import _limits

    await house.serve()
    worker = await house.worker()
    monkeypatch.setattr(_limits, "MAX_MESSAGE_BYTES", 10_000)
    with pytest.raises(errors.JournalError, match="MAX_MESSAGE_BYTES is 10000"):
        await worker.create(new(request=bytes(10_000)))
    await house.hosts[0].journal.create(new(request=bytes(10_000)))
    with pytest.raises(errors.JournalError, match="MAX_MESSAGE_BYTES is 10000"):
        await worker.get("t", "r")
    monkeypatch.undo()
    assert (await worker.get("t", "r")).request == bytes(10_000)


async def test_calls_over_the_bound_are_refused_and_the_rest_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heliograph.journal import _limits

    await house.serve()
    worker = await house.worker()
    monkeypatch.setattr(_limits, "MAX_CALLS", 8)
    waiting = [
        asyncio.create_task(worker.claim("w", ["none"], lease=10, wait=0.3)) for _ in range(12)
    ]
    got = await asyncio.gather(*waiting, return_exceptions=True)
    assert got.count(None) == 8
    assert all("MAX_CALLS" in str(one) for one in got if one is not None)
    await started(worker)


# -- leases


async def test_a_worker_that_dies_is_replaced_long_before_its_lease_ends(house: House) -> None:
    await house.serve(detached=0.2)
    first, second = await house.worker(), await house.worker()
    await first.create(new())
    assert await first.claim("a", CHAT, lease=1000, wait=0) is not None
    waiting = asyncio.create_task(second.claim("b", CHAT, lease=1000, wait=30))
    await asyncio.sleep(0.4)
    assert not waiting.done()
    first._link._writer.transport.abort()  # type: ignore[union-attr]
    first._link._keeper.cancel()  # type: ignore[union-attr]
    async with asyncio.timeout(PATIENCE):
        lease = await waiting
    assert lease is not None
    assert (lease.takeovers, lease.epoch) == (1, 2)
    await until(lambda: house.watched.takeovers == [0, 1])


async def test_a_worker_whose_connection_broke_keeps_its_lease(house: House) -> None:
    await house.serve(detached=0.3)
    relay = await house.relay()
    worker, other = await house.worker("relay.sock"), await house.worker()
    lease = await started(worker)
    await worker.load()  # the host has heard that the lease was taken
    waiting = asyncio.create_task(other.claim("b", CHAT, lease=1000, wait=1.0))
    relay.cut()
    await until(lambda: relay.connections == 2)
    assert await waiting is None
    assert await worker.append(lease, 0, [entry(0)]) == 0


async def test_a_grant_that_nobody_took_is_given_back(house: House) -> None:
    """The answer is lost with the connection: the next one gets it, and it is no takeover."""
    host = await house.serve()
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    waiting = asyncio.create_task(worker.claim("a", CHAT, lease=1000, wait=60))
    await asyncio.sleep(0.05)
    relay.deaf = True
    await host.journal.create(new())
    await until(lambda: bool(next(iter(host._peers))._granted))
    waiting.cancel()
    relay.cut()
    relay.deaf = False
    async with asyncio.timeout(PATIENCE):
        lease = await host.journal.claim("b", CHAT, lease=10, wait=30)
    assert lease is not None
    assert (lease.epoch, lease.takeovers) == (2, 0)


async def test_a_grant_is_asked_for_again_after_a_cut(house: House) -> None:
    host = await house.serve()
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    waiting = asyncio.create_task(worker.claim("a", CHAT, lease=1000, wait=60))
    await asyncio.sleep(0.05)
    relay.deaf = True
    await host.journal.create(new())
    await until(lambda: bool(next(iter(host._peers))._granted))
    relay.deaf = False
    relay.cut()
    async with asyncio.timeout(PATIENCE):
        lease = await waiting
    assert lease is not None
    assert (lease.worker, lease.takeovers) == ("a", 0)
    await worker.append(lease, 0, [entry(0)])


async def test_after_a_restart_a_worker_goes_on_under_its_epoch(house: House) -> None:
    await house.serve(reattach=1.0)
    worker = await house.worker()
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    await house.leave()
    going_on = asyncio.create_task(worker.append(lease, 1, [entry(1)]))
    reading = asyncio.create_task(follow(worker))
    hears = asyncio.create_task(worker.cancelled(lease))
    await asyncio.sleep(0.3)
    host = await house.serve(reattach=1.0)
    hungry = asyncio.create_task(host.journal.claim("other", CHAT, lease=10, wait=1.5))
    assert await going_on == 1
    assert await hungry is None
    await worker.finish(lease, 2, [entry(2)], Entry(b"end"))
    check_log((await reading).data, 0, 2)
    await hears
    record = await host.journal.get("t", "r")
    assert (record.epoch, record.takeovers, record.state) == (1, 0, "finished")


async def test_after_a_restart_the_work_of_a_worker_that_is_gone_is_free_after_the_grace(
    house: House,
) -> None:
    host = await house.serve(reattach=0.4)
    worker = await house.worker()
    await started(worker)
    await host.journal.create(new("own", claim_as="server", claim_seconds=1000.0))
    await worker.stop()
    await house.leave()
    host = await house.serve(reattach=0.4)
    own = await host.journal.claim("server", CHAT, lease=10, wait=0)
    assert own is not None
    assert own.response_id == "own"
    assert await host.journal.claim("server", CHAT, lease=10, wait=0) is None
    async with asyncio.timeout(PATIENCE):
        lease = await host.journal.claim("server", CHAT, lease=10, wait=30)
    assert lease is not None
    assert (lease.response_id, lease.takeovers) == ("r", 1)


async def test_a_worker_that_comes_back_too_late_is_fenced(house: House) -> None:
    host = await house.serve(detached=0.1)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    relay.shut = True
    relay.cut()
    async with asyncio.timeout(PATIENCE):
        taken = await host.journal.claim("other", CHAT, lease=1000, wait=30)
    assert taken is not None
    assert taken.epoch == 2
    relay.shut = False
    with pytest.raises(errors.Fenced):
        await worker.append(lease, 0, [entry(0)])
    assert await host.journal.append(taken, 0, [entry(0)]) == 0


async def test_a_server_that_stays_away_is_told_of_after_the_patience(house: House) -> None:
    await house.serve()
    worker = await house.worker(patience=0.3)
    lease = await started(worker)
    reading = asyncio.create_task(follow(worker))
    await asyncio.sleep(0.02)
    await house.leave()
    for waiting in (worker.append(lease, 0, [entry(0)]), worker.load(), reading):
        with pytest.raises(errors.JournalError, match=r"away for over 0\.3 s"):
            await waiting
    await house.serve()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await worker.load()
                break
            except errors.JournalError:
                await asyncio.sleep(0.05)


async def test_a_fenced_append_of_a_worker_is_counted_once(house: House) -> None:
    host = await house.serve()
    worker = await house.worker()
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    await host.journal.delete("t", "r")
    for _ in range(3):
        with pytest.raises(errors.Fenced):
            await worker.append(lease, 1, [entry(1)])
    assert (house.watched.lost, house.watched.frames) == (1, 1)


# -- appends in doubt

Write = Callable[[AttachedJournal, Any], Awaitable[int]]
WRITES: dict[str, Write] = {
    "append": lambda worker, lease: worker.append(lease, 1, entries(1, 3)),
    "finish": lambda worker, lease: worker.finish(lease, 1, entries(1, 3), Entry(b"end")),
    "finish alone": lambda worker, lease: worker.finish(lease, 1, [], Entry(b"end")),
}


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("restart", [False, True])
async def test_what_was_written_and_not_acknowledged_is_written_once(
    house: House, kind: str, restart: bool
) -> None:
    host = await house.serve(reattach=PATIENCE)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    relay.deaf = True
    before = house.watched.frames
    writing = asyncio.create_task(WRITES[kind](worker, lease))
    await until(lambda: house.watched.frames > before)
    relay.shut = restart
    relay.cut()
    if restart:
        await house.leave()
        host = await house.serve(reattach=PATIENCE)
    relay.deaf = relay.shut = False
    async with asyncio.timeout(PATIENCE):
        last = await writing
    assert last == (0 if kind == "finish alone" else 3)
    record = await host.journal.get("t", "r")
    assert (record.last_seq, record.epoch, record.takeovers) == (last, 1, 0)
    if kind == "append":
        await worker.finish(lease, 4, [], Entry(b"end"))
    check_log((await follow(host.journal)).data, 0, last)


@pytest.mark.parametrize("kind", WRITES)
async def test_what_did_not_arrive_is_sent_again(house: House, kind: str) -> None:
    host = await house.serve(detached=PATIENCE)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    relay.shut = True
    relay.cut()
    await until(lambda: worker._link._writer is None)
    writing = asyncio.create_task(WRITES[kind](worker, lease))
    await asyncio.sleep(0.1)
    relay.shut = False
    last = await writing
    assert (await host.journal.get("t", "r")).last_seq == last


@pytest.mark.parametrize("kind", WRITES)
async def test_in_doubt_another_owners_entries_are_not_taken_for_ones_own(
    house: House, kind: str
) -> None:
    host = await house.serve(detached=0.05)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    # Its bytes never arrive: what it writes is in doubt, and someone else goes on meanwhile.
    relay.shut = True
    worker._link._write = lambda message: None  # type: ignore[method-assign]
    writing = asyncio.create_task(WRITES[kind](worker, lease))
    await asyncio.sleep(0.02)
    del worker._link._write
    relay.cut()
    async with asyncio.timeout(PATIENCE):
        taken = await host.journal.claim("other", CHAT, lease=1000, wait=30)
    assert taken is not None
    await host.journal.append(taken, 1, entries(1, 3))
    await host.journal.finish(taken, 4, [], Entry(b"end"))
    relay.shut = False
    with pytest.raises(errors.Fenced):
        async with asyncio.timeout(PATIENCE):
            await writing


async def test_create_release_and_delete_in_doubt_are_done_once(house: House) -> None:
    host = await house.serve()
    relay = await house.relay()
    worker = await house.worker("relay.sock")

    async def doubtful(work: Awaitable[Any], done: Callable[[], Awaitable[bool]]) -> Any:
        relay.deaf = True
        task = asyncio.ensure_future(work)
        async with asyncio.timeout(PATIENCE):
            while not await done():  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        relay.deaf = False
        relay.cut()
        async with asyncio.timeout(PATIENCE):
            return await task

    async def there() -> bool:
        try:
            await host.journal.get("t", "r")
        except errors.UnknownResponse:
            return False
        return True

    async def queued() -> bool:
        return (await host.journal.load()).queued == 1

    async def gone() -> bool:
        return not await there()

    created = await doubtful(worker.create(new()), there)
    assert created.fresh
    lease = await claim(worker)
    await doubtful(worker.release(lease), queued)
    with pytest.raises(errors.Fenced):
        await worker.release(lease)
    await doubtful(worker.delete("t", "r"), gone)
    with pytest.raises(errors.UnknownResponse):
        await worker.delete("t", "r")
    again = asyncio.create_task(worker.create(new("r2")))
    await again
    with pytest.raises(errors.JournalError, match="used before"):
        await worker.create(new("r2"))


async def test_appends_and_reads_under_a_hail_of_cuts_lose_and_double_nothing(
    house: House,
) -> None:
    """Several writers and readers; the connections are cut at random moments, some half way through
    an answer."""
    await house.serve(detached=PATIENCE)
    relay = await house.relay()
    worker = await house.worker("relay.sock")
    names = [f"r{i}" for i in range(6)]
    leases = [await started(worker, name) for name in names]
    total, done = 120, asyncio.Event()

    async def write(lease: Any, seed: int) -> None:
        rng = random.Random(seed)
        at = 0
        while at < total:
            count = min(rng.randint(1, 4), total - at)
            if at + count == total:
                last = await worker.finish(lease, at, entries(at, count), Entry(b"end"))
            else:
                last = await worker.append(lease, at, entries(at, count))
            assert last == at + count - 1
            at += count

    async def cut() -> int:
        rng, cuts = random.Random(7), 0
        while not done.is_set():
            await asyncio.sleep(rng.uniform(0.005, 0.04))
            if rng.random() < 0.5:
                relay.deaf = True
                await asyncio.sleep(0.003)
            relay.cut()
            relay.deaf = False
            cuts += 1
        return cuts

    cutting = asyncio.create_task(cut())
    async with asyncio.timeout(60):
        readers = [asyncio.create_task(follow(worker, name)) for name in names]
        await asyncio.gather(*(write(lease, i) for i, lease in enumerate(leases)))
        seen = await asyncio.gather(*readers)
        done.set()
        cuts = await cutting
    print("cuts:", cuts, "connections:", relay.connections)
    assert relay.connections >= 5
    for one in seen:
        check_log(one.data, 0, total - 1)


# -- readers


async def test_a_slow_reader_holds_nothing_back_and_nothing_up(house: House) -> None:
    host = await house.serve()
    worker, slow = await house.worker(), await house.worker()
    lease = await started(worker)
    big = [Entry(b'{"x":"%s"}' % (b"y" * 100_000))]
    frames = slow.read("t", "r")
    await worker.append(lease, 0, big)
    assert (await anext(frames)).first == 0
    for first in range(1, 200):
        await worker.append(lease, first, big)
    await worker.finish(lease, 200, [], Entry(b"end"))
    (peer,) = [p for p in host._peers if p._wanted]
    # 20 MB are in the log; at most one frame waits for the reader.
    assert peer._writer.transport.get_write_buffer_size() < 300_000
    async with aclosing(frames):
        firsts = [frame.first async for frame in frames]
    assert firsts == list(range(1, 200))


async def test_a_reader_that_leaves_frees_its_stream_at_the_host(house: House) -> None:
    host = await house.serve()
    worker = await house.worker()
    lease = await started(worker)
    await worker.append(lease, 0, [entry(0)])
    for _ in range(5):
        async with aclosing(worker.read("t", "r")) as frames:
            await anext(frames)
    peer = next(iter(host._peers))
    await until(lambda: not peer._calls)
    assert not worker._link._pending


# -- processes

DIES_APPENDING = """
import asyncio, os, signal, sys
from heliograph.journal import AttachedJournal, Entry

async def main():
    journal = AttachedJournal(sys.argv[1])
    await journal.start()
    lease = await journal.claim("dying", ["chat:*"], lease=1000, wait=10)
    at = 0
    while True:
        task = asyncio.create_task(journal.append(lease, at, [Entry(b"x" * 3_000_000)]))
        await asyncio.sleep(0)
        if at == 5:
            await asyncio.sleep(0.0005)
            os.kill(os.getpid(), signal.SIGKILL)
        at = await task + 1

asyncio.run(main())
"""


async def test_a_worker_killed_in_the_middle_of_an_append_leaves_whole_frames(
    house: House,
) -> None:
    host = await house.serve(detached=0.05)
    for i in range(6):
        await host.journal.create(new(f"r{i}"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DIES_APPENDING, str(house.folder / SOCKET)
        )
        assert await process.wait() == -9
        async with asyncio.timeout(PATIENCE):
            lease = await host.journal.claim("next", CHAT, lease=1000, wait=30)
        assert lease is not None
        assert (lease.response_id, lease.takeovers) == (f"r{i}", 1)
        assert lease.last_seq in (4, 5)
        await host.journal.finish(lease, lease.last_seq + 1, [entry(9)], Entry(b"end"))
        sizes = [
            len(one.data)
            async for frame in host.journal.read("t", f"r{i}")
            for one in frame.entries
        ]
        assert set(sizes[:-1]) == {3_000_000}
    assert house.watched.workers == 0


PUTS = """
import asyncio, sys
from heliograph.journal import AttachedJournal

async def main():
    journal = AttachedJournal(sys.argv[1])
    await journal.start()
    for i in range(60):
        data = bytes([i]) * 50_000
        print(await journal.blobs.put(data), flush=True)
    await journal.stop()

asyncio.run(main())
"""


async def test_pictures_of_a_process_survive_servers_that_start_meanwhile(house: House) -> None:
    """Each start sweeps half-written files away, those of living workers too."""
    host = await house.serve()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PUTS, str(house.folder / SOCKET), stdout=subprocess.PIPE
    )
    putting = asyncio.create_task(process.communicate())
    while not putting.done():
        host.journal._blobs.close()  # type: ignore[attr-defined]
        host.journal._blobs.open()  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)
    out, _ = await putting
    assert process.returncode == 0
    names = out.decode().split()
    assert len(names) == 60
    for i, name in enumerate(names):
        assert await host.journal.blobs.get(name) == bytes([i]) * 50_000


async def test_a_memory_journal_can_be_served_too(tmp_path: Path) -> None:
    journal = MemoryJournal()
    await journal.start()
    host = JournalHost(journal, tmp_path / SOCKET)
    await host.start()
    worker = AttachedJournal(tmp_path / SOCKET)
    await worker.start()
    lease = await started(worker)
    await worker.finish(lease, 0, [entry(0)], Entry(b"end"))
    check_log((await follow(worker)).data, 0, 0)
    await worker.stop()
    await stop_host(host)
