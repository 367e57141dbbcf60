"""Habits of upstreams, one named entry each: where it was seen, and the function that bears it.

The reader of chat completions (``_reader``) knows one regular form and asks these functions about
everything that somebody has been seen to do otherwise. A recorded answer of each kind is in
``tests/providers/chat/recorded/<name>.*``; a test holds the two lists together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, Literal, TypeVar

import msgspec

from heliograph import errors, models
from heliograph.providers.chat._wire import Choice, Chunk, Function, Message, ToolCall

__all__ = [
    "QUIRKS",
    "Quirk",
    "Slots",
    "arguments_text",
    "calls_of",
    "context_exceeded",
    "error_of",
    "finish_of",
    "gather_name",
    "images_of",
    "logprobs_of",
    "reasoning_of",
    "texts_of",
    "unused_id",
    "usage_of",
    "whole_arguments",
]

F = TypeVar("F", bound=Callable[..., Any])
Reason = Literal["stop", "length", "tool_calls", "content_filter"]


class Quirk(msgspec.Struct, frozen=True):
    """One habit: its name, who has it, what it is, and the function that reads it."""

    name: str
    seen: str
    habit: str
    function: Callable[..., Any]


QUIRKS: dict[str, Quirk] = {}
"""Every habit that is borne, by name."""


def _quirk(name: str, *, seen: str, habit: str) -> Callable[[F], F]:
    def note(function: F) -> F:
        QUIRKS[name] = Quirk(name, seen, habit, function)
        return function

    return note


@_quirk(
    "reasoning",
    seen="OpenRouter, vLLM from 0.11, Ollama, gpt-oss servers",
    habit="the reasoning text is in `reasoning`",
)
@_quirk(
    "reasoning_content",
    seen="DeepSeek, SGLang, llama.cpp's server, LM Studio, vLLM before 0.11",
    habit="the reasoning text is in `reasoning_content`",
)
@_quirk(
    "reasoning_details",
    seen="OpenRouter",
    habit="the reasoning is a list of blocks, mostly beside the same text in `reasoning`",
)
def reasoning_of(message: Message) -> str:
    """The reasoning a chunk adds: each field may repeat the others, so the first that says it."""
    if message.reasoning or message.reasoning_content:
        return message.reasoning or message.reasoning_content or ""
    details = message.reasoning_details or ()
    texts = (block.get("text") or block.get("summary") for block in details)
    return "".join(text for text in texts if isinstance(text, str))


@_quirk(
    "content_list",
    seen="Mistral's API; gateways that pass on models with pictures",
    habit="`content` is a list of parts (`text`, `thinking`, `image_url`) and no string",
)
def texts_of(message: Message) -> Iterator[tuple[Literal["text", "reasoning"], str]]:
    """The content's words, each with what it is."""
    if isinstance(message.content, str):
        yield "text", message.content
        return
    for part in message.content or ():
        text = part.get("text")
        if isinstance(text, str):
            yield "text", text
        for thought in part.get("thinking") or ():
            if isinstance(thought, dict) and isinstance(thought.get("text"), str):
                yield "reasoning", thought["text"]


@_quirk(
    "images",
    seen="OpenRouter with modalities [image, text]; Vercel's AI gateway",
    habit="pictures the model made stand in `images` (or in a content list), as data URLs",
)
def images_of(message: Message) -> Iterator[str]:
    """The URLs of the pictures that a message brings."""
    listed = message.content if isinstance(message.content, list) else []
    for part in (*(message.images or ()), *listed):
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, dict) else image
        if isinstance(url, str):
            yield url


@_quirk(
    "function_call",
    seen="OpenAI before `tools`, and servers that were made after it",
    habit="one call, in `function_call`, without an id or an index",
)
def calls_of(message: Message) -> list[ToolCall]:
    """The pieces of calls that a message brings."""
    if message.function_call is not None:
        legacy = Function(message.function_call.name, message.function_call.arguments)
        return [*(message.tool_calls or ()), ToolCall(index=0, function=legacy)]
    return message.tool_calls or []


