"""Live records: one per open response, the newest only, changed by compare-and-set."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from heliograph.journal._base import Clock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import Live, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire

__all__ = ["Lives"]

Known = tuple[Live, int]

_FEW, _MANY = 8, 1000


class Lives:
    """See the module. A ``Known`` is a record with its stream sequence."""

    def __init__(self, wire: Wire, names: Names, clock: Clock) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock

    async def read(self, response_id: str) -> Known | None:
        """The record as it stands, None where the response is not open."""
        stream, subject = self._names.stream(response_id), self._names.of(response_id, "live")
        stored = await self._wire.last(stream, subject)
        return None if stored is None else (unpack(stored.data, Live), stored.seq)

    async def write(self, response_id: str, live: Live, expected: int) -> Known:
        """Raises ``Conflict``."""
        live = msgspec.structs.replace(live, at=self._clock())
        stream, subject = self._names.stream(response_id), self._names.of(response_id, "live")
        return live, await self._wire.put(stream, subject, pack(live), expected, only=True)

    async def quiet(self, shard: int) -> list[tuple[str, Live]]:
        """The open responses of a shard whose records were not written lately, and a few more.

        In the order of writing, so that what is renewed in time costs nothing. May be behind.
        """
        request = {"seq": 1, "next_by_subj": self._names.all_of(shard, "live"), "batch": _FEW}
        found: list[tuple[str, Live]] = []
        while True:
            stored, more = await self._wire.batch(self._names.events(shard), request)
            found += [(one.subject.split(".")[-2], unpack(one.data, Live)) for one in stored]
            if not (stored and more) or self._clock() - found[-1][1].at < _limits.QUIET_SECONDS:
                return found
            request = {**request, "seq": stored[-1].seq + 1, "batch": _MANY}

    async def change(
        self,
        response_id: str,
        new: Callable[[Live], Live | None],
        known: Known | None = None,
    ) -> Known | None:
        """Write what ``new`` makes of the record; it may run again on a later one.

        ``known`` saves a look where it still stands. None, and nothing written, where there is no
        record or ``new`` gives None.
        """
        while True:
            if known is None:
                known = await self.read(response_id)
            if known is None:
                return None
            live = new(known[0])
            if live is None:
                return None
            try:
                return await self.write(response_id, live, known[1])
            except Conflict:
                known = None

    async def drop(self, response_id: str) -> None:
        """The response is no longer open."""
        await self._wire.purge(self._names.stream(response_id), self._names.of(response_id, "live"))
