"""``client.responses.connect()``: turns one after another over a WebSocket."""

from __future__ import annotations

import ssl as tls
import time
from collections.abc import Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from msgspec import UNSET, UnsetType

from heliograph import errors, models
from heliograph.client import _core
from heliograph.client._core import ParsedResponse, ResponseParams, TextFormat
from heliograph.client._sync._stream import StreamManager
from heliograph.client._sync._typed import ParsedStreamManager
from heliograph.client._sync._typed_calls import ToolRuns
from heliograph.client._transport import Call, Reply, Wait

if TYPE_CHECKING:
    from heliograph.client._core._socket import Line, Turn
    from heliograph.client._sync._client import Heliograph
    from heliograph.client._websocket import Proxy
    from heliograph.client._websocket_sync import Channel

T = TypeVar("T")


class Connection(ToolRuns):
    """A WebSocket to ``/responses``. Enter it to open it.

    One turn at a time; the server keeps the newest response in the connection's own memory, so
    that ``previous_response_id`` goes on from it, also with ``store=False``. A server ends a
    connection after a while (the specification says 60 minutes): a turn under way goes on over HTTP
    where its response is stored, the next one raises an `APIError` with the code
    ``websocket_connection_limit_reached``, later ones `TransportError`. Open another then.
    """

    _remembers = True

    def __init__(
        self, client: Heliograph, call: Call, ssl: tls.SSLContext | None, proxy: Proxy
    ) -> None:
        self._client = client
        self._call = call
        self._ssl = ssl
        self._proxy = proxy
        self._channel: Channel | None = None
        self._line: Line | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

    def close(self) -> None:
        """Close it. A response under way that is stored goes on at the server."""
        if self._channel is not None and self._line is not None:
            self._line.closed = self._line.closed or "it was closed"
            self._channel.close()

    def create(
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
        with manager as stream:
            return stream.get_final_response()

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
    ) -> StreamManager[models.StreamEvent]: ...

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
    ) -> ParsedStreamManager[T]: ...

    def stream(
        self,
        *,
        text_format: type[Any] | None = None,
        generate: bool | UnsetType = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> StreamManager[models.StreamEvent]:
        """Take a turn: ``with connection.stream(...) as stream``. See ``create``.

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
            return ParsedStreamManager(self._client, turn.course, send, asked)
        return StreamManager(self._client, turn.course, send)

    def parse(
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
        with manager as stream:
            return stream.get_final_response()

    def _open(self) -> None:
        from heliograph.client._core._socket import Line
        from heliograph.client._websocket_sync import dial

        if self._line is not None:
            raise errors.UsageError("this connection was opened before: make another")
        client = self._client
        config = client._config
        tries = _core.Tries(config.retries, client._server, self._call, repeatable=True)
        while True:
            failed: errors.HeliographError
            try:
                channel = dial(
                    tries.now(), max_frame=config.max_frame, ssl=self._ssl, proxy=self._proxy
                )
                break
            except (errors.TransportError, errors.APIError) as error:
                failed = error
            time.sleep(tries.again(failed))
        client._server.note(channel.headers)
        self._channel = channel
        self._line = Line(channel.headers)

    def _begin(self, turn: Turn) -> Reply:
        """Send the turn, and see whether it is taken."""
        from heliograph.client._core._socket import wait_for

        if self._channel is None or self._line is None:
            raise errors.UsageError("this connection is not open: enter it first")
        while True:
            first = self._first(self._channel, self._line, turn)
            refused = self._line.first(first)
            if refused is None:
                return _Reply(self._channel, self._line, turn, first)
            time.sleep(wait_for(turn, refused))

    def _first(self, channel: Channel, line: Line, turn: Turn) -> bytes:
        line.require()
        try:
            while line.owing:
                line.drop(channel.receive(turn.course.now().timeout.read))
            message = line.ask(turn)
            try:
                channel.send(message)
            except errors.TransportError:
                # What the server said before it closed is still to be read.
                return channel.receive(1.0)
            return channel.receive(turn.course.now().timeout.read)
        except errors.HeliographError as error:
            line.closed = str(error)
            line.left()
            channel.close()
            raise
        except BaseException:
            line.left()  # interrupted: the turn goes on unread
            raise


class _Reply:
    """A turn in the place of an HTTP answer, its first message already read."""

    status = 200

    def __init__(self, channel: Channel, line: Line, turn: Turn, first: bytes) -> None:
        self.headers = line.headers
        self._channel = channel
        self._line = line
        self._turn = turn
        self._first = first
        self._seconds = turn.course.call.timeout.read
        self._done = False

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        yield self._first
        try:
            while True:
                yield self._line.came(self._channel.receive(self._seconds))
        except errors.TransportTimeout:
            raise
        except (errors.TransportError, errors.FrameTooLarge) as error:
            self._line.closed = self._line.closed or str(error)
            self._channel.close()
            raise

    def limit(self, seconds: float | None) -> None:
        if seconds is not None:
            self._seconds = seconds

    def close(self) -> None:
        if not self._done:
            self._done = True
            self._line.left()
