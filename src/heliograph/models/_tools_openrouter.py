"""Wire types: tools_openrouter."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from ._base import Known, Maybe, Model, Tool
from ._options import CacheControl
from ._tool_options import ToolEnvironment, WebSearchUserLocation

__all__ = [
    "AdvisorServerToolConfig",
    "AdvisorServerTool_OpenRouter",
    "ApplyPatchServerToolConfig",
    "ApplyPatchServerTool_OpenRouter",
    "BashServerTool",
    "DatetimeServerTool",
    "DatetimeServerToolConfig",
    "FilesServerTool",
    "FilesServerToolConfig",
    "FusionServerToolConfig",
    "FusionServerTool_OpenRouter",
    "ImageGenerationServerToolConfig",
    "ImageGenerationServerTool_OpenRouter",
    "NestedServerTool",
    "SandboxConfig",
    "SearchModelsServerToolConfig",
    "SearchModelsServerTool_OpenRouter",
    "ServerToolReasoning",
    "ShellServerTool_OpenRouter",
    "SubagentServerToolConfig",
    "SubagentServerTool_OpenRouter",
    "ToolSearchServerTool",
    "ToolSearchServerToolConfig",
    "WebFetchServerTool",
    "WebFetchServerToolConfig",
    "WebSearchServerToolConfig",
    "WebSearchServerTool_OpenRouter",
]


class AdvisorServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    forward_transcript: Maybe[bool] = UNSET
    instructions: Maybe[str] = UNSET
    max_completion_tokens: Maybe[int] = UNSET
    model: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    reasoning: Maybe[ServerToolReasoning] = UNSET
    stream: Maybe[bool] = UNSET
    temperature: Maybe[float] = UNSET


class SubagentServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    inherit_functions: Maybe[bool] = UNSET
    inherited_function_names: Maybe[list[str]] = UNSET
    instructions: Maybe[str] = UNSET
    max_completion_tokens: Maybe[int] = UNSET
    max_tool_calls: Maybe[int] = UNSET
    model: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    reasoning: Maybe[ServerToolReasoning] = UNSET
    temperature: Maybe[float] = UNSET
    tools: Maybe[list[NestedServerTool]] = UNSET


class DatetimeServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    timezone: Maybe[str] = UNSET


class FilesServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""


class FusionServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    analysis_models: Maybe[list[str]] = UNSET
    cache_control: Maybe[CacheControl] = UNSET
    max_completion_tokens: Maybe[int] = UNSET
    max_tool_calls: Maybe[int] = UNSET
    model: Maybe[str] = UNSET
    reasoning: Maybe[ServerToolReasoning] = UNSET
    temperature: Maybe[float] = UNSET
    tools: Maybe[list[NestedServerTool]] = UNSET


class ImageGenerationServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    model: Maybe[str] = UNSET


class SearchModelsServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    max_results: Maybe[int] = UNSET


class WebFetchServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    allowed_domains: Maybe[list[str]] = UNSET
    blocked_domains: Maybe[list[str]] = UNSET
    engine: Maybe[
        Annotated[str, Known("auto", "native", "openrouter", "exa", "parallel", "firecrawl")]
    ] = UNSET
    max_content_tokens: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET


class WebSearchServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    allowed_domains: Maybe[list[str]] = UNSET
    engine: Maybe[
        Annotated[str, Known("native", "exa", "parallel", "firecrawl", "perplexity", "auto")]
    ] = UNSET
    excluded_domains: Maybe[list[str]] = UNSET
    max_characters: Maybe[int] = UNSET
    max_results: Maybe[int] = UNSET
    max_total_results: Maybe[int] = UNSET
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
    search_context_size: Maybe[Annotated[str, Known("low", "medium", "high")]] = UNSET
    user_location: Maybe[WebSearchUserLocation] = UNSET


class ApplyPatchServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    engine: Maybe[Annotated[str, Known("auto", "native", "openrouter")]] = UNSET


class ToolSearchServerToolConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    max_results: Maybe[int] = UNSET


class NestedServerTool(Model, kw_only=True):
    """Named by OpenRouter."""

    type: str
    parameters: Maybe[dict[str, Any]] = UNSET


class SandboxConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    engine: Maybe[Annotated[str, Known("auto", "native", "openrouter")]] = UNSET
    environment: Maybe[ToolEnvironment] = UNSET
    sleep_after_seconds: Maybe[int] = UNSET


class ServerToolReasoning(Model, kw_only=True):
    """Named by OpenRouter."""

    effort: Maybe[
        Annotated[str, Known("max", "xhigh", "high", "medium", "low", "minimal", "none")]
    ] = UNSET
    max_tokens: Maybe[int] = UNSET


class AdvisorServerTool_OpenRouter(Tool, tag="openrouter:advisor", kw_only=True):
    """``openrouter:advisor``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:advisor"]] = "openrouter:advisor"
    parameters: Maybe[AdvisorServerToolConfig] = UNSET


