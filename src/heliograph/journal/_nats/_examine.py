"""What ``heliograph doctor`` asks of NATS servers: the start-up checks, each told, and times.

No stream is made here that stays.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from statistics import median
from typing import Any

import msgspec

from heliograph import errors
from heliograph.journal._base import Clock
from heliograph.journal._nats._examine_blobs import examine_blobs
from heliograph.journal._nats._lives import Lives
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._probe import check_calls, sync_fault
from heliograph.journal._nats._records import Job, Live, unpack
from heliograph.journal._nats._setup import (
    check_server,
    check_shards,
    compare,
    configs,
    make,
    streams_there,
)
from heliograph.journal._nats._wire import Wire
from heliograph.journal.checkup import Finding, Waiting, failed, fine, weak

__all__ = ["examine"]

MAX_SKEW_SECONDS = 1.0
"""Between this clock and the servers': leases are judged by clocks."""

SLOW_WRITE_SECONDS = 0.25
"""A write that takes longer makes streams falter."""

UNTAKEN_SECONDS = 30.0
"""For which nothing of a queue was handed out, so that nobody seems to ask."""

_WRITES = 5


async def examine(
    parts: Parts, replicas: int, monitors: Sequence[str]
) -> tuple[list[Finding], list[Waiting]]:
    """What was found, and what waits in the queue. Connects, and disconnects."""
    wire, names, clock = parts.wire, parts.names, parts.clock
    found: list[Finding] = []
    waiting: list[Waiting] = []
    try:
        await wire.connect()
    except errors.JournalError as exc:
        return [failed("nats", f"{exc}; see journal.servers, journal.user")], []
    try:
        if await _told(found, "server", lambda: _server(wire)):
            there: set[str] = set()
            if await _told(found, "streams", lambda: _streams(wire, names, replicas, there)):
                if there:
                    await _told(found, "clock", lambda: _skew(wire, names, clock))
                    await _told(found, "permissions", lambda: _calls(wire, names, clock))
                    await _told(found, "write", lambda: _write(wire, names, clock))
                    waiting = await _queues(wire, names, clock)
                else:
                    await _told(found, "replicas", lambda: _trial(wire, names, replicas))
                await _told(found, "blobs", lambda: examine_blobs(parts, made=bool(there)))
    except errors.JournalError as exc:
        found.append(failed("nats", exc))
    finally:
        await wire.close()
    found += [await _sync(monitor) for monitor in monitors]
    if not monitors:
        found.append(weak("sync", "set journal.monitors: only they tell `sync_interval`"))
    return found, waiting


async def _told(
    found: list[Finding], what: str, check: Callable[[], Awaitable[list[Finding] | str]]
) -> bool:
    """Whether it did not fail."""
    try:
        said = await check()
    except (errors.JournalError, errors.ConfigError) as exc:
        found.append(failed(what, exc))
        return False
    told = [fine(what, said)] if isinstance(said, str) else said
    found += told
    return not any(one.status == "failed" for one in told)


async def _server(wire: Wire) -> str:
    info = wire.info
    check_server(info)
    began = time.perf_counter()
    await wire.client.flush()
    took = time.perf_counter() - began
    return (
        f"nats-server {info['version']} at {info.get('host')}:{info.get('port')}, JetStream on, "
        f"max_payload {info['max_payload']}; a round trip takes {took * 1000:.1f} ms"
    )


async def _streams(wire: Wire, names: Names, replicas: int, ours: set[str]) -> list[Finding]:
    there = await streams_there(wire, names)
    check_shards(names, there)
    wanted = {config["name"]: config for config in configs(names, replicas)}
    missing = sorted(wanted.keys() - there)
    if len(missing) == len(wanted):
        return [weak("streams", f"none of {names.prefix} yet; the first server makes them")]
    if missing:
        said = f"{len(missing)} are missing ({missing[0]}); the next start makes them"
        return [weak("streams", said)]
    ours |= there
    odd = [said for config in wanted.values() async for said in compare(wire, config, replicas)]
    if odd:
        return [weak("streams", said) for said in odd]
    return [fine("streams", f"{len(wanted)}, {replicas} replicas each, all up to date")]


