"""Logs: their records written and read. A body too large for a message is a blob."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import msgspec

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._base import Entry, Frame
from heliograph.journal._following import Page
from heliograph.journal._frames import part_after, unpack_entries
from heliograph.journal._nats import _limits
from heliograph.journal._nats._blobs import NatsBlobs
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import End, Made, Record, Tip, frame_of, pack, unpack
from heliograph.journal._nats._wire import Stored, Wire

__all__ = ["Logs"]


class Logs:
    """See the module."""

    def __init__(self, wire: Wire, names: Names, blobs: NatsBlobs) -> None:
        self._wire = wire
        self._names = names
        self._blobs = blobs
        self._hints: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._pages = asyncio.Semaphore(_limits.PAGES_AT_ONCE)

    # -- writing

    async def write(self, response_id: str, expected: int, record: Record) -> Tip:
        """Append a record behind stream sequence ``expected`` (0: the first of its log).

        Raises ``Conflict`` where the log has gone on, ``JournalError`` where nobody knows.
        """
        data = pack(record)
        if len(data) > self._wire.info["max_payload"] - _limits.PAYLOAD_MARGIN:
            sha256 = await self._blobs.put(record.body)
            await self._blobs.refer(response_id, [sha256])
            data = pack(msgspec.structs.replace(record, body=b"", overflow=sha256))
        stream = self._names.stream(response_id)
        seq = await self._wire.put(stream, self._names.of(response_id, "log"), data, expected)
        return Tip(seq, record)

    # -- reading

    async def first(self, response_id: str) -> Tip | None:
        """The first record: ``create``, or a tombstone."""
        subject = self._names.of(response_id, "log")
        return _tip(await self._wire.next(self._names.stream(response_id), subject, 1))

    async def tip(self, response_id: str) -> Tip | None:
        """The last record, None where there is no log."""
        subject = self._names.of(response_id, "log")
        return _tip(await self._wire.last(self._names.stream(response_id), subject))

    async def tip_for(self, tenant: str, response_id: str) -> Tip:
        """The last record of a tenant's response. Raises ``UnknownResponse``."""
        tip = await self.tip(response_id)
        if tip is None or tip.record.kind == "tomb" or tip.record.tenant != tenant:
            raise errors.UnknownResponse(response_id)
        return tip

    async def made(self, record: Record) -> Made:
        """The body of a ``create``."""
        return unpack(await self.body(record), Made)

    async def end(self, record: Record) -> End:
        """The body of an ``end``."""
        return unpack(await self.body(record), End)

    async def body(self, record: Record) -> bytes:
        """A record's body, wherever it is."""
        return await self._blobs.get(record.overflow) if record.overflow else record.body

    async def entries(self, record: Record) -> tuple[Entry, ...]:
        """The entries of a ``create``, a ``frame`` or an ``end``."""
        if record.kind == "create":
            return (await self.made(record)).opening
        if record.kind == "end":
            return (await self.end(record)).entries
        return unpack_entries(await self.body(record))

    async def page(self, tenant: str, response_id: str, after: int) -> Page:
        """The frames after ``after``, as many as a page holds. Raises ``UnknownResponse``.

        Most come from any replica; where the log ends is the leader's word.
        """
        async with self._pages:
            return await self._page(tenant, response_id, after)

    async def _page(self, tenant: str, response_id: str, after: int) -> Page:
        tip = await self.tip_for(tenant, response_id)
        seq = await self._place_of(response_id, after, tip)
        while True:
            records, more = await self._records(response_id, seq, tip)
            frames: list[Frame] = []
            last = tip if not records else records[-1]
            for one in records:
                record = one.record
                if record.kind == "tomb":
                    raise errors.UnknownResponse(response_id)
                if record.count and record.last_seq > after:
                    whole = frame_of(record, await self.entries(record))
                    frames.append(part_after(whole, after))
            self._remember((response_id, max(after, last.record.last_seq)), last.seq + 1)
            if frames or not more:
                ended = not more and last.record.kind == "end"
                return Page(frames, last.record.last_seq, more, ended)
            seq = last.seq + 1

    async def _place_of(self, response_id: str, after: int, tip: Tip) -> int:
        """Where to read from: little before it, and nothing that is wanted.

        A stream holds its logs in their order, so that a record tells on which side of it to look.
        """
        known = self._hints.get((response_id, after))
        if known is not None:
            return known
        stream, subject = self._names.stream(response_id), self._names.of(response_id, "log")
        low, behind, high = 1, after + 1, tip.seq + 1
        while behind > bounds.READ_PAGE_FRAMES and low < high:
            middle = (low + high) // 2
            found = _tip(await self._wire.next(stream, subject, middle))
            if found is None or found.record.last_seq > after:
                high = middle
            else:
                low, behind = found.seq + 1, after - found.record.last_seq
        return low

    async def _records(self, response_id: str, seq: int, tip: Tip) -> tuple[list[Tip], bool]:
        """Records from a stream sequence on, and whether there are more before the tip."""
        if seq > tip.seq:
            return [], False
        stream, subject = self._names.stream(response_id), self._names.of(response_id, "log")
        request = {
            "seq": seq,
            "next_by_subj": subject,
            "batch": bounds.READ_PAGE_FRAMES,
            "max_bytes": bounds.READ_PAGE_BYTES,
        }
        stored, more = await self._wire.batch(stream, request)
        records = [found for one in stored if (found := _tip(one)) is not None]
        if more and records:
            return records, True
        # A replica may be behind: the rest, up to the tip, through the leader.
        seq = records[-1].seq + 1 if records else seq
        for _ in range(bounds.READ_PAGE_FRAMES):
            one = None if seq > tip.seq else await self._wire.next(stream, subject, seq)
            found = _tip(one)
            if found is None:
                return records, False
            records.append(found)
            seq = found.seq + 1
        return records, seq <= tip.seq

    def _remember(self, place: tuple[str, int], seq: int) -> None:
        self._hints[place] = seq
        self._hints.move_to_end(place)
        if len(self._hints) > _limits.HINTS:
            self._hints.popitem(last=False)


def _tip(stored: Stored | None) -> Tip | None:
    return None if stored is None else Tip(stored.seq, unpack(stored.data, Record))
