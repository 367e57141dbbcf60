"""API keys that all servers with one journal share: made by a command, seen by each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar, Unpack

import msgspec

from heliograph import errors
from heliograph.journal import Register
from heliograph.server._key import LOOK_SECONDS, Key, KeyOptions, make_key, named

if TYPE_CHECKING:
    from heliograph.server._journal_settings import NatsSettings

__all__ = ["SharedKeyWatch", "SharedKeyring", "copy_keys", "read_keys"]

PATIENCE_SECONDS = 60.0
"""How long a running server goes by the keys it knows while the journal does not answer: longer
than a restart of all NATS servers takes."""

T = TypeVar("T")


async def read_keys(register: Register) -> tuple[list[Key], int]:
    """Every key, the oldest first, and the register's version. Raises ``JournalError``."""
    records, version = await register.read()
    try:
        keys = [msgspec.msgpack.decode(data, type=Key) for data in records.values()]
    except msgspec.MsgspecError as error:
        raise errors.JournalError(f"a stored API key cannot be read: {error}") from error
    return sorted(keys, key=lambda key: (key.created, key.id)), version


async def copy_keys(keys: Iterable[Key], register: Register) -> int:
    """Put keys into the register as they are; how many were not there. One that was revoked there
    stays revoked."""
    there = {key.id for key in await _listed(register)}
    missing = [key for key in keys if key.id not in there]
    for key in missing:
        await _write(register, key)
    return len(missing)


async def _write(register: Register, key: Key) -> None:
    await register.write(key.id, msgspec.msgpack.encode(key))


class SharedKeyring:
    """The keys in a journal's register, for commands: each method connects, and blocks.

    Raises ``ConfigError`` for a journal that cannot be reached or used.
    """

    def __init__(self, settings: NatsSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def where(self) -> str:
        """Where they are, for a message."""
        return f"the journal on {', '.join(self._settings.servers)}"

    def list(self) -> list[Key]:
        """Every key, the oldest first."""
        return self._do(_listed)

    def create(self, **options: Unpack[KeyOptions]) -> tuple[Key, str]:
        """Make a key; returns it and, this once, its whole text. Raises as ``make_key``."""
        key, text = make_key(self._clock(), **options)
        self._do(lambda register: _write(register, key))
        return key, text

    def revoke(self, key_id: str) -> Key:
        """Revoke a key for good; returns it. ``key_id`` may also be ``hg_<id>`` or the whole key.

        Raises ``UsageError`` where there is no such key.
        """
        return self._do(lambda register: self._revoke(register, key_id))

    def add(self, keys: Iterable[Key]) -> int:
        """Put keys there that were made elsewhere; how many were not there yet."""
        return self._do(lambda register: copy_keys(keys, register))

    async def _revoke(self, register: Register, key_id: str) -> Key:
        found = named(key_id, await _listed(register), self.where)
        if found.revoked is None:
            found = msgspec.structs.replace(found, revoked=self._clock())
            await _write(register, found)
        return found

    def _do(self, work: Callable[[Register], Awaitable[T]]) -> T:
        async def connected() -> T:
            journal = self._settings.journal()
            await journal.start()
            try:
                return await work(journal.register)
            finally:
                await journal.stop()

        try:
            return asyncio.run(connected())
        except errors.JournalError as error:
            raise errors.ConfigError(str(error)) from error


async def _listed(register: Register) -> list[Key]:
    return (await read_keys(register))[0]


class SharedKeyWatch:
    """The keys in a journal's register as a running server sees them.

    A change is seen within ``LOOK_SECONDS`` and the time that the journal takes. Once keys were
    seen one is ``required`` for good. Where the journal cannot be asked for ``PATIENCE_SECONDS``,
    nobody gets in who needs one.
    """

    def __init__(self, register: Register, clock: Callable[[], float] = time.monotonic) -> None:
        self._register = register
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._version = -1
        self._good = clock()
        self._task: asyncio.Task[None] | None = None
        self.required = False

    async def start(self) -> None:
        """See them for the first time, then again and again. Raises ``JournalError``."""
        await self._see()
        self._task = asyncio.create_task(self._watch())

    def lacking(self, keys: Iterable[Key]) -> list[Key]:
        """Those of ``keys`` that are not there."""
        return [key for key in keys if key.id not in self._keys]

    def get(self, key_id: str) -> Key | None:
        """A key by its id. Raises ``ServerError`` where they could not be read for long."""
        self.look()
        return self._keys.get(key_id)

    def look(self) -> None:
        """Raises as ``get``."""
        if self.required and self._clock() - self._good > PATIENCE_SECONDS:
            raise errors.ServerError(
                "the API keys cannot be read: the journal does not answer",
                status=503,
                code="keys_unreadable",
            )

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._see()
            except errors.JournalError:
                continue  # what is known holds for a while

    async def _see(self) -> None:
        asked = self._clock()
        if await self._register.version() != self._version:
            keys, self._version = await read_keys(self._register)
            self._keys = {key.id: key for key in keys}
            self.required = self.required or bool(keys)
        self._good = asked
