"""Where to send and with which key."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from heliograph import errors, sse
from heliograph._version import __version__
from heliograph.client._core._retries import Retries
from heliograph.client._transport import Timeout

OPENROUTER = "https://openrouter.ai/api/v1"
OPENAI = "https://api.openai.com/v1"

_KEY_OF_HOST = {"openrouter.ai": "OPENROUTER_API_KEY", "api.openai.com": "OPENAI_API_KEY"}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """One client's settings. Its repr never shows the key or a header's value."""

    base_url: str
    api_key: str | None
    timeout: Timeout
    headers: dict[str, str]
    max_frame: int
    retries: Retries

    def __repr__(self) -> str:
        return f"base_url={self.base_url!r}, api_key={'***' if self.api_key else None}"


def resolve(
    *,
    api_key: str | None,
    base_url: str | None,
    timeout: float | Timeout | None,
    headers: Mapping[str, str] | None,
    max_frame: int = sse.MAX_FRAME,
    retries: Retries | None = Retries(),  # noqa: B008 - frozen
    environ: Mapping[str, str],
) -> Config:
    """Settings from arguments, then ``HELIOGRAPH_*``, then a provider's own key.

    A provider's key goes to that provider's host only. Raises `UsageError` where there is no way
    to tell where to send.
    """
    base_url = base_url or environ.get("HELIOGRAPH_BASE_URL") or None
    api_key = api_key or environ.get("HELIOGRAPH_API_KEY") or None
    if base_url is None:
        base_url, api_key = _default(api_key, environ)
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise errors.UsageError(f"base_url: {base_url!r} is no http or https URL")
    if api_key is None and (name := _KEY_OF_HOST.get(parts.hostname)):
        api_key = environ.get(name) or None
    if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
        raise errors.UsageError("api_key: holds what an HTTP header cannot carry")
    return Config(
        base_url=base_url.rstrip("/"),
        api_key=api_key,
        timeout=Timeout.of(timeout),
        headers=merged(_own_headers(api_key), headers),
        max_frame=max_frame,
        retries=Retries.off() if retries is None else retries,
    )


def _default(api_key: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    if api_key is not None:
        if api_key.startswith("sk-or-"):
            return OPENROUTER, api_key
        if api_key.startswith("sk-"):
            return OPENAI, api_key
        raise errors.UsageError("no base_url: pass base_url=... or set HELIOGRAPH_BASE_URL")
    if key := environ.get("OPENROUTER_API_KEY"):
        return OPENROUTER, key
    if key := environ.get("OPENAI_API_KEY"):
        return OPENAI, key
    raise errors.UsageError(
        "no server and no key: pass base_url=... or api_key=..., or set HELIOGRAPH_BASE_URL, "
        "HELIOGRAPH_API_KEY, OPENROUTER_API_KEY or OPENAI_API_KEY"
    )


def _own_headers(api_key: str | None) -> dict[str, str]:
    own = {"user-agent": f"heliograph/{__version__}"}
    if api_key is not None:
        own["authorization"] = f"Bearer {api_key}"
    return own


def merged(ours: Mapping[str, str], theirs: Mapping[str, str] | None) -> dict[str, str]:
    """``ours`` with ``theirs`` over it, by lower-case name."""
    both = dict(ours)
    for name, value in (theirs or {}).items():
        both[name.lower()] = value
    return both
