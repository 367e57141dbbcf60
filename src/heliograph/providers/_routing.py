"""What choosing among several providers takes, whatever they make: order, retries, health."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, TypeVar

import msgspec
import tenacity

from heliograph import errors
from heliograph.providers._base import Preferences
from heliograph.providers._health import Health

__all__ = ["REQUEST_FAULTS", "RouteSettings", "Tries", "preferred"]

T = TypeVar("T")

#: Failures that another upstream would share: they are the request's.
REQUEST_FAULTS = frozenset({"bad_request", "content_policy"})


class RouteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How hard to try. Times are seconds.

    ``attempts`` per provider, ``wait_first`` before the second (doubled for each further one, up to
    ``wait_most``, and then a random part of it); an upstream that asks for a longer wait than
    ``wait_most`` with ``Retry-After`` is not waited for. After ``failures`` in a row a provider
    rests for ``rest``.
    """

    attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    wait_first: Annotated[float, msgspec.Meta(ge=0)] = 0.25
    wait_most: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    failures: Annotated[int, msgspec.Meta(ge=1)] = 5
    rest: Annotated[float, msgspec.Meta(gt=0)] = 30.0


def preferred(names: Sequence[str], given: Preferences | None) -> list[str]:
    """Those of ``names`` that may be asked, in the order in which they are."""
    if given is None:
        return list(names)
    kept = [n for n in names if (not given.only or n in given.only) and n not in given.ignore]
    places = {name: place for place, name in enumerate(given.order)}
    kept.sort(key=lambda name: places.get(name, len(places)))
    if not given.allow_fallbacks:
        return [name for name in kept if name in places] or kept[:1]
    return kept


class Tries:
    """Retries and health of some providers, by name.

    Health is remembered here, so one instance serves the whole installation.
    """

    def __init__(self, names: Iterable[str], settings: RouteSettings | None = None) -> None:
        self.settings = settings if settings is not None else RouteSettings()
        self._health = {n: Health(self.settings.failures, self.settings.rest) for n in names}

    def rest(self, name: str) -> float:
        """Seconds until a provider may be asked; 0 means now."""
        return self._health[name].rest

    def failed(self, name: str, error: errors.ProviderError) -> None:
        """A provider failed after it had begun."""
        self._health[name].failed(error)

    def all_rest(self, model: str, names: Iterable[str]) -> errors.ProviderError | None:
        """The failure to tell of where those of ``names`` that rest are why nobody was asked."""
        rests = [rest for name in names if (rest := self.rest(name)) > 0]
        if not rests:
            return None
        return errors.ProviderError(
            f"{model}: every upstream that may be asked for it has failed lately and is left alone",
            kind="unavailable",
            retryable=True,
            retry_after=min(rests),
        )

    async def begin(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What ``ask`` gives once the provider has begun to answer.

        After as many attempts as it takes and may; raises the last one's ``ProviderError``.
        """
        health = self._health[name]
        try:
            return await self._once(health, ask)
        except errors.ProviderError as error:
            failures = [error]

        async def attempt() -> T:
            if failures:
                raise failures.pop()
            return await self._once(health, ask)

        # Not before something has failed: an upstream can take long, and this as long takes memory.
        tries = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self.settings.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception(self._again),
            reraise=True,
        )
        return await tries(attempt)

    @staticmethod
    async def _once(health: Health, ask: Callable[[], Awaitable[T]]) -> T:
        health.begin()
        try:
            begun = await ask()
        except errors.ProviderError as error:
            health.failed(error)
            raise
        except BaseException:
            health.left()
            raise
        health.succeeded()
        return begun

    def _again(self, error: BaseException) -> bool:
        """Whether the same provider is worth another attempt."""
        if not isinstance(error, errors.ProviderError) or not error.retryable:
            return False
        return (error.retry_after or 0.0) <= self.settings.wait_most

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """As long as the upstream says, else a random part of a doubling time."""
        error = state.outcome.exception() if state.outcome is not None else None
        asked = getattr(error, "retry_after", None)
        longest = min(
            self.settings.wait_most, self.settings.wait_first * 2 ** (state.attempt_number - 1)
        )
        jitter = random.uniform(0.0, longest)
        return jitter if asked is None else float(asked) + jitter * 0.1
