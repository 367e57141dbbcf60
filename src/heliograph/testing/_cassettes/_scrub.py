"""What of an exchange must not be kept: keys, cookies, and headers that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["SECRET", "kept_answer", "kept_request", "scrub_bytes", "scrub_value", "secrets_of"]

SECRET = "[secret]"
"""What stands in a recorded request where a secret stood."""

_NAMES = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|password|passwd|token|secret|client[-_]secret"
    r"|(?:x-)?(?:[a-z]+[-_])?api[-_]?key|(?:access|auth|refresh|bearer|session)[-_]token"
)
_NAME = re.compile(_NAMES, re.IGNORECASE)
_FIELD = re.compile(rb'"(?:%b)"\s*:\s*"((?:[^"\\]|\\.)*)"' % _NAMES.encode(), re.IGNORECASE)
_TEXT = re.compile(
    rb"(?<![\w-])(?:(?:sk|pk|rk)-[\w-]{16,}|hg_[0-9a-f]{12}_[0-9a-f]{64})"
    rb"|\bBearer [\w.~+/-]{16,}=*"
)
_SHORTEST = 6  # a shorter "secret" is likely a word that stands elsewhere, too

_REQUEST = ("accept", "content-type", "http-referer", "last-event-id", "openai-beta", "x-title")
_ANSWER = (
    "cache-control",
    "content-type",
    "location",
    "retry-after",
    "retry-after-ms",
    "x-accel-buffering",
    "x-generation-id",
    "x-request-id",
    "x-response-id",
    "x-should-retry",
)
_ANSWER_STARTS = ("x-ratelimit-", "x-heliograph-")


def kept_request(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request that a cassette keeps: an allow-list."""
    return {name: headers[name] for name in _REQUEST if name in headers}


def kept_answer(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that a cassette keeps: an allow-list."""
    return {
        name.lower(): value
        for name, value in headers.items()
        if name.lower() in _ANSWER or name.lower().startswith(_ANSWER_STARTS)
    }


def secrets_of(headers: Mapping[str, str], body: Any, more: Iterable[str] = ()) -> set[str]:
    """The secrets that a request brought, in its headers and in the fields of its JSON body."""
    found = {value for name, value in headers.items() if _NAME.fullmatch(name)}
    found |= {value.partition(" ")[2] for value in found}
    found |= {part.partition("=")[2] for part in headers.get("cookie", "").split("; ")}
    _collect(body, found)
    return {value for value in (*found, *more) if len(value) >= _SHORTEST}


def _collect(value: Any, found: set[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and _NAME.fullmatch(name):
                found.add(inner)
            else:
                _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)


def scrub_value(value: Any, secrets: Iterable[str] = ()) -> Any:
    """JSON without its secrets: `SECRET` in their place."""
    if isinstance(value, dict):
        return {
            name: SECRET
            if isinstance(inner, str) and _NAME.fullmatch(name)
            else scrub_value(inner, secrets)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [scrub_value(inner, secrets) for inner in value]
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, SECRET)
    data = value.encode("utf-8", "surrogatepass")
    return _TEXT.sub(SECRET.encode(), data).decode("utf-8", "surrogatepass")


def scrub_bytes(data: bytes, secrets: Iterable[str]) -> bytes:
    """An answer without its secrets, as long as it was: a star for each byte of them."""
    for secret in secrets:
        known = secret.encode("utf-8", "surrogatepass")
        data = data.replace(known, b"*" * len(known))
    data = _TEXT.sub(lambda found: b"*" * len(found[0]), data)
    return _FIELD.sub(_starred, data)


def _starred(found: re.Match[bytes]) -> bytes:
    whole, start = found[0], found.start(1) - found.start()
    return whole[:start] + b"*" * len(found[1]) + whole[start + len(found[1]) :]
