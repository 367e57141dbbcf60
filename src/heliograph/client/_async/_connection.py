# ruff: noqa: ASYNC109 - the timeout is the transport's, and the twins agree
"""``client.responses.connect()``: turns one after another over a WebSocket."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import AsyncIterator, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from msgspec import UNSET, UnsetType

from heliograph import errors, models
from heliograph.client import _core
from heliograph.client._async._stream import AsyncStreamManager
from heliograph.client._async._typed import AsyncParsedStreamManager
from heliograph.client._async._typed_calls import AsyncToolRuns
from heliograph.client._core import ParsedResponse, ResponseParams, TextFormat
from heliograph.client._transport import AsyncReply, Call, Wait

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph
    from heliograph.client._core._socket import Line, Turn
    from heliograph.client._websocket import Proxy
    from heliograph.client._websocket_async import AsyncChannel

T = TypeVar("T")


class AsyncConnection(AsyncToolRuns):
    """A WebSocket to ``/responses``. Enter it to open it.

    One turn at a time; the server keeps the newest response in the connection's own memory, so
    that ``previous_response_id`` goes on from it, also with ``store=False``. A server ends a
    connection after a while (the specification says 60 minutes): a turn under way goes on over HTTP
    where its response is stored, the next one raises an `APIError` with the code
    ``websocket_connection_limit_reached``, later ones `TransportError`. Open another then.
    """

    _remembers = True

    def __init__(
        self, client: AsyncHeliograph, call: Call, ssl: tls.SSLContext | None, proxy: Proxy
    ) -> None:
        self._client = client
        self._call = call
        self._ssl = ssl
        self._proxy = proxy
        self._channel: AsyncChannel | None = None
        self._line: Line | None = None

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self._call.url.partition('?')[0]}>"

    @property
    def closed(self) -> bool:
        """Whether no further turn can be had."""
        return self._line is None or self._line.closed is not None

    @property
    def request_id(self) -> str | None:
        """The server's name for this connection, for its logs (``x-request-id``)."""
        return None if self._line is None else self._line.headers.get("x-request-id")

    async def close(self) -> None:
        """Close it. A response under way that is stored goes on at the server."""
        if self._channel is not None and self._line is not None:
            self._line.closed = self._line.closed or "it was closed"
            await self._channel.close()

    async def create(
        self,
        *,
        generate: bool | UnsetType = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult:
        """Take a turn; the whole response. Raises as ``client.responses.create`` does.

        ``generate=False`` (OpenAI's) takes the input in and makes nothing yet. ``extra_headers``
        are for what goes over HTTP: resuming a turn that was cut.
        """
        manager = self.stream(
            generate=generate,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
            **params,
        )
        async with manager as stream:
            return await stream.get_final_response()

    @overload
    def stream(
        self,
        *,
        text_format: None = None,
        generate: bool | UnsetType = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncStreamManager[models.StreamEvent]: ...

    @overload
    def stream(
        self,
        *,
        text_format: type[T],
        generate: bool | UnsetType = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncParsedStreamManager[T]: ...

    def stream(
        self,
        *,
        text_format: type[Any] | None = None,
        generate: bool | UnsetType = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncStreamManager[models.StreamEvent]:
        """Take a turn: ``async with connection.stream(...) as stream``. See ``create``.

        With a ``text_format`` the final response is one of ``parse``.
        """
        from heliograph.client._core._socket import turn_of

        asked = None if text_format is None else TextFormat(text_format)
        turn = turn_of(
            self._client._config,
            self._client._server,
            params if asked is None else asked.within(params, extra_body),
            generate=generate,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        send = partial(self._begin, turn)
        if asked is not None:
            return AsyncParsedStreamManager(self._client, turn.course, send, asked)
        return AsyncStreamManager(self._client, turn.course, send)

    async def parse(
        self,
        *,
        text_format: type[T],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> ParsedResponse[T]:
        """Take a turn whose text is a ``T``. As ``client.responses.parse``."""
        manager = self.stream(
            text_format=text_format,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
            **params,
        )
        async with manager as stream:
            return await stream.get_final_response()

    async def _open(self) -> None:
        from heliograph.client._core._socket import Line
        from heliograph.client._websocket_async import dial

        if self._line is not None:
            raise errors.UsageError("this connection was opened before: make another")
        client = self._client
        config = client._config
        tries = _core.Tries(config.retries, client._server, self._call, repeatable=True)
        while True:
            failed: errors.HeliographError
            try:
                channel = await dial(
                    tries.now(), max_frame=config.max_frame, ssl=self._ssl, proxy=self._proxy
                )
                break
            except (errors.TransportError, errors.APIError) as error:
                failed = error
            await asyncio.sleep(tries.again(failed))
        client._server.note(channel.headers)
        self._channel = channel
        self._line = Line(channel.headers)

    async def _begin(self, turn: Turn) -> AsyncReply:
        """Send the turn, and see whether it is taken."""
        from heliograph.client._core._socket import wait_for

        if self._channel is None or self._line is None:
            raise errors.UsageError("this connection is not open: enter it first")
        while True:
            first = await self._first(self._channel, self._line, turn)
            refused = self._line.first(first)
            if refused is None:
                return _Reply(self._channel, self._line, turn, first)
            await asyncio.sleep(wait_for(turn, refused))

    async def _first(self, channel: AsyncChannel, line: Line, turn: Turn) -> bytes:
        line.require()
        try:
            while line.owing:
                line.drop(await channel.receive(turn.course.now().timeout.read))
            message = line.ask(turn)
            try:
                await channel.send(message)
            except errors.TransportError:
                # What the server said before it closed is still to be read.
                return await channel.receive(1.0)
            return await channel.receive(turn.course.now().timeout.read)
        except errors.HeliographError as error:
            line.closed = str(error)
            line.left()
            await channel.close()
            raise
        except BaseException:
            line.left()  # interrupted: the turn goes on unread
            raise


class _Reply:
    """A turn in the place of an HTTP answer, its first message already read."""

    status = 200

    def __init__(self, channel: AsyncChannel, line: Line, turn: Turn, first: bytes) -> None:
        self.headers = line.headers
        self._channel = channel
        self._line = line
        self._turn = turn
        self._first = first
        self._seconds = turn.course.call.timeout.read
        self._done = False

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._first
        try:
            while True:
                yield self._line.came(await self._channel.receive(self._seconds))
        except errors.TransportTimeout:
            raise
        except (errors.TransportError, errors.FrameTooLarge) as error:
            self._line.closed = self._line.closed or str(error)
            await self._channel.close()
            raise

    async def close(self) -> None:
        if not self._done:
            self._done = True
            self._line.left()