@_quirk(
    "calls_without_index",
    seen="Gemini's OpenAI-compatible endpoint (openai-python issue 2806); SGLang (vercel/ai 5885)",
    habit="pieces have no `index`: a new id begins a new call, no id goes on with the last",
)
@_quirk(
    "calls_at_one_index",
    seen="adapters for Gemini (any-llm issue 1148)",
    habit="parallel calls all have `index` 0 and differ by id",
)
class Slots:
    """Tells which call each piece belongs to; calls are numbered from 0 as they begin."""

    _argued: frozenset[int] = frozenset()

    def __init__(self) -> None:
        self._count = 0
        self._by_index: dict[int, int] = {}
        self._ids: dict[int, str] = {}

    def of(self, piece: ToolCall) -> int:
        """The number of the piece's call."""
        given = "" if piece.id is None else str(piece.id)
        called = piece.custom or piece.function
        name = called is not None and called.name
        slot = self._indexed(piece.index, given) if piece.index is not None else None
        if slot is None:
            slot = self._unindexed(given, bool(name))
        if slot is None:
            slot, self._count = self._count, self._count + 1
        if piece.index is not None:
            self._by_index[piece.index] = slot
        if given:
            self._ids[slot] = given
        if (piece.function and piece.function.arguments) or (piece.custom and piece.custom.input):
            self._argued |= {slot}
        return slot

    def _indexed(self, index: int, given: str) -> int:
        slot = self._by_index.get(index)
        if slot is None or (given and self._ids.get(slot, given) != given):
            slot, self._count = self._count, self._count + 1
        return slot

    def _unindexed(self, given: str, named: bool) -> int | None:
        last = self._count - 1
        if given:
            known = [slot for slot, id_ in self._ids.items() if id_ == given]
            late = last >= 0 and last not in self._ids and not named
            return known[-1] if known else last if late else None
        begins = last < 0 or (named and last in self._argued)
        return None if begins else last


@_quirk(
    "calls_without_id",
    seen="early Ollama and llama.cpp servers",
    habit="calls have no id, or an empty one, or all the same",
)
def unused_id(wanted: str, used: Collection[str]) -> str:
    """An id for a call: the upstream's own where it is usable, else the next free ``call_N``."""
    if wanted and wanted not in used:
        return wanted
    number = len(used)
    while f"call_{number}" in used:
        number += 1
    return f"call_{number}"


@_quirk(
    "name_in_pieces",
    seen="proxies over providers that stream names; vLLM with some tool parsers repeats it",
    habit="a call's name comes in pieces, or whole again with every chunk",
)
def gather_name(known: str, piece: str) -> str:
    """The name so far with the next piece of it."""
    return known if piece == known else known + piece


@_quirk(
    "arguments_object",
    seen="Ollama's native answers behind thin proxies; some llama.cpp builds",
    habit="`arguments` is a JSON object and not the text of one",
)
def arguments_text(arguments: str | dict[str, Any] | list[Any] | None) -> str:
    """A piece of the arguments as text."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return msgspec.json.encode(arguments).decode()


@_quirk(
    "calls_without_arguments",
    seen="Claude by way of OpenRouter (simonw/llm 1164); vLLM's hermes parser (vllm issue 28806)",
    habit="a call of a function without parameters has no arguments, or an empty text",
)
def whole_arguments(text: str) -> str:
    """The arguments of a call that is whole: JSON in every case."""
    return text if text.strip() else "{}"


_CONTEXT_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_CONTEXT_WORDS = re.compile(
    r"(maximum |available )?context (length|size|window)|prompt is too long|token count.* exceeds"
    r"|longer than the model",
    re.IGNORECASE,
)


@_quirk(
    "context_length",
    seen="OpenAI (a code); vLLM, SGLang, OpenRouter, LM Studio, Gemini, Claude by gateways (words)",
    habit="a conversation too long for the model is a 400, which only some say by a code",
)
def context_exceeded(error: errors.ProviderError) -> bool:
    """Whether a failure says that the conversation is too long for the model."""
    if error.kind != "bad_request":
        return False
    return error.code in _CONTEXT_CODES or _CONTEXT_WORDS.search(error.message) is not None


_FINISHES: dict[str, Reason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
}


@_quirk(
    "finish_names",
    seen="Mistral (model_length), Gemini (SAFETY, MAX_TOKENS), SGLang and vLLM (a matched stop)",
    habit="finish reasons of their own; any that is not known here means that the model stopped",
)
@_quirk(
    "finish_stop_with_calls",
    seen="Ollama, llama.cpp's server, vLLM for a forced function",
    habit="`finish_reason` is `stop` although there are calls",
)
def finish_of(reason: str | None, *, called: bool) -> Reason:
    """The finish reason in our words. ``called``: whether the answer holds calls."""
    known = _FINISHES.get((reason or "").lower())
    if known is not None:
        return known
    return "tool_calls" if called else "stop"


@_quirk(
    "logprobs_without_bytes",
    seen="vLLM, SGLang, llama.cpp's server",
    habit="tokens have no `bytes` (or null), or no `top_logprobs`",
)
def logprobs_of(choice: Choice) -> tuple[models.Logprob, ...]:
    """The probabilities of a chunk's tokens, whole: every token with its bytes."""
    listed = choice.logprobs.get("content") if isinstance(choice.logprobs, dict) else None
    return tuple(
        models.Logprob(
            **_token(entry),
            top_logprobs=[
                models.TopLogprob(**_token(other))
                for other in entry.get("top_logprobs") or ()
                if isinstance(other, dict)
            ],
        )
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict)
    )


