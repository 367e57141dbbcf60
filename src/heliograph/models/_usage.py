"""Tokens and cost."""

from __future__ import annotations

from msgspec import UNSET

from ._base import Maybe, Model, Strict

__all__ = [
    "CacheWriteTokensDetails",
    "CachedTokensDetails",
    "ImageGenToolUsage",
    "ImageTokensDetails",
    "InputTokensDetails",
    "OutputTokensDetails",
    "ServerToolUseDetails",
    "SvgUsage",
    "ToolUsage",
    "UpstreamCostDetails",
    "Usage",
    "WebSearchToolUsage",
]


class Usage(Model, kw_only=True):
    """Tokens and cost of a response.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int
    cost: Maybe[float | None] = UNSET
    cost_details: Maybe[UpstreamCostDetails] = UNSET
    is_byok: Maybe[bool] = UNSET
    server_tool_use_details: Maybe[ServerToolUseDetails | None] = UNSET


class InputTokensDetails(Model, kw_only=True):
    """What the input tokens were.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    cached_tokens: int
    cache_write_tokens: Strict[int | None] = UNSET
    cache_write_tokens_details: Maybe[CacheWriteTokensDetails | None] = UNSET


class OutputTokensDetails(Model, kw_only=True):
    """What the output tokens were.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    reasoning_tokens: int


class ToolUsage(Model, kw_only=True):
    """What the hosted tools used.

    Named by OpenAI.
    """

    image_gen: ImageGenToolUsage
    web_search: WebSearchToolUsage


class ImageGenToolUsage(Model, kw_only=True):
    """Tokens that the image tool used.

    Named by OpenAI.
    """

    input_tokens: int
    input_tokens_details: ImageTokensDetails
    output_tokens: int
    total_tokens: int
    cached_tokens: Maybe[int | None] = UNSET
    cached_tokens_details: Maybe[CachedTokensDetails | None] = UNSET
    output_tokens_details: Maybe[ImageTokensDetails | None] = UNSET


class CachedTokensDetails(Model, kw_only=True):
    """Tokens read from the prompt cache, by kind.

    Named by OpenAI.
    """

    cached_image_tokens: int
    cached_text_tokens: int


class WebSearchToolUsage(Model, kw_only=True):
    """How often the web was searched.

    Named by OpenAI.
    """

    num_requests: int


class CacheWriteTokensDetails(Model, kw_only=True):
    """Tokens written to the prompt cache, by how long they are kept.

    Named by OpenAI.
    """

    ttl_12h_tokens: int
    ttl_30m_tokens: int


class SvgUsage(Model, kw_only=True):
    """Tokens that a vector picture took.

    Named by OpenAI.
    """

    input_tokens: int
    model: str
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int


class ServerToolUseDetails(Model, kw_only=True):
    """How often server tools were used.

    Named by OpenRouter.
    """

    tool_calls_executed: Maybe[int | None] = UNSET
    tool_calls_requested: Maybe[int | None] = UNSET
    web_search_requests: Maybe[int | None] = UNSET


class ImageTokensDetails(Model, kw_only=True):
    """Tokens split into text and pictures.

    Named by OpenAI.
    """

    image_tokens: int
    text_tokens: int


class UpstreamCostDetails(Model, kw_only=True):
    """What the upstream provider charged, split up.

    Named by OpenRouter.
    """

    upstream_inference_input_cost: float
    upstream_inference_output_cost: float
    upstream_inference_cost: Maybe[float | None] = UNSET
