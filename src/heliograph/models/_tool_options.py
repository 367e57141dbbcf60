"""Wire types: tool_options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject
from ._options import FormatTextConfig

__all__ = [
    "CodeInterpreterContainerAuto",
    "ContainerAutoEnvironment",
    "ContainerReferenceEnvironment",
    "CustomToolFormat",
    "CustomToolGrammarFormat",
    "InlineSkill",
    "InlineSkillSource",
    "InputImageMask",
    "LocalEnvironment",
    "LocalSkill",
    "McpApprovalFilter",
    "McpToolFilter",
    "NetworkDomainSecret",
    "NetworkPolicy",
    "NetworkPolicyAllowlist",
    "NetworkPolicyDisabled",
    "RankingOptions",
    "RankingOptionsHybridSearch",
    "SearchFilter",
    "Skill",
    "SkillReference",
    "SvgOptions",
    "SvgReasoning",
    "ToolEnvironment",
    "WebSearchDomainFilter",
    "WebSearchUserLocation",
]


class WebSearchDomainFilter(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    allowed_domains: Maybe[list[str] | None] = UNSET
    blocked_domains: Maybe[list[str] | None] = UNSET
    excluded_domains: Maybe[list[str] | None] = UNSET


class SearchFilter(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    type: Annotated[str, Known("eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "in", "nin")]
    key: Strict[str] = UNSET
    value: Strict[list[str | float] | str | float | bool] = UNSET
    filters: Strict[list[Any]] = UNSET


class RankingOptions(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    ranker: Maybe[Annotated[str, Known("auto", "default-2024-11-15")] | None] = UNSET
    score_threshold: Maybe[float | None] = UNSET
    hybrid_search: Maybe[RankingOptionsHybridSearch | None] = UNSET


class McpApprovalFilter(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    always: Maybe[McpToolFilter | None] = UNSET
    never: Maybe[McpToolFilter | None] = UNSET


class InputImageMask(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    file_id: Maybe[str | None] = UNSET
    image_url: Maybe[str | None] = UNSET


class RankingOptionsHybridSearch(Model, kw_only=True):
    """Named by OpenAI."""

    embedding_weight: float
    text_weight: float


class NetworkDomainSecret(Model, kw_only=True):
    """Named by OpenAI."""

    domain: str
    name: str
    value: str


class LocalSkill(Model, kw_only=True):
    """Named by OpenAI."""

    description: str
    name: str
    path: str


class SvgOptions(Model, kw_only=True):
    """Named by OpenAI."""

    model: Maybe[str | None] = UNSET
    reasoning: Maybe[SvgReasoning | None] = UNSET


class SvgReasoning(Model, kw_only=True):
    """Named by OpenAI."""

    effort: Maybe[
        Annotated[str, Known("none", "minimal", "low", "medium", "high", "xhigh", "max")] | None
    ] = UNSET


class McpToolFilter(Model, kw_only=True):
    """Named by OpenRouter, OpenAI."""

    read_only: Maybe[bool | None] = UNSET
    tool_names: Maybe[list[str] | None] = UNSET


class WebSearchUserLocation(Tagged, tag="approximate", kw_only=True):
    """``approximate``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["approximate"]] = "approximate"
    city: Maybe[str | None] = UNSET
    country: Maybe[str | None] = UNSET
    region: Maybe[str | None] = UNSET
    timezone: Maybe[str | None] = UNSET


class CodeInterpreterContainerAuto(Tagged, tag="auto", kw_only=True):
    """``auto``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["auto"]] = "auto"
    file_ids: Maybe[list[str] | None] = UNSET
    memory_limit: Maybe[Annotated[str, Known("1g", "4g", "16g", "64g")] | None] = UNSET
    network_policy: Maybe[NetworkPolicy | None] = UNSET


class CustomToolGrammarFormat(Tagged, tag="grammar", kw_only=True):
    """``grammar``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["grammar"]] = "grammar"
    definition: str
    syntax: Annotated[str, Known("lark", "regex")]


class NetworkPolicyDisabled(Tagged, tag="disabled", kw_only=True):
    """``disabled``, named by OpenAI."""

    type: ClassVar[Literal["disabled"]] = "disabled"


class NetworkPolicyAllowlist(Tagged, tag="allowlist", kw_only=True):
    """``allowlist``, named by OpenAI."""

    type: ClassVar[Literal["allowlist"]] = "allowlist"
    allowed_domains: list[str]
    domain_secrets: Maybe[list[NetworkDomainSecret] | None] = UNSET


class ContainerAutoEnvironment(Tagged, tag="container_auto", kw_only=True):
    """``container_auto``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["container_auto"]] = "container_auto"
    file_ids: Maybe[list[str] | None] = UNSET
    memory_limit: Maybe[Annotated[str, Known("1g", "4g", "16g", "64g")] | None] = UNSET
    network_policy: Maybe[NetworkPolicy | None] = UNSET
    skills: Maybe[list[Skill] | None] = UNSET


class SkillReference(Tagged, tag="skill_reference", kw_only=True):
    """``skill_reference``, named by OpenAI."""

    type: ClassVar[Literal["skill_reference"]] = "skill_reference"
    skill_id: str
    version: Maybe[str | None] = UNSET


class InlineSkill(Tagged, tag="inline", kw_only=True):
    """``inline``, named by OpenAI."""

    type: ClassVar[Literal["inline"]] = "inline"
    description: str
    name: str
    source: InlineSkillSource


class InlineSkillSource(Tagged, tag="base64", kw_only=True):
    """``base64``, named by OpenAI."""

    type: ClassVar[Literal["base64"]] = "base64"
    data: str
    media_type: Annotated[str, Known("application/zip")]


class LocalEnvironment(Tagged, tag="local", kw_only=True):
    """``local``, named by OpenAI."""

    type: ClassVar[Literal["local"]] = "local"
    skills: Maybe[list[LocalSkill] | None] = UNSET


class ContainerReferenceEnvironment(Tagged, tag="container_reference", kw_only=True):
    """``container_reference``, named by OpenRouter, OpenAI."""

    type: ClassVar[Literal["container_reference"]] = "container_reference"
    container_id: str


if TYPE_CHECKING:
    CustomToolFormat: TypeAlias = CustomToolGrammarFormat | FormatTextConfig | UnknownObject
else:
    CustomToolFormat = CustomToolGrammarFormat | FormatTextConfig

if TYPE_CHECKING:
    NetworkPolicy: TypeAlias = NetworkPolicyAllowlist | NetworkPolicyDisabled | UnknownObject
else:
    NetworkPolicy = NetworkPolicyAllowlist | NetworkPolicyDisabled

if TYPE_CHECKING:
    Skill: TypeAlias = InlineSkill | SkillReference | UnknownObject
else:
    Skill = InlineSkill | SkillReference

if TYPE_CHECKING:
    ToolEnvironment: TypeAlias = (
        ContainerAutoEnvironment | ContainerReferenceEnvironment | LocalEnvironment | UnknownObject
    )
else:
    ToolEnvironment = ContainerAutoEnvironment | ContainerReferenceEnvironment | LocalEnvironment
