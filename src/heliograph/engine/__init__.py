"""Runs one response: checks the request, steps through chat and hosted tools, journals events."""

from heliograph.engine._engine import Engine, Plan
from heliograph.engine._limits import Limits
from heliograph.engine._splice import render, wire_size

__all__ = ["Engine", "Limits", "Plan", "render", "wire_size"]
