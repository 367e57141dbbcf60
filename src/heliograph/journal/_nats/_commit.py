"""Is it written? One compare-and-set publish, from the first attempt to its verdict. No I/O.

Theory of operation. A record is published with the stream sequence that its subject's last message
must have (0 for none). JetStream answers with an acknowledgement, with error 10071 (another message
is the last), with something that settles nothing (10164, a lost leader), or not at all.

10071 on a *first* attempt means that someone else wrote. Once an attempt may have arrived unseen,
10071 may also be the echo of one's own accepted record: then the subject's last message, read
through the stream's leader, decides. Each record carries a random nonce, so *mine* is exact.

Rules for the next editor: every pair of a state that is not final with an outcome that it can meet
is a row; ``tests/journal/nats/test_commit.py`` drives them all. A row to ``ACCEPTED`` or
``CONFLICT`` must rest on an answer, never on silence.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["FINAL", "TRANSITIONS", "Commit", "Outcome", "State", "outcome_of"]


class State(Enum):
    """Where a publish stands."""

    FIRST = "first attempt"
    LOOKING = "looking at the subject's last message"
    AGAIN = "sent again"
    ACCEPTED = "accepted"
    CONFLICT = "someone else wrote"


class Outcome(Enum):
    """What an attempt or a look came to."""

    OK = "acknowledged"
    REFUSED = "10071: another last sequence"
    UNSURE = "10164, a timeout, a reconnect, no leader"
    MINE = "the last message is this record"
    UNCHANGED = "the last message is the expected one"
    OTHER = "the last message is someone else's"
    UNSEEN = "the look failed"


TRANSITIONS: dict[tuple[State, Outcome], State] = {
    (State.FIRST, Outcome.OK): State.ACCEPTED,
    (State.FIRST, Outcome.REFUSED): State.CONFLICT,
    (State.FIRST, Outcome.UNSURE): State.LOOKING,
    (State.AGAIN, Outcome.OK): State.ACCEPTED,
    (State.AGAIN, Outcome.REFUSED): State.LOOKING,
    (State.AGAIN, Outcome.UNSURE): State.LOOKING,
    (State.LOOKING, Outcome.MINE): State.ACCEPTED,
    (State.LOOKING, Outcome.UNCHANGED): State.AGAIN,
    (State.LOOKING, Outcome.OTHER): State.CONFLICT,
    (State.LOOKING, Outcome.UNSEEN): State.LOOKING,
}

FINAL = frozenset({State.ACCEPTED, State.CONFLICT})

_WRONG_LAST_SEQUENCE = 10071
_UNSETTLED = frozenset(
    {
        10164,  # wrong last sequence, another proposal in flight
        10008,  # JetStream is temporarily unavailable
        10009,  # the cluster has no leader
        10023,  # insufficient resources
        10077,  # the store refused
        10158,  # a message of this id, ours sent before, is in flight
        10167,  # too many requests in flight
    }
)


def outcome_of(err_code: int | None) -> Outcome | None:
    """What a publish's answer says; None for an error that will not go away by trying again."""
    if err_code is None:
        return Outcome.OK
    if err_code == _WRONG_LAST_SEQUENCE:
        return Outcome.REFUSED
    return Outcome.UNSURE if err_code in _UNSETTLED else None


class Commit:
    """One record on its way. Feed outcomes to ``move`` until ``state`` is final."""

    __slots__ = ("expected", "nonce", "state")

    def __init__(self, expected: int, nonce: bytes) -> None:
        self.expected = expected
        self.nonce = nonce
        self.state = State.FIRST

    def move(self, outcome: Outcome) -> State:
        """Take an outcome; raises ``ValueError`` where the state cannot meet it."""
        after = TRANSITIONS.get((self.state, outcome))
        if after is None:
            raise ValueError(f"{outcome.name} cannot come in state {self.state.name}")
        self.state = after
        return after

    def seen(self, last_seq: int, nonce: bytes | None) -> Outcome:
        """What the subject's last message (0 and None for none) says."""
        if nonce is not None and nonce == self.nonce:
            return Outcome.MINE
        return Outcome.UNCHANGED if last_seq == self.expected else Outcome.OTHER
