"""The whole as a value: broker, time, messages under way, processes; and what may happen next."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.journal.model.broker import Broker, Request
from tests.journal.model.process import Local, Note, Process

from heliograph.journal._frames import unpack_entries
from heliograph.journal._nats._records import End, Record, unpack

__all__ = ["LAPSE", "Left", "Model", "Violation", "World"]

LAPSE = 20.0
"""Seconds that pass at once: more than a lease, less than a write tries."""


class Violation(AssertionError):
    """A promise is broken; ``promise`` says which."""

    def __init__(self, promise: str, what: str) -> None:
        super().__init__(f"{promise}: {what}")
        self.promise = promise


class Left(NamedTuple):
    """How much of each kind of trouble may still come; a death is a fault too."""

    faults: int = 0
    lapses: int = 0
    drops: int = 0


class World(NamedTuple):
    """``locals`` has None for a process that is done or dead; ``heard`` is what waits for the
    reader, ``silent`` whether something was kept from it since it last compared."""

    broker: Broker
    now: float
    locals: tuple[Local | None, ...]
    left: Left
    flight: tuple[Request, ...] = ()
    heard: tuple[bytes, ...] = ()
    silent: bool = False


class Model:
    """What may happen in a world of these processes. Every step is checked: see ``checks``."""

    def __init__(
        self, processes: tuple[Process, ...], *, reads: bool = False, idles: bool = False
    ) -> None:
        self.processes = processes
        self._idles = idles
        self._reads = reads

    def begin(self, broker: Broker, now: float, left: Left) -> World:
        """Before anything has happened."""
        return World(broker, now, tuple(one.root for one in self.processes), left)

    def steps(self, world: World) -> Iterator[tuple[str, World]]:
        """Everything that may happen next. Raises ``Violation``."""
        for place, local in enumerate(world.locals):
            if local is not None and world.now >= self.processes[place].begins:
                yield from self._of(world, place, local)
        for place, request in enumerate(world.flight):
            flight = world.flight[:place] + world.flight[place + 1 :]
            after, _ = self._apply(world._replace(flight=flight), request)
            yield "a delayed message arrives", after
        if world.left.lapses and (self._idles or _claimed(world.broker)):
            yield "time passes", self.later(world, spend=True)

    def later(self, world: World, *, spend: bool = False) -> World:
        """Every lease has run out."""
        left = world.left._replace(lapses=world.left.lapses - spend)
        return world._replace(now=world.now + LAPSE, left=left)

    def _of(self, world: World, place: int, local: Local) -> Iterator[tuple[str, World]]:
        request, name = local.asks, self.processes[place].name
        assert request is not None
        if request.subject == "HEAR":
            yield from self._hearing(world, place)
            return
        if request.subject == "NEXT" and world.broker.job() is None:
            return
        yield f"{name}: {_said(request)}", self.answered(world, place)
        if world.left.faults:
            hurt = world._replace(left=world.left._replace(faults=world.left.faults - 1))
            yield from self._faults(hurt, place, local)
            yield f"{name} dies", _with(hurt, place, None)

    def _faults(self, world: World, place: int, local: Local) -> Iterator[tuple[str, World]]:
        request, name = local.asks, self.processes[place].name
        assert request is not None
        said = f"{name}: {_said(request)}"
        if request.writes:
            written, _ = self._apply(world, request)
            yield f"{said}, the answer is lost", self.hears(written, place, None)
        if request.writes or (request.looks and local.doubts):
            yield f"{said}, lost", self.hears(world, place, None)
        if request.publishes:
            flight = (*world.flight, request)
            yield f"{said}, delayed", self.hears(world._replace(flight=flight), place, None)

    def _hearing(self, world: World, place: int) -> Iterator[tuple[str, World]]:
        if world.heard:
            rest = world._replace(heard=world.heard[1:])
            yield "reader hears", self.hears(rest, place, world.heard[0])
            if world.left.drops:
                left = world.left._replace(drops=world.left.drops - 1)
                yield "reader misses one", rest._replace(left=left, silent=True)
        elif world.silent:
            yield "reader compares", self.hears(world._replace(silent=False), place, b"")

    # -- one step of one process

    def answered(self, world: World, place: int) -> World:
        """It asks and is answered, as it should be."""
        local = world.locals[place]
        assert local is not None
        assert local.asks is not None
        after, body = self._apply(world, local.asks)
        return self.hears(after, place, body)

    def hears(self, world: World, place: int, body: bytes | None) -> World:
        """An answer, or None for none, comes to a process."""
        before = world.locals[place]
        assert before is not None
        local = self.processes[place].next(before, (world.now, body))
        if local.failed is not None:
            raise Violation("code", f"{self.processes[place].name}: {local.failed!r}")
        for count, one in enumerate(local.notes[len(before.notes) :], len(before.notes)):
            check_note(one, world.broker, local.notes[:count])
        return _with(world, place, local if local.asks is not None else None)

    def _apply(self, world: World, request: Request) -> tuple[World, bytes]:
        broker, body = world.broker.answer(request)
        heard = world.heard
        if len(broker.written) > len(world.broker.written):
            check_written(broker.written)
            if self._reads:
                heard = (*heard, request.data)
        return world._replace(broker=broker, heard=heard), body


def _claimed(broker: Broker) -> bool:
    return bool(broker.written) and record(broker.written[-1]).running


def _with(world: World, place: int, local: Local | None) -> World:
    locals_ = tuple(local if i == place else one for i, one in enumerate(world.locals))
    return world._replace(locals=locals_)


def _said(request: Request) -> str:
    if not request.publishes:
        return request.subject
    what = request.subject.split(".")[-1] if ".ev." in request.subject else "job"
    return f"writes {what} {record(request.data).kind if what == 'log' else ''}".rstrip()


# -- what must hold


@cache
def record(data: bytes) -> Record:
    """A log's record."""
    return unpack(data, Record)


