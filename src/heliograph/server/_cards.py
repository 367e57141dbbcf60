"""The list of models, in the shape of each base path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heliograph.providers import ModelCard

__all__ = ["openai_card", "openai_list", "openrouter_card", "openrouter_list"]


def openai_card(card: ModelCard) -> dict[str, Any]:
    """A model as OpenAI's ``GET /models/{id}`` gives it, with what else the card says."""
    told: dict[str, Any] = {
        "id": card.id,
        "object": "model",
        "created": card.created,
        "owned_by": card.owned_by,
        "name": card.name,
        "description": card.description,
        "input_modalities": card.input_modalities,
        "output_modalities": card.output_modalities,
    }
    if card.licence:
        told["license"] = card.licence
    return told


def openai_list(cards: Sequence[ModelCard]) -> dict[str, Any]:
    """OpenAI's ``GET /models``."""
    return {"object": "list", "data": [openai_card(card) for card in cards]}


def openrouter_card(card: ModelCard) -> dict[str, Any]:
    """A model as OpenRouter's schema ``Model`` has it; what we do not know is null or zero."""
    inputs, outputs = card.input_modalities, card.output_modalities
    return {
        "id": card.id,
        "canonical_slug": card.id,
        "hugging_face_id": None,
        "name": card.name,
        "created": card.created,
        "description": card.description,
        "context_length": None,
        "architecture": {
            "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
            "input_modalities": inputs,
            "output_modalities": outputs,
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {"prompt": "0", "completion": "0"},
        "top_provider": {
            "context_length": None,
            "max_completion_tokens": None,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": ["tools", "tool_choice"] if card.kind == "chat" else [],
        "default_parameters": None,
        "supported_voices": None,
        "links": {"details": f"/api/v1/model/{card.id}"},
    }


def openrouter_list(cards: Sequence[ModelCard]) -> dict[str, Any]:
    """OpenRouter's ``GET /models``: one page holds all."""
    return {
        "data": [openrouter_card(card) for card in cards],
        "links": {"next": None},
        "total_count": len(cards),
    }
