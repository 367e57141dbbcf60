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
    from heliograph.client._async._connection import AsyncConnection
    from heliograph.client._async._images import AsyncImages
    from heliograph.client._async._images_stream import AsyncImageStream
    from heliograph.client._async._models import AsyncModels
    from heliograph.client._async._responses import AsyncResponses
    from heliograph.client._async._stream import AsyncResponseStream, AsyncStreamManager
    from heliograph.client._async._typed import AsyncToolRun
    from heliograph.client._core import (
        CallableTool,
        DrawParams,
        EditParams,
        ImageParams,
        ModelInfo,
        ParsedResponse,
        ResponseParams,
        Retries,
        custom_tool,
        function_tool,
        picture_from,
    )
    from heliograph.client._files import PictureInput
    from heliograph.client._sync._client import Heliograph
    from heliograph.client._sync._connection import Connection
    from heliograph.client._sync._draw import draw
    from heliograph.client._sync._images import Images
    from heliograph.client._sync._images_stream import ImageStream
    from heliograph.client._sync._models import Models
    from heliograph.client._sync._responses import Responses
    from heliograph.client._sync._stream import ResponseStream, StreamManager
    from heliograph.client._sync._typed import ToolRun
    from heliograph.client._transport import Timeout
    from heliograph.http import AsyncDirectTransport, DirectTransport

_MODULE_OF = {
    "AsyncConnection": "heliograph.client._async._connection",
    "AsyncDirectTransport": "heliograph.http",
    "AsyncHeliograph": "heliograph.client._async._client",
    "AsyncImageStream": "heliograph.client._async._images_stream",
    "AsyncImages": "heliograph.client._async._images",
    "AsyncModels": "heliograph.client._async._models",
    "AsyncResponseStream": "heliograph.client._async._stream",
    "AsyncResponses": "heliograph.client._async._responses",
    "AsyncStreamManager": "heliograph.client._async._stream",
    "AsyncToolRun": "heliograph.client._async._typed",
    "CallableTool": "heliograph.client._core",
    "Connection": "heliograph.client._sync._connection",
    "DirectTransport": "heliograph.http",
    "DrawParams": "heliograph.client._core",
    "EditParams": "heliograph.client._core",
    "Heliograph": "heliograph.client._sync._client",
    "ImageParams": "heliograph.client._core",
    "ImageStream": "heliograph.client._sync._images_stream",
    "Images": "heliograph.client._sync._images",
    "ModelInfo": "heliograph.client._core",
    "Models": "heliograph.client._sync._models",
    "PictureInput": "heliograph.client._files",
    "ParsedResponse": "heliograph.client._core",
    "ResponseParams": "heliograph.client._core",
    "ResponseStream": "heliograph.client._sync._stream",
    "Responses": "heliograph.client._sync._responses",
    "Retries": "heliograph.client._core",
    "StreamManager": "heliograph.client._sync._stream",
    "Timeout": "heliograph.client._transport",
    "draw": "heliograph.client._sync._draw",
    "picture_from": "heliograph.client._core",
    "ToolRun": "heliograph.client._sync._typed",
    "custom_tool": "heliograph.client._core",
    "function_tool": "heliograph.client._core",
}

__all__ = [
    "AsyncConnection",
    "AsyncDirectTransport",
    "AsyncHeliograph",
    "AsyncImageStream",
    "AsyncImages",
    "AsyncModels",
    "AsyncResponseStream",
    "AsyncResponses",
    "AsyncStreamManager",
    "AsyncToolRun",
    "CallableTool",
    "Connection",
    "DirectTransport",
    "DrawParams",
    "EditParams",
    "Heliograph",
    "ImageParams",
    "ImageStream",
    "Images",
    "ModelInfo",
    "Models",
    "ParsedResponse",
    "PictureInput",
    "ResponseParams",
    "ResponseStream",
    "Responses",
    "Retries",
    "StreamManager",
    "Timeout",
    "ToolRun",
    "custom_tool",
    "draw",
    "function_tool",
    "picture_from",
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
