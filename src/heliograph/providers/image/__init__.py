"""Image providers over HTTP.

The embedded one is in ``heliograph.providers.image.illustrator``.
"""

from heliograph.providers.image._openai import OpenAIImages, OpenAIImagesSettings
from heliograph.providers.image._openrouter import OpenRouterImages, OpenRouterImagesSettings
from heliograph.providers.image.queued import Device, Queued
from heliograph.providers.image.routed import ImageCandidate, RoutedImages

__all__ = [
    "Device",
    "ImageCandidate",
    "OpenAIImages",
    "OpenAIImagesSettings",
    "OpenRouterImages",
    "OpenRouterImagesSettings",
    "Queued",
    "RoutedImages",
]
