"""Runs one response: checks the request, steps through chat and hosted tools, journals events."""

from heliograph.engine._context import Resolved
from heliograph.engine._engine import Engine, Plan, body_digest
from heliograph.engine._limits import Limits
from heliograph.engine._page import Page
from heliograph.engine._splice import render, wire_size

__all__ = ["Engine", "Limits", "Page", "Plan", "Resolved", "body_digest", "render", "wire_size"]
