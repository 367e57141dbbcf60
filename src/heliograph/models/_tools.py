"""Tools that OpenAI names, some of which OpenRouter extends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET, field

from ._base import Known, Maybe, Strict, Tool, UnknownTool
from ._tool_options import (
    CodeInterpreterContainerAuto,
    CustomToolFormat,
    InputImageMask,
    McpApprovalFilter,
    McpToolFilter,
    RankingOptions,
    SearchFilter,
    SvgOptions,
    ToolEnvironment,
    WebSearchDomainFilter,
    WebSearchUserLocation,
)

__all__ = [
    "ApplyPatchServerTool",
    "CodeInterpreterServerTool",
    "CodexLocalShellTool",
    "ComputerTool",
    "ComputerUseServerTool",
    "CustomTool",
    "FileSearchServerTool",
    "FunctionTool",
    "ImageGenerationServerTool",
    "Legacy_WebSearchServerTool",
    "McpServerTool",
    "NamespaceTool",
    "NamespacedTool",
    "Preview_20250311_WebSearchServerTool",
    "Preview_WebSearchServerTool",
    "ProgrammaticToolCallingTool",
    "ShellServerTool",
    "ToolSearchTool",
    "WebSearchServerTool",
]


class FunctionTool(Tool, tag="function", kw_only=True):
    """A function that the caller runs.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["function"]] = "function"
    name: str
    description: Strict[str | None] = UNSET
    parameters: Strict[dict[str, Any] | None] = UNSET
    strict: Strict[bool | None] = UNSET
    defer_loading: Maybe[bool | None] = UNSET
    allowed_callers: Maybe[list[Annotated[str, Known("direct", "programmatic")]] | None] = UNSET
    output_schema: Maybe[dict[str, Any] | None] = UNSET
    async_: Maybe[bool | None] = field(default=UNSET, name="async")


class Preview_WebSearchServerTool(Tool, tag="web_search_preview", kw_only=True):
    """Lets the model search the web (preview).

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search_preview"]] = "web_search_preview"
    engine: Maybe[
        Annotated[str, Known("native", "exa", "parallel", "firecrawl", "perplexity", "auto")]
    ] = UNSET
    filters: Maybe[WebSearchDomainFilter | None] = UNSET
    max_results: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET
    mode: Maybe[
        Annotated[
            str,
            Known(
                "instant",
                "fast",
                "auto",
                "deep-lite",
                "deep",
                "deep-reasoning",
                "turbo",
                "basic",
                "advanced",
            ),
        ]
    ] = UNSET
    search_context_size: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    user_location: Maybe[WebSearchUserLocation | None] = UNSET
    search_content_types: Maybe[list[Annotated[str, Known("text", "image")]] | None] = UNSET


class Preview_20250311_WebSearchServerTool(Tool, tag="web_search_preview_2025_03_11", kw_only=True):
    """Lets the model search the web (preview of March 2025).

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search_preview_2025_03_11"]] = "web_search_preview_2025_03_11"
    engine: Maybe[
        Annotated[str, Known("native", "exa", "parallel", "firecrawl", "perplexity", "auto")]
    ] = UNSET
    filters: Maybe[WebSearchDomainFilter | None] = UNSET
    max_results: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET
    mode: Maybe[
        Annotated[
            str,
            Known(
                "instant",
                "fast",
                "auto",
                "deep-lite",
                "deep",
                "deep-reasoning",
                "turbo",
                "basic",
                "advanced",
            ),
        ]
    ] = UNSET
    search_context_size: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    user_location: Maybe[WebSearchUserLocation | None] = UNSET
    search_content_types: Maybe[list[Annotated[str, Known("text", "image")]] | None] = UNSET


class Legacy_WebSearchServerTool(Tool, tag="web_search", kw_only=True):
    """Lets the model search the web.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search"]] = "web_search"
    engine: Maybe[
        Annotated[str, Known("native", "exa", "parallel", "firecrawl", "perplexity", "auto")]
    ] = UNSET
    filters: Maybe[WebSearchDomainFilter | None] = UNSET
    max_results: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET
    mode: Maybe[
        Annotated[
            str,
            Known(
                "instant",
                "fast",
                "auto",
                "deep-lite",
                "deep",
                "deep-reasoning",
                "turbo",
                "basic",
                "advanced",
            ),
        ]
    ] = UNSET
    search_context_size: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    user_location: Maybe[WebSearchUserLocation | None] = UNSET
    external_web_access: Maybe[bool | None] = UNSET


class WebSearchServerTool(Tool, tag="web_search_2025_08_26", kw_only=True):
    """Lets the model search the web (version of August 2025).

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search_2025_08_26"]] = "web_search_2025_08_26"
    engine: Maybe[
        Annotated[str, Known("native", "exa", "parallel", "firecrawl", "perplexity", "auto")]
    ] = UNSET
    filters: Maybe[WebSearchDomainFilter | None] = UNSET
    max_results: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET
    mode: Maybe[
        Annotated[
            str,
            Known(
                "instant",
                "fast",
                "auto",
                "deep-lite",
                "deep",
                "deep-reasoning",
                "turbo",
                "basic",
                "advanced",
            ),
        ]
    ] = UNSET
    search_context_size: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    user_location: Maybe[WebSearchUserLocation | None] = UNSET
    external_web_access: Maybe[bool | None] = UNSET


class FileSearchServerTool(Tool, tag="file_search", kw_only=True):
    """Lets the model search the caller's vector stores.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["file_search"]] = "file_search"
    vector_store_ids: list[str]
    filters: Maybe[SearchFilter | None] = UNSET
    max_num_results: Maybe[int | None] = UNSET
    ranking_options: Maybe[RankingOptions | None] = UNSET


class ComputerUseServerTool(Tool, tag="computer_use_preview", kw_only=True):
    """Lets the model drive a computer of a stated size (preview version).

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["computer_use_preview"]] = "computer_use_preview"
    display_height: int
    display_width: int
    environment: Annotated[str, Known("windows", "mac", "linux", "ubuntu", "browser")]


