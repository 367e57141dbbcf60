"""Answers of the Images APIs: drawn while the client waits, whole or as events.

Until the first event the status is open, so a failure before it is answered with its own status.
After it, or once silence had to be filled, a failure is an event of type ``error``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
import pybase64
from starlette.types import Receive, Scope, Send

from heliograph import engine, errors, providers, sse
from heliograph.server._errors import as_api_error
from heliograph.server._exchange import Exchange, exchange_of
from heliograph.server._frames import PIECE
from heliograph.server._images_shapes import Dialect
from heliograph.server._runtime import Runtime
from heliograph.server._watch import Watch

__all__ = ["Drawing"]

_DONE = sse.encode(b"[DONE]")
_KEEP_ALIVE = sse.comment("keep-alive")
_NO_STORE = (b"cache-control", b"no-store")
_EVENTS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    _NO_STORE,
    (b"x-accel-buffering", b"no"),
]
_HOLE = f'"{Dialect.HOLE}"'.encode()


class Drawing:
    """An ASGI answer: draws what ``ask`` asks for, and says it in ``dialect``."""

    def __init__(self, runtime: Runtime, ask: engine.ImageAsk, dialect: Dialect) -> None:
        self._runtime = runtime
        self._ask = ask
        self._dialect = dialect
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._runtime.studio.busy(), Watch(receive, self._runtime.closing) as watch:
            if self._ask.stream:
                exchange = exchange_of(scope)
                with exchange.streaming():
                    await self._stream(send, exchange)
            else:
                await self._whole(send)
        if watch.ended == "closing" and not self._begun:
            raise errors.ServerError(
                "the server is stopping", status=503, code="server_stopping", retry_after=1
            )

    def _parts(self, index: int) -> AsyncGenerator[providers.ImagePart, None]:
        return self._runtime.studio.draw(self._ask, index)

    async def _picture(self, index: int) -> providers.Picture:
        async with aclosing(self._parts(index)) as parts:
            async for part in parts:
                if isinstance(part, providers.Picture):
                    return part
        raise errors.ServerError("the drawing ended without a picture")

    async def _whole(self, send: Send) -> None:
        tasks = [asyncio.create_task(self._picture(index)) for index in range(self._ask.n)]
        try:
            pictures = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        limit = self._runtime.settings.limits.max_response_bytes
        document = msgspec.json.encode(self._dialect.whole(self._ask, pictures))
        holes = len(pictures) * len(_HOLE)
        length = len(document) - holes + sum(_quoted_size(p.data) for p in pictures)
        if length > limit:
            raise errors.ServerError(
                f"the answer has {length} bytes; the limit max_response_bytes is {limit}",
                code="response_too_large",
            )
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(length).encode()),
            _NO_STORE,
        ]
        self._begun = True
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _write(send, document, [picture.data for picture in pictures])
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, send: Send, exchange: Exchange) -> None:
        try:
            for index in range(self._ask.n):
                async with aclosing(self._parts(index)) as parts:
                    while (part := await self._next(parts, send)) is not None:
                        await self._event(part, send)
                        exchange.sent(1)
        except errors.HeliographError as error:
            if not self._begun:
                raise
            await _send(send, _error_event(as_api_error(error)))
        await self._begin(send)
        await send({"type": "http.response.body", "body": _DONE, "more_body": False})

    async def _next(
        self, parts: AsyncGenerator[providers.ImagePart, None], send: Send
    ) -> providers.ImagePart | None:
        """The next part, None at the end; silence meanwhile is filled with comments."""
        every = self._runtime.settings.limits.keep_alive_seconds
        coming = asyncio.ensure_future(anext(parts, None))
        try:
            while not (await asyncio.wait({coming}, timeout=every))[0]:
                await self._begin(send)
                await _send(send, _KEEP_ALIVE)
            return coming.result()
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    async def _event(self, part: providers.ImagePart, send: Send) -> None:
        await self._begin(send)
        if isinstance(part, providers.Preview):
            document = self._dialect.preview(self._ask, part)
        else:
            document = self._dialect.completed(self._ask, part)
        await _send(send, f"event: {document['type']}\ndata: ".encode())
        await _write(send, msgspec.json.encode(document), [part.data])
        await _send(send, b"\n\n")

    async def _begin(self, send: Send) -> None:
        if not self._begun:
            self._begun = True
            await send({"type": "http.response.start", "status": 200, "headers": _EVENTS})


def _error_event(error: errors.APIError) -> bytes:
    told: dict[str, Any] = {
        "type": "error",
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        },
    }
    return sse.encode(msgspec.json.encode(told), "error")


def _quoted_size(data: bytes) -> int:
    return (len(data) + 2) // 3 * 4 + 2


def _quoted(data: bytes) -> Iterator[bytes]:
    """A picture's base64 as a JSON string, a piece at a time."""
    view = memoryview(data)
    yield b'"'
    for at in range(0, len(view), PIECE):
        yield pybase64.b64encode(view[at : at + PIECE])
    yield b'"'


async def _send(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _write(send: Send, document: bytes, pictures: Sequence[bytes]) -> None:
    """Write a JSON document with its holes filled."""
    start = 0
    for data in pictures:
        at = document.index(_HOLE, start)
        await _send(send, document[start:at])
        for piece in _quoted(data):
            await _send(send, piece)
        start = at + len(_HOLE)
    await _send(send, document[start:])
