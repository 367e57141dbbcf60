"""Answers that are no stream: bodies to models, errors to the tree of `heliograph.errors`.

Two shapes of error are spoken: OpenAI's (``error.message``, ``.type``, ``.param``, ``.code``, a
string) and OpenRouter's (``error.message``, ``.code``, an integer, the field at fault under
``.metadata``). Anything else becomes the message as it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

from heliograph import errors, models

if TYPE_CHECKING:
    from heliograph import lifecycle

_BY_STATUS: dict[int, type[errors.APIError]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.PayloadTooLarge,
    422: errors.UnprocessableEntity,
    429: errors.RateLimited,
}
_MAX_TEXT = 500
_STREAMS = ("text/event-stream", "text/plain", "application/octet-stream")
"""Content types under which streams come: also those that frameworks give to what has none."""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One model of ``GET /models``; ``fields`` is all that the server says of it."""

    id: str
    fields: dict[str, Any]


def error_from(status: int, headers: Mapping[str, str], body: bytes) -> errors.APIError:
    """The error that an answer of ``status`` (400 and above) means."""
    found = _parse(body)
    details = found.get("error") if isinstance(found, dict) else None
    if isinstance(details, dict):
        return _error(status, headers, body, details)
    if isinstance(details, str):
        return _error(status, headers, body, {"message": details})
    if isinstance(found, dict) and isinstance(found.get("message"), str):
        return _error(status, headers, body, found)
    text = body[:_MAX_TEXT].decode("utf-8", "replace").strip()
    return _error(status, headers, body, {"message": text} if text else {})


def error_of_event(event: models.ErrorEvent, headers: Mapping[str, str]) -> errors.APIError:
    """The error that a stream's own ``error`` event means, or a WebSocket's envelope.

    ``headers`` are the head of the answer that it came in.
    """
    return error_of_wire(models.wire_of(event) or models.encode(event), headers)


def error_of_wire(wire: bytes, headers: Mapping[str, str]) -> errors.APIError:
    """The error that an ``error`` event's JSON means."""
    found = _parse(wire)
    if not isinstance(found, dict):
        found = {}
    inner = found.get("error")
    details: dict[str, Any] = inner if isinstance(inner, dict) else found
    code = details.get("code")
    told = found.get("status", code)
    status = told if isinstance(told, int) and 400 <= told <= 599 else 500
    # An event's "type" is "error", which is no type of error.
    kind = details.get("type") if details is not found else None
    return _error(status, headers, wire, {**details, "type": kind})


def failure_in(data: bytes, headers: Mapping[str, str]) -> errors.APIError | None:
    """The error that an object tells of which is no event: ``error`` without a ``type``, or text.

    Gateways write so that know chat completions better.
    """
    found = _parse(data)
    if not isinstance(found, dict) or found.get("type", "error") != "error":
        return None
    if not isinstance(found.get("error"), dict | str):
        return None
    return error_from(_status_of(200, found), headers, data)


def response_from(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    tolerances: lifecycle.Dialect | None = None,
) -> models.OpenResponsesResult:
    """A response's JSON. Raises an `APIError` for an error that came with status 200 (some do).

    With ``tolerances`` (strict mode) a `LifecycleError` for what no dialect lets pass.
    """
    found = _parse(body)
    if isinstance(found, dict) and "output" not in found and found.get("error"):
        raise error_from(_status_of(status, found), headers, body)
    response = models.decode(models.OpenResponsesResult, body)
    if tolerances is not None:
        from heliograph.lifecycle import check_response

        broken = check_response(response, tolerances)
        if broken:
            raise errors.LifecycleError(tuple(broken))
    return response


def images_from(
    openrouter: bool, status: int, headers: Mapping[str, str], body: bytes
) -> models.ImagesResponse | models.ImageGenerationResponse:
    """The JSON of an Images API. Raises as `response_from` does."""
    try:
        if openrouter:
            return models.decode(models.ImageGenerationResponse, body)
        return models.decode(models.ImagesResponse, body)
    except errors.InvalidBody:
        found = _parse(body)
        if isinstance(found, dict) and "data" not in found and found.get("error"):
            raise error_from(_status_of(status, found), headers, body) from None
        raise


def input_items_from(status: int, headers: Mapping[str, str], body: bytes) -> models.InputItemList:
    """One page of a response's input."""
    return models.decode(models.InputItemList, body)


def is_stream(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer is the stream that was asked for, going by its content type."""
    kind = headers.get("content-type", _STREAMS[0])
    return status < 300 and kind.partition(";")[0].strip().lower() in _STREAMS


def no_stream(
    status: int, headers: Mapping[str, str], body: bytes
) -> errors.APIError | errors.ProtocolError:
    """Why an answer is no stream."""
    found = _parse(body)
    if status >= 300 or (isinstance(found, dict) and found.get("error") and "output" not in found):
        return error_from(_status_of(status, found), headers, body)
    kind = headers.get("content-type", "no content type")
    return errors.ProtocolError(f"asked for a stream (text/event-stream), got {kind}")


def _status_of(status: int, found: Any) -> int:
    """The status of an error that came with 200."""
    if status >= 300:
        return status
    details = found["error"]
    code = details.get("code") if isinstance(details, dict) else None
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def model_list(body: bytes) -> list[ModelInfo]:
    """The models that a server lists. Raises `InvalidBody`."""
    found = _parse(body)
    data = found.get("data") if isinstance(found, dict) else found
    if not isinstance(data, list):
        raise errors.InvalidBody("data", "is no array")
    cards: list[ModelInfo] = []
    for index, card in enumerate(data):
        if not isinstance(card, dict) or not isinstance(card.get("id"), str):
            raise errors.InvalidBody(f"data[{index}].id", "is no string")
        cards.append(ModelInfo(id=card["id"], fields=card))
    return cards


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _error(
    status: int, headers: Mapping[str, str], body: bytes, details: Mapping[str, Any]
) -> errors.APIError:
    metadata = details.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    code = details.get("code")
    if isinstance(code, int) and isinstance(metadata.get("code"), str):
        code = metadata["code"]
    kind = details.get("type") or metadata.get("type")
    param = details.get("param") or metadata.get("param")
    family = _BY_STATUS.get(status)
    if family is None:
        family = errors.ServerError if status >= 500 else errors.APIError
    message = details.get("message")
    return family(
        message if isinstance(message, str) and message else f"the server answered {status}",
        status=status,
        code=str(code) if code is not None else None,
        type=kind if isinstance(kind, str) else None,
        param=param if isinstance(param, str) else None,
        request_id=headers.get("x-request-id"),
        body=body,
        retry_after=_retry_after(headers),
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from ``retry-after-ms``, or ``retry-after`` in either of its forms."""
    try:
        if (ms := headers.get("retry-after-ms")) is not None:
            return max(0.0, float(ms) / 1000)
        value = headers.get("retry-after")
        if value is None:
            return None
        if value.strip().isdigit():
            return float(value)
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
