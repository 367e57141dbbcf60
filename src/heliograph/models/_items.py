"""Items: messages, reasoning, calls of functions and of the image tool, context."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, field

from ._base import Item, Known, Maybe, Model, Strict
from ._content import Part
from ._options import ReasoningConfig, TextFormat
from ._parts_tools import Caller, ImageGenerationCallError
from ._pictures import HasPicture
from ._tool_unions import AnyTool
from ._usage import SvgUsage

__all__ = [
    "AdditionalToolsItem",
    "AgentInfo",
    "AgentMessageItem",
    "CompactionItem",
    "CompactionTriggerItem",
    "ConfigurationUpdateItem",
    "ConfigurationUpdateText",
    "ContextCompactionItem",
    "CustomToolCallOutputItem",
    "FunctionCallOutputItem",
    "InputMessage",
    "ItemReferenceItem",
    "OutputCustomToolCallItem",
    "OutputFunctionCallItem",
    "OutputImageGenerationCallItem",
    "OutputMessageItem",
    "OutputReasoningItem",
]


class ConfigurationUpdateText(Model, kw_only=True):
    """The text settings that such a change sets.

    Named by OpenAI.
    """

    format: TextFormat


class AgentInfo(Model, kw_only=True):
    """The agent a message comes from.

    Named by OpenRouter.
    """

    agent_name: str


class InputMessage(Item, tag="message", kw_only=True):
    """A message in a request, of any role; the content may be plain text.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["message"]] = "message"
    role: Annotated[str, Known("user", "system", "assistant", "developer")]
    content: Strict[list[Part] | str | None] = UNSET
    phase: Maybe[Annotated[str, Known("commentary", "final_answer")] | None] = UNSET
    id: Strict[str | None] = UNSET
    status: Strict[Annotated[str, Known("completed", "incomplete", "in_progress")] | None] = UNSET


class FunctionCallOutputItem(Item, tag="function_call_output", kw_only=True):
    """What a function answered.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["function_call_output"]] = "function_call_output"
    output: list[Part] | str
    call_id: Strict[str | None] = UNSET
    id: Strict[str | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    name: Maybe[str | None] = UNSET
    namespace: Maybe[str | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class OutputFunctionCallItem(Item, tag="function_call", kw_only=True):
    """A call of a function that the caller runs.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["function_call"]] = "function_call"
    arguments: str
    call_id: str
    name: str
    id: Strict[str | None] = UNSET
    namespace: Maybe[str | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    subagent_id: Maybe[str | None] = UNSET
    subagent_items: Maybe[list[dict[str, Any]] | None] = UNSET
    async_: Maybe[bool | None] = field(default=UNSET, name="async")
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class OutputImageGenerationCallItem(HasPicture, Item, tag="image_generation_call", kw_only=True):
    """A call of the hosted image tool; ``result`` is the picture in base64.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["image_generation_call"]] = "image_generation_call"
    PICTURES: ClassVar[tuple[str, ...]] = ("result",)
    id: str
    status: Strict[Annotated[str, Known("in_progress", "completed", "generating", "failed")]] = (
        UNSET
    )
    result: Strict[str | None] = UNSET
    prompt: Maybe[str] = UNSET
    action: Maybe[Annotated[str, Known("generate", "edit", "auto")] | None] = UNSET
    background: Maybe[Annotated[str, Known("transparent", "opaque", "auto")] | None] = UNSET
    error: Maybe[ImageGenerationCallError | None] = UNSET
    output_format: Maybe[Annotated[str, Known("png", "webp", "jpeg", "gif", "svg")] | None] = UNSET
    quality: Maybe[
        Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto")] | None
    ] = UNSET
    revised_prompt: Maybe[str | None] = UNSET
    size: Maybe[str | None] = UNSET
    svg_usage: Maybe[SvgUsage | None] = UNSET


class OutputCustomToolCallItem(Item, tag="custom_tool_call", kw_only=True):
    """A call of a custom tool.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["custom_tool_call"]] = "custom_tool_call"
    call_id: str
    input: str
    name: str
    id: Strict[str | None] = UNSET
    namespace: Maybe[str | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")] | None] = UNSET
    async_: Maybe[bool | None] = field(default=UNSET, name="async")
    caller: Maybe[Caller | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class CustomToolCallOutputItem(Item, tag="custom_tool_call_output", kw_only=True):
    """What a custom tool answered.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["custom_tool_call_output"]] = "custom_tool_call_output"
    call_id: str
    output: list[Part] | str
    id: Strict[str | None] = UNSET
    caller: Maybe[Caller | None] = UNSET
    status: Strict[Annotated[str, Known("in_progress", "completed", "incomplete")]] = UNSET
    created_by: Maybe[str | None] = UNSET


class OutputMessageItem(Item, tag="message", kw_only=True):
    """A message of the model.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["message"]] = "message"
    content: list[Part]
    id: str
    role: Annotated[str, Known("assistant", "user", "system", "developer")]
    phase: Maybe[Annotated[str, Known("commentary", "final_answer")] | None] = UNSET
    status: Strict[Annotated[str, Known("completed", "incomplete", "in_progress")] | None] = UNSET


class OutputReasoningItem(Item, tag="reasoning", kw_only=True):
    """What the model thought before it answered.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["reasoning"]] = "reasoning"
    summary: list[Part] | None
    content: Maybe[list[Part] | None] = UNSET
    encrypted_content: Maybe[str | None] = UNSET
    id: Strict[str | None] = UNSET
    status: Maybe[Annotated[str, Known("completed", "incomplete", "in_progress")] | None] = UNSET
    format: Maybe[
        Annotated[
            str,
            Known(
                "unknown",
                "openai-responses-v1",
                "azure-openai-responses-v1",
                "bedrock-openai-responses-v1",
                "bedrock-xai-responses-v1",
                "xai-responses-v1",
                "meta-responses-v1",
                "anthropic-claude-v1",
                "google-gemini-v1",
            ),
        ]
        | None
    ] = UNSET
    signature: Maybe[str | None] = UNSET


class CompactionItem(Item, tag="compaction", kw_only=True):
    """A part of the conversation, compacted and encrypted.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["compaction"]] = "compaction"
    encrypted_content: str
    id: Strict[str | None] = UNSET
    created_by: Maybe[str | None] = UNSET


