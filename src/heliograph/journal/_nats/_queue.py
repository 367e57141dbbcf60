"""The job queue: a stream of what waits, whose subjects say all that a turn depends on.

A job is there while its response waits to be claimed, once: it is written only where its subject
has none. Every process has a *view*: the line of what waits, as the servers named it at the last
look, with what was heard since. Who is next is worked out on the view; whoever erases the job from
the stream may claim it, and erasing tells that to one only. So a view may be behind: a job that is
gone costs one request.

A claimer that dies between the two leaves a response without a job. The sweeper sees that.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Collection

import msgspec

from heliograph.journal._base import Load, Queued
from heliograph.journal._line import InLine, Line
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names, needs_token, tenant_token
from heliograph.journal._nats._records import Job, Patience, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire

__all__ = ["NEW", "REDO", "Queue", "group"]

REDO, NEW = "0", "1"


class Queue:
    """See the module."""

    def __init__(self, wire: Wire, names: Names) -> None:
        self._wire = wire
        self._names = names
        self._line = Line()
        self._needs: dict[str, tuple[str, ...]] = {}
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._known = 0
        self._heard: dict[str, bool] | None = None
        self.name = secrets.token_bytes(8)

    async def submit(self, job: Job, *, redo: bool) -> None:
        """Queue a job; nothing happens where it is queued already."""
        needs = needs_token(job.capabilities)
        self._needs[needs] = tuple(sorted(job.capabilities))
        subject = self._names.job(
            needs,
            REDO if redo else NEW,
            job.response_id,
            priority=str(job.priority),
            patience=job.patience,
            tenant=tenant_token(job.tenant),
            when=_when(job),
        )
        try:
            await self._wire.put(self._names.jobs, subject, pack(job), 0)
        except Conflict:
            return
        self._there(subject)

    # -- the view

    def doubt(self) -> None:
        """Something may have been missed: look before the view serves again."""
        self._looked_at = float("-inf")

    async def heard(self, told: str) -> tuple[tuple[str, ...], bool]:
        """A job is new: what it needs (nothing where it is gone already), and whether it ran."""
        parts = self._names.parts(told)
        if not await self._learn(parts[0]):
            return (), True
        self._there(f"{self._names.prefix}.jobs.{'.'.join(parts)}")
        return self._needs[parts[0]], parts[1] == REDO

    def taken(self, told: str) -> None:
        """Another process took a job: its tenant has had a turn."""
        parts = self._names.parts(told)
        self._gone(f"{self._names.prefix}.jobs.{'.'.join(parts)}")
        if parts[1] == NEW:
            self._line.turn(parts[4])

    def _there(self, subject: str) -> None:
        if self._heard is not None:
            self._heard[subject] = True
        self._line.add(self._waiting(subject))

    def _gone(self, subject: str) -> None:
        if self._heard is not None:
            self._heard[subject] = False
        self._line.remove(subject)

    def _waiting(self, subject: str) -> InLine:
        needs, redo, priority, _, tenant, when, _ = self._names.parts(subject)
        created, raise_after = when.split("-")
        self._known += 1
        return InLine(
            key=subject,
            needs=self._needs[needs],
            tenant=tenant,
            priority=int(priority),
            created_at=int(created) / 1e6,
            place=self._known,  # of one instant: in the order in which they were heard of
            raise_after=int(raise_after) / 1000,
            redo=redo == REDO,
        )

    async def _look(self, since: float) -> None:
        """See what there is, unless a look has begun at or after ``since``."""
        async with self._looking:
            if self._looked_at >= since:
                return
            began = asyncio.get_running_loop().time()
            self._heard = {}
            try:
                self._seen(await self._names_now(), self._heard)
            finally:
                self._heard = None
            self._looked_at = began

    async def _names_now(self) -> set[str]:
        """What waits; what its jobs need is known, but of those that are gone again."""
        found = set(await self._wire.names(self._names.jobs, self._names.job()))
        for needs in {self._names.parts(one)[0] for one in found - self._line.keys()}:
            await self._learn(needs)
        return {one for one in found if self._names.parts(one)[0] in self._needs}

    def _seen(self, found: set[str], heard: dict[str, bool]) -> None:
        """The view is this; what was heard since the servers were asked is newer."""
        for subject, there in heard.items():
            (found.add if there else found.discard)(subject)
        for subject in self._line.keys() - found:
            self._line.remove(subject)
        for subject in found - self._line.keys():
            self._line.add(self._waiting(subject))

    async def _learn(self, needs: str) -> bool:
        """Whether it is known what the jobs of one token need; one of them tells."""
        if needs not in self._needs:
            one = await self._wire.next(self._names.jobs, self._names.job(needs), 1)
            if one is not None:
                self._needs[needs] = tuple(sorted(unpack(one.data, Job).capabilities))
        return needs in self._needs

    async def _fresh(self) -> float:
        """Look, if the last look was long ago; returns when this was asked for."""
        now = asyncio.get_running_loop().time()
        serves = _limits.VIEW_SECONDS * max(1.0, len(self._line) / _limits.VIEW_JOBS)
        if now - self._looked_at >= serves:
            await self._look(now)
        return now

    # -- whose turn it is

    async def next(self, offered: Collection[str], now: float, begun: bool) -> InLine | None:
        """Who is next: out of the view, not yet out of the queue. None where nothing fits."""
        asked = await self._fresh()
        one = self._line.first(offered, now, begun)
        if one is None:
            await self._look(asked)
            one = self._line.first(offered, now, begun)
        if one is not None:
            self._gone(one.key)
            self._line.took(one)
        return one

    async def take(self, one: InLine) -> bool:
        """Out of the queue; False where somebody else has taken it."""
        if not await self._wire.purge(self._names.jobs, one.key):
            return False
        await self._wire.tell(self._names.took(one.key), self.name)
        return True

    async def oldest(self, patience: Patience) -> tuple[Job, str] | None:
        """The first that came into a queue of one deadline and never ran, with its subject."""
        subject = self._names.job("*", NEW, patience=patience)
        found = await self._wire.next(self._names.jobs, subject, 1)
        return None if found is None else (unpack(found.data, Job), found.subject)

    async def discard(self, subject: str) -> None:
        """Out of the queue."""
        await self._wire.purge(self._names.jobs, subject)
        self._gone(subject)

    async def remove(self, response_id: str) -> None:
        """No job of a response is left."""
        await self._wire.purge(self._names.jobs, self._names.job("*", "*", response_id))

    # -- how long it is

    async def waiting(self) -> set[str]:
        """The responses that have a job, now."""
        names = await self._wire.names(self._names.jobs, self._names.job())
        return {self._names.parts(name)[-1] for name in names}

    async def depth(self, tenant: str) -> Queued:
        """How many wait, of all and of one tenant, in the view."""
        await self._fresh()
        return Queued(len(self._line), self._line.of(tenant_token(tenant)))

    async def load(self, opened: int) -> Load:
        """How many wait, now, and how many of all that are ``opened`` run."""
        await self._look(asyncio.get_running_loop().time())
        return Load(self._line.depths(), max(0, opened - len(self._line)))


def _when(job: Job) -> str:
    """What its age and its raises depend on: microseconds and milliseconds."""
    return f"{round(job.created_at * 1e6)}-{max(1, round(job.raise_after * 1000))}"


def group(offered: Collection[str], begun: bool) -> str:
    """Who offers the same for the same kind of work is woken one at a time."""
    return hashlib.sha256(msgspec.json.encode([sorted(offered), begun])).hexdigest()[:16]
