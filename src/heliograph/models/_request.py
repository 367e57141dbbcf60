"""Bodies that clients send: a response request, a compaction, a WebSocket turn."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged
from ._item_unions import InputItem
from ._options import (
    AccessPrograms,
    CacheControl,
    ContextCompressionOptions,
    ConversationRef,
    PromptCacheOptions,
    ReasoningConfig,
    StoredPromptTemplate,
    TextExtendedConfig,
)
from ._routing import AnyPlugin, DebugOptions, ProviderPreferences, StopCondition, TraceConfig
from ._tool_choice import ToolChoice
from ._tool_unions import AnyTool

__all__ = [
    "BackgroundOptions",
    "CompactRequest",
    "ContextManagement",
    "ModerationOptions",
    "ModerationPolicy",
    "ModerationPolicyInput",
    "ModerationPolicyOutput",
    "ResponsesRequest",
    "StreamOptions",
    "WebSocketCreateMessage",
]


class ResponsesRequest(Model, kw_only=True):
    """The body of ``POST /responses``.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    background: Maybe[bool | None] = UNSET
    cache_control: Maybe[CacheControl] = UNSET
    debug: Maybe[DebugOptions] = UNSET
    frequency_penalty: Maybe[float | None] = UNSET
    image_config: Maybe[dict[str, list[Any] | str | float]] = UNSET
    include: Maybe[
        list[
            Annotated[
                str,
                Known(
                    "file_search_call.results",
                    "message.input_image.image_url",
                    "computer_call_output.output.image_url",
                    "reasoning.encrypted_content",
                    "code_interpreter_call.outputs",
                    "message.output_text.logprobs",
                    "web_search_call.results",
                    "web_search_call.action.sources",
                ),
            ]
        ]
        | None
    ] = UNSET
    input: Maybe[list[InputItem] | str | None] = UNSET
    instructions: Maybe[str | None] = UNSET
    max_output_tokens: Maybe[int | None] = UNSET
    max_tool_calls: Maybe[int | None] = UNSET
    metadata: Maybe[dict[str, str] | None] = UNSET
    modalities: Maybe[list[Annotated[str, Known("text", "image")]]] = UNSET
    model: Maybe[str | None] = UNSET
    models: Maybe[list[str]] = UNSET
    parallel_tool_calls: Maybe[bool | None] = UNSET
    plugins: Maybe[list[AnyPlugin]] = UNSET
    presence_penalty: Maybe[float | None] = UNSET
    previous_response_id: Maybe[str | None] = UNSET
    prompt: Maybe[StoredPromptTemplate | None] = UNSET
    prompt_cache_key: Maybe[str | None] = UNSET
    prompt_cache_options: Maybe[PromptCacheOptions | None] = UNSET
    provider: Maybe[ProviderPreferences | None] = UNSET
    reasoning: Maybe[ReasoningConfig | None] = UNSET
    route: Maybe[Annotated[str, Known("fallback", "sort")] | None] = UNSET
    safety_identifier: Maybe[str | None] = UNSET
    service_tier: Maybe[
        Annotated[str, Known("auto", "default", "fast", "flex", "priority", "scale", "ultrafast")]
        | None
    ] = UNSET
    session_id: Maybe[str] = UNSET
    stop_server_tools_when: Maybe[list[StopCondition]] = UNSET
    store: Maybe[bool | None] = UNSET
    stream: Strict[bool | None] = UNSET
    temperature: Maybe[float | None] = UNSET
    text: Maybe[TextExtendedConfig | None] = UNSET
    tool_choice: Maybe[ToolChoice | Annotated[str, Known("auto", "none", "required")] | None] = (
        UNSET
    )
    tools: Maybe[list[AnyTool] | None] = UNSET
    top_k: Maybe[int] = UNSET
    top_logprobs: Maybe[int | None] = UNSET
    top_p: Maybe[float | None] = UNSET
    trace: Maybe[TraceConfig] = UNSET
    truncation: Maybe[Annotated[str, Known("auto", "disabled")] | None] = UNSET
    user: Maybe[str] = UNSET
    access_programs: Maybe[AccessPrograms] = UNSET
    background_options: Maybe[BackgroundOptions] = UNSET
    context_management: Maybe[list[ContextManagement] | None] = UNSET
    conversation: Maybe[ConversationRef | str | None] = UNSET
    image: Maybe[ContextCompressionOptions] = UNSET
    moderation: Maybe[ModerationOptions | None] = UNSET
    prompt_cache_retention: Maybe[Annotated[str, Known("in_memory", "24h")] | None] = UNSET
    stream_options: Maybe[StreamOptions | None] = UNSET


