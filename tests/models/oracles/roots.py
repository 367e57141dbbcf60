"""Which of our types stand beside which of an oracle's, and the walks over them."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import openai.types as oai
import openai.types.responses as oair
import openrouter.components as orc
from openai.types.image_edit_params import ImageEditParamsNonStreaming, ImageEditParamsStreaming
from openai.types.image_generate_params import (
    ImageGenerateParamsNonStreaming,
    ImageGenerateParamsStreaming,
)
from openai.types.responses.response_compact_params import ResponseCompactParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from openai.types.responses.response_item_list import ResponseItemList

from heliograph import models

from . import tables
from .compare import Seen, Walk
from .shapes import Shape, demanded, shape_of


class Pair(NamedTuple):
    ours: Any
    theirs: Any


OPENAI = {
    "events": Pair(models.StreamEvent, oair.ResponseStreamEvent),
    "response": Pair(models.OpenResponsesResult, oair.Response),
    "request": Pair(models.ResponsesRequest, ResponseCreateParamsNonStreaming),
    "streaming request": Pair(models.ResponsesRequest, ResponseCreateParamsStreaming),
    "output items": Pair(models.OutputItem, oair.ResponseOutputItem),
    "items": Pair(models.OutputItem, oair.ResponseItem),
    "input items": Pair(models.InputItem, oair.ResponseInputItem),
    "item list": Pair(models.InputItemList, ResponseItemList),
    "tools": Pair(models.AnyTool, oair.Tool),
    "tools as sent": Pair(models.AnyTool, oair.ToolParam),
    "input as sent": Pair(models.InputItem, oair.ResponseInputItemParam),
    "compact request": Pair(models.CompactRequest, ResponseCompactParams),
    "compaction": Pair(models.CompactedResponse, oair.CompactedResponse),
    "images": Pair(models.ImagesResponse, oai.ImagesResponse),
    "image generation events": Pair(models.ImageStreamEvent, oai.ImageGenStreamEvent),
    "image edit events": Pair(models.ImageStreamEvent, oai.ImageEditStreamEvent),
    "image generation": Pair(models.ImageGenerateParams, ImageGenerateParamsNonStreaming),
    "streaming generation": Pair(models.ImageGenerateParams, ImageGenerateParamsStreaming),
    "image edit": Pair(models.ImageEditParams, ImageEditParamsNonStreaming),
    "streaming edit": Pair(models.ImageEditParams, ImageEditParamsStreaming),
}

OPENROUTER = {
    "events": Pair(models.StreamEvent, orc.StreamEvents),
    "response": Pair(models.OpenResponsesResult, orc.OpenResponsesResult),
    "request": Pair(models.ResponsesRequest, orc.ResponsesRequest),
    "image request": Pair(models.ImageGenerationRequest, orc.ImageGenerationRequest),
    "image response": Pair(models.ImageGenerationResponse, orc.ImageGenerationResponse),
    "image events": Pair(models.ImageStreamEvent, orc.ImageStreamingResponseData),
}


def _open_responses() -> dict[str, Pair]:
    found = tables.open_responses().objects

    def shape(*names: str) -> Shape:
        return Shape(frozenset({"object"}), objects=tuple(found[name] for name in names))

    return {
        "events": Pair(
            models.StreamEvent, shape(*(n for n in found if n.endswith("StreamingEvent")))
        ),
        "response": Pair(models.OpenResponsesResult, shape("ResponseResource")),
        "request": Pair(models.ResponsesRequest, shape("CreateResponseBody")),
        "compact request": Pair(models.CompactRequest, shape("CompactResponseMethodPublicBody")),
        "compaction": Pair(models.CompactedResponse, shape("CompactResource")),
        "websocket error": Pair(models.ErrorEvent, shape("WebSocketErrorEvent")),
        "websocket message": Pair(
            models.WebSocketCreateMessage, shape("WebSocketResponseCreateEvent")
        ),
    }


PAIRS = {"openai": OPENAI, "openrouter": OPENROUTER, "open responses": _open_responses()}


class Walked(NamedTuple):
    walks: dict[str, Walk]
    seen: Seen


@functools.cache
def walked() -> Walked:
    """Every oracle walked from every pair of roots."""
    seen = Seen()
    walks = {}
    for oracle, pairs in PAIRS.items():
        walk = walks[oracle] = Walk(oracle, seen, demanded)
        for label, pair in pairs.items():
            walk.shapes(shape_of(pair.ours), shape_of(pair.theirs), label)
    return Walked(walks, seen)
