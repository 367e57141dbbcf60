"""Several providers for the same image models: order, retries, failover, health."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

from heliograph import errors
from heliograph.providers._base import ImageJob, ImagePart, ImageProvider, ModelCard
from heliograph.providers._routing import REQUEST_FAULTS, RouteSettings, Tries, preferred

__all__ = ["ImageCandidate", "RoutedImages"]


class ImageCandidate(NamedTuple):
    """An image provider under the name that the configuration gives it."""

    name: str
    provider: ImageProvider


class RoutedImages:
    """An image provider made of others, asked in their order until one begins to draw.

    Once a preview has been shown nothing is tried again: the failure is passed on. A job's
    ``prefer`` goes by the candidates' names. One instance serves the whole installation.
    """

    def __init__(
        self, candidates: Sequence[ImageCandidate], settings: RouteSettings | None = None
    ) -> None:
        self._candidates = {c.name: c.provider for c in candidates}
        self._tries = Tries(self._candidates, settings)
        cards: dict[str, ModelCard] = {}
        self._serving: dict[str, list[str]] = {}
        for candidate in candidates:
            for card in candidate.provider.cards:
                cards.setdefault(card.id, card)
                self._serving.setdefault(card.id, []).append(candidate.name)
        self._cards = tuple(cards.values())

    @property
    def cards(self) -> Sequence[ModelCard]:
        """Every candidate's models, each once: the first one's card counts."""
        return self._cards

    @property
    def names(self) -> tuple[str, ...]:
        """The candidates' names, as ``provider`` preferences may use them."""
        return tuple(self._candidates)

    @property
    def resting(self) -> dict[str, float]:
        """Which candidates are left alone now, and for how many seconds."""
        return self._tries.resting

    def rests(self) -> dict[str, float]:
        """For how many seconds each candidate is left alone; 0: it may be asked."""
        return {name: self._tries.rest(name) for name in self._candidates}

    def check(self, job: ImageJob) -> None:
        """Refuse what no candidate can draw, in the first one's words. Raises ``ProviderError``."""
        refusal: errors.ProviderError | None = None
        for name in self._order(job):
            try:
                self._candidates[name].check(job)
            except errors.ProviderError as error:
                refusal = refusal or error
            else:
                return
        raise refusal or _nobody(job)

    def seed_for(self, job: ImageJob) -> int | None:
        """The seed that the first of those who can draw it would use."""
        name = next(self._able(job), None)
        return job.seed if name is None else self._candidates[name].seed_for(job)

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        """The first drawing that begins. Raises ``ProviderError``, the last one's."""
        last: errors.ProviderError | None = None
        for name in self._able(job):
            if self._tries.rest(name) > 0:
                continue
            try:
                begun, rest = await self._tries.begin(name, partial(self._begin, name, job))
            except errors.ProviderError as error:
                last = error
                if error.kind in REQUEST_FAULTS:
                    raise
                continue
            async with aclosing(rest):
                yield begun
                try:
                    async for part in rest:
                        yield part
                except errors.ProviderError as error:
                    self._tries.failed(name, error)
                    raise
            return
        raise last or self._tries.all_rest(job.model, self._order(job)) or _nobody(job)

    async def _begin(
        self, name: str, job: ImageJob
    ) -> tuple[ImagePart, AsyncGenerator[ImagePart, None]]:
        """The first preview (or the picture, where none comes before it), and the rest."""
        parts = self._candidates[name].draw(job)
        try:
            begun = await anext(parts, None)
        except BaseException:
            await parts.aclose()
            raise
        if begun is None:
            raise errors.ProviderError(f"{job.model} ended without a picture", kind="protocol")
        return begun, parts

    async def aclose(self) -> None:
        """Close the candidates that can be closed."""
        for provider in self._candidates.values():
            close = getattr(provider, "aclose", None)
            if close is not None:
                await close()

    def _able(self, job: ImageJob) -> Iterator[str]:
        """Those that can draw it, rested or not."""
        for name in self._order(job):
            try:
                self._candidates[name].check(job)
            except errors.ProviderError:
                continue
            yield name

    def _order(self, job: ImageJob) -> list[str]:
        return preferred(self._serving.get(job.model, ()), job.prefer)


def _nobody(job: ImageJob) -> errors.ProviderError:
    return errors.ProviderError(
        f"provider: its preferences leave nobody who draws with {job.model}",
        kind="bad_request",
        param="prefer",
    )
