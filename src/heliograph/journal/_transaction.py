"""One SQLite transaction after another, shared by many calls, and what must be undone with each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import chain

__all__ = ["EventRow", "Transaction"]

EventRow = tuple[int, int, int, int, bytes]
"""``rid, seq, epoch, n, data``."""

_ROWS_AT_ONCE = (64, 16, 4, 1)
_INSERT_EVENTS = {
    count: "INSERT INTO events VALUES " + ",".join(["(?,?,?,?,?)"] * count)
    for count in _ROWS_AT_ONCE
}


class Transaction:
    """Begins with the first write, gathers events, and ends with ``commit`` or ``rollback``.

    ``undo`` holds what reverses changes to memory that mirrors the database; it runs backwards.
    ``after_commit`` holds steps that need the transaction durable; no call comes in between.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        self.rows: list[EventRow] = []
        self.undo: list[Callable[[], object]] = []
        self.after_commit: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Called before every write; harmless where it has begun."""
        if not self.db.in_transaction:
            self.db.execute("BEGIN IMMEDIATE")

    def flush(self) -> None:
        """Hand the gathered events to SQLite."""
        rows = self.rows
        if not rows:
            return
        self.begin()
        # Each statement gives up the interpreter's lock: with one per row, a busy event loop would
        # take it away as often.
        start = 0
        for count in _ROWS_AT_ONCE:
            while len(rows) - start >= count:
                part = rows[start : start + count]
                self.db.execute(_INSERT_EVENTS[count], tuple(chain.from_iterable(part)))
                start += count
        rows.clear()

    def commit(self) -> None:
        """Make everything since the last commit durable and visible."""
        self.flush()
        if self.db.in_transaction:
            self.db.execute("COMMIT")
        self.undo.clear()
        if self.after_commit:
            steps, self.after_commit = self.after_commit, []
            for step in steps:
                step()

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        self.rows.clear()
        self.after_commit.clear()
        for reverse in reversed(self.undo):
            reverse()
        self.undo.clear()
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
