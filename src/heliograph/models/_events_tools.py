"""Events of tool calls: functions, the image tool, hosted tools, MCP, the shell."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import UNSET

from ._base import Event, Maybe, Strict
from ._parts_tools import ShellOutput, ShellOutputDelta
from ._pictures import HasPicture

__all__ = [
    "CodeInterpreterCallCodeDeltaEvent",
    "CodeInterpreterCallCodeDoneEvent",
    "CodeInterpreterCallCompletedEvent",
    "CodeInterpreterCallInProgressEvent",
    "CodeInterpreterCallInterpretingEvent",
    "CustomToolCallInputDeltaEvent",
    "CustomToolCallInputDoneEvent",
    "FunctionCallArgsDeltaEvent",
    "FunctionCallArgsDoneEvent",
    "ImageGenCallCompletedEvent",
    "ImageGenCallGeneratingEvent",
    "ImageGenCallInProgressEvent",
    "ImageGenCallPartialImageEvent",
    "ResponseCompactionCompactingEvent",
    "ResponseFileSearchCallCompletedEvent",
    "ResponseFileSearchCallInProgressEvent",
    "ResponseFileSearchCallSearchingEvent",
    "ResponseMcpCallArgumentsDeltaEvent",
    "ResponseMcpCallArgumentsDoneEvent",
    "ResponseMcpCallCompletedEvent",
    "ResponseMcpCallFailedEvent",
    "ResponseMcpCallInProgressEvent",
    "ResponseMcpListToolsCompletedEvent",
    "ResponseMcpListToolsFailedEvent",
    "ResponseMcpListToolsInProgressEvent",
    "ResponseShellCallCommandAddedEvent",
    "ResponseShellCallCommandDeltaEvent",
    "ResponseShellCallCommandDoneEvent",
    "ResponseShellCallOutputContentDeltaEvent",
    "ResponseShellCallOutputContentDoneEvent",
    "WebSearchCallCompletedEvent",
    "WebSearchCallInProgressEvent",
    "WebSearchCallSearchingEvent",
]


class FunctionCallArgsDeltaEvent(Event, tag="response.function_call_arguments.delta", kw_only=True):
    """The next piece of a function call's arguments.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.function_call_arguments.delta"]] = (
        "response.function_call_arguments.delta"
    )
    delta: str
    item_id: str
    output_index: int
    obfuscation: Maybe[str] = UNSET


class FunctionCallArgsDoneEvent(Event, tag="response.function_call_arguments.done", kw_only=True):
    """The whole arguments of a function call.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.function_call_arguments.done"]] = (
        "response.function_call_arguments.done"
    )
    arguments: str
    item_id: str
    output_index: int
    name: Strict[str] = UNSET


class ImageGenCallInProgressEvent(
    Event, tag="response.image_generation_call.in_progress", kw_only=True
):
    """A call of the image tool has begun.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.image_generation_call.in_progress"]] = (
        "response.image_generation_call.in_progress"
    )
    item_id: str
    output_index: int


class ImageGenCallGeneratingEvent(
    Event, tag="response.image_generation_call.generating", kw_only=True
):
    """The image tool is drawing.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.image_generation_call.generating"]] = (
        "response.image_generation_call.generating"
    )
    item_id: str
    output_index: int


class ImageGenCallPartialImageEvent(
    HasPicture, Event, tag="response.image_generation_call.partial_image", kw_only=True
):
    """An early stage of the image tool's picture.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.image_generation_call.partial_image"]] = (
        "response.image_generation_call.partial_image"
    )
    PICTURES: ClassVar[tuple[str, ...]] = ("partial_image_b64",)
    item_id: str
    output_index: int
    partial_image_b64: str
    partial_image_index: int
    background: Maybe[str | None] = UNSET
    output_format: Maybe[str | None] = UNSET
    quality: Maybe[str | None] = UNSET
    size: Maybe[str | None] = UNSET


