"""Answers that are not event streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from heliograph import engine
from heliograph.journal import BlobStore, Entry
from heliograph.server._frames import write_body

__all__ = ["Json", "Stored"]

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
    """A response object out of the journal, its pictures put back as it is written."""

    def __init__(self, response_id: str, entry: Entry, blobs: BlobStore) -> None:
        self._response_id = response_id
        self._entry = entry
        self._blobs = blobs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = engine.wire_size(self._entry)
        headers = [
            _JSON,
            (b"content-length", str(length).encode()),
            (b"cache-control", b"no-store"),
            (b"x-response-id", self._response_id.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def sink(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        await write_body(self._entry, self._blobs, sink)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
