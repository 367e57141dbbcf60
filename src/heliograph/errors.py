"""Every error Heliograph raises, drawn by whose fault it is.

::

    HeliographError
    |-- ProtocolError               the peer sent something the protocol does not allow
    |   |-- FrameTooLarge           one SSE frame is over the named bound
    |   |-- InvalidEvent            a known event type with a wrong or missing field
    |   |-- LifecycleError          an event that may not follow what came before
    |   `-- StreamInterrupted       the stream ended without a terminal event
    |-- InvalidBody                 a JSON body (not an event) that does not fit its model
    |-- OutputError                 a response that came, and is not what was asked of it (response)
    |   |-- Refused                 the model declined
    |   |-- IncompleteOutput        it ended before its output was whole, or has none of the kind
    |   |-- UnfitOutput             its text does not fit ``text_format`` (field, reason, text)
    |   |-- TooManyTurns            the model still calls functions after ``max_turns``
    |   `-- ToolFailed              a function that the model called raised, by the caller's choice
    |-- PictureError                no base64 picture where one was asked for
    |   `-- NoPicture               a response came to its end without the picture asked for
    |-- TransportError              the network or the connection failed
    |   `-- TransportTimeout        nothing came within the caller's timeout
    |-- APIError                    the server answered with an error (status, code, param, message)
    |   |-- BadRequest              400   |-- AuthenticationError  401   |-- PermissionDenied 403
    |   |-- NotFound                404   |-- Conflict             409   |-- PayloadTooLarge  413
    |   |-- UnprocessableEntity     422   |-- RateLimited          429   `-- ServerError      5xx
    |-- JournalError                the event log refused or failed
    |   |-- Fenced                  the lease is not the current one: another worker owns it
    |   |-- UnknownResponse         no such response for this tenant
    |   `-- IdempotencyConflict     the key was used before with another body
    |-- ProviderError               a chat or image provider failed (kind, retryable)
    |-- UsageError                  the caller's own input to a command or function is wrong
    |   `-- ConfigError             a configuration file's key is unknown or has a wrong value
    `-- MissingExtra                an optional dependency is absent; says which line to type

``APIError`` and its children serve both sides: the client raises what it was answered, the server
answers what it raises.
"""

from __future__ import annotations

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequest",
    "ConfigError",
    "Conflict",
    "Fenced",
    "FrameTooLarge",
    "HeliographError",
    "IdempotencyConflict",
    "IncompleteOutput",
    "InvalidBody",
    "InvalidEvent",
    "JournalError",
    "LifecycleError",
    "MissingExtra",
    "NoPicture",
    "NotFound",
    "OutputError",
    "PayloadTooLarge",
    "PermissionDenied",
    "PictureError",
    "ProtocolError",
    "ProviderError",
    "RateLimited",
    "Refused",
    "ServerError",
    "StreamInterrupted",
    "TooManyTurns",
    "ToolFailed",
    "TransportError",
    "TransportTimeout",
    "UnfitOutput",
    "UnknownResponse",
    "UnprocessableEntity",
    "UsageError",
]

from typing import Any, ClassVar


class HeliographError(Exception):
    """Base of every error that Heliograph raises on purpose."""


class ProtocolError(HeliographError):
    """The peer sent something that the protocol does not allow."""


class FrameTooLarge(ProtocolError):
    """One SSE frame is larger than the decoder's bound.

    ``limit`` and ``size`` are bytes; ``size`` counts what had arrived when the bound was passed.
    """

    def __init__(self, limit: int, size: int) -> None:
        super().__init__(
            f"an SSE frame passed max_frame: {size} bytes so far, limit {limit}; "
            "pass a larger max_frame to accept it"
        )
        self.limit = limit
        self.size = size


