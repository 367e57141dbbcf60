"""The client's decisions, without I/O: calls to make, answers to read, streams to put together."""

from heliograph.client._core._answers import (
    ModelInfo,
    error_from,
    input_items_from,
    model_list,
    response_from,
)
from heliograph.client._core._config import (
    Config,
    OnUnknown,
    Options,
    Reading,
    Unknown,
    changed,
    resolve,
)
from heliograph.client._core._dialects import DialectName
from heliograph.client._core._opening import Invalid, course, tolerances
from heliograph.client._core._params import ResponseParams
from heliograph.client._core._requests import (
    cancel_call,
    create_call,
    delete_call,
    input_items_call,
    is_stored,
    models_call,
    retrieve_call,
)
from heliograph.client._core._retries import Retries, Server, Tries

__all__ = [
    "Config",
    "DialectName",
    "Invalid",
    "ModelInfo",
    "OnUnknown",
    "Options",
    "Reading",
    "ResponseParams",
    "Retries",
    "Server",
    "Tries",
    "Unknown",
    "cancel_call",
    "changed",
    "course",
    "create_call",
    "delete_call",
    "error_from",
    "input_items_call",
    "input_items_from",
    "is_stored",
    "model_list",
    "models_call",
    "resolve",
    "response_from",
    "retrieve_call",
    "tolerances",
]
