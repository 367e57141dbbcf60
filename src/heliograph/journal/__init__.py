"""Append-only fenced event log, job queue and blobs; one contract, several stores."""

from heliograph.journal._base import (
    BlobRef,
    BlobStore,
    Created,
    Entry,
    Frame,
    Journal,
    Lease,
    LeaseState,
    NewResponse,
    Record,
)

__all__ = [
    "BlobRef",
    "BlobStore",
    "Created",
    "Entry",
    "Frame",
    "Journal",
    "Lease",
    "LeaseState",
    "NewResponse",
    "Record",
]
