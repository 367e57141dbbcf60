"""Blobs as files: ``blobs/<aa>/<sha256>``, whole and durable before anyone can refer to them.

A blob is written to ``blobs/tmp``, flushed, renamed into place, and its directory flushed. Every
``put`` sets the file's time by the journal's clock, also where the bytes were there already:
``collect`` spares what was put within ``BLOB_GRACE``. A lock per directory keeps the two apart,
those of other processes (workers) included.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import BlobStore, Clock
from heliograph.journal._files import flush_directory, flush_file, is_used, mark_used, sole

__all__ = ["FileBlobs"]

_THREADS = 3


class FileBlobs(BlobStore):
    """Content-addressed files below ``folder``; all file work happens in a few threads."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._locks = [threading.Lock() for _ in range(256)]
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._cached_bytes = 0
        self._threads: ThreadPoolExecutor | None = None

    def open(self) -> None:
        """Make the folders and drop what dead processes left half written (blocks)."""
        temporary = self._folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        with sole(temporary):
            for left_over in temporary.iterdir():
                with suppress(FileNotFoundError):  # it is whole by now
                    if not is_used(left_over):
                        left_over.unlink()
        flush_directory(self._folder)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="heliograph-blobs")

    def close(self) -> None:
        """Wait for the threads (blocks)."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()
        self._cache.clear()
        self._cached_bytes = 0

    async def put(self, data: bytes) -> str:
        """See ``BlobStore.put``; raises ``JournalError`` where the disk refuses."""
        if len(data) > _limits.MAX_BLOB_BYTES:
            raise errors.JournalError(
                f"a blob of {len(data)} bytes: MAX_BLOB_BYTES is {_limits.MAX_BLOB_BYTES}"
            )
        data = bytes(data)
        loop = asyncio.get_running_loop()
        sha256 = await loop.run_in_executor(self._running(), self._put, data)
        self._remember(sha256, data)
        return sha256

    async def get(self, sha256: str) -> bytes:
        """See ``BlobStore.get``. Read and checked off the event loop; lately used ones are kept."""
        data = self._cache.get(sha256)
        if data is not None:
            self._cache.move_to_end(sha256)
            return data
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(self._running(), self.load, sha256)
        self._remember(sha256, data)
        return data

    def has(self, sha256: str) -> bool:
        """Whether the blob was put (blocks for one stat)."""
        try:
            return _is_name(sha256) and self._path(sha256).exists()
        except OSError as exc:
            raise errors.JournalError(f"blob {sha256} cannot be looked up: {exc}") from exc

    def size(self, sha256: str) -> int | None:
        """A blob's size in bytes, None where it is missing (blocks for one stat)."""
        try:
            return self._path(sha256).stat().st_size
        except OSError:
            return None

    async def older_than(self, seconds: float) -> list[str]:
        """Blobs last put at least ``seconds`` ago."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._running(), self._older_than, seconds)

    def remove_old(self, sha256: str, seconds: float) -> None:
        """Unlink a blob unless it was put within ``seconds`` (blocks); what fails stays."""
        path = self._path(sha256)
        with self._locks[int(sha256[:2], 16)], suppress(OSError), sole(path.parent):
            if path.stat().st_mtime <= self._clock() - seconds:
                path.unlink()

    def _put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        try:
            with self._locks[int(sha256[:2], 16)]:
                if not path.parent.exists():
                    path.parent.mkdir(exist_ok=True)
                    flush_directory(self._folder)
                with sole(path.parent):
                    if not path.exists() or path.stat().st_size != len(data):
                        self._write(path, data)
                    now = self._clock()
                    os.utime(path, (now, now))
                    flush_directory(path.parent)
        except OSError as exc:
            raise errors.JournalError(f"blob {sha256} cannot be written: {exc}") from exc
        return sha256

    def _write(self, path: Path, data: bytes) -> None:
        temporary = self._folder / "tmp" / secrets.token_hex(8)
        with sole(temporary.parent):  # else it could be swept away before it is marked
            file = temporary.open("xb", buffering=0)
            mark_used(file.fileno())
        try:
            with file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                flush_file(file.fileno())
                temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def load(self, sha256: str) -> bytes:
        """As ``get`` (blocks); the folder need not be open."""
        if not _is_name(sha256):
            raise errors.JournalError(f"{sha256!r} is no blob's name")
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError as exc:
            raise errors.JournalError(f"blob {sha256} is missing") from exc
        except OSError as exc:
            raise errors.JournalError(f"blob {sha256} cannot be read: {exc}") from exc
        if hashlib.sha256(data).hexdigest() != sha256:
            raise errors.JournalError(f"blob {sha256} is damaged")
        return data

    def _older_than(self, seconds: float) -> list[str]:
        limit = self._clock() - seconds
        found = []
        for directory in self._folder.iterdir():
            if len(directory.name) == 2:
                for entry in os.scandir(directory):
                    with suppress(FileNotFoundError):
                        if entry.stat().st_mtime <= limit:
                            found.append(entry.name)
        return found

    def _remember(self, sha256: str, data: bytes) -> None:
        if sha256 in self._cache or len(data) > _limits.BLOB_CACHE_BYTES // 4:
            return
        self._cache[sha256] = data
        self._cached_bytes += len(data)
        while self._cached_bytes > _limits.BLOB_CACHE_BYTES:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _running(self) -> ThreadPoolExecutor:
        if self._threads is None:
            raise errors.JournalError("the journal is not open")
        return self._threads


def _is_name(sha256: str) -> bool:
    return len(sha256) == 64 and all(digit in "0123456789abcdef" for digit in sha256)
