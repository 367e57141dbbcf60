"""The response, its errors and reports, and how it was routed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET, field

from heliograph.pictures import Picture

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject
from ._content import ResponseOutputText
from ._finished import finished_picture
from ._item_unions import InputItem, OutputItem
from ._items import OutputMessageItem
from ._options import (
    AccessPrograms,
    ContextCompressionOptions,
    ConversationRef,
    PromptCacheOptions,
    ReasoningConfig,
    ReasoningTransformation,
    StoredPromptTemplate,
    TextExtendedConfig,
)
from ._tool_choice import ToolChoice
from ._tool_unions import AnyTool
from ._usage import ToolUsage, Usage

__all__ = [
    "CompactedResponse",
    "EndpointInfo",
    "EndpointsMetadata",
    "IncompleteDetails",
    "InputItemList",
    "Misalignment",
    "MisalignmentSteer",
    "ModerationError",
    "ModerationOutcome",
    "ModerationReport",
    "ModerationResult",
    "OpenResponsesResult",
    "OpenRouterMetadata",
    "PipelineStage",
    "PromptCacheDiagnostics",
    "PromptCacheDiagnosticsCacheHit",
    "PromptCacheDiagnosticsCacheMiss",
    "PromptCacheDiagnosticsComparisonResponseNotFound",
    "PromptCacheDiagnosticsUnavailable",
    "ResponsesErrorField",
    "RouterAttempt",
    "RouterParams",
]


class OpenResponsesResult(Model, kw_only=True):
    """A response: its settings, output and usage. Also called ``Response``.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    created_at: int | float
    id: str
    model: str
    object: Annotated[str, Known("response")]
    output: list[OutputItem]
    parallel_tool_calls: bool
    tool_choice: ToolChoice | Annotated[str, Known("auto", "none", "required")]
    tools: list[AnyTool]
    background: Strict[bool | None] = UNSET
    completed_at: Strict[int | float | None] = UNSET
    error: Strict[ResponsesErrorField | None] = UNSET
    frequency_penalty: Strict[float | None] = UNSET
    incomplete_details: Strict[IncompleteDetails | None] = UNSET
    instructions: Strict[list[InputItem] | str | None] = UNSET
    max_output_tokens: Strict[int | None] = UNSET
    max_tool_calls: Strict[int | None] = UNSET
    metadata: Strict[dict[str, Any] | None] = UNSET
    stated_output_text: Maybe[str] = field(default=UNSET, name="output_text")
    presence_penalty: Strict[float | None] = UNSET
    previous_response_id: Strict[str | None] = UNSET
    prompt: Maybe[StoredPromptTemplate | None] = UNSET
    prompt_cache_key: Strict[str | None] = UNSET
    prompt_cache_options: Maybe[PromptCacheOptions | None] = UNSET
    reasoning: Strict[ReasoningConfig | None] = UNSET
    safety_identifier: Strict[str | None] = UNSET
    service_tier: Strict[
        Annotated[str, Known("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")]
        | None
    ] = UNSET
    status: Strict[
        Annotated[
            str, Known("completed", "incomplete", "in_progress", "failed", "cancelled", "queued")
        ]
        | None
    ] = UNSET
    store: Strict[bool] = UNSET
    temperature: Strict[float | None] = UNSET
    text: Strict[TextExtendedConfig | None] = UNSET
    top_logprobs: Strict[int | None] = UNSET
    top_p: Strict[float | None] = UNSET
    truncation: Strict[Annotated[str, Known("auto", "disabled")] | None] = UNSET
    usage: Strict[Usage | None] = UNSET
    user: Maybe[str | None] = UNSET
    error_type: Maybe[
        Annotated[
            str,
            Known(
                "context_length_exceeded",
                "max_tokens_exceeded",
                "token_limit_exceeded",
                "string_too_long",
                "authentication",
                "permission_denied",
                "payment_required",
                "rate_limit_exceeded",
                "provider_overloaded",
                "provider_unavailable",
                "invalid_request",
                "invalid_prompt",
                "not_found",
                "precondition_failed",
                "payload_too_large",
                "unprocessable",
                "content_policy_violation",
                "refusal",
                "invalid_image",
                "image_too_large",
                "image_too_small",
                "unsupported_image_format",
                "image_not_found",
                "image_download_failed",
                "server",
                "timeout",
                "unmapped",
            ),
        ]
    ] = UNSET
    openrouter_metadata: Maybe[OpenRouterMetadata] = UNSET
    access_programs: Maybe[AccessPrograms | None] = UNSET
    conversation: Maybe[ConversationRef | None] = UNSET
    image: Maybe[ContextCompressionOptions | None] = UNSET
    input_transformations: Maybe[list[ReasoningTransformation] | None] = UNSET
    moderation: Maybe[ModerationReport | None] = UNSET
    prompt_cache_diagnostics: Maybe[PromptCacheDiagnostics | None] = UNSET
    prompt_cache_retention: Maybe[Annotated[str, Known("in_memory", "24h")] | None] = UNSET
    tool_usage: Maybe[ToolUsage | None] = UNSET

    @property
    def output_text(self) -> str:
        """The text of all messages in ``output``, joined; "" where there is none.

        No field: what a server itself says under this name is ``stated_output_text``.
        """
        return "".join(
            part.text
            for item in self.output
            if isinstance(item, OutputMessageItem)
            for part in item.content
            if isinstance(part, ResponseOutputText)
        )

    @property
    def images(self) -> list[Picture]:
        """The finished pictures, in the order of ``output``. No field: the wire has none."""
        found = (finished_picture(item, index) for index, item in enumerate(self.output))
        return [picture for picture in found if picture is not None]


