"""Whatever is done to the journals, they answer alike."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)
from tests.contract.journal.support import Clock, entry, host_of, new, stop_host
from tests.nats_servers import cluster, empty, nats_journal

from heliograph import errors
from heliograph.journal import (
    AttachedJournal,
    Entry,
    Journal,
    JournalHost,
    Lease,
    MemoryJournal,
    SqliteJournal,
)

TENANTS = st.sampled_from(["a", "b"])
IDS = st.sampled_from([f"r{i}" for i in range(5)])
KINDS = ["chat:x", "chat:y", "image:z"]
SECONDS = st.sampled_from([1.0, 10.0, 100.0])


async def outcome(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except errors.JournalError as exc:
        return type(exc)


async def stored(journal: Journal, tenant: str, response_id: str, after: int) -> Any:
    record = await journal.get(tenant, response_id)
    found: list[Entry] = []
    if after < record.last_seq:
        async for frame in journal.read(tenant, response_id, after):
            assert frame.first == after + 1 + len(found)
            found += frame.entries
            if frame.last == record.last_seq:
                break
    return record, found


class Agreement(RuleBasedStateMachine):
    """The reference and SQLite."""

    leases: Bundle[Lease] = Bundle("leases")

    @initialize()
    def open(self) -> None:
        self.clock = Clock()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.hosts: list[JournalHost] = []
        self.prepare()
        self.journals: list[Journal] = [MemoryJournal(self.clock), *self.stored()]
        for journal in self.journals:
            self.runner.run(journal.start())

    def prepare(self) -> None:
        """Before each example."""

    def stored(self) -> list[Journal]:
        """Those that are held against the reference, over the same data each time: one over a
        folder, and one over the socket of another, whose host is started."""
        served = SqliteJournal(f"{self.folder.name}/served", self.clock)
        self.hosts = [self.runner.run(host_of(served))]
        return [
            SqliteJournal(f"{self.folder.name}/own", self.clock),
            AttachedJournal(self.hosts[0].path, self.clock),
        ]

    def needs_of(self, response_id: str, needs: set[str]) -> tuple[str, ...]:
        return tuple(sorted(needs))

    def offered_for(self, response_id: str, offered: list[str]) -> list[str]:
        return offered

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            for journal in self.journals:
                self.runner.run(journal.stop())
            for host in self.hosts:
                self.runner.run(stop_host(host))
            self.runner.close()
            self.folder.cleanup()

    def every(self, call: Callable[[Journal], Awaitable[Any]]) -> Any:
        memory, *others = (self.runner.run(outcome(call(one))) for one in self.journals)
        for other in others:
            assert memory == other
        return memory

    @rule(
        response_id=IDS,
        tenant=TENANTS,
        needs=st.sets(st.sampled_from(KINDS), max_size=2),
        key=st.sampled_from([None, None, "k"]),
        digest=st.sampled_from(["d", "e"]),
        expires_in=st.sampled_from([None, 0.0, 50.0]),
    )
    def create(
        self,
        response_id: str,
        tenant: str,
        needs: set[str],
        key: str | None,
        digest: str,
        expires_in: float | None,
    ) -> None:
        wanted = new(
            response_id,
            tenant,
            capabilities=self.needs_of(response_id, needs),
            idempotency_key=key,
            body_digest=digest,
            expires_in=expires_in,
        )
        self.every(lambda journal: journal.create(wanted))

    @rule(
        target=leases,
        response_id=IDS,
        offered=st.sampled_from([["*"], ["chat:*"], ["image:z", "chat:x"], []]),
        seconds=SECONDS,
    )
    def claim(self, response_id: str, offered: list[str], seconds: float) -> Any:
        offered = self.offered_for(response_id, offered)
        lease = self.every(lambda journal: journal.claim("w", offered, lease=seconds, wait=0))
        return multiple() if lease is None else lease

    @rule(lease=leases, ahead=st.sampled_from([0, 0, 0, 1, -1]), count=st.integers(0, 3))
    def append(self, lease: Lease, ahead: int, count: int) -> None:
        first = self.next_seq(lease) + ahead
        some = [entry(first + i) for i in range(count)]
        self.every(lambda journal: journal.append(lease, first, some))

    @rule(lease=leases, blob=st.binary(max_size=2))
    def append_blob(self, lease: Lease, blob: bytes) -> None:
        sha256 = self.every(lambda journal: journal.blobs.put(blob))
        first = self.next_seq(lease)
        self.every(lambda journal: journal.append(lease, first, [entry(first, sha256)]))

    @rule(lease=leases, count=st.integers(0, 2))
    def finish(self, lease: Lease, count: int) -> None:
        first = self.next_seq(lease)
        some = [entry(first + i) for i in range(count)]
        self.every(lambda journal: journal.finish(lease, first, some, Entry(b"end")))

    def next_seq(self, lease: Lease) -> int:
        record = self.every(lambda journal: journal.get(lease.tenant, lease.response_id))
        return 0 if isinstance(record, type) else record.last_seq + 1

    @rule(lease=leases, seconds=SECONDS)
    def renew(self, lease: Lease, seconds: float) -> None:
        self.every(lambda journal: self.renewed(journal, lease, seconds))

    async def renewed(self, journal: Journal, lease: Lease, seconds: float) -> Any:
        return await journal.renew(lease, seconds=seconds)

    @rule(lease=consumes(leases))
    def release(self, lease: Lease) -> None:
        self.every(lambda journal: journal.release(lease))

    @rule(response_id=IDS, tenant=TENANTS)
    def delete(self, response_id: str, tenant: str) -> None:
        self.every(lambda journal: journal.delete(tenant, response_id))

    @rule(response_id=IDS, tenant=TENANTS)
    def cancel(self, response_id: str, tenant: str) -> None:
        self.every(lambda journal: journal.cancel(tenant, response_id))

    @rule(response_id=IDS, tenant=TENANTS, reader=st.sampled_from("xy"), seconds=SECONDS)
    def attach(self, response_id: str, tenant: str, reader: str, seconds: float) -> None:
        self.every(lambda journal: journal.attach(tenant, response_id, reader, seconds=seconds))

    @rule(response_id=IDS, tenant=TENANTS, reader=st.sampled_from("xy"))
    def detach(self, response_id: str, tenant: str, reader: str) -> None:
        self.every(lambda journal: journal.detach(tenant, response_id, reader))

    @rule(seconds=st.sampled_from([1.0, 9.0, 60.0, 3600.0, 90_000.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def expire(self) -> None:
        self.every(lambda journal: journal.expire())

    @rule()
    def restart(self) -> None:
        for journal in self.journals:
            self.runner.run(journal.stop())
        for host in self.hosts:
            self.runner.run(stop_host(host))
        self.journals[1:] = self.stored()
        for journal in self.journals:
            self.runner.run(journal.start())

    @rule(response_id=IDS, tenant=TENANTS, after=st.integers(-1, 4))
    def read(self, response_id: str, tenant: str, after: int) -> None:
        self.every(lambda journal: stored(journal, tenant, response_id, after))

    @invariant()
    def records_agree(self) -> None:
        if hasattr(self, "journals"):
            for tenant, response_id in (("a", "r0"), ("b", "r1")):
                self.every(lambda journal, t=tenant, r=response_id: journal.get(t, r))  # type: ignore[misc]


class AgreementOnNats(Agreement):
    """The reference and NATS: each claim is for one response, since the order is near enough there.

    Since when nobody reads is left out: a journal on NATS that starts knows nothing of leases that
    another process held.
    """

    def prepare(self) -> None:
        self.runner.run(empty(cluster(1).urls))

    def stored(self) -> list[Journal]:
        return [nats_journal(1, self.clock)]

    def needs_of(self, response_id: str, needs: set[str]) -> tuple[str, ...]:
        return tuple(sorted({*needs, f"id:{response_id}"}))

    def offered_for(self, response_id: str, offered: list[str]) -> list[str]:
        return [*({*offered} - {"*"} or {"chat:*", "image:*"}), f"id:{response_id}"]

    async def renewed(self, journal: Journal, lease: Lease, seconds: float) -> Any:
        state = await journal.renew(lease, seconds=seconds)
        return state.expires_at, state.cancel_requested


TestAgreementOnNats = AgreementOnNats.TestCase
TestAgreementOnNats.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAgreement = Agreement.TestCase
TestAgreement.settings = settings(
    max_examples=25,
    stateful_step_count=35,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
