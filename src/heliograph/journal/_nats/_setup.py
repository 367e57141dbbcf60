"""At the start: is this a server to trust, and are the streams there?"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import nats.errors
from nats.js.api import ObjectStoreConfig, StorageType
from nats.js.errors import BucketNotFoundError, NotFoundError
from nats.js.object_store import ObjectStore

from heliograph import errors
from heliograph.journal._nats import _limits
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._wire import ApiError, Wire

__all__ = ["LEAST_PAYLOAD", "LEAST_VERSION", "check_server", "open_blobs", "open_streams"]

log = logging.getLogger("heliograph.journal")

LEAST_VERSION = (2, 14)
"""Older servers let more than one of several racing writers win a compare-and-set at R3."""

LEAST_PAYLOAD = 64 * 1024

_AT_ONCE = 8
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
    """Make the streams that are missing. Raises ``JournalError``."""
    there = await _there(wire, names)
    beyond = [name for name in there if _shard_of(name, names) >= names.shards]
    if beyond:
        raise errors.JournalError(
            f"journal.shards: {names.shards}, but the stream {max(beyond)} is there; the number "
            "of shards can only grow"
        )
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(config: dict[str, Any]) -> None:
        async with slots:
            await _create(wire, config)

    wanted = list(_configs(names, replicas))
    await asyncio.gather(*(one(config) for config in wanted if config["name"] not in there))
    await _compare(wire, [one for one in wanted if one["name"] in there], replicas)


def _shard_of(name: str, names: Names) -> int:
    prefix, _, number = name.rpartition("_")
    known = prefix == names.events(0).rpartition("_")[0] and number.isdigit()
    return int(number) if known else -1


async def _there(wire: Wire, names: Names) -> set[str]:
    found: set[str] = set()
    while True:
        answer = await wire.api(
            "STREAM.NAMES", {"subject": f"{names.prefix}.>", "offset": len(found)}
        )
        page = answer.get("streams") or []
        found |= set(page)
        if not page or len(found) >= answer.get("total", 0):
            return found


def _configs(names: Names, replicas: int) -> list[dict[str, Any]]:
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
    return [*events, jobs, keys, refs]


async def _create(wire: Wire, config: dict[str, Any]) -> None:
    try:
        await wire.api(f"STREAM.CREATE.{config['name']}", config)
    except ApiError as exc:
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
        if exc.code != _IN_USE:
            raise


async def _compare(wire: Wire, wanted: list[dict[str, Any]], replicas: int) -> None:
    """Warn where a stream is kept otherwise than is asked for."""
    for config in wanted:
        answer = await wire.api(f"STREAM.INFO.{config['name']}")
        found = answer["config"]
        if found["num_replicas"] != replicas:
            log.warning(
                "the stream %s has %d replicas, journal.replicas is %d; "
                "change it with `nats stream edit --replicas`",
                config["name"],
                found["num_replicas"],
                replicas,
            )
        if found.get("retention") != config["retention"] or not found.get("allow_direct"):
            raise errors.JournalError(
                f"the stream {config['name']} is not one of Heliograph's; set journal.prefix to a "
                "name that is free"
            )


async def open_blobs(wire: Wire, names: Names, replicas: int) -> ObjectStore:
    """The object store, made where it is missing."""
    js = wire.client.jetstream(timeout=_limits.CALL_SECONDS)
    try:
        try:
            store = await js.object_store(names.blobs)
        except (BucketNotFoundError, NotFoundError):
            wanted = ObjectStoreConfig(replicas=replicas, storage=StorageType.FILE)
            store = await js.create_object_store(names.blobs, wanted)
    except (nats.errors.Error, OSError) as exc:
        raise errors.JournalError(f"the object store {names.blobs}: {exc}") from exc
    # The library makes it without; chunks are read in batches.
    config = (await wire.api(f"STREAM.INFO.OBJ_{names.blobs}"))["config"]
    if not config.get("allow_direct"):
        await wire.api(f"STREAM.UPDATE.OBJ_{names.blobs}", {**config, "allow_direct": True})
    return store
