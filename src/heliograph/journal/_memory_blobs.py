"""Blobs in a dict."""

from __future__ import annotations

import hashlib

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import BlobStore, Clock

__all__ = ["MemoryBlobs"]


class MemoryBlobs(BlobStore):
    """``held`` are the blobs by name, ``put_at`` when each was put last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.is_open = False
        self.held: dict[str, bytes] = {}
        self.put_at: dict[str, float] = {}

    async def put(self, data: bytes) -> str:
        """See ``BlobStore.put``."""
        self._check_open()
        if len(data) > _limits.MAX_BLOB_BYTES:
            raise errors.JournalError(
                f"a blob of {len(data)} bytes: MAX_BLOB_BYTES is {_limits.MAX_BLOB_BYTES}"
            )
        sha256 = hashlib.sha256(data).hexdigest()
        self.held.setdefault(sha256, bytes(data))
        self.put_at[sha256] = self._clock()
        return sha256

    async def get(self, sha256: str) -> bytes:
        """See ``BlobStore.get``."""
        self._check_open()
        data = self.held.get(sha256)
        if data is None:
            raise errors.JournalError(f"blob {sha256} is missing")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise errors.JournalError(f"blob {sha256} is damaged")
        return data

    def _check_open(self) -> None:
        if not self.is_open:
            raise errors.JournalError("the journal is not open")
