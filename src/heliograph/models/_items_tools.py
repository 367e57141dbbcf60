"""Wire types: items_tools."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from ._base import Item, Known, Maybe, Strict
from ._content import Part
from ._parts_tools import (
    ApplyPatchOperation,
    Caller,
    CodeInterpreterOutput,
    ComputerAction,
    FileSearchResult,
    LocalShellCallAction,
    McpError,
    McpListToolsTool,
    SafetyCheck,
    ShellAction,
    ShellCallOutputContent,
    WebSearchAction,
)
from ._tool_options import ToolEnvironment
from ._tool_unions import AnyTool

__all__ = [
    "ApplyPatchCallOutputItem",
    "ComputerCallOutputItem",
    "LocalShellCallItem",
    "LocalShellCallOutputItem",
    "McpApprovalRequestItem",
    "McpApprovalResponseItem",
    "McpCallItem",
    "McpListToolsItem",
    "OutputApplyPatchCallItem",
    "OutputCodeInterpreterCallItem",
    "OutputComputerCallItem",
    "OutputFileSearchCallItem",
    "OutputShellCallItem",
    "OutputShellCallOutputItem",
    "OutputWebSearchCallItem",
    "ProgramItem",
    "ProgramOutputItem",
    "ToolSearchCallItem",
    "ToolSearchOutputItem",
]


class OutputApplyPatchCallItem(Item, tag="apply_patch_call", kw_only=True):
    """``apply_patch_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["apply_patch_call"]] = "apply_patch_call"
    call_id: str
    operation: ApplyPatchOperation
    status: Annotated[str, Known("in_progress", "completed")]
    id: Strict[str | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class ApplyPatchCallOutputItem(Item, tag="apply_patch_call_output", kw_only=True):
    """``apply_patch_call_output``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["apply_patch_call_output"]] = "apply_patch_call_output"
    call_id: str
    status: Annotated[str, Known("completed", "failed")]
    id: Strict[str | None] = UNSET
    output: Maybe[str | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class OutputWebSearchCallItem(Item, tag="web_search_call", kw_only=True):
    """``web_search_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["web_search_call"]] = "web_search_call"
    id: str
    status: Annotated[str, Known("completed", "searching", "in_progress", "failed", "incomplete")]
    action: Strict[WebSearchAction] = UNSET


class OutputFileSearchCallItem(Item, tag="file_search_call", kw_only=True):
    """``file_search_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["file_search_call"]] = "file_search_call"
    id: str
    queries: list[str]
    status: Annotated[str, Known("completed", "searching", "in_progress", "failed", "incomplete")]
    results: Maybe[list[FileSearchResult] | None] = UNSET


class OutputCodeInterpreterCallItem(Item, tag="code_interpreter_call", kw_only=True):
    """``code_interpreter_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["code_interpreter_call"]] = "code_interpreter_call"
    id: str
    status: Annotated[
        str, Known("in_progress", "completed", "incomplete", "interpreting", "failed")
    ]
    code: Maybe[str | None] = UNSET
    container_id: Strict[str] = UNSET
    outputs: Maybe[list[CodeInterpreterOutput] | None] = UNSET


