"""OpenRouter's routing: plugins, provider preferences, stop conditions, traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Plugin, Tagged, UnknownObject
from ._options import ProviderSortConfig
from ._tool_options import WebSearchUserLocation
from ._tools_openrouter import NestedServerTool

__all__ = [
    "AnyPlugin",
    "AutoBetaRouterPlugin",
    "AutoRouterPlugin",
    "ContextCompressionPlugin",
    "DebugOptions",
    "FileParserPlugin",
    "FusionPlugin",
    "MaxPrice",
    "ModerationPlugin",
    "PDFParserOptions",
    "ParetoRouterPlugin",
    "PercentileCutoffs",
    "ProviderPreferences",
    "ResponseHealingPlugin",
    "StopCondition",
    "StopServerToolsWhenFinishReasonIs",
    "StopServerToolsWhenHasToolCall",
    "StopServerToolsWhenMaxCost",
    "StopServerToolsWhenMaxTokensUsed",
    "StopServerToolsWhenStepCountIs",
    "TraceConfig",
    "WebFetchPlugin",
    "WebSearchPlugin",
]


class DebugOptions(Model, kw_only=True):
    """What debugging events to send.

    Named by OpenRouter.
    """

    echo_upstream_body: Maybe[bool] = UNSET


class PDFParserOptions(Model, kw_only=True):
    """Which engine reads PDF files.

    Named by OpenRouter.
    """

    engine: Maybe[Annotated[str, Known("mistral-ocr", "native", "cloudflare-ai", "pdf-text")]] = (
        UNSET
    )


class ProviderPreferences(Model, kw_only=True):
    """Which providers may serve, and in what order.

    Named by OpenRouter.
    """

    allow_fallbacks: Maybe[bool | None] = UNSET
    data_collection: Maybe[Annotated[str, Known("deny", "allow")] | None] = UNSET
    enforce_distillable_text: Maybe[bool | None] = UNSET
    ignore: Maybe[list[str] | None] = UNSET
    max_price: Maybe[MaxPrice] = UNSET
    only: Maybe[list[str] | None] = UNSET
    order: Maybe[list[str] | None] = UNSET
    preferred_max_latency: Maybe[PercentileCutoffs | float | None] = UNSET
    preferred_min_throughput: Maybe[PercentileCutoffs | float | None] = UNSET
    quantizations: Maybe[
        list[
            Annotated[
                str,
                Known(
                    "int4",
                    "int8",
                    "fp4",
                    "mxfp4",
                    "nvfp4",
                    "fp6",
                    "fp8",
                    "mxfp8",
                    "fp16",
                    "bf16",
                    "fp32",
                    "unknown",
                ),
            ]
        ]
        | None
    ] = UNSET
    require_parameters: Maybe[bool | None] = UNSET
    sort: Maybe[
        ProviderSortConfig
        | Annotated[str, Known("price", "throughput", "latency", "exacto")]
        | None
    ] = UNSET
    zdr: Maybe[bool | None] = UNSET


class TraceConfig(Model, kw_only=True):
    """How the request shows up in the caller's traces.

    Named by OpenRouter.
    """

    generation_name: Maybe[str] = UNSET
    parent_span_id: Maybe[str] = UNSET
    span_name: Maybe[str] = UNSET
    trace_id: Maybe[str] = UNSET
    trace_name: Maybe[str] = UNSET


class PercentileCutoffs(Model, kw_only=True):
    """A bound for each percentile.

    Named by OpenRouter.
    """

    p50: Maybe[float | None] = UNSET
    p75: Maybe[float | None] = UNSET
    p90: Maybe[float | None] = UNSET
    p99: Maybe[float | None] = UNSET


class MaxPrice(Model, kw_only=True):
    """The most that a request may cost, by kind.

    Named by OpenRouter.
    """

    audio: Maybe[str] = UNSET
    completion: Maybe[str] = UNSET
    image: Maybe[str] = UNSET
    prompt: Maybe[str] = UNSET
    request: Maybe[str] = UNSET


class AutoRouterPlugin(Plugin, tag="auto-router", kw_only=True):
    """Chooses the model for a request.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["auto-router"]] = "auto-router"
    allowed_models: Maybe[list[str]] = UNSET
    cost_quality_tradeoff: Maybe[int] = UNSET
    cost_tier: Maybe[Annotated[str, Known("low", "medium", "high", "xhigh", "max")]] = UNSET
    enabled: Maybe[bool] = UNSET
    excluded_models: Maybe[list[str]] = UNSET
    pin_model: Maybe[bool] = UNSET


class AutoBetaRouterPlugin(Plugin, tag="auto-beta-router", kw_only=True):
    """Chooses the model for a request (trial version).

    Named by OpenRouter.
    """

    id: ClassVar[Literal["auto-beta-router"]] = "auto-beta-router"
    allowed_models: Maybe[list[str]] = UNSET
    cost_quality_tradeoff: Maybe[int] = UNSET
    cost_tier: Maybe[Annotated[str, Known("low", "medium", "high", "xhigh", "max")]] = UNSET
    enabled: Maybe[bool] = UNSET
    excluded_models: Maybe[list[str]] = UNSET