@cache
def entries_of(data: bytes) -> tuple[bytes, ...]:
    """The entries of a record that has some."""
    one = record(data)
    if one.kind == "end":
        return tuple(entry.data for entry in unpack(one.body, End).entries)
    return tuple(entry.data for entry in unpack_entries(one.body)) if one.kind == "frame" else ()


def shown(written: tuple[bytes, ...]) -> list[bytes]:
    """The log's entries, in order."""
    return [entry for data in written for entry in entries_of(data)]


def check_written(written: tuple[bytes, ...]) -> None:
    """The record that a log took last: P2 (whose it is), P1 (that it follows). ``Violation``."""
    new = record(written[-1])
    if len(written) == 1:
        if new.kind != "create":
            raise Violation("P2", f"a log begins with {new.kind}")
        return
    last = record(written[-2])
    newest = max(record(data).epoch for data in written[:-1])
    if last.kind == "tomb":
        raise Violation("P2", f"{new.kind} raised the dead")
    if new.kind == "tomb":
        return
    if last.kind == "end" or new.kind == "create":
        raise Violation("P2", f"{new.kind} after {last.kind}")
    if new.epoch < newest or (new.epoch == newest and new.kind == "claim"):
        raise Violation("P2", f"{new.kind} of epoch {new.epoch}; the newest claim is {newest}")
    if new.kind in ("frame", "end", "release") and not last.running:
        raise Violation("P2", f"{new.kind} of epoch {new.epoch} after {last.kind}")
    if new.first != last.last_seq + 1:
        raise Violation("P1", f"{new.kind} from {new.first} follows {last.last_seq}")


def check_note(one: Note, broker: Broker, before: tuple[Note, ...]) -> None:
    """What a process takes for granted is so. Raises ``Violation``."""
    what = one[0]
    log = shown(broker.written)
    kinds = [record(data).kind for data in broker.written]
    if what == "created" and "create" not in kinds:
        raise Violation("P1", "a response that was created is not there")
    if what == "deleted" and "tomb" not in kinds:
        raise Violation("P2", "deleted without a tombstone")
    if what == "acknowledged" and log[one[2] : one[2] + 1] != [one[3]]:
        raise Violation("P1", f"entry {one[2]} was acknowledged and is not in the log")
    if what == "read":
        place = sum(note[0] == "read" for note in before)
        if one[1] != place or log[place : place + 1] != [one[2]]:
            raise Violation("P1", f"the reader has {one[1:]} at place {place} of {log}")
    if what == "unknown" and "tomb" not in kinds:
        raise Violation("P1", "a reader was told that there is no such response")
    if what == "read all":
        place = sum(note[0] == "read" for note in before)
        if "end" not in kinds or place != len(log):
            raise Violation("P1", f"a reader ended at {place} of {len(log)}")


def check_kept(broker: Broker) -> None:
    """What a log took is still there, unless it was deleted. Raises ``Violation``."""
    if broker.written and record(broker.written[-1]).kind != "tomb":
        kept = tuple(one.data for one in broker.messages if one.subject.endswith(".log"))
        if kept != broker.written:
            raise Violation("P1", f"the log has {len(kept)} of {len(broker.written)} records")


def over(broker: Broker) -> bool:
    """The response has ended, was deleted, or never began; nobody need do anything any more."""
    left = [one for one in broker.messages if one.stream or one.subject.endswith(".live")]
    ended = not broker.written or record(broker.written[-1]).kind in ("end", "tomb")
    return ended and not left
