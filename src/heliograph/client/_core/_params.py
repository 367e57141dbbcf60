"""What ``responses.create`` takes, once for both twins and for every way to call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from heliograph import models
from heliograph.client._core._functions import CallableTool

Object = Mapping[str, Any] | models.Model | models.Unknown
"""A JSON object: a mapping in wire spelling, or one of `heliograph.models`."""


class ResponseParams(TypedDict, total=False):
    """The request's fields, as the wire spells them. Others go through ``extra_body``.

    None is sent as ``null``; a field that is not passed is not sent.
    """

    model: str
    input: str | Sequence[Object]
    instructions: str | None
    tools: Sequence[Object | CallableTool[..., Any]]
    tool_choice: str | Object
    parallel_tool_calls: bool | None
    max_tool_calls: int | None
    max_output_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    top_logprobs: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    text: Object
    reasoning: Object | None
    modalities: Sequence[str]
    include: Sequence[str] | None
    background: bool | None
    store: bool | None
    previous_response_id: str | None
    conversation: str | Object | None
    prompt: Object | None
    truncation: Literal["auto", "disabled"] | str | None
    metadata: Mapping[str, str] | None
    user: str | None
    safety_identifier: str | None
    prompt_cache_key: str | None
    service_tier: str | None
    stream_options: Object | None
    models: Sequence[str]
    provider: Object | None
    plugins: Sequence[Object]
    image_config: Object
    session_id: str


NAMES = frozenset(ResponseParams.__annotations__)
