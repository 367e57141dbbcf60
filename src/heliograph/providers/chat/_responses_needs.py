"""What a request needs of an upstream that is to serve it whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from heliograph import models

__all__ = ["needs"]

#: Tools and fields that every Responses upstream is taken to serve, or that are served here.
_TOOLS = frozenset({"function", "custom"})
_FIELDS = frozenset(
    {
        "background",
        "frequency_penalty",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "models",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "provider",
        "reasoning",
        "route",
        "safety_identifier",
        "service_tier",
        "session_id",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "trace",
        "truncation",
        "user",
    }
)
_PARTS = frozenset({"input_text", "input_image", "output_text", "refusal", "text"})


def needs(request: models.ResponsesRequest) -> set[str]:
    """Beyond the common: tool types, fields, content part types, ``file_id``, ``image_url``."""
    wire = models.wire_of(request)
    body = msgspec.json.decode(
        models.encode(request) if wire is None else wire, type=dict[str, msgspec.Raw]
    )
    found = {name for name, value in body.items() if name not in _FIELDS and _says(bytes(value))}
    found |= {tool.type for tool in request.tools or ()} - _TOOLS
    for part in _parts(request.input):
        if part.type not in _PARTS:
            found.add(part.type)
        if getattr(part, "file_id", None):
            found.add("file_id")
        link = getattr(part, "image_url", None)
        if isinstance(link, str) and link[:5].lower() != "data:":
            found.add("image_url")  # whoever fetches it must be meant to
    return found


def _says(value: bytes) -> bool:
    return value.strip() not in (b"null", b"[]", b"{}", b'""')


def _parts(given: object) -> Iterator[Any]:
    for item in given if isinstance(given, list) else ():
        for name in ("content", "output"):
            inner = getattr(item, name, None)
            if isinstance(inner, list):
                yield from (part for part in inner if isinstance(getattr(part, "type", None), str))