class OutputComputerCallItem(Item, tag="computer_call", kw_only=True):
    """``computer_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["computer_call"]] = "computer_call"
    call_id: str
    pending_safety_checks: list[SafetyCheck]
    status: Annotated[str, Known("completed", "incomplete", "in_progress")]
    action: Maybe[ComputerAction | None] = UNSET
    id: Strict[str] = UNSET
    actions: Maybe[list[ComputerAction] | None] = UNSET


class OutputShellCallItem(Item, tag="shell_call", kw_only=True):
    """``shell_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["shell_call"]] = "shell_call"
    call_id: str
    action: Strict[ShellAction] = UNSET
    arguments: Maybe[str | None] = UNSET
    id: Strict[str | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    environment: Maybe[ToolEnvironment | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class OutputShellCallOutputItem(Item, tag="shell_call_output", kw_only=True):
    """``shell_call_output``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["shell_call_output"]] = "shell_call_output"
    call_id: str
    output: list[ShellCallOutputContent]
    id: Strict[str | None] = UNSET
    max_output_length: Maybe[int | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class ComputerCallOutputItem(Item, tag="computer_call_output", kw_only=True):
    """``computer_call_output``, named by OpenAI."""

    type: ClassVar[Literal["computer_call_output"]] = "computer_call_output"
    call_id: str
    output: Part
    id: Strict[str | None] = UNSET
    acknowledged_safety_checks: Maybe[list[SafetyCheck] | None] = UNSET
    status: Strict[
        Annotated[str, Known("in_progress", "completed", "incomplete", "failed")] | None
    ] = UNSET
    created_by: Maybe[str | None] = UNSET


class ToolSearchCallItem(Item, tag="tool_search_call", kw_only=True):
    """``tool_search_call``, named by OpenAI."""

    type: ClassVar[Literal["tool_search_call"]] = "tool_search_call"
    arguments: Any
    id: Strict[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    execution: Strict[Annotated[str, Known("server", "client")] | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class ToolSearchOutputItem(Item, tag="tool_search_output", kw_only=True):
    """``tool_search_output``, named by OpenAI."""

    type: ClassVar[Literal["tool_search_output"]] = "tool_search_output"
    tools: list[AnyTool]
    id: Strict[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    execution: Strict[Annotated[str, Known("server", "client")] | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class LocalShellCallItem(Item, tag="local_shell_call", kw_only=True):
    """``local_shell_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["local_shell_call"]] = "local_shell_call"
    action: LocalShellCallAction
    call_id: str
    id: str
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]


class LocalShellCallOutputItem(Item, tag="local_shell_call_output", kw_only=True):
    """``local_shell_call_output``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["local_shell_call_output"]] = "local_shell_call_output"
    id: str
    output: str
    status: Maybe[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET


class McpListToolsItem(Item, tag="mcp_list_tools", kw_only=True):
    """``mcp_list_tools``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["mcp_list_tools"]] = "mcp_list_tools"
    id: str
    server_label: str
    tools: list[McpListToolsTool]
    error: Maybe[str | None] = UNSET


class McpApprovalRequestItem(Item, tag="mcp_approval_request", kw_only=True):
    """``mcp_approval_request``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["mcp_approval_request"]] = "mcp_approval_request"
    arguments: str
    id: str
    name: str
    server_label: str


class McpApprovalResponseItem(Item, tag="mcp_approval_response", kw_only=True):
    """``mcp_approval_response``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["mcp_approval_response"]] = "mcp_approval_response"
    approval_request_id: str
    approve: bool
    id: Strict[str | None] = UNSET
    reason: Maybe[str | None] = UNSET


class McpCallItem(Item, tag="mcp_call", kw_only=True):
    """``mcp_call``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["mcp_call"]] = "mcp_call"
    arguments: str
    id: str
    name: str
    server_label: str
    error: Maybe[McpError | str | None] = UNSET
    output: Maybe[str | None] = UNSET
    approval_request_id: Maybe[str | None] = UNSET
    status: Maybe[
        Annotated[str, Known("in_progress", "completed", "incomplete", "calling", "failed")] | None
    ] = UNSET


class ProgramItem(Item, tag="program", kw_only=True):
    """``program``, named by OpenAI."""

    type: ClassVar[Literal["program"]] = "program"
    id: str
    call_id: str
    code: str
    fingerprint: str


class ProgramOutputItem(Item, tag="program_output", kw_only=True):
    """``program_output``, named by OpenAI."""

    type: ClassVar[Literal["program_output"]] = "program_output"
    id: str
    call_id: str
    result: str
    status: Annotated[str, Known("completed", "incomplete")]
