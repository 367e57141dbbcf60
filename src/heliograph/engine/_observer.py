"""What of the engine can be seen from outside, beyond the work that providers tell of."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from heliograph import providers

__all__ = ["RESPONSE_ID", "UNSEEN", "Observer"]

RESPONSE_ID: ContextVar[str] = ContextVar("heliograph_response_id", default="")
"""Whose run the current task belongs to, for the records of all rooms below."""


class Observer(providers.Observer, Protocol):
    """Sees the engine at work. Called in its loop, and often: each method returns at once."""

    def claimed(self, takeovers: int) -> None:
        """A response was claimed; ``takeovers`` earlier owners of it were lost."""

    def fenced(self) -> None:
        """The run of a response ended because another owner has it."""

    def refused(self, limit: str) -> None:
        """A request was not taken: the queue is as long as ``limit`` allows."""

    def expired(self) -> None:
        """A response ended because nobody had begun it in time."""

    def appended(self, events: int, size: int, seconds: float) -> None:
        """A frame is in the log: its events, their bytes without pictures, and how long the
        journal took, its queue included."""

    def stored(self, size: int) -> None:
        """A picture of ``size`` bytes was handed to the blob store."""


class _Nobody:
    """Sees nothing."""

    watch = staticmethod(providers.UNSEEN.watch)

    def claimed(self, takeovers: int) -> None: ...

    def fenced(self) -> None: ...

    def refused(self, limit: str) -> None: ...

    def expired(self) -> None: ...

    def appended(self, events: int, size: int, seconds: float) -> None: ...

    def stored(self, size: int) -> None: ...


UNSEEN: Observer = _Nobody()