class InvalidEvent(ProtocolError):
    """A known event type whose field is wrong or missing, or a payload that is no event at all.

    ``data`` holds the event's bytes as they came, ``field`` the path (``item.status``, ``$`` for
    the whole), ``reason`` what is wrong, ``index`` the event's position in its stream, from 0,
    ``type`` the wire type where one could be read.
    """

    def __init__(
        self,
        data: bytes,
        field: str,
        reason: str,
        index: int,
        type: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(f"event {index} ({type or 'no type'}): {field}: {reason}")
        self.data = data
        self.field = field
        self.reason = reason
        self.index = index
        self.type = type


class LifecycleError(ProtocolError):
    """An event that may not follow what came before; ``violations`` says which rules it breaks."""

    def __init__(self, violations: tuple[Any, ...]) -> None:
        super().__init__("; ".join(str(v) for v in violations))
        self.violations = violations


class StreamInterrupted(ProtocolError):
    """The stream ended without a terminal event.

    ``response_id`` and ``last_sequence`` say where it stood (None where nothing had come);
    ``snapshot`` is the response so far; ``resumable`` whether the same server is known to be able
    to go on from there; ``advice`` what can be done; ``request_id`` the ``x-request-id`` header.
    """

    def __init__(
        self,
        message: str,
        *,
        response_id: str | None = None,
        last_sequence: int | None = None,
        snapshot: Any = None,
        resumable: bool = False,
        advice: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.advice = advice
        self.request_id = request_id
        self.response_id = response_id
        self.last_sequence = last_sequence
        self.snapshot = snapshot
        self.resumable = resumable


class InvalidBody(HeliographError):
    """A JSON body that does not fit its model: ``field`` is the path, ``reason`` what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class OutputError(HeliographError):
    """A response came, and is not what was asked of it. ``response`` is that response."""

    def __init__(self, message: str, response: Any) -> None:
        super().__init__(message)
        self.response = response


class Refused(OutputError):
    """The model declined; ``refusal`` is what it said."""

    def __init__(self, refusal: str, response: Any) -> None:
        super().__init__(f"the model refused: {refusal}", response)
        self.refusal = refusal


class IncompleteOutput(OutputError):
    """The response ended before its output was whole, or holds no text where text was asked for."""


class UnfitOutput(OutputError):
    """The model's text does not fit ``text_format``.

    ``field`` is the path in the JSON (``$`` for the whole), ``reason`` what is wrong there,
    ``text`` what the model wrote.
    """

    def __init__(self, field: str, reason: str, text: str, response: Any) -> None:
        super().__init__(f"the text does not fit text_format: {field}: {reason}", response)
        self.field = field
        self.reason = reason
        self.text = text


class TooManyTurns(OutputError):
    """The model calls functions still, and ``max_turns`` turns were taken.

    ``response`` is the last one; what it calls was not run.
    """

    def __init__(self, max_turns: int, response: Any) -> None:
        super().__init__(
            f"the model calls functions still after max_turns ({max_turns}); "
            "pass a larger max_turns to go on for longer",
            response,
        )
        self.max_turns = max_turns


class ToolFailed(OutputError):
    """A function that the model called raised; its error is the ``__cause__``.

    ``call`` is the item that called it.
    """

    def __init__(self, message: str, call: Any, response: Any) -> None:
        super().__init__(message, response)
        self.call = call


class PictureError(HeliographError):
    """A field that should hold a picture's base64 holds none, or something else."""


class NoPicture(PictureError):
    """A response came to its end without a picture: it failed, or the model did something else.

    The message has the server's and the model's own words; ``response`` is the response.
    """

    def __init__(self, message: str, response: Any) -> None:
        super().__init__(message)
        self.response = response


class TransportError(HeliographError):
    """The connection could not be made or broke.

    ``sent`` is False where it is sure that nothing of the request has reached the server.
    """

    def __init__(self, *args: object, sent: bool = True) -> None:
        super().__init__(*args)
        self.sent = sent


class TransportTimeout(TransportError):
    """Nothing came within the caller's timeout."""


class APIError(HeliographError):
    """The server answered with an error.

    ``status`` is the HTTP status, ``code`` the API's code, ``param`` the request field at fault,
    ``type`` the API's error type, ``request_id`` the ``x-request-id`` header, ``body`` the answer
    as it came (client side), ``retry_after`` seconds.
    """

    default_status: ClassVar[int] = 500
    default_type: ClassVar[str] = "server_error"
    default_code: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int | None = None,
        type: str | None = None,  # noqa: A002
        request_id: str | None = None,
        body: bytes | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code if code is not None else self.default_code
        self.status = status if status is not None else self.default_status
        self.type = type if type is not None else self.default_type
        self.request_id = request_id
        self.body = body
        self.retry_after = retry_after


class BadRequest(APIError):
    """400: malformed, or it asks for what cannot be served; ``param`` names the field."""

    default_status = 400
    default_type = "invalid_request_error"


class AuthenticationError(APIError):
    """401: the key is missing or unknown."""

    default_status = 401
    default_type = "authentication_error"
    default_code = "invalid_api_key"


class PermissionDenied(APIError):
    """403: the key may not do this."""

    default_status = 403
    default_type = "permission_error"


class NotFound(APIError):
    """404: no such response, model or path."""

    default_status = 404
    default_type = "invalid_request_error"
    default_code = "not_found"


class Conflict(APIError):
    """409: the idempotency key was used with another body, or the state forbids it."""

    default_status = 409
    default_type = "invalid_request_error"
    default_code = "conflict"


class PayloadTooLarge(APIError):
    """413: the body is over the server's limit."""

    default_status = 413
    default_type = "invalid_request_error"
    default_code = "payload_too_large"


class UnprocessableEntity(APIError):
    """422: well-formed but not processable."""

    default_status = 422
    default_type = "invalid_request_error"


class RateLimited(APIError):
    """429: over a rate, concurrency or queue limit; ``retry_after`` says when to come back."""

    default_status = 429
    default_type = "rate_limit_error"
    default_code = "rate_limit_exceeded"


class ServerError(APIError):
    """5xx: the server failed."""

    default_status = 500
    default_type = "server_error"
    default_code = "server_error"


class JournalError(HeliographError):
    """The event log refused or failed."""


class Fenced(JournalError):
    """The lease is not the current one: another worker owns the response, or it was deleted."""


class UnknownResponse(JournalError):
    """No such response for this tenant."""

    def __init__(self, response_id: str) -> None:
        super().__init__(f"no response {response_id!r}")
        self.response_id = response_id


class IdempotencyConflict(JournalError):
    """The idempotency key was used before with another body."""

    def __init__(self, key: str) -> None:
        super().__init__(f"idempotency key {key!r} was used with another body")
        self.key = key


class ProviderError(HeliographError):
    """A chat or image provider failed.

    ``kind`` is one of ``bad_request``, ``content_policy``, ``rate_limit``, ``unavailable``,
    ``timeout``, ``protocol``, ``auth`` (it refused this server's key); ``retryable`` whether
    another attempt may succeed; ``param`` the request field at fault where there is one; ``code``
    the upstream's own word for it; ``retry_after`` seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "unavailable",
        retryable: bool = False,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.retryable = retryable
        self.param = param
        self.code = code
        self.retry_after = retry_after


class UsageError(HeliographError):
    """The caller's own input to a command or a function is wrong."""


class ConfigError(UsageError):
    """A configuration file's key is unknown or has a wrong value."""


class MissingExtra(HeliographError):
    """An optional dependency is absent."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra: pip install 'heliograph[{extra}]'")
        self.feature = feature
        self.extra = extra
