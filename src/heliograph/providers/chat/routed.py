"""Several providers for the same models: order, retries, failover, health."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar

import msgspec
import tenacity

from heliograph import errors, models
from heliograph.providers._base import ChatPart, ChatProvider, ChatTurn, ModelCard, RelayProvider
from heliograph.providers.chat._health import Health

__all__ = ["Candidate", "RouteSettings", "Routed"]

T = TypeVar("T")

Begun: TypeAlias = tuple[list[T], AsyncGenerator[T, None]]
"""The beginning of an answer, up to the first thing shown, and the rest."""

#: Events before anything of the answer.
_SHOW_NOTHING = (models.CreatedEvent, models.QueuedEvent, models.InProgressEvent)

#: Failures that another upstream would share: they are the request's.
_REQUEST_FAULTS = frozenset({"bad_request", "content_policy"})


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


class Candidate(NamedTuple):
    """A provider under the name that the configuration gives it."""

    name: str
    provider: ChatProvider


class Routed:
    """A chat provider made of others, asked in their order until one begins to answer.

    Once a part has been shown nothing is tried again: the failure is passed on. A request's
    ``models`` are further models to try, and its ``provider`` preferences (``order``, ``only``,
    ``ignore``, ``allow_fallbacks``) go by the candidates' names. Health is remembered here, so one
    instance serves the whole installation.
    """

    def __init__(
        self, candidates: Sequence[Candidate], settings: RouteSettings | None = None
    ) -> None:
        self.settings = settings if settings is not None else RouteSettings()
        self._candidates = tuple(candidates)
        self._health = {
            c.name: Health(self.settings.failures, self.settings.rest) for c in candidates
        }
        cards: dict[str, ModelCard] = {}
        for candidate in candidates:
            for card in candidate.provider.cards:
                cards.setdefault(card.id, card)
        self._cards = tuple(cards.values())

    @property
    def cards(self) -> Sequence[ModelCard]:
        """Every candidate's models, each once: the first one's card counts."""
        return self._cards

    @property
    def resting(self) -> dict[str, float]:
        """Which candidates are left alone now, and for how many seconds."""
        return {name: health.rest for name, health in self._health.items() if health.rest > 0}

    def rests(self) -> dict[str, float]:
        """For how many seconds each candidate is left alone; 0: it may be asked."""
        return {name: health.rest for name, health in self._health.items()}

    def check(self, request: models.ResponsesRequest) -> None:
        """Refuse what no candidate can do, in the first one's words. Raises ``ProviderError``."""
        refusal: errors.ProviderError | None = None
        for candidate, model in self._order(request):
            try:
                candidate.provider.check(_for_model(request, model))
            except errors.ProviderError as error:
                refusal = refusal or error
            else:
                return
        raise refusal or _nobody(request)

    def relays(self, request: models.ResponsesRequest) -> bool:
        """Whether the candidate that would be asked first serves the whole request itself."""
        for candidate, model in self._order(request):
            if self._health[candidate.name].rest <= 0:
                return _can_relay(candidate.provider, _for_model(request, model))
        return False

    async def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """The first answer that begins. Raises ``ProviderError``, the last one's."""
        async with aclosing(self._run(turn, _answer, lambda *_: True)) as parts:
            async for part in parts:
                yield part

    async def relay(self, turn: ChatTurn) -> AsyncGenerator[models.StreamEvent, None]:
        """The first relayed stream that shows something. Raises ``ProviderError``, the last one's.

        Candidates that cannot relay the request are passed over.
        """
        async with aclosing(self._run(turn, _relay, _can_relay)) as events:
            async for event in events:
                yield event

    async def _run(
        self,
        turn: ChatTurn,
        ask: Callable[[Any, ChatTurn], AsyncGenerator[T, None]],
        can: Callable[[ChatProvider, models.ResponsesRequest], bool],
    ) -> AsyncGenerator[T, None]:
        last: errors.ProviderError | None = None
        for candidate, model in self._able(turn):
            asked = msgspec.structs.replace(turn, model=model)
            if not can(candidate.provider, _for_model(turn.request, model)):
                continue
            start = partial(ask, candidate.provider, asked)
            try:
                begun, rest = await self._begin(candidate, start)
            except errors.ProviderError as error:
                last = error
                if error.kind in _REQUEST_FAULTS:
                    raise
                continue
            async with aclosing(rest):
                for part in begun:
                    yield part
                try:
                    async for part in rest:
                        yield part
                except errors.ProviderError as error:
                    self._health[candidate.name].failed(error)
                    raise
            return
        raise last or self._all_rest(turn)

    async def aclose(self) -> None:
        """Close the candidates that can be closed."""
        for candidate in self._candidates:
            close = getattr(candidate.provider, "aclose", None)
            if close is not None:
                await close()

    async def _begin(
        self,
        candidate: Candidate,
        ask: Callable[[], AsyncGenerator[T, None]],
    ) -> Begun[T]:
        """A provider's beginning and the rest, after as many attempts as it takes and may."""
        tries = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self.settings.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception(self._again),
            reraise=True,
        )
        begun: Begun[T] | None = None
        async for attempt in tries:
            with attempt:
                begun = await _begun(ask(), self._health[candidate.name])
        assert begun is not None  # noqa: S101 -- the loop ends by success or by raising
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

    def _able(self, turn: ChatTurn) -> Iterator[tuple[Candidate, str]]:
        """Those that may be asked now and can do it."""
        for candidate, model in self._order(turn.request, turn.model):
            if self._health[candidate.name].rest > 0:
                continue
            try:
                candidate.provider.check(_for_model(turn.request, model))
            except errors.ProviderError:
                continue
            yield candidate, model

    def _order(
        self, request: models.ResponsesRequest, model: str | None = None
    ) -> list[tuple[Candidate, str]]:
        """The candidates in the order that the request prefers, for each model in turn."""
        wanted = [model or request.model or "", *(request.models or ())]
        chosen = self._preferred(request.provider)
        return [
            (candidate, model)
            for model in dict.fromkeys(wanted)
            for candidate in chosen
            if any(card.id == model for card in candidate.provider.cards)
        ]

    def _preferred(self, given: object) -> list[Candidate]:
        if not isinstance(given, models.ProviderPreferences):
            return list(self._candidates)
        only, ignored, order = given.only or (), given.ignore or (), given.order or ()
        kept = [
            c for c in self._candidates if (not only or c.name in only) and c.name not in ignored
        ]
        places = {name: place for place, name in enumerate(order)}
        kept.sort(key=lambda candidate: places.get(candidate.name, len(places)))
        if given.allow_fallbacks is False:
            return [c for c in kept if c.name in order] or kept[:1]
        return kept

    def _all_rest(self, turn: ChatTurn) -> errors.ProviderError:
        rests = [self._health[c.name].rest for c, _ in self._order(turn.request, turn.model)]
        if not any(rests):
            return _nobody(turn.request)
        return errors.ProviderError(
            f"{turn.model}: every upstream that serves it has failed lately and is left alone",
            kind="unavailable",
            retryable=True,
            retry_after=min(rest for rest in rests if rest > 0),
        )


