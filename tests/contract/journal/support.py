"""What the contract's tests share: a clock in the test's hand, and short ways to say things."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from heliograph.journal import (
    SOCKET,
    BlobRef,
    Entry,
    Frame,
    Journal,
    JournalHost,
    Lease,
    NewResponse,
    SqliteJournal,
)

CHAT = ("chat:heliograph/direct",)


class Clock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self._since: float | None = None

    def __call__(self) -> float:
        return self.now if self._since is None else self.now + time.monotonic() - self._since

    def run(self) -> None:
        """Go on by itself from now on."""
        self._since = time.monotonic()

    def advance(self, seconds: float) -> None:
        self.now += seconds


def new(response_id: str = "r", tenant: str = "t", **more: object) -> NewResponse:
    fields = {"request": b'{"model":"m"}', "capabilities": CHAT, **more}
    return NewResponse(response_id=response_id, tenant=tenant, **fields)  # type: ignore[arg-type]


def entry(number: int, *blobs: str) -> Entry:
    refs = tuple(BlobRef(1, sha256, 3) for sha256 in blobs)
    return Entry(b'{"sequence_number":%d}' % number, refs)


def entries(first: int, count: int) -> list[Entry]:
    return [entry(number) for number in range(first, first + count)]


async def claim(journal: Journal, worker: str = "w", lease: float = 10.0) -> Lease:
    got = await journal.claim(worker, ["chat:*"], lease=lease, wait=0)
    assert got is not None
    return got


async def started(journal: Journal, response_id: str = "r", **more: object) -> Lease:
    """A response that was created and claimed."""
    await journal.create(new(response_id, **more))  # type: ignore[arg-type]
    got = await claim(journal)
    assert got.response_id == response_id
    return got


async def frames(journal: Journal, response_id: str = "r", after: int = -1) -> list[Frame]:
    return [frame async for frame in journal.read("t", response_id, after)]


@dataclass
class Seen:
    """What a reader got; ``add`` fails on a gap, a duplicate or a number out of order."""

    after: int = -1
    data: list[bytes] = field(default_factory=list)

    def add(self, frame: Frame) -> None:
        assert frame.first == self.after + 1
        assert frame.entries
        assert frame.last == frame.first + len(frame.entries) - 1
        self.after = frame.last
        self.data += [one.data for one in frame.entries]


def check_log(data: Sequence[bytes], first: int, last: int) -> None:
    assert list(data) == [one.data for one in entries(first, last - first + 1)]


async def host_of(journal: SqliteJournal, **more: float) -> JournalHost:
    """The journal, opened and served on its socket."""
    await journal.start()
    host = JournalHost(journal, journal.folder / SOCKET, **more)
    await host.start()
    return host


async def stop_host(host: JournalHost) -> None:
    await host.stop()
    await host.journal.stop()
