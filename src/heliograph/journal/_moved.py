"""What goes from one journal to another in a migration, and what both sides must be able to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, Protocol

import msgspec

from heliograph.journal._base import Frame, NewResponse, Record

__all__ = ["Fate", "Moved", "Name", "Source", "Stock", "Tally", "Target", "Unmovable"]

Fate = Literal["brought", "there", "erased", "expired"]
"""What became of a response: ``there`` was it before, or has gone on there since; ``erased`` was it
there since; ``expired`` is it in the source, and not there."""


class Unmovable(Exception):
    """One thing that cannot be brought, and why; the others can."""


class Name(msgspec.Struct, frozen=True):
    """Which response; ``place`` is its source's own, ``waits`` says that it has not ended."""

    place: int
    tenant: str
    response_id: str
    waits: bool
    expires_at: float | None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A response but for its log and its pictures: as it was made, and as it is.

    ``worker`` claimed it last; ``keyed_at`` is when its idempotency key was taken, None where it
    has none that still holds; ``blobs`` are all that its log, snapshot and context name.
    """

    new: NewResponse
    record: Record
    worker: str
    keyed_at: float | None
    blobs: tuple[str, ...]


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to migrate: responses that have not expired, and their events; pictures, and
    how many of those are missing; idempotency keys that still hold."""

    responses: int
    queued: int
    running: int
    tenants: int
    events: int
    blobs: int
    blob_bytes: int
    missing_blobs: int
    keys: int


class Tally(msgspec.Struct, kw_only=True):
    """What a migration has come to so far.

    Of ``total`` responses in the source, how many were ``brought``, were ``there`` already, had
    ``expired``, were ``erased`` there since, or could not be brought (``refused``). ``waiting`` of
    them are in the queue there. ``events``, ``blobs`` and ``keys`` came with those that were
    brought; a picture of several responses counts once for each. ``tombstones`` are ids that were
    erased.
    """

    total: int = 0
    brought: int = 0
    there: int = 0
    expired: int = 0
    erased: int = 0
    refused: int = 0
    waiting: int = 0
    events: int = 0
    blobs: int = 0
    keys: int = 0
    tombstones: int = 0


Log = Callable[[int], AsyncIterator[Frame]]
"""The frames of one response after a sequence number."""

Blob = Callable[[str], Awaitable[bytes]]
"""A picture's bytes."""


class Source(Protocol):
    """Whole while it is read: nobody writes to it. All that names one response may raise
    ``Unmovable`` for it; ``JournalError`` means that nothing more can be read."""

    async def count(self) -> int:
        """How many responses there are."""

    def names(self, *, ended: bool = True) -> AsyncIterator[Name]:
        """Every response in the order they were made; without those that have ended, if wanted."""

    def tombstones(self) -> AsyncIterator[tuple[str, float]]:
        """Ids that were erased and cannot be used again yet, each with when that was."""

    async def response(self, name: Name) -> Moved:
        """All of it but its events and pictures."""

    def log(self, name: Name, after: int) -> AsyncIterator[Frame]:
        """The frames after a sequence number, to the log's end."""

    async def blob(self, sha256: str) -> bytes:
        """A picture's bytes."""


class Target(Protocol):
    """Takes what a source has, once: what it took before, whole or in part, it knows again.

    Raises ``Unmovable`` rather than change what is there and different; ``JournalError`` means
    that nothing more can be written.
    """

    async def take(self, moved: Moved, log: Log, blob: Blob) -> Fate:
        """Write a response whole; nobody is given it to work on yet."""

    async def queue(self, moved: Moved) -> bool:
        """Let workers have an open response; whether it waits (it may have gone on there)."""

    async def bury(self, response_id: str, erased_at: float) -> None:
        """Keep an erased id from being used."""
