"""What a server is told about being seen: ``[log]``, ``[metrics]``, ``[otel]``."""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from heliograph import errors

__all__ = ["Log", "MetricsPage", "Otel"]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[log]``: ``format`` ``json`` writes one JSON object a line. ``level`` is that of our own
    loggers; other libraries' warnings are always shown and nothing below them. ``bodies`` logs what
    users send: request bodies with their prompts, and the words of errors.
    """

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"
    bodies: bool = False


class MetricsPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[metrics]``: who may read ``/metrics``.

    On a loopback address anyone, unless ``token_env`` names the environment variable of a token
    that must then be sent as a bearer token. On any other address nobody, unless there is a token
    or ``public`` is true. API keys do not open it: it tells of all tenants together.
    """

    public: bool = False
    token_env: str | None = None

    def token(self) -> str | None:
        """The token, None where none is asked for. Raises ``ConfigError``."""
        if self.token_env is None:
            return None
        token = os.environ.get(self.token_env, "").strip()
        if not token:
            raise errors.ConfigError(
                f"metrics.token_env: the environment variable {self.token_env} is not set"
            )
        return token


class Otel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[otel]``: traces are exported over OTLP/HTTP to ``endpoint`` (``http://host:4318``).

    The standard variables (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_EXPORTER_OTLP_HEADERS``,
    ``OTEL_TRACES_SAMPLER`` and their like) hold too, and the first of them turns traces on without
    a section; ``OTEL_SDK_DISABLED=true`` turns them off. ``service_name`` wins over
    ``OTEL_SERVICE_NAME``.
    """

    endpoint: str | None = None
    service_name: str | None = None

    def __post_init__(self) -> None:
        if self.endpoint is not None and urlsplit(self.endpoint).scheme not in ("http", "https"):
            raise ValueError(f"endpoint: {self.endpoint!r} is no http address")

    @property
    def wanted(self) -> bool:
        """Whether traces are to be exported."""
        if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
            return False
        return self.endpoint is not None or any(os.environ.get(name) for name in _ENDPOINTS)
