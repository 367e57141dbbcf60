"""Blobs in a bucket, by content; who refers to them, and when they were put, in records.

``refer`` writes the reference first and looks at the blob's record after; ``collect`` marks the
record as dying first and looks at the references after. Whatever their order, one sees the other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._base import BlobStore, Clock
from heliograph.journal._bucket import Bucket, MissingObject
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import BlobRecord, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire

__all__ = ["NatsBlobs"]


class NatsBlobs(BlobStore):
    """See the module; ``open`` it with the bucket that has the bytes, which is opened already."""

    def __init__(self, wire: Wire, names: Names, clock: Clock) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock
        self._bucket: Bucket | None = None
        self._putting: dict[str, asyncio.Lock] = {}
        self._getting: dict[str, asyncio.Task[bytes]] = {}
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._cached_bytes = 0
        self._referred: dict[str, set[str]] = {}
        self._collected_at: float | None = None

    def open(self, bucket: Bucket) -> None:
        """Begin to serve."""
        self._bucket = bucket

    def close(self) -> None:
        """Serve no more."""
        bucket, self._bucket = self._bucket, None
        if bucket is not None:
            bucket.close()
        for getting in self._getting.values():
            getting.cancel()
        self._cache.clear()
        self._cached_bytes = 0

    def _opened(self) -> Bucket:
        if self._bucket is None:
            raise errors.JournalError("the journal is not open")
        return self._bucket

    # -- bytes

    async def put(self, data: bytes) -> str:
        """See ``BlobStore.put``."""
        self._opened()
        if len(data) > bounds.MAX_BLOB_BYTES:
            raise errors.JournalError(
                f"a blob of {len(data)} bytes: MAX_BLOB_BYTES is {bounds.MAX_BLOB_BYTES}"
            )
        data = bytes(data)
        sha256 = await _digest(data)
        lock = self._putting.setdefault(sha256, asyncio.Lock())
        try:
            async with lock:
                await self._put(sha256, data)
        finally:
            if not lock.locked():
                self._putting.pop(sha256, None)
        self._remember(sha256, data)
        return sha256

    async def _put(self, sha256: str, data: bytes) -> None:
        deadline = asyncio.get_running_loop().time() + _limits.DYING_SECONDS
        while True:
            known = await self._record(sha256)
            if known is not None and known[0].dying:
                if asyncio.get_running_loop().time() < deadline:
                    await asyncio.sleep(_limits.RETRY_SECONDS)
                else:  # who was erasing it is gone
                    await self._erase(sha256, known[1])
                continue
            if known is None or not await self._stored(sha256, len(data)):
                await self._opened().put(sha256, data)
            record = BlobRecord(size=len(data), at=self._clock())
            try:
                await self._write(sha256, record, 0 if known is None else known[1])
            except Conflict:
                continue
            return

    async def _stored(self, sha256: str, size: int) -> bool:
        """Whether it is there: others than journals may erase in a bucket."""
        found = await self._opened().stat(sha256)
        return found is not None and found.size == size

    async def get(self, sha256: str) -> bytes:
        """See ``BlobStore.get``. Those who want the same at once wait for one reading."""
        self._opened()
        data = self._cache.get(sha256)
        if data is not None:
            self._cache.move_to_end(sha256)
            return data
        if not _is_name(sha256):
            raise errors.JournalError(f"{sha256!r} is no blob's name")
        getting = self._getting.get(sha256)
        if getting is None:
            getting = self._getting[sha256] = asyncio.create_task(self._get(sha256))
            getting.add_done_callback(lambda task: self._got(sha256, task))
        try:
            return await asyncio.shield(getting)
        except asyncio.CancelledError:
            if getting.cancelled():
                self._opened()
            raise

    async def _get(self, sha256: str) -> bytes:
        try:
            data = await self._opened().get(sha256)
        except MissingObject as exc:
            raise errors.JournalError(f"blob {sha256} is missing") from exc
        if await _digest(data) != sha256:
            raise errors.JournalError(f"blob {sha256} is damaged")
        self._remember(sha256, data)
        return data

    def _got(self, sha256: str, task: asyncio.Task[bytes]) -> None:
        del self._getting[sha256]
        if not task.cancelled():
            task.exception()  # whoever still waits is told; nobody may

    def _remember(self, sha256: str, data: bytes) -> None:
        if sha256 in self._cache or len(data) > bounds.BLOB_CACHE_BYTES // 4:
            return
        self._cache[sha256] = data
        self._cached_bytes = sum(map(len, self._cache.values()))
        while self._cached_bytes > bounds.BLOB_CACHE_BYTES:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped)

    # -- records

    async def _record(self, sha256: str) -> tuple[BlobRecord, int] | None:
        stored = await self._wire.last(self._names.refs, self._names.blob(sha256))
        return None if stored is None else (unpack(stored.data, BlobRecord), stored.seq)

    async def _write(self, sha256: str, record: BlobRecord, expected: int) -> int:
        subject = self._names.blob(sha256)
        return await self._wire.put(self._names.refs, subject, pack(record), expected, only=True)

    async def check(self, blobs: Iterable[str]) -> None:
        """Raises ``JournalError`` where one was never put."""
        for sha256 in blobs:
            known = await self._record(sha256) if _is_name(sha256) else None
            if known is None or known[0].dying:
                raise errors.JournalError(f"an entry refers to unknown blob {sha256}")

    async def refer(self, response_id: str, blobs: Iterable[str]) -> None:
        """A response refers to blobs from now on, until ``forget``. Raises as ``check``."""
        referred = self._referred.setdefault(response_id, set())
        new = sorted({*blobs} - referred)
        await self.check(new)
        for sha256 in new:
            record = pack(BlobRecord(size=0, at=self._clock()))
            try:
                subject = self._names.ref(sha256, response_id)
                await self._wire.put(self._names.refs, subject, record, 0)
            except Conflict:
                continue  # it refers to it already
        await self.check(new)
        referred.update(new)

    def left(self, response_id: str) -> None:
        """It is not written here any more."""
        self._referred.pop(response_id, None)

    async def forget(self, response_id: str) -> None:
        """A response was erased."""
        self.left(response_id)
        await self._wire.purge(self._names.refs, self._names.ref("*", response_id))

    async def collect(self) -> None:
        """Erase what nothing refers to and was put longer ago than ``BLOB_GRACE``.

        It takes a look at the names of all blobs, so it is done twice in that time at most.
        """
        now, last = self._clock(), self._collected_at
        if last is not None and 0 <= now - last < bounds.BLOB_GRACE / 2:
            return
        names = await self._wire.names(self._names.refs, self._names.blob("*"))
        references = await self._wire.names(self._names.refs, self._names.ref("*", "*"))
        used = {name.split(".")[-3] for name in references}
        for name in names:
            sha256 = name.split(".")[-2]
            if sha256 not in used:
                await self._collect(sha256)
        self._collected_at = now

    async def _collect(self, sha256: str) -> None:
        known = await self._record(sha256)
        if known is None or self._clock() - known[0].at < bounds.BLOB_GRACE:
            return
        record = BlobRecord(size=known[0].size, at=known[0].at, dying=True)
        try:
            seq = await self._write(sha256, record, known[1])
            if await self._wire.names(self._names.refs, self._names.ref(sha256, "*")):
                await self._write(sha256, BlobRecord(size=known[0].size, at=known[0].at), seq)
                return
        except Conflict:
            return  # it was put again
        await self._erase(sha256, seq)

    async def _erase(self, sha256: str, seq: int) -> None:
        await self._opened().delete(sha256)
        self._cache.pop(sha256, None)
        await self._wire.delete(self._names.refs, seq)


async def _digest(data: bytes) -> str:
    """Its SHA-256, off the event loop where that takes long."""
    if len(data) <= bounds.DIGEST_INLINE_BYTES:
        return hashlib.sha256(data).hexdigest()
    return (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()


def _is_name(sha256: str) -> bool:
    return len(sha256) == 64 and all(digit in "0123456789abcdef" for digit in sha256)
