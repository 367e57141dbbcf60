"""What a call of an Images API used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject
from ._usage import ImageTokensDetails, ServerToolUseDetails

__all__ = [
    "AnthropicAdvisorMessageUsageIteration",
    "AnthropicCacheCreation",
    "AnthropicCompactionUsageIteration",
    "AnthropicMessageUsageIteration",
    "CompletionTokensDetails",
    "CostDetails",
    "ImageGenerationUsage",
    "ImagesUsage",
    "PromptTokensDetails",
    "UsageIteration",
]


class ImageGenerationUsage(Model, kw_only=True):
    """Tokens and cost of one picture.

    Named by OpenRouter, OpenAI.
    """

    total_tokens: int
    cache_creation: Maybe[AnthropicCacheCreation | None] = UNSET
    completion_tokens: Strict[int] = UNSET
    completion_tokens_details: Maybe[CompletionTokensDetails | None] = UNSET
    cost: Maybe[float | None] = UNSET
    cost_details: Maybe[CostDetails | None] = UNSET
    is_byok: Maybe[bool] = UNSET
    iterations: Maybe[list[UsageIteration] | None] = UNSET
    prompt_tokens: Strict[int] = UNSET
    prompt_tokens_details: Maybe[PromptTokensDetails | None] = UNSET
    server_tool_use: Maybe[ServerToolUseDetails | None] = UNSET
    service_tier: Maybe[str | None] = UNSET
    speed: Maybe[Annotated[str, Known("fast", "standard")] | None] = UNSET
    input_tokens: Strict[int] = UNSET
    input_tokens_details: Strict[ImageTokensDetails] = UNSET
    output_tokens: Strict[int] = UNSET


class CostDetails(Model, kw_only=True):
    """What the upstream provider charged, split up.

    Named by OpenRouter.
    """

    upstream_inference_completions_cost: float
    upstream_inference_prompt_cost: float
    upstream_inference_cost: Maybe[float | None] = UNSET


class AnthropicCacheCreation(Model, kw_only=True):
    """Tokens written to the prompt cache, by how long they are kept.

    Named by OpenRouter.
    """

    ephemeral_1h_input_tokens: Strict[int] = UNSET
    ephemeral_5m_input_tokens: Strict[int] = UNSET


class ImagesUsage(Model, kw_only=True):
    """Tokens that an Images API call used.

    Named by OpenAI.
    """

    input_tokens: int
    input_tokens_details: ImageTokensDetails
    output_tokens: int
    total_tokens: int
    output_tokens_details: Maybe[ImageTokensDetails | None] = UNSET


class CompletionTokensDetails(Model, kw_only=True):
    """What the output tokens were spent on.

    Named by OpenRouter.
    """

    audio_tokens: Maybe[int | None] = UNSET
    image_tokens: Maybe[int | None] = UNSET
    reasoning_tokens: Maybe[int | None] = UNSET


class PromptTokensDetails(Model, kw_only=True):
    """What the input tokens were.

    Named by OpenRouter.
    """

    audio_tokens: Maybe[int | None] = UNSET
    cache_write_tokens: Maybe[int | None] = UNSET
    cached_tokens: Maybe[int | None] = UNSET
    file_tokens: Maybe[int | None] = UNSET
    video_tokens: Maybe[int | None] = UNSET


class AnthropicCompactionUsageIteration(Tagged, tag="compaction", kw_only=True):
    """Tokens of one compaction step.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["compaction"]] = "compaction"
    cache_creation: Maybe[AnthropicCacheCreation | None] = UNSET
    cache_creation_input_tokens: Maybe[int] = UNSET
    cache_read_input_tokens: Maybe[int] = UNSET
    input_tokens: Maybe[int] = UNSET
    output_tokens: Maybe[int] = UNSET


class AnthropicMessageUsageIteration(Tagged, tag="message", kw_only=True):
    """Tokens of one message step.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["message"]] = "message"
    cache_creation: Maybe[AnthropicCacheCreation | None] = UNSET
    cache_creation_input_tokens: Maybe[int] = UNSET
    cache_read_input_tokens: Maybe[int] = UNSET
    input_tokens: Maybe[int] = UNSET
    output_tokens: Maybe[int] = UNSET
    model: Maybe[str] = UNSET


class AnthropicAdvisorMessageUsageIteration(Tagged, tag="advisor_message", kw_only=True):
    """Tokens of one advisor step.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["advisor_message"]] = "advisor_message"
    model: str
    cache_creation: Maybe[AnthropicCacheCreation | None] = UNSET
    cache_creation_input_tokens: Maybe[int] = UNSET
    cache_read_input_tokens: Maybe[int] = UNSET
    input_tokens: Maybe[int] = UNSET
    output_tokens: Maybe[int] = UNSET


if TYPE_CHECKING:
    UsageIteration: TypeAlias = (
        AnthropicAdvisorMessageUsageIteration
        | AnthropicCompactionUsageIteration
        | AnthropicMessageUsageIteration
        | UnknownObject
    )
else:
    UsageIteration = (
        AnthropicAdvisorMessageUsageIteration
        | AnthropicCompactionUsageIteration
        | AnthropicMessageUsageIteration
    )
