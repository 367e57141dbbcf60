"""Records that all processes share, one subject each: the API keys."""

from __future__ import annotations

from heliograph.journal._base import Register
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._records import Shared, pack, unpack
from heliograph.journal._nats._wire import Conflict, Stored, Wire

__all__ = ["NatsRegister"]

_PAGE = 256


class NatsRegister(Register):
    """See ``Register``."""

    def __init__(self, wire: Wire, names: Names) -> None:
        self._wire = wire
        self._names = names

    async def version(self) -> int:
        """The stream's last sequence, as its leader knows it."""
        answer = await self._wire.api(f"STREAM.INFO.{self._names.register}")
        return int(answer["state"]["last_seq"])

    async def read(self) -> tuple[dict[str, bytes], int]:
        """Page by page from any replica, and the rest from the leader."""
        found: dict[str, bytes] = {}
        version = await self.version()
        seen = 0
        while seen < version:
            page = await self._page(seen + 1)
            if not page:
                break  # the last ones were erased by hand
            for one in page:
                found[one.subject.rpartition(".")[2]] = unpack(one.data, Shared).data
                seen = one.seq
        return found, version

    async def _page(self, seq: int) -> list[Stored]:
        pattern = self._names.entry("*")
        request = {"seq": seq, "next_by_subj": pattern, "batch": _PAGE}
        stored, _ = await self._wire.batch(self._names.register, request)
        if stored:
            return stored
        # A replica may be behind.
        one = await self._wire.next(self._names.register, pattern, seq)
        return [] if one is None else [one]

    async def write(self, name: str, data: bytes) -> None:
        """Over whatever is there now."""
        subject = self._names.entry(name)
        while True:
            before = await self._wire.last(self._names.register, subject)
            expected = 0 if before is None else before.seq
            try:
                await self._wire.put(
                    self._names.register, subject, pack(Shared(data=data)), expected, only=True
                )
            except Conflict:
                continue
            return
