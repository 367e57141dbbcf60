"""Where the socket is, and how one gets to it."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heliograph import errors

__all__ = ["SOCKET", "Outbox", "connect", "listen"]

SOCKET = "workers.sock"
"""The socket's name in the data folder."""

_LONGEST = 100
"""Bytes of a path that every system takes for a socket's (Linux: 107, macOS: 103)."""
_BACKLOG = 128


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The path, or on Linux a short one to the same place."""
    if len(os.fsencode(path)) <= _LONGEST or sys.platform != "linux":
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _made() -> socket.socket:
    if sys.platform == "win32":
        raise errors.JournalError("this system has no unix sockets for asyncio")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def listen(path: Path) -> socket.socket:
    """A listening socket for this user alone; a dead server's is replaced.

    The caller has the data folder's lock. Raises ``JournalError``.
    """
    made = _made()
    try:
        if path.exists():
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise errors.JournalError(f"{path} is there and no socket; remove it")
            path.unlink()
        with _short(path) as short:
            made.bind(short)
        path.chmod(0o600)  # nobody can connect before it listens
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise errors.JournalError(f"{path}: {error.strerror or error}") from error
    except errors.JournalError:
        made.close()
        raise
    return made


def connect(path: Path) -> socket.socket:
    """A connected socket (a unix socket's connect does not wait). Raises ``OSError``."""
    made = _made()
    try:
        with _short(path) as short:
            made.connect(short)
    except OSError:
        made.close()
        raise
    return made


class Outbox:
    """Sends what is written within one turn of the loop at once: a call to the system per burst."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: list[bytes | bytearray] = []

    def write(self, data: bytes | bytearray) -> None:
        """Send it soon."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(data)

    def flush(self) -> None:
        """Send it now."""
        waiting, self._waiting = self._waiting, []
        if waiting and not self._writer.is_closing():
            self._writer.write(b"".join(waiting))
