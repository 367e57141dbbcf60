"""Every state within bounds, breadth first; and that each run comes to an end.

No process forgets what it has heard, and trouble is used up: the states have no cycle. So every run
ends in one that nothing follows; from there a fair world goes on (time passes, a sweeper looks, a
worker works, nothing is lost any more), and the response must be over. Then, backwards along the
steps: from which states an end is reached, which must be all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cache

import msgspec
from tests.journal.model import programs
from tests.journal.model.broker import Broker
from tests.journal.model.process import Local, Process, modelled
from tests.journal.model.world import LAPSE, Left, Model, Violation, World, check_kept, over

__all__ = ["Explored", "Scenario", "Trouble", "explore", "fair_end"]

_ROUNDS = 8
_STEPS = 200
_STATES = 150_000


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """``before`` run to their end before anything goes wrong; ``idles``: time may also pass while
    nobody has claimed."""

    name: str
    says: str
    processes: Callable[[], tuple[Process, ...]]
    before: Callable[[], tuple[Process, ...]] = tuple
    left: Left
    entries: int = 1
    reads: bool = False
    idles: bool = False


class Explored(msgspec.Struct, frozen=True):
    """What an exploration was."""

    states: int
    steps: int
    depth: int
    ends: int


class Trouble(AssertionError):
    """A promise is broken, and how it came to that."""

    def __init__(self, broken: Violation, story: list[str]) -> None:
        super().__init__("\n".join([str(broken), *story]))
        self.promise = broken.promise
        self.story = story


def beginning(scenario: Scenario) -> tuple[Model, World]:
    """A scenario's first state."""
    broker = Broker()
    for process in scenario.before():
        broker = _alone(broker, 0.0, process)
    model = Model(scenario.processes(), reads=scenario.reads, idles=scenario.idles)
    return model, model.begin(broker, 0.0, scenario.left)


def explore(scenario: Scenario, *, sweeps: bool = True) -> Explored:
    """Raises ``Trouble``."""
    with modelled():
        model, first = beginning(scenario)
        came: dict[World, tuple[World, str] | None] = {first: None}
        depths = {first: 0}
        back: dict[World, list[World]] = {}
        todo, ends, steps = deque([first]), [], 0
        while todo:
            world = todo.popleft()
            assert len(came) <= _STATES, f"{scenario.name} is too large to be explored whole"
            try:
                after = list(model.steps(world))
                if not after:
                    fair_end(model, world, scenario.entries, sweeps=sweeps)
                    ends.append(world)
            except Violation as exc:
                raise Trouble(exc, _story(came, world)) from None
            steps += len(after)
            for label, new in after:
                back.setdefault(new, []).append(world)
                if new in came:
                    continue
                came[new] = (world, label)
                depths[new] = depths[world] + 1
                todo.append(new)
                try:
                    check_kept(new.broker)
                except Violation as exc:
                    raise Trouble(exc, _story(came, new)) from None
        lost = came.keys() - _reaching(ends, back)
        if lost:
            raise Trouble(Violation("end", "none is reachable"), _story(came, next(iter(lost))))
        return Explored(len(came), steps, max(depths.values()), len(ends))


def _reaching(ends: list[World], back: dict[World, list[World]]) -> set[World]:
    found, todo = set(ends), list(ends)
    while todo:
        for before in back.get(todo.pop(), ()):
            if before not in found:
                found.add(before)
                todo.append(before)
    return found


def _story(came: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    story = []
    while (how := came[world]) is not None:
        world, label = how
        story.append(label)
    return story[::-1]


def fair_end(model: Model, world: World, entries: int, *, sweeps: bool = True) -> None:
    """From here on nothing goes wrong: the response gets over. Raises ``Violation``."""
    end = _over(world.broker, world.now, entries, sweeps)
    for place, local in enumerate(world.locals):
        if local is not None and local.asks is not None and local.asks.subject == "HEAR":
            told = tuple(end.written[len(world.broker.written) :])
            _read_out(model, world._replace(broker=end, heard=(*world.heard, *told)), place)


@cache
def _over(broker: Broker, now: float, entries: int, sweeps: bool) -> Broker:
    for _ in range(_ROUNDS):
        if over(broker):
            return broker
        now += LAPSE
        if sweeps:
            broker = _alone(broker, now, _fresh("S", now, 0))
        if broker.job() is not None:
            broker = _alone(broker, now, _fresh("W", now, entries))
    raise Violation("end", "nobody brings the response to its end")


@cache
def _fresh(kind: str, now: float, entries: int) -> Process:
    program = programs.worker(entries) if kind == "W" else programs.sweeper
    return Process(f"{kind}+{now:g}", program, begins=now)


def _alone(broker: Broker, now: float, process: Process) -> Broker:
    """A process runs to its end, undisturbed."""
    model = Model((process,))
    world = model.begin(broker, now, Left())
    for _ in range(_STEPS):
        local = world.locals[0]
        if local is None or (_waits(local) and world.broker.job() is None):
            return world.broker
        world = model.answered(world, 0)
    raise Violation("end", f"{process.name} goes on for ever")


def _waits(local: Local) -> bool:
    return local.asks is not None and local.asks.subject == "NEXT"


def _read_out(model: Model, world: World, place: int) -> None:
    for _ in range(_STEPS):
        local = world.locals[place]
        if local is None:
            return
        assert local.asks is not None
        if local.asks.subject != "HEAR":
            world = model.answered(world, place)
        elif world.heard:
            rest = world._replace(heard=world.heard[1:])
            world = model.hears(rest, place, world.heard[0])
        else:
            world = model.hears(world, place, b"")
    raise Violation("end", "a reader waits for ever")
