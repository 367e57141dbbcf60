"""What is explored, by name."""

from __future__ import annotations

from tests.journal.model.explore import Scenario
from tests.journal.model.process import Process
from tests.journal.model.programs import creator, deleter, reader, sweeper, worker
from tests.journal.model.world import LAPSE, Left

__all__ = ["SCENARIOS"]


def _created() -> tuple[Process, ...]:
    return (Process("C", creator),)


SCENARIOS = {
    one.name: one
    for one in (
        Scenario(
            name="takeover",
            says="two workers, a sweeper; one ends it, or dies",
            before=_created,
            processes=lambda: (
                Process("W1", worker(1)),
                Process("W2", worker(1), backwards=True, begins=LAPSE),
                Process("S1", sweeper, begins=LAPSE),
            ),
            left=Left(faults=1, lapses=1),
        ),
        Scenario(
            name="frames",
            says="two workers of three frames each, a sweeper",
            before=_created,
            processes=lambda: (
                Process("W1", worker(2)),
                Process("W2", worker(2), backwards=True, begins=LAPSE),
                Process("S1", sweeper, begins=LAPSE),
            ),
            left=Left(faults=1, lapses=1),
            entries=2,
        ),
        Scenario(
            name="doubt",
            says="a worker of three frames, much of it lost",
            before=_created,
            processes=lambda: (Process("W1", worker(2)),),
            left=Left(faults=2),
            entries=2,
        ),
        Scenario(
            name="create",
            says="a gateway, a worker, a sweeper",
            processes=lambda: (
                Process("C", creator),
                Process("W1", worker(1)),
                Process("S1", sweeper),
            ),
            left=Left(faults=1, lapses=1),
            idles=True,
        ),
        Scenario(
            name="delete",
            says="a worker, a deleter",
            before=_created,
            processes=lambda: (Process("W1", worker(1)), Process("D", deleter)),
            left=Left(faults=1),
        ),
        Scenario(
            name="bury",
            says="a gateway that takes the request itself, a deleter",
            processes=lambda: (
                Process("G", worker(0, claims=True)),
                Process("D", deleter),
            ),
            left=Left(faults=1),
            entries=0,
        ),
        Scenario(
            name="release",
            says="a worker that hands over, another, a sweeper",
            before=_created,
            processes=lambda: (
                Process("W1", worker(1, releases=True)),
                Process("W2", worker(1), backwards=True),
                Process("S1", sweeper),
            ),
            left=Left(faults=1),
        ),
        Scenario(
            name="read",
            says="a worker of three frames, a reader",
            before=_created,
            processes=lambda: (Process("W1", worker(2)), Process("R", reader)),
            left=Left(drops=2),
            entries=2,
            reads=True,
        ),
        Scenario(
            name="erased",
            says="a log that has ended, a deleter, a reader",
            before=lambda: (*_created(), Process("W0", worker(2))),
            processes=lambda: (Process("D", deleter), Process("R", reader)),
            left=Left(drops=1),
            entries=2,
            reads=True,
        ),
    )
}
