"""Tool choices that name a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import ByTag, Known, Maybe, Strict, ToolChoiceModel, UnknownObject

__all__ = [
    "AllowedTool",
    "ToolChoice",
    "ToolChoiceAllowed",
    "ToolChoiceApplyPatch",
    "ToolChoiceCodeInterpreter",
    "ToolChoiceComputer",
    "ToolChoiceComputerUse",
    "ToolChoiceComputerUsePreview",
    "ToolChoiceCustom",
    "ToolChoiceFileSearch",
    "ToolChoiceFunction",
    "ToolChoiceImageGeneration",
    "ToolChoiceImageGeneration_OpenRouter",
    "ToolChoiceMcp",
    "ToolChoiceProgrammaticToolCalling",
    "ToolChoiceShell",
    "ToolChoiceWebSearchPreview",
    "ToolChoiceWebSearchPreview20250311",
]


class ToolChoiceFunction(ToolChoiceModel, tag="function", kw_only=True):
    """The model must call this function.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["function"]] = "function"
    name: Strict[str] = UNSET


class ToolChoiceWebSearchPreview20250311(
    ToolChoiceModel, tag="web_search_preview_2025_03_11", kw_only=True
):
    """The model must search the web (preview of March 2025).

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search_preview_2025_03_11"]] = "web_search_preview_2025_03_11"


class ToolChoiceWebSearchPreview(ToolChoiceModel, tag="web_search_preview", kw_only=True):
    """The model must search the web (preview).

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search_preview"]] = "web_search_preview"


class ToolChoiceAllowed(ToolChoiceModel, tag="allowed_tools", kw_only=True):
    """The model may use these of its tools.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["allowed_tools"]] = "allowed_tools"
    tools: list[AllowedTool]
    mode: Strict[Annotated[str, Known("auto", "required", "none")]] = UNSET


class ToolChoiceApplyPatch(ToolChoiceModel, tag="apply_patch", kw_only=True):
    """The model must patch files.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["apply_patch"]] = "apply_patch"


class ToolChoiceShell(ToolChoiceModel, tag="shell", kw_only=True):
    """The model must use the shell.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["shell"]] = "shell"


class ToolChoiceFileSearch(ToolChoiceModel, tag="file_search", kw_only=True):
    """The model must search files.

    Named by OpenAI.
    """

    type: ClassVar[Literal["file_search"]] = "file_search"


class ToolChoiceComputer(ToolChoiceModel, tag="computer", kw_only=True):
    """The model must use the computer.

    Named by OpenAI.
    """

    type: ClassVar[Literal["computer"]] = "computer"


class ToolChoiceComputerUsePreview(ToolChoiceModel, tag="computer_use_preview", kw_only=True):
    """The model must use the computer (preview version).

    Named by OpenAI.
    """

    type: ClassVar[Literal["computer_use_preview"]] = "computer_use_preview"


class ToolChoiceComputerUse(ToolChoiceModel, tag="computer_use", kw_only=True):
    """The model must use the computer.

    Named by OpenAI.
    """

    type: ClassVar[Literal["computer_use"]] = "computer_use"


class ToolChoiceImageGeneration(ToolChoiceModel, tag="image_generation", kw_only=True):
    """The model must make a picture.

    Named by OpenAI.
    """

    type: ClassVar[Literal["image_generation"]] = "image_generation"


class ToolChoiceCodeInterpreter(ToolChoiceModel, tag="code_interpreter", kw_only=True):
    """The model must use the code interpreter.

    Named by OpenAI.
    """

    type: ClassVar[Literal["code_interpreter"]] = "code_interpreter"


class ToolChoiceMcp(ToolChoiceModel, tag="mcp", kw_only=True):
    """The model must use this MCP server.

    Named by OpenAI.
    """

    type: ClassVar[Literal["mcp"]] = "mcp"
    server_label: str
    name: Maybe[str | None] = UNSET


class ToolChoiceCustom(ToolChoiceModel, tag="custom", kw_only=True):
    """The model must use this custom tool.

    Named by OpenAI.
    """

    type: ClassVar[Literal["custom"]] = "custom"
    name: str


class ToolChoiceProgrammaticToolCalling(
    ToolChoiceModel, tag="programmatic_tool_calling", kw_only=True
):
    """The model must call tools from a program.

    Named by OpenAI.
    """

    type: ClassVar[Literal["programmatic_tool_calling"]] = "programmatic_tool_calling"


class ToolChoiceImageGeneration_OpenRouter(
    ToolChoiceModel, tag="openrouter:image_generation", kw_only=True
):
    """The model must draw, with OpenRouter's server tool.

    Named by no specification: ours, since OpenRouter names the tool and no choice of it.
    """

    type: ClassVar[Literal["openrouter:image_generation"]] = "openrouter:image_generation"


if TYPE_CHECKING:
    AllowedTool: TypeAlias = (
        ToolChoiceCustom
        | ToolChoiceFunction
        | ToolChoiceImageGeneration
        | ToolChoiceImageGeneration_OpenRouter
        | ToolChoiceMcp
        | UnknownObject
    )
    ToolChoice: TypeAlias = (
        ToolChoiceAllowed
        | ToolChoiceApplyPatch
        | ToolChoiceCodeInterpreter
        | ToolChoiceComputer
        | ToolChoiceComputerUse
        | ToolChoiceComputerUsePreview
        | ToolChoiceCustom
        | ToolChoiceFileSearch
        | ToolChoiceFunction
        | ToolChoiceImageGeneration
        | ToolChoiceImageGeneration_OpenRouter
        | ToolChoiceMcp
        | ToolChoiceProgrammaticToolCalling
        | ToolChoiceShell
        | ToolChoiceWebSearchPreview
        | ToolChoiceWebSearchPreview20250311
        | UnknownObject
    )
else:
    AllowedTool = (
        ToolChoiceCustom
        | ToolChoiceFunction
        | ToolChoiceImageGeneration
        | ToolChoiceImageGeneration_OpenRouter
        | ToolChoiceMcp
    )
    ToolChoice = ByTag.of(
        ToolChoiceAllowed
        | ToolChoiceApplyPatch
        | ToolChoiceCodeInterpreter
        | ToolChoiceComputer
        | ToolChoiceComputerUse
        | ToolChoiceComputerUsePreview
        | ToolChoiceCustom
        | ToolChoiceFileSearch
        | ToolChoiceFunction
        | ToolChoiceImageGeneration
        | ToolChoiceImageGeneration_OpenRouter
        | ToolChoiceMcp
        | ToolChoiceProgrammaticToolCalling
        | ToolChoiceShell
        | ToolChoiceWebSearchPreview
        | ToolChoiceWebSearchPreview20250311
    )
