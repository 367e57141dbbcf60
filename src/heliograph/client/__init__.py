"""The client: `Heliograph` and `AsyncHeliograph`.

One core without I/O (``_core``: what to ask, how to read the answer, how a stream ends), thin
transports (``_transport`` and its drivers), and twin shells (``_sync``, ``_async``). The names load
on first use, so that a synchronous program does not import asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph
    from heliograph.client._async._models import AsyncModels
    from heliograph.client._async._responses import AsyncResponses
    from heliograph.client._async._stream import AsyncResponseStream, AsyncStreamManager
    from heliograph.client._core import ModelInfo, ResponseParams, Retries
    from heliograph.client._sync._client import Heliograph
    from heliograph.client._sync._models import Models
    from heliograph.client._sync._responses import Responses
    from heliograph.client._sync._stream import ResponseStream, StreamManager
    from heliograph.client._transport import Timeout
    from heliograph.http import AsyncDirectTransport, DirectTransport

_MODULE_OF = {
    "AsyncDirectTransport": "heliograph.http",
    "AsyncHeliograph": "heliograph.client._async._client",
    "AsyncModels": "heliograph.client._async._models",
    "AsyncResponseStream": "heliograph.client._async._stream",
    "AsyncResponses": "heliograph.client._async._responses",
    "AsyncStreamManager": "heliograph.client._async._stream",
    "DirectTransport": "heliograph.http",
    "Heliograph": "heliograph.client._sync._client",
    "ModelInfo": "heliograph.client._core",
    "Models": "heliograph.client._sync._models",
    "ResponseParams": "heliograph.client._core",
    "ResponseStream": "heliograph.client._sync._stream",
    "Responses": "heliograph.client._sync._responses",
    "Retries": "heliograph.client._core",
    "StreamManager": "heliograph.client._sync._stream",
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
