"""Longer runs than can be explored whole: everything at once, steps taken at random."""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.journal.model.broker import Broker
from tests.journal.model.explore import fair_end
from tests.journal.model.process import Process, modelled
from tests.journal.model.programs import creator, deleter, sweeper, worker
from tests.journal.model.world import Left, Model, check_kept


class Protocol(RuleBasedStateMachine):
    """Three workers, a sweeper now and then, somebody who deletes."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._stack.enter_context(modelled())
        self.model = Model(
            (
                Process("C", creator),
                Process("W1", worker(3)),
                Process("W2", worker(3, releases=True), backwards=True),
                Process("W3", worker(3), backwards=True, begins=20.0),
                Process("D", deleter, begins=40.0),
                *(Process(f"S{n}", sweeper, begins=20.0 * n) for n in range(4)),
            ),
            idles=True,
        )
        self.world = self.model.begin(Broker(), 0.0, Left(faults=6, lapses=6))

    @rule(choice=st.integers(0, 1 << 16))
    def step(self, choice: int) -> None:
        may = list(self.model.steps(self.world))
        if may:
            self.world = may[choice % len(may)][1]

    @rule(place=st.integers(0, 8), times=st.integers(1, 12))
    def run(self, place: int, times: int) -> None:
        """One process goes on for a while, undisturbed."""
        name = self.model.processes[place].name
        for _ in range(times):
            may = [one for label, one in self.model.steps(self.world) if label.startswith(name)]
            if not may:
                return
            self.world = may[0]

    @invariant()
    def nothing_is_lost(self) -> None:
        check_kept(self.world.broker)

    def teardown(self) -> None:
        try:
            fair_end(self.model, self.world, 3)
        finally:
            self._stack.close()


Protocol.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestProtocol = Protocol.TestCase
