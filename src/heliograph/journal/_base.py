"""The journal's contract: an append-only, fenced event log with its job queue and blobs.

The unit of the log is a *frame*: what one commit holds, 1..n entries of one response under one
epoch. Readers see committed frames only. Sequence numbers start at 0 and have no gap; an entry's
number is its place in the log.

Rules for whoever writes a journal:

1. ``append`` and ``finish`` are atomic and refused (``Fenced``) unless the lease's epoch is the
   newest claim of that response. The journal decides, never the worker's clock.
2. ``claim`` raises the epoch. A lease that was not renewed in time may be claimed by anyone.
3. ``read`` replays, then follows, without a gap or a duplicate at the seam, and ends by itself
   after the last frame of a finished response.
4. Everything that names a response takes its tenant; another tenant's response is unknown.
5. A blob is durable before the entry that refers to it.
6. Who is claimed next: what ran before, then the most urgent, tenants in turns (``_line``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from heliograph.journal._counts import Counts
    from heliograph.journal._places import Places

__all__ = [
    "DEFAULT_PRIORITY",
    "PRIORITIES",
    "RAISE_SECONDS",
    "BlobRef",
    "BlobStore",
    "Clock",
    "Created",
    "Entry",
    "Frame",
    "Journal",
    "Lease",
    "LeaseState",
    "Load",
    "NewResponse",
    "Queued",
    "Record",
    "Register",
]

Clock = Callable[[], float]
"""Seconds since the epoch, as ``time.time`` gives them; tests pass their own."""

PRIORITIES = 3
"""``NewResponse.priority`` is 0 to one less than this."""

DEFAULT_PRIORITY = 1

RAISE_SECONDS = 100.0
"""``NewResponse.raise_after`` where it is not given."""

JobState = Literal["queued", "running", "finished"]


class BlobRef(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A picture left out of an entry's JSON: its base64 belongs at byte ``offset`` of the data.

    ``offset`` counts in the data *without* any picture, so that references can be spliced from
    left to right in one pass. ``size`` is the picture's own size in bytes, not the base64's.
    """

    offset: int
    sha256: str
    size: int


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One event's wire JSON, its pictures left out (an empty string stands where each belongs).

    ``note`` is the owner's own (what a hosted call needs to be run again): stored and read back
    with the entry, never shown.
    """

    data: bytes
    blobs: tuple[BlobRef, ...] = ()
    note: bytes = b""


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """One commit: ``entries[i]`` has sequence number ``first + i``.

    ``epoch`` is that of the claim that appended it, 0 for an opening.
    """

    first: int
    epoch: int
    entries: tuple[Entry, ...]

    @property
    def last(self) -> int:
        """The sequence number of the frame's last entry."""
        return self.first + len(self.entries) - 1


class NewResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What ``create`` stores: the request as it came, and who may take it up.

    ``capabilities`` are what a worker must all have (``chat:heliograph/direct``). ``expires_in`` is
    seconds after the end of the response, None for never. ``idempotency_key`` is per tenant;
    ``body_digest`` tells a repeat from a conflict. ``context`` is what the request goes on from, in
    its owner's own JSON: a copy, so that no other response has to outlive this one; the blobs it
    names are kept as long as those of the log. ``claim_as`` is a worker that takes it up at once,
    for ``claim_seconds``: the response is never in the queue, and one commit does for both.
    ``opening`` is the log's first frame, where its beginning is known before anybody has claimed
    it: readers have it as soon as there is a response. ``created_at`` is what the opening says of
    that, None for the journal's own clock. ``claim_within`` is in how many seconds from then it is
    to be claimed for the first time, None for whenever: see ``Journal.claim_overdue``. ``priority``
    is 0 for the most urgent to 2; each ``raise_after`` seconds of waiting raise it by one.
    """

    response_id: str
    tenant: str
    request: bytes
    capabilities: tuple[str, ...] = ()
    background: bool = False
    idempotency_key: str | None = None
    body_digest: str = ""
    expires_in: float | None = None
    context: Entry | None = None
    claim_as: str | None = None
    claim_seconds: float = 0.0
    opening: tuple[Entry, ...] = ()
    created_at: float | None = None
    claim_within: float | None = None
    priority: int = DEFAULT_PRIORITY
    raise_after: float = RAISE_SECONDS


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to append to one response, until ``expires_at`` unless renewed.

    ``epoch`` is the fencing token. ``takeovers`` counts earlier holders that neither finished nor
    released. ``last_seq`` is the log's last sequence number at the claim, -1 for an empty log.
    ``claim_by`` is when it was to be claimed for the first time, None for whenever. ``priority`` is
    the one that it was made with.
    """

    response_id: str
    tenant: str
    worker: str
    epoch: int
    takeovers: int
    expires_at: float
    last_seq: int
    request: bytes
    created_at: float
    background: bool
    context: Entry | None = None
    claim_by: float | None = None
    priority: int = DEFAULT_PRIORITY


