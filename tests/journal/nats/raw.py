"""Speaking JetStream without the journal, as a zombie or a curious eye would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import nats
from nats.aio.client import Client
from tests.nats_servers import PREFIX


@asynccontextmanager
async def connected(servers: list[str]) -> AsyncIterator[Client]:
    client = await nats.connect(servers)
    try:
        yield client
    finally:
        await client.close()


async def publish(client: Client, subject: str, data: bytes, **headers: str) -> dict[str, Any]:
    """The stream's answer."""
    named = {f"Nats-{name.replace('_', '-')}": value for name, value in headers.items()}
    answer = await client.request(subject, data, timeout=5, headers=named or None)
    return msgspec.json.decode(answer.data)


async def api(client: Client, verb: str, **body: object) -> dict[str, Any]:
    answer = await client.request(f"$JS.API.{verb}", msgspec.json.encode(body), timeout=5)
    return msgspec.json.decode(answer.data)


def log_of(response_id: str) -> str:
    """Of ``r`` or ``x``: both live in the first of two shards."""
    return f"{PREFIX}.ev.00.{response_id}.log"


def stream(name: str) -> str:
    return f"{PREFIX.upper()}_{name}"


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    """Return once it holds; raises ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while True:
            if await check():
                return
            await asyncio.sleep(0.02)
