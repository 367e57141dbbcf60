"""Where a journal's blobs are: a record here says it, and a mark in the bucket says whose it is.

Blobs are named by their content, so two journals in one place would erase each other's; and a
server that has another bucket in its file than the others would show streams without pictures.
"""

from __future__ import annotations

import logging
import secrets

import msgspec

from heliograph import errors
from heliograph.journal._bucket import Bucket, BucketFault, MissingObject
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import BlobHome, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire

__all__ = ["MARK", "check_inside", "check_outside", "settle"]

log = logging.getLogger("heliograph.journal")

MARK = "journal"
"""The object that names the journal whose blobs are beside it."""


class Found(msgspec.Struct, frozen=True):
    """What record and mark say. ``warning`` is for an operator."""

    known: BlobHome | None
    seq: int
    mark: str | None
    warning: str | None


async def check_inside(wire: Wire, names: Names) -> None:
    """Raises ``JournalError`` where the blobs are not in the object store of the nats-servers."""
    known, _ = await _known(wire, names)
    if known is not None:
        raise errors.JournalError(
            f"the blobs of this journal are in {known.where}; say so in [journal.blobs]"
        )


async def _known(wire: Wire, names: Names) -> tuple[BlobHome | None, int]:
    """The record, and its stream sequence; there is none while blobs have always been in NATS."""
    stored = await wire.last(names.refs, names.blob_home())
    return (None, 0) if stored is None else (unpack(stored.data, BlobHome), stored.seq)


async def check_outside(wire: Wire, names: Names, bucket: Bucket) -> Found:
    """Whether the bucket is this journal's, or can be. Raises ``JournalError`` where not."""
    try:
        mark = (await bucket.get(MARK)).decode(errors="replace")
    except MissingObject:
        mark = None
    known, seq = await _known(wire, names)  # after the mark, which is written after it
    if mark is None:
        stored = await wire.next(names.refs, names.blob("*"), 1) is not None
        return Found(known, seq, mark, _judge_unmarked(known, bucket.where, stored=stored))
    if known is None or known.journal != mark:
        raise errors.JournalError(
            f"{bucket.where} holds the blobs of another journal, and two would erase each other's; "
            f"set journal.blobs.prefix to one that is free (the object {MARK!r} there says whose)"
        )
    return Found(known, seq, mark, None)


def _judge_unmarked(known: BlobHome | None, where: str, *, stored: bool) -> str | None:
    """What it means that the bucket has no mark: a warning, or None for a new one."""
    if known is None or not stored:
        return None
    if known.where != where:
        raise errors.JournalError(
            f"the blobs of this journal are in {known.where}, and {where} has none of them; set "
            f"journal.blobs back, or copy all objects there first, {MARK!r} too"
        )
    return (
        f"{where} has lost the object {MARK!r}: pictures may be lost too; does a lifecycle rule "
        "erase there?"
    )


async def settle(wire: Wire, names: Names, bucket: Bucket) -> None:
    """At the start: the bucket is this journal's, and is marked so.

    Raises ``JournalError`` where it is not, or refuses. One that is away is a warning: what has no
    picture goes on.
    """
    try:
        await _settle(wire, names, bucket)
    except BucketFault as exc:
        if not exc.away:
            raise
        log.warning("pictures cannot be stored or shown for now: %s", exc)


async def _settle(wire: Wire, names: Names, bucket: Bucket) -> None:
    while True:
        found = await check_outside(wire, names, bucket)
        known = found.known
        if known is None or known.where != bucket.where:
            journal = secrets.token_hex(16) if known is None else known.journal
            known = BlobHome(journal=journal, where=bucket.where)
            try:
                await wire.put(names.refs, names.blob_home(), pack(known), found.seq, only=True)
            except Conflict:
                continue
        if found.warning is not None:
            log.warning("%s", found.warning)
        if found.mark is None:
            await bucket.put(MARK, known.journal.encode())
        return
