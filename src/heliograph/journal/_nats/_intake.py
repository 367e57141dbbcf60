"""What a migration writes: responses as another journal had them, record by record.

A record's nonce is made from what it says, so that whoever writes it again knows it for its own: a
log that ends in such a record was written by a migration, and by nobody else since. Before that
record nothing is compared; behind it the log goes on. Until ``queue`` there is no live record and
no job, so that neither a worker nor a sweeper sees a log that is half written.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._base import Entry, Frame
from heliograph.journal._frames import pack_entries
from heliograph.journal._moved import Blob, Fate, Log, Moved, Unmovable
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import End, Live, Made, Record, Tip, pack, unpack
from heliograph.journal._nats._wire import Conflict

__all__ = ["Intake"]

_DIFFERENT = "something else is there under this id; nothing was changed"


class Intake:
    """See the module, and ``_moved.Target``."""

    def __init__(self, parts: Parts, owners: Owners) -> None:
        self._wire = parts.wire
        self._names = parts.names
        self._clock = parts.clock
        self._logs = parts.logs
        self._lives = parts.lives
        self._blobs = parts.blobs
        self._kept = parts.kept
        self._owners = owners
        self._slots = asyncio.Semaphore(bounds.MOVED_BLOBS_AT_ONCE)

    async def take(self, moved: Moved, log: Log, blob: Blob) -> Fate:
        """See ``Target.take``."""
        response_id = moved.new.response_id
        tip = await self._tip(response_id)
        if tip is not None and tip.record.kind == "tomb":
            return "erased"
        due = moved.record.expires_at
        if tip is None and due is not None and due <= self._clock():
            return "expired"
        last = _last(moved)
        whole = tip is not None and tip.record.nonce == last.nonce
        if tip is not None and not (whole and last.kind == "end"):
            # Only an end says all of its log: that is in its snapshot.
            await self._check(moved, tip, log)
            if not whole and not await self._ours(moved, tip):
                return "there"
        key_seq = await self._key(moved)
        if not whole:
            try:
                await self._write(moved, tip, last, log, blob)
            except Conflict:
                raise Unmovable("it is being written there; run this again") from None
            finally:
                self._blobs.left(response_id)
        # A migration may have been killed just here.
        if due is not None:
            await self._kept.until(response_id, due)
        if key_seq is not None:
            await self._reserve(moved, key_seq)
        return "there" if whole else "brought"

    async def queue(self, moved: Moved) -> bool:
        """See ``Target.queue``."""
        new, record = moved.new, moved.record
        tip = await self._tip(new.response_id)
        if tip is None or tip.record.nonce != _last(moved).nonce:
            return False
        live = Live(
            tenant=new.tenant,
            capabilities=new.capabilities,
            created_at=record.created_at,
            since=self._clock(),
            epoch=record.epoch,
            cancel_requested=record.cancel_requested,
            background=new.background,
            claim_by=_made(moved).claim_by,
        )
        with suppress(Conflict):  # from an earlier run
            await self._lives.write(new.response_id, live, 0)
        await self._owners.queue_anew(new.response_id, live, redo=record.epoch > 0)
        return True

    async def bury(self, response_id: str, erased_at: float) -> None:
        """See ``Target.bury``."""
        tip = await self._tip(response_id)
        if tip is not None and tip.record.kind != "tomb":
            raise Unmovable("it was erased in the folder, and is there; delete it there")
        if tip is None:
            tomb = Record(kind="tomb", epoch=1, at=erased_at)
            await self._kept.tombstone(response_id, erased_at)
            try:
                await self._logs.write(response_id, 0, _signed(response_id, tomb))
            except Conflict:
                raise Unmovable("it is being written there; run this again") from None

    async def _tip(self, response_id: str) -> Tip | None:
        try:
            return await self._logs.tip(response_id)
        except errors.UnknownResponse:
            raise Unmovable("an id has letters, digits, _ - = only, up to 120") from None

    # -- what is there already

    async def _check(self, moved: Moved, tip: Tip, log: Log) -> None:
        """Raises ``Unmovable`` unless both logs hold the same, as far as both go."""
        first = await self._logs.first(moved.new.response_id)
        if first is None or first.record.nonce != _create(moved).nonce:
            raise Unmovable(_DIFFERENT)
        last = tip.record.last_seq
        here, there = _entries(log(-1)), _entries(self._frames(moved, last))
        for _ in range(min(last, moved.record.last_seq) + 1):
            if await anext(here) != await anext(there):
                raise Unmovable(_DIFFERENT)

    async def _ours(self, moved: Moved, tip: Tip) -> bool:
        """Whether what is there is a migration's, to be gone on with.

        False where it has gone on there. Raises ``Unmovable`` where it has gone on here as well.
        """
        record, there = moved.record, tip.record
        body = await self._logs.body(there)
        if there.nonce == _nonce(moved.new.response_id, there, body):
            if there.kind != "end" and there.last_seq <= record.last_seq:
                return True
        elif record.state != "finished" and there.last_seq >= record.last_seq:
            return False
        raise Unmovable("it has gone on there, and in the folder too; nothing was changed")

    async def _frames(self, moved: Moved, last: int) -> AsyncIterator[Frame]:
        after = -1
        while after < last:
            page = await self._logs.page(moved.new.tenant, moved.new.response_id, after)
            for frame in page.frames:
                yield frame
                after = frame.last

    async def _key(self, moved: Moved) -> int | None:
        """Behind which sequence its idempotency key is to be written; None where it need not be."""
        new = moved.new
        if new.idempotency_key is None or moved.keyed_at is None:
            return None
        known, seq = await self._kept.key(new.tenant, new.idempotency_key)
        if known is not None and known.response_id != new.response_id:
            raise Unmovable(f"its Idempotency-Key leads to {known.response_id} there")
        return seq if known is None else None

    async def _reserve(self, moved: Moved, expected: int) -> None:
        new = moved.new
        try:
            await self._kept.reserve(
                new.tenant,
                new.idempotency_key or "",
                new.response_id,
                new.body_digest,
                expected,
                moved.keyed_at,
            )
        except Conflict:
            raise Unmovable("its Idempotency-Key was used there just now") from None

    # -- what is written

    async def _write(
        self, moved: Moved, tip: Tip | None, last: Record, log: Log, blob: Blob
    ) -> None:
        """The records behind ``tip``, the pictures first. Raises ``Conflict``."""
        response_id = moved.new.response_id
        for sha256 in moved.blobs:
            async with self._slots:
                await self._blobs.put(await blob(sha256))
        await self._blobs.refer(response_id, moved.blobs)
        if tip is None:
            tip = await self._logs.write(response_id, 0, _create(moved))
        room = min(bounds.MOVED_FRAME_BYTES, self._wire.info["max_payload"] // 2)
        async for frame in _joined(log(tip.record.last_seq), room):
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
            tip = await self._logs.write(response_id, tip.seq, _signed(response_id, record))
        if tip.record.nonce != last.nonce:
            await self._logs.write(response_id, tip.seq, last)


def _made(moved: Moved) -> Made:
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
    )


def _create(moved: Moved) -> Record:
    opening = moved.new.opening
    record = Record(
        kind="create",
        tenant=moved.new.tenant,
        last_seq=len(opening) - 1,
        count=len(opening),
        at=moved.record.created_at,
        body=pack(_made(moved)),
    )
    return _signed(moved.new.response_id, record)


def _last(moved: Moved) -> Record:
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
        return _create(moved)
    elif kept.state == "running":
        body = moved.worker.encode()
        record = msgspec.structs.replace(record, kind="claim", running=True, body=body)
    return _signed(new.response_id, record)


def _signed(response_id: str, record: Record) -> Record:
    nonce = _nonce(response_id, record, record.body)
    return msgspec.structs.replace(record, nonce=nonce)


def _nonce(response_id: str, record: Record, body: bytes) -> bytes:
    """Made from all that a record says, wherever its body is.

    But for the idempotency key, which the source forgets while the response stays.
    """
    if record.kind == "create":
        body = pack(msgspec.structs.replace(unpack(body, Made), key=None))
    said = msgspec.structs.replace(record, nonce=b"", body=body, overflow="")
    return hashlib.sha256(pack((response_id, said))).digest()[:12]


async def _joined(frames: AsyncIterator[Frame], room: int) -> AsyncIterator[Frame]:
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


async def _entries(frames: AsyncIterator[Frame]) -> AsyncIterator[Entry]:
    async for frame in frames:
        for one in frame.entries:
            yield one
