"""The client: `Heliograph` and `AsyncHeliograph`.

One core without I/O (``_core``: what to ask, how to read the answer, how a stream ends), thin
transports (``_transport`` and its drivers), and twin shells (``_sync``, ``_async``). The names load
on first use, so that a synchronous program does not import asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heliograph.client._async import (
        AsyncHeliograph,
        AsyncModels,
        AsyncResponses,
        AsyncResponseStream,
        AsyncStreamManager,
    )
    from heliograph.client._core import ModelInfo, ResponseParams
    from heliograph.client._direct import DirectTransport
    from heliograph.client._direct_async import AsyncDirectTransport
    from heliograph.client._sync import (
        Heliograph,
        Models,
        Responses,
        ResponseStream,
        StreamManager,
    )
    from heliograph.client._transport import Timeout

_MODULE_OF = {
    "AsyncDirectTransport": "_direct_async",
    "AsyncHeliograph": "_async",
    "AsyncModels": "_async",
    "AsyncResponseStream": "_async",
    "AsyncResponses": "_async",
    "AsyncStreamManager": "_async",
    "DirectTransport": "_direct",
    "Heliograph": "_sync",
    "ModelInfo": "_core",
    "Models": "_sync",
    "ResponseParams": "_core",
    "ResponseStream": "_sync",
    "Responses": "_sync",
    "StreamManager": "_sync",
    "Timeout": "_transport",
}

__all__ = [
    "AsyncDirectTransport",
    "AsyncHeliograph",
    "AsyncModels",
    "AsyncResponseStream",
    "AsyncResponses",
    "AsyncStreamManager",
    "DirectTransport",
    "Heliograph",
    "ModelInfo",
    "Models",
    "ResponseParams",
    "ResponseStream",
    "Responses",
    "StreamManager",
    "Timeout",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
