"""Append-only fenced event log, job queue and blobs; one contract, several stores."""

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
    Record,
)
from heliograph.journal._limits import MAX_BLOB_BYTES, MAX_FRAME_BYTES, MAX_FRAME_ENTRIES
from heliograph.journal._memory import MemoryJournal
from heliograph.journal._sqlite import SqliteJournal

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
    "MemoryJournal",
    "NewResponse",
    "Record",
    "SqliteJournal",
    "Watcher",
]