class Created(msgspec.Struct, frozen=True):
    """``fresh`` is False where the idempotency key led to a response that was there already.

    ``lease`` is that of ``NewResponse.claim_as``, where the response is fresh.
    """

    response_id: str
    fresh: bool
    lease: Lease | None = None


class LeaseState(msgspec.Struct, frozen=True):
    """What the owner learns at each renewal.

    ``unread_since`` is when the last reader lease lapsed (None while someone reads, and for
    background responses the owner ignores it). After a takeover or a restart it is not earlier
    than the claim.
    """

    expires_at: float
    cancel_requested: bool
    unread_since: float | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A response as the journal knows it. ``snapshot`` is its final JSON once it has ended."""

    response_id: str
    tenant: str
    state: JobState
    request: bytes
    background: bool
    created_at: float
    epoch: int
    takeovers: int
    last_seq: int
    cancel_requested: bool
    snapshot: Entry | None
    finished_at: float | None
    expires_at: float | None
    context: Entry | None = None
    priority: int = DEFAULT_PRIORITY


class Load(msgspec.Struct, frozen=True):
    """How many responses wait to be claimed, by priority, and how many are claimed and not
    finished."""

    waiting: tuple[int, ...]
    running: int

    @property
    def queued(self) -> int:
        """How many wait, of all priorities."""
        return sum(self.waiting)


class Queued(msgspec.Struct, frozen=True):
    """How many responses wait to be claimed: of all tenants, and of one."""

    total: int
    own: int


class BlobStore(ABC):
    """Content-addressed bytes, durable when ``put`` returns."""

    @abstractmethod
    async def put(self, data: bytes) -> str:
        """Store ``data`` and return its sha256 in lower-case hex."""

    @abstractmethod
    async def get(self, sha256: str) -> bytes:
        """The bytes; raises ``JournalError`` where they are missing or damaged."""


class Register(ABC):
    """Small named records that every process with the same journal sees. None goes away.

    Every method raises ``JournalError`` where the journal cannot be asked.
    """

    @abstractmethod
    async def version(self) -> int:
        """Grows with each write; 0 before the first."""

    @abstractmethod
    async def read(self) -> tuple[dict[str, bytes], int]:
        """All records by their names, and the version that they are of."""

    @abstractmethod
    async def write(self, name: str, data: bytes) -> None:
        """Add a record, or put it in the place of the one of that name.

        ``name`` is made of ``A-Z a-z 0-9 _ -``.
        """


class Journal(ABC):
    """See the module's rules. All methods may be called from many tasks at once."""

    blobs: BlobStore
    places: Places
    counts: Counts

    @property
    def register(self) -> Register | None:
        """None for a journal that has none: its processes are on one machine, and have files."""
        return None

    @abstractmethod
    async def start(self) -> None:
        """Open, migrate, and make what a dead process left running claimable again."""

    @abstractmethod
    async def stop(self) -> None:
        """Flush and close. Readers and claimers that still wait get ``JournalError``."""

    def placed(self, response_id: str) -> str:
        """The id under which to ``create`` a response that is to be called ``response_id``.

        A journal in several places adds to it what tells it where the response is.
        """
        return response_id

    @abstractmethod
    async def create(self, new: NewResponse) -> Created:
        """Store the request and queue its job, or claim it for ``new.claim_as``, atomically.

        An idempotency key is kept for ``IDEMPOTENCY_TTL`` (24 h), or until its response is erased.
        Raises ``IdempotencyConflict``, and ``JournalError`` for an id that was used before, for a
        context or an opening that refers to a blob that was never put, and for an opening that no
        frame could hold. A call that is cancelled leaves no lease
        behind, as with ``claim``.
        """

    @abstractmethod
    async def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        """The response that an idempotency key leads to. Raises ``IdempotencyConflict``."""

    @abstractmethod
    async def claim(
        self,
        worker: str,
        capabilities: Collection[str],
        *,
        lease: float,
        wait: float,
        begun: bool = False,
    ) -> Lease | None:
        """The next response whose capabilities are all matched (``chat:*`` matches by prefix);
        waits up to ``wait`` seconds for one.

        Those that were begun (released, or their lease ran out) go first, the oldest of them before
        others. ``begun``: only such. Of those that were not, the most urgent is next: by
        ``priority``, raised by one for each ``raise_after`` of waiting. Then the tenant whose turn
        was longest ago, then age.

        A call that is cancelled leaves no lease behind: what it was granted is released.
        """

    @abstractmethod
    async def claim_overdue(self, worker: str, *, lease: float) -> Lease | None:
        """A response that nobody has claimed within its ``claim_within``, whatever it needs.

        Does not wait. A call that is cancelled leaves no lease behind, as with ``claim``.
        """

    @abstractmethod
    async def renew(self, lease: Lease, *, seconds: float) -> LeaseState:
        """Let the lease run out in ``seconds``, also where that is sooner. Raises ``Fenced``."""

    @abstractmethod
    async def release(self, lease: Lease) -> None:
        """Hand over: claimable at once, not counted as a takeover. Raises ``Fenced``."""

    @abstractmethod
    async def append(self, lease: Lease, first: int, entries: Sequence[Entry]) -> int:
        """Commit a frame; returns its last sequence number. ``first`` must be the log's last + 1.

        Raises ``Fenced`` for an old epoch (and once the response is finished, released or
        deleted); ``JournalError`` for a wrong ``first``, for a frame over ``MAX_FRAME_ENTRIES`` or
        ``MAX_FRAME_BYTES``, for a reference to a blob that was never put, and where the store
        fails. A call that is cancelled may have committed all the same: the log decides.
        """

    @abstractmethod
    async def finish(
        self, lease: Lease, first: int, entries: Sequence[Entry], snapshot: Entry
    ) -> int:
        """Commit the last frame with the final response, and end the job, atomically.

        ``entries`` may be empty where the log has the terminal event already. Raises as ``append``.
        """

    @abstractmethod
    def read(self, tenant: str, response_id: str, after: int = -1) -> AsyncGenerator[Frame, None]:
        """Frames (or parts of frames) after sequence number ``after``, then live ones, to the end.

        Raises ``UnknownResponse``, also when the response is deleted while being read. Who leaves
        before the end should ``aclose`` it (``contextlib.aclosing``).
        """

    @abstractmethod
    async def get(self, tenant: str, response_id: str) -> Record:
        """Raises ``UnknownResponse``."""

    @abstractmethod
    async def delete(self, tenant: str, response_id: str) -> None:
        """Fence the owner out, then erase log and record. Raises ``UnknownResponse``."""

    @abstractmethod
    async def cancel(self, tenant: str, response_id: str) -> None:
        """Ask the owner to end it; ``cancelled`` wakes. No effect on a finished response."""

    @abstractmethod
    async def cancelled(self, lease: Lease) -> None:
        """Returns once a cancel was asked for, or the lease is no longer current (lost, released,
        finished, deleted). A lease that merely ran out still is."""

    @abstractmethod
    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        """Take or renew a reader lease: while one is held, the response counts as read."""

    @abstractmethod
    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        """Give a reader lease back. Unknown ones are ignored."""

    @abstractmethod
    async def load(self) -> Load:
        """What waits and what runs now, of all tenants."""

    @abstractmethod
    async def queued(self, tenant: str) -> Queued:
        """How long the queue is. May be a second old; what was created here since is counted."""

    @abstractmethod
    async def oldest(self) -> float | None:
        """When the response was created that waits longest to be claimed, None where none does."""

    @property
    def lag(self) -> int:
        """Entries that the slowest of those who ``read`` here has still to take, of those that
        this process knows of."""
        return 0

    @abstractmethod
    async def expire(self) -> int:
        """Erase what has expired; returns how many responses that were.

        Also erases blobs that nothing refers to and that were put longer ago than ``BLOB_GRACE``;
        it may look for those but now and then, so one can stay for as long again.
        Nothing calls this by itself: the server does, now and then.
        """
