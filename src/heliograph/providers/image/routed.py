"""Several providers for the same image models: order, retries, failover, health."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

from heliograph import errors
from heliograph.providers._base import ImageJob, ImagePart, ImageProvider
from heliograph.providers._routing import REQUEST_FAULTS, RouteSettings, preferred
from heliograph.providers._several import Several

__all__ = ["ImageCandidate", "RoutedImages"]


class ImageCandidate(NamedTuple):
    """An image provider under the name that the configuration gives it."""

    name: str
    provider: ImageProvider


class RoutedImages(Several[ImageProvider]):
    """An image provider made of others, asked in their order until one begins to draw.

    Once a preview has been shown nothing is tried again: the failure is passed on. A job's
    ``prefer`` goes by the candidates' names. One instance serves the whole installation.
    """

    def __init__(
        self, candidates: Sequence[ImageCandidate], settings: RouteSettings | None = None
    ) -> None:
        super().__init__(candidates, settings)

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
