"""The command line: ``heliograph draw | serve | keys | check | record | replay | tail``."""

from heliograph.cli._main import main

__all__ = ["main"]
