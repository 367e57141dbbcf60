"""The client's decisions, without I/O: calls to make, answers to read, streams to put together."""

from heliograph.client._core._answers import (
    ModelInfo,
    error_from,
    input_items_from,
    model_list,
    response_from,
)
from heliograph.client._core._calls import ToolCall
from heliograph.client._core._config import Config, resolve
from heliograph.client._core._functions import CallableTool, custom_tool, function_tool
from heliograph.client._core._opening import Invalid, course
from heliograph.client._core._params import ResponseParams
from heliograph.client._core._parsing import ParsedResponse, TextFormat, unparsed
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
from heliograph.client._core._turns import MAX_TURNS, Turns

__all__ = [
    "MAX_TURNS",
    "CallableTool",
    "Config",
    "Invalid",
    "ModelInfo",
    "ParsedResponse",
    "ResponseParams",
    "Retries",
    "Server",
    "TextFormat",
    "ToolCall",
    "Tries",
    "Turns",
    "cancel_call",
    "course",
    "create_call",
    "custom_tool",
    "delete_call",
    "error_from",
    "function_tool",
    "input_items_call",
    "input_items_from",
    "is_stored",
    "model_list",
    "models_call",
    "resolve",
    "response_from",
    "retrieve_call",
    "unparsed",
]
