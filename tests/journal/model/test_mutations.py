"""A check that cannot fail is worthless: each fault put into the journal is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.journal.model.explore import Trouble, _fresh, _over, explore
from tests.journal.model.scenarios import SCENARIOS

from heliograph.journal._nats import _commit, _wire
from heliograph.journal._nats._commit import Outcome, State
from heliograph.journal._nats._kept import Kept
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._records import End, unpack


@pytest.fixture(autouse=True)
def _forget() -> Any:
    """What was worked out with one code does not hold for another."""
    _over.cache_clear()
    _fresh.cache_clear()
    yield
    _over.cache_clear()
    _fresh.cache_clear()


def broken(scenario: str, **how: Any) -> str:
    with pytest.raises(Trouble) as caught:
        explore(SCENARIOS[scenario], **how)
    return caught.value.promise


def test_the_fence_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = _wire.Wire._publish

    async def unfenced(self: Any, subject: str, data: bytes, headers: Any) -> Any:
        return await publish(self, subject, data, {} if subject.endswith(".log") else headers)

    monkeypatch.setattr(_wire.Wire, "_publish", unfenced)
    assert broken("takeover") in ("P1", "P2")


@pytest.mark.parametrize(
    "row", [(State.FIRST, Outcome.REFUSED), (State.AGAIN, Outcome.REFUSED)], ids=str
)
def test_10071_taken_as_mine_without_a_look(
    monkeypatch: pytest.MonkeyPatch, row: tuple[State, Outcome]
) -> None:
    monkeypatch.setitem(_commit.TRANSITIONS, row, State.ACCEPTED)
    assert broken("takeover" if row[0] is State.FIRST else "delete") in ("P1", "P2")


def test_silence_taken_as_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_commit.TRANSITIONS, (State.FIRST, Outcome.UNSURE), State.ACCEPTED)
    assert broken("doubt") == "P1"


def test_someone_elses_record_taken_as_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_commit.TRANSITIONS, (State.LOOKING, Outcome.OTHER), State.ACCEPTED)
    assert broken("takeover") in ("P1", "P2")


def test_the_tombstone_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def all_of_it(self: Any, response_id: str, seq: int) -> None:
        subject = self._names.of(response_id, "log")
        await self._wire.purge(self._names.stream(response_id), subject)

    monkeypatch.setattr(Kept, "purge_below", all_of_it)
    assert broken("bury") == "P2"


def test_finish_that_leaves_the_queue_before_it_appends(monkeypatch: pytest.MonkeyPatch) -> None:
    write: Callable[..., Awaitable[None]] = Owners._write

    async def closes_first(self: Any, lease: Any, held: Any, record: Any) -> None:
        if record.kind == "end":
            await self.closed(lease.response_id, unpack(record.body, End))
        await write(self, lease, held, record)

    monkeypatch.setattr(Owners, "_write", closes_first)
    assert broken("doubt") == "end"


def test_the_sweeper_left_out() -> None:
    assert broken("doubt", sweeps=False) == "end"