class ImageGenCallCompletedEvent(
    Event, tag="response.image_generation_call.completed", kw_only=True
):
    """A picture of the image tool is whole; its item's ``done`` carries it.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.image_generation_call.completed"]] = (
        "response.image_generation_call.completed"
    )
    item_id: str
    output_index: int


class CodeInterpreterCallInProgressEvent(
    Event, tag="response.code_interpreter_call.in_progress", kw_only=True
):
    """A call of the code interpreter has begun.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.code_interpreter_call.in_progress"]] = (
        "response.code_interpreter_call.in_progress"
    )
    item_id: str
    output_index: int


class CodeInterpreterCallInterpretingEvent(
    Event, tag="response.code_interpreter_call.interpreting", kw_only=True
):
    """The code is running.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.code_interpreter_call.interpreting"]] = (
        "response.code_interpreter_call.interpreting"
    )
    item_id: str
    output_index: int


class CodeInterpreterCallCompletedEvent(
    Event, tag="response.code_interpreter_call.completed", kw_only=True
):
    """The code interpreter has finished.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.code_interpreter_call.completed"]] = (
        "response.code_interpreter_call.completed"
    )
    item_id: str
    output_index: int


class CodeInterpreterCallCodeDeltaEvent(
    Event, tag="response.code_interpreter_call_code.delta", kw_only=True
):
    """The next piece of the code that the interpreter will run.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.code_interpreter_call_code.delta"]] = (
        "response.code_interpreter_call_code.delta"
    )
    delta: str
    item_id: str
    output_index: int


class CodeInterpreterCallCodeDoneEvent(
    Event, tag="response.code_interpreter_call_code.done", kw_only=True
):
    """The whole code that the interpreter will run.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.code_interpreter_call_code.done"]] = (
        "response.code_interpreter_call_code.done"
    )
    code: str
    item_id: str
    output_index: int


class WebSearchCallInProgressEvent(Event, tag="response.web_search_call.in_progress", kw_only=True):
    """A web search has begun.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.web_search_call.in_progress"]] = (
        "response.web_search_call.in_progress"
    )
    item_id: str
    output_index: int


class WebSearchCallSearchingEvent(Event, tag="response.web_search_call.searching", kw_only=True):
    """A web search is looking.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.web_search_call.searching"]] = (
        "response.web_search_call.searching"
    )
    item_id: str
    output_index: int


class WebSearchCallCompletedEvent(Event, tag="response.web_search_call.completed", kw_only=True):
    """A web search has finished.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.web_search_call.completed"]] = (
        "response.web_search_call.completed"
    )
    item_id: str
    output_index: int


class CustomToolCallInputDeltaEvent(
    Event, tag="response.custom_tool_call_input.delta", kw_only=True
):
    """The next piece of a custom tool's input.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.custom_tool_call_input.delta"]] = (
        "response.custom_tool_call_input.delta"
    )
    delta: str
    item_id: str
    output_index: int


class CustomToolCallInputDoneEvent(Event, tag="response.custom_tool_call_input.done", kw_only=True):
    """The whole input of a custom tool.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.custom_tool_call_input.done"]] = (
        "response.custom_tool_call_input.done"
    )
    input: str
    item_id: str
    output_index: int


class ResponseCompactionCompactingEvent(Event, tag="response.compaction.compacting", kw_only=True):
    """The conversation is being compacted.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.compaction.compacting"]] = "response.compaction.compacting"
    item_id: str
    output_index: int


class ResponseFileSearchCallCompletedEvent(
    Event, tag="response.file_search_call.completed", kw_only=True
):
    """A file search has finished.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.file_search_call.completed"]] = (
        "response.file_search_call.completed"
    )
    item_id: str
    output_index: int


class ResponseFileSearchCallInProgressEvent(
    Event, tag="response.file_search_call.in_progress", kw_only=True
):
    """A file search has begun.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.file_search_call.in_progress"]] = (
        "response.file_search_call.in_progress"
    )
    item_id: str
    output_index: int


