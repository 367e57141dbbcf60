"""Opening the SQLite database: durable, recognised, and every sqlite3 error translated once."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

from heliograph import errors

__all__ = ["is_fatal", "open_frozen", "open_reader", "open_writer", "translate"]

_WAL_PAGES = 4000
"""Pages (4 KiB) in the write-ahead log at which a commit also checkpoints."""

_FATAL = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
}


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes: WAL, a flush of the medium at every commit."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise errors.JournalError(f"{path}: this file system cannot hold a write-ahead log")
        connection.execute("PRAGMA synchronous = FULL")
        if sys.platform == "darwin":
            connection.execute("PRAGMA fullfsync = 1")
            connection.execute("PRAGMA checkpoint_fullfsync = 1")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads; it sees whole commits."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def open_frozen(path: Path) -> sqlite3.Connection:
    """A connection to a database that nobody writes meanwhile: not one byte of it changes.

    Where its last writer was killed there is a write-ahead log; SQLite's index of that, the
    ``-shm`` file, is then made anew.
    """
    log = path.with_name(f"{path.name}-wal")
    unfinished = log.exists() and log.stat().st_size
    how = "mode=ro" if unfinished else "mode=ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def is_fatal(error: sqlite3.Error) -> bool:
    """Whether nothing more may be written.

    A flush that failed once may report success the next time although pages were lost.
    """
    code = getattr(error, "sqlite_errorcode", None)
    return code in _FATAL or (isinstance(code, int) and code & 0xFF in _FATAL)


def translate(error: sqlite3.Error) -> str:
    """What a ``JournalError`` says of it."""
    name = getattr(error, "sqlite_errorname", None)
    said = f"the journal's database: {error}" + (f" ({name})" if name else "")
    if name == "SQLITE_FULL":
        said += "; free some space on the data folder's disk"
    if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
        said += "; the database is damaged or not SQLite's: restore it, or use another data folder"
    return said
