"""Wire type to class, for everything that has a wire type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ._base import ByTag, ContentPart, Event, ImageEvent, Item, Tool, UnknownEvent
from ._content import (
    ComputerScreenshot,
    EncryptedContent,
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    InputVideo,
    OpenAIResponsesRefusalContent,
    ReasoningSummaryText,
    ReasoningTextContent,
    ResponseOutputText,
    TextPart,
)
from ._events_content import (
    AnnotationAddedEvent,
    ContentPartAddedEvent,
    ContentPartDoneEvent,
    FusionCallPanelReasoningDeltaEvent,
    ReasoningDeltaEvent,
    ReasoningDoneEvent,
    ReasoningSummaryPartAddedEvent,
    ReasoningSummaryPartDoneEvent,
    ReasoningSummaryTextDeltaEvent,
    ReasoningSummaryTextDoneEvent,
    RefusalDeltaEvent,
    RefusalDoneEvent,
    ResponseAudioDeltaEvent,
    ResponseAudioDoneEvent,
    ResponseAudioTranscriptDeltaEvent,
    ResponseAudioTranscriptDoneEvent,
    ResponseReasoningDeltaEvent,
    ResponseReasoningDoneEvent,
    TextDeltaEvent,
    TextDoneEvent,
)
from ._events_openrouter import (
    ApplyPatchCallOperationDiffDeltaEvent,
    ApplyPatchCallOperationDiffDoneEvent,
    DebugEvent,
    FusionCallAnalysisCompletedEvent,
    FusionCallAnalysisInProgressEvent,
    FusionCallCompletedEvent,
    FusionCallInProgressEvent,
    FusionCallPanelAddedEvent,
    FusionCallPanelCompletedEvent,
    FusionCallPanelDeltaEvent,
    FusionCallPanelFailedEvent,
)
from ._events_response import (
    CompletedEvent,
    CreatedEvent,
    ErrorEvent,
    FailedEvent,
    IncompleteEvent,
    InProgressEvent,
    OutputItemAddedEvent,
    OutputItemDoneEvent,
    QueuedEvent,
)
from ._events_tools import (
    CodeInterpreterCallCodeDeltaEvent,
    CodeInterpreterCallCodeDoneEvent,
    CodeInterpreterCallCompletedEvent,
    CodeInterpreterCallInProgressEvent,
    CodeInterpreterCallInterpretingEvent,
    CustomToolCallInputDeltaEvent,
    CustomToolCallInputDoneEvent,
    FunctionCallArgsDeltaEvent,
    FunctionCallArgsDoneEvent,
    ImageGenCallCompletedEvent,
    ImageGenCallGeneratingEvent,
    ImageGenCallInProgressEvent,
    ImageGenCallPartialImageEvent,
    ResponseCompactionCompactingEvent,
    ResponseFileSearchCallCompletedEvent,
    ResponseFileSearchCallInProgressEvent,
    ResponseFileSearchCallSearchingEvent,
    ResponseMcpCallArgumentsDeltaEvent,
    ResponseMcpCallArgumentsDoneEvent,
    ResponseMcpCallCompletedEvent,
    ResponseMcpCallFailedEvent,
    ResponseMcpCallInProgressEvent,
    ResponseMcpListToolsCompletedEvent,
    ResponseMcpListToolsFailedEvent,
    ResponseMcpListToolsInProgressEvent,
    ResponseShellCallCommandAddedEvent,
    ResponseShellCallCommandDeltaEvent,
    ResponseShellCallCommandDoneEvent,
    ResponseShellCallOutputContentDeltaEvent,
    ResponseShellCallOutputContentDoneEvent,
    WebSearchCallCompletedEvent,
    WebSearchCallInProgressEvent,
    WebSearchCallSearchingEvent,
)
from ._images_events import (
    ImageEditCompletedEvent,
    ImageEditPartialImageEvent,
    ImageGenCompletedEvent,
    ImageGenPartialImageEvent,
    ImageGenStreamErrorEvent,
    ImageGenTextChunkEvent,
)
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

__all__ = [
    "CONTENT_PARTS",
    "EVENTS",
    "IMAGE_EVENTS",
    "INPUT_ITEMS",
    "ITEMS",
    "TOOLS",
    "ImageStreamEvent",
    "StreamEvent",
]

EVENTS: Final[dict[str, type[Event]]] = {
    "error": ErrorEvent,
    "response.apply_patch_call_operation_diff.delta": ApplyPatchCallOperationDiffDeltaEvent,
    "response.apply_patch_call_operation_diff.done": ApplyPatchCallOperationDiffDoneEvent,
    "response.audio.delta": ResponseAudioDeltaEvent,
    "response.audio.done": ResponseAudioDoneEvent,
    "response.audio.transcript.delta": ResponseAudioTranscriptDeltaEvent,
    "response.audio.transcript.done": ResponseAudioTranscriptDoneEvent,
    "response.code_interpreter_call.completed": CodeInterpreterCallCompletedEvent,
    "response.code_interpreter_call.in_progress": CodeInterpreterCallInProgressEvent,
    "response.code_interpreter_call.interpreting": CodeInterpreterCallInterpretingEvent,
    "response.code_interpreter_call_code.delta": CodeInterpreterCallCodeDeltaEvent,
    "response.code_interpreter_call_code.done": CodeInterpreterCallCodeDoneEvent,
    "response.compaction.compacting": ResponseCompactionCompactingEvent,
    "response.completed": CompletedEvent,
    "response.content_part.added": ContentPartAddedEvent,
    "response.content_part.done": ContentPartDoneEvent,
    "response.created": CreatedEvent,
    "response.custom_tool_call_input.delta": CustomToolCallInputDeltaEvent,
    "response.custom_tool_call_input.done": CustomToolCallInputDoneEvent,
    "response.debug": DebugEvent,
    "response.failed": FailedEvent,
    "response.file_search_call.completed": ResponseFileSearchCallCompletedEvent,
    "response.file_search_call.in_progress": ResponseFileSearchCallInProgressEvent,
    "response.file_search_call.searching": ResponseFileSearchCallSearchingEvent,
    "response.function_call_arguments.delta": FunctionCallArgsDeltaEvent,
    "response.function_call_arguments.done": FunctionCallArgsDoneEvent,
    "response.fusion_call.analysis.completed": FusionCallAnalysisCompletedEvent,
    "response.fusion_call.analysis.in_progress": FusionCallAnalysisInProgressEvent,
    "response.fusion_call.completed": FusionCallCompletedEvent,
    "response.fusion_call.in_progress": FusionCallInProgressEvent,
    "response.fusion_call.panel.added": FusionCallPanelAddedEvent,
    "response.fusion_call.panel.completed": FusionCallPanelCompletedEvent,
    "response.fusion_call.panel.delta": FusionCallPanelDeltaEvent,
    "response.fusion_call.panel.failed": FusionCallPanelFailedEvent,
    "response.fusion_call.panel.reasoning.delta": FusionCallPanelReasoningDeltaEvent,
    "response.image_generation_call.completed": ImageGenCallCompletedEvent,
    "response.image_generation_call.generating": ImageGenCallGeneratingEvent,
    "response.image_generation_call.in_progress": ImageGenCallInProgressEvent,
    "response.image_generation_call.partial_image": ImageGenCallPartialImageEvent,
    "response.in_progress": InProgressEvent,
    "response.incomplete": IncompleteEvent,
    "response.mcp_call.completed": ResponseMcpCallCompletedEvent,
    "response.mcp_call.failed": ResponseMcpCallFailedEvent,
    "response.mcp_call.in_progress": ResponseMcpCallInProgressEvent,
    "response.mcp_call_arguments.delta": ResponseMcpCallArgumentsDeltaEvent,
    "response.mcp_call_arguments.done": ResponseMcpCallArgumentsDoneEvent,
    "response.mcp_list_tools.completed": ResponseMcpListToolsCompletedEvent,
    "response.mcp_list_tools.failed": ResponseMcpListToolsFailedEvent,
    "response.mcp_list_tools.in_progress": ResponseMcpListToolsInProgressEvent,
    "response.output_item.added": OutputItemAddedEvent,
    "response.output_item.done": OutputItemDoneEvent,
    "response.output_text.annotation.added": AnnotationAddedEvent,
    "response.output_text.delta": TextDeltaEvent,
    "response.output_text.done": TextDoneEvent,
    "response.queued": QueuedEvent,
    "response.reasoning.delta": ResponseReasoningDeltaEvent,
    "response.reasoning.done": ResponseReasoningDoneEvent,
    "response.reasoning_summary_part.added": ReasoningSummaryPartAddedEvent,
    "response.reasoning_summary_part.done": ReasoningSummaryPartDoneEvent,
    "response.reasoning_summary_text.delta": ReasoningSummaryTextDeltaEvent,
    "response.reasoning_summary_text.done": ReasoningSummaryTextDoneEvent,
    "response.reasoning_text.delta": ReasoningDeltaEvent,
    "response.reasoning_text.done": ReasoningDoneEvent,
    "response.refusal.delta": RefusalDeltaEvent,
    "response.refusal.done": RefusalDoneEvent,
    "response.shell_call_command.added": ResponseShellCallCommandAddedEvent,
    "response.shell_call_command.delta": ResponseShellCallCommandDeltaEvent,
    "response.shell_call_command.done": ResponseShellCallCommandDoneEvent,
    "response.shell_call_output_content.delta": ResponseShellCallOutputContentDeltaEvent,
    "response.shell_call_output_content.done": ResponseShellCallOutputContentDoneEvent,
    "response.web_search_call.completed": WebSearchCallCompletedEvent,
    "response.web_search_call.in_progress": WebSearchCallInProgressEvent,
    "response.web_search_call.searching": WebSearchCallSearchingEvent,
}
"""Wire type to class, for the 73 streaming events."""

ITEMS: Final[dict[str, type[Item]]] = {
    "additional_tools": AdditionalToolsItem,
    "agent_message": AgentMessageItem,
    "apply_patch_call_output": ApplyPatchCallOutputItem,
    "compaction": CompactionItem,
    "compaction_trigger": CompactionTriggerItem,
    "computer_call_output": ComputerCallOutputItem,
    "configuration_update": ConfigurationUpdateItem,
    "context_compaction": ContextCompactionItem,
    "custom_tool_call_output": CustomToolCallOutputItem,
    "function_call_output": FunctionCallOutputItem,
    "item_reference": ItemReferenceItem,
    "local_shell_call": LocalShellCallItem,
    "local_shell_call_output": LocalShellCallOutputItem,
    "mcp_approval_request": McpApprovalRequestItem,
    "mcp_approval_response": McpApprovalResponseItem,
    "mcp_call": McpCallItem,
    "mcp_list_tools": McpListToolsItem,
    "openrouter:advisor": OutputAdvisorServerToolItem,
    "apply_patch_call": OutputApplyPatchCallItem,
    "openrouter:apply_patch": OutputApplyPatchServerToolItem,
    "openrouter:bash": OutputBashServerToolItem,
    "openrouter:browser_use": OutputBrowserUseServerToolItem,
    "code_interpreter_call": OutputCodeInterpreterCallItem,
    "openrouter:code_interpreter": OutputCodeInterpreterServerToolItem,
    "computer_call": OutputComputerCallItem,
    "custom_tool_call": OutputCustomToolCallItem,
    "openrouter:datetime": OutputDatetimeItem,
    "file_search_call": OutputFileSearchCallItem,
    "openrouter:file_search": OutputFileSearchServerToolItem,
    "openrouter:files": OutputFilesServerToolItem,
    "function_call": OutputFunctionCallItem,
    "openrouter:fusion": OutputFusionServerToolItem,
    "image_generation_call": OutputImageGenerationCallItem,
    "openrouter:image_generation": OutputImageGenerationServerToolItem,
    "openrouter:mcp": OutputMcpServerToolItem,
    "openrouter:memory": OutputMemoryServerToolItem,
    "message": OutputMessageItem,
    "reasoning": OutputReasoningItem,
    "openrouter:experimental__search_models": OutputSearchModelsServerToolItem,
    "shell_call": OutputShellCallItem,
    "shell_call_output": OutputShellCallOutputItem,
    "openrouter:shell": OutputShellServerToolItem,
    "openrouter:subagent": OutputSubagentServerToolItem,
    "openrouter:text_editor": OutputTextEditorServerToolItem,
    "openrouter:tool_search": OutputToolSearchServerToolItem,
    "openrouter:web_fetch": OutputWebFetchServerToolItem,
    "web_search_call": OutputWebSearchCallItem,
    "openrouter:web_search": OutputWebSearchServerToolItem,
    "program": ProgramItem,
    "program_output": ProgramOutputItem,
    "tool_search_call": ToolSearchCallItem,
    "tool_search_output": ToolSearchOutputItem,
}
"""Wire type to class, for items of a response (``message`` as output)."""

INPUT_ITEMS: Final[dict[str, type[Item]]] = {
    "additional_tools": AdditionalToolsItem,
    "agent_message": AgentMessageItem,
    "apply_patch_call_output": ApplyPatchCallOutputItem,
    "compaction": CompactionItem,
    "compaction_trigger": CompactionTriggerItem,
    "computer_call_output": ComputerCallOutputItem,
    "configuration_update": ConfigurationUpdateItem,
    "context_compaction": ContextCompactionItem,
    "custom_tool_call_output": CustomToolCallOutputItem,
    "function_call_output": FunctionCallOutputItem,
    "message": InputMessage,
    "item_reference": ItemReferenceItem,
    "local_shell_call": LocalShellCallItem,
    "local_shell_call_output": LocalShellCallOutputItem,
    "mcp_approval_request": McpApprovalRequestItem,
    "mcp_approval_response": McpApprovalResponseItem,
    "mcp_call": McpCallItem,
    "mcp_list_tools": McpListToolsItem,
    "openrouter:advisor": OutputAdvisorServerToolItem,
    "apply_patch_call": OutputApplyPatchCallItem,
    "openrouter:apply_patch": OutputApplyPatchServerToolItem,
    "openrouter:bash": OutputBashServerToolItem,
    "openrouter:browser_use": OutputBrowserUseServerToolItem,
    "code_interpreter_call": OutputCodeInterpreterCallItem,
    "openrouter:code_interpreter": OutputCodeInterpreterServerToolItem,
    "computer_call": OutputComputerCallItem,
    "custom_tool_call": OutputCustomToolCallItem,
    "openrouter:datetime": OutputDatetimeItem,
    "file_search_call": OutputFileSearchCallItem,
    "openrouter:file_search": OutputFileSearchServerToolItem,
    "openrouter:files": OutputFilesServerToolItem,
    "function_call": OutputFunctionCallItem,
    "openrouter:fusion": OutputFusionServerToolItem,
    "image_generation_call": OutputImageGenerationCallItem,
    "openrouter:image_generation": OutputImageGenerationServerToolItem,
    "openrouter:mcp": OutputMcpServerToolItem,
    "openrouter:memory": OutputMemoryServerToolItem,
    "reasoning": OutputReasoningItem,
    "openrouter:experimental__search_models": OutputSearchModelsServerToolItem,
    "shell_call": OutputShellCallItem,
    "shell_call_output": OutputShellCallOutputItem,
    "openrouter:shell": OutputShellServerToolItem,
    "openrouter:subagent": OutputSubagentServerToolItem,
    "openrouter:text_editor": OutputTextEditorServerToolItem,
    "openrouter:tool_search": OutputToolSearchServerToolItem,
    "openrouter:web_fetch": OutputWebFetchServerToolItem,
    "web_search_call": OutputWebSearchCallItem,
    "openrouter:web_search": OutputWebSearchServerToolItem,
    "program": ProgramItem,
    "program_output": ProgramOutputItem,
    "tool_search_call": ToolSearchCallItem,
    "tool_search_output": ToolSearchOutputItem,
}
"""Wire type to class, for items of a request (``message`` as input)."""

CONTENT_PARTS: Final[dict[str, type[ContentPart]]] = {
    "computer_screenshot": ComputerScreenshot,
    "encrypted_content": EncryptedContent,
    "input_audio": InputAudio,
    "input_file": InputFile,
    "input_image": InputImage,
    "input_text": InputText,
    "input_video": InputVideo,
    "refusal": OpenAIResponsesRefusalContent,
    "summary_text": ReasoningSummaryText,
    "reasoning_text": ReasoningTextContent,
    "output_text": ResponseOutputText,
    "text": TextPart,
}
"""Wire type to class, for content parts."""

TOOLS: Final[dict[str, type[Tool]]] = {
    "openrouter:advisor": AdvisorServerTool_OpenRouter,
    "apply_patch": ApplyPatchServerTool,
    "openrouter:apply_patch": ApplyPatchServerTool_OpenRouter,
    "openrouter:bash": BashServerTool,
    "code_interpreter": CodeInterpreterServerTool,
    "local_shell": CodexLocalShellTool,
    "computer": ComputerTool,
    "computer_use_preview": ComputerUseServerTool,
    "custom": CustomTool,
    "openrouter:datetime": DatetimeServerTool,
    "file_search": FileSearchServerTool,
    "openrouter:files": FilesServerTool,
    "function": FunctionTool,
    "openrouter:fusion": FusionServerTool_OpenRouter,
    "image_generation": ImageGenerationServerTool,
    "openrouter:image_generation": ImageGenerationServerTool_OpenRouter,
    "web_search": Legacy_WebSearchServerTool,
    "mcp": McpServerTool,
    "namespace": NamespaceTool,
    "web_search_preview_2025_03_11": Preview_20250311_WebSearchServerTool,
    "web_search_preview": Preview_WebSearchServerTool,
    "programmatic_tool_calling": ProgrammaticToolCallingTool,
    "openrouter:experimental__search_models": SearchModelsServerTool_OpenRouter,
    "shell": ShellServerTool,
    "openrouter:shell": ShellServerTool_OpenRouter,
    "openrouter:subagent": SubagentServerTool_OpenRouter,
    "openrouter:tool_search": ToolSearchServerTool,
    "tool_search": ToolSearchTool,
    "openrouter:web_fetch": WebFetchServerTool,
    "web_search_2025_08_26": WebSearchServerTool,
    "openrouter:web_search": WebSearchServerTool_OpenRouter,
}
"""Wire type to class, for tools."""

IMAGE_EVENTS: Final[dict[str, type[ImageEvent]]] = {
    "image_generation.completed": ImageGenCompletedEvent,
    "image_generation.partial_image": ImageGenPartialImageEvent,
    "error": ImageGenStreamErrorEvent,
    "image_generation.text_chunk": ImageGenTextChunkEvent,
    "image_edit.partial_image": ImageEditPartialImageEvent,
    "image_edit.completed": ImageEditCompletedEvent,
}
"""Wire type to class, for the Images APIs' streaming events."""

