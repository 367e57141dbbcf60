"""Every bound of the S3 bucket, by name, in one place."""

from __future__ import annotations

__all__ = [
    "CONNECT_SECONDS",
    "MOST_BACKOFF_SECONDS",
    "PARTS_AT_ONCE",
    "PART_BYTES",
    "PATIENCE_SECONDS",
    "REQUEST_SECONDS",
    "SILENCE_SECONDS",
    "TRANSFERS_AT_ONCE",
    "TRIES",
]

CONNECT_SECONDS = 3.0
"""For a connection to come up."""

SILENCE_SECONDS = 20.0
"""For the next bytes of an answer to come, and for one part to be taken."""

REQUEST_SECONDS = 120.0
"""For one request with its whole answer: 256 MB at 2 MB a second."""

PATIENCE_SECONDS = 30.0
"""After which a call that failed is not tried again; as long as a write to NATS."""

TRIES = 100
"""Tries of one call at most; ``PATIENCE_SECONDS`` end them before."""

MOST_BACKOFF_SECONDS = 2.0
"""Between tries; it doubles from a tenth of a second."""

PART_BYTES = 5 * 1024 * 1024
"""Of one part of an upload, the least that S3 takes; what is larger goes in parts."""

PARTS_AT_ONCE = 4
"""Parts of one upload under way."""

TRANSFERS_AT_ONCE = 32
"""Objects on their way at once, to and fro; others wait."""
