"""Compacts a conversation: the newest words of the user as they were, the rest in one sealed item.

A language model is asked to write the notes, in one step without tools. A chat model that is no
language model is not asked: its conversations are told line by line, cut to a bound.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

import msgspec

from heliograph import errors, journal, models, providers
from heliograph.engine import _fields as fields
from heliograph.engine._ask import speaks_responses
from heliograph.engine._busy import Busy
from heliograph.engine._compaction import State, seal_state
from heliograph.engine._context import Context, own_items, read_context, unfolded
from heliograph.engine._conversation import Conversation, converse
from heliograph.engine._engine import Engine, json_of
from heliograph.engine._input import read_input
from heliograph.engine._items import new_id
from heliograph.engine._notes import Usages
from heliograph.engine._pictures import Pictures
from heliograph.engine._remote import inlined
from heliograph.engine._window import Window, condensed, whole, window_of

__all__ = ["Compactor"]

Json = dict[str, Any]

_SERVED = frozenset({"input", "instructions", "model", "previous_response_id", "reasoning"})
#: Hints, and what other requests of a conversation say: none of it changes what a compaction gives.
_LABELS = frozenset(
    {
        "metadata",
        "parallel_tool_calls",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "text",
        "tools",
        "user",
    }
)
_ASK = (
    "The conversation so far is about to be taken from your memory, all but the user's last "
    "messages. Write the notes that you will go on from. Say what the user wants and has decided; "
    "names, numbers and facts that were given; what was done, with which result, tool results "
    "included; which pictures there are and what each shows; and what is still open. Write them "
    "in the language of the conversation, complete and brief, as plain text. Do not answer the "
    "user, and call no tool."
)


class Compactor(Busy):
    """Compacts conversations of an engine's journal with the chat models of its catalog.

    As many at once as the engine runs responses (``concurrency``); others wait. Nothing is stored.
    """

    def __init__(self, engine: Engine, *, clock: journal.Clock = time.time) -> None:
        super().__init__()
        self._engine = engine
        self._limits = engine.limits
        self._clock = clock
        self._places = asyncio.Semaphore(engine.limits.concurrency)

    async def compact(self, tenant: str, asked: models.CompactRequest) -> bytes:
        """The compacted window: the JSON of a ``CompactedResponse``.

        Raises ``BadRequest`` and ``NotFound`` naming the field, and ``ProviderError``.
        """
        body = json_of(asked)
        model = self._checked(body)
        request = _request(body, model)
        resolved = await self._engine.resolve(tenant, request)
        pictures = Pictures(self._engine.journal.blobs)
        context = Context() if resolved is None else read_context(resolved.entry, pictures)
        if resolved is not None and resolved.fetched:
            body = inlined(body, resolved.texts)
            request = _request(body, model)
        seal = self._engine.seals.of(tenant)
        if body.get("input") is not None:
            takes = self._engine.catalog.card(model).input_modalities
            foreign = speaks_responses(self._engine.catalog, model)
            read_input(body, self._limits, context, seal, takes, foreign=foreign)
        response_id = new_id("resp")
        given = {"input": body.get("input") or []}
        own = unfolded(own_items(response_id, given, context), seal, "input")
        window = window_of([*context.earlier, *own], pictures, self._limits)
        summary, usage = condensed(window, self._limits.max_summary_bytes), None
        if self._engine.catalog.card(model).writes:
            talk = await converse(context, request, pictures, seal)
            notes, usage = await self._notes(request, talk, window, pictures)
            summary = notes or summary
        usages = Usages()
        usages.add(Usages.plain(usage))
        state = await self._state(window, summary, pictures)
        item = models.CompactionItem(
            id=response_id.replace("resp_", "cmp_"),
            # Megabytes of pictures would hold up every stream of this loop.
            encrypted_content=await asyncio.to_thread(seal_state, state, seal),
        )
        return models.encode(
            models.CompactedResponse(
                id=response_id,
                created_at=int(self._clock()),
                object="response.compaction",
                output=[*_messages(await whole(window.users, pictures)), item],
                usage=usages.total()[0],
            )
        )

    def _checked(self, body: Json) -> str:
        """Check the fields; returns the model. A chat model's own refusals are heard too."""
        fields.only(body, _SERVED | _LABELS | {"image"}, "")
        compression = fields.mapping(body.get("image") or {}, "image").get("context_compression")
        if compression not in (None, "auto", "disabled"):
            raise fields.unsupported(
                "image.context_compression", "pictures are not compressed here"
            )
        for name in ("instructions", "previous_response_id", "prompt_cache_key"):
            fields.text(body, name)
        model = fields.text(body, "model")
        if not model:
            raise fields.invalid("model", "required", "missing_required_parameter")
        provider = self._engine.catalog.chat(model)
        if body.get("input") is None and not body.get("previous_response_id"):
            raise fields.invalid(
                "input",
                "required, where no previous_response_id says what to compact",
                "missing_required_parameter",
            )
        try:
            provider.check(_request({**body, "input": _ASK}, model))
        except errors.ProviderError as error:
            raise errors.BadRequest(
                error.message, param=error.param, code="unsupported_parameter"
            ) from None
        return model

    async def _notes(
        self,
        request: models.ResponsesRequest,
        talk: Conversation,
        window: Window,
        pictures: Pictures,
    ) -> tuple[str, models.Usage | None]:
        """What the model writes of the conversation, and what that cost."""
        model = str(request.model)
        turn = providers.ChatTurn(
            model=model,
            input=(
                *(item for item in talk.said if _is_answered(item, window)),
                models.InputMessage(role="user", content=[models.InputText(text=_ASK)]),
            ),
            instructions=request.instructions or None,
            tool_choice="none",
            request=request,
            picture=lambda item_id: pictures.get(talk.made.get(item_id, "")),
            thoughts=talk.thoughts,
        )
        words: list[str] = []
        room = self._limits.max_summary_bytes
        usage = None
        try:
            async with (
                self._places,
                asyncio.timeout(self._limits.wall_seconds),
                aclosing(self._engine.catalog.chat(model).answer(turn)) as parts,
            ):
                async for part in parts:
                    if isinstance(part, providers.Text):
                        words.append(part.delta)
                        room -= len(part.delta.encode(errors="replace"))
                    elif isinstance(part, providers.Finish):
                        usage = part.usage
                    if room < 0:
                        break
        except TimeoutError:
            raise errors.ProviderError(
                f"{model}: its notes took over wall_seconds, {self._limits.wall_seconds:g} s",
                kind="timeout",
            ) from None
        text = "".join(words).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        kept = text.encode()[: self._limits.max_summary_bytes]
        return kept.decode(errors="ignore").strip(), usage

    async def _state(self, window: Window, summary: str, pictures: Pictures) -> State:
        """What the item holds: pictures as far as there is room beside what must be in it."""
        told = await whole(window.told, pictures)
        used = len(msgspec.json.encode([summary, told, window.calls]))
        limit = self._limits.max_sealed_bytes
        if used > limit:
            raise errors.BadRequest(
                f"input: its system messages and open calls come to {used} bytes; a compacted "
                f"conversation holds {limit}, the limit max_sealed_bytes",
                param="input",
                code="context_length_exceeded",
            )
        kept, missing = await window.pictures(pictures, limit - used - 1024)
        notes = f"{summary}\n{missing}".strip() or "Nothing else was said."
        return State(summary=notes, told=told, calls=window.calls, pictures=kept)


def _request(body: Json, model: str) -> models.ResponsesRequest:
    """The request that a chat model is asked with."""
    names = ("input", "instructions", "previous_response_id", "reasoning")
    given = {name: body[name] for name in names if body.get(name) is not None}
    return models.decode(
        models.ResponsesRequest, msgspec.json.encode({**given, "model": model, "store": False})
    )


def _is_answered(item: Any, window: Window) -> bool:
    """False for a call without an output, which no chat model can be told of."""
    called = item.type in ("function_call", "custom_tool_call")
    return not (called and item.call_id in window.open_calls)


def _messages(items: list[Json]) -> list[models.OutputItem]:
    """The user's messages as they stand in an output."""
    data = msgspec.json.encode(
        {"id": "", "created_at": 0, "object": "", "output": items, "usage": None}
    )
    return models.decode(models.CompactedResponse, data).output
