"""Whose API a base URL is."""

from __future__ import annotations

from urllib.parse import urlsplit

from heliograph.client._core._config import Config
from heliograph.client._core._dialects import OPENROUTER


def vendor(config: Config) -> str | None:
    """The service, where the dialect is one's with a place of its own."""
    return config.dialect.service if config.named and config.dialect.host else None


def speaks_openrouter(config: Config) -> bool:
    """Whether it is OpenRouter, or a server in its manner (``/api/v1``)."""
    path = urlsplit(config.base_url).path
    return config.dialect is OPENROUTER or path.endswith(OPENROUTER.base_path)
