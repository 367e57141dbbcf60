"""Settings of tools: filters, containers, skills, masks."""

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
    """Which sites a search may or may not use.

    Named by OpenRouter, OpenAI.
    """

    allowed_domains: Maybe[list[str] | None] = UNSET
    blocked_domains: Maybe[list[str] | None] = UNSET
    excluded_domains: Maybe[list[str] | None] = UNSET


class SearchFilter(Model, kw_only=True):
    """Compares an attribute with a value, or joins such comparisons.

    Named by OpenRouter, OpenAI.
    """

    type: Annotated[str, Known("eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "in", "nin")]
    key: Strict[str] = UNSET
    value: Strict[list[str | float] | str | float | bool] = UNSET
    filters: Strict[list[Any]] = UNSET


class RankingOptions(Model, kw_only=True):
    """How search results are ranked.

    Named by OpenRouter, OpenAI.
    """

    ranker: Maybe[Annotated[str, Known("auto", "default-2024-11-15")] | None] = UNSET
    score_threshold: Maybe[float | None] = UNSET
    hybrid_search: Maybe[RankingOptionsHybridSearch | None] = UNSET


class McpApprovalFilter(Model, kw_only=True):
    """Which tools of an MCP server need approval and which do not.

    Named by OpenRouter, OpenAI.
    """

    always: Maybe[McpToolFilter | None] = UNSET
    never: Maybe[McpToolFilter | None] = UNSET


class InputImageMask(Model, kw_only=True):
    """Where the picture may be changed.

    Named by OpenRouter, OpenAI.
    """

    file_id: Maybe[str | None] = UNSET
    image_url: Maybe[str | None] = UNSET


class RankingOptionsHybridSearch(Model, kw_only=True):
    """How embeddings and words are weighed against each other.

    Named by OpenAI.
    """

    embedding_weight: float
    text_weight: float


class NetworkDomainSecret(Model, kw_only=True):
    """A secret that is sent to one domain only.

    Named by OpenAI.
    """

    domain: str
    name: str
    value: str


class LocalSkill(Model, kw_only=True):
    """A skill on the caller's machine.

    Named by OpenAI.
    """

    description: str
    name: str
    path: str


class SvgOptions(Model, kw_only=True):
    """How a vector picture is made.

    Named by OpenAI.
    """

    model: Strict[str | None] = UNSET
    reasoning: Maybe[SvgReasoning | None] = UNSET


class SvgReasoning(Model, kw_only=True):
    """How much the vector model should think.

    Named by OpenAI.
    """

    effort: Maybe[
        Annotated[str, Known("none", "minimal", "low", "medium", "high", "xhigh", "max")] | None
    ] = UNSET


class McpToolFilter(Model, kw_only=True):
    """Some tools of an MCP server, by name or by whether they only read.

    Named by OpenRouter, OpenAI.
    """

    read_only: Maybe[bool | None] = UNSET
    tool_names: Maybe[list[str] | None] = UNSET


class WebSearchUserLocation(Tagged, tag="approximate", kw_only=True):
    """Roughly where the user is, for searches.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["approximate"]] = "approximate"
    city: Maybe[str | None] = UNSET
    country: Maybe[str | None] = UNSET
    region: Maybe[str | None] = UNSET
    timezone: Maybe[str | None] = UNSET


class CodeInterpreterContainerAuto(Tagged, tag="auto", kw_only=True):
    """A container that the server makes for the code interpreter.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["auto"]] = "auto"
    file_ids: Maybe[list[str] | None] = UNSET
    memory_limit: Maybe[Annotated[str, Known("1g", "4g", "16g", "64g")] | None] = UNSET
    network_policy: Maybe[NetworkPolicy | None] = UNSET


class CustomToolGrammarFormat(Tagged, tag="grammar", kw_only=True):
    """A grammar that a custom tool's input keeps to.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["grammar"]] = "grammar"
    definition: str
    syntax: Annotated[str, Known("lark", "regex")]


class NetworkPolicyDisabled(Tagged, tag="disabled", kw_only=True):
    """A container may reach nothing.

    Named by OpenAI.
    """

    type: ClassVar[Literal["disabled"]] = "disabled"


class NetworkPolicyAllowlist(Tagged, tag="allowlist", kw_only=True):
    """A container may reach these domains.

    Named by OpenAI.
    """

    type: ClassVar[Literal["allowlist"]] = "allowlist"
    allowed_domains: list[str]
    domain_secrets: Maybe[list[NetworkDomainSecret] | None] = UNSET


class ContainerAutoEnvironment(Tagged, tag="container_auto", kw_only=True):
    """A container that the server makes for the shell tool.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["container_auto"]] = "container_auto"
    file_ids: Maybe[list[str] | None] = UNSET
    memory_limit: Maybe[Annotated[str, Known("1g", "4g", "16g", "64g")] | None] = UNSET
    network_policy: Maybe[NetworkPolicy | None] = UNSET
    skills: Maybe[list[Skill] | None] = UNSET


class SkillReference(Tagged, tag="skill_reference", kw_only=True):
    """A skill that the server knows.

    Named by OpenAI.
    """

    type: ClassVar[Literal["skill_reference"]] = "skill_reference"
    skill_id: str
    version: Maybe[str | None] = UNSET


class InlineSkill(Tagged, tag="inline", kw_only=True):
    """A skill whose files stand in the request.

    Named by OpenAI.
    """

    type: ClassVar[Literal["inline"]] = "inline"
    description: str
    name: str
    source: InlineSkillSource


class InlineSkillSource(Tagged, tag="base64", kw_only=True):
    """The files of an inline skill, as a base64 archive.

    Named by OpenAI.
    """

    type: ClassVar[Literal["base64"]] = "base64"
    data: str
    media_type: Annotated[str, Known("application/zip")]


class LocalEnvironment(Tagged, tag="local", kw_only=True):
    """The caller's own machine.

    Named by OpenAI.
    """

    type: ClassVar[Literal["local"]] = "local"
    skills: Maybe[list[LocalSkill] | None] = UNSET


class ContainerReferenceEnvironment(Tagged, tag="container_reference", kw_only=True):
    """A container that exists already.

    Named by OpenRouter, OpenAI.
    """

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
