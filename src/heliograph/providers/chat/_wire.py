"""The chat completions wire as it is read: a typed view that takes what the quirks allow.

Both shapes are one class: a chunk of a stream (``choices[].delta``) and a whole answer
(``choices[].message``). Fields that nothing here reads are skipped by the decoder.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from heliograph import errors

__all__ = [
    "Choice",
    "Chunk",
    "Custom",
    "Function",
    "Message",
    "ToolCall",
    "decode_chunk",
    "mended",
]


class Function(msgspec.Struct):
    """A call's function; in a stream either field may come late, in pieces or never."""

    name: str | None = None
    arguments: str | dict[str, Any] | list[Any] | None = None


class Custom(msgspec.Struct):
    """A call of a custom tool."""

    name: str | None = None
    input: str | None = None


class ToolCall(msgspec.Struct):
    """A call, or the next piece of one."""

    index: int | None = None
    id: str | int | None = None
    function: Function | None = None
    custom: Custom | None = None


class Message(msgspec.Struct):
    """What one chunk adds, or a whole message."""

    content: str | list[dict[str, Any]] | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    images: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct):
    """One of the answers; only the first is read."""

    index: int | None = None
    delta: Message | None = None
    message: Message | None = None
    finish_reason: str | None = None
    logprobs: Any = None
    error: Any = None


class Chunk(msgspec.Struct):
    """One payload of the stream, or the whole body of an answer."""

    choices: list[Choice] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None
    object: str | None = None
    message: Any = None
    code: Any = None
    x_groq: Any = None


_decode = msgspec.json.Decoder(Chunk).decode


def decode_chunk(model: str, data: bytes) -> Chunk:
    """The payload as a chunk; raises ``ProviderError`` (``protocol``) for what is none."""
    try:
        return _decode(data)
    except msgspec.ValidationError as error:
        raise _misfit(model, str(error)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Half a character (a lone surrogate) is legal JSON, which only the slow reader takes.
        return _decode_slowly(model, data)
    except RecursionError:
        raise _misfit(model, "it nests too deep") from None


def _decode_slowly(model: str, data: bytes) -> Chunk:
    try:
        return msgspec.convert(json.loads(data), Chunk)
    except msgspec.ValidationError as error:
        raise _misfit(model, str(error)) from None
    except (ValueError, RecursionError):
        raise _misfit(model, f"it is no JSON: {data[:80]!r}") from None


def _misfit(model: str, why: str) -> errors.ProviderError:
    return errors.ProviderError(
        f"{model}: its upstream sent a chunk that is no chat completion: {why}",
        kind="protocol",
        retryable=True,
    )


def mended(text: str) -> str:
    """The text with the halves of characters that an upstream cut in two put together again; one
    that stays alone becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
