"""Heliograph: the Responses API for Python.

The names here load on first use, so ``import heliograph`` costs next to nothing. The rooms
(`heliograph.models`, ``sse``, ``lifecycle``, ``client``, ``errors``, ...) are imported as such.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heliograph._version import __version__

if TYPE_CHECKING:
    from heliograph.client import AsyncHeliograph, Heliograph, Retries, Timeout, function_tool
    from heliograph.errors import (
        APIError,
        HeliographError,
        InvalidEvent,
        StreamInterrupted,
        TransportError,
    )

_ROOM_OF = {
    "APIError": "errors",
    "AsyncHeliograph": "client",
    "Heliograph": "client",
    "HeliographError": "errors",
    "InvalidEvent": "errors",
    "Retries": "client",
    "StreamInterrupted": "errors",
    "Timeout": "client",
    "TransportError": "errors",
    "function_tool": "client",
}

__all__ = [
    "APIError",
    "AsyncHeliograph",
    "Heliograph",
    "HeliographError",
    "InvalidEvent",
    "Retries",
    "StreamInterrupted",
    "Timeout",
    "TransportError",
    "__version__",
    "function_tool",
]


def __getattr__(name: str) -> Any:
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
