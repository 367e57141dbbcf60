"""Several providers for the same models: order, retries, failover, health."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from heliograph import errors, models
from heliograph.providers._base import (
    Answering,
    ChatPart,
    ChatProvider,
    ChatTurn,
    Preferences,
    Relayed,
)
from heliograph.providers._routing import REQUEST_FAULTS, RouteSettings, preferred
from heliograph.providers._several import Several

__all__ = ["Candidate", "RouteSettings", "Routed", "preferences"]

T = TypeVar("T")

#: Events before anything of the answer. Unknown ones that come before it are among them.
_SHOW_NOTHING = (
    models.CreatedEvent,
    models.QueuedEvent,
    models.InProgressEvent,
    models.UnknownEvent,
)


class Candidate(NamedTuple):
    """A provider under the name that the configuration gives it."""

    name: str
    provider: ChatProvider


def preferences(given: object) -> Preferences | None:
    """A request's ``provider`` field, as far as it chooses among names; None where it is absent."""
    if not isinstance(given, models.ProviderPreferences):
        return None
    return Preferences(
        order=tuple(given.order or ()),
        only=tuple(given.only or ()),
        ignore=tuple(given.ignore or ()),
        allow_fallbacks=given.allow_fallbacks is not False,
    )


class Routed(Several[ChatProvider]):
    """A chat provider made of others, asked in their order until one begins to answer.

    Once a part has been shown nothing is tried again: the failure is passed on. A request's
    ``models`` are further models to try, and its ``provider`` preferences (``order``, ``only``,
    ``ignore``, ``allow_fallbacks``) go by the candidates' names. The first part says who answers.
    A candidate that can relay the request does, where the turn allows it.
    """

    def __init__(
        self, candidates: Sequence[Candidate], settings: RouteSettings | None = None
    ) -> None:
        super().__init__(candidates, settings)

    def check(self, request: models.ResponsesRequest) -> None:
        """Refuse what no candidate can do, in the first one's words. Raises ``ProviderError``."""
        refusal: errors.ProviderError | None = None
        for name, model in self._order(request):
            try:
                self._candidates[name].check(_for_model(request, model))
            except errors.ProviderError as error:
                refusal = refusal or error
            else:
                return
        raise refusal or _nobody(request)

    def relays(self, request: models.ResponsesRequest) -> bool:
        """Whether a candidate that may be asked serves the whole request itself."""
        return any(
            _can_relay(self._candidates[name], _for_model(request, model))
            for name, model in self._order(request)
        )

    async def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """The first answer that begins. Raises ``ProviderError``, the last one's."""
        last: errors.ProviderError | None = None
        for name, model in self._able(turn):
            relayed = turn.relay != "no" and self._relays(name, turn, model)
            if turn.relay == "must" and not relayed:
                continue
            asked = turn if turn.model == model else msgspec.structs.replace(turn, model=model)
            try:
                if relayed:
                    events = await self._tries.begin(name, partial(self._relay, name, asked))
                    yield Relayed(name, model, self._watched(name, *events))
                    return
                begun, rest = await self._tries.begin(name, partial(self._ask, name, asked))
            except errors.ProviderError as error:
                last = error
                if error.kind in REQUEST_FAULTS:
                    raise
                continue
            async with aclosing(rest), aclosing(self._watched(name, begun, rest)) as parts:
                yield Answering(name, model)
                async for part in parts:
                    yield part
            return
        serving = [name for name, _ in self._order(turn.request, turn.model)]
        raise last or self._tries.all_rest(turn.model, serving) or _nobody(turn.request)

    async def _ask(
        self, name: str, turn: ChatTurn
    ) -> tuple[list[ChatPart], AsyncGenerator[ChatPart, None]]:
        """An answer's first part, and the rest."""
        if turn.relay != "no":
            turn = msgspec.structs.replace(turn, relay="no")
        parts = self._candidates[name].answer(turn)
        try:
            begun = [part] if (part := await anext(parts, None)) is not None else []
        except BaseException:
            await parts.aclose()
            raise
        return begun, parts

    async def _relay(
        self, name: str, turn: ChatTurn
    ) -> tuple[
        list[Sequence[models.StreamEvent]], AsyncGenerator[Sequence[models.StreamEvent], None]
    ]:
        """A relayed response from the first event that shows something, and the rest."""
        batches = self._candidates[name].relay(turn)  # type: ignore[attr-defined]
        begun: list[Sequence[models.StreamEvent]] = []
        try:
            async for batch in batches:
                shown = next(
                    (n for n, e in enumerate(batch) if not isinstance(e, _SHOW_NOTHING)), None
                )
                if turn.early is not None:
                    for event in batch[:shown]:
                        turn.early(event)
                if shown is not None:
                    begun.append(batch[shown:])
                    break
        except BaseException:
            await batches.aclose()
            raise
        return begun, batches

    async def _watched(
        self, name: str, begun: list[T], rest: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """What has begun, and the rest; a failure in it counts."""
        async with aclosing(rest):
            for part in begun:
                yield part
            try:
                async for part in rest:
                    yield part
            except errors.ProviderError as error:
                self._tries.failed(name, error)
                raise

    def _relays(self, name: str, turn: ChatTurn, model: str) -> bool:
        return _can_relay(self._candidates[name], _for_model(turn.request, model))

    def _able(self, turn: ChatTurn) -> Iterator[tuple[str, str]]:
        """Those that may be asked now and can do it; first who answered before."""
        order = self._order(turn.request, turn.model)
        if turn.stay is not None:
            before = (turn.stay.provider, turn.stay.model)
            order.sort(key=lambda pair: pair != before)
        for name, model in order:
            if self._tries.rest(name) > 0:
                continue
            try:
                self._candidates[name].check(_for_model(turn.request, model))
            except errors.ProviderError:
                continue
            yield name, model

    def _order(
        self, request: models.ResponsesRequest, model: str | None = None
    ) -> list[tuple[str, str]]:
        """The candidates in the order that the request prefers, for each model in turn."""
        wanted = [model or request.model or "", *(request.models or ())]
        chosen = preferences(request.provider)
        return [
            (name, one)
            for one in dict.fromkeys(wanted)
            for name in preferred(self._serving.get(one, ()), chosen)
        ]


def _can_relay(provider: ChatProvider, request: models.ResponsesRequest) -> bool:
    relays = getattr(provider, "relays", None)
    return relays is not None and bool(relays(request))


def _for_model(request: models.ResponsesRequest, model: str) -> models.ResponsesRequest:
    return request if request.model == model else msgspec.structs.replace(request, model=model)


def _nobody(request: models.ResponsesRequest) -> errors.ProviderError:
    return errors.ProviderError(
        f"provider: its preferences leave nobody who serves {request.model}",
        kind="bad_request",
        param="provider",
    )