class ResponsesErrorField(Model, kw_only=True):
    """Why a response failed.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    code: Annotated[
        str,
        Known(
            "server_error",
            "rate_limit_exceeded",
            "invalid_prompt",
            "vector_store_timeout",
            "invalid_image",
            "invalid_image_format",
            "invalid_base64_image",
            "invalid_image_url",
            "image_too_large",
            "image_too_small",
            "image_parse_error",
            "image_content_policy_violation",
            "invalid_image_mode",
            "image_file_too_large",
            "unsupported_image_media_type",
            "empty_image_file",
            "failed_to_download_image",
            "image_file_not_found",
            "bio_policy",
            "data_residency_mismatch",
            "misalignment_policy_violation",
        ),
    ]
    message: str
    misalignment: Maybe[Misalignment | None] = UNSET
    param: Maybe[str | None] = UNSET
    type: Maybe[str | None] = UNSET


class IncompleteDetails(Model, kw_only=True):
    """Why a response stopped short.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    reason: Strict[
        Annotated[str, Known("max_output_tokens", "content_filter", "max_messages", "steered")]
        | None
    ] = UNSET


class OpenRouterMetadata(Model, kw_only=True):
    """How OpenRouter routed a request.

    Named by OpenRouter.
    """

    attempt: int
    endpoints: EndpointsMetadata
    is_byok: bool
    region: str | None
    requested: str
    strategy: Annotated[
        str,
        Known(
            "direct",
            "auto",
            "free",
            "latest",
            "alias",
            "fallback",
            "pareto",
            "bodybuilder",
            "fusion",
        ),
    ]
    summary: str
    attempts: Maybe[list[RouterAttempt]] = UNSET
    params: Maybe[RouterParams] = UNSET
    pipeline: Maybe[list[PipelineStage]] = UNSET


class RouterAttempt(Model, kw_only=True):
    """One try at serving a request.

    Named by OpenRouter.
    """

    model: str
    provider: str
    status: int


class EndpointsMetadata(Model, kw_only=True):
    """The endpoints that could serve the request.

    Named by OpenRouter.
    """

    available: list[EndpointInfo]
    total: int


class EndpointInfo(Model, kw_only=True):
    """One endpoint that could serve the request.

    Named by OpenRouter.
    """

    model: str
    provider: str
    selected: bool


class RouterParams(Model, kw_only=True):
    """The bounds that routing kept to.

    Named by OpenRouter.
    """

    quality_floor: Maybe[float] = UNSET
    throughput_floor: Maybe[float] = UNSET
    version_group: Maybe[str] = UNSET


class PipelineStage(Model, kw_only=True):
    """One step that a request went through.

    Named by OpenRouter.
    """

    name: str
    type: Annotated[
        str, Known("guardrail", "plugin", "server_tools", "response_healing", "context_compression")
    ]
    cost_usd: Maybe[float | None] = UNSET
    data: Maybe[dict[str, Any]] = UNSET
    guardrail_id: Maybe[str] = UNSET
    guardrail_scope: Maybe[str] = UNSET
    summary: Maybe[str] = UNSET


