"""Chat providers."""

from heliograph.providers.chat.direct import Direct

__all__ = ["Direct"]
