"""The chat provider for an upstream that speaks the Responses API itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import httpx2

from heliograph import errors, models
from heliograph.providers._base import ChatPart, ChatTurn, Finish, ModelCard, Relayed
from heliograph.providers._places import PlacesOf, alone
from heliograph.providers._upstream import Upstream, read_key
from heliograph.providers.chat._drain import drain
from heliograph.providers.chat._notes import has_pictures
from heliograph.providers.chat._payloads import Payloads
from heliograph.providers.chat._responses_needs import needs
from heliograph.providers.chat._responses_reader import TERMINAL, EventReader, raise_failure
from heliograph.providers.chat._responses_request import answer_body, relay_body
from heliograph.providers.chat._settings import ChatModel, ResponsesSettings, card_of, source_of
from heliograph.providers.chat._tools import offer, refuse_tools
from heliograph.providers.chat._truncate import truncating

__all__ = ["MIN_OUTPUT_TOKENS", "Responses"]

MIN_OUTPUT_TOKENS = 16
"""The least ``max_output_tokens`` that the Responses API takes: with less left, a later step is not
asked for."""

_LAST = (*TERMINAL, models.ErrorEvent)
_BEFORE = models.QueuedEvent | models.InProgressEvent | models.UnknownEvent


class Responses:
    """OpenAI, OpenRouter, vLLM, another Heliograph: whoever serves ``POST /responses``.

    ``answer`` is one step of our own loop, with the image tool offered as a function. ``relay``
    hands the whole request over and passes the upstream's events through with their bytes. Raises
    ``ConfigError`` where the key's variable is not set.
    """

    def __init__(
        self,
        settings: ResponsesSettings,
        *,
        http: httpx2.AsyncClient | None = None,
        name: str = "",
        places: PlacesOf = alone,
    ) -> None:
        self.settings = settings
        self._key = read_key(settings.api_key_env)
        self._upstream = Upstream(
            settings.base_url,
            key=self._key,
            headers=settings.headers,
            timeouts=settings.timeouts,
            max_concurrent=settings.max_concurrent,
            max_concurrent_per_process=settings.max_concurrent_per_process,
            places=places,
            http=http,
            name=name,
        )
        self._cards = tuple(
            card_of(name, model, settings.owned_by) for name, model in settings.models.items()
        )

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The configured models."""
        return self._cards

    async def listed(self) -> tuple[str, ...]:
        """The models that the upstream lists. Raises ``ProviderError``."""
        return await self._upstream.listed()

    async def aclose(self) -> None:
        """Close the connections to the upstream."""
        await self._upstream.aclose()

    def relays(self, request: models.ResponsesRequest) -> bool:
        """Whether the upstream serves all that the request needs (see ``settings.hosts``)."""
        return needs(request) <= set(self.settings.hosts)

    def check(self, request: models.ResponsesRequest) -> None:
        """Refuse tools that neither side serves. Raises ``ProviderError``."""
        if not self.relays(request):
            refuse_tools(request.model or "", request)

    def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """One request upstream; more where the conversation must be shortened and the upstream does
        not do it. Raises ``ProviderError``."""
        if turn.relay == "must" or (turn.relay == "may" and self.relays(turn.request)):
            return self._relayed(turn)
        return truncating(turn, self._answer, self._model(turn).context)

    async def _relayed(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        yield Relayed("", turn.model, self.relay(turn))

    async def _answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        if turn.step and (turn.max_output_tokens or MIN_OUTPUT_TOKENS) < MIN_OUTPUT_TOKENS:
            yield Finish("length")
            return
        offered = offer(turn, has_pictures(turn))
        body = await answer_body(turn, self._model(turn), self.settings, offered)
        source = source_of(self.settings, turn.model)
        reader = EventReader(turn.model, offered.hosted, self._key, source)
        payloads = Payloads(turn.model)
        async with aclosing(self._batches(turn.model, body, payloads)) as batches:
            async for batch in batches:
                for event in batch:
                    for part in reader.feed(event):
                        yield part
                if reader.ended:
                    return
        for whole in payloads.end():
            for part in reader.whole(_response(turn.model, whole)):
                yield part
        if not reader.ended:
            raise _stopped(turn.model)

    async def relay(self, turn: ChatTurn) -> AsyncGenerator[Sequence[models.StreamEvent], None]:
        """The upstream's events, with their bytes. Raises ``ProviderError``.

        A response that failed before it showed anything is a failure too: it can be asked of
        another. One that comes as a single JSON body is its terminal event.
        """
        body = await relay_body(turn, self._model(turn), self.settings)
        payloads = Payloads(turn.model)
        shown = False
        async with aclosing(self._batches(turn.model, body, payloads)) as batches:
            async for batch in batches:
                last = batch[-1]
                if isinstance(last, models.ErrorEvent):
                    if len(batch) > 1:
                        yield batch[:-1]
                    raise_failure(turn.model, last, self._key)
                if not shown:
                    if isinstance(last, models.FailedEvent) and _shows_nothing(batch[:-1]):
                        raise_failure(turn.model, last.response, self._key)
                    shown = not _shows_nothing(batch)
                yield batch
                if isinstance(last, TERMINAL):
                    return
        for whole in payloads.end():
            raise_failure(turn.model, _response(turn.model, whole), self._key)
            yield [_as_terminal(turn.model, whole)]
            return
        raise _stopped(turn.model)

    def _model(self, turn: ChatTurn) -> ChatModel:
        return self.settings.models[turn.model]

    async def _batches(
        self, model: str, body: bytes, payloads: Payloads
    ) -> AsyncGenerator[list[models.StreamEvent], None]:
        """The events of each piece of the answer, none past one that ends it or an ``error``."""
        call = self._upstream.post("/responses", model, json=body, accept="text/event-stream")
        index = 0
        async with call as answer, aclosing(answer.chunks()) as chunks:
            async for chunk in chunks:
                batch: list[models.StreamEvent] = []
                broken: errors.ProviderError | None = None
                for payload in payloads.feed(chunk):
                    try:
                        event = models.decode_event(payload, index)
                    except errors.InvalidEvent as error:
                        broken = _broken(model, error)
                        break
                    index += 1
                    batch.append(event)
                    if isinstance(event, _LAST):
                        if isinstance(event, TERMINAL):
                            await drain(chunks)  # whoever gets the last event asks for no more
                        break
                if batch:
                    yield batch
                if broken is not None:
                    raise broken
                if payloads.done:
                    return


def _shows_nothing(events: Sequence[models.StreamEvent]) -> bool:
    return all(isinstance(event, models.CreatedEvent | _BEFORE) for event in events)


def _broken(model: str, error: errors.InvalidEvent) -> errors.ProviderError:
    return errors.ProviderError(
        f"{model}: its upstream broke the protocol: {error}", kind="protocol", retryable=True
    )


def _as_terminal(model: str, body: bytes) -> models.StreamEvent:
    """The event that ends a stream, of a response that came as one body."""
    status = _response(model, body).status
    kind = status if status in ("completed", "incomplete") else "completed"
    try:
        return models.decode_event(b'{"type":"response.%b","response":%b}' % (kind.encode(), body))
    except errors.InvalidEvent as error:
        raise _broken(model, error) from None


def _response(model: str, body: bytes) -> models.OpenResponsesResult:
    try:
        return models.decode(models.OpenResponsesResult, body)
    except errors.InvalidBody as error:
        raise errors.ProviderError(
            f"{model}: its upstream sent no response: {error}", kind="protocol", retryable=True
        ) from error


def _stopped(model: str) -> errors.ProviderError:
    return errors.ProviderError(
        f"{model}: its upstream stopped before the end of its answer",
        kind="protocol",
        retryable=True,
    )
