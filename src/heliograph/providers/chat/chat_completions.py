"""The chat provider for any upstream that speaks chat completions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import httpx2

from heliograph import errors, models
from heliograph.providers._base import ChatPart, ChatTurn, ModelCard
from heliograph.providers._places import PlacesOf, alone
from heliograph.providers._upstream import Upstream, read_key
from heliograph.providers.chat._drain import drain
from heliograph.providers.chat._notes import has_pictures
from heliograph.providers.chat._reader import AnswerReader
from heliograph.providers.chat._request import body_of, check_request, encoded
from heliograph.providers.chat._settings import ChatCompletionsSettings, card_of, source_of
from heliograph.providers.chat._tools import offer
from heliograph.providers.chat._truncate import truncating

__all__ = ["ChatCompletions"]

USAGE_SECONDS = 5.0
"""How long usage is waited for once the answer is whole."""


class ChatCompletions:
    """vLLM, SGLang, llama.cpp's server, Ollama, LM Studio, OpenRouter, OpenAI and their like.

    The hosted image tool is offered to the model as a function with a prompt and, where there is
    something to edit, an action; sizes and formats stay the engine's. ``http`` is a client to use
    instead of an own one. Raises ``ConfigError`` where the key's variable is not set.
    """

    def __init__(
        self,
        settings: ChatCompletionsSettings,
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

    def check(self, request: models.ResponsesRequest) -> None:
        """Refuse what cannot be said in chat completions. Raises ``ProviderError``."""
        name = request.model or ""
        check_request(name, self.settings.models[name], self.settings, request)

    def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """One request upstream; more where the conversation must be shortened. Raises
        ``ProviderError``."""
        return truncating(turn, self._answer, self.settings.models[turn.model].context)

    async def _answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        offered = offer(turn, has_pictures(turn))
        customs = {tool.name for tool in turn.tools if isinstance(tool, models.CustomTool)}
        reader = AnswerReader(
            turn.model,
            offered.hosted,
            customs=customs,
            think_tags=self.settings.think_tags,
            secret=self._key,
            source=source_of(self.settings, turn.model),
        )
        body = await body_of(turn, self.settings.models[turn.model], self.settings, offered)
        call = self._upstream.post(
            "/chat/completions", turn.model, json=encoded(body), accept="text/event-stream"
        )
        del turn, offered, customs, body  # an answer can take long
        async with call as answer, aclosing(answer.chunks()) as pieces:
            while not reader.ended:
                if reader.finished:
                    chunk = await _last(pieces)
                else:
                    chunk = await anext(pieces, None)
                if chunk is None:
                    break
                for part in reader.feed(chunk):
                    yield part
            if reader.ended:
                await drain(pieces)
        for part in reader.end():
            yield part


async def _last(pieces: AsyncGenerator[bytes, None]) -> bytes | None:
    """The next bytes once the answer is whole, None at the end: trouble no longer matters."""
    try:
        async with asyncio.timeout(USAGE_SECONDS):
            return await anext(pieces, None)
    except (TimeoutError, errors.ProviderError):
        return None
