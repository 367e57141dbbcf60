"""Tools that OpenRouter runs, and their settings."""

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
    """Settings of the advisor tool: which model advises, and how.

    Named by OpenRouter.
    """

    forward_transcript: Maybe[bool] = UNSET
    instructions: Maybe[str] = UNSET
    max_completion_tokens: Maybe[int] = UNSET
    model: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    reasoning: Maybe[ServerToolReasoning] = UNSET
    stream: Maybe[bool] = UNSET
    temperature: Maybe[float] = UNSET


class SubagentServerToolConfig(Model, kw_only=True):
    """Settings of the subagent tool.

    Named by OpenRouter.
    """

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
    """Settings of the date and time tool.

    Named by OpenRouter.
    """

    timezone: Maybe[str] = UNSET


class FilesServerToolConfig(Model, kw_only=True):
    """Settings of the files tool.

    Named by OpenRouter.
    """


class FusionServerToolConfig(Model, kw_only=True):
    """Settings of the fusion tool.

    Named by OpenRouter.
    """

    analysis_models: Maybe[list[str]] = UNSET
    cache_control: Maybe[CacheControl] = UNSET
    max_completion_tokens: Maybe[int] = UNSET
    max_tool_calls: Maybe[int] = UNSET
    model: Maybe[str] = UNSET
    reasoning: Maybe[ServerToolReasoning] = UNSET
    temperature: Maybe[float] = UNSET
    tools: Maybe[list[NestedServerTool]] = UNSET


class ImageGenerationServerToolConfig(Model, kw_only=True):
    """Settings of OpenRouter's image tool.

    OpenRouter names ``model`` and lets the model's own image settings stand beside it; those that
    the server understands are named here, ``seed`` among them.

    Named by OpenRouter.
    """

    model: Maybe[str] = UNSET
    aspect_ratio: Maybe[str] = UNSET
    background: Maybe[str] = UNSET
    moderation: Maybe[str] = UNSET
    output_compression: Maybe[int] = UNSET
    output_format: Maybe[str] = UNSET
    partial_images: Maybe[int] = UNSET
    quality: Maybe[str] = UNSET
    seed: Maybe[int] = UNSET
    size: Maybe[str] = UNSET


class SearchModelsServerToolConfig(Model, kw_only=True):
    """Settings of the model search tool.

    Named by OpenRouter.
    """

    max_results: Maybe[int] = UNSET


class WebFetchServerToolConfig(Model, kw_only=True):
    """Settings of the web fetch tool.

    Named by OpenRouter.
    """

    allowed_domains: Maybe[list[str]] = UNSET
    blocked_domains: Maybe[list[str]] = UNSET
    engine: Maybe[
        Annotated[str, Known("auto", "native", "openrouter", "exa", "parallel", "firecrawl")]
    ] = UNSET
    max_content_tokens: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET


class WebSearchServerToolConfig(Model, kw_only=True):
    """Settings of OpenRouter's web search.

    Named by OpenRouter.
    """

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
    """Settings of the server-side patch tool.

    Named by OpenRouter.
    """

    engine: Maybe[Annotated[str, Known("auto", "native", "openrouter")]] = UNSET


class ToolSearchServerToolConfig(Model, kw_only=True):
    """Settings of OpenRouter's tool search.

    Named by OpenRouter.
    """

    max_results: Maybe[int] = UNSET


class NestedServerTool(Model, kw_only=True):
    """A server tool that another tool's model may use.

    Named by OpenRouter.
    """

    type: str
    parameters: Maybe[dict[str, Any]] = UNSET


class SandboxConfig(Model, kw_only=True):
    """Settings of a tool that runs in the server's sandbox.

    Named by OpenRouter.
    """

    engine: Maybe[Annotated[str, Known("auto", "native", "openrouter")]] = UNSET
    environment: Maybe[ToolEnvironment] = UNSET
    sleep_after_seconds: Maybe[int] = UNSET


