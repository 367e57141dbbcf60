"""API keys in a data folder: made, listed and revoked, and seen by a running server.

They are in a file of their own, ``keys.db``, so that commands can change it while a server
runs: SQLite with a rollback journal, readable by its owner only.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Unpack

import msgspec

from heliograph import errors
from heliograph.server._key import LOOK_SECONDS, STALE_SECONDS, Key, KeyOptions, make_key, named

__all__ = ["KeyWatch", "Keyring"]

FILE = "keys.db"

_VERSION = 1
_BUSY_SECONDS = 5.0
_TABLE = """
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    revoked REAL,
    requests_per_minute INTEGER,
    concurrent INTEGER
) STRICT
"""


class Keyring:
    """The keys of one data folder. Every method raises ``ConfigError`` for a file it cannot use."""

    def __init__(self, folder: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(folder) / FILE
        self._clock = clock

    @property
    def where(self) -> str:
        """Where they are, for a message."""
        return str(self.path.parent)

    def exists(self) -> bool:
        """Whether a key was ever made here, one that was revoked since included."""
        return bool(self.list())

    def list(self) -> list[Key]:
        """Every key, the oldest first; none where there is no file."""
        if not self.path.exists():
            return []
        with self._opened() as connection:
            return read_keys(connection)

    def create(self, **options: Unpack[KeyOptions]) -> tuple[Key, str]:
        """Make a key; returns it and, this once, its whole text. Raises as ``make_key``."""
        key, text = make_key(self._clock(), **options)
        self._make_file()
        with self._opened() as connection:
            values = msgspec.structs.asdict(key)
            names = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            connection.execute(f"INSERT INTO keys ({names}) VALUES ({places})", values)
        return key, text

    def revoke(self, key_id: str) -> Key:
        """Revoke a key for good; returns it. ``key_id`` may also be ``hg_<id>`` or the whole key.

        Raises ``UsageError`` where there is no such key.
        """
        found = named(key_id, self.list(), self.where)
        if found.revoked is not None:
            return found
        revoked = msgspec.structs.replace(found, revoked=self._clock())
        with self._opened() as connection:
            connection.execute(
                "UPDATE keys SET revoked = ? WHERE id = ?", (revoked.revoked, revoked.id)
            )
        return revoked

    def _make_file(self) -> None:
        """Before SQLite opens it, so that nobody else could read it at any time."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise errors.ConfigError(f"{self.path}: {error.strerror or error}") from None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction, committed at the end."""
        try:
            with closing(connect(self.path, _BUSY_SECONDS)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                _migrate(connection, self.path)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise errors.ConfigError(f"{self.path}: {error}") from None


def connect(path: Path, busy: float) -> sqlite3.Connection:
    """A connection to an existing file; statements wait ``busy`` seconds for another process."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(
        uri, uri=True, timeout=busy, isolation_level=None, check_same_thread=False
    )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise errors.ConfigError(
            f"{path}: made by a newer Heliograph (version {version} of the file)"
        )
    if version == 0:
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def read_keys(connection: sqlite3.Connection) -> list[Key]:
    """Every row."""
    names = Key.__struct_fields__
    rows = connection.execute(f"SELECT {', '.join(names)} FROM keys ORDER BY created, id")
    return [Key(**dict(zip(names, row, strict=True))) for row in rows]


class KeyWatch:
    """The stored keys as a running server sees them, looked at again when they are asked for.

    A change is seen within ``LOOK_SECONDS``. Once keys were seen one is ``required`` for good, also
    where their file goes away; where it is there and cannot be read, nobody gets in before long.
    """

    def __init__(self, folder: str | Path | None, clock: Callable[[], float] = time.monotonic):
        self._path = None if folder is None else Path(folder) / FILE
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._at: tuple[int, int] | None = None
        self._version: int | None = None
        self._keys: dict[str, Key] = {}
        self._next_look = float("-inf")
        self._good = clock()
        self.required = False

    async def start(self) -> None:
        """The file is looked at when it is asked for."""

    def get(self, key_id: str) -> Key | None:
        """A key by its id. Raises ``ServerError`` where the file could not be read for long."""
        self.look()
        return self._keys.get(key_id)

    def look(self) -> None:
        """See what changed, if the last look was long ago. Raises as ``get``."""
        if self._path is None:
            return
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        try:
            self._read(self._path)
        except (OSError, sqlite3.Error):
            # A command may be writing this moment: what is known holds until the next look.
            self.close()
            if now - self._good > STALE_SECONDS:
                self._next_look = now
                raise errors.ServerError(
                    "the file of keys cannot be read", status=503, code="keys_unreadable"
                ) from None
        else:
            self._good = now

    def _read(self, path: Path) -> None:
        try:
            status = path.stat()
        except FileNotFoundError:
            self.close()
            self._keys = {}
            return
        at = status.st_dev, status.st_ino
        if self._connection is None or at != self._at:
            self.close()
            self._connection = connect(path, 0.0)
            self._connection.execute("PRAGMA query_only = 1")
            self._at = at
        # SQLite counts the commits of others; the number means something on one connection only.
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            keys = {key.id: key for key in read_keys(self._connection)}
            self._version = version
            self._keys = keys
            self.required = self.required or bool(keys)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._at = self._version = None
