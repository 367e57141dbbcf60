"""Wire types: parts_tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject

__all__ = [
    "ApplyPatchCreateFileOperation",
    "ApplyPatchDeleteFileOperation",
    "ApplyPatchOperation",
    "ApplyPatchUpdateFileOperation",
    "Caller",
    "ClickAction",
    "CodeInterpreterFileOutput",
    "CodeInterpreterImageOutput",
    "CodeInterpreterLogsOutput",
    "CodeInterpreterOutput",
    "ComputerAction",
    "DirectCaller",
    "DoubleClickAction",
    "DragAction",
    "DragPoint",
    "FileSearchResult",
    "FindInPageAction",
    "FusionAnalysisResult",
    "FusionContradiction",
    "FusionFailedModel",
    "FusionPartialCoverage",
    "FusionResponse",
    "FusionSource",
    "FusionStance",
    "FusionUniqueInsight",
    "ImageGenerationCallError",
    "KeypressAction",
    "LocalShellCallAction",
    "McpError",
    "McpHttpError",
    "McpListToolsTool",
    "McpProtocolError",
    "McpToolExecutionError",
    "ModerationDetails",
    "MoveAction",
    "OpenPageAction",
    "ProgramCaller",
    "SafetyCheck",
    "ScreenshotAction",
    "ScrollAction",
    "SearchAction",
    "ShellAction",
    "ShellCallOutputContent",
    "ShellExitOutcome",
    "ShellOutcome",
    "ShellOutput",
    "ShellOutputDelta",
    "ShellTimeoutOutcome",
    "TypeAction",
    "WaitAction",
    "WebSearchAction",
    "WebSearchSource",
]


class ShellCallOutputContent(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    outcome: ShellOutcome
    stderr: str
    stdout: str
    created_by: Maybe[str | None] = UNSET


class FusionAnalysisResult(Model, kw_only=True):
    """Named by OpenRouter."""

    blind_spots: list[str]
    consensus: list[str]
    contradictions: list[FusionContradiction]
    partial_coverage: list[FusionPartialCoverage]
    unique_insights: list[FusionUniqueInsight]


class FusionSource(Model, kw_only=True):
    """Named by OpenRouter."""

    title: str
    url: str


class FileSearchResult(Model, kw_only=True):
    """Named by OpenAI."""

    attributes: Maybe[dict[str, str | float | bool] | None] = UNSET
    file_id: Maybe[str | None] = UNSET
    filename: Maybe[str | None] = UNSET
    score: Maybe[float | None] = UNSET
    text: Maybe[str | None] = UNSET


class DragPoint(Model, kw_only=True):
    """Named by OpenAI."""

    x: int
    y: int


class ImageGenerationCallError(Model, kw_only=True):
    """Named by OpenAI."""

    message: str
    type: str
    code: Maybe[str | None] = UNSET
    param: Maybe[str | None] = UNSET
    moderation_details: Maybe[ModerationDetails | None] = UNSET


class ModerationDetails(Model, kw_only=True):
    """Named by OpenAI."""

    categories: list[str]
    moderation_stage: Annotated[str, Known("input", "output", "unknown")]


class McpListToolsTool(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    input_schema: Any
    name: str
    annotations: Maybe[Any] = UNSET
    description: Maybe[str | None] = UNSET


class ShellOutputDelta(Model, kw_only=True):
    """Named by OpenAI."""

    stderr: Maybe[str | None] = UNSET
    stdout: Maybe[str | None] = UNSET


class ShellOutput(Model, kw_only=True):
    """Named by OpenAI."""

    outcome: ShellOutcome
    stderr: str
    stdout: str
    created_by: Maybe[str | None] = UNSET


class SafetyCheck(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    id: str
    code: Strict[str | None] = UNSET
    message: Strict[str | None] = UNSET


class ShellAction(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    commands: list[str]
    max_output_length: Strict[int | None] = UNSET
    timeout_ms: Strict[int | None] = UNSET


class FusionContradiction(Model, kw_only=True):
    """Named by OpenRouter."""

    stances: list[FusionStance]
    topic: str


class FusionStance(Model, kw_only=True):
    """Named by OpenRouter."""

    model: str
    stance: str


class FusionPartialCoverage(Model, kw_only=True):
    """Named by OpenRouter."""

    models: list[str]
    point: str


class FusionUniqueInsight(Model, kw_only=True):
    """Named by OpenRouter."""

    insight: str
    model: str


class FusionFailedModel(Model, kw_only=True):
    """Named by OpenRouter."""

    error: str
    model: str
    status_code: Maybe[int] = UNSET


class FusionResponse(Model, kw_only=True):
    """Named by OpenRouter."""

    model: str
    content: Maybe[str] = UNSET


class ApplyPatchCreateFileOperation(Tagged, tag="create_file", kw_only=True):
    """``create_file``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["create_file"]] = "create_file"
    diff: str
    path: str


