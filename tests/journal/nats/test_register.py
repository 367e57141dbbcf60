"""The register: what all processes with one journal share beside responses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from heliograph.journal import MemoryJournal, NatsJournal

Open = Callable[..., Awaitable[NatsJournal]]


async def test_what_one_writes_another_reads(open_journal: Open) -> None:
    one, other = await open_journal(), await open_journal()
    before = await other.register.version()
    await one.register.write("a", b"1")
    await one.register.write("b", b"2")
    await other.register.write("a", b"3")
    version = await one.register.version()
    assert version > before
    for journal in (one, other):
        assert await journal.register.read() == ({"a": b"3", "b": b"2"}, version)


async def test_more_than_a_page_of_it(open_journal: Open) -> None:
    journal = await open_journal()
    wanted = {f"k{i}": str(i).encode() for i in range(600)}
    for names in (list(wanted)[i : i + 50] for i in range(0, 600, 50)):
        await asyncio.gather(*(journal.register.write(name, wanted[name]) for name in names))
    assert (await journal.register.read())[0] == wanted


async def test_racing_writes_leave_one_of_them(open_journal: Open) -> None:
    journals = [await open_journal() for _ in range(3)]
    await asyncio.gather(
        *(journal.register.write("a", bytes([i])) for i, journal in enumerate(journals))
    )
    found = [(await journal.register.read())[0] for journal in journals]
    assert found[0] == found[1] == found[2]
    assert found[0]["a"] in {b"\0", b"\1", b"\2"}


async def test_what_was_erased_by_hand_is_no_hindrance(open_journal: Open) -> None:
    journal = await open_journal()
    await journal.register.write("a", b"1")
    await journal.register.write("b", b"2")
    names = journal._names
    await journal._wire.purge(names.register, names.entry("b"))
    async with asyncio.timeout(10):
        assert (await journal.register.read())[0] == {"a": b"1"}


async def test_a_journal_of_one_machine_has_none() -> None:
    assert MemoryJournal().register is None