class ResponseFileSearchCallSearchingEvent(
    Event, tag="response.file_search_call.searching", kw_only=True
):
    """A file search is looking.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.file_search_call.searching"]] = (
        "response.file_search_call.searching"
    )
    item_id: str
    output_index: int


class ResponseShellCallCommandAddedEvent(
    Event, tag="response.shell_call_command.added", kw_only=True
):
    """A shell call has one command more.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.shell_call_command.added"]] = (
        "response.shell_call_command.added"
    )
    command: str
    command_index: int
    output_index: int


class ResponseShellCallCommandDeltaEvent(
    Event, tag="response.shell_call_command.delta", kw_only=True
):
    """The next piece of a shell command.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.shell_call_command.delta"]] = (
        "response.shell_call_command.delta"
    )
    command_index: int
    delta: str
    output_index: int
    obfuscation: Maybe[str | None] = UNSET


class ResponseShellCallCommandDoneEvent(
    Event, tag="response.shell_call_command.done", kw_only=True
):
    """A shell command is whole.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.shell_call_command.done"]] = "response.shell_call_command.done"
    command: str
    command_index: int
    output_index: int


class ResponseShellCallOutputContentDeltaEvent(
    Event, tag="response.shell_call_output_content.delta", kw_only=True
):
    """The next piece of what a shell command printed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.shell_call_output_content.delta"]] = (
        "response.shell_call_output_content.delta"
    )
    command_index: int
    delta: ShellOutputDelta
    item_id: str
    output_index: int


class ResponseShellCallOutputContentDoneEvent(
    Event, tag="response.shell_call_output_content.done", kw_only=True
):
    """All that a shell command printed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.shell_call_output_content.done"]] = (
        "response.shell_call_output_content.done"
    )
    command_index: int
    item_id: str
    output: list[ShellOutput]
    output_index: int


class ResponseMcpCallArgumentsDeltaEvent(
    Event, tag="response.mcp_call_arguments.delta", kw_only=True
):
    """The next piece of an MCP call's arguments.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_call_arguments.delta"]] = (
        "response.mcp_call_arguments.delta"
    )
    delta: str
    item_id: str
    output_index: int


class ResponseMcpCallArgumentsDoneEvent(
    Event, tag="response.mcp_call_arguments.done", kw_only=True
):
    """The whole arguments of an MCP call.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_call_arguments.done"]] = "response.mcp_call_arguments.done"
    arguments: str
    item_id: str
    output_index: int


class ResponseMcpCallCompletedEvent(Event, tag="response.mcp_call.completed", kw_only=True):
    """An MCP call has finished.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_call.completed"]] = "response.mcp_call.completed"
    item_id: str
    output_index: int


class ResponseMcpCallFailedEvent(Event, tag="response.mcp_call.failed", kw_only=True):
    """An MCP call failed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_call.failed"]] = "response.mcp_call.failed"
    item_id: str
    output_index: int


class ResponseMcpCallInProgressEvent(Event, tag="response.mcp_call.in_progress", kw_only=True):
    """An MCP call has begun.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_call.in_progress"]] = "response.mcp_call.in_progress"
    item_id: str
    output_index: int


class ResponseMcpListToolsCompletedEvent(
    Event, tag="response.mcp_list_tools.completed", kw_only=True
):
    """An MCP server's tools are listed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_list_tools.completed"]] = (
        "response.mcp_list_tools.completed"
    )
    item_id: str
    output_index: int


class ResponseMcpListToolsFailedEvent(Event, tag="response.mcp_list_tools.failed", kw_only=True):
    """An MCP server's tools could not be listed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_list_tools.failed"]] = "response.mcp_list_tools.failed"
    item_id: str
    output_index: int


class ResponseMcpListToolsInProgressEvent(
    Event, tag="response.mcp_list_tools.in_progress", kw_only=True
):
    """An MCP server's tools are being listed.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.mcp_list_tools.in_progress"]] = (
        "response.mcp_list_tools.in_progress"
    )
    item_id: str
    output_index: int
