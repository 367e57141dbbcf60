"""Reader leases: taken late on a new response, at once on one that runs, given back at the end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from heliograph.journal import Journal
from heliograph.server import _readers
from heliograph.server._readers import Readers


class Told:
    """What the journal was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        self.said.append(f"attach {response_id}")

    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        self.said.append(f"detach {response_id}")


def made() -> tuple[Readers, list[str]]:
    told = Told()
    return Readers(cast(Journal, told), 15.0), told.said


async def test_a_client_of_a_running_response_is_told_of_at_once() -> None:
    readers, said = made()
    readers.enter("t", "r")
    await asyncio.sleep(0)
    assert said == ["attach r"]
    readers.leave("t", "r")
    await asyncio.sleep(0)
    assert said == ["attach r", "detach r"]


async def test_who_has_a_new_response_whole_at_once_costs_the_journal_nothing() -> None:
    readers, said = made()
    readers.enter("t", "r", fresh=True)
    readers.leave("t", "r")
    await asyncio.sleep(_readers._AT_FIRST + 0.05)
    assert said == []


async def test_who_reads_on_is_told_of_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(_readers, "_AT_FIRST", 0.01)
    readers, said = made()
    readers.enter("t", "r", fresh=True)
    readers.enter("t", "r")
    await asyncio.sleep(0.05)
    readers.leave("t", "r")
    await asyncio.sleep(0)
    assert said == ["attach r"]
    readers.leave("t", "r")
    await asyncio.sleep(0)
    assert said == ["attach r", "detach r"]


async def test_a_stop_forgets_leases_that_were_not_taken() -> None:
    readers, said = made()
    readers.start()
    readers.enter("t", "r", fresh=True)
    await readers.stop()
    await asyncio.sleep(_readers._AT_FIRST + 0.05)
    assert said == []
