"""A journal that another process has, as this one sees it."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from heliograph import errors
from heliograph.journal._attached import _wire as wire
from heliograph.journal._attached._link import Cut, Link, repeated
from heliograph.journal._attached._places import AttachedPlaces
from heliograph.journal._base import (
    Clock,
    Created,
    Entry,
    Frame,
    Journal,
    Lease,
    LeaseState,
    Load,
    NewResponse,
    Queued,
    Record,
)
from heliograph.journal._blobs import FileBlobs
from heliograph.journal._counts import Counts
from heliograph.journal._frames import check_entries, check_request

__all__ = ["AttachedJournal"]


class _Holding(NamedTuple):
    """A lease that this process works under."""

    held: wire.Held
    seconds: float
    renewed_at: float


class AttachedJournal(Journal):
    """The journal that a ``JournalHost`` serves at ``path``; blobs are read and written as files.

    ``worker`` is what it calls itself there. A host that goes away is waited for: a call fails
    (``JournalError``) once that has lasted ``patience`` seconds. ``clock`` is the host's.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Clock = time.time,
        *,
        worker: str | None = None,
        patience: float = 60.0,
    ) -> None:
        self.path = Path(path)
        self._blobs = FileBlobs(self.path.parent / "blobs", clock)
        self.blobs = self._blobs
        self._patience = patience
        self._held: dict[tuple[str, int], _Holding] = {}
        name = worker or f"worker-{os.getpid()}-{secrets.token_hex(4)}"
        self._link = Link(self.path, name, patience, self._renewals)
        self.counts = Counts()  # the host's journal counts for all
        self._places = AttachedPlaces(self._link)
        self.places = self._places

    async def start(self) -> None:
        """Connect. Raises ``JournalError`` where no host is there, or one of another version."""
        await self._link.start()
        await asyncio.get_running_loop().run_in_executor(None, self._blobs.open)

    async def stop(self) -> None:
        """See ``Journal.stop``. What is still held runs out."""
        await self._link.stop()
        await asyncio.get_running_loop().run_in_executor(None, self._blobs.close)

    async def refused(self) -> None:
        """Wait, and raise ``JournalError`` once the host does not want this journal any more."""
        if self._link.refused is not None:
            await asyncio.shield(self._link.refused)

    def _renewals(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Of the leases that are still worked under (their owners have renewed them), and of the
        places that are held or waited for."""
        now = time.monotonic()
        for key, holding in tuple(self._held.items()):
            if holding.renewed_at + holding.seconds + self._patience < now:
                del self._held[key]
        leases = [("renew", (kept.held, kept.seconds)) for kept in self._held.values()]
        return [*leases, *self._places.renewals()]

    async def _ask(self, method: str, *args: Any) -> Any:
        """Call what may be called twice."""
        return await repeated(self._link, method, *args)

    async def _under(self, lease: Lease, method: str, *args: Any) -> Any:
        """Call once under a lease."""
        try:
            return await self._link.call(method, wire.Held.of(lease), *args)
        except errors.Fenced:
            self._drop(lease)
            raise

    def _drop(self, lease: Lease) -> None:
        self._held.pop((lease.response_id, lease.epoch), None)

    # -- the job queue

    async def create(self, new: NewResponse) -> Created:
        """See ``Journal.create``. A lease that was granted in doubt is given back by the host."""
        check_request(new)
        in_doubt = False
        while True:
            try:
                created: Created = await self._link.call("create", new)
                break
            except Cut:
                in_doubt = True
            except errors.JournalError:
                if in_doubt and await self._is_mine(new):
                    return Created(new.response_id, fresh=True)
                raise
        if created.lease is not None:
            self._hold(created.lease, new.claim_seconds)
        return created

    async def _is_mine(self, new: NewResponse) -> bool:
        """Whether the response that has the id already is this one."""
        with suppress(errors.UnknownResponse):
            record = await self.get(new.tenant, new.response_id)
            return record.request == new.request
        return False

    async def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        """See ``Journal.keyed``."""
        found: str | None = await self._ask("keyed", tenant, key, body_digest)
        return found

    async def claim(
        self,
        worker: str,
        capabilities: Collection[str],
        *,
        lease: float,
        wait: float,
        begun: bool = False,
    ) -> Lease | None:
        """See ``Journal.claim``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        while True:
            left = max(0.0, deadline - loop.time())
            with suppress(Cut):
                found: Lease | None = await self._link.call(
                    "claim", worker, tuple(capabilities), lease, left, begun
                )
                if found is not None:
                    self._hold(found, lease)
                return found

    async def claim_overdue(self, worker: str, *, lease: float) -> Lease | None:
        """See ``Journal.claim_overdue``."""
        while True:
            with suppress(Cut):
                found: Lease | None = await self._link.call("claim_overdue", worker, lease)
                if found is not None:
                    self._hold(found, lease)
                return found

    def _hold(self, lease: Lease, seconds: float) -> None:
        holding = _Holding(wire.Held.of(lease), seconds, time.monotonic())
        self._held[lease.response_id, lease.epoch] = holding

    async def renew(self, lease: Lease, *, seconds: float) -> LeaseState:
        """See ``Journal.renew``."""
        while True:
            with suppress(Cut):
                state: LeaseState = await self._under(lease, "renew", seconds)
                self._hold(lease, seconds)
                return state

    async def release(self, lease: Lease) -> None:
        """See ``Journal.release``."""
        in_doubt = False
        while True:
            try:
                await self._under(lease, "release")
                break
            except Cut:
                in_doubt = True
            except errors.Fenced:
                if not in_doubt:
                    raise
                break
        self._drop(lease)

    # -- the log

    async def append(self, lease: Lease, first: int, entries: Sequence[Entry]) -> int:
        """See ``Journal.append``."""
        check_entries(entries)
        last = first + len(entries) - 1
        return await self._write(lease, "append", first, last, tuple(entries))

    async def finish(
        self, lease: Lease, first: int, entries: Sequence[Entry], snapshot: Entry
    ) -> int:
        """See ``Journal.finish``."""
        check_entries(entries, least=0)
        check_entries([snapshot])
        last = first + len(entries) - 1
        last = await self._write(lease, "finish", first, last, tuple(entries), snapshot)
        self._drop(lease)
        return last

    async def _write(self, lease: Lease, method: str, first: int, last: int, *what: Any) -> int:
        """Append or finish, once, however often the connection breaks."""
        in_doubt = False
        while True:
            refusal: errors.JournalError | None = None
            try:
                written: int = await self._under(lease, method, first, *what)
                return written
            except Cut:
                in_doubt = True
            except errors.JournalError as error:
                if not in_doubt:
                    raise
                refusal = error
            if await self._is_written(lease, method, first):
                return last
            if refusal is not None:
                raise refusal

    async def _is_written(self, lease: Lease, method: str, first: int) -> bool:
        """Whether the log has what was in doubt: by this epoch, at this number."""
        try:
            # Answered only after all that the host's journal was told before.
            await self.detach(lease.tenant, lease.response_id, "")
            record = await self.get(lease.tenant, lease.response_id)
            if method == "finish":
                return record.state == "finished" and record.epoch == lease.epoch
            if record.last_seq < first:
                return False
            frames = self.read(lease.tenant, lease.response_id, first - 1)
            async with aclosing(frames):
                async for frame in frames:
                    return frame.first == first and frame.epoch == lease.epoch
        except errors.UnknownResponse as error:
            self._drop(lease)
            raise errors.Fenced(str(error)) from None
        return False

    async def read(
        self, tenant: str, response_id: str, after: int = -1
    ) -> AsyncGenerator[Frame, None]:
        """See ``Journal.read``. Goes on by itself where the connection broke."""
        while True:
            with suppress(Cut):
                stream = await self._link.stream("read", tenant, response_id, after)
                try:
                    while (frame := await stream.next()) is not None:
                        after = frame.last
                        yield frame
                    return
                finally:
                    stream.close()

    async def get(self, tenant: str, response_id: str) -> Record:
        """See ``Journal.get``."""
        record: Record = await self._ask("get", tenant, response_id)
        return record

    # -- what others ask of a response

    async def delete(self, tenant: str, response_id: str) -> None:
        """See ``Journal.delete``."""
        in_doubt = False
        while True:
            try:
                await self._link.call("delete", tenant, response_id)
                break
            except Cut:
                in_doubt = True
            except errors.UnknownResponse:
                if not in_doubt:
                    raise
                break

    async def cancel(self, tenant: str, response_id: str) -> None:
        """See ``Journal.cancel``."""
        await self._ask("cancel", tenant, response_id)

    async def cancelled(self, lease: Lease) -> None:
        """See ``Journal.cancelled``."""
        await self._ask("cancelled", wire.Held.of(lease))

    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        """See ``Journal.attach``."""
        await self._ask("attach", tenant, response_id, reader, seconds)

    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        """See ``Journal.detach``."""
        await self._ask("detach", tenant, response_id, reader)

    async def load(self) -> Load:
        """See ``Journal.load``."""
        load: Load = await self._ask("load")
        return load

    async def queued(self, tenant: str) -> Queued:
        """See ``Journal.queued``."""
        queued: Queued = await self._ask("queued", tenant)
        return queued

    async def oldest(self) -> float | None:
        """See ``Journal.oldest``."""
        oldest: float | None = await self._ask("oldest")
        return oldest

    async def expire(self) -> int:
        """See ``Journal.expire``."""
        erased: int = await self._ask("expire")
        return erased
