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
    from heliograph.client._core import ModelInfo, ResponseParams, Retries
    from heliograph.client._sync import (
        Heliograph,
        Models,
        Responses,
        ResponseStream,
        StreamManager,
    )
    from heliograph.client._transport import Timeout
    from heliograph.http import AsyncDirectTransport, DirectTransport

_MODULE_OF = {
    "AsyncDirectTransport": "heliograph.http",
    "AsyncHeliograph": "heliograph.client._async",
    "AsyncModels": "heliograph.client._async",
    "AsyncResponseStream": "heliograph.client._async",
    "AsyncResponses": "heliograph.client._async",
    "AsyncStreamManager": "heliograph.client._async",
    "DirectTransport": "heliograph.http",
    "Heliograph": "heliograph.client._sync",
    "ModelInfo": "heliograph.client._core",
    "Models": "heliograph.client._sync",
    "ResponseParams": "heliograph.client._core",
    "ResponseStream": "heliograph.client._sync",
    "Responses": "heliograph.client._sync",
    "Retries": "heliograph.client._core",
    "StreamManager": "heliograph.client._sync",
    "Timeout": "heliograph.client._transport",
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
    "Retries",
    "StreamManager",
    "Timeout",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
