"""Every tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ._base import ByTag, UnknownTool
from ._tools import (
    ApplyPatchServerTool,
    CodeInterpreterServerTool,
    CodexLocalShellTool,
    ComputerTool,
    ComputerUseServerTool,
    CustomTool,
    FileSearchServerTool,
    FunctionTool,
    ImageGenerationServerTool,
    Legacy_WebSearchServerTool,
    McpServerTool,
    NamespaceTool,
    Preview_20250311_WebSearchServerTool,
    Preview_WebSearchServerTool,
    ProgrammaticToolCallingTool,
    ShellServerTool,
    ToolSearchTool,
    WebSearchServerTool,
)
from ._tools_openrouter import (
    AdvisorServerTool_OpenRouter,
    ApplyPatchServerTool_OpenRouter,
    BashServerTool,
    DatetimeServerTool,
    FilesServerTool,
    FusionServerTool_OpenRouter,
    ImageGenerationServerTool_OpenRouter,
    SearchModelsServerTool_OpenRouter,
    ShellServerTool_OpenRouter,
    SubagentServerTool_OpenRouter,
    ToolSearchServerTool,
    WebFetchServerTool,
    WebSearchServerTool_OpenRouter,
)

__all__ = ["AnyTool"]


if TYPE_CHECKING:
    AnyTool: TypeAlias = (
        AdvisorServerTool_OpenRouter
        | ApplyPatchServerTool
        | ApplyPatchServerTool_OpenRouter
        | BashServerTool
        | CodeInterpreterServerTool
        | CodexLocalShellTool
        | ComputerTool
        | ComputerUseServerTool
        | CustomTool
        | DatetimeServerTool
        | FileSearchServerTool
        | FilesServerTool
        | FunctionTool
        | FusionServerTool_OpenRouter
        | ImageGenerationServerTool
        | ImageGenerationServerTool_OpenRouter
        | Legacy_WebSearchServerTool
        | McpServerTool
        | NamespaceTool
        | Preview_20250311_WebSearchServerTool
        | Preview_WebSearchServerTool
        | ProgrammaticToolCallingTool
        | SearchModelsServerTool_OpenRouter
        | ShellServerTool
        | ShellServerTool_OpenRouter
        | SubagentServerTool_OpenRouter
        | ToolSearchServerTool
        | ToolSearchTool
        | WebFetchServerTool
        | WebSearchServerTool
        | WebSearchServerTool_OpenRouter
        | UnknownTool
    )
else:
    AnyTool = ByTag.of(
        AdvisorServerTool_OpenRouter
        | ApplyPatchServerTool
        | ApplyPatchServerTool_OpenRouter
        | BashServerTool
        | CodeInterpreterServerTool
        | CodexLocalShellTool
        | ComputerTool
        | ComputerUseServerTool
        | CustomTool
        | DatetimeServerTool
        | FileSearchServerTool
        | FilesServerTool
        | FunctionTool
        | FusionServerTool_OpenRouter
        | ImageGenerationServerTool
        | ImageGenerationServerTool_OpenRouter
        | Legacy_WebSearchServerTool
        | McpServerTool
        | NamespaceTool
        | Preview_20250311_WebSearchServerTool
        | Preview_WebSearchServerTool
        | ProgrammaticToolCallingTool
        | SearchModelsServerTool_OpenRouter
        | ShellServerTool
        | ShellServerTool_OpenRouter
        | SubagentServerTool_OpenRouter
        | ToolSearchServerTool
        | ToolSearchTool
        | WebFetchServerTool
        | WebSearchServerTool
        | WebSearchServerTool_OpenRouter
    )
