"""What is due is erased, and little is looked at for that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, claim, entry, new

from heliograph.journal import Entry, NatsJournal

Open = Callable[..., Awaitable[NatsJournal]]


async def test_what_is_due_is_found_however_long_nobody_looked(
    open_journal: Open, clock: Clock
) -> None:
    journal = await open_journal()
    for name, seconds in (("a", 100.0), ("b", 5000.0), ("c", 20_000.0), ("d", 400_000.0)):
        await journal.create(new(name, expires_in=seconds))
        await journal.finish(await claim(journal), 0, [entry(0)], Entry(b"end"))
    assert await journal.expire() == 0
    for seconds, found in ((99, 0), (1, 1), (4899, 0), (1, 1), (15_000, 1), (380_000, 1), (1, 0)):
        clock.advance(seconds)
        assert await journal.expire() == found


async def test_a_look_at_what_is_due_is_at_an_hour_or_two(
    open_journal: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await open_journal()
    for hours in range(1, 6):
        await journal.create(new(f"r{hours}", expires_in=hours * 3600.0))
        await journal.finish(await claim(journal), 0, [entry(0)], Entry(b"end"))
    seen: list[str] = []
    names = journal._wire.names

    async def listed(stream: str, pattern: str) -> list[str]:
        found = await names(stream, pattern)
        seen.extend(one for one in found if ".kept." in one)
        return found

    monkeypatch.setattr(journal._wire, "names", listed)
    await journal.expire()
    assert len(seen) == 5
    seen.clear()
    await journal.expire()
    assert len(seen) <= 1
    clock.advance(3600)
    assert await journal.expire() == 1
    assert {name.split(".")[3] for name in seen} <= {"r1", "r2"}