class ModerationPlugin(Plugin, tag="moderation", kw_only=True):
    """Moderates a request before it is sent on.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["moderation"]] = "moderation"


class WebSearchPlugin(Plugin, tag="web", kw_only=True):
    """Searches the web before the model answers.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["web"]] = "web"
    enabled: Maybe[bool] = UNSET
    engine: Maybe[Annotated[str, Known("native", "exa", "firecrawl", "parallel", "perplexity")]] = (
        UNSET
    )
    exclude_domains: Maybe[list[str]] = UNSET
    include_domains: Maybe[list[str]] = UNSET
    max_results: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET
    mode: Maybe[
        Annotated[
            str,
            Known(
                "instant",
                "fast",
                "auto",
                "deep-lite",
                "deep",
                "deep-reasoning",
                "turbo",
                "basic",
                "advanced",
            ),
        ]
    ] = UNSET
    search_prompt: Maybe[str] = UNSET
    user_location: Maybe[WebSearchUserLocation | None] = UNSET


class WebFetchPlugin(Plugin, tag="web-fetch", kw_only=True):
    """Fetches web pages named in the prompt.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["web-fetch"]] = "web-fetch"
    allowed_domains: Maybe[list[str]] = UNSET
    blocked_domains: Maybe[list[str]] = UNSET
    max_content_tokens: Maybe[int] = UNSET
    max_uses: Maybe[int] = UNSET


class FileParserPlugin(Plugin, tag="file-parser", kw_only=True):
    """Reads PDF files for models that cannot.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["file-parser"]] = "file-parser"
    enabled: Maybe[bool] = UNSET
    pdf: Maybe[PDFParserOptions] = UNSET


class ResponseHealingPlugin(Plugin, tag="response-healing", kw_only=True):
    """Mends broken JSON in the model's output.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["response-healing"]] = "response-healing"
    enabled: Maybe[bool] = UNSET


class ContextCompressionPlugin(Plugin, tag="context-compression", kw_only=True):
    """Shortens conversations that do not fit the model.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["context-compression"]] = "context-compression"
    enabled: Maybe[bool] = UNSET
    engine: Maybe[Annotated[str, Known("middle-out")]] = UNSET


class ParetoRouterPlugin(Plugin, tag="pareto-router", kw_only=True):
    """Chooses a model by price and quality.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["pareto-router"]] = "pareto-router"
    enabled: Maybe[bool] = UNSET
    max_price: Maybe[float] = UNSET
    min_coding_score: Maybe[float] = UNSET
    price_source: Maybe[Annotated[str, Known("prompt", "weighted_avg")]] = UNSET


class FusionPlugin(Plugin, tag="fusion", kw_only=True):
    """Has several models answer and one make a whole of it.

    Named by OpenRouter.
    """

    id: ClassVar[Literal["fusion"]] = "fusion"
    analysis_models: Maybe[list[str]] = UNSET
    enabled: Maybe[bool] = UNSET
    max_tool_calls: Maybe[int] = UNSET
    model: Maybe[str] = UNSET
    preset: Maybe[Annotated[str, Known("general-high", "general-budget", "general-fast")]] = UNSET
    tools: Maybe[list[NestedServerTool]] = UNSET


class StopServerToolsWhenStepCountIs(Tagged, tag="step_count_is", kw_only=True):
    """Stop the tool loop after this many steps.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["step_count_is"]] = "step_count_is"
    step_count: int


class StopServerToolsWhenHasToolCall(Tagged, tag="has_tool_call", kw_only=True):
    """Stop the tool loop once this tool was called.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["has_tool_call"]] = "has_tool_call"
    tool_name: str


class StopServerToolsWhenMaxTokensUsed(Tagged, tag="max_tokens_used", kw_only=True):
    """Stop the tool loop after this many tokens.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["max_tokens_used"]] = "max_tokens_used"
    max_tokens: int


class StopServerToolsWhenMaxCost(Tagged, tag="max_cost", kw_only=True):
    """Stop the tool loop at this cost.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["max_cost"]] = "max_cost"
    max_cost_in_dollars: float


class StopServerToolsWhenFinishReasonIs(Tagged, tag="finish_reason_is", kw_only=True):
    """Stop the tool loop on this finish reason.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["finish_reason_is"]] = "finish_reason_is"
    reason: str


if TYPE_CHECKING:
    AnyPlugin: TypeAlias = (
        AutoBetaRouterPlugin
        | AutoRouterPlugin
        | ContextCompressionPlugin
        | FileParserPlugin
        | FusionPlugin
        | ModerationPlugin
        | ParetoRouterPlugin
        | ResponseHealingPlugin
        | WebFetchPlugin
        | WebSearchPlugin
        | UnknownObject
    )
else:
    AnyPlugin = (
        AutoBetaRouterPlugin
        | AutoRouterPlugin
        | ContextCompressionPlugin
        | FileParserPlugin
        | FusionPlugin
        | ModerationPlugin
        | ParetoRouterPlugin
        | ResponseHealingPlugin
        | WebFetchPlugin
        | WebSearchPlugin
    )

if TYPE_CHECKING:
    StopCondition: TypeAlias = (
        StopServerToolsWhenFinishReasonIs
        | StopServerToolsWhenHasToolCall
        | StopServerToolsWhenMaxCost
        | StopServerToolsWhenMaxTokensUsed
        | StopServerToolsWhenStepCountIs
        | UnknownObject
    )
else:
    StopCondition = (
        StopServerToolsWhenFinishReasonIs
        | StopServerToolsWhenHasToolCall
        | StopServerToolsWhenMaxCost
        | StopServerToolsWhenMaxTokensUsed
        | StopServerToolsWhenStepCountIs
    )
