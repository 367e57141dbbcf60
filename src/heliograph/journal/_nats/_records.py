"""What is in the messages: log records, live records, jobs, keys, blobs. msgpack throughout.

Every log record carries what a glance at the last one must tell: whose the response is, its epoch,
takeovers, whether it runs, and its last sequence number.
"""

from __future__ import annotations

import secrets
from typing import Literal, TypeVar

import msgspec

from heliograph import errors
from heliograph.journal._base import Entry, Frame
from heliograph.journal._nats import _limits
from heliograph.journal._places import Holders
from heliograph.journal._readers import Readers

__all__ = [
    "BlobHome",
    "BlobRecord",
    "End",
    "Job",
    "KeyRecord",
    "Kind",
    "Live",
    "Made",
    "Patience",
    "PoolRecord",
    "Record",
    "Shared",
    "SweeperRecord",
    "Tip",
    "frame_of",
    "nonce_of",
    "pack",
    "unpack",
]

Patience = Literal["any", "background", "foreground"]
"""Which limit, if any, a job waits under: those of one are overdue in the order they came in."""

Kind = Literal["create", "claim", "release", "frame", "end", "tomb"]


class Record(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One message of a log.

    ``last_seq`` is the log's with this record, ``count`` the entries in it. ``body`` is what the
    kind needs more; ``overflow`` is the blob that holds it where it is too large for a message.
    """

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    kind: Kind
    tenant: str = ""
    epoch: int = 0
    takeovers: int = 0
    running: bool = False
    last_seq: int = -1
    count: int = 0
    at: float = 0.0
    body: bytes = b""
    overflow: str = ""

    @property
    def first(self) -> int:
        """The first entry's sequence number."""
        return self.last_seq - self.count + 1


class Tip(msgspec.Struct, frozen=True):
    """A log record with its stream sequence."""

    seq: int
    record: Record


class Made(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The body of ``create``."""

    request: bytes
    capabilities: tuple[str, ...]
    background: bool
    created_at: float
    expires_in: float | None
    key: str | None
    context: Entry | None
    opening: tuple[Entry, ...] = ()
    claim_within: float | None = None

    @property
    def claim_by(self) -> float | None:
        """When it is to be claimed for the first time."""
        return None if self.claim_within is None else self.created_at + self.claim_within


class End(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The body of ``end``. Its entries are the last frame."""

    entries: tuple[Entry, ...]
    snapshot: Entry
    finished_at: float
    expires_at: float | None
    cancel_requested: bool


class Live(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What changes about an open response beside its log: lease, cancel, readers.

    ``until`` is when the lease of ``epoch`` runs out (0 while queued); ``since`` when it was queued
    or claimed; ``at`` when this was written. All by the journal's clock.
    """

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    tenant: str
    capabilities: tuple[str, ...]
    created_at: float
    since: float
    epoch: int = 0
    until: float = 0.0
    cancel_requested: bool = False
    readers: dict[str, float] = {}
    lapsed: float = 0.0
    background: bool = False
    claim_by: float | None = None
    at: float = 0.0

    def suspect(self, now: float) -> bool:
        """Whether its lease has run out, or it has been queued for so long that one must look."""
        return self.until <= now if self.until else now - self.since >= _limits.ORPHAN_SECONDS

    def read_by(self) -> Readers:
        """Its reader leases, to look at or to change (``with_readers`` puts them back)."""
        return Readers(self.readers, self.lapsed)

    def with_readers(self, readers: Readers) -> Live:
        """The same with other reader leases."""
        return self.but(readers=readers.held, lapsed=readers.lapsed)

    def but(self, **changes: object) -> Live:
        """A new record to write."""
        return msgspec.structs.replace(self, nonce=secrets.token_bytes(12), **changes)


class Job(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is queued. ``born`` is its first record's place, for those of the same instant.

    ``patience`` is which of the queues of one deadline each it is in.
    """

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    response_id: str
    created_at: float
    capabilities: tuple[str, ...]
    born: int = 0
    tenant: str = ""
    patience: Patience = "any"
    claim_by: float | None = None

    @classmethod
    def of(cls, response_id: str, live: Live, born: int) -> Job:
        """The job of an open response."""
        patience: Patience = "background" if live.background else "foreground"
        return cls(
            response_id=response_id,
            created_at=live.created_at,
            capabilities=live.capabilities,
            born=born,
            tenant=live.tenant,
            patience="any" if live.claim_by is None else patience,
            claim_by=live.claim_by,
        )


class KeyRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What an idempotency key leads to."""

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    response_id: str
    digest: str
    at: float


class SweeperRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Who sweeps, until when."""

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    owner: str
    until: float


class PoolRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Who has the places of a pool."""

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    pool: str
    holders: Holders


class BlobRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A blob was put at ``at``; ``dying``: it is being erased unless someone refers to it."""

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    size: int
    at: float
    dying: bool = False


class BlobHome(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The blobs of ``journal``, a name made at random, are ``where``."""

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    journal: str
    where: str


class Shared(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A record of the register."""

    nonce: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(12))
    data: bytes


T = TypeVar("T")
_encoder = msgspec.msgpack.Encoder()
pack = _encoder.encode


def unpack(data: bytes, kind: type[T]) -> T:
    """Raises ``JournalError`` where the bytes are not what ``pack`` made."""
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.MsgspecError as exc:
        raise errors.JournalError(f"a stored {kind.__name__} is damaged: {exc}") from exc


def nonce_of(data: bytes) -> bytes | None:
    """The nonce of any packed record: what it begins with. None for foreign bytes."""
    # An array's head is one byte up to 15 fields; then a byte string of 12: 0xc4 0x0c.
    return data[3:15] if len(data) >= 15 and data[1:3] == b"\xc4\x0c" else None


def frame_of(record: Record, entries: tuple[Entry, ...]) -> Frame:
    """The frame in a record; an opening is nobody's."""
    return Frame(record.first, 0 if record.kind == "create" else record.epoch, entries)
