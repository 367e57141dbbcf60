"""An answer's body as it comes, within the caller's total."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from heliograph import errors
from heliograph.client._core import Tries
from heliograph.client._transport import AsyncReply


async def pieces(reply: AsyncReply, tries: Tries) -> AsyncIterator[bytes]:
    """The body, piece by piece. Raises `TransportError`, `TransportTimeout` past the total."""
    chunks = aiter(reply.chunks())
    while True:
        left = tries.left()
        try:
            piece = await (anext(chunks) if left is None else soon(chunks, left))
        except StopAsyncIteration:
            return
        except errors.TransportTimeout:
            tries.left()  # which says it where the total is the reason
            raise
        yield piece


async def whole(reply: AsyncReply, tries: Tries) -> bytes:
    """All of the body; see `pieces`."""
    if tries.left() is None:
        return await reply.read()
    try:
        return b"".join([piece async for piece in pieces(reply, tries)])
    finally:
        await reply.close()


async def soon(chunks: AsyncIterator[bytes], seconds: float) -> bytes:
    """The next piece, if it comes in time."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(chunks)
    except TimeoutError as error:
        raise errors.TransportTimeout(
            f"neither event nor keep-alive for {seconds:.3g} s"
        ) from error
