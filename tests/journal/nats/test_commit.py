"""The append state machine: every state with every outcome."""

from __future__ import annotations

import pytest

from heliograph.journal._nats._commit import FINAL, TRANSITIONS, Commit, Outcome, State, outcome_of
from heliograph.journal._nats._records import Record, nonce_of, pack

SENT = {State.FIRST, State.AGAIN}
ANSWERS = {Outcome.OK, Outcome.REFUSED, Outcome.UNSURE}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_state_meets_every_outcome(state: State, outcome: Outcome) -> None:
    commit = Commit(7, b"n")
    commit.state = state
    possible = state not in FINAL and (outcome in ANSWERS) == (state in SENT)
    assert ((state, outcome) in TRANSITIONS) is possible
    if possible:
        assert commit.move(outcome) is TRANSITIONS[state, outcome]
        assert commit.state is TRANSITIONS[state, outcome]
    else:
        with pytest.raises(ValueError, match="cannot come"):
            commit.move(outcome)
        assert commit.state is state


def test_a_verdict_rests_on_an_answer() -> None:
    silence = {Outcome.UNSURE, Outcome.UNSEEN}
    assert all(
        after not in FINAL for (_, outcome), after in TRANSITIONS.items() if outcome in silence
    )


def test_a_refusal_is_a_fence_on_the_first_attempt_only() -> None:
    assert TRANSITIONS[State.FIRST, Outcome.REFUSED] is State.CONFLICT
    assert TRANSITIONS[State.AGAIN, Outcome.REFUSED] is State.LOOKING


@pytest.mark.parametrize(
    ("story", "verdict"),
    [
        ([Outcome.OK], State.ACCEPTED),
        ([Outcome.REFUSED], State.CONFLICT),
        ([Outcome.UNSURE, Outcome.MINE], State.ACCEPTED),
        ([Outcome.UNSURE, Outcome.OTHER], State.CONFLICT),
        ([Outcome.UNSURE, Outcome.UNSEEN, Outcome.UNCHANGED, Outcome.OK], State.ACCEPTED),
        # The first attempt arrived late: the second meets its echo.
        (
            [Outcome.UNSURE, Outcome.UNCHANGED, Outcome.REFUSED, Outcome.MINE],
            State.ACCEPTED,
        ),
        (
            [Outcome.UNSURE, Outcome.UNCHANGED, Outcome.REFUSED, Outcome.OTHER],
            State.CONFLICT,
        ),
        (
            [Outcome.UNSURE, Outcome.UNCHANGED, Outcome.UNSURE, Outcome.UNCHANGED, Outcome.OK],
            State.ACCEPTED,
        ),
    ],
)
def test_stories(story: list[Outcome], verdict: State) -> None:
    commit = Commit(7, b"n")
    for outcome in story[:-1]:
        assert commit.move(outcome) not in FINAL
    assert commit.move(story[-1]) is verdict


@pytest.mark.parametrize(
    ("last_seq", "nonce", "outcome"),
    [
        (9, b"n", Outcome.MINE),
        (7, b"other", Outcome.UNCHANGED),
        (9, b"other", Outcome.OTHER),
        (9, None, Outcome.OTHER),
        (0, None, Outcome.OTHER),
    ],
)
def test_what_the_last_message_says(last_seq: int, nonce: bytes | None, outcome: Outcome) -> None:
    assert Commit(7, b"n").seen(last_seq, nonce) is outcome


def test_an_empty_subject_is_unchanged_where_none_was_expected() -> None:
    assert Commit(0, b"n").seen(0, None) is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (None, Outcome.OK),
        (10071, Outcome.REFUSED),
        (10164, Outcome.UNSURE),
        (10009, Outcome.UNSURE),
        (10158, Outcome.UNSURE),
        (10054, None),
    ],
)
def test_what_an_answer_says(code: int | None, outcome: Outcome | None) -> None:
    assert outcome_of(code) is outcome


def test_a_record_is_known_by_its_nonce() -> None:
    one, other = Record(kind="frame"), Record(kind="frame")
    assert nonce_of(pack(one)) == one.nonce
    assert one.nonce != other.nonce
    assert nonce_of(b"") is None
    assert nonce_of(b"not a record of ours") is None
