"""What an upstream says went wrong, as a ``ProviderError``.

Its words are shown to our own clients, so they are cut to a sane length and the key is scrubbed
from them; where it refuses our key they are not repeated at all, since upstreams echo keys.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from heliograph import errors

__all__ = ["MAX_ERROR_TEXT", "error_in", "failure", "failure_in_stream"]

MAX_ERROR_TEXT = 500
"""Characters of an upstream's own words that are passed on."""

_POLICY_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "image_content_policy_violation",
        "moderation",
        "moderation_blocked",
        "safety_violations",
    }
)
_KINDS = {
    400: ("bad_request", False),
    401: ("auth", False),
    402: ("unavailable", False),
    403: ("auth", False),
    404: ("unavailable", False),
    408: ("timeout", True),
    413: ("bad_request", False),
    415: ("bad_request", False),
    422: ("bad_request", False),
    425: ("unavailable", True),
    429: ("rate_limit", True),
    504: ("timeout", True),
    524: ("timeout", True),
}

_STATUSES = {
    "authentication_error": 401,
    "content_filter": 400,
    "content_policy_violation": 400,
    "context_length_exceeded": 400,
    "image_generation_user_error": 400,
    "insufficient_quota": 429,
    "invalid_image": 400,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "invalid_value": 400,
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "timeout": 504,
}
"""Codes and types of errors in streams, as the status that they would be; others are failures of
the upstream."""


def failure(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    label: str,
    *,
    secret: str | None = None,
) -> errors.ProviderError:
    """An error answer as a ``ProviderError``: kind, retryable, the field at fault, when to retry.

    ``secret`` is scrubbed from what the upstream says.
    """
    return _failure(_error_of(body), status, f" (HTTP {status})", headers, label, secret)


def failure_in_stream(
    error: dict[str, Any], label: str, *, secret: str | None = None
) -> errors.ProviderError:
    """The like for an error that comes inside an answer, after a status of success.

    Its ``code`` may be an HTTP status (OpenRouter) or a word.
    """
    known = (_status_of(error.get(name)) for name in ("code", "type"))
    status = next((status for status in known if status), 500)
    return _failure(error, status, " (in the middle of its answer)", {}, label, secret)


def _status_of(code: object) -> int:
    """0 where it says none."""
    if isinstance(code, str):
        number = code.isascii() and code.isdecimal() and len(code) == 3
        return _status_of(int(code)) if number else _STATUSES.get(code, 0)
    return int(code) if isinstance(code, int | float) and 400 <= code < 600 else 0


def error_in(data: bytes) -> dict[str, Any]:
    """What stands under ``error`` in an event or a body, however it is spelled; empty for none."""
    return _error_of(data, wanted=True)


def _failure(
    error: dict[str, Any],
    status: int,
    when: str,
    headers: Mapping[str, str],
    label: str,
    secret: str | None,
) -> errors.ProviderError:
    code = error.get("code") or error.get("type")
    kind, retryable = _KINDS.get(status, ("unavailable", status >= 500))
    if code in _POLICY_CODES or (status == 403 and _reasons(error)):
        kind, retryable = "content_policy", False
    elif "insufficient_quota" in (error.get("code"), error.get("type")):
        kind, retryable = "unavailable", False
    if kind == "auth":
        message = "the upstream refused this server's key"
    else:
        message = _words(error, secret) or "the upstream answered with an error"
    param = error.get("param")
    return errors.ProviderError(
        f"{label}: {message}{when}",
        kind=kind,
        retryable=retryable,
        param=param if isinstance(param, str) else None,
        code=code if isinstance(code, str) else None,
        retry_after=_retry_after(headers) if retryable else None,
    )


def _error_of(body: bytes, *, wanted: bool = False) -> dict[str, Any]:
    """The error in a body, in any of the shapes that are about.

    ``wanted``: only what stands under ``error`` is one.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    if not isinstance(document, dict):
        return {}
    inner = document.get("error", None if wanted else document)
    if isinstance(inner, str):
        return {"message": inner}
    return inner if isinstance(inner, dict) else {}


def _reasons(error: dict[str, Any]) -> object:
    """Why OpenRouter's moderation flagged a request."""
    metadata = error.get("metadata")
    return metadata.get("reasons") if isinstance(metadata, dict) else None


def _words(error: dict[str, Any], secret: str | None) -> str:
    for name in ("message", "detail"):
        said = error.get(name)
        if isinstance(said, str) and said.strip():
            text = " ".join(said.split())
            if secret:
                text = text.replace(secret, "***")
            return text if len(text) <= MAX_ERROR_TEXT else text[:MAX_ERROR_TEXT] + "..."
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from ``retry-after-ms`` or ``Retry-After`` (seconds or a date)."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) * scale
        except ValueError:
            seconds = _until(text)
        if 0 <= seconds < 1e9:
            return seconds
    return None


def _until(date: str) -> float:
    """Seconds until an HTTP date, 0 for a past one, -1 where ``date`` is none."""
    try:
        return max(0.0, email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except ValueError:
        return -1.0