def _token(entry: dict[str, Any]) -> dict[str, Any]:
    token, given, value = entry.get("token"), entry.get("bytes"), entry.get("logprob")
    text = token if isinstance(token, str) else ""
    whole = isinstance(given, list) and all(isinstance(byte, int) for byte in given)
    return {
        "token": text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        "logprob": float(value) if isinstance(value, int | float) else _NEVER,
        "bytes": given if whole else list(text.encode(errors="replace")),
    }


_NEVER = -9999.0
"""What OpenAI gives for a token that was never to be expected; others leave the number out."""

_BROKEN_FINISHES = frozenset({"error", "abort", "insufficient_system_resource"})


@_quirk(
    "error_chunk",
    seen="OpenRouter, vLLM, llama.cpp's server",
    habit="an error in the middle of the stream is a chunk with `error`, after a status of 200",
)
@_quirk(
    "error_in_choice",
    seen="OpenRouter's whole answers",
    habit="the error stands in `choices[0].error`",
)
@_quirk(
    "error_object",
    seen="vLLM before 0.10, FastChat",
    habit='the chunk is the error itself: `{"object": "error", "message": ..., "code": 400}`',
)
@_quirk(
    "finish_error",
    seen="OpenRouter (error), vLLM and SGLang (abort), DeepSeek (insufficient_system_resource)",
    habit="`finish_reason` says that it failed, and nothing else does",
)
def error_of(chunk: Chunk, choice: Choice | None) -> dict[str, Any] | None:
    """The error a chunk holds, as an object with ``message`` and perhaps ``code``."""
    found = chunk.error or (choice.error if choice is not None else None)
    if not found and chunk.object == "error":
        found = {"message": chunk.message, "code": chunk.code}
    if not found and choice is not None and choice.finish_reason in _BROKEN_FINISHES:
        found = {"message": f"it stopped with finish_reason {choice.finish_reason!r}"}
    if not found:
        return None
    return found if isinstance(found, dict) else {"message": str(found)}


@_quirk(
    "usage_in_groq",
    seen="Groq",
    habit="usage stands in `x_groq.usage` of the last chunk",
)
@_quirk(
    "usage_cache_hits",
    seen="DeepSeek",
    habit="cached tokens are `prompt_cache_hit_tokens` beside `prompt_tokens`",
)
@_quirk(
    "usage_in_every_chunk",
    seen="vLLM with continuous_usage_stats, some gateways",
    habit="every chunk has usage; the last one counts",
)
def usage_of(chunk: Chunk) -> models.Usage | None:
    """The usage a chunk reports; numbers that are absent or none are 0."""
    usage = chunk.usage
    if not usage and isinstance(chunk.x_groq, dict):
        usage = chunk.x_groq.get("usage")
    if not isinstance(usage, dict) or not usage:
        return None
    given, written = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    details = usage.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") or _count(usage, "prompt_cache_hit_tokens")
    found = models.Usage(
        input_tokens=given,
        input_tokens_details=models.InputTokensDetails(
            cached_tokens=cached, cache_write_tokens=_count(details, "cache_write_tokens")
        ),
        output_tokens=written,
        output_tokens_details=models.OutputTokensDetails(
            reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens")
        ),
        total_tokens=_count(usage, "total_tokens") or given + written,
    )
    cost = usage.get("cost")
    if isinstance(cost, int | float) and not isinstance(cost, bool):
        found.cost = float(cost)
    return found


def _count(usage: object, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