class ApplyPatchUpdateFileOperation(Tagged, tag="update_file", kw_only=True):
    """``update_file``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["update_file"]] = "update_file"
    diff: str
    path: str


class ApplyPatchDeleteFileOperation(Tagged, tag="delete_file", kw_only=True):
    """``delete_file``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["delete_file"]] = "delete_file"
    path: str


class SearchAction(Tagged, tag="search", kw_only=True):
    """``search``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["search"]] = "search"
    queries: Maybe[list[str] | None] = UNSET
    query: Strict[str | None] = UNSET
    sources: Maybe[list[WebSearchSource] | None] = UNSET


class WebSearchSource(Tagged, tag="url", kw_only=True):
    """``url``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["url"]] = "url"
    url: str


class OpenPageAction(Tagged, tag="open_page", kw_only=True):
    """``open_page``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["open_page"]] = "open_page"
    url: Maybe[str | None] = UNSET


class FindInPageAction(Tagged, tag="find_in_page", kw_only=True):
    """``find_in_page``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["find_in_page"]] = "find_in_page"
    pattern: str
    url: str


class CodeInterpreterLogsOutput(Tagged, tag="logs", kw_only=True):
    """``logs``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["logs"]] = "logs"
    logs: str


class CodeInterpreterImageOutput(Tagged, tag="image", kw_only=True):
    """``image``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["image"]] = "image"
    url: str


class CodeInterpreterFileOutput(Tagged, tag="file", kw_only=True):
    """``file``, named by OpenRouter."""

    type: ClassVar[Literal["file"]] = "file"
    download_url: Maybe[str] = UNSET
    error_code: Maybe[str | None] = UNSET
    expires_at: Maybe[str] = UNSET
    filename: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    media_type: Maybe[str] = UNSET
    sha256: Maybe[str] = UNSET
    size_bytes: Maybe[int] = UNSET
    status: Maybe[str] = UNSET


class ShellExitOutcome(Tagged, tag="exit", kw_only=True):
    """``exit``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["exit"]] = "exit"
    exit_code: int


class ShellTimeoutOutcome(Tagged, tag="timeout", kw_only=True):
    """``timeout``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["timeout"]] = "timeout"


class ClickAction(Tagged, tag="click", kw_only=True):
    """``click``, named by OpenAI."""

    type: ClassVar[Literal["click"]] = "click"
    button: Annotated[str, Known("left", "right", "wheel", "back", "forward")]
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class DoubleClickAction(Tagged, tag="double_click", kw_only=True):
    """``double_click``, named by OpenAI."""

    type: ClassVar[Literal["double_click"]] = "double_click"
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class DragAction(Tagged, tag="drag", kw_only=True):
    """``drag``, named by OpenAI."""

    type: ClassVar[Literal["drag"]] = "drag"
    path: list[DragPoint]
    keys: Maybe[list[str] | None] = UNSET


class KeypressAction(Tagged, tag="keypress", kw_only=True):
    """``keypress``, named by OpenAI."""

    type: ClassVar[Literal["keypress"]] = "keypress"
    keys: list[str]


class MoveAction(Tagged, tag="move", kw_only=True):
    """``move``, named by OpenAI."""

    type: ClassVar[Literal["move"]] = "move"
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class ScreenshotAction(Tagged, tag="screenshot", kw_only=True):
    """``screenshot``, named by OpenAI."""

    type: ClassVar[Literal["screenshot"]] = "screenshot"


