"""The object store of the nats-servers, as a bucket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import nats.errors
from nats.js.api import ObjectInfo, ObjectStoreConfig, StorageType
from nats.js.errors import BucketNotFoundError, NotFoundError, ObjectNotFoundError
from nats.js.object_store import ObjectStore

from heliograph import errors
from heliograph.journal._bucket import Bucket, BucketFault, MissingObject, Stat
from heliograph.journal._nats import _limits
from heliograph.journal._nats._connection import heeding
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._objects import put_object
from heliograph.journal._nats._wire import Wire

__all__ = ["NatsBucket"]

T = TypeVar("T")


class NatsBucket(Bucket):
    """``make``: it is made where it is missing; else it is empty then, and cannot be put into."""

    def __init__(self, wire: Wire, names: Names, replicas: int, *, make: bool = True) -> None:
        self._wire = wire
        self._names = names
        self._replicas = replicas
        self._make = make
        self._store: ObjectStore | None = None
        self._open = False

    @property
    def where(self) -> str:
        """The object store's name."""
        return f"the object store {self._names.blobs} of the nats-servers"

    async def open(self) -> None:
        """Look it up, or make it. Raises ``JournalError``."""
        self._store = await self._opened_store()
        self._open = True

    async def _opened_store(self) -> ObjectStore | None:
        name = self._names.blobs
        js = self._wire.client.jetstream(timeout=_limits.CALL_SECONDS)
        try:
            try:
                store = await js.object_store(name)
            except (BucketNotFoundError, NotFoundError):
                if not self._make:
                    return None
                wanted = ObjectStoreConfig(replicas=self._replicas, storage=StorageType.FILE)
                store = await js.create_object_store(name, wanted)
        except (nats.errors.Error, OSError) as exc:
            raise errors.JournalError(f"the object store {name}: {exc}") from exc
        # The library makes it without; chunks are read in batches.
        config = (await self._wire.api(f"STREAM.INFO.OBJ_{name}"))["config"]
        if not config.get("allow_direct"):
            await self._wire.api(f"STREAM.UPDATE.OBJ_{name}", {**config, "allow_direct": True})
        return store

    def close(self) -> None:
        """Serve no more; what is under way gives up."""
        self._store = None
        self._open = False

    def _check_open(self) -> None:
        if not self._open:
            raise errors.JournalError("the journal is not open")

    async def put(self, key: str, data: bytes) -> None:
        """See ``Bucket.put``."""
        if self._store is None:
            self._check_open()
            raise BucketFault(f"{self.where} is not there")
        try:
            await put_object(self._wire, self._names.blobs, key, data)
        except errors.JournalError as exc:
            self._check_open()
            raise BucketFault(f"{key} cannot be stored: {exc}", away=True) from exc

    async def get(self, key: str) -> bytes:
        """See ``Bucket.get``."""
        # The library's own ``get`` stalls at a few megabytes; a batch does not.
        info = await self._info(key)
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
                raise BucketFault(f"{key} is damaged: {left} chunks are missing")
            chunks += [one.data for one in stored]
            left -= len(stored)
            seq = stored[-1].seq + 1
        return b"".join(chunks)

    async def stat(self, key: str) -> Stat | None:
        """See ``Bucket.stat``."""
        try:
            return Stat((await self._info(key)).size or 0)
        except MissingObject:
            return None

    async def _info(self, key: str) -> ObjectInfo:
        store = self._store
        try:
            if store is not None:
                return await self._insist(lambda: store.get_info(key), f"{key} cannot be read")
        except ObjectNotFoundError:
            pass
        self._check_open()
        raise MissingObject(f"{key} is missing")

    async def delete(self, key: str) -> None:
        """See ``Bucket.delete``."""
        store = self._store
        self._check_open()
        if store is not None:
            with suppress(ObjectNotFoundError):
                await self._insist(lambda: store.delete(key), f"{key} cannot be erased")

    async def _insist(self, call: Callable[[], Awaitable[T]], failed: str) -> T:
        """Call until it is answered; a stream may be without its leader for seconds."""
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        while True:
            try:
                return await heeding(call())
            except ObjectNotFoundError:
                raise
            except (nats.errors.Error, OSError) as exc:
                self._check_open()
                if asyncio.get_running_loop().time() >= deadline:
                    raise BucketFault(f"{failed}: {exc}", away=True) from exc
                await asyncio.sleep(_limits.RETRY_SECONDS)