class CodeInterpreterServerTool(Tool, tag="code_interpreter", kw_only=True):
    """Lets the model run Python code in a container of the server.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["code_interpreter"]] = "code_interpreter"
    container: CodeInterpreterContainerAuto | str
    allowed_callers: Maybe[list[Annotated[str, Known("direct", "programmatic")]] | None] = UNSET


class McpServerTool(Tool, tag="mcp", kw_only=True):
    """Lets the model use the tools of an MCP server.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["mcp"]] = "mcp"
    server_label: str
    allowed_tools: Maybe[McpToolFilter | list[str] | None] = UNSET
    authorization: Maybe[str | None] = UNSET
    connector_id: Maybe[
        Annotated[
            str,
            Known(
                "connector_dropbox",
                "connector_gmail",
                "connector_googlecalendar",
                "connector_googledrive",
                "connector_microsoftteams",
                "connector_outlookcalendar",
                "connector_outlookemail",
                "connector_sharepoint",
            ),
        ]
        | None
    ] = UNSET
    headers: Maybe[dict[str, str] | None] = UNSET
    require_approval: Maybe[McpApprovalFilter | Annotated[str, Known("always", "never")] | None] = (
        UNSET
    )
    server_description: Maybe[str | None] = UNSET
    server_url: Maybe[str | None] = UNSET
    allowed_callers: Maybe[list[Annotated[str, Known("direct", "programmatic")]] | None] = UNSET
    defer_loading: Maybe[bool | None] = UNSET
    tunnel_id: Maybe[str | None] = UNSET


class ImageGenerationServerTool(Tool, tag="image_generation", kw_only=True):
    """The hosted ``image_generation`` tool.

    ``seed`` is an extension of Heliograph's own.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["image_generation"]] = "image_generation"
    background: Maybe[Annotated[str, Known("transparent", "opaque", "auto")] | None] = UNSET
    input_fidelity: Maybe[Annotated[str, Known("high", "low")] | None] = UNSET
    input_image_mask: Maybe[InputImageMask | None] = UNSET
    model: Maybe[str | None] = UNSET
    moderation: Maybe[Annotated[str, Known("auto", "low")] | None] = UNSET
    output_compression: Maybe[int | None] = UNSET
    output_format: Maybe[Annotated[str, Known("png", "webp", "jpeg", "gif", "svg")] | None] = UNSET
    partial_images: Maybe[int | None] = UNSET
    quality: Maybe[
        Annotated[str, Known("low", "medium", "high", "auto", "xhigh", "max")] | None
    ] = UNSET
    size: Maybe[str | None] = UNSET
    action: Maybe[Annotated[str, Known("generate", "edit", "auto")] | None] = UNSET
    complexity: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    frame_count: Maybe[int | None] = UNSET
    frame_duration_ms: Maybe[int | None] = UNSET
    svg: Maybe[SvgOptions | None] = UNSET
    seed: Maybe[int | None] = UNSET


class CodexLocalShellTool(Tool, tag="local_shell", kw_only=True):
    """Lets the model run commands in the client's shell.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["local_shell"]] = "local_shell"


class ShellServerTool(Tool, tag="shell", kw_only=True):
    """Lets the model run shell commands.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["shell"]] = "shell"
    allowed_callers: Maybe[list[Annotated[str, Known("direct", "programmatic")]] | None] = UNSET
    environment: Maybe[ToolEnvironment | None] = UNSET


class ApplyPatchServerTool(Tool, tag="apply_patch", kw_only=True):
    """Lets the model edit files through patches that the client applies.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["apply_patch"]] = "apply_patch"
    allowed_callers: Maybe[list[Annotated[str, Known("direct", "programmatic")]] | None] = UNSET


class CustomTool(Tool, tag="custom", kw_only=True):
    """A tool that takes free text, or text of a grammar.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["custom"]] = "custom"
    name: str
    description: Maybe[str | None] = UNSET
    format: Maybe[CustomToolFormat | None] = UNSET
    allowed_callers: Maybe[list[Annotated[str, Known("direct", "programmatic")]] | None] = UNSET
    async_: Maybe[bool | None] = field(default=UNSET, name="async")
    defer_loading: Maybe[bool | None] = UNSET


class NamespaceTool(Tool, tag="namespace", kw_only=True):
    """A named group of tools.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["namespace"]] = "namespace"
    description: str
    name: str
    tools: list[NamespacedTool]


class ComputerTool(Tool, tag="computer", kw_only=True):
    """Lets the model drive a computer.

    Named by OpenAI.
    """

    type: ClassVar[Literal["computer"]] = "computer"


class ProgrammaticToolCallingTool(Tool, tag="programmatic_tool_calling", kw_only=True):
    """Lets the model call tools from a program.

    Named by OpenAI.
    """

    type: ClassVar[Literal["programmatic_tool_calling"]] = "programmatic_tool_calling"


class ToolSearchTool(Tool, tag="tool_search", kw_only=True):
    """Lets the model look for tools that are loaded on demand.

    Named by OpenAI.
    """

    type: ClassVar[Literal["tool_search"]] = "tool_search"
    description: Maybe[str | None] = UNSET
    execution: Maybe[Annotated[str, Known("server", "client")] | None] = UNSET
    parameters: Maybe[dict[str, Any] | None] = UNSET


if TYPE_CHECKING:
    NamespacedTool: TypeAlias = CustomTool | FunctionTool | UnknownTool
else:
    NamespacedTool = CustomTool | FunctionTool
