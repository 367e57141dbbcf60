"""The command line: ``heliograph draw | serve | check``."""

from heliograph.cli._main import main

__all__ = ["main"]
