"""Where to send and with which key."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypedDict
from urllib.parse import unquote, urlsplit

import msgspec

from heliograph import errors, models, sse
from heliograph._version import __version__
from heliograph.client._core._dialects import OPENAI, OPENROUTER, Dialect, dialect_of
from heliograph.client._core._retries import Retries
from heliograph.client._transport import Timeout

Unknown = Literal["give", "skip"]
OnUnknown = Callable[[models.UnknownEvent], object]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with what comes: see `Heliograph`."""

    strict: bool | str = False
    unknown: Unknown = "give"
    on_unknown: OnUnknown | None = None

    def __post_init__(self) -> None:
        if self.unknown not in ("give", "skip"):
            raise errors.UsageError(f"unknown: {self.unknown!r} is neither give nor skip")
        if self.on_unknown is not None and not callable(self.on_unknown):
            raise errors.UsageError("on_unknown: is not callable")
        if isinstance(self.strict, str):
            from heliograph.lifecycle import Dialect as Tolerances

            Tolerances.parse(self.strict)
        elif not isinstance(self.strict, bool):
            raise errors.UsageError("strict: is no bool and names no tolerances")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """One client's settings. Its repr never shows the key or a header's value."""

    base_url: str
    api_key: str | None
    timeout: Timeout
    headers: dict[str, str]
    max_frame: int
    retries: Retries
    dialect: Dialect
    named: bool = False
    """The dialect is the caller's word, or its service's own host."""
    reading: Reading = Reading()

    def __repr__(self) -> str:
        return f"base_url={self.base_url!r}, api_key={'***' if self.api_key else None}"

    def require(self, method: str, params: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Raises `UsageError` for what the server that was named does not have."""
        if self.named:
            self.dialect.require(method, _given(params))

    def require_images(self, params: Mapping[str, Any]) -> None:
        """The same of a request for images."""
        if self.named:
            self.dialect.require_images(_given(params))

    @property
    def openrouter_images(self) -> bool:
        """Whether the Images API is OpenRouter's: its own, or that of a server in its manner (at
        ``/api/v1``)."""
        if self.dialect.images is not None:
            return self.dialect.images == "openrouter"
        return urlsplit(self.base_url).path.endswith(OPENROUTER.base_path)

    @property
    def direct(self) -> bool:
        """Whether ``heliograph/direct`` may be there."""
        return self.dialect.direct or not self.named


def _given(params: Mapping[str, Any]) -> Iterator[str]:
    return (name for name, value in params.items() if value is not None)


def resolve(
    *,
    api_key: str | None,
    base_url: str | None,
    timeout: float | Timeout | None,
    headers: Mapping[str, str] | None,
    max_frame: int = sse.MAX_FRAME,
    retries: Retries | None = Retries(),  # noqa: B008 - frozen
    dialect: str = "auto",
    reading: Reading = Reading(),  # noqa: B008 - frozen
    environ: Mapping[str, str],
) -> Config:
    """Settings from arguments, then ``HELIOGRAPH_*``, then a provider's own key.

    A provider's key goes to that provider's host only. Raises `UsageError` where there is no way
    to tell where to send.
    """
    base_url = base_url or environ.get("HELIOGRAPH_BASE_URL") or None
    api_key = api_key or environ.get("HELIOGRAPH_API_KEY") or None
    if base_url is None and dialect != "auto":
        base_url = dialect_of(dialect, None).url
        if base_url is None:
            raise errors.UsageError(f"no base_url: dialect={dialect!r} says how, not where")
    if base_url is None:
        base_url, api_key = _default(api_key, environ)
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise errors.UsageError(f"base_url: {base_url!r} is no http or https URL")
    spoken = dialect_of(dialect, parts.hostname)
    named = dialect != "auto" or spoken.host == parts.hostname
    if named and parts.path in ("", "/") and not parts.query:
        base_url = base_url.rstrip("/") + spoken.base_path
    variable = dialect_of("auto", parts.hostname).key_variable
    if api_key is None and variable is not None:
        api_key = environ.get(variable) or None
    if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
        raise errors.UsageError("api_key: holds what an HTTP header cannot carry")
    own = _own_headers(api_key)
    if "@" in parts.netloc:
        if api_key is not None:
            raise errors.UsageError(
                "base_url: holds a user name, and there is an api_key as well; one of them can be "
                "sent"
            )
        base_url = urlsplit(base_url)._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        own["authorization"] = _basic(parts.username, parts.password)
    return Config(
        base_url=base_url.rstrip("/"),
        api_key=api_key,
        timeout=Timeout.of(timeout),
        headers=merged(own, headers),
        max_frame=max_frame,
        retries=Retries.off() if retries is None else retries,
        dialect=spoken,
        named=named,
        reading=reading,
    )


class Options(TypedDict, total=False):
    """What ``with_options`` takes; each is described at `Heliograph`."""

    timeout: float | Timeout | None
    headers: Mapping[str, str]
    max_frame: int
    retries: Retries | None
    strict: bool | str
    unknown: Unknown
    on_unknown: OnUnknown | None


def changed(config: Config, options: Options) -> Config:
    """The settings with these instead; ``headers`` are added. Raises `UsageError`."""
    new: dict[str, Any] = {**options}
    reading = {name: new.pop(name) for name in Reading.__struct_fields__ if name in new}
    if unknown := new.keys() - {"timeout", "headers", "max_frame", "retries"}:
        raise errors.UsageError(f"{min(unknown)}: no option; make a new client for it")
    if "timeout" in new:
        new["timeout"] = Timeout.of(new["timeout"])
    if "headers" in new:
        new["headers"] = merged(config.headers, new["headers"])
    if new.get("retries", config.retries) is None:
        new["retries"] = Retries.off()
    new["reading"] = msgspec.structs.replace(config.reading, **reading)
    return msgspec.structs.replace(config, **new)


def _default(api_key: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    if api_key is not None:
        if api_key.startswith("sk-or-"):
            return str(OPENROUTER.url), api_key
        if api_key.startswith("sk-"):
            return str(OPENAI.url), api_key
        raise errors.UsageError("no base_url: pass base_url=... or set HELIOGRAPH_BASE_URL")
    if key := environ.get("OPENROUTER_API_KEY"):
        return str(OPENROUTER.url), key
    if key := environ.get("OPENAI_API_KEY"):
        return str(OPENAI.url), key
    raise errors.UsageError(
        "no server and no key: pass base_url=... or api_key=..., or set HELIOGRAPH_BASE_URL, "
        "HELIOGRAPH_API_KEY, OPENROUTER_API_KEY or OPENAI_API_KEY"
    )


def _basic(user: str | None, password: str | None) -> str:
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


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
