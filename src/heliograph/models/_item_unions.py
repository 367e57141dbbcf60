"""Every item, as a response holds it and as a request may."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ._base import ByTag, UnknownItem
from ._items import (
    AdditionalToolsItem,
    AgentMessageItem,
    CompactionItem,
    CompactionTriggerItem,
    ConfigurationUpdateItem,
    ContextCompactionItem,
    CustomToolCallOutputItem,
    FunctionCallOutputItem,
    InputMessage,
    ItemReferenceItem,
    OutputCustomToolCallItem,
    OutputFunctionCallItem,
    OutputImageGenerationCallItem,
    OutputMessageItem,
    OutputReasoningItem,
)
from ._items_openrouter import (
    OutputAdvisorServerToolItem,
    OutputApplyPatchServerToolItem,
    OutputBashServerToolItem,
    OutputBrowserUseServerToolItem,
    OutputCodeInterpreterServerToolItem,
    OutputDatetimeItem,
    OutputFileSearchServerToolItem,
    OutputFilesServerToolItem,
    OutputFusionServerToolItem,
    OutputImageGenerationServerToolItem,
    OutputMcpServerToolItem,
    OutputMemoryServerToolItem,
    OutputSearchModelsServerToolItem,
    OutputShellServerToolItem,
    OutputSubagentServerToolItem,
    OutputTextEditorServerToolItem,
    OutputToolSearchServerToolItem,
    OutputWebFetchServerToolItem,
    OutputWebSearchServerToolItem,
)
from ._items_tools import (
    ApplyPatchCallOutputItem,
    ComputerCallOutputItem,
    LocalShellCallItem,
    LocalShellCallOutputItem,
    McpApprovalRequestItem,
    McpApprovalResponseItem,
    McpCallItem,
    McpListToolsItem,
    OutputApplyPatchCallItem,
    OutputCodeInterpreterCallItem,
    OutputComputerCallItem,
    OutputFileSearchCallItem,
    OutputShellCallItem,
    OutputShellCallOutputItem,
    OutputWebSearchCallItem,
    ProgramItem,
    ProgramOutputItem,
    ToolSearchCallItem,
    ToolSearchOutputItem,
)

__all__ = ["InputItem", "OutputItem"]


if TYPE_CHECKING:
    OutputItem: TypeAlias = (
        AdditionalToolsItem
        | AgentMessageItem
        | ApplyPatchCallOutputItem
        | CompactionItem
        | CompactionTriggerItem
        | ComputerCallOutputItem
        | ConfigurationUpdateItem
        | ContextCompactionItem
        | CustomToolCallOutputItem
        | FunctionCallOutputItem
        | ItemReferenceItem
        | LocalShellCallItem
        | LocalShellCallOutputItem
        | McpApprovalRequestItem
        | McpApprovalResponseItem
        | McpCallItem
        | McpListToolsItem
        | OutputAdvisorServerToolItem
        | OutputApplyPatchCallItem
        | OutputApplyPatchServerToolItem
        | OutputBashServerToolItem
        | OutputBrowserUseServerToolItem
        | OutputCodeInterpreterCallItem
        | OutputCodeInterpreterServerToolItem
        | OutputComputerCallItem
        | OutputCustomToolCallItem
        | OutputDatetimeItem
        | OutputFileSearchCallItem
        | OutputFileSearchServerToolItem
        | OutputFilesServerToolItem
        | OutputFunctionCallItem
        | OutputFusionServerToolItem
        | OutputImageGenerationCallItem
        | OutputImageGenerationServerToolItem
        | OutputMcpServerToolItem
        | OutputMemoryServerToolItem
        | OutputMessageItem
        | OutputReasoningItem
        | OutputSearchModelsServerToolItem
        | OutputShellCallItem
        | OutputShellCallOutputItem
        | OutputShellServerToolItem
        | OutputSubagentServerToolItem
        | OutputTextEditorServerToolItem
        | OutputToolSearchServerToolItem
        | OutputWebFetchServerToolItem
        | OutputWebSearchCallItem
        | OutputWebSearchServerToolItem
        | ProgramItem
        | ProgramOutputItem
        | ToolSearchCallItem
        | ToolSearchOutputItem
        | UnknownItem
    )
else:
    OutputItem = ByTag.of(
        AdditionalToolsItem
        | AgentMessageItem
        | ApplyPatchCallOutputItem
        | CompactionItem
        | CompactionTriggerItem
        | ComputerCallOutputItem
        | ConfigurationUpdateItem
        | ContextCompactionItem
        | CustomToolCallOutputItem
        | FunctionCallOutputItem
        | ItemReferenceItem
        | LocalShellCallItem
        | LocalShellCallOutputItem
        | McpApprovalRequestItem
        | McpApprovalResponseItem
        | McpCallItem
        | McpListToolsItem
        | OutputAdvisorServerToolItem
        | OutputApplyPatchCallItem
        | OutputApplyPatchServerToolItem
        | OutputBashServerToolItem
        | OutputBrowserUseServerToolItem
        | OutputCodeInterpreterCallItem
        | OutputCodeInterpreterServerToolItem
        | OutputComputerCallItem
        | OutputCustomToolCallItem
        | OutputDatetimeItem
        | OutputFileSearchCallItem
        | OutputFileSearchServerToolItem
        | OutputFilesServerToolItem
        | OutputFunctionCallItem
        | OutputFusionServerToolItem
        | OutputImageGenerationCallItem
        | OutputImageGenerationServerToolItem
        | OutputMcpServerToolItem
        | OutputMemoryServerToolItem
        | OutputMessageItem
        | OutputReasoningItem
        | OutputSearchModelsServerToolItem
        | OutputShellCallItem
        | OutputShellCallOutputItem
        | OutputShellServerToolItem
        | OutputSubagentServerToolItem
        | OutputTextEditorServerToolItem
        | OutputToolSearchServerToolItem
        | OutputWebFetchServerToolItem
        | OutputWebSearchCallItem
        | OutputWebSearchServerToolItem
        | ProgramItem
        | ProgramOutputItem
        | ToolSearchCallItem
        | ToolSearchOutputItem
    )

if TYPE_CHECKING:
    InputItem: TypeAlias = (
        AdditionalToolsItem
        | AgentMessageItem
        | ApplyPatchCallOutputItem
        | CompactionItem
        | CompactionTriggerItem
        | ComputerCallOutputItem
        | ConfigurationUpdateItem
        | ContextCompactionItem
        | CustomToolCallOutputItem
        | FunctionCallOutputItem
        | InputMessage
        | ItemReferenceItem
        | LocalShellCallItem
        | LocalShellCallOutputItem
        | McpApprovalRequestItem
        | McpApprovalResponseItem
        | McpCallItem
        | McpListToolsItem
        | OutputAdvisorServerToolItem
        | OutputApplyPatchCallItem
        | OutputApplyPatchServerToolItem
        | OutputBashServerToolItem
        | OutputBrowserUseServerToolItem
        | OutputCodeInterpreterCallItem
        | OutputCodeInterpreterServerToolItem
        | OutputComputerCallItem
        | OutputCustomToolCallItem
        | OutputDatetimeItem
        | OutputFileSearchCallItem
        | OutputFileSearchServerToolItem
        | OutputFilesServerToolItem
        | OutputFunctionCallItem
        | OutputFusionServerToolItem
        | OutputImageGenerationCallItem
        | OutputImageGenerationServerToolItem
        | OutputMcpServerToolItem
        | OutputMemoryServerToolItem
        | OutputReasoningItem
        | OutputSearchModelsServerToolItem
        | OutputShellCallItem
        | OutputShellCallOutputItem
        | OutputShellServerToolItem
        | OutputSubagentServerToolItem
        | OutputTextEditorServerToolItem
        | OutputToolSearchServerToolItem
        | OutputWebFetchServerToolItem
        | OutputWebSearchCallItem
        | OutputWebSearchServerToolItem
        | ProgramItem
        | ProgramOutputItem
        | ToolSearchCallItem
        | ToolSearchOutputItem
        | UnknownItem
    )
else:
    InputItem = ByTag.of(
        AdditionalToolsItem
        | AgentMessageItem
        | ApplyPatchCallOutputItem
        | CompactionItem
        | CompactionTriggerItem
        | ComputerCallOutputItem
        | ConfigurationUpdateItem
        | ContextCompactionItem
        | CustomToolCallOutputItem
        | FunctionCallOutputItem
        | InputMessage
        | ItemReferenceItem
        | LocalShellCallItem
        | LocalShellCallOutputItem
        | McpApprovalRequestItem
        | McpApprovalResponseItem
        | McpCallItem
        | McpListToolsItem
        | OutputAdvisorServerToolItem
        | OutputApplyPatchCallItem
        | OutputApplyPatchServerToolItem
        | OutputBashServerToolItem
        | OutputBrowserUseServerToolItem
        | OutputCodeInterpreterCallItem
        | OutputCodeInterpreterServerToolItem
        | OutputComputerCallItem
        | OutputCustomToolCallItem
        | OutputDatetimeItem
        | OutputFileSearchCallItem
        | OutputFileSearchServerToolItem
        | OutputFilesServerToolItem
        | OutputFunctionCallItem
        | OutputFusionServerToolItem
        | OutputImageGenerationCallItem
        | OutputImageGenerationServerToolItem
        | OutputMcpServerToolItem
        | OutputMemoryServerToolItem
        | OutputReasoningItem
        | OutputSearchModelsServerToolItem
        | OutputShellCallItem
        | OutputShellCallOutputItem
        | OutputShellServerToolItem
        | OutputSubagentServerToolItem
        | OutputTextEditorServerToolItem
        | OutputToolSearchServerToolItem
        | OutputWebFetchServerToolItem
        | OutputWebSearchCallItem
        | OutputWebSearchServerToolItem
        | ProgramItem
        | ProgramOutputItem
        | ToolSearchCallItem
        | ToolSearchOutputItem
    )
