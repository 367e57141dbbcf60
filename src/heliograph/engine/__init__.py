"""Runs one response: checks the request, steps through chat and hosted tools, journals events."""

from heliograph.engine._compact import Compactor
from heliograph.engine._context import Resolved
from heliograph.engine._engine import Engine, Plan, body_digest
from heliograph.engine._images import (
    ImageAsk,
    read_edit,
    read_generation,
    read_openrouter_image,
)
from heliograph.engine._images_studio import Studio
from heliograph.engine._limits import Limits
from heliograph.engine._observer import RESPONSE_ID, UNSEEN, Observer
from heliograph.engine._page import Page
from heliograph.engine._pools import Pools
from heliograph.engine._remote import with_references
from heliograph.engine._seal import MIN_SECRET, Seals
from heliograph.engine._splice import render, wire_size

__all__ = [
    "MIN_SECRET",
    "RESPONSE_ID",
    "UNSEEN",
    "Compactor",
    "Engine",
    "ImageAsk",
    "Limits",
    "Observer",
    "Page",
    "Plan",
    "Pools",
    "Resolved",
    "Seals",
    "Studio",
    "body_digest",
    "read_edit",
    "read_generation",
    "read_openrouter_image",
    "render",
    "wire_size",
    "with_references",
]