class StreamOptions(Model, kw_only=True):
    """How events are streamed.

    Named by OpenAI, Open Responses.
    """

    include_obfuscation: Maybe[bool] = UNSET


class BackgroundOptions(Model, kw_only=True):
    """How a background response may be scheduled.

    Named by OpenAI.
    """

    completion_window: Maybe[Annotated[str, Known("soonest", "2h", "8h")]] = UNSET
    continuation_id: Maybe[str] = UNSET


class ContextManagement(Model, kw_only=True):
    """When and how the context is kept short.

    Named by OpenAI.
    """

    type: str
    compact_threshold: Maybe[int | None] = UNSET


class ModerationOptions(Model, kw_only=True):
    """How input and output are moderated.

    Named by OpenAI.
    """

    model: str
    policy: Maybe[ModerationPolicy | None] = UNSET


class ModerationPolicy(Model, kw_only=True):
    """What to do about flagged input and output.

    Named by OpenAI.
    """

    input: Maybe[ModerationPolicyInput | None] = UNSET
    output: Maybe[ModerationPolicyOutput | None] = UNSET


class ModerationPolicyInput(Model, kw_only=True):
    """What to do about flagged input.

    Named by OpenAI.
    """

    mode: Annotated[str, Known("score", "block")]


class ModerationPolicyOutput(Model, kw_only=True):
    """What to do about flagged output.

    Named by OpenAI.
    """

    mode: Annotated[str, Known("score", "block")]


class CompactRequest(Model, kw_only=True):
    """The body of ``POST /responses/compact``.

    Named by OpenAI, Open Responses.
    """

    model: str | None
    image: Maybe[ContextCompressionOptions] = UNSET
    input: Maybe[list[InputItem] | str | None] = UNSET
    instructions: Maybe[str | None] = UNSET
    previous_response_id: Maybe[str | None] = UNSET
    prompt_cache_key: Maybe[str | None] = UNSET
    prompt_cache_options: Maybe[PromptCacheOptions | None] = UNSET
    prompt_cache_retention: Maybe[Annotated[str, Known("in_memory", "24h")] | None] = UNSET
    service_tier: Maybe[
        Annotated[str, Known("auto", "default", "fast", "flex", "priority")] | None
    ] = UNSET


class WebSocketCreateMessage(Tagged, tag="response.create", kw_only=True):
    """Starts a turn over a WebSocket: a request under ``response.create``.

    Named by Open Responses.
    """

    type: ClassVar[Literal["response.create"]] = "response.create"
    stream: Maybe[bool] = UNSET
    stream_options: Maybe[StreamOptions | None] = UNSET
    background: Maybe[bool] = UNSET
    model: Maybe[str | None] = UNSET
    input: Maybe[list[InputItem] | str | None] = UNSET
    previous_response_id: Maybe[str | None] = UNSET
    include: Maybe[
        list[Annotated[str, Known("reasoning.encrypted_content", "message.output_text.logprobs")]]
    ] = UNSET
    tools: Maybe[list[AnyTool] | None] = UNSET
    tool_choice: Maybe[ToolChoice | Annotated[str, Known("none", "auto", "required")] | None] = (
        UNSET
    )
    metadata: Maybe[dict[str, str] | None] = UNSET
    text: Maybe[TextExtendedConfig | None] = UNSET
    temperature: Maybe[float | None] = UNSET
    top_p: Maybe[float | None] = UNSET
    presence_penalty: Maybe[float | None] = UNSET
    frequency_penalty: Maybe[float | None] = UNSET
    parallel_tool_calls: Maybe[bool | None] = UNSET
    max_output_tokens: Maybe[int | None] = UNSET
    max_tool_calls: Maybe[int | None] = UNSET
    reasoning: Maybe[ReasoningConfig | None] = UNSET
    safety_identifier: Maybe[str | None] = UNSET
    prompt_cache_key: Maybe[str | None] = UNSET
    truncation: Maybe[Annotated[str, Known("auto", "disabled")]] = UNSET
    instructions: Maybe[str | None] = UNSET
    store: Maybe[bool] = UNSET
    service_tier: Maybe[Annotated[str, Known("auto", "default", "flex", "priority")]] = UNSET
    top_logprobs: Maybe[int | None] = UNSET
