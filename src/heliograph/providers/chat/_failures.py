"""Errors that come inside an answer, after a status of 200, as ``ProviderError``."""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph import errors
from heliograph.providers._upstream import failure

__all__ = ["failure_in_stream"]

#: What codes that are words mean as a status; others say that the upstream failed.
_STATUS = {
    "authentication_error": 401,
    "content_filter": 400,
    "content_policy_violation": 400,
    "context_length_exceeded": 400,
    "insufficient_quota": 429,
    "invalid_image": 400,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "timeout": 408,
}
_FAILED = 502


def failure_in_stream(
    model: str, error: dict[str, Any], secret: str | None = None
) -> errors.ProviderError:
    """The error of a chunk or an event. ``code`` may be an HTTP status (OpenRouter) or a word."""
    status = _FAILED
    for name in ("code", "type"):
        code = error.get(name)
        if isinstance(code, str):
            code = int(code) if code.isdecimal() and len(code) == 3 else _STATUS.get(code)
        if isinstance(code, int | float) and 400 <= code < 600:
            status = int(code)
            break
    return failure(status, {}, msgspec.json.encode({"error": error}), model, secret=secret)
