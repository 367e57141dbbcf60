"""The journal over a socket: the socket, leases over cuts and restarts, readers, processes."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from tests.contract.journal.support import (
    CHAT,
    check_log,
    entry,
    new,
    started,
    stop_host,
)
from tests.journal.attached import PATIENCE, House, follow, until

from heliograph import errors
from heliograph.journal import (
    SOCKET,
    AttachedJournal,
    Entry,
    JournalHost,
    MemoryJournal,
    Share,
    SqliteJournal,
    _limits,
)
from heliograph.journal._attached import _wire as wire


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


async def test_a_grant_to_a_worker_that_hangs_is_withdrawn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_limits, "GRANT_SECONDS", 0.2)
    host = await house.serve()
    worker = await house.worker()
    waiting = asyncio.create_task(worker.claim("a", CHAT, lease=1000, wait=60))
    await asyncio.sleep(0.05)
    writer = worker._link._writer
    assert writer is not None
    told, worker._link.tell = worker._link.tell, lambda message: None  # type: ignore[method-assign]
    await host.journal.create(new())
    lease = await waiting
    assert lease is not None
    async with asyncio.timeout(PATIENCE):
        taken = await host.journal.claim("b", CHAT, lease=1000, wait=30)
    assert taken is not None
    assert (taken.epoch, taken.takeovers) == (2, 0)
    worker._link.tell = told  # type: ignore[method-assign]
    told(wire.Took(1))  # late
    with pytest.raises(errors.Fenced):
        await worker.append(lease, 0, [entry(0)])
    assert host.workers


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


def places(worker: AttachedJournal, name: str, share: Share) -> Coroutine[Any, Any, int]:
    return worker.places.share("house", name, share, most=1, seconds=60)


async def test_the_places_of_a_worker_that_dies_are_free_long_before_their_lease_ends(
    house: House,
) -> None:
    await house.serve(detached=0.3)
    dies, other = await house.worker(), await house.worker()
    assert await places(dies, "dies", Share(asked=2)) == 1
    assert await places(other, "other", Share(asked=1)) == 0
    await dies.stop()
    async with asyncio.timeout(10):
        await other.places.moved("house", "other", 0)
        await other.places.moved("house", "other", 0)
    assert await places(other, "other", Share(asked=1)) == 1


async def test_a_worker_that_comes_back_in_time_keeps_its_places(house: House) -> None:
    await house.serve(detached=1.0)
    relay = await house.relay()
    cut, other = await house.worker("relay.sock"), await house.worker()
    assert await places(cut, "cut", Share(asked=1)) == 1
    relay.cut()
    await cut.load()
    await asyncio.sleep(1.2)
    assert await places(other, "other", Share(asked=1)) == 0
    await house.leave()
    await house.serve(reattach=5)
    await cut.load()
    assert await places(other, "other", Share(asked=1)) == 0
    assert await places(cut, "cut", Share(asked=1, given=1, back=1)) == 1
    assert await places(other, "other", Share(asked=1)) == 1


async def test_the_places_of_a_server_that_was_restarted_are_free_at_once(house: House) -> None:
    host = await house.serve()
    share = Share(asked=1)
    assert await host.journal.places.share("house", "server", share, most=1, seconds=60) == 1
    worker = await house.worker()
    assert await places(worker, "worker", share) == 0
    await house.leave()
    host = await house.serve()
    assert await places(worker, "worker", share) == 1