class SubagentServerTool_OpenRouter(Tool, tag="openrouter:subagent", kw_only=True):
    """``openrouter:subagent``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:subagent"]] = "openrouter:subagent"
    parameters: Maybe[SubagentServerToolConfig] = UNSET


class DatetimeServerTool(Tool, tag="openrouter:datetime", kw_only=True):
    """``openrouter:datetime``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:datetime"]] = "openrouter:datetime"
    parameters: Maybe[DatetimeServerToolConfig] = UNSET


class FilesServerTool(Tool, tag="openrouter:files", kw_only=True):
    """``openrouter:files``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:files"]] = "openrouter:files"
    parameters: Maybe[FilesServerToolConfig] = UNSET


class FusionServerTool_OpenRouter(Tool, tag="openrouter:fusion", kw_only=True):
    """``openrouter:fusion``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:fusion"]] = "openrouter:fusion"
    parameters: Maybe[FusionServerToolConfig] = UNSET


class ImageGenerationServerTool_OpenRouter(Tool, tag="openrouter:image_generation", kw_only=True):
    """``openrouter:image_generation``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:image_generation"]] = "openrouter:image_generation"
    parameters: Maybe[ImageGenerationServerToolConfig] = UNSET


class SearchModelsServerTool_OpenRouter(
    Tool, tag="openrouter:experimental__search_models", kw_only=True
):
    """``openrouter:experimental__search_models``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:experimental__search_models"]] = (
        "openrouter:experimental__search_models"
    )
    parameters: Maybe[SearchModelsServerToolConfig] = UNSET


class WebFetchServerTool(Tool, tag="openrouter:web_fetch", kw_only=True):
    """``openrouter:web_fetch``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:web_fetch"]] = "openrouter:web_fetch"
    parameters: Maybe[WebFetchServerToolConfig] = UNSET


class WebSearchServerTool_OpenRouter(Tool, tag="openrouter:web_search", kw_only=True):
    """``openrouter:web_search``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:web_search"]] = "openrouter:web_search"
    parameters: Maybe[WebSearchServerToolConfig] = UNSET


class ApplyPatchServerTool_OpenRouter(Tool, tag="openrouter:apply_patch", kw_only=True):
    """``openrouter:apply_patch``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:apply_patch"]] = "openrouter:apply_patch"
    parameters: Maybe[ApplyPatchServerToolConfig] = UNSET


class BashServerTool(Tool, tag="openrouter:bash", kw_only=True):
    """``openrouter:bash``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:bash"]] = "openrouter:bash"
    parameters: Maybe[SandboxConfig] = UNSET


class ShellServerTool_OpenRouter(Tool, tag="openrouter:shell", kw_only=True):
    """``openrouter:shell``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:shell"]] = "openrouter:shell"
    parameters: Maybe[SandboxConfig] = UNSET


class ToolSearchServerTool(Tool, tag="openrouter:tool_search", kw_only=True):
    """``openrouter:tool_search``, named by OpenRouter."""

    type: ClassVar[Literal["openrouter:tool_search"]] = "openrouter:tool_search"
    parameters: Maybe[ToolSearchServerToolConfig] = UNSET
