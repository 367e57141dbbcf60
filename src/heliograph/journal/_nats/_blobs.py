"""Blobs in an object store, by content; who refers to them, and when they were put, in records.

``refer`` writes the reference first and looks at the blob's record after; ``collect`` marks the
record as dying first and looks at the references after. Whatever their order, one sees the other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeVar

import nats.errors
from nats.js.errors import ObjectNotFoundError
from nats.js.object_store import ObjectStore

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._base import BlobStore, Clock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._objects import put_object
from heliograph.journal._nats._records import BlobRecord, pack, unpack
from heliograph.journal._nats._wire import Conflict, Wire, heeding

__all__ = ["NatsBlobs"]

T = TypeVar("T")


class NatsBlobs(BlobStore):
    """See the module; ``open`` it with the object store."""

    def __init__(self, wire: Wire, names: Names, clock: Clock) -> None:
        self._wire = wire
        self._names = names
        self._clock = clock
        self._store: ObjectStore | None = None
        self._putting: dict[str, asyncio.Lock] = {}
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._cached_bytes = 0
        self._referred: dict[str, set[str]] = {}

    def open(self, store: ObjectStore) -> None:
        """Begin to serve."""
        self._store = store

    def close(self) -> None:
        """Serve no more."""
        self._store = None
        self._cache.clear()
        self._cached_bytes = 0

    def _opened(self) -> ObjectStore:
        if self._store is None:
            raise errors.JournalError("the journal is not open")
        return self._store

    # -- bytes

    async def put(self, data: bytes) -> str:
        """See ``BlobStore.put``."""
        self._opened()
        if len(data) > bounds.MAX_BLOB_BYTES:
            raise errors.JournalError(
                f"a blob of {len(data)} bytes: MAX_BLOB_BYTES is {bounds.MAX_BLOB_BYTES}"
            )
        data = bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
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
        deadline = asyncio.get_running_loop().time() + _limits.ACK_WAIT
        while True:
            known = await self._record(sha256)
            if known is not None and known[0].dying:
                if asyncio.get_running_loop().time() < deadline:
                    await asyncio.sleep(_limits.RETRY_SECONDS)
                else:  # who was erasing it is gone
                    await self._erase(sha256, known[1])
                continue
            if known is None or known[0].size != len(data):
                await self._upload(sha256, data)
            record = BlobRecord(size=len(data), at=self._clock())
            try:
                await self._write(sha256, record, 0 if known is None else known[1])
            except Conflict:
                continue
            return

    async def _upload(self, sha256: str, data: bytes) -> None:
        self._opened()
        await put_object(self._wire, self._names.blobs, sha256, data)

    async def _insist(self, call: Callable[[], Awaitable[T]], failed: str) -> T:
        """Call until it is answered; a stream may be without its leader for seconds."""
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        while True:
            try:
                return await heeding(call())
            except ObjectNotFoundError:
                raise
            except (nats.errors.Error, OSError) as exc:
                self._opened()
                if asyncio.get_running_loop().time() >= deadline:
                    raise errors.JournalError(f"{failed}: {exc}") from exc
                await asyncio.sleep(_limits.RETRY_SECONDS)

    async def get(self, sha256: str) -> bytes:
        """See ``BlobStore.get``."""
        store = self._opened()
        data = self._cache.get(sha256)
        if data is not None:
            self._cache.move_to_end(sha256)
            return data
        if not _is_name(sha256):
            raise errors.JournalError(f"{sha256!r} is no blob's name")
        data = await self._download(store, sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise errors.JournalError(f"blob {sha256} is damaged")
        self._remember(sha256, data)
        return data

    async def _download(self, store: ObjectStore, sha256: str) -> bytes:
        try:
            info = await self._insist(
                lambda: store.get_info(sha256), f"blob {sha256} cannot be read"
            )
        except ObjectNotFoundError as exc:
            raise errors.JournalError(f"blob {sha256} is missing") from exc
        # The library's own ``get`` stalls at a few megabytes; a batch does not.
        stream = f"OBJ_{self._names.blobs}"
        subject = f"$O.{self._names.blobs}.C.{info.nuid}"
        chunks: list[bytes] = []
        seq, left = 1, info.chunks or 0
        while left > 0:
            request = {"seq": seq, "next_by_subj": subject, "batch": left}
            stored, _ = await self._wire.batch(stream, request)
            if not stored:  # a replica that is behind
                one = await self._wire.next(stream, subject, seq)
                stored = [] if one is None else [one]
            if not stored:
                raise errors.JournalError(f"blob {sha256} is damaged: {left} chunks are missing")
            chunks += [one.data for one in stored]
            left -= len(stored)
            seq = stored[-1].seq + 1
        return b"".join(chunks)

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
        """Erase what nothing refers to and was put longer ago than ``BLOB_GRACE``."""
        names = await self._wire.names(self._names.refs, self._names.blob("*"))
        references = await self._wire.names(self._names.refs, self._names.ref("*", "*"))
        used = {name.split(".")[-3] for name in references}
        for name in names:
            sha256 = name.split(".")[-2]
            if sha256 not in used:
                await self._collect(sha256)

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
        store = self._opened()
        with suppress(ObjectNotFoundError):
            await self._insist(lambda: store.delete(sha256), f"blob {sha256} cannot be erased")
        self._cache.pop(sha256, None)
        await self._wire.delete(self._names.refs, seq)


def _is_name(sha256: str) -> bool:
    return len(sha256) == 64 and all(digit in "0123456789abcdef" for digit in sha256)
