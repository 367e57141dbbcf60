"""Heliograph: the Responses API for Python.

The names here load on first use, so ``import heliograph`` costs next to nothing. The rooms
(`heliograph.models`, ``sse``, ``lifecycle``, ``client``, ``errors``, ...) are imported as such.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heliograph._version import __version__

if TYPE_CHECKING:
    from heliograph.client import AsyncHeliograph, Heliograph, Retries, Timeout, draw, function_tool
    from heliograph.errors import (
        APIError,
        HeliographError,
        InvalidEvent,
        NoPicture,
        StreamInterrupted,
        TransportError,
    )
    from heliograph.pictures import Picture

_ROOM_OF = {
    "APIError": "errors",
    "AsyncHeliograph": "client",
    "Heliograph": "client",
    "HeliographError": "errors",
    "InvalidEvent": "errors",
    "NoPicture": "errors",
    "Picture": "pictures",
    "Retries": "client",
    "StreamInterrupted": "errors",
    "Timeout": "client",
    "TransportError": "errors",
    "draw": "client",
    "function_tool": "client",
}

__all__ = [
    "APIError",
    "AsyncHeliograph",
    "Heliograph",
    "HeliographError",
    "InvalidEvent",
    "NoPicture",
    "Picture",
    "Retries",
    "StreamInterrupted",
    "Timeout",
    "TransportError",
    "__version__",
    "draw",
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
