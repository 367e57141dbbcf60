"""Where the bytes of blobs are: objects by key, each whole or not there.

What refers to them, and when they may go, is the journal's own affair; a bucket knows neither.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import msgspec

from heliograph import errors

__all__ = ["Bucket", "BucketFault", "MissingObject", "Stat", "TwoBuckets"]


class BucketFault(errors.JournalError):
    """A bucket did not do what it was asked; ``away``: it did not answer, and may later."""

    def __init__(self, said: str, *, away: bool = False) -> None:
        super().__init__(said)
        self.away = away


class MissingObject(errors.JournalError):
    """There is no object with this key."""


class Stat(msgspec.Struct, frozen=True):
    """An object's size in bytes, and when it was put by the bucket's own clock (where it tells)."""

    size: int
    modified: float | None = None


class Bucket(ABC):
    """A place for objects. All but ``stat`` raise ``BucketFault``, after tries of their own."""

    @property
    @abstractmethod
    def where(self) -> str:
        """What names this place to an operator, and no other."""

    @abstractmethod
    async def open(self) -> None:
        """Begin to serve."""

    @abstractmethod
    def close(self) -> None:
        """Serve no more."""

    @abstractmethod
    async def put(self, key: str, data: bytes) -> None:
        """Store, durably, over what was there."""

    @abstractmethod
    async def get(self, key: str) -> bytes:
        """All of it. Raises ``MissingObject`` too."""

    @abstractmethod
    async def stat(self, key: str) -> Stat | None:
        """What is known of it, None where it is not there."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Harmless where it is not there."""


class TwoBuckets(Bucket):
    """What is put goes to ``first``; what is missing there is looked for in ``second``."""

    def __init__(self, first: Bucket, second: Bucket) -> None:
        self._first = first
        self._second = second

    @property
    def where(self) -> str:
        """The first's."""
        return self._first.where

    async def open(self) -> None:
        """Both."""
        await self._first.open()
        await self._second.open()

    def close(self) -> None:
        """Both."""
        self._first.close()
        self._second.close()

    async def put(self, key: str, data: bytes) -> None:
        """To the first."""
        await self._first.put(key, data)

    async def get(self, key: str) -> bytes:
        """From either."""
        try:
            return await self._first.get(key)
        except MissingObject:
            return await self._second.get(key)

    async def stat(self, key: str) -> Stat | None:
        """Of the first alone: what is put again moves there."""
        return await self._first.stat(key)

    async def delete(self, key: str) -> None:
        """From both."""
        await self._first.delete(key)
        await self._second.delete(key)
