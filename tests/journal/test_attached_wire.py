"""The protocol of the journal over a socket: bytes in any split, strangers, bounds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.journal.support import (
    CHAT,
    entry,
    new,
    started,
)
from tests.journal.attached import PATIENCE, House, until

from heliograph import errors
from heliograph.journal import (
    SOCKET,
)
from heliograph.journal._attached import _wire as wire


def hello(version: int = wire.VERSION, magic: str = wire.MAGIC) -> bytes:
    return bytes(wire.pack(wire.Hello(magic, version, "stranger")))


def call(number: int, method: str, *args: Any) -> bytes:
    return bytes(wire.pack(wire.Call(number, method, wire.encode(args))))


CLAIM = ("w", list(CHAT), 10.0, 0.0, False)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "MAX_MESSAGE_BYTES"),
        (b"\x00\x00\x00\x01\xc1", "not a message"),
        (b"\x00\x00\x00\x00", "not a message"),
        (bytes(wire.pack(wire.Cancel(1))), "must be a hello"),
        (hello(magic="other"), "must be a hello"),
        (hello(version=99), f"a worker of protocol 99, and this server speaks {wire.VERSION}"),
        (hello() * 2, "a second hello"),
        (hello() + call(1, "stop"), "no method 'stop'"),
        (hello() + call(1, "claim", 5), "claim: "),
        (hello() + call(1, "get", "t"), "get: "),
        (hello() + bytes(wire.pack(wire.Took(7))), "granted no lease"),
        (hello() + call(1, "claim", *CLAIM[:3], 5.0, False) * 2, "under way already"),
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

_wire.VERSION += 1

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
    from heliograph.journal import Journal, Places

    local = {"start", "stop"}
    places = {f"places.{name}" for name in Places.__abstractmethods__}
    assert set(wire.METHODS) == set(Journal.__abstractmethods__) - local | places


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
