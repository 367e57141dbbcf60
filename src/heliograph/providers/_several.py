"""What a provider that is made of others is, whatever they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from heliograph.providers._base import ModelCard
from heliograph.providers._routing import RouteSettings, Tries

__all__ = ["Several"]


class _Carded(Protocol):
    @property
    def cards(self) -> Sequence[ModelCard]: ...


P = TypeVar("P", bound=_Carded)


class Several(Generic[P]):
    """Providers by the names that the configuration gives them, and how they fared."""

    def __init__(self, candidates: Sequence[tuple[str, P]], settings: RouteSettings | None) -> None:
        self._candidates = dict(candidates)
        self._tries = Tries(self._candidates, settings)
        cards: dict[str, ModelCard] = {}
        self._serving: dict[str, list[str]] = {}
        for name, provider in candidates:
            for card in provider.cards:
                cards.setdefault(card.id, card)
                self._serving.setdefault(card.id, []).append(name)
        self._cards = tuple(cards.values())

    @property
    def cards(self) -> Sequence[ModelCard]:
        """Every candidate's models, each once: the first one's card counts."""
        return self._cards

    @property
    def names(self) -> tuple[str, ...]:
        """The candidates' names, as ``provider`` preferences may use them."""
        return tuple(self._candidates)

    def rests(self) -> dict[str, float]:
        """For how many seconds each candidate is left alone; 0: it may be asked."""
        return {name: self._tries.rest(name) for name in self._candidates}

    async def aclose(self) -> None:
        """Close the candidates that can be closed."""
        for provider in self._candidates.values():
            close = getattr(provider, "aclose", None)
            if close is not None:
                await close()
