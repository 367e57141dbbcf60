"""The client's decisions, without I/O: calls to make, answers to read, streams to put together."""

from heliograph.client._core._answers import (
    ModelInfo,
    error_from,
    images_from,
    input_items_from,
    is_stream,
    model_list,
    response_from,
)
from heliograph.client._core._calls import ToolCall
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
from heliograph.client._core._draw import DrawParams, draw_request, picture_from
from heliograph.client._core._functions import CallableTool, custom_tool, function_tool
from heliograph.client._core._images import (
    EditParams,
    File,
    ImageParams,
    edit_call,
    generate_call,
    wanted,
)
from heliograph.client._core._images_stream import Fetched, ImageAssembly
from heliograph.client._core._opening import Invalid, course, tolerances
from heliograph.client._core._params import ResponseParams
from heliograph.client._core._parsing import ParsedResponse, TextFormat, unparsed
from heliograph.client._core._pictures import Pictures
from heliograph.client._core._requests import (
    cancel_call,
    create_call,
    delete_call,
    fetch_call,
    input_items_call,
    is_stored,
    models_call,
    retrieve_call,
)
from heliograph.client._core._retries import Retries, Server, Tries
from heliograph.client._core._thin import Thinner
from heliograph.client._core._turns import MAX_TURNS, Turns

__all__ = [
    "MAX_TURNS",
    "CallableTool",
    "Config",
    "DialectName",
    "DrawParams",
    "EditParams",
    "Fetched",
    "File",
    "ImageAssembly",
    "ImageParams",
    "Invalid",
    "ModelInfo",
    "OnUnknown",
    "Options",
    "ParsedResponse",
    "Pictures",
    "Reading",
    "ResponseParams",
    "Retries",
    "Server",
    "TextFormat",
    "Thinner",
    "ToolCall",
    "Tries",
    "Turns",
    "Unknown",
    "cancel_call",
    "changed",
    "course",
    "create_call",
    "custom_tool",
    "delete_call",
    "draw_request",
    "edit_call",
    "error_from",
    "fetch_call",
    "function_tool",
    "generate_call",
    "images_from",
    "input_items_call",
    "input_items_from",
    "is_stored",
    "is_stream",
    "model_list",
    "models_call",
    "picture_from",
    "resolve",
    "response_from",
    "retrieve_call",
    "tolerances",
    "unparsed",
    "wanted",
]
