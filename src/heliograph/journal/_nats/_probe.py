"""At the start: does every kind of call that the journal makes go through for this user?"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import urllib.error
import urllib.request
from collections.abc import Sequence

from nats.aio.msg import Msg

from heliograph import errors
from heliograph.journal._base import Clock
from heliograph.journal._nats import _limits
from heliograph.journal._nats._lives import Lives
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import Live
from heliograph.journal._nats._wire import Wire

__all__ = ["check_calls", "check_sync", "sync_fault"]

log = logging.getLogger("heliograph.journal")

_TRIES = 5


async def check_calls(wire: Wire, names: Names, clock: Clock) -> None:
    """Write, hear, read and erase a record. Raises ``JournalError`` that names what is denied."""
    response_id = f"probe-{secrets.token_hex(8)}"
    lives = Lives(wire, names, clock)
    heard = asyncio.Event()

    async def hear(_: Msg) -> None:
        heard.set()

    listening = await wire.subscribe(names.tail(response_id), hear)
    live = Live(tenant="", capabilities=(), created_at=clock(), since=clock())
    known = await lives.write(response_id, live, 0)
    try:
        await lives.read(response_id)
        await wire.batch(
            names.stream(response_id), {"batch": 1, "multi_last": [names.of(response_id, "live")]}
        )
        for _ in range(_TRIES):
            # Not every server of a cluster knows of a subscription at once.
            try:
                async with asyncio.timeout(_limits.SETTLE_SECONDS):
                    await heard.wait()
                break
            except TimeoutError:
                wire.check_denied()
                known = await lives.write(response_id, live.but(), known[1])
        else:
            raise errors.JournalError(
                f"what is written is not heard on {names.tail(response_id)}: the user may not "
                "subscribe to it, or the stream does not republish; see docs/cluster.md"
            )
    finally:
        await lives.drop(response_id)
    await listening.unsubscribe()


async def check_sync(monitors: Sequence[str]) -> None:
    """Warn of servers that do not flush what they acknowledge; only their monitoring pages tell."""
    for monitor in monitors:
        fault = await asyncio.to_thread(sync_fault, monitor)
        if fault is not None:
            log.warning("%s", fault)


def sync_fault(monitor: str) -> str | None:
    """What is wrong with how a server flushes, None where nothing is (blocks)."""
    try:
        settings = _settings(f"{monitor.rstrip('/')}/varz")
    except (OSError, ValueError, urllib.error.URLError) as exc:
        return f"journal.monitors: {monitor} tells nothing: {exc}"
    if settings.get("sync_always"):
        return None
    return (
        f"the nats-server at {monitor} acknowledges what a power cut can still take away; set "
        "`sync_interval: always` in its `jetstream` block"
    )


def _settings(url: str) -> dict[str, object]:
    if not url.startswith(("http://", "https://")):
        raise ValueError("an http:// or https:// address is needed")
    with urllib.request.urlopen(url, timeout=3) as answer:
        found = json.load(answer)
    jetstream = found.get("jetstream") if isinstance(found, dict) else None
    config = jetstream.get("config") if isinstance(jetstream, dict) else None
    if not isinstance(config, dict):
        raise ValueError("its page is not a nats-server's")
    return config
