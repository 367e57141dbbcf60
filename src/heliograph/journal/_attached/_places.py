"""Places of a journal that another process has."""

from __future__ import annotations

from typing import Any

from heliograph.journal._attached._link import Link, repeated
from heliograph.journal._places import Places, Share

__all__ = ["AttachedPlaces"]


class AttachedPlaces(Places):
    """See ``Places``. Every call may be made twice."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._said: dict[tuple[str, str], tuple[Any, ...]] = {}

    def renewals(self) -> list[tuple[str, tuple[Any, ...]]]:
        """What is to be said again where the connection was made anew."""
        return [("places.share", said) for said in self._said.values()]

    async def share(
        self, pool: str, holder: str, share: Share, *, most: int, seconds: float
    ) -> int:
        """See ``Places.share``."""
        said = (pool, holder, share, most, seconds)
        if share.asked > share.back:
            self._said[pool, holder] = said
        else:
            self._said.pop((pool, holder), None)
        given: int = await repeated(self._link, "places.share", *said)
        return given

    async def moved(self, pool: str, holder: str, given: int) -> int:
        """See ``Places.moved``."""
        now: int = await repeated(self._link, "places.moved", pool, holder, given)
        return now
