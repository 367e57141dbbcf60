"""Turns over a WebSocket (Open Responses 2026-04-24): what to send, and how one ends.

Theory. A connection carries one turn at a time. Its events are those of a stream, and the same
`Assembly` puts them together; only the frames around them are missing, and an error comes in an
envelope. An envelope that is a turn's first message is the refusal of it, as a status is over HTTP;
the connection goes on. A turn whose connection is cut goes on over HTTP where the response was
stored, as any cut stream does (`Course`); it is never sent again, since no key could find it.

A turn that its reader leaves early goes on at the server. What is still to come of it is read and
dropped before the next one is sent: the server would not begin that earlier either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from heliograph import errors, models
from heliograph.client._core._answers import error_of_event
from heliograph.client._core._config import Config
from heliograph.client._core._course import Course
from heliograph.client._core._opening import course
from heliograph.client._core._requests import create_body, create_call, is_stored, socket_headers
from heliograph.client._core._retries import Server
from heliograph.client._transport import Call, Timeout, Wait

LIMIT = "websocket_connection_limit_reached"
_LIMIT = LIMIT.encode()
_LAST = frozenset({"response.completed", "response.incomplete", "response.failed", "error"})
_NOT_HERE = {
    "background": "a WebSocket carries foreground responses only",
    "stream": "every turn is streamed",
    "stream_options": "events over a WebSocket take no options",
}
_ENVELOPE = 65536  # bytes: no error is longer


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One ``response.create``: the message, and the course of its stream."""

    message: bytes
    course: Course
    continues: bool


def socket_call(config: Config, *, extra_headers: Mapping[str, str] | None, timeout: Wait) -> Call:
    """The handshake at ``/responses``."""
    config.require("connect")
    url = urlsplit(config.base_url)
    return Call(
        method="GET",
        url=url._replace(scheme={"http": "ws"}.get(url.scheme, "wss")).geturl() + "/responses",
        headers=socket_headers(config, extra_headers),
        timeout=config.timeout if isinstance(timeout, UnsetType) else Timeout.of(timeout),
    )


def turn_of(
    config: Config,
    server: Server,
    params: Mapping[str, Any],
    *,
    generate: bool | UnsetType,
    extra_body: Mapping[str, Any] | None,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Turn:
    """A turn to be sent. Raises `UsageError`. The headers are for going on over HTTP."""
    given = {**params, **(extra_body or {})}
    for name, why in _NOT_HERE.items():
        if name in given:
            raise errors.UsageError(f"{name}: not over a WebSocket; {why}")
    more = {} if generate is UNSET else {"generate": generate}
    call = create_call(
        config, params, stream=True, extra_body=extra_body, extra_headers=extra_headers,
        timeout=timeout,
    )  # fmt: skip
    way = course(
        config,
        server,
        call,
        invalid="raise",
        stored=is_stored(params, extra_body),
        include=params.get("include"),
        messages=True,
    )
    return Turn(
        message=create_body(params, extra_body, type="response.create", **more),
        course=way,
        continues=given.get("previous_response_id") is not None,
    )


class Line:
    """What is known of one connection. The shells tell it what they send and what comes."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._turn: Turn | None = None
        self._read = False  # somebody reads the turn
        self.closed: str | None = None
        """Why no further turn can be had; None while one can."""

    @property
    def owing(self) -> bool:
        """Messages of an earlier turn are still to come."""
        return self._turn is not None and not self._read

    def ask(self, turn: Turn) -> bytes:
        """The message that begins the turn, once nothing is `owing`. Raises `UsageError` while
        another one is being read, `TransportError` on a connection that has ended."""
        self.require()
        self._turn = turn
        self._read = True
        return turn.message

    def require(self) -> None:
        """Raises where no turn can be begun now; see `ask`."""
        if self._read:
            raise errors.UsageError(
                "a turn is under way on this connection: read its stream to the end, or close it"
            )
        if self.closed is not None:
            raise errors.TransportError(
                f"this connection has ended ({self.closed}): open another with responses.connect()",
                sent=False,
            )

    def drop(self, data: bytes) -> None:
        """A message of the turn that was left."""
        try:
            kind = msgspec.json.decode(data, type=_Kind).type
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        if kind in _LAST:
            self._turn = None

    def first(self, data: bytes) -> errors.APIError | None:
        """A turn's first message: its refusal, or None where the stream is open."""
        refused = self._envelope(data)
        if refused is not None:
            self._turn, self._read = None, False
            if refused.code == LIMIT:
                self.closed = LIMIT
            return refused
        if self._turn is not None:
            self._turn.course.opened(self.headers)
        return None

    def came(self, data: bytes) -> bytes:
        """A later message. Raises `TransportError` where the connection ends with it: the response
        goes on, and so may its stream elsewhere."""
        if len(data) <= _ENVELOPE and _LIMIT in data:
            told = self._envelope(data)
            if told is not None and told.code == LIMIT:
                self.closed = LIMIT
                raise errors.TransportError(f"{LIMIT}: {told.message}")
        return data

    def left(self) -> None:
        """Nobody reads the turn any more: it has ended, was cut, or goes on unread."""
        if self._turn is not None and self._read:
            assembly = self._turn.course.assembly
            if assembly.ended or assembly.failure is not None or self.closed is not None:
                self._turn = None
        self._read = False

    def _envelope(self, data: bytes) -> errors.APIError | None:
        if len(data) > _ENVELOPE or b'"error"' not in data:
            return None
        try:
            event = models.decode_event(data)
        except errors.InvalidEvent:
            return None
        if not isinstance(event, models.ErrorEvent):
            return None
        return error_of_event(event, self.headers)


class _Kind(msgspec.Struct):
    type: str


def wait_for(turn: Turn, error: errors.APIError) -> float:
    """Seconds until a turn that was refused may be sent again. Raises ``error`` where it may not:
    a refusal also makes the server forget what the turn was to go on from."""
    if turn.continues:
        raise error
    return turn.course.again(error)
