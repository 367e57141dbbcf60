"""What tool items hold: outputs, errors, callers, the panel of a fusion call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject

__all__ = [
    "Caller",
    "CodeInterpreterFileOutput",
    "CodeInterpreterImageOutput",
    "CodeInterpreterLogsOutput",
    "CodeInterpreterOutput",
    "DirectCaller",
    "FileSearchResult",
    "FusionAnalysisResult",
    "FusionContradiction",
    "FusionFailedModel",
    "FusionPartialCoverage",
    "FusionResponse",
    "FusionSource",
    "FusionStance",
    "FusionUniqueInsight",
    "ImageGenerationCallError",
    "McpError",
    "McpHttpError",
    "McpListToolsTool",
    "McpProtocolError",
    "McpToolExecutionError",
    "ModerationDetails",
    "ProgramCaller",
    "ShellCallOutputContent",
    "ShellExitOutcome",
    "ShellOutcome",
    "ShellOutput",
    "ShellOutputDelta",
    "ShellTimeoutOutcome",
]


class ShellCallOutputContent(Model, kw_only=True):
    """What one command printed and how it ended.

    Named by OpenRouter, OpenAI.
    """

    outcome: ShellOutcome
    stderr: str
    stdout: str
    created_by: Maybe[str | None] = UNSET


class FusionAnalysisResult(Model, kw_only=True):
    """Where the panel's answers agree, differ and fall short.

    Named by OpenRouter.
    """

    blind_spots: list[str]
    consensus: list[str]
    contradictions: list[FusionContradiction]
    partial_coverage: list[FusionPartialCoverage]
    unique_insights: list[FusionUniqueInsight]


class FusionSource(Model, kw_only=True):
    """A source that the panel drew upon.

    Named by OpenRouter.
    """

    title: str
    url: str


class FileSearchResult(Model, kw_only=True):
    """One passage that a file search found.

    Named by OpenAI.
    """

    attributes: Maybe[dict[str, str | float | bool] | None] = UNSET
    file_id: Maybe[str | None] = UNSET
    filename: Maybe[str | None] = UNSET
    score: Maybe[float | None] = UNSET
    text: Maybe[str | None] = UNSET


class ImageGenerationCallError(Model, kw_only=True):
    """Why a call of the image tool failed.

    Named by OpenAI.
    """

    message: str
    type: str
    code: Strict[str | None] = UNSET
    param: Strict[str | None] = UNSET
    moderation_details: Maybe[ModerationDetails | None] = UNSET


class ModerationDetails(Model, kw_only=True):
    """What moderation objected to, and when.

    Named by OpenAI.
    """

    categories: list[str]
    moderation_stage: Annotated[str, Known("input", "output", "unknown")]


class McpListToolsTool(Model, kw_only=True):
    """One tool that an MCP server offers.

    Named by OpenRouter, OpenAI.
    """

    input_schema: Any
    name: str
    annotations: Maybe[Any] = UNSET
    description: Maybe[str | None] = UNSET


class ShellOutputDelta(Model, kw_only=True):
    """The next piece of what a command printed.

    Named by OpenAI.
    """

    stderr: Maybe[str | None] = UNSET
    stdout: Maybe[str | None] = UNSET


class ShellOutput(Model, kw_only=True):
    """What one command printed and how it ended.

    Named by OpenAI.
    """

    outcome: ShellOutcome
    stderr: str
    stdout: str
    created_by: Maybe[str | None] = UNSET


class FusionContradiction(Model, kw_only=True):
    """A question on which the panel's models differ.

    Named by OpenRouter.
    """

    stances: list[FusionStance]
    topic: str


class FusionStance(Model, kw_only=True):
    """Where one model stands on a question.

    Named by OpenRouter.
    """

    model: str
    stance: str


class FusionPartialCoverage(Model, kw_only=True):
    """A point that only some of the panel made.

    Named by OpenRouter.
    """

    models: list[str]
    point: str


class FusionUniqueInsight(Model, kw_only=True):
    """A point that one model alone made.

    Named by OpenRouter.
    """

    insight: str
    model: str


class FusionFailedModel(Model, kw_only=True):
    """A model of the panel that failed, and why.

    Named by OpenRouter.
    """

    error: str
    model: str
    status_code: Maybe[int] = UNSET


class FusionResponse(Model, kw_only=True):
    """One panel model's answer.

    Named by OpenRouter.
    """

    model: str
    content: Maybe[str] = UNSET


class CodeInterpreterLogsOutput(Tagged, tag="logs", kw_only=True):
    """What the code printed.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["logs"]] = "logs"
    logs: str


class CodeInterpreterImageOutput(Tagged, tag="image", kw_only=True):
    """A picture that the code made.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["image"]] = "image"
    url: str


class CodeInterpreterFileOutput(Tagged, tag="file", kw_only=True):
    """A file that the code left behind.

    Named by OpenRouter.
    """

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
    """The command ended by itself.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["exit"]] = "exit"
    exit_code: int


class ShellTimeoutOutcome(Tagged, tag="timeout", kw_only=True):
    """The command ran out of time.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["timeout"]] = "timeout"


class DirectCaller(Tagged, tag="direct", kw_only=True):
    """The model called the tool itself.

    Named by OpenAI.
    """

    type: ClassVar[Literal["direct"]] = "direct"


class ProgramCaller(Tagged, tag="program", kw_only=True):
    """A program that the model wrote called the tool.

    Named by OpenAI.
    """

    type: ClassVar[Literal["program"]] = "program"
    caller_id: str


class McpProtocolError(Tagged, tag="mcp_protocol_error", kw_only=True):
    """The MCP server broke the protocol.

    Named by OpenAI.
    """

    type: ClassVar[Literal["mcp_protocol_error"]] = "mcp_protocol_error"
    code: int
    message: str


class McpToolExecutionError(Tagged, tag="mcp_tool_execution_error", kw_only=True):
    """The MCP tool ran and failed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["mcp_tool_execution_error"]] = "mcp_tool_execution_error"
    content: Strict[Any] = UNSET


class McpHttpError(Tagged, tag="http_error", kw_only=True):
    """The MCP server answered with an HTTP error.

    Named by OpenAI.
    """

    type: ClassVar[Literal["http_error"]] = "http_error"
    code: int
    message: str


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
