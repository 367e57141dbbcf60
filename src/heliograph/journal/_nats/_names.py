"""Subjects and streams: what is where.

::

    EV_<shard>   <p>.ev.<shard>.<rid>.log           the response's log, written by compare-and-set
                 <p>.ev.<shard>.<rid>.live          its live record, the newest only, until it ends
                 <p>.ev.<shard>.<rid>.kept.<hour>.<due>
                                                    erase it (or its tombstone) at ``due``
      republished <p>.t.<shard>.<rid>.log|live|pool what tails and owners subscribe to
                 <p>.ev.<shard>.-.mark              shows that its leader is one
    EV_00        <p>.ev.00.<hash>.pool              who has the places of a pool
    JOBS         <p>.jobs.<needs>.<redo>.<priority>.<patience>.<tenant>.<when>.<rid>
                                                    what waits; all that its turn depends on
      republished <p>.j.new.<...>                   wakes claimers
  not stored     <p>.j.took.<...>                   tells claimers who was taken
                 <p>.j.who                          asks claimers what they offer
    KEYS         <p>.key.<hash>                     idempotency keys
    REFS         <p>.rf.<sha256>.put                a blob is there
                 <p>.rf.<sha256>.ref.<rid>          a response refers to it
                 <p>.rf.home                        where the blobs are, if not in BLOBS
    BLOBS        an object store
    REGISTER     <p>.reg.<name>                     what all processes share: the API keys

The shard is part of a response's id (``resp_<32 hex digits>_<shard>``), so that their number can
grow. An id made from another's (``step_ig_<...>_<shard>o0``) lives beside it. One without a shard
(it came from another journal) lives where its hash says, among the first ``spread`` shards: those
that there were when the streams were made.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

import msgspec

from heliograph import errors

__all__ = ["Names", "needs_token", "tenant_token"]

_JOB_PARTS = 7
_ID = re.compile(r"[A-Za-z0-9_=-]{1,120}")
_PLACED = re.compile(r"[0-9a-f]{32}_([0-9a-f]{2})(?![0-9a-f])")


def needs_token(capabilities: Sequence[str]) -> str:
    """One subject token for a set of capabilities."""
    return hashlib.sha256(msgspec.json.encode(sorted(capabilities))).hexdigest()[:24]


def tenant_token(tenant: str) -> str:
    """One subject token for a tenant."""
    return hashlib.sha256(tenant.encode()).hexdigest()[:24]


def _pool_token(pool: str) -> str:
    return hashlib.sha256(pool.encode()).hexdigest()[:24]


class Names:
    """All names under one ``prefix``."""

    def __init__(self, prefix: str, shards: int) -> None:
        self.prefix = prefix
        self.shards = shards
        self.spread = 1
        name = prefix.upper()
        self.jobs = f"{name}_JOBS"
        self.keys = f"{name}_KEYS"
        self.refs = f"{name}_REFS"
        self.blobs = f"{name}_BLOBS"
        self.register = f"{name}_REGISTER"
        self._events = f"{name}_EV"

    def place(self, response_id: str) -> str:
        """The id with a shard, taken at random."""
        return f"{response_id}_{secrets.randbelow(self.shards):02x}"

    def shard(self, response_id: str) -> int:
        """Where a response lives. Raises ``UnknownResponse`` for what cannot be an id."""
        if not _ID.fullmatch(response_id):
            raise errors.UnknownResponse(response_id)
        placed = _PLACED.search(response_id)
        if placed is None:
            digest = hashlib.sha256(response_id.encode()).digest()
            return int.from_bytes(digest[:4], "big") % self.spread
        shard = int(placed[1], 16)
        return shard if shard < self.shards else 0

    def events(self, shard: int) -> str:
        """The stream of a shard."""
        return f"{self._events}_{shard:02d}"

    def stream(self, response_id: str) -> str:
        """The stream that a response is in."""
        return self.events(self.shard(response_id))

    def of(self, response_id: str, what: str) -> str:
        """``log``, ``live``, ``kept.<hour>.<due>`` (or a pattern of these) of a response."""
        return f"{self.prefix}.ev.{self.shard(response_id):02x}.{response_id}.{what}"

    def all_of(self, shard: int, what: str) -> str:
        """The same of every response in a shard."""
        return f"{self.prefix}.ev.{shard:02x}.*.{what}"

    def tail(self, response_id: str) -> str:
        """What a response's tails subscribe to."""
        return f"{self.prefix}.t.{self.shard(response_id):02x}.{response_id}.*"

    def mark(self, response_id: str) -> str:
        """What is written to see whether the stream's leader is one: the newest only."""
        return f"{self.prefix}.ev.{self.shard(response_id):02x}.-.mark"

    def pool(self, pool: str) -> str:
        """A pool's record: in the first shard, which is there whatever their number."""
        return f"{self.prefix}.ev.00.{_pool_token(pool)}.pool"

    def pool_tail(self, pool: str) -> str:
        """What who waits for a place subscribes to."""
        return f"{self.prefix}.t.00.{_pool_token(pool)}.pool"

    def job(
        self,
        needs: str = "*",
        redo: str = "*",
        response_id: str = "*",
        *,
        priority: str = "*",
        patience: str = "*",
        tenant: str = "*",
        when: str = "*",
    ) -> str:
        """A job's subject; any part may be ``*``."""
        parts = needs, redo, priority, patience, tenant, when, response_id
        return f"{self.prefix}.jobs.{'.'.join(parts)}"

    def parts(self, subject: str) -> list[str]:
        """The parts of a job's subject, also of one that ``new`` or ``took`` gave."""
        return subject.rsplit(".", _JOB_PARTS)[1:]

    def new(self, redo: str = "*") -> str:
        """What is told of each new job."""
        return f"{self.prefix}.j.new.*.{redo}.>"

    def took(self, subject: str = ">") -> str:
        """What is told of a job that was taken."""
        rest = ".".join(self.parts(subject)) if subject != ">" else subject
        return f"{self.prefix}.j.took.{rest}"

    def who(self) -> str:
        """Where claimers are asked what they offer."""
        return f"{self.prefix}.j.who"

    def key(self, tenant: str, key: str) -> str:
        """An idempotency key's subject."""
        digest = hashlib.sha256(msgspec.json.encode([tenant, key])).hexdigest()
        return f"{self.prefix}.key.{digest}"

    def sweeper(self) -> str:
        """Who sweeps."""
        return f"{self.prefix}.key.sweeper"

    def entry(self, name: str) -> str:
        """A record of the register; ``*`` is each."""
        return f"{self.prefix}.reg.{name}"

    def blob(self, sha256: str) -> str:
        """The record that a blob is there."""
        return f"{self.prefix}.rf.{sha256}.put"

    def blob_home(self) -> str:
        """The record of where the blobs are."""
        return f"{self.prefix}.rf.home"

    def ref(self, sha256: str, response_id: str) -> str:
        """The record that a response refers to a blob; either may be ``*``."""
        return f"{self.prefix}.rf.{sha256}.ref.{response_id}"