async def _trial(wire: Wire, names: Names, replicas: int) -> str:
    """A stream that is made and erased, where there are none yet."""
    name = f"{names.jobs}_TRIAL_{secrets.token_hex(4)}"
    subject = f"{names.prefix}.trial.{name}"
    config = {"name": name, "subjects": [subject], "storage": "file", "num_replicas": replicas}
    await make(wire, config)
    await wire.api(f"STREAM.DELETE.{name}")
    return f"a stream of {replicas} can be made"


async def _skew(wire: Wire, names: Names, clock: Clock) -> list[Finding]:
    before = clock()
    answer = await wire.api(f"STREAM.INFO.{names.jobs}")
    here = (before + clock()) / 2
    there = datetime.fromisoformat(answer["ts"]).timestamp()
    ahead = here - there
    said = f"{abs(ahead) * 1000:.0f} ms {'before' if ahead > 0 else 'behind'} the servers'"
    if abs(ahead) > MAX_SKEW_SECONDS:
        return [failed("clock", f"this machine's is {said}; keep both by NTP")]
    return [fine("clock", said)]


async def _calls(wire: Wire, names: Names, clock: Clock) -> str:
    await check_calls(wire, names, clock)
    return "this user may do what the journal does"


async def _write(wire: Wire, names: Names, clock: Clock) -> list[Finding]:
    lives = Lives(wire, names, clock)
    response_id = f"probe-{secrets.token_hex(8)}"
    live = Live(tenant="", capabilities=(), created_at=clock(), since=clock())
    took, seq = [], 0
    try:
        for _ in range(_WRITES):
            began = time.perf_counter()
            _, seq = await lives.write(response_id, live.but(), seq)
            took.append(time.perf_counter() - began)
    finally:
        await lives.drop(response_id)
    said = f"one takes {median(took) * 1000:.1f} ms, the slowest of {_WRITES} {max(took):.3f} s"
    if median(took) > SLOW_WRITE_SECONDS:
        slow = "use faster disks for `store_dir`, or servers nearer to each other"
        return [weak("write", f"{said}; {slow}")]
    return [fine("write", said)]


async def _sync(monitor: str) -> Finding:
    fault = await asyncio.to_thread(sync_fault, monitor)
    return (
        fine("sync", f"{monitor}: sync_interval always") if fault is None else weak("sync", fault)
    )


async def _queues(wire: Wire, names: Names, clock: Clock) -> list[Waiting]:
    """What waits, by the capabilities that it needs: its queues of new and of released work."""
    found: dict[tuple[str, ...], Waiting] = {}
    offset = 0
    while True:
        answer = await wire.api(f"CONSUMER.LIST.{names.jobs}", {"offset": offset})
        page: list[dict[str, Any]] = answer.get("consumers") or []
        for one in page:
            told = await _queue(wire, names, one, clock())
            if told is not None:
                known = found.get(told.needs)
                found[told.needs] = told if known is None else _both(known, told)
        offset += len(page)
        if not page or offset >= answer.get("total", 0):
            return list(found.values())


def _both(one: Waiting, other: Waiting) -> Waiting:
    return Waiting(
        one.needs,
        one.count + other.count,
        max(one.seconds, other.seconds),
        bool(one.untaken and other.untaken),
    )


async def _queue(wire: Wire, names: Names, consumer: dict[str, Any], now: float) -> Waiting | None:
    config = consumer["config"]
    said = config.get("metadata", {}).get("capabilities")
    count = consumer.get("num_pending", 0)
    if said is None or not count:
        return None
    head = await wire.next(names.jobs, config["filter_subject"], 1)
    if head is None:
        return None
    needs = msgspec.json.decode(said, type=tuple[str, ...])
    active = consumer.get("delivered", {}).get("last_active")
    asked = datetime.fromisoformat(active).timestamp() if active else 0.0
    untaken = time.time() - asked > UNTAKEN_SECONDS
    return Waiting(needs, count, now - unpack(head.data, Job).created_at, untaken)
