"""Whose API a base URL is."""

from __future__ import annotations

from urllib.parse import urlsplit

from heliograph.client._core._config import OPENAI, OPENROUTER, Config

_VENDORS = {urlsplit(url).hostname for url in (OPENAI, OPENROUTER)}


def vendor(config: Config) -> str | None:
    """The host, where it is OpenAI's or OpenRouter's own."""
    host = urlsplit(config.base_url).hostname
    return host if host in _VENDORS else None


def speaks_openrouter(config: Config) -> bool:
    """Whether it is OpenRouter, or a server in its manner (``/api/v1``)."""
    return urlsplit(config.base_url).path.endswith(urlsplit(OPENROUTER).path)
