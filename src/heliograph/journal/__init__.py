"""Append-only fenced event log, job queue and blobs; one contract, several stores."""

from typing import TYPE_CHECKING, Any

from heliograph import errors
from heliograph.journal._attached import SOCKET, AttachedJournal, JournalHost, Watcher
from heliograph.journal._base import (
    BlobRef,
    BlobStore,
    Clock,
    Created,
    Entry,
    Frame,
    Journal,
    Lease,
    LeaseState,
    Load,
    NewResponse,
    Queued,
    Record,
    Register,
)
from heliograph.journal._limits import MAX_BLOB_BYTES, MAX_FRAME_BYTES, MAX_FRAME_ENTRIES
from heliograph.journal._memory import MemoryJournal
from heliograph.journal._places import Places, Share
from heliograph.journal._sqlite import SqliteJournal

if TYPE_CHECKING:
    from heliograph.journal._nats import Login, NatsJournal

__all__ = [
    "MAX_BLOB_BYTES",
    "MAX_FRAME_BYTES",
    "MAX_FRAME_ENTRIES",
    "SOCKET",
    "AttachedJournal",
    "BlobRef",
    "BlobStore",
    "Clock",
    "Created",
    "Entry",
    "Frame",
    "Journal",
    "JournalHost",
    "Lease",
    "LeaseState",
    "Load",
    "Login",
    "MemoryJournal",
    "NatsJournal",
    "NewResponse",
    "Places",
    "Queued",
    "Record",
    "Register",
    "Share",
    "SqliteJournal",
    "Watcher",
]


def __getattr__(name: str) -> Any:
    if name not in ("Login", "NatsJournal"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from heliograph.journal import _nats
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != "nats":
            raise
        raise errors.MissingExtra("the journal on NATS", "nats") from None
    return getattr(_nats, name)