async def _begun(parts: AsyncGenerator[T, None], health: Health) -> Begun[T]:
    """All up to the first that shows something, and what that says about the provider's health."""
    health.begin()
    begun: list[T] = []
    try:
        async for part in parts:
            begun.append(part)
            if _shows(part):
                break
    except BaseException as error:
        if isinstance(error, errors.ProviderError):
            health.failed(error)
        else:
            health.left()
        await parts.aclose()
        raise
    health.succeeded()
    return begun, parts


def _answer(provider: ChatProvider, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
    return provider.answer(turn)


def _relay(provider: RelayProvider, turn: ChatTurn) -> AsyncGenerator[models.StreamEvent, None]:
    return provider.relay(turn)


def _can_relay(provider: ChatProvider, request: models.ResponsesRequest) -> bool:
    relays = getattr(provider, "relays", None)
    return relays is not None and bool(relays(request))


def _shows(part: object) -> bool:
    """Whether a part or an event shows something of the answer."""
    return not isinstance(part, _SHOW_NOTHING)


def _for_model(request: models.ResponsesRequest, model: str) -> models.ResponsesRequest:
    return request if request.model == model else msgspec.structs.replace(request, model=model)


def _nobody(request: models.ResponsesRequest) -> errors.ProviderError:
    return errors.ProviderError(
        f"provider: its preferences leave nobody who serves {request.model}",
        kind="bad_request",
        param="provider",
    )
