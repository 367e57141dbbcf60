"""Which provider serves which model, and the catalog that needs no configuration."""

from __future__ import annotations

from collections.abc import Sequence

from heliograph import errors
from heliograph.providers._base import ChatProvider, ImageProvider, ModelCard

__all__ = ["Catalog", "embedded"]


class Catalog:
    """The providers of one installation, by model id.

    Where two providers serve a model, the first one given has it. The first chat and the first
    image model are the defaults.
    """

    def __init__(self, chat: Sequence[ChatProvider], images: Sequence[ImageProvider]) -> None:
        self._chat: dict[str, ChatProvider] = {}
        self._images: dict[str, ImageProvider] = {}
        self._cards: dict[str, ModelCard] = {}
        self._everyone = (*chat, *images)
        for speaker in chat:
            for card in speaker.cards:
                self._chat.setdefault(card.id, speaker)
                self._cards.setdefault(card.id, card)
        for painter in images:
            for card in painter.cards:
                self._images.setdefault(card.id, painter)
                self._cards.setdefault(card.id, card)

    def cards(self) -> list[ModelCard]:
        """Every model's card, chat models first, in the order given."""
        return list(self._cards.values())

    def card(self, model: str) -> ModelCard:
        """The card of one model; raises ``NotFound`` (``model_not_found``)."""
        try:
            return self._cards[model]
        except KeyError:
            raise _unknown(model, self._cards) from None

    def chat(self, model: str) -> ChatProvider:
        """Who answers for ``model``; raises ``NotFound`` (``model_not_found``)."""
        try:
            return self._chat[model]
        except KeyError:
            raise _unknown(model, self._chat) from None

    def image(self, model: str) -> ImageProvider:
        """Who draws for ``model``; raises ``NotFound`` (``model_not_found``)."""
        try:
            return self._images[model]
        except KeyError:
            raise _unknown(model, self._images) from None

    @property
    def default_image(self) -> str | None:
        """The image model used where a tool names none."""
        return next(iter(self._images), None)

    async def aclose(self) -> None:
        """Close the providers that hold connections (those with an ``aclose``)."""
        held = {id(provider): provider for provider in self._everyone}
        for provider in held.values():
            close = getattr(provider, "aclose", None)
            if close is not None:
                await close()

    def rests(self) -> dict[str, float]:
        """For how many seconds each upstream of a route is left alone; 0: it may be asked."""
        found: dict[str, float] = {}
        for provider in self._everyone:
            rests = getattr(provider, "rests", None)
            if rests is not None:
                found |= rests()
        return found

    def capabilities(self) -> tuple[str, ...]:
        """What a worker with these providers can claim: ``chat:<model>`` and ``image:<model>``."""
        return (*(f"chat:{m}" for m in self._chat), *(f"image:{m}" for m in self._images))


def _unknown(
    model: str, known: dict[str, ChatProvider] | dict[str, ImageProvider] | dict[str, ModelCard]
) -> errors.NotFound:
    offered = ", ".join(sorted(known)) or "none"
    return errors.NotFound(
        f"the model {model!r} does not exist here; models offered: {offered}",
        param="model",
        code="model_not_found",
    )


def embedded() -> Catalog:
    """The two models that need no key, no GPU and no download.

    ``heliograph/direct`` and ``heliograph/illustrator``. Raises ``MissingExtra`` where the
    illustrator's libraries (the extra ``local``) are absent.
    """
    from heliograph.providers.chat import Direct
    from heliograph.providers.image.illustrator import Illustrator

    return Catalog(chat=[Direct()], images=[Illustrator()])
