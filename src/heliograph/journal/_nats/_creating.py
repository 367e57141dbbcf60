"""``create``: the idempotency key, the live record, the log's first record, then the job.

Nothing here is atomic. What a crash leaves behind is put right by the sweeper (it knows every live
record), or by the next call with the same key.
"""

from __future__ import annotations

import asyncio

from heliograph import errors
from heliograph.journal._base import Created, NewResponse
from heliograph.journal._nats import _limits
from heliograph.journal._nats._claims import lease_of
from heliograph.journal._nats._lives import Known
from heliograph.journal._nats._owners import Held, Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import Job, Live, Made, Record, Tip, pack
from heliograph.journal._nats._wire import Conflict

__all__ = ["Creating"]


class Creating:
    """See the module."""

    def __init__(self, parts: Parts, owners: Owners) -> None:
        self._clock = parts.clock
        self._names = parts.names
        self._logs = parts.logs
        self._lives = parts.lives
        self._queue = parts.queue
        self._blobs = parts.blobs
        self._kept = parts.kept
        self._owners = owners

    async def create(self, new: NewResponse) -> Created:
        """See ``Journal.create``."""
        try:
            self._names.shard(new.response_id)
        except errors.UnknownResponse as exc:
            raise errors.JournalError(
                f"response id {new.response_id!r}: letters, digits, _ - = only, up to 120"
            ) from exc
        if new.idempotency_key is not None:
            known = await self._reserve(new, new.idempotency_key)
            if known is not None:
                return Created(known, fresh=False)
        try:
            return await self._create(new)
        except _UsedBefore:
            await self._free_key(new)
            raise errors.JournalError(f"response id {new.response_id!r} was used before") from None
        except errors.JournalError:
            # It may have been made all the same: then the key leads to it.
            if not await self._exists(new.tenant, new.response_id):
                await self._free_key(new)
            raise

    async def keyed(self, tenant: str, key: str, digest: str) -> str | None:
        """See ``Journal.keyed``. A key is there before its response, which may never come."""
        known = await self._kept.keyed(tenant, key, digest)
        return known if known is not None and await self._exists(tenant, known) else None

    async def _free_key(self, new: NewResponse) -> None:
        if new.idempotency_key is not None:
            await self._kept.forget_key(new.tenant, new.idempotency_key, new.response_id)

    async def _exists(self, tenant: str, response_id: str) -> bool:
        tip = await self._logs.tip(response_id)
        return tip is not None and tip.record.kind != "tomb" and tip.record.tenant == tenant

    async def _reserve(self, new: NewResponse, key: str) -> str | None:
        """What the key leads to already; None once it leads to ``new``."""
        waited = 0.0
        while True:
            record, seq = await self._kept.key(new.tenant, key)
            if record is not None:
                if record.digest != new.body_digest:
                    raise errors.IdempotencyConflict(key)
                if await self._exists(new.tenant, record.response_id):
                    return record.response_id
                if record.response_id == new.response_id:
                    return None
                # Who has the key is at it, or has died before it wrote the log.
                if waited < _limits.CALL_SECONDS:
                    waited += _limits.RETRY_SECONDS
                    await asyncio.sleep(_limits.RETRY_SECONDS)
                    continue
            try:
                await self._kept.reserve(new.tenant, key, new.response_id, new.body_digest, seq)
            except Conflict:
                continue
            return None

    async def _create(self, new: NewResponse) -> Created:
        kept = [*new.opening, *([] if new.context is None else [new.context])]
        refs = {ref.sha256 for entry in kept for ref in entry.blobs}
        await self._blobs.check(refs)
        now = self._clock()
        created_at = now if new.created_at is None else new.created_at
        made = Made(
            request=new.request,
            capabilities=new.capabilities,
            background=new.background,
            created_at=created_at,
            expires_in=new.expires_in,
            key=new.idempotency_key,
            context=new.context,
            opening=new.opening,
            claim_within=new.claim_within,
            priority=new.priority,
            raise_after=new.raise_after,
        )
        claimed = new.claim_as is not None
        record = Record(
            kind="create",
            tenant=new.tenant,
            epoch=int(claimed),
            running=claimed,
            last_seq=len(new.opening) - 1,
            count=len(new.opening),
            at=now,
            body=pack(made),
        )
        live = Live(
            tenant=new.tenant,
            capabilities=new.capabilities,
            created_at=created_at,
            since=now,
            epoch=int(claimed),
            until=now + new.claim_seconds if claimed else 0.0,
            background=new.background,
            claim_by=made.claim_by,
            priority=new.priority,
            raise_after=new.raise_after,
        )
        async with self._owners.turn(new.response_id):
            known, alone = await self._open(new.response_id, live)
            tip = await self._write(new, record, refs, alone)
            if new.claim_as is not None:
                self._owners.held[new.response_id] = Held(tip, known)
                until = now + new.claim_seconds
                lease = lease_of(new.response_id, record, made, new.claim_as, until)
                return Created(new.response_id, fresh=True, lease=lease)
        await self._queue.submit(Job.of(new.response_id, live), redo=False)
        return Created(new.response_id, fresh=True)

    async def _open(self, response_id: str, live: Live) -> tuple[Known, bool]:
        """The live record, and whether there was none.

        One without a log is of a ``create`` that has died, or is at it: then the log decides.
        """
        expected = 0
        while True:
            try:
                return await self._lives.write(response_id, live, expected), not expected
            except Conflict:
                known = await self._lives.read(response_id)
                if known is not None and await self._logs.tip(response_id) is not None:
                    raise _UsedBefore from None
                expected = 0 if known is None else known[1]

    async def _write(self, new: NewResponse, record: Record, refs: set[str], alone: bool) -> Tip:
        try:
            await self._blobs.refer(new.response_id, refs)
            return await self._logs.write(new.response_id, 0, record)
        except Conflict:
            first = await self._logs.first(new.response_id)
            if first is not None and first.record.nonce == record.nonce:
                return first
            if alone:
                await self._lives.drop(new.response_id)
            raise _UsedBefore from None


class _UsedBefore(Exception):
    """The response's id is another's."""
