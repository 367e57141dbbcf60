"""The records that a migration writes. No I/O.

A record's nonce is made from what it says, so that whoever writes it again knows it for its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import msgspec

from heliograph.journal._base import Frame
from heliograph.journal._frames import pack_entries
from heliograph.journal._moved import Moved, Unmovable
from heliograph.journal._nats._records import End, Made, Record, pack, unpack

__all__ = ["create", "frame_record", "joined", "last", "made", "nonce_for", "signed"]


def made(moved: Moved) -> Made:
    """The body of its ``create``."""
    new = moved.new
    return Made(
        request=new.request,
        capabilities=new.capabilities,
        background=new.background,
        created_at=moved.record.created_at,
        expires_in=new.expires_in,
        key=new.idempotency_key,
        context=new.context,
        opening=new.opening,
        claim_within=new.claim_within,
        priority=new.priority,
        raise_after=new.raise_after,
    )


def create(moved: Moved) -> Record:
    opening = moved.new.opening
    record = Record(
        kind="create",
        tenant=moved.new.tenant,
        last_seq=len(opening) - 1,
        count=len(opening),
        at=moved.record.created_at,
        body=pack(made(moved)),
    )
    return signed(moved.new.response_id, record)


def frame_record(moved: Moved, frame: Frame) -> Record:
    """A frame of its log."""
    record = Record(
        kind="frame",
        tenant=moved.new.tenant,
        epoch=frame.epoch,
        takeovers=moved.record.takeovers,
        running=True,
        last_seq=frame.last,
        count=len(frame.entries),
        at=moved.record.created_at,
        body=pack_entries(frame.entries),
    )
    return signed(moved.new.response_id, record)


def last(moved: Moved) -> Record:
    """The record that its log ends in: its end, who has claimed it, or that nobody has."""
    new, kept = moved.new, moved.record
    record = Record(
        kind="release",
        tenant=new.tenant,
        epoch=kept.epoch,
        takeovers=kept.takeovers,
        last_seq=kept.last_seq,
        at=kept.created_at,
    )
    if kept.state == "finished":
        if kept.snapshot is None or kept.finished_at is None:
            raise Unmovable("it has ended without a snapshot: the database is damaged")
        end = End(
            entries=(),
            snapshot=kept.snapshot,
            finished_at=kept.finished_at,
            expires_at=kept.expires_at,
            cancel_requested=kept.cancel_requested,
        )
        record = msgspec.structs.replace(record, kind="end", at=end.finished_at, body=pack(end))
    elif kept.epoch == 0:
        return create(moved)
    elif kept.state == "running":
        body = moved.worker.encode()
        record = msgspec.structs.replace(record, kind="claim", running=True, body=body)
    return signed(new.response_id, record)


def signed(response_id: str, record: Record) -> Record:
    nonce = nonce_for(response_id, record, record.body)
    return msgspec.structs.replace(record, nonce=nonce)


def nonce_for(response_id: str, record: Record, body: bytes) -> bytes:
    """Made from all that a record says, wherever its body is.

    But for the idempotency key, which the source forgets while the response stays.
    """
    if record.kind == "create":
        body = pack(msgspec.structs.replace(unpack(body, Made), key=None))
    said = msgspec.structs.replace(record, nonce=b"", body=body, overflow="")
    return hashlib.sha256(pack((response_id, said))).digest()[:12]


async def joined(frames: AsyncIterator[Frame], room: int) -> AsyncIterator[Frame]:
    """Frames of one epoch as one, as far as ``room`` bytes go: a message each would be slow."""
    held: Frame | None = None
    size = 0
    async for frame in frames:
        more = _size(frame)
        if held is not None and held.epoch == frame.epoch and size + more <= room:
            held = Frame(held.first, held.epoch, held.entries + frame.entries)
            size += more
            continue
        if held is not None:
            yield held
        held, size = frame, more
    if held is not None:
        yield held


def _size(frame: Frame) -> int:
    """In bytes, and a little more."""
    return sum(len(one.data) + len(one.note) + 96 * (len(one.blobs) + 1) for one in frame.entries)
