"""How work is seen from outside: whoever runs it may put an observer into the context.

A room that does work says what it begins, what it learns on the way and how it ends; it knows
nothing of logs, metrics or traces. Where nobody looks, this costs one context variable a piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Literal, Protocol

__all__ = ["OBSERVER", "UNSEEN", "Observer", "Watched", "Work"]

Work = Literal["response", "chat", "image", "drawing", "upstream"]
"""A response's run by one owner; a chat step of it; a hosted call of it; a picture for the Images
APIs; a request to an upstream."""

Fact = str | int | float | bool


class Watched(Protocol):
    """A piece of work under way: a context manager that is told how the work ended by what leaves
    its block."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What to send with a request so that its receiver's trace joins this one."""
        ...

    def tell(self, **facts: Fact) -> None:
        """Say what was learnt about it meanwhile."""
        ...

    def first(self) -> None:
        """The first piece of its result came."""
        ...

    def follows(self, headers: Mapping[str, str]) -> None:
        """It goes on with what another, with these ``headers``, began."""
        ...

    def __enter__(self) -> Watched: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Observer(Protocol):
    """Sees work begin."""

    def watch(self, work: Work, **facts: Fact) -> Watched:
        """``work`` begins; enter what this returns.

        ``response``, ``chat`` and ``image`` are entered and left in one task, and what is begun
        inside belongs to them; the others may be left in another.
        """
        ...


class _Nobody:
    """Sees nothing."""

    headers: Mapping[str, str] = {}

    def watch(self, work: Work, **facts: Fact) -> Watched:
        return self

    def tell(self, **facts: Fact) -> None: ...

    def first(self) -> None: ...

    def follows(self, headers: Mapping[str, str]) -> None: ...

    def __enter__(self) -> Watched:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


UNSEEN: Observer = _Nobody()

OBSERVER: ContextVar[Observer] = ContextVar("heliograph_observer", default=UNSEEN)
"""Who looks on; set by whoever starts a request's or a response's work, in its own context."""