class ScrollAction(Tagged, tag="scroll", kw_only=True):
    """``scroll``, named by OpenAI."""

    type: ClassVar[Literal["scroll"]] = "scroll"
    scroll_x: int
    scroll_y: int
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class TypeAction(Tagged, tag="type", kw_only=True):
    """``type``, named by OpenAI."""

    type: ClassVar[Literal["type"]] = "type"
    text: str


class WaitAction(Tagged, tag="wait", kw_only=True):
    """``wait``, named by OpenAI."""

    type: ClassVar[Literal["wait"]] = "wait"


class DirectCaller(Tagged, tag="direct", kw_only=True):
    """``direct``, named by OpenAI."""

    type: ClassVar[Literal["direct"]] = "direct"


class ProgramCaller(Tagged, tag="program", kw_only=True):
    """``program``, named by OpenAI."""

    type: ClassVar[Literal["program"]] = "program"
    caller_id: str


class LocalShellCallAction(Tagged, tag="exec", kw_only=True):
    """``exec``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["exec"]] = "exec"
    command: list[str]
    env: dict[str, str]
    timeout_ms: Maybe[int | None] = UNSET
    user: Maybe[str | None] = UNSET
    working_directory: Maybe[str | None] = UNSET


class McpProtocolError(Tagged, tag="mcp_protocol_error", kw_only=True):
    """``mcp_protocol_error``, named by OpenAI."""

    type: ClassVar[Literal["mcp_protocol_error"]] = "mcp_protocol_error"
    code: int
    message: str


class McpToolExecutionError(Tagged, tag="mcp_tool_execution_error", kw_only=True):
    """``mcp_tool_execution_error``, named by OpenAI."""

    type: ClassVar[Literal["mcp_tool_execution_error"]] = "mcp_tool_execution_error"
    content: Any


class McpHttpError(Tagged, tag="http_error", kw_only=True):
    """``http_error``, named by OpenAI."""

    type: ClassVar[Literal["http_error"]] = "http_error"
    code: int
    message: str


if TYPE_CHECKING:
    ComputerAction: TypeAlias = (
        ClickAction
        | DoubleClickAction
        | DragAction
        | KeypressAction
        | MoveAction
        | ScreenshotAction
        | ScrollAction
        | TypeAction
        | WaitAction
        | UnknownObject
    )
else:
    ComputerAction = (
        ClickAction
        | DoubleClickAction
        | DragAction
        | KeypressAction
        | MoveAction
        | ScreenshotAction
        | ScrollAction
        | TypeAction
        | WaitAction
    )

if TYPE_CHECKING:
    WebSearchAction: TypeAlias = FindInPageAction | OpenPageAction | SearchAction | UnknownObject
else:
    WebSearchAction = FindInPageAction | OpenPageAction | SearchAction

if TYPE_CHECKING:
    ApplyPatchOperation: TypeAlias = (
        ApplyPatchCreateFileOperation
        | ApplyPatchDeleteFileOperation
        | ApplyPatchUpdateFileOperation
        | UnknownObject
    )
else:
    ApplyPatchOperation = (
        ApplyPatchCreateFileOperation
        | ApplyPatchDeleteFileOperation
        | ApplyPatchUpdateFileOperation
    )

if TYPE_CHECKING:
    Caller: TypeAlias = DirectCaller | ProgramCaller | UnknownObject
else:
    Caller = DirectCaller | ProgramCaller

if TYPE_CHECKING:
    ShellOutcome: TypeAlias = ShellExitOutcome | ShellTimeoutOutcome | UnknownObject
else:
    ShellOutcome = ShellExitOutcome | ShellTimeoutOutcome

if TYPE_CHECKING:
    McpError: TypeAlias = McpHttpError | McpProtocolError | McpToolExecutionError | UnknownObject
else:
    McpError = McpHttpError | McpProtocolError | McpToolExecutionError

if TYPE_CHECKING:
    CodeInterpreterOutput: TypeAlias = (
        CodeInterpreterFileOutput
        | CodeInterpreterImageOutput
        | CodeInterpreterLogsOutput
        | UnknownObject
    )
else:
    CodeInterpreterOutput = (
        CodeInterpreterFileOutput | CodeInterpreterImageOutput | CodeInterpreterLogsOutput
    )
