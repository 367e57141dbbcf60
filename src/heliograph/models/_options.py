"""Settings that requests carry and responses echo."""

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
    """A prompt kept by the provider, and what to fill in.

    Named by OpenRouter, OpenAI.
    """

    id: str
    variables: Maybe[dict[str, Part | str] | None] = UNSET
    version: Maybe[str | None] = UNSET


class PromptCacheOptions(Model, kw_only=True):
    """How the prompt is cached.

    Named by OpenRouter, OpenAI.
    """

    mode: Strict[Annotated[str, Known("explicit", "implicit")]] = UNSET
    ttl: Strict[Annotated[str, Known("30m", "12h")] | None] = UNSET
    comparison_response_id: Maybe[str | None] = UNSET
    prewarm: Maybe[bool] = UNSET


class TextExtendedConfig(Model, kw_only=True):
    """What form the text output takes, and how wordy it is.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    format: Strict[TextFormat | None] = UNSET
    verbosity: Maybe[Annotated[str, Known("low", "medium", "high", "xhigh", "max")] | None] = UNSET


class AccessPrograms(Model, kw_only=True):
    """Which restricted programs of the provider the caller takes part in.

    Named by OpenAI.
    """

    cyber: Strict[Annotated[str, Known("standard", "daybreak_blue", "daybreak_red")]] = UNSET


class ProviderSortConfig(Model, kw_only=True):
    """What providers are sorted by.

    Named by OpenRouter.
    """

    by: Maybe[Annotated[str, Known("price", "throughput", "latency", "exacto")] | None] = UNSET
    partition: Maybe[Annotated[str, Known("model", "none")] | None] = UNSET


class ContextCompressionOptions(Model, kw_only=True):
    """Whether pictures in the context may be compressed.

    Named by OpenAI.
    """

    context_compression: Strict[Annotated[str, Known("enabled", "disabled", "auto")]] = UNSET


class ReasoningConfig(Model, kw_only=True):
    """How much the model should think, and what it shows of it.

    Named by OpenRouter, OpenAI, Open Responses.
    """

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
    """The conversation a response belongs to.

    Named by OpenAI.
    """

    id: str


class FormatTextConfig(Tagged, tag="text", kw_only=True):
    """The output is plain text.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["text"]] = "text"


class FormatJsonObjectConfig(Tagged, tag="json_object", kw_only=True):
    """The output is a JSON object.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["json_object"]] = "json_object"


class FormatJsonSchemaConfig(Tagged, tag="json_schema", kw_only=True):
    """The output keeps to a JSON Schema.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["json_schema"]] = "json_schema"
    description: Strict[str | None] = UNSET
    name: Strict[str] = UNSET
    schema: Strict[dict[str, Any] | None] = UNSET
    strict: Strict[bool | None] = UNSET


class ReasoningTransformation(Tagged, tag="reasoning", kw_only=True):
    """What was done to reasoning in the input.

    Named by OpenAI.
    """

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
    """Asks for the prompt up to here to be cached.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["ephemeral"]] = "ephemeral"
    ttl: Maybe[Annotated[str, Known("5m", "1h")]] = UNSET


if TYPE_CHECKING:
    TextFormat: TypeAlias = (
        FormatJsonObjectConfig | FormatJsonSchemaConfig | FormatTextConfig | UnknownObject
    )
else:
    TextFormat = FormatJsonObjectConfig | FormatJsonSchemaConfig | FormatTextConfig
