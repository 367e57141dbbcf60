"""Reader leases of one response: is anyone reading it, and if not, since when?"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Readers"]


class Readers:
    """Leases by reader name. Lapsed ones are forgotten; only the latest lapse is remembered."""

    __slots__ = ("_until", "lapsed")

    def __init__(self, held: Mapping[str, float] | None = None, lapsed: float = 0.0) -> None:
        self._until: dict[str, float] = dict(held or {})
        self.lapsed = lapsed

    @property
    def held(self) -> dict[str, float]:
        """When each reader's lease runs out."""
        return dict(self._until)

    def attach(self, reader: str, now: float, seconds: float) -> None:
        """Take or renew a lease."""
        self._drop_lapsed(now)
        self._until[reader] = now + seconds

    def detach(self, reader: str, now: float) -> None:
        """Give a lease back."""
        self._drop_lapsed(now)
        if self._until.pop(reader, None) is not None:
            self.lapsed = max(self.lapsed, now)

    def unread_since(self, now: float, claimed_at: float) -> float | None:
        """None while a lease is held, else the latest lapse or ``claimed_at``, the later one."""
        self._drop_lapsed(now)
        return None if self._until else max(self.lapsed, claimed_at)

    def _drop_lapsed(self, now: float) -> None:
        gone = [reader for reader, until in self._until.items() if until <= now]
        for reader in gone:
            self.lapsed = max(self.lapsed, self._until.pop(reader))
