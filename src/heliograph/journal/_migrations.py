"""The SQLite schema as numbered migrations, each applied once, in one transaction, and recorded.

Rules for whoever changes the schema: never edit a migration that was released; append one. The
numbers are the places in ``MIGRATIONS``, from 1.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from heliograph import errors

__all__ = ["APPLICATION_ID", "MIGRATIONS", "Migration", "check_schema", "migrate"]

APPLICATION_ID = 0x48454C49
"""``HELI``: SQLite's mark in the file's header of whose file it is."""


class Migration(NamedTuple):
    """``statements`` bring a database from the version before to this one."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "responses, jobs, events, snapshots, blob references, idempotency keys, tombstones",
        (
            # A response's own row never changes; what changes is small and lives in jobs.
            """CREATE TABLE responses (
                rid INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                tenant TEXT NOT NULL,
                background INTEGER NOT NULL,
                created_at REAL NOT NULL,
                expires_in REAL,
                request BLOB NOT NULL
            )""",
            """CREATE TABLE jobs (
                rid INTEGER PRIMARY KEY,
                state INTEGER NOT NULL,
                capabilities TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                takeovers INTEGER NOT NULL,
                cancel_requested INTEGER NOT NULL,
                finished_at REAL,
                expires_at REAL
            )""",
            "CREATE INDEX jobs_queued ON jobs (capabilities, rid) WHERE state = 0",
            "CREATE INDEX jobs_running ON jobs (rid) WHERE state = 1",
            "CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL",
            # A rowid table: WITHOUT ROWID cost more than twice the CPU with rows of this size.
            """CREATE TABLE events (
                rid INTEGER NOT NULL,
                seq INTEGER NOT NULL,
                epoch INTEGER NOT NULL,
                n INTEGER NOT NULL,
                data BLOB NOT NULL,
                PRIMARY KEY (rid, seq)
            )""",
            "CREATE TABLE snapshots (rid INTEGER PRIMARY KEY, data BLOB NOT NULL)",
            """CREATE TABLE blob_refs (
                sha256 TEXT NOT NULL,
                rid INTEGER NOT NULL,
                PRIMARY KEY (sha256, rid)
            ) WITHOUT ROWID""",
            "CREATE INDEX blob_refs_rid ON blob_refs (rid)",
            """CREATE TABLE idempotency (
                tenant TEXT NOT NULL,
                key TEXT NOT NULL,
                response_id TEXT NOT NULL,
                digest TEXT NOT NULL,
                created_at REAL NOT NULL,
                PRIMARY KEY (tenant, key)
            ) WITHOUT ROWID""",
            "CREATE INDEX idempotency_response ON idempotency (response_id)",
            "CREATE INDEX idempotency_age ON idempotency (created_at)",
            """CREATE TABLE tombstones (
                id TEXT PRIMARY KEY,
                erased_at REAL NOT NULL
            ) WITHOUT ROWID""",
            "CREATE INDEX tombstones_age ON tombstones (erased_at)",
        ),
    ),
    Migration(
        "what a response goes on from",
        ("CREATE TABLE contexts (rid INTEGER PRIMARY KEY, data BLOB NOT NULL)",),
    ),
    Migration("who claimed a response last", ("ALTER TABLE jobs ADD COLUMN worker TEXT",)),
    Migration(
        "whose work waits, and for how long it may",
        (
            "ALTER TABLE jobs ADD COLUMN tenant TEXT",
            "ALTER TABLE jobs ADD COLUMN claim_by REAL",
            "UPDATE jobs SET tenant = (SELECT tenant FROM responses r WHERE r.rid = jobs.rid) "
            "WHERE state < 2",
            "CREATE INDEX jobs_waiting ON jobs (tenant) WHERE state = 0",
            "CREATE INDEX jobs_overdue ON jobs (claim_by) "
            "WHERE state = 0 AND epoch = 0 AND claim_by IS NOT NULL",
        ),
    ),
    Migration(
        "what was begun and waits goes first",
        ("CREATE INDEX jobs_begun ON jobs (capabilities, rid) WHERE state = 0 AND epoch > 0",),
    ),
    Migration(
        "places in pools, by holder",
        ("CREATE TABLE places (pool TEXT PRIMARY KEY, holders BLOB NOT NULL) WITHOUT ROWID",),
    ),
)


_FOREIGN = "the database is not a Heliograph journal"


def _newer(version: int, known: int) -> str:
    return (
        f"the database has schema {version}, this Heliograph knows up to {known}; "
        "install the version that wrote it"
    )


def check_schema(connection: sqlite3.Connection) -> None:
    """Raises ``JournalError`` unless the database is of the newest version; changes nothing."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID:
        raise errors.JournalError(_FOREIGN)
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    if version > len(MIGRATIONS):
        raise errors.JournalError(_newer(version, len(MIGRATIONS)))
    if version < len(MIGRATIONS):
        raise errors.JournalError(
            f"the database has schema {version}, an older Heliograph's, and is only read here; "
            "start this version's server on the folder once, and stop it: that brings it to "
            f"schema {len(MIGRATIONS)}"
        )


def migrate(
    connection: sqlite3.Connection,
    now: float,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Bring the database to the newest version.

    Raises ``JournalError`` for a file that is another program's, or of a newer Heliograph.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id != APPLICATION_ID and tables:
        raise errors.JournalError(_FOREIGN)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL)"
    )
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    if version > len(migrations):
        raise errors.JournalError(_newer(version, len(migrations)))
    for number, migration in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, ?)", (number, migration.name, now)
            )
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise
