"""What ``heliograph doctor`` asks of the place where the blobs are.

A trial object is put, read and erased there.
"""

from __future__ import annotations

import secrets
import time

from heliograph.journal._base import Clock
from heliograph.journal._bucket import Bucket
from heliograph.journal._nats._blob_home import check_inside, check_outside
from heliograph.journal._nats._parts import Parts
from heliograph.journal.checkup import Finding, failed, fine, weak

__all__ = ["examine_blobs"]

TRIAL_BYTES = 256 * 1024
"""About what a picture has."""

SLOW_PUT_SECONDS = 1.0
"""A trial that takes longer makes pictures wait."""

SKEW_SECONDS = 5.0
"""Between this clock and the bucket's. S3 refuses what was signed 15 minutes ago."""


async def examine_blobs(parts: Parts, *, made: bool) -> list[Finding]:
    """``made``: the journal's streams are there. Raises ``JournalError`` for what does not work."""
    if parts.outside is None:
        await check_inside(parts.wire, parts.names)
        if not made:
            return []
        await parts.inside.open()
        return await _trial(parts.inside, parts.clock)
    await parts.outside.open()
    found = await check_outside(parts.wire, parts.names, parts.outside)
    told = [] if found.warning is None else [weak("blobs", found.warning)]
    return told + await _trial(parts.outside, parts.clock)


async def _trial(bucket: Bucket, clock: Clock) -> list[Finding]:
    key, data = f"trial-{secrets.token_hex(8)}", secrets.token_bytes(TRIAL_BYTES)
    began, before = time.perf_counter(), clock()
    await bucket.put(key, data)
    put, after = time.perf_counter(), clock()
    try:
        back = await bucket.get(key)
        got = time.perf_counter()
        known = await bucket.stat(key)
    finally:
        await bucket.delete(key)
    if back != data:
        return [failed("blobs", f"{bucket.where}: what was put comes back as something else")]
    if await bucket.stat(key) is not None:
        return [failed("blobs", f"{bucket.where}: what was erased is still there")]
    said = (
        f"{bucket.where}; {TRIAL_BYTES // 1024} kB are put in {(put - began) * 1000:.0f} ms and "
        f"read in {(got - put) * 1000:.0f} ms"
    )
    slow = put - began > SLOW_PUT_SECONDS
    told = [weak("blobs", f"{said}: pictures wait for it") if slow else fine("blobs", said)]
    if known is not None and known.modified is not None:
        told.append(_skew(before, after, known.modified))
    return told


def _skew(before: float, after: float, modified: float) -> Finding:
    """``modified`` is in whole seconds."""
    ahead = before - 1 - modified if modified < before - 1 else min(0.0, after - modified)
    if abs(ahead) < SKEW_SECONDS:
        return fine("blobs clock", "as this machine's")
    way = "before" if ahead > 0 else "behind"
    said = f"this machine's is {abs(ahead):.0f} s {way} the storage's"
    return weak("blobs clock", f"{said}, which refuses requests at 15 minutes; keep both by NTP")
