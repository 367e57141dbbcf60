"""The journal's own code as a function from what it has heard to what it asks next.

The real coroutines run, down to ``Wire.put``; only ``Wire.ask`` and the two other ways to the
servers end in a ``Request`` here. Nothing in a process depends on more than the answers it got, so
its state *is* that sequence. ``Local`` is a node in the tree of those; each is worked out once, by
running the program again from its beginning, however many states of the whole contain it.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest.mock import patch

import msgspec
from tests.journal.model.broker import Request

from heliograph import errors
from heliograph.journal._line import InLine
from heliograph.journal._nats import _claims, _connection, _creating, _erasing, _records, _wire
from heliograph.journal._nats._connection import Login
from heliograph.journal._nats._names import Names, needs_token
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._queue import Queue
from heliograph.journal._nats._wire import Stored, Wire

__all__ = ["Answer", "Local", "Note", "Process", "modelled", "note"]

Answer = tuple[float, bytes | None]
"""The time at which it came, and what it says; None for none in time."""

Note = tuple[Any, ...]
Program = Callable[[Parts], Coroutine[Any, Any, None]]


@types.coroutine
def _yield(what: Request | Note) -> Generator[Request | Note, bytes | None, bytes | None]:
    return (yield what)


class _Closing(BaseException):
    """Nobody waits for this process any more."""


async def ask(request: Request) -> bytes:
    """Raises ``TimeoutError`` where no answer comes."""
    if _now.closing:
        raise _Closing
    answer = await _yield(request)
    if answer is None:
        raise TimeoutError("no answer")
    return answer


async def note(*what: object) -> None:
    """Say what the process now takes for granted, for the checks."""
    await _yield(what)


class _Now:
    """What differs between processes while one of them runs."""

    def __init__(self) -> None:
        self.time = 0.0
        self.name = ""
        self.nonces = 0
        self.backwards = False
        self.closing = False

    def clock(self) -> float:
        return self.time

    def token_bytes(self, size: int) -> bytes:
        self.nonces += 1
        return f"{self.name}{self.nonces:04d}".encode().rjust(size, b"-")[-size:]

    def get_running_loop(self) -> Any:
        return types.SimpleNamespace(time=self.clock)

    async def sleep(self, _seconds: float) -> None:
        return

    async def gather(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        """One after the other; which order must not matter, so that both are explored."""
        found: dict[int, Any] = {}
        order = list(enumerate(works))
        left = order[:] if self.backwards else order[::-1]
        try:
            while left:
                place, work = left.pop()
                found[place] = await work
        finally:
            for _, work in left:
                work.close()
        return [found[place] for place, _ in order]

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


_now = _Now()


class ModelWire(Wire):
    """A wire whose other end is whoever drives the process."""

    def __init__(self) -> None:
        super().__init__([], Login(), lambda _: None)

    @property
    def info(self) -> dict[str, Any]:
        return {"max_payload": 1 << 20}

    @property
    def client(self) -> Any:
        return self

    async def publish(self, _subject: str, _data: bytes = b"") -> None:
        """To whom it does not matter whether it arrives: nothing may rest on it."""

    async def ask(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> Any:
        answer = await ask(Request(subject, data, tuple((headers or {}).items())))
        return types.SimpleNamespace(data=answer)

    async def batch(self, stream: str, request: dict[str, Any]) -> tuple[list[Stored], bool]:
        answer = await ask(Request("BATCH", msgspec.json.encode(request)))
        return msgspec.convert(
            [
                Stored(*one)
                for one in msgspec.json.decode(answer, type=list[tuple[str, int, bytes]])
            ],
            list[Stored],
        ), False


class ModelQueue(Queue):
    """A look at the queue that is answered once there is something."""

    async def next(self, _offered: Any, _now: float, _begun: bool) -> InLine | None:
        subject = msgspec.json.decode(await ask(Request("NEXT")), type=str | None)
        return None if subject is None else self._waiting(subject)


def _parts() -> Parts:
    wire = ModelWire()
    parts = Parts(wire, Names("hg", 1), _now.clock, 1, lambda _: None)
    parts.queue = ModelQueue(wire, parts.names)
    parts.queue._needs[needs_token(())] = ()
    return parts


@contextmanager
def modelled() -> Iterator[None]:
    """While it lasts, the journal's modules take time, order and nonces from the model."""
    with ExitStack() as stack:
        for module in (_claims, _connection, _creating, _erasing, _wire):
            stack.enter_context(patch.object(module, "asyncio", _now))
        stack.enter_context(patch.object(_records, "secrets", _now))
        yield


class Local:
    """A process that has heard so much: what it asks now (None: it is done), what it noted."""

    __slots__ = ("after", "asks", "failed", "heard", "notes")

    def __init__(self, heard: tuple[Answer, ...]) -> None:
        self.heard = heard
        self.asks: Request | None = None
        self.notes: tuple[Note, ...] = ()
        self.failed: BaseException | None = None
        self.after: dict[Answer, Local] = {}

    @property
    def doubts(self) -> bool:
        """Whether the last thing it heard was nothing."""
        return bool(self.heard) and self.heard[-1][1] is None


class Process:
    """A program under a name; ``root`` is its state before it has heard anything."""

    def __init__(
        self, name: str, program: Program, *, backwards: bool = False, begins: float = 0.0
    ) -> None:
        self.name = name
        self.begins = begins
        self._program = program
        self._backwards = backwards
        self.root = self._run(())

    def next(self, local: Local, answer: Answer) -> Local:
        """The state after one more answer."""
        after = local.after.get(answer)
        if after is None:
            after = local.after[answer] = self._run((*local.heard, answer))
        return after

    def _run(self, heard: tuple[Answer, ...]) -> Local:
        _now.time, _now.name, _now.nonces = self.begins, self.name, 0
        _now.backwards = self._backwards
        local, notes = Local(heard), []
        work = self._program(_parts())
        left = iter(heard)
        answer: bytes | None = None
        try:
            while True:
                asked = work.send(answer)
                answer = None
                if not isinstance(asked, Request):
                    notes.append(asked)
                    continue
                got = next(left, None)
                if got is None:
                    local.asks = asked
                    break
                _now.time, answer = got
        except StopIteration:
            pass
        except (errors.JournalError, TimeoutError) as exc:
            notes.append(("gave up", str(exc)))
        except Exception as exc:  # noqa: BLE001 - whatever it is, the checks report it
            local.failed = exc
        finally:
            _now.closing = True
            with suppress(_Closing):
                work.close()
            _now.closing = False
        local.notes = tuple(notes)
        return local
