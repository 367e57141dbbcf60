"""Image providers over HTTP, and what a picture's first bytes say.

The embedded one is in ``heliograph.providers.image.illustrator``.
"""

from heliograph.providers.image._look import Look, look, measure
from heliograph.providers.image._openai import OpenAIImages, OpenAIImagesSettings
from heliograph.providers.image._openrouter import OpenRouterImages, OpenRouterImagesSettings

__all__ = [
    "Look",
    "OpenAIImages",
    "OpenAIImagesSettings",
    "OpenRouterImages",
    "OpenRouterImagesSettings",
    "look",
    "measure",
]
