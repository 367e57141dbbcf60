"""Every test here runs against each journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.contract.journal.support import Clock

from heliograph.journal import Journal, MemoryJournal, SqliteJournal

Restart = Callable[[Journal], Awaitable[Journal]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def restart(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[Restart]:
    """Stops a journal and gives the one that comes up after it, over the same data."""
    current: list[Journal] = []

    async def again(journal: Journal | None) -> Journal:
        if journal is not None:
            await journal.stop()
        if request.param == "sqlite":
            journal = SqliteJournal(tmp_path / "data", clock)
        elif journal is None:
            journal = MemoryJournal(clock)
        await journal.start()
        current[:] = [journal]
        return journal

    yield again  # type: ignore[misc]
    for journal in current:
        await journal.stop()


@pytest.fixture
async def journal(restart: Callable[[None], Awaitable[Journal]]) -> Journal:
    return await restart(None)
