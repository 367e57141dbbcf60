"""The client's decisions, without I/O: calls to make, answers to read, streams to put together."""

from heliograph.client._core._answers import (
    ModelInfo,
    error_from,
    is_stream,
    model_list,
    no_stream,
    response_from,
)
from heliograph.client._core._config import Config, resolve
from heliograph.client._core._opening import Invalid, assembly
from heliograph.client._core._params import ResponseParams
from heliograph.client._core._requests import (
    create_call,
    delete_call,
    is_stored,
    models_call,
    retrieve_call,
)

__all__ = [
    "Config",
    "Invalid",
    "ModelInfo",
    "ResponseParams",
    "assembly",
    "create_call",
    "delete_call",
    "error_from",
    "is_stored",
    "is_stream",
    "model_list",
    "models_call",
    "no_stream",
    "resolve",
    "response_from",
    "retrieve_call",
]