class ServerToolReasoning(Model, kw_only=True):
    """How much a tool's own model should think.

    Named by OpenRouter.
    """

    effort: Maybe[
        Annotated[str, Known("max", "xhigh", "high", "medium", "low", "minimal", "none")]
    ] = UNSET
    max_tokens: Maybe[int] = UNSET


class AdvisorServerTool_OpenRouter(Tool, tag="openrouter:advisor", kw_only=True):
    """Lets the model ask a second model for advice, run by the server.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:advisor"]] = "openrouter:advisor"
    parameters: Maybe[AdvisorServerToolConfig] = UNSET


class SubagentServerTool_OpenRouter(Tool, tag="openrouter:subagent", kw_only=True):
    """Lets the model give tasks to another model.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:subagent"]] = "openrouter:subagent"
    parameters: Maybe[SubagentServerToolConfig] = UNSET


class DatetimeServerTool(Tool, tag="openrouter:datetime", kw_only=True):
    """Tells the model the date and time.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:datetime"]] = "openrouter:datetime"
    parameters: Maybe[DatetimeServerToolConfig] = UNSET


class FilesServerTool(Tool, tag="openrouter:files", kw_only=True):
    """Lets the model keep files on the server.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:files"]] = "openrouter:files"
    parameters: Maybe[FilesServerToolConfig] = UNSET


class FusionServerTool_OpenRouter(Tool, tag="openrouter:fusion", kw_only=True):
    """Lets the model put a question to a panel of models.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:fusion"]] = "openrouter:fusion"
    parameters: Maybe[FusionServerToolConfig] = UNSET


class ImageGenerationServerTool_OpenRouter(Tool, tag="openrouter:image_generation", kw_only=True):
    """OpenRouter's hosted image tool.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:image_generation"]] = "openrouter:image_generation"
    parameters: Maybe[ImageGenerationServerToolConfig] = UNSET


class SearchModelsServerTool_OpenRouter(
    Tool, tag="openrouter:experimental__search_models", kw_only=True
):
    """Lets the model look for models.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:experimental__search_models"]] = (
        "openrouter:experimental__search_models"
    )
    parameters: Maybe[SearchModelsServerToolConfig] = UNSET


class WebFetchServerTool(Tool, tag="openrouter:web_fetch", kw_only=True):
    """Lets the model fetch web pages.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:web_fetch"]] = "openrouter:web_fetch"
    parameters: Maybe[WebFetchServerToolConfig] = UNSET


class WebSearchServerTool_OpenRouter(Tool, tag="openrouter:web_search", kw_only=True):
    """Lets the model search the web, run by OpenRouter.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:web_search"]] = "openrouter:web_search"
    parameters: Maybe[WebSearchServerToolConfig] = UNSET


class ApplyPatchServerTool_OpenRouter(Tool, tag="openrouter:apply_patch", kw_only=True):
    """Lets the model edit files through patches, run by the server.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:apply_patch"]] = "openrouter:apply_patch"
    parameters: Maybe[ApplyPatchServerToolConfig] = UNSET


class BashServerTool(Tool, tag="openrouter:bash", kw_only=True):
    """Lets the model run bash commands in a sandbox of the server.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:bash"]] = "openrouter:bash"
    parameters: Maybe[SandboxConfig] = UNSET


class ShellServerTool_OpenRouter(Tool, tag="openrouter:shell", kw_only=True):
    """Lets the model run shell commands in a sandbox of OpenRouter's.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:shell"]] = "openrouter:shell"
    parameters: Maybe[SandboxConfig] = UNSET


class ToolSearchServerTool(Tool, tag="openrouter:tool_search", kw_only=True):
    """Lets the model look for tools, run by OpenRouter.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:tool_search"]] = "openrouter:tool_search"
    parameters: Maybe[ToolSearchServerToolConfig] = UNSET