if TYPE_CHECKING:
    StreamEvent: TypeAlias = (
        ErrorEvent
        | ApplyPatchCallOperationDiffDeltaEvent
        | ApplyPatchCallOperationDiffDoneEvent
        | ResponseAudioDeltaEvent
        | ResponseAudioDoneEvent
        | ResponseAudioTranscriptDeltaEvent
        | ResponseAudioTranscriptDoneEvent
        | CodeInterpreterCallCompletedEvent
        | CodeInterpreterCallInProgressEvent
        | CodeInterpreterCallInterpretingEvent
        | CodeInterpreterCallCodeDeltaEvent
        | CodeInterpreterCallCodeDoneEvent
        | ResponseCompactionCompactingEvent
        | CompletedEvent
        | ContentPartAddedEvent
        | ContentPartDoneEvent
        | CreatedEvent
        | CustomToolCallInputDeltaEvent
        | CustomToolCallInputDoneEvent
        | DebugEvent
        | FailedEvent
        | ResponseFileSearchCallCompletedEvent
        | ResponseFileSearchCallInProgressEvent
        | ResponseFileSearchCallSearchingEvent
        | FunctionCallArgsDeltaEvent
        | FunctionCallArgsDoneEvent
        | FusionCallAnalysisCompletedEvent
        | FusionCallAnalysisInProgressEvent
        | FusionCallCompletedEvent
        | FusionCallInProgressEvent
        | FusionCallPanelAddedEvent
        | FusionCallPanelCompletedEvent
        | FusionCallPanelDeltaEvent
        | FusionCallPanelFailedEvent
        | FusionCallPanelReasoningDeltaEvent
        | ImageGenCallCompletedEvent
        | ImageGenCallGeneratingEvent
        | ImageGenCallInProgressEvent
        | ImageGenCallPartialImageEvent
        | InProgressEvent
        | IncompleteEvent
        | ResponseMcpCallCompletedEvent
        | ResponseMcpCallFailedEvent
        | ResponseMcpCallInProgressEvent
        | ResponseMcpCallArgumentsDeltaEvent
        | ResponseMcpCallArgumentsDoneEvent
        | ResponseMcpListToolsCompletedEvent
        | ResponseMcpListToolsFailedEvent
        | ResponseMcpListToolsInProgressEvent
        | OutputItemAddedEvent
        | OutputItemDoneEvent
        | AnnotationAddedEvent
        | TextDeltaEvent
        | TextDoneEvent
        | QueuedEvent
        | ResponseReasoningDeltaEvent
        | ResponseReasoningDoneEvent
        | ReasoningSummaryPartAddedEvent
        | ReasoningSummaryPartDoneEvent
        | ReasoningSummaryTextDeltaEvent
        | ReasoningSummaryTextDoneEvent
        | ReasoningDeltaEvent
        | ReasoningDoneEvent
        | RefusalDeltaEvent
        | RefusalDoneEvent
        | ResponseShellCallCommandAddedEvent
        | ResponseShellCallCommandDeltaEvent
        | ResponseShellCallCommandDoneEvent
        | ResponseShellCallOutputContentDeltaEvent
        | ResponseShellCallOutputContentDoneEvent
        | WebSearchCallCompletedEvent
        | WebSearchCallInProgressEvent
        | WebSearchCallSearchingEvent
        | UnknownEvent
    )
    ImageStreamEvent: TypeAlias = (
        ImageGenCompletedEvent
        | ImageGenPartialImageEvent
        | ImageGenStreamErrorEvent
        | ImageGenTextChunkEvent
        | ImageEditPartialImageEvent
        | ImageEditCompletedEvent
        | UnknownEvent
    )
