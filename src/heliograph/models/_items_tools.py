"""Items of the other hosted tools and of tools on the caller's machine."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from ._actions import (
    ApplyPatchOperation,
    ComputerAction,
    LocalShellCallAction,
    SafetyCheck,
    ShellAction,
    WebSearchAction,
)
from ._base import Item, Known, Maybe, Strict
from ._content import Part
from ._parts_tools import (
    Caller,
    CodeInterpreterOutput,
    FileSearchResult,
    McpError,
    McpListToolsTool,
    ShellCallOutputContent,
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
    """A patch that the model wants applied.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["apply_patch_call"]] = "apply_patch_call"
    call_id: str
    operation: ApplyPatchOperation
    status: Annotated[str, Known("in_progress", "completed")]
    id: Strict[str | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class ApplyPatchCallOutputItem(Item, tag="apply_patch_call_output", kw_only=True):
    """What came of a patch that the model asked for.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["apply_patch_call_output"]] = "apply_patch_call_output"
    call_id: str
    status: Annotated[str, Known("completed", "failed")]
    id: Strict[str | None] = UNSET
    output: Maybe[str | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class OutputWebSearchCallItem(Item, tag="web_search_call", kw_only=True):
    """A search of the web.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["web_search_call"]] = "web_search_call"
    id: str
    status: Annotated[str, Known("completed", "searching", "in_progress", "failed", "incomplete")]
    action: Strict[WebSearchAction] = UNSET


class OutputFileSearchCallItem(Item, tag="file_search_call", kw_only=True):
    """A search of the caller's files.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["file_search_call"]] = "file_search_call"
    id: str
    queries: list[str]
    status: Annotated[str, Known("completed", "searching", "in_progress", "failed", "incomplete")]
    results: Maybe[list[FileSearchResult] | None] = UNSET


class OutputCodeInterpreterCallItem(Item, tag="code_interpreter_call", kw_only=True):
    """A call of the code interpreter.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["code_interpreter_call"]] = "code_interpreter_call"
    id: str
    status: Annotated[
        str, Known("in_progress", "completed", "incomplete", "interpreting", "failed")
    ]
    code: Strict[str | None] = UNSET
    container_id: Strict[str] = UNSET
    outputs: Strict[list[CodeInterpreterOutput] | None] = UNSET


class OutputComputerCallItem(Item, tag="computer_call", kw_only=True):
    """Something that the model wants done on a computer.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["computer_call"]] = "computer_call"
    call_id: str
    pending_safety_checks: list[SafetyCheck]
    status: Annotated[str, Known("completed", "incomplete", "in_progress")]
    action: Maybe[ComputerAction | None] = UNSET
    id: Strict[str] = UNSET
    actions: Maybe[list[ComputerAction] | None] = UNSET


class OutputShellCallItem(Item, tag="shell_call", kw_only=True):
    """Commands that the model wants run.

    Named by OpenRouter, OpenAI.
    """

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
    """What the commands printed.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["shell_call_output"]] = "shell_call_output"
    call_id: str
    output: list[ShellCallOutputContent]
    id: Strict[str | None] = UNSET
    max_output_length: Maybe[int | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class ComputerCallOutputItem(Item, tag="computer_call_output", kw_only=True):
    """The screen after a computer action.

    Named by OpenAI.
    """

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
    """A search for tools that are loaded on demand.

    Named by OpenAI.
    """

    type: ClassVar[Literal["tool_search_call"]] = "tool_search_call"
    arguments: Strict[Any] = UNSET
    id: Strict[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    execution: Strict[Annotated[str, Known("server", "client")] | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class ToolSearchOutputItem(Item, tag="tool_search_output", kw_only=True):
    """The tools that such a search found.

    Named by OpenAI.
    """

    type: ClassVar[Literal["tool_search_output"]] = "tool_search_output"
    tools: list[AnyTool]
    id: Strict[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    execution: Strict[Annotated[str, Known("server", "client")] | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class LocalShellCallItem(Item, tag="local_shell_call", kw_only=True):
    """A call of the caller's shell.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["local_shell_call"]] = "local_shell_call"
    action: LocalShellCallAction
    call_id: str
    id: str
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]


class LocalShellCallOutputItem(Item, tag="local_shell_call_output", kw_only=True):
    """What the caller's shell answered.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["local_shell_call_output"]] = "local_shell_call_output"
    id: str
    output: str
    status: Maybe[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET


class McpListToolsItem(Item, tag="mcp_list_tools", kw_only=True):
    """The tools that an MCP server offers.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["mcp_list_tools"]] = "mcp_list_tools"
    id: str
    server_label: str
    tools: list[McpListToolsTool]
    error: Maybe[str | None] = UNSET


class McpApprovalRequestItem(Item, tag="mcp_approval_request", kw_only=True):
    """Asks the caller to approve an MCP call.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["mcp_approval_request"]] = "mcp_approval_request"
    arguments: str
    id: str
    name: str
    server_label: str


class McpApprovalResponseItem(Item, tag="mcp_approval_response", kw_only=True):
    """The caller's answer to such a request.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["mcp_approval_response"]] = "mcp_approval_response"
    approval_request_id: str
    approve: bool
    id: Strict[str | None] = UNSET
    reason: Maybe[str | None] = UNSET


class McpCallItem(Item, tag="mcp_call", kw_only=True):
    """A call of a tool on an MCP server.

    Named by OpenRouter, OpenAI.
    """

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
    """A program that the model wrote to call tools.

    Named by OpenAI.
    """

    type: ClassVar[Literal["program"]] = "program"
    id: str
    call_id: str
    code: str
    fingerprint: str


class ProgramOutputItem(Item, tag="program_output", kw_only=True):
    """What such a program gave back.

    Named by OpenAI.
    """

    type: ClassVar[Literal["program_output"]] = "program_output"
    id: str
    call_id: str
    result: str
    status: Annotated[str, Known("completed", "incomplete")]