class AdditionalToolsItem(Item, tag="additional_tools", kw_only=True):
    """Tools that join the conversation part way, as an item.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["additional_tools"]] = "additional_tools"
    role: Annotated[
        str,
        Known(
            "developer", "unknown", "user", "assistant", "system", "critic", "discriminator", "tool"
        ),
    ]
    tools: list[AnyTool]
    id: Strict[str | None] = UNSET


class ConfigurationUpdateItem(Item, tag="configuration_update", kw_only=True):
    """Settings that change part way through the conversation.

    Named by OpenAI.
    """

    type: ClassVar[Literal["configuration_update"]] = "configuration_update"
    id: Strict[str | None] = UNSET
    reasoning: Maybe[ReasoningConfig | None] = UNSET
    text: Maybe[ConfigurationUpdateText | None] = UNSET


class CompactionTriggerItem(Item, tag="compaction_trigger", kw_only=True):
    """Asks for the conversation to be compacted here.

    Named by OpenAI.
    """

    type: ClassVar[Literal["compaction_trigger"]] = "compaction_trigger"
    id: Maybe[str | None] = UNSET


class ItemReferenceItem(Item, tag="item_reference", kw_only=True):
    """Points to an item of an earlier response.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["item_reference"]] = "item_reference"
    id: str


class ContextCompactionItem(Item, tag="context_compaction", kw_only=True):
    """An encrypted stand-in for earlier context.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["context_compaction"]] = "context_compaction"
    encrypted_content: Maybe[str | None] = UNSET
    id: Maybe[str | None] = UNSET


class AgentMessageItem(Item, tag="agent_message", kw_only=True):
    """A message from one agent to another.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["agent_message"]] = "agent_message"
    author: str
    content: list[Part]
    recipient: str
    agent: Maybe[AgentInfo | None] = UNSET
    id: Maybe[str | None] = UNSET
