"""Append-only fenced event log, job queue and blobs; one contract, several stores."""

import importlib
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
    from heliograph.journal._s3 import S3Bucket, S3Login

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
    "S3Bucket",
    "S3Login",
    "Share",
    "SqliteJournal",
    "Watcher",
]


_EXTRAS = {
    "Login": ("_nats", "nats", "the journal on NATS"),
    "NatsJournal": ("_nats", "nats", "the journal on NATS"),
    "S3Bucket": ("_s3", "obstore", "blobs in S3"),
    "S3Login": ("_s3", "obstore", "blobs in S3"),
}


def __getattr__(name: str) -> Any:
    if name not in _EXTRAS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    inside, package, what = _EXTRAS[name]
    try:
        module = importlib.import_module(f"heliograph.journal.{inside}")
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != package:
            raise
        raise errors.MissingExtra(what, inside[1:]) from None
    return getattr(module, name)
