"""Tails fed by what the streams republish, compared with their logs when they are silent.

Only what a stream has accepted is republished; a subscription to the captured subject itself would
see what was refused too. A gap shows in the sequence numbers. A lost *last* event shows no gap, so
each silent tail is compared with its log now and then, many in one request.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from heliograph import errors
from heliograph.journal._counts import Counts
from heliograph.journal._frames import unpack_entries
from heliograph.journal._nats import _limits
from heliograph.journal._nats._lives import Known
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import End, Live, Record, frame_of, unpack
from heliograph.journal._nats._wire import Wire
from heliograph.journal._tails import Tail, Tails

__all__ = ["Feeds"]

log = logging.getLogger("heliograph.journal")

_BATCH = 200
_SEQUENCE = "Nats-Sequence"


class _Feed:
    __slots__ = ("due", "subscribing")

    def __init__(self, subscribing: asyncio.Task[Subscription], due: float) -> None:
        self.subscribing = subscribing
        self.due = due


class Feeds(Tails):
    """``Tails`` of which each has a subscription while it is there.

    ``written`` is told of each live record that a followed response gets.
    """

    def __init__(
        self,
        wire: Wire,
        names: Names,
        counts: Counts,
        written: Callable[[str, Known], None],
    ) -> None:
        super().__init__()
        self._counts = counts
        self._written = written
        self._wire = wire
        self._names = names
        self._feeds: dict[str, _Feed] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def ready(self, response_id: str) -> None:
        """Return once what is committed from now on will be heard."""
        feed = self._feeds.get(response_id)
        if feed is not None:
            await asyncio.shield(feed.subscribing)

    def _added(self, response_id: str) -> None:
        loop = asyncio.get_running_loop()
        subject = self._names.tail(response_id)
        subscribing = loop.create_task(self._wire.subscribe(subject, self._heard))
        self._feeds[response_id] = _Feed(subscribing, loop.time() + _limits.SETTLE_SECONDS)

    def _removed(self, response_id: str) -> None:
        feed = self._feeds.pop(response_id, None)
        if feed is not None:
            task = asyncio.get_running_loop().create_task(self._leave(feed))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _leave(self, feed: _Feed) -> None:
        try:
            await (await feed.subscribing).unsubscribe()
        except Exception as exc:  # noqa: BLE001 - the connection is going, whatever it says
            log.debug("a tail's subscription could not be given back: %s", exc)

    def lost(self, subject: str | None) -> None:
        """Messages may have been missed on one subscription's subject, or on any (None)."""
        for response_id in list(self._feeds):
            tail = self.get(response_id)
            if tail is not None and subject in (None, self._names.tail(response_id)):
                self._missed(tail)

    def _missed(self, tail: Tail) -> None:
        self._counts.caught_up += 1
        tail.lost()

    async def settle(self) -> None:
        """The journal closed: wake everyone, give every subscription back."""
        feeds, self._feeds = self._feeds, {}
        self.close()
        await asyncio.gather(*(self._leave(feed) for feed in feeds.values()), *self._leaving)

    # -- what is heard

    async def _heard(self, message: Msg) -> None:
        _, _, rest = message.subject.partition(".t.")
        _, response_id, what = rest.split(".")
        tail, feed = self.get(response_id), self._feeds.get(response_id)
        if tail is None or feed is None:
            return
        try:
            if what == "live":
                live = unpack(message.data, Live)
                self._written(response_id, (live, int((message.headers or {})[_SEQUENCE])))
                if live.cancel_requested:
                    tail.moved.wake()
                return
            feed.due = asyncio.get_running_loop().time() + _limits.SILENCE_SECONDS
            self._take(response_id, tail, unpack(message.data, Record), len(message.data))
        except errors.JournalError as exc:
            log.error("%s: %s", response_id, exc)
            tail.lost()

    def _take(self, response_id: str, tail: Tail, record: Record, size: int) -> None:
        if tail.next_seq is not None and record.first > tail.next_seq:
            self._counts.caught_up += 1  # what is missing is read from the log
        if record.kind == "tomb":
            self.erased(response_id)
        elif record.kind == "frame" and not record.overflow:
            tail.publish(frame_of(record, unpack_entries(record.body)), size)
        elif record.kind in ("create", "frame"):
            tail.lost()
        elif record.kind == "end":
            self._ended(tail, record, size)
        else:
            tail.moved.wake()

    def _ended(self, tail: Tail, record: Record, size: int) -> None:
        whole = tail.next_seq == record.first and not record.overflow
        if not whole:
            tail.lost()
            return
        tail.ended = True
        if record.count:
            tail.publish(frame_of(record, unpack(record.body, End).entries), size)
        tail.wake()

    # -- what was not heard

    async def compare(self) -> None:
        """Look after tails that have been silent; raises ``JournalError``."""
        now = asyncio.get_running_loop().time()
        due: dict[str, list[str]] = defaultdict(list)
        for response_id, feed in self._feeds.items():
            if feed.due <= now:
                feed.due = now + _limits.SILENCE_SECONDS
                due[self._names.stream(response_id)].append(response_id)
        for stream, silent in due.items():
            for start in range(0, len(silent), _BATCH):
                await self._compare(stream, silent[start : start + _BATCH])

    async def _compare(self, stream: str, silent: list[str]) -> None:
        subjects = [self._names.of(response_id, "log") for response_id in silent]
        stored, _ = await self._wire.batch(stream, {"batch": _BATCH, "multi_last": subjects})
        for one in stored:
            response_id = one.subject.split(".")[-2]
            tail = self.get(response_id)
            if tail is None:
                continue
            record = unpack(one.data, Record)
            behind = tail.next_seq is not None and tail.next_seq <= record.last_seq
            if record.kind == "tomb":
                self.erased(response_id)
            elif behind or (record.kind == "end" and not tail.ended):
                self._missed(tail)
