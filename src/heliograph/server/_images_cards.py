"""OpenRouter's lists of image models.

What a model supports is asked of its provider, by the check that a request would meet. Facts:
OpenRouter's schema ``ImageModelListItem``, the ``openrouter`` package's ``ImageEndpoint``.
"""

from __future__ import annotations

from typing import Any

from heliograph import errors
from heliograph.providers import Catalog, ImageJob, ModelCard

__all__ = ["endpoints", "image_models"]

_CHOICES = {
    "aspect_ratio": (
        *("1:1", "1:2", "1:4", "2:1", "2:3", "3:2", "3:4", "4:1", "4:3", "4:5"),
        *("5:4", "9:16", "16:9", "9:21", "21:9"),
    ),
    "background": ("auto", "transparent", "opaque"),
    "output_format": ("png", "jpeg", "webp"),
    "quality": ("auto", "low", "medium", "high"),
}
_TIERS = {"512": "512x512", "1K": "1024x1024", "2K": "2048x2048", "4K": "4096x4096"}


def image_models(catalog: Catalog, max_images: int) -> dict[str, Any]:
    """``GET /images/models``."""
    cards = [card for card in catalog.cards() if card.kind == "image"]
    return {"data": [_item(catalog, card, max_images) for card in cards]}


def endpoints(catalog: Catalog, model: str, max_images: int) -> dict[str, Any]:
    """``GET /images/models/{model}/endpoints``: this server is the one. Raises ``NotFound``."""
    catalog.image(model)
    card = catalog.card(model)
    endpoint: dict[str, Any] = {
        "allowed_passthrough_parameters": [],
        "pricing": [],
        "provider_name": card.owned_by,
        "provider_slug": card.owned_by,
        "provider_tag": None,
        "supported_parameters": _supported(catalog, card, max_images),
        "supports_streaming": True,
    }
    return {"id": card.id, "endpoints": [endpoint]}


def _item(catalog: Catalog, card: ModelCard, max_images: int) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "description": card.description,
        "created": card.created,
        "architecture": {
            "input_modalities": card.input_modalities,
            "output_modalities": card.output_modalities,
        },
        "supported_parameters": _supported(catalog, card, max_images),
        "supports_streaming": True,
        "endpoints": f"/api/v1/images/models/{card.id}/endpoints",
    }


def _supported(catalog: Catalog, card: ModelCard, max_images: int) -> dict[str, Any]:
    def draws(**fields: Any) -> bool:
        try:
            catalog.image(card.id).check(ImageJob(model=card.id, prompt="a fox", **fields))
        except errors.ProviderError:
            return False
        return True

    supported: dict[str, Any] = {
        "n": {"type": "range", "min": 1, "max": max_images},
        "output_compression": {"type": "range", "min": 0, "max": 100},
    }
    for name, values in _CHOICES.items():
        found = [value for value in values if draws(**{name: value})]
        if found:
            supported[name] = {"type": "enum", "values": found}
    tiers = [tier for tier, size in _TIERS.items() if draws(size=size)]
    if tiers:
        supported["resolution"] = {"type": "enum", "values": tiers}
    if draws(seed=1):
        supported["seed"] = {"type": "boolean"}
    if "image" in card.input_modalities:
        supported["input_references"] = {"type": "range", "min": 0, "max": max_images}
    return supported
