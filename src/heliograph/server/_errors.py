"""Errors as answers: every error of ours, in the shape that the caller's base path speaks.

Under ``/v1`` it is OpenAI's (``type``, ``param``, a string ``code``), under ``/api/v1``
OpenRouter's (an integer ``code``, the rest in ``metadata``): each official client refuses the
other's. Over a WebSocket it is the envelope of Open Responses 2026-04-24.
"""

from __future__ import annotations

import math

import msgspec

from heliograph import errors

__all__ = ["OPENROUTER_BASE", "as_api_error", "error_body", "error_envelope", "error_headers"]

OPENROUTER_BASE = "/api/v1"

_PROVIDER_STATUS = {
    "bad_request": 400,
    "content_policy": 400,
    "rate_limit": 429,
    "unavailable": 503,
    "timeout": 504,
    "protocol": 502,
    "auth": 502,
}


def as_api_error(error: errors.HeliographError) -> errors.APIError:
    """The answer to give for ``error``; its text never holds more than the caller sent."""
    match error:
        case errors.APIError():
            return error
        case errors.InvalidBody(field=field, reason=reason):
            where = "" if field == "$" else f"{field}: "
            return errors.BadRequest(
                f"{where}{reason}",
                param=None if field == "$" else field,
                code="invalid_json" if field == "$" else "invalid_value",
            )
        case errors.UnknownResponse(response_id=response_id):
            return errors.NotFound(
                f"no response with id {response_id!r}",
                param="response_id",
                code="response_not_found",
            )
        case errors.IdempotencyConflict():
            return errors.Conflict(str(error), param="Idempotency-Key", code="idempotency_conflict")
        case errors.ProviderError(kind=kind):
            return errors.APIError(
                error.message,
                status=_PROVIDER_STATUS.get(kind, 500),
                type="invalid_request_error" if kind == "bad_request" else "server_error",
                param=error.param,
                code=kind,
                retry_after=error.retry_after,
            )
        case errors.JournalError():
            return errors.ServerError("the journal cannot serve this now", status=503)
        case _:
            return errors.ServerError("the server failed on this request")


def error_body(error: errors.APIError, path: str) -> bytes:
    """The JSON body for ``error``, in the shape of the base path that ``path`` lies under."""
    if path.startswith(OPENROUTER_BASE):
        metadata = {"type": error.type, "param": _plain(error.param), "code": error.code}
        told = {name: value for name, value in metadata.items() if value is not None}
        inner: dict[str, object] = {
            "code": error.status,
            "message": _plain(error.message),
            "metadata": told,
        }
    else:
        inner = {
            "message": _plain(error.message),
            "type": error.type,
            "param": _plain(error.param),
            "code": error.code,
        }
    return msgspec.json.encode({"error": inner})


def error_envelope(error: errors.APIError) -> bytes:
    """The message that tells of ``error`` over a WebSocket, the same under both base paths."""
    inner = {
        "type": error.type,
        "code": error.code or error.type,
        "message": _plain(error.message),
        "param": _plain(error.param),
    }
    return msgspec.json.encode({"type": "error", "status": error.status, "error": inner})


def _plain(text: str | None) -> str | None:
    """The text, half characters (a request's field may be called so) as question marks."""
    return text and text.encode(errors="replace").decode()


def error_headers(error: errors.APIError) -> dict[str, str]:
    """Headers that go with ``error`` besides the content type."""
    if error.status == 401:
        return {"www-authenticate": "Bearer"}
    if error.retry_after is None:
        return {}
    return {"retry-after": str(max(1, math.ceil(error.retry_after)))}
