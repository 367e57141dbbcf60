"""The end of an answer's bytes, after all that it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from heliograph import errors

__all__ = ["drain"]

DRAIN_SECONDS = 0.1
"""How long the end of the body is waited for."""

_PIECES = 8


async def drain(pieces: AsyncGenerator[bytes, None]) -> None:
    """Read what little follows an answer, so that the connection can be used again.

    An upstream that does not end its body soon has its connection closed instead.
    """
    with suppress(TimeoutError, errors.ProviderError):
        async with asyncio.timeout(DRAIN_SECONDS):
            for _ in range(_PIECES):
                if await anext(pieces, None) is None:
                    return
