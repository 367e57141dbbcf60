"""What a migration writes: responses as another journal had them, record by record.

A log whose last record has a nonce that is made from it (``_brought``) was written by a migration,
and by nobody else since: it is gone on with behind that record. Until ``queue`` there is no live
record and no job, so that neither a worker nor a sweeper sees a log that is half written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._base import Entry, Frame
from heliograph.journal._moved import Blob, Fate, Log, Moved, Unmovable
from heliograph.journal._nats import _brought
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import Live, Record, Tip
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
        last = _brought.last(moved)
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
        if tip is None or tip.record.nonce != _brought.last(moved).nonce:
            return False
        live = Live(
            tenant=new.tenant,
            capabilities=new.capabilities,
            created_at=record.created_at,
            since=self._clock(),
            epoch=record.epoch,
            cancel_requested=record.cancel_requested,
            background=new.background,
            claim_by=_brought.made(moved).claim_by,
            priority=new.priority,
            raise_after=new.raise_after,
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
                await self._logs.write(response_id, 0, _brought.signed(response_id, tomb))
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
        if first is None or first.record.nonce != _brought.create(moved).nonce:
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
        if there.nonce == _brought.nonce_for(moved.new.response_id, there, body):
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
            tip = await self._logs.write(response_id, 0, _brought.create(moved))
        room = min(bounds.MOVED_FRAME_BYTES, self._wire.info["max_payload"] // 2)
        async for frame in _brought.joined(log(tip.record.last_seq), room):
            tip = await self._logs.write(response_id, tip.seq, _brought.frame_record(moved, frame))
        if tip.record.nonce != last.nonce:
            await self._logs.write(response_id, tip.seq, last)


async def _entries(frames: AsyncIterator[Frame]) -> AsyncIterator[Entry]:
    async for frame in frames:
        for one in frame.entries:
            yield one