class Misalignment(Model, kw_only=True):
    """Why output was held to be out of line.

    Named by OpenAI.
    """

    detailed_explanation: Maybe[str | None] = UNSET
    error_type: Maybe[
        Annotated[
            str,
            Known(
                "potentially_unintended_data_transfer",
                "potentially_unintended_data_access",
                "potentially_unintended_destructive_activity",
                "other",
            ),
        ]
        | None
    ] = UNSET
    review_target: Maybe[str | None] = UNSET
    steer: Maybe[MisalignmentSteer | None] = UNSET


class MisalignmentSteer(Model, kw_only=True):
    """What the model was told about it.

    Named by OpenAI.
    """

    message: str


class ModerationReport(Model, kw_only=True):
    """What moderation found in input and output.

    Named by OpenAI.
    """

    input: ModerationOutcome
    output: ModerationOutcome


class CompactedResponse(Model, kw_only=True):
    """A conversation's compacted window, as ``POST /responses/compact`` answers it.

    Named by OpenAI, Open Responses.
    """

    id: str
    created_at: int
    object: Annotated[str, Known("response.compaction")]
    output: list[OutputItem]
    usage: Usage | None
    image: Maybe[ContextCompressionOptions | None] = UNSET


class InputItemList(Model, kw_only=True):
    """A page of a response's input items.

    Named by OpenAI.
    """

    data: list[OutputItem]
    first_id: str
    has_more: bool
    last_id: str
    object: Annotated[str, Known("list")]


class ModerationResult(Tagged, tag="moderation_result", kw_only=True):
    """What moderation found.

    Named by OpenAI.
    """

    type: ClassVar[Literal["moderation_result"]] = "moderation_result"
    categories: dict[str, bool]
    category_applied_input_types: dict[str, list[Annotated[str, Known("text", "image")]]]
    category_scores: dict[str, float]
    flagged: bool
    model: str


class ModerationError(Tagged, tag="error", kw_only=True):
    """Moderation could not be done.

    Named by OpenAI.
    """

    type: ClassVar[Literal["error"]] = "error"
    code: str
    message: str


class PromptCacheDiagnosticsCacheMiss(Tagged, tag="cache_miss", kw_only=True):
    """The prompt was not found in the cache, and why.

    Named by OpenAI.
    """

    type: ClassVar[Literal["cache_miss"]] = "cache_miss"
    cache_missed_tokens: int
    reason: Annotated[
        str,
        Known(
            "model_changed",
            "prompt_cache_key_changed",
            "tools_changed",
            "text_format_changed",
            "reasoning_effort_changed",
            "verbosity_changed",
            "context_compacted",
            "input_changed",
            "service_tier_changed",
        ),
    ]
    comparison_reusable_tokens: Maybe[int | None] = UNSET


class PromptCacheDiagnosticsCacheHit(Tagged, tag="cache_hit", kw_only=True):
    """The prompt was found in the cache.

    Named by OpenAI.
    """

    type: ClassVar[Literal["cache_hit"]] = "cache_hit"


class PromptCacheDiagnosticsComparisonResponseNotFound(
    Tagged, tag="comparison_response_not_found", kw_only=True
):
    """There was no response to compare the prompt with.

    Named by OpenAI.
    """

    type: ClassVar[Literal["comparison_response_not_found"]] = "comparison_response_not_found"


class PromptCacheDiagnosticsUnavailable(Tagged, tag="unavailable", kw_only=True):
    """Nothing is known about the prompt cache.

    Named by OpenAI.
    """

    type: ClassVar[Literal["unavailable"]] = "unavailable"


if TYPE_CHECKING:
    PromptCacheDiagnostics: TypeAlias = (
        PromptCacheDiagnosticsCacheHit
        | PromptCacheDiagnosticsCacheMiss
        | PromptCacheDiagnosticsComparisonResponseNotFound
        | PromptCacheDiagnosticsUnavailable
        | UnknownObject
    )
else:
    PromptCacheDiagnostics = (
        PromptCacheDiagnosticsCacheHit
        | PromptCacheDiagnosticsCacheMiss
        | PromptCacheDiagnosticsComparisonResponseNotFound
        | PromptCacheDiagnosticsUnavailable
    )

if TYPE_CHECKING:
    ModerationOutcome: TypeAlias = ModerationError | ModerationResult | UnknownObject
else:
    ModerationOutcome = ModerationError | ModerationResult
