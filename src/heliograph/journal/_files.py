"""A data folder's own needs: one process at a time, and the platform's strongest flush."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heliograph import errors

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["FolderLock", "flush_directory", "flush_file", "is_used", "mark_used", "sole"]


def flush_file(descriptor: int) -> None:
    """Bytes of an open file to the medium (macOS: F_FULLFSYNC, since its fsync stops short)."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif sys.platform == "win32":
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def flush_directory(path: Path) -> None:
    """A directory's names to the medium (Windows has no such call: its renames are logged)."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def sole(directory: Path) -> Iterator[None]:
    """Keep other processes of Heliograph out of a directory (blocks until they have left it).

    Nothing on Windows, where no other process works on a data folder.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def mark_used(descriptor: int) -> None:
    """Say that a process works on an open file: ``is_used`` is true until it closes it, or dies."""
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_SH)


def is_used(path: Path) -> bool:
    """Whether a process that lives has said so of the file."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class FolderLock:
    """Held by the one process that may write a data folder; the system frees it when that dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self, *, reading: bool = False) -> None:
        """Raises ``JournalError`` where another journal, of any process, has the folder.

        Who is only ``reading`` keeps others out all the same, and leaves no word of itself there.
        """
        way = os.O_RDONLY if reading else os.O_RDWR
        descriptor = os.open(self._path, way | os.O_CREAT, 0o644)
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(descriptor)
            raise errors.JournalError(
                f"the data folder {self._path.parent} is in use{self._holder()}; "
                "stop that one or use another folder"
            ) from exc
        if sys.platform != "win32" and not reading:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the folder; harmless where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _holder(self) -> str:
        if sys.platform == "win32":
            return " by another process"
        pid = self._path.read_text().strip()
        try:
            os.kill(int(pid), 0)
        except (ValueError, ProcessLookupError):  # who only reads the folder has not said so
            return " by another process"
        except PermissionError:
            pass
        return f" by process {pid}"
