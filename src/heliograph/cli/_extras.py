"""Commands that need an extra say so in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from heliograph import errors


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Imports in this block are of ``extra``: one that is not there raises ``MissingExtra``."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("heliograph"):
            raise
        raise errors.MissingExtra(what, extra) from None
