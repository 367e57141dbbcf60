"""The client: `Heliograph` and `AsyncHeliograph`.

One core without I/O (``_core``: what to ask, how to read the answer, how a stream ends), thin
transports (``_transport`` and its two drivers), and twin shells (``_sync``, ``_async``).
"""

from heliograph.client._async import (
    AsyncHeliograph,
    AsyncModels,
    AsyncResponses,
    AsyncResponseStream,
    AsyncStreamManager,
)
from heliograph.client._core import ModelInfo, ResponseParams
from heliograph.client._direct import AsyncDirectTransport, DirectTransport
from heliograph.client._sync import (
    Heliograph,
    Models,
    Responses,
    ResponseStream,
    StreamManager,
)
from heliograph.client._transport import Timeout

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
