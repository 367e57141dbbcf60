from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.engine.kit import Clock, House

from heliograph import journal


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[journal.Journal]:
    made: journal.Journal
    if request.param == "memory":
        made = journal.MemoryJournal(clock=clock)
    else:
        made = journal.SqliteJournal(tmp_path / "data", clock=clock)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(store: journal.Journal, clock: Clock) -> AsyncIterator[Callable[..., House]]:
    """Makes houses; stops their engines and checks every log they wrote."""
    houses: list[House] = []

    def build(*args: Any, **kwargs: Any) -> House:
        houses.append(House(store, *args, clock=clock, **kwargs))
        return houses[-1]

    yield build
    for each in houses:
        await each.engine.stop(0)
        await each.check_all()
