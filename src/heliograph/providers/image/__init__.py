"""Image providers over HTTP, and what a picture's first bytes say.

The embedded one is in ``heliograph.providers.image.illustrator``.
"""

from heliograph.providers.image._look import Look, look, measure
from heliograph.providers.image._openai import OpenAIImages, OpenAIImagesSettings
from heliograph.providers.image._openrouter import OpenRouterImages, OpenRouterImagesSettings
from heliograph.providers.image.queued import Device, Queued
from heliograph.providers.image.routed import ImageCandidate, RoutedImages

__all__ = [
    "Device",
    "ImageCandidate",
    "Look",
    "OpenAIImages",
    "OpenAIImagesSettings",
    "OpenRouterImages",
    "OpenRouterImagesSettings",
    "Queued",
    "RoutedImages",
    "look",
    "measure",
]