else:
    StreamEvent = ByTag.of(
        ErrorEvent
        | ApplyPatchCallOperationDiffDeltaEvent
        | ApplyPatchCallOperationDiffDoneEvent
        | ResponseAudioDeltaEvent
        | ResponseAudioDoneEvent
        | ResponseAudioTranscriptDeltaEvent
        | ResponseAudioTranscriptDoneEvent
        | CodeInterpreterCallCompletedEvent
        | CodeInterpreterCallInProgressEvent
        | CodeInterpreterCallInterpretingEvent
        | CodeInterpreterCallCodeDeltaEvent
        | CodeInterpreterCallCodeDoneEvent
        | ResponseCompactionCompactingEvent
        | CompletedEvent
        | ContentPartAddedEvent
        | ContentPartDoneEvent
        | CreatedEvent
        | CustomToolCallInputDeltaEvent
        | CustomToolCallInputDoneEvent
        | DebugEvent
        | FailedEvent
        | ResponseFileSearchCallCompletedEvent
        | ResponseFileSearchCallInProgressEvent
        | ResponseFileSearchCallSearchingEvent
        | FunctionCallArgsDeltaEvent
        | FunctionCallArgsDoneEvent
        | FusionCallAnalysisCompletedEvent
        | FusionCallAnalysisInProgressEvent
        | FusionCallCompletedEvent
        | FusionCallInProgressEvent
        | FusionCallPanelAddedEvent
        | FusionCallPanelCompletedEvent
        | FusionCallPanelDeltaEvent
        | FusionCallPanelFailedEvent
        | FusionCallPanelReasoningDeltaEvent
        | ImageGenCallCompletedEvent
        | ImageGenCallGeneratingEvent
        | ImageGenCallInProgressEvent
        | ImageGenCallPartialImageEvent
        | InProgressEvent
        | IncompleteEvent
        | ResponseMcpCallCompletedEvent
        | ResponseMcpCallFailedEvent
        | ResponseMcpCallInProgressEvent
        | ResponseMcpCallArgumentsDeltaEvent
        | ResponseMcpCallArgumentsDoneEvent
        | ResponseMcpListToolsCompletedEvent
        | ResponseMcpListToolsFailedEvent
        | ResponseMcpListToolsInProgressEvent
        | OutputItemAddedEvent
        | OutputItemDoneEvent
        | AnnotationAddedEvent
        | TextDeltaEvent
        | TextDoneEvent
        | QueuedEvent
        | ResponseReasoningDeltaEvent
        | ResponseReasoningDoneEvent
        | ReasoningSummaryPartAddedEvent
        | ReasoningSummaryPartDoneEvent
        | ReasoningSummaryTextDeltaEvent
        | ReasoningSummaryTextDoneEvent
        | ReasoningDeltaEvent
        | ReasoningDoneEvent
        | RefusalDeltaEvent
        | RefusalDoneEvent
        | ResponseShellCallCommandAddedEvent
        | ResponseShellCallCommandDeltaEvent
        | ResponseShellCallCommandDoneEvent
        | ResponseShellCallOutputContentDeltaEvent
        | ResponseShellCallOutputContentDoneEvent
        | WebSearchCallCompletedEvent
        | WebSearchCallInProgressEvent
        | WebSearchCallSearchingEvent
    )
    ImageStreamEvent = ByTag.of(
        ImageGenCompletedEvent
        | ImageGenPartialImageEvent
        | ImageGenStreamErrorEvent
        | ImageGenTextChunkEvent
        | ImageEditPartialImageEvent
        | ImageEditCompletedEvent
    )
