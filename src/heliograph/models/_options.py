"""Wire types: options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject
from ._content import Part

__all__ = [
    "AccessPrograms",
    "CacheControl",
    "ContextCompressionOptions",
    "ConversationRef",
    "FormatJsonObjectConfig",
    "FormatJsonSchemaConfig",
    "FormatTextConfig",
    "PromptCacheOptions",
    "ProviderSortConfig",
    "ReasoningConfig",
    "ReasoningTransformation",
    "StoredPromptTemplate",
    "TextExtendedConfig",
    "TextFormat",
]


class StoredPromptTemplate(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    id: str
    variables: Maybe[dict[str, Part | str] | None] = UNSET
    version: Maybe[str | None] = UNSET


class PromptCacheOptions(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    mode: Strict[Annotated[str, Known("explicit", "implicit")]] = UNSET
    ttl: Strict[Annotated[str, Known("30m", "12h")] | None] = UNSET
    comparison_response_id: Maybe[str | None] = UNSET
    prewarm: Maybe[bool] = UNSET


class TextExtendedConfig(Model, kw_only=True):
    """Named by OpenRouter, OpenAI, Open Responses."""

    format: Strict[TextFormat | None] = UNSET
    verbosity: Maybe[Annotated[str, Known("low", "medium", "high", "xhigh", "max")] | None] = UNSET


class AccessPrograms(Model, kw_only=True):
    """Named by OpenAI."""

    cyber: Strict[Annotated[str, Known("standard", "daybreak_blue", "daybreak_red")]] = UNSET


class ProviderSortConfig(Model, kw_only=True):
    """Named by OpenRouter."""

    by: Maybe[Annotated[str, Known("price", "throughput", "latency", "exacto")] | None] = UNSET
    partition: Maybe[Annotated[str, Known("model", "none")] | None] = UNSET


class ContextCompressionOptions(Model, kw_only=True):
    """Named by OpenAI."""

    context_compression: Strict[Annotated[str, Known("enabled", "disabled", "auto")]] = UNSET


class ReasoningConfig(Model, kw_only=True):
    """Named by OpenRouter, OpenAI, Open Responses."""

    context: Maybe[Annotated[str, Known("auto", "all_turns", "current_turn")] | None] = UNSET
    effort: Strict[
        Annotated[str, Known("max", "xhigh", "high", "medium", "low", "minimal", "none")] | None
    ] = UNSET
    mode: Maybe[Annotated[str, Known("standard", "pro")] | None] = UNSET
    summary: Strict[Annotated[str, Known("auto", "concise", "detailed")] | None] = UNSET
    enabled: Maybe[bool | None] = UNSET
    max_tokens: Maybe[int | None] = UNSET
    generate_summary: Maybe[Annotated[str, Known("auto", "concise", "detailed")] | None] = UNSET


class ConversationRef(Model, kw_only=True):
    """Named by OpenAI."""

    id: str


class FormatTextConfig(Tagged, tag="text", kw_only=True):
    """``text``, named by OpenRouter, OpenAI, Open Responses."""

    type: ClassVar[Literal["text"]] = "text"


class FormatJsonObjectConfig(Tagged, tag="json_object", kw_only=True):
    """``json_object``, named by OpenRouter, OpenAI, Open Responses."""

    type: ClassVar[Literal["json_object"]] = "json_object"


class FormatJsonSchemaConfig(Tagged, tag="json_schema", kw_only=True):
    """``json_schema``, named by OpenRouter, OpenAI, Open Responses."""

    type: ClassVar[Literal["json_schema"]] = "json_schema"
    description: Strict[str | None] = UNSET
    name: Strict[str] = UNSET
    schema: Strict[dict[str, Any] | None] = UNSET
    strict: Strict[bool | None] = UNSET


class ReasoningTransformation(Tagged, tag="reasoning", kw_only=True):
    """``reasoning``, named by OpenAI."""

    type: ClassVar[Literal["reasoning"]] = "reasoning"
    id: str
    action: Annotated[str, Known("removed")]
    reason: Annotated[
        str,
        Known(
            "organization_mismatch",
            "end_user_mismatch",
            "model_mismatch",
            "prefix_mismatch",
            "turn_boundary",
        ),
    ]


class CacheControl(Tagged, tag="ephemeral", kw_only=True):
    """``ephemeral``, named by OpenRouter."""

    type: ClassVar[Literal["ephemeral"]] = "ephemeral"
    ttl: Maybe[Annotated[str, Known("5m", "1h")]] = UNSET


if TYPE_CHECKING:
    TextFormat: TypeAlias = (
        FormatJsonObjectConfig | FormatJsonSchemaConfig | FormatTextConfig | UnknownObject
    )
else:
    TextFormat = FormatJsonObjectConfig | FormatJsonSchemaConfig | FormatTextConfig
