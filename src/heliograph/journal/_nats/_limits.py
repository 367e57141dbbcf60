"""Every bound of the NATS journal, by name, in one place; seconds of real time where not said."""

from __future__ import annotations

__all__ = [
    "ACK_WAIT",
    "BATCH_SECONDS",
    "BLOB_CHUNK_BYTES",
    "CALL_SECONDS",
    "COUNT_SECONDS",
    "ERASE_AT_ONCE",
    "HINTS",
    "KEY_MAX_AGE",
    "LEAVE_SECONDS",
    "LOOK_SECONDS",
    "MAX_SHARDS",
    "ORPHAN_SECONDS",
    "PAGES_AT_ONCE",
    "PAYLOAD_MARGIN",
    "PEERS_SECONDS",
    "POLL_SECONDS",
    "QUIET_SECONDS",
    "RETRY_SECONDS",
    "SETTLE_SECONDS",
    "SILENCE_SECONDS",
    "STOP_SECONDS",
    "SWEEPER_SECONDS",
    "SWEEP_SECONDS",
    "TAIL_PENDING_BYTES",
    "TAIL_PENDING_MESSAGES",
    "WRITE_SECONDS",
]

CALL_SECONDS = 3.0
"""For one request to the servers to be answered, before it counts as unanswered."""

COUNT_SECONDS = 0.5
"""Between countings of the queue; the servers name every job that waits, about 150 bytes each."""

WRITE_SECONDS = 30.0
"""For a write or a read to come to its verdict over all attempts; a leader's failover takes ten."""

PEERS_SECONDS = 10.0
"""For servers that have just come up to find each other, before too few are too few."""

RETRY_SECONDS = 0.1
"""Between attempts."""

BATCH_SECONDS = 3.0
"""For the next message of a batch to come."""

LEAVE_SECONDS = 5.0
"""Without an answer from a server before another is tried; less than a lease."""

PAYLOAD_MARGIN = 4096
"""Bytes of the servers' ``max_payload`` left for headers and the record's own fields."""

MAX_SHARDS = 256
"""Event streams at most: a response's id has two hexadecimal digits for its stream."""

ACK_WAIT = 10.0
"""For a worker that was handed a job to claim it, before another is handed it."""

LOOK_SECONDS = 0.02
"""For a job that was just queued to reach the queue's consumer, per replica."""

POLL_SECONDS = 1.0
"""Between looks into the queue of a claimer that nothing wakes."""

QUIET_SECONDS = 3.5
"""For which an open response's record was not written before a sweep must come to it: longer than
owners take to renew their leases (journal's clock)."""

SWEEP_SECONDS = 1.0
"""Between looks for leases that ran out and jobs that are missing."""

SWEEPER_SECONDS = 5.0
"""For which one process is the one that sweeps (journal's clock)."""

ORPHAN_SECONDS = 10.0
"""After which what a broken ``create`` left behind is put right (journal's clock)."""

SETTLE_SECONDS = 0.25
"""After which a new tail is compared with its log: not every server knew it at once."""

STOP_SECONDS = 5.0
"""For what is under way to come through at a stop, and a second more to give up the leases."""

SILENCE_SECONDS = 5.0
"""After which a silent tail is compared with its log: a lost last event shows no gap."""

TAIL_PENDING_MESSAGES = 1024
"""Messages of one tail on their way; what is over is dropped and read from the log."""

TAIL_PENDING_BYTES = 2 * 1024 * 1024
"""Bytes of those."""

PAGES_AT_ONCE = 32
"""Looks into stored logs at the same time: a lost connection is a gap for every tail at once."""

HINTS = 4096
"""Places in logs that are remembered, so that a reader goes on where it was."""

KEY_MAX_AGE = 25 * 3600
"""After which the servers forget an idempotency key by themselves."""

BLOB_CHUNK_BYTES = 512 * 1024
"""Of one chunk in the object store."""

ERASE_AT_ONCE = 16
"""Responses that ``expire`` erases at the same time."""
