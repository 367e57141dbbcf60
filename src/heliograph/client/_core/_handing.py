"""What stands at an assembly's two ends where a stream is not the common one: whole messages in the
place of frames, and a batch that is handed out with an eye on unknown events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import length_hint
from typing import Any

from heliograph import models


class Messages:
    """In the decoder's place: each piece is one event, whole (a WebSocket's messages)."""

    __slots__ = ()
    comments = 0
    pending = 0

    def feed_data(self, chunk: bytes) -> list[bytes]:
        return [chunk]

    def close(self) -> bytes:
        """Nothing is held back."""
        return b""


class Told:
    """A batch as it is handed out, where unknown events are skipped or told of."""

    __slots__ = ("_left", "_skip", "_tell")

    def __init__(
        self,
        left: Iterator[Any],
        skip: bool,
        tell: Callable[[models.UnknownEvent], object] | None,
    ) -> None:
        self._left = left
        self._skip = skip
        self._tell = tell

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while True:
            event = next(self._left)
            if event.__class__ is not models.UnknownEvent:
                return event
            if self._tell is not None:
                self._tell(event)
            if not self._skip:
                return event

    def __length_hint__(self) -> int:
        return length_hint(self._left)
