"""The job queue: a work-queue stream, two pull consumers per set of needed capabilities.

A job is there while its response waits to be claimed, once: it is written only where its subject
has none. Who claims is handed a job by its consumer, and acknowledges it once the claim is in the
log and in the live record; a claimer that dies before that leaves the job to the next.

A response that ran before (taken over, released) waits under ``redo``, before the new ones.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Collection
from typing import Any

import msgspec
import nats.errors

from heliograph.journal._base import Queued
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names, needs_token, tenant_token
from heliograph.journal._nats._records import Job, Patience, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire
from heliograph.journal._signal import matches

__all__ = ["NEW", "REDO", "Hand", "Queue", "group"]

REDO, NEW = "0", "1"


class Hand(msgspec.Struct, frozen=True):
    """A job in hand; ``reply`` is where its acknowledgement goes, ``place`` its in the stream."""

    job: Job
    reply: str
    redo: bool
    place: int

    @property
    def turn(self) -> tuple[bool, float, int, int]:
        """The least goes first: what was begun, then the oldest."""
        return not self.redo, self.job.created_at, self.job.born, self.place


class Queue:
    """See the module."""

    def __init__(self, wire: Wire, names: Names, replicas: int) -> None:
        self._wire = wire
        self._names = names
        self._look_seconds = _limits.LOOK_SECONDS * (5 if replicas > 1 else 1)
        self.needs: dict[str, tuple[str, ...]] = {}
        self._making = asyncio.Lock()
        self._counting = asyncio.Lock()
        self._counted: Counter[str] = Counter()
        self._counted_at = -_limits.COUNT_SECONDS

    async def submit(self, job: Job, *, redo: bool) -> None:
        """Queue a job; nothing happens where it is queued already."""
        needs = await self._consumers(job.capabilities)
        tenant = tenant_token(job.tenant)
        subject = self._names.job(
            needs,
            REDO if redo else NEW,
            job.response_id,
            patience=job.patience,
            tenant=tenant,
        )
        try:
            await self._wire.put(self._names.jobs, subject, pack(job), 0)
        except Conflict:
            return
        self._counted[tenant] += 1

    async def _consumers(self, capabilities: tuple[str, ...]) -> str:
        needs = needs_token(capabilities)
        async with self._making:
            if needs not in self.needs:
                await self._make(needs, capabilities)
        return needs

    async def _make(self, needs: str, capabilities: tuple[str, ...]) -> None:
        for redo in (REDO, NEW):
            await self._wire.api(
                f"CONSUMER.DURABLE.CREATE.{self._names.jobs}.{needs}-{redo}",
                {
                    "stream_name": self._names.jobs,
                    "config": {
                        "durable_name": f"{needs}-{redo}",
                        "filter_subject": self._names.job(needs, redo, "*"),
                        "ack_policy": "explicit",
                        "ack_wait": int(_limits.ACK_WAIT * 1e9),
                        "max_deliver": -1,
                        "max_ack_pending": -1,
                        "metadata": {
                            "capabilities": msgspec.json.encode(sorted(capabilities)).decode()
                        },
                    },
                },
            )
        self.needs[needs] = tuple(sorted(capabilities))

    async def learn(self) -> None:
        """Look up which sets of capabilities have consumers."""
        offset = 0
        while True:
            answer = await self._wire.api(f"CONSUMER.LIST.{self._names.jobs}", {"offset": offset})
            page: list[dict[str, Any]] = answer.get("consumers") or []
            for one in page:
                needs, _, _ = one["name"].rpartition("-")
                said = one["config"].get("metadata", {}).get("capabilities")
                if said is not None:
                    self.needs[needs] = msgspec.json.decode(said, type=tuple[str, ...])
            offset += len(page)
            if not page or offset >= answer.get("total", 0):
                return

    async def heads(self, offered: Collection[str], begun: bool = False) -> list[Hand]:
        """At most one job in hand of each queue that fits, in their turn."""
        lanes = (REDO,) if begun else (REDO, NEW)
        fitting = self._fitting(offered)
        if not fitting:
            await self.learn()
            fitting = self._fitting(offered)
        # What is there at once; only where nothing is, what is on its way to the consumers.
        for seconds in (0.0, self._look_seconds):
            pulls = [self._pull(needs, redo, seconds) for needs in fitting for redo in lanes]
            found = [one for one in await asyncio.gather(*pulls) if one is not None]
            if found:
                return sorted(found, key=lambda hand: hand.turn)
        return []

    def _fitting(self, offered: Collection[str]) -> list[str]:
        return [needs for needs, wanted in self.needs.items() if matches(wanted, offered)]

    async def _pull(self, needs: str, redo: str, seconds: float) -> Hand | None:
        request = {"batch": 1, "no_wait": True}
        if seconds:
            request["expires"] = int(seconds * 1e9)
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._names.jobs}.{needs}-{redo}"
        try:
            message = await self._wire.client.request(
                subject,
                msgspec.json.encode(request),
                timeout=_limits.CALL_SECONDS,
                old_style=True,
            )
        except (nats.errors.Error, OSError):
            return None
        if not message.data or not message.reply:
            return None
        place = message.metadata.sequence.stream
        return Hand(unpack(message.data, Job), message.reply, redo == REDO, place)

    async def done(self, hand: Hand) -> None:
        """It was claimed, or nothing is left to do: out of the queue once this returns."""
        await self._wire.client.publish(hand.reply, b"+ACK")
        # An acknowledged job may be counted for a while yet where there are several replicas.
        await self.discard(hand.place)

    async def discard(self, place: int) -> None:
        """Out of the queue, whoever has it in hand."""
        await self._wire.delete(self._names.jobs, place)

    async def oldest(self, patience: Patience) -> tuple[Job, int] | None:
        """The first that came into a queue of one deadline and never ran, with its place."""
        subject = self._names.job("*", NEW, "*", patience=patience)
        found = await self._wire.next(self._names.jobs, subject, 1)
        return None if found is None else (unpack(found.data, Job), found.seq)

    async def give_back(self, hand: Hand) -> None:
        """Back into the queue, at once, for whoever comes next."""
        try:
            await self._wire.ask(hand.reply, b"-NAK")
        except TimeoutError:
            return  # it comes back after ``ACK_WAIT``
        subject = self._names.woken().split("*")[0]
        needs = needs_token(hand.job.capabilities)
        redo = REDO if hand.redo else NEW
        await self._wire.client.publish(f"{subject}{needs}.{redo}.{hand.job.response_id}")

    async def remove(self, response_id: str) -> None:
        """No job of a response is left."""
        await self._wire.purge(self._names.jobs, self._names.job("*", "*", response_id))

    async def waiting(self) -> set[str]:
        """The responses that have a job."""
        pattern = self._names.job("*", "*", "*")
        names = await self._wire.names(self._names.jobs, pattern)
        return {name.rpartition(".")[2] for name in names}

    async def depth(self, tenant: str) -> Queued:
        """How many wait, of all and of one tenant: counted now and then, and what came since."""
        async with self._counting:
            now = asyncio.get_running_loop().time()
            if now - self._counted_at >= _limits.COUNT_SECONDS:
                names = await self._wire.names(self._names.jobs, self._names.job("*", "*", "*"))
                self._counted = Counter(name.rsplit(".", 2)[1] for name in names)
                self._counted_at = now
        return Queued(self._counted.total(), self._counted[tenant_token(tenant)])

    async def count(self) -> int:
        """How many jobs there are."""
        answer = await self._wire.api(f"STREAM.INFO.{self._names.jobs}")
        return int(answer["state"]["messages"])


def group(offered: Collection[str], begun: bool) -> str:
    """Who offers the same for the same kind of work is woken one at a time."""
    return hashlib.sha256(msgspec.json.encode([sorted(offered), begun])).hexdigest()[:16]
