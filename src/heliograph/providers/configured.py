"""Providers as a configuration file names them: ``[providers.NAME]``, ``kind`` and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from heliograph import errors
from heliograph.providers._base import ChatProvider, ImageProvider
from heliograph.providers._catalog import Catalog
from heliograph.providers._places import PlacesOf, alone
from heliograph.providers.chat import (
    Candidate,
    ChatCompletions,
    ChatCompletionsSettings,
    Direct,
    Responses,
    ResponsesSettings,
    Routed,
    RouteSettings,
)
from heliograph.providers.image import (
    ImageCandidate,
    OpenAIImages,
    OpenAIImagesSettings,
    OpenRouterImages,
    OpenRouterImagesSettings,
    RoutedImages,
)
from heliograph.providers.image.illustrator import Illustrator

__all__ = [
    "DirectSettings",
    "IllustratorSettings",
    "Installation",
    "ProviderSettings",
    "RouteSettings",
    "install",
    "unlisted",
]


class DirectSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="direct"
):
    """``kind = "direct"``: the embedded ``heliograph/direct``, which has no keys."""


class IllustratorSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="illustrator"
):
    """``kind = "illustrator"``: the embedded ``heliograph/illustrator``, which has no keys."""


ProviderSettings: TypeAlias = (
    ChatCompletionsSettings
    | ResponsesSettings
    | OpenAIImagesSettings
    | OpenRouterImagesSettings
    | DirectSettings
    | IllustratorSettings
)

EMBEDDED = "embedded"
"""The name under which the two embedded providers serve where no section names them."""


class Installation(NamedTuple):
    """What settings come to: the catalog, and for each model who serves it, in their order."""

    catalog: Catalog
    servers: dict[str, tuple[str, ...]]


def install(
    sections: Mapping[str, ProviderSettings],
    routes: RouteSettings | None = None,
    *,
    embedded: bool = True,
    places: PlacesOf = alone,
) -> Installation:
    """The providers of ``sections``, in their order, and then the embedded two.

    The chat models are one route and the image models another: where several providers serve a
    model, they are asked in the sections' order. ``places`` are what ``max_concurrent`` counts,
    this process's own unless given. Raises ``ConfigError`` for a key's variable that is not set,
    and where nothing would be served; ``MissingExtra``.
    """
    candidates: list[Candidate] = []
    drawing: list[ImageCandidate] = []
    servers: dict[str, list[str]] = {}

    def serves(name: str, provider: ChatProvider | ImageProvider) -> None:
        for card in provider.cards:
            servers.setdefault(card.id, []).append(name)

    for name, settings in sections.items():
        provider = _made(name, settings, places)
        serves(name, provider)
        if isinstance(provider, ChatCompletions | Responses | Direct):
            candidates.append(Candidate(name, provider))
        else:
            drawing.append(ImageCandidate(name, provider))
    if embedded:
        if not any(isinstance(one.provider, Direct) for one in candidates):
            candidates.append(Candidate(EMBEDDED, Direct()))
            serves(EMBEDDED, candidates[-1].provider)
        if not any(isinstance(one.provider, Illustrator) for one in drawing):
            drawing.append(ImageCandidate(EMBEDDED, Illustrator()))
            serves(EMBEDDED, drawing[-1].provider)
    if not servers:
        raise errors.ConfigError("embedded is false and [providers] is empty: nothing to serve")
    chat = [Routed(candidates, routes)] if candidates else []
    images = [RoutedImages(drawing, routes)] if drawing else []
    return Installation(Catalog(chat, images), {m: tuple(names) for m, names in servers.items()})


async def unlisted(name: str, settings: ProviderSettings) -> tuple[str, ...]:
    """Ask a provider's upstream for its models: those of ``settings`` that it does not list.

    Raises ``ProviderError`` where it cannot be reached or refuses, ``ConfigError``.
    """
    provider = _made(name, settings)
    if isinstance(provider, Direct | Illustrator):
        return ()
    try:
        listed = await provider.listed()
    finally:
        await provider.aclose()
    if isinstance(settings, ChatCompletionsSettings | ResponsesSettings):
        wanted = [model.upstream or ours for ours, model in settings.models.items()]
    elif isinstance(settings, OpenAIImagesSettings | OpenRouterImagesSettings):
        wanted = list(settings.models.values())
    else:
        wanted = []
    return tuple(model for model in wanted if model not in listed)


def _made(
    name: str, settings: ProviderSettings, places: PlacesOf = alone
) -> ChatCompletions | Responses | OpenAIImages | OpenRouterImages | Direct | Illustrator:
    try:
        match settings:
            case ChatCompletionsSettings():
                return ChatCompletions(settings, name=name, places=places)
            case ResponsesSettings():
                return Responses(settings, name=name, places=places)
            case OpenAIImagesSettings():
                return OpenAIImages(settings, name=name, places=places)
            case OpenRouterImagesSettings():
                return OpenRouterImages(settings, name=name, places=places)
            case DirectSettings():
                return Direct()
            case IllustratorSettings():
                return Illustrator()
    except errors.ConfigError as error:
        raise errors.ConfigError(f"providers.{name}.{error}") from None
