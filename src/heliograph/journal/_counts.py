"""What a journal has seen happen, in plain numbers: whoever watches reads them when asked."""

from __future__ import annotations

from collections import Counter
from types import TracebackType

from heliograph import errors

__all__ = ["Counts"]


class Counts:
    """Since the journal was made, in this process.

    ``fenced`` appends were refused, since another has the response. ``caught_up`` is how often who
    follows a response went back to its log, since something was missed. ``swept`` is what the
    sweeper here has put right: ``lapsed`` (the owner is lost), ``unqueued`` (whoever took its job,
    or made it, died before the claim), ``ended``, ``deleted`` and ``unmade`` (the rest of what was
    not cleared away).
    """

    def __init__(self) -> None:
        self.fenced = 0
        self.caught_up = 0
        self.swept: Counter[str] = Counter()

    def __enter__(self) -> None:
        """Around an append."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, errors.Fenced):
            self.fenced += 1
