"""Every bound of the journal, by name, in one place."""

from __future__ import annotations

__all__ = [
    "BLOB_CACHE_BYTES",
    "BLOB_GRACE",
    "DIGEST_INLINE_BYTES",
    "ERASE_BATCH",
    "GRANT_SECONDS",
    "GREETING_SECONDS",
    "IDEMPOTENCY_TTL",
    "MAX_BLOB_BYTES",
    "MAX_CALLS",
    "MAX_CALL_BYTES",
    "MAX_COMMIT_BYTES",
    "MAX_COMMIT_CALLS",
    "MAX_FRAME_BYTES",
    "MAX_FRAME_ENTRIES",
    "MAX_MESSAGE_BYTES",
    "MOVED_AT_ONCE",
    "MOVED_BLOBS_AT_ONCE",
    "MOVED_FRAME_BYTES",
    "READ_PAGE_BYTES",
    "READ_PAGE_FRAMES",
    "TOMBSTONE_TTL",
    "WINDOW_BYTES",
    "WINDOW_FRAMES",
]

MAX_FRAME_ENTRIES = 4096
"""Entries in one frame; a burst that is longer goes as several appends."""

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""Bytes of one frame's entries, of one request, of one snapshot (pictures not counted)."""

MAX_BLOB_BYTES = 256 * 1024 * 1024
"""Bytes of one blob."""

IDEMPOTENCY_TTL = 24 * 3600.0
"""Seconds for which an idempotency key leads to the response that it made."""

TOMBSTONE_TTL = 24 * 3600.0
"""Seconds for which the id of an erased response cannot be used again."""

BLOB_GRACE = 3600.0
"""Seconds for which a blob that nothing refers to is kept: its entry may be on its way."""

WINDOW_FRAMES = 64
"""Newest frames of a followed response that are kept in memory, shared by all who follow it."""

WINDOW_BYTES = 256 * 1024
"""Bytes of those frames; a reader who falls behind them reads the stored log."""

READ_PAGE_FRAMES = 256
"""Frames that one look into the stored log returns at most."""

READ_PAGE_BYTES = 512 * 1024
"""Bytes after which such a look stops (one frame is always returned)."""

MAX_COMMIT_CALLS = 2048
"""Calls that share one commit at most."""

MAX_COMMIT_BYTES = 32 * 1024 * 1024
"""Bytes of entries after which a commit takes no further call."""

BLOB_CACHE_BYTES = 32 * 1024 * 1024
"""Bytes of the most recently used blobs kept in memory, all responses together."""

DIGEST_INLINE_BYTES = 1024 * 1024
"""Bytes whose digest is worked out on the event loop; of more, in a thread."""

ERASE_BATCH = 64
"""Responses or blobs that ``expire`` erases in one go, so that appends can pass in between."""

MAX_MESSAGE_BYTES = 4 * MAX_FRAME_BYTES
"""Bytes of one message between a journal and a worker process: a record holds three such bodies."""

MAX_CALLS = 4096
"""Calls of one worker process that are under way at once; more are refused."""

MAX_CALL_BYTES = 64 * 1024 * 1024
"""Bytes of such calls; past it, no more is read from that process until some are answered."""

MOVED_AT_ONCE = 16
"""Responses that a migration brings at the same time."""

MOVED_BLOBS_AT_ONCE = 2
"""Pictures in memory for that, each up to ``MAX_BLOB_BYTES``."""

MOVED_FRAME_BYTES = 128 * 1024
"""Bytes of the frames that a migration writes as one."""

GREETING_SECONDS = 10.0
"""Seconds in which a journal must answer a worker process that has connected."""

GRANT_SECONDS = 2.0
"""Seconds in which a worker process must take a lease that it claimed; else others can have it."""
