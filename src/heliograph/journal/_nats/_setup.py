"""At the start: is this a server to trust, and are the streams there?"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Collection
from typing import Any

from heliograph import errors
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._wire import ApiError, Wire

__all__ = [
    "LEAST_PAYLOAD",
    "LEAST_VERSION",
    "check_server",
    "check_shards",
    "compare",
    "configs",
    "make",
    "open_streams",
    "streams_there",
]

log = logging.getLogger("heliograph.journal")

LEAST_VERSION = (2, 14)
"""Older servers let more than one of several racing writers win a compare-and-set at R3."""

LEAST_PAYLOAD = 64 * 1024

_AT_ONCE = 8
_SPREAD = "heliograph.spread"
_WITHOUT_CLUSTER, _NO_PEERS, _IN_USE, _NO_ACCOUNT = 10074, 10005, 10058, 10039


def check_server(info: dict[str, Any]) -> None:
    """Raises ``JournalError`` for a server that cannot keep the journal's promises."""
    version = str(info.get("version", ""))
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise errors.JournalError(
            f"nats-server {version or 'of unknown version'} is too old: before {least} two "
            "workers could own one response; install a newer nats-server"
        )
    if not info.get("jetstream"):
        raise errors.JournalError(
            "this nats-server runs without JetStream; add a `jetstream { store_dir: ... }` block "
            "to its configuration"
        )
    payload = int(info.get("max_payload", 0))
    if payload < LEAST_PAYLOAD:
        raise errors.JournalError(
            f"the server's max_payload is {payload} bytes; set `max_payload` to {LEAST_PAYLOAD} "
            "or more (1MB is its default)"
        )


async def open_streams(wire: Wire, names: Names, replicas: int) -> None:
    """Make the streams that are missing, and learn ``names.spread``. Raises ``JournalError``."""
    there = await streams_there(wire, names)
    check_shards(names, there)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(config: dict[str, Any]) -> None:
        async with slots:
            await make(wire, config)

    wanted = list(configs(names, replicas))
    await asyncio.gather(*(one(config) for config in wanted if config["name"] not in there))
    for config in wanted:
        if config["name"] in there:
            async for said in compare(wire, config, replicas):
                log.warning("%s", said)
    names.spread = await _spread(wire, names)


async def _spread(wire: Wire, names: Names) -> int:
    """Over how many shards ids without one are spread: whoever made the first stream has said."""
    config = (await wire.api(f"STREAM.INFO.{names.events(0)}"))["config"]
    return int((config.get("metadata") or {}).get(_SPREAD, 1))


def check_shards(names: Names, there: Collection[str]) -> None:
    """Raises ``JournalError`` where there are more shards than ``names`` has."""
    beyond = [name for name in there if _shard_of(name, names) >= names.shards]
    if beyond:
        raise errors.JournalError(
            f"journal.shards: {names.shards}, but the stream {max(beyond)} is there; the number "
            "of shards can only grow"
        )


def _shard_of(name: str, names: Names) -> int:
    prefix, _, number = name.rpartition("_")
    known = prefix == names.events(0).rpartition("_")[0] and number.isdigit()
    return int(number) if known else -1


async def streams_there(wire: Wire, names: Names) -> set[str]:
    """The names of all streams under the prefix."""
    found: set[str] = set()
    while True:
        answer = await wire.api(
            "STREAM.NAMES", {"subject": f"{names.prefix}.>", "offset": len(found)}
        )
        page = answer.get("streams") or []
        found |= set(page)
        if not page or len(found) >= answer.get("total", 0):
            return found


def configs(names: Names, replicas: int) -> list[dict[str, Any]]:
    """The streams that a journal needs, the object store aside."""
    common = {"storage": "file", "num_replicas": replicas, "allow_direct": True}
    prefix = names.prefix
    events = [
        {
            **common,
            "name": names.events(shard),
            "subjects": [f"{prefix}.ev.{shard:02x}.>"],
            "retention": "limits",
            "allow_rollup_hdrs": True,
            "republish": {
                "src": f"{prefix}.ev.{shard:02x}.*.*",
                "dest": f"{prefix}.t.{shard:02x}.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}",
            },
            **({} if shard else {"metadata": {_SPREAD: str(names.shards)}}),
        }
        for shard in range(names.shards)
    ]
    jobs = {
        **common,
        "name": names.jobs,
        "subjects": [names.job("*", "*", "*")],
        "retention": "workqueue",
        "republish": {
            "src": names.job("*", "*", "*"),
            "dest": f"{prefix}.j.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}.{{{{wildcard(5)}}}}",
            "headers_only": True,
        },
    }
    keys = {
        **common,
        "name": names.keys,
        "subjects": [f"{prefix}.key.*"],
        "retention": "limits",
        "allow_rollup_hdrs": True,
        "max_age": int(_limits.KEY_MAX_AGE * 1e9),
    }
    refs = {
        **common,
        "name": names.refs,
        "subjects": [f"{prefix}.rf.>"],
        "retention": "limits",
        "allow_rollup_hdrs": True,
    }
    register = {
        **common,
        "name": names.register,
        "subjects": [names.entry("*")],
        "retention": "limits",
        "allow_rollup_hdrs": True,
    }
    return [*events, jobs, keys, refs, register]


async def make(wire: Wire, config: dict[str, Any]) -> None:
    """Make a stream. Raises ``JournalError`` by the setting to change."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _limits.PEERS_SECONDS
    while True:
        try:
            await wire.api(f"STREAM.CREATE.{config['name']}", config)
        except ApiError as exc:
            # Servers that have just come up do not know of each other's disks yet.
            if exc.code != _NO_PEERS or loop.time() > deadline:
                _refuse(config, exc)
                return
            await asyncio.sleep(_limits.RETRY_SECONDS)
        else:
            return


def _refuse(config: dict[str, Any], exc: ApiError) -> None:
    """Say what is wrong; nothing is where the stream is there already."""
    if exc.code != _IN_USE:
        replicas = config["num_replicas"]
        if exc.code in (_WITHOUT_CLUSTER, _NO_PEERS):
            raise errors.JournalError(
                f"journal.replicas: {replicas}, but the servers cannot keep so many ({exc}); "
                "set journal.replicas lower, or add servers"
            ) from exc
        if exc.code == _NO_ACCOUNT:
            raise errors.JournalError(
                "JetStream is off for this account; turn it on in the servers' `accounts` block"
            ) from exc
        raise exc


async def compare(wire: Wire, config: dict[str, Any], replicas: int) -> AsyncIterator[str]:
    """In what a stream is not as it should be. Raises ``JournalError`` where it is another's."""
    name = config["name"]
    answer = await wire.api(f"STREAM.INFO.{name}")
    found = answer["config"]
    if found.get("retention") != config["retention"] or not found.get("allow_direct"):
        raise errors.JournalError(
            f"the stream {name} is not one of Heliograph's; set journal.prefix to a name that is "
            "free"
        )
    if found["num_replicas"] != replicas:
        yield (
            f"the stream {name} has {found['num_replicas']} replicas, journal.replicas is "
            f"{replicas}; change it with `nats stream edit --replicas`"
        )
    for peer in (answer.get("cluster") or {}).get("replicas") or []:
        if peer.get("offline") or not peer.get("current"):
            state = "away" if peer.get("offline") else f"{peer.get('lag', 0)} writes behind"
            yield f"the stream {name}: its replica on {peer['name']} is {state}; see that server"
