"""Running responses as the writer knows them, mirrored from the database."""

from __future__ import annotations

import sqlite3

import msgspec

from heliograph.journal._line import InLine

__all__ = [
    "FINISHED",
    "QUEUED",
    "RUNNING",
    "LeaseView",
    "Live",
    "Loaded",
    "decode_capabilities",
    "load",
]

QUEUED, RUNNING, FINISHED = 0, 1, 2
"""``jobs.state``."""

decode_capabilities = msgspec.json.Decoder(tuple[str, ...]).decode
"""Decodes ``jobs.capabilities``."""

_LOAD = (
    "SELECT r.id, r.tenant, r.background, r.created_at, r.request, j.capabilities, j.epoch, "
    "j.takeovers, j.cancel_requested, j.state, "
    "coalesce((SELECT seq + n - 1 FROM events e WHERE e.rid = r.rid ORDER BY seq DESC LIMIT 1), -1)"
    ", c.data, j.claim_by, j.priority, j.raise_after FROM responses r JOIN jobs j USING (rid) "
    "LEFT JOIN contexts c USING (rid) WHERE r.rid = ?"
)


class Live:
    """A running response: the newest claim, and how far the log is. ``job`` is its place in the
    line, were it to wait again."""

    __slots__ = (
        "cancel_requested",
        "claimed_at",
        "epoch",
        "job",
        "last_seq",
        "required",
        "rid",
        "tenant",
        "until",
    )

    def __init__(self, job: InLine, epoch: int) -> None:
        self.job = job
        self.rid = job.place
        self.tenant = job.tenant
        self.required = job.needs
        self.epoch = epoch
        self.last_seq = -1
        self.until = 0.0
        self.claimed_at = 0.0
        self.cancel_requested = False


class Loaded(msgspec.Struct, frozen=True):
    """What a claim needs of a response beside its ``Live``."""

    response_id: str
    background: bool
    created_at: float
    request: bytes
    takeovers: int
    state: int
    context: bytes | None
    claim_by: float | None


class LeaseView(msgspec.Struct, frozen=True):
    """Whether a lease is current, and whether a cancel was asked for."""

    current: bool
    cancel_requested: bool


def load(db: sqlite3.Connection, rid: int) -> tuple[Live, Loaded]:
    """A response as the database has it; its lease has run out."""
    row = db.execute(_LOAD, (rid,)).fetchone()
    job = InLine(
        key=row[0],
        needs=decode_capabilities(row[5]),
        tenant=row[1],
        priority=row[13],
        created_at=row[3],
        place=rid,
        raise_after=row[14],
        redo=True,
    )
    live = Live(job, row[6])
    live.cancel_requested = bool(row[8])
    live.last_seq = row[10]
    return live, Loaded(row[0], bool(row[2]), row[3], row[4], row[7], row[9], *row[11:13])
