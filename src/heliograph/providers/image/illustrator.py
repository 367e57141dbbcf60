"""The embedded image model: ``heliograph/illustrator``."""

from heliograph.providers.image._illustrator import CARD, MODEL, Illustrator

__all__ = ["CARD", "MODEL", "Illustrator"]
