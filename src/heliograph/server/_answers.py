"""Answers that are not event streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from heliograph import engine
from heliograph.journal import BlobStore, Entry
from heliograph.server._frames import write_body

__all__ = ["Json", "Stored", "Waiting"]

_JSON = (b"content-type", b"application/json")


class Json:
    """A small JSON document."""

    def __init__(
        self, document: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self._body = msgspec.json.encode(document)
        self._status = status
        self._headers = headers or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [_JSON, (b"content-length", str(len(self._body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class Stored:
    """A response object out of the journal, its pictures put back as it is written.

    ``begun``: its head went out before, without a length.
    """

    def __init__(
        self, response_id: str, entry: Entry, blobs: BlobStore, *, begun: bool = False
    ) -> None:
        self._response_id = response_id
        self._entry = entry
        self._blobs = blobs
        self._begun = begun

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._begun:
            length = engine.wire_size(self._entry)
            headers = [*_head(self._response_id), (b"content-length", str(length).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def sink(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        await write_body(self._entry, self._blobs, sink)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Waiting:
    """``async with Waiting(...) as waiting:`` keeps the client of a long wait from giving up.

    Blanks stand before a JSON document as well as anywhere: one is sent in every ``every`` seconds
    of the block, after the head. So a client that allows an upstream only so much silence (the
    ``openrouter`` package: 5 s) still gets its answer. ``begun`` says whether the head is out.
    """

    def __init__(self, response_id: str, send: Send, every: float) -> None:
        self._response_id = response_id
        self._send = send
        self._every = every
        self.begun = False

    async def __aenter__(self) -> Waiting:
        self._task = asyncio.create_task(self._fill())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _fill(self) -> None:
        await asyncio.sleep(self._every)
        headers = _head(self._response_id)
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        self.begun = True
        while True:
            await self._send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(self._every)


def _head(response_id: str) -> list[tuple[bytes, bytes]]:
    return [_JSON, (b"cache-control", b"no-store"), (b"x-response-id", response_id.encode())]
