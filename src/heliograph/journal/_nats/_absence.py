"""Whether there is no such response: no server is believed of that by itself.

One that leads a stream and is cut off from the others goes on as its leader for seconds and answers
from what it has; what the others make meanwhile it does not know. Its *yes* is true, its *no* may
not be. So before a *no* is passed on something is written to the stream, which takes the others'
word too, and then it is asked again. Those who ask at once share the writing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from heliograph import errors
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._wire import Wire

__all__ = ["Absence"]

T = TypeVar("T")


class Absence:
    """See the module."""

    def __init__(self, wire: Wire, names: Names) -> None:
        self._wire = wire
        self._names = names
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._begun: dict[str, float] = {}

    async def sure(self, response_id: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What ``ask`` gives, or the ``UnknownResponse`` that it raises also then."""
        try:
            return await ask()
        except errors.UnknownResponse:
            await self._mark(self._names.mark(response_id))
        return await ask()

    async def _mark(self, subject: str) -> None:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._turns[subject]:
            if self._begun.get(subject, asked - 1) < asked:
                begun = loop.time()
                await self._wire.mark(subject)
                self._begun[subject] = begun
