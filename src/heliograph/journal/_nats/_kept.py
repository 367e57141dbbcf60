"""What is kept beside the logs: when something is to be erased, and idempotency keys.

When to erase is in the *subject* of an empty record, by the hour, so that a look at the names of an
hour or two tells what is due, however much is kept.
"""

from __future__ import annotations

import math

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._base import Clock
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import KeyRecord, SweeperRecord, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire

__all__ = ["Kept"]

_HOUR = 3600 * 1000  # milliseconds

_HOURS_AT_ONCE = 24
"""Who has looked longer ago looks at everything."""


class Kept:
    """See the module."""

    def __init__(self, wire: Wire, names: Names, clock: Clock) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock
        self._looked: dict[int, int] = {}

    # -- when to erase

    async def until(self, response_id: str, due: float) -> None:
        """Look at this response again at ``due``."""
        at = math.ceil(due * 1000)
        hour = max(at, int(self._clock() * 1000)) // _HOUR
        subject = self._names.of(response_id, f"kept.{hour}.{at}")
        record = SweeperRecord(owner="", until=due)
        try:
            await self._wire.put(self._names.stream(response_id), subject, pack(record), 0)
        except Conflict:
            return

    async def tombstone(self, response_id: str, at: float) -> None:
        """It is erased at ``at``; its id can be used again ``TOMBSTONE_TTL`` later."""
        await self.until(response_id, at + bounds.TOMBSTONE_TTL)

    async def due(self, shard: int) -> list[tuple[str, str]]:
        """Responses to look at now, each with the name of the record that says so."""
        now = self._clock() * 1000
        hour, looked = int(now // _HOUR), self._looked.get(shard)
        if looked is None or not 0 <= hour - looked < _HOURS_AT_ONCE:
            patterns = ["kept.*.*"]
        else:
            # The one before too: another process's clock may be behind.
            patterns = [f"kept.{one}.*" for one in range(looked - 1, hour + 1)]
        names: list[str] = []
        for pattern in patterns:
            every = self._names.all_of(shard, pattern)
            names += await self._wire.names(self._names.events(shard), every)
        return [(name.split(".")[-4], name) for name in names if int(name.split(".")[-1]) <= now]

    def looked(self, shard: int, at: float) -> None:
        """All that was due ``at`` this time was seen to."""
        self._looked[shard] = int(at * 1000 // _HOUR)

    async def seen(self, response_id: str, name: str) -> None:
        """A record has served."""
        await self._wire.purge(self._names.stream(response_id), name)

    async def purge_below(self, response_id: str, seq: int) -> None:
        """Erase a log up to its tombstone."""
        subject = self._names.of(response_id, "log")
        await self._wire.purge(self._names.stream(response_id), subject, below=seq)

    async def purge_all(self, response_id: str) -> None:
        """Nothing of a response is left."""
        await self._wire.purge(self._names.stream(response_id), self._names.of(response_id, ">"))

    # -- keys

    async def key(self, tenant: str, key: str) -> tuple[KeyRecord | None, int]:
        """What a key leads to (None where it is free), and its stream sequence."""
        stored = await self._wire.last(self._names.keys, self._names.key(tenant, key))
        if stored is None:
            return None, 0
        record = unpack(stored.data, KeyRecord)
        if self._clock() - record.at >= bounds.IDEMPOTENCY_TTL:
            return None, stored.seq
        return record, stored.seq

    async def keyed(self, tenant: str, key: str, digest: str) -> str | None:
        """See ``Journal.keyed``."""
        record, _ = await self.key(tenant, key)
        if record is None:
            return None
        if record.digest != digest:
            raise errors.IdempotencyConflict(key)
        return record.response_id

    async def reserve(
        self,
        tenant: str,
        key: str,
        response_id: str,
        digest: str,
        expected: int,
        at: float | None = None,
    ) -> None:
        """Let a key lead to a response, since ``at`` (None for now). Raises ``Conflict``."""
        since = self._clock() if at is None else at
        record = KeyRecord(response_id=response_id, digest=digest, at=since)
        subject = self._names.key(tenant, key)
        await self._wire.put(self._names.keys, subject, pack(record), expected, only=True)

    async def forget_key(self, tenant: str, key: str, response_id: str) -> None:
        """Free a key, if it leads to this response."""
        record, seq = await self.key(tenant, key)
        if record is not None and record.response_id == response_id:
            await self._wire.delete(self._names.keys, seq)

    # -- who sweeps

    async def sweeps(self, owner: str, seconds: float) -> bool:
        """Whether ``owner`` is the one that sweeps for the next ``seconds``."""
        subject = self._names.sweeper()
        stored = await self._wire.last(self._names.keys, subject)
        now = self._clock()
        if stored is not None:
            record = unpack(stored.data, SweeperRecord)
            if record.owner != owner and record.until > now:
                return False
        mine = SweeperRecord(owner=owner, until=now + seconds)
        expected = 0 if stored is None else stored.seq
        try:
            await self._wire.put(self._names.keys, subject, pack(mine), expected, only=True)
        except Conflict:
            return False
        return True

    async def sweeps_no_more(self, owner: str) -> None:
        """Let another one sweep."""
        subject = self._names.sweeper()
        stored = await self._wire.last(self._names.keys, subject)
        if stored is not None and unpack(stored.data, SweeperRecord).owner == owner:
            await self._wire.delete(self._names.keys, stored.seq)
