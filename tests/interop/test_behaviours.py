"""What clients make of a stream, side by side: ``docs/behaviours.md``, cell by cell."""

from __future__ import annotations

import pytest
from tests.interop.behaviours import page
from tests.interop.behaviours.cases import CASES, GROUPS, PLAIN, TEXT
from tests.interop.behaviours.sides import SIDES, STRICT
from tests.interop.behaviours.verdicts import MEANING, NAME, Record, Seen, Verdict, judge

WRITTEN = page.PAGE.read_text("utf-8")
CELLS = page.parse(WRITTEN)
OURS = "heliograph"


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", CASES)
def test_the_page_says_what_happens(case: str, side: str) -> None:
    assert page.cell_of(case, side) == CELLS[case, side]


def test_strict_mode_tells_of_a_hole() -> None:
    assert GROUPS[PLAIN][0].cell(STRICT, "sync").verdict is Verdict.WHOLE
    verdict, _, detail = str(CASES["gap"].cell(STRICT, "sync")).partition(": ")
    assert f"(*{verdict}*: {detail})" in WRITTEN


def test_the_page_is_not_stale() -> None:
    assert page.render(CELLS) == WRITTEN


def _rank(words: str) -> Verdict:
    """The worst verdict of a cell."""
    ranks = {name: verdict for verdict, name in NAME.items()}
    return max(
        ranks[name] for name in NAME.values() for part in words.split("; ") if _says(part, name)
    )


def _says(part: str, name: str) -> bool:
    told = part.partition(": `")[0]
    return told == name or told.endswith(f": {name}")


@pytest.mark.parametrize("case", CASES)
def test_ours_has_no_row_worse_than_another_s(case: str) -> None:
    ours = _rank(CELLS[case, OURS])
    assert all(ours <= _rank(CELLS[case, side]) for side in SIDES)


def test_every_client_reads_what_has_nothing_odd() -> None:
    plain = [case.id for case in GROUPS[PLAIN]]
    assert {CELLS[case, side] for case in plain for side in SIDES} == {NAME[Verdict.WHOLE]}


def test_a_cell_s_rank_is_its_worst_way_s() -> None:
    assert _rank("whole") is Verdict.WHOLE
    assert _rank("sync: whole; async: error: `X`") is Verdict.ERROR
    assert _rank("error, with what came: `X`") is Verdict.ERROR_WITH_SNAPSHOT
    assert list(MEANING) == list(NAME) == list(Verdict)


def _record(*events: object, error: BaseException | None = None) -> Record:
    return Record([Seen(None, event) for event in events], error)


class _Own(Exception):
    pass


_Own.__module__ = "mine.errors"


@pytest.mark.parametrize(
    ("record", "whole", "verdict"),
    [
        (_record(*TEXT), True, Verdict.WHOLE),
        (_record(*TEXT[:-1]), True, Verdict.SHORT),
        (_record(*TEXT[:3], *TEXT[4:]), True, Verdict.EVENTS_LOST),
        (_record(*TEXT[:3], *TEXT[2:]), True, Verdict.INVENTED),
        (_record(*TEXT, {"type": "x"}), True, Verdict.INVENTED),
        (_record({**TEXT[0], "response": {}}, *TEXT[1:]), True, Verdict.FIELDS_LOST),
        (_record(*TEXT), False, Verdict.SHORT),
        (_record(*TEXT, error=_Own()), False, Verdict.ERROR),
        (_record(*TEXT[:-1], error=_Own()), False, Verdict.EVENTS_LOST),
        (_record(*TEXT, error=KeyError()), False, Verdict.CRASH),
    ],
)
def test_the_judge(record: Record, whole: bool, verdict: Verdict) -> None:
    assert judge(record, TEXT, package="mine", whole=whole).verdict is verdict


def test_the_judge_of_what_can_be_encoded_but_not_read() -> None:
    record = Record([Seen(None, event, {}) for event in TEXT])
    assert judge(record, TEXT, package="mine", whole=True).verdict is Verdict.FIELDS_LOST


def test_the_judge_of_errors_the_server_gave() -> None:
    told = {"package": "mine", "whole": False, "reason": "it broke"}
    assert judge(_record(*TEXT), TEXT, **told).verdict is Verdict.ONLY_AN_EVENT
    assert judge(_record(), [], **told).verdict is Verdict.SHORT
    assert judge(_record(error=_Own("it broke")), TEXT, **told).verdict is Verdict.ERROR
    assert judge(_record(error=_Own("oh")), TEXT, **told).verdict is Verdict.WRONG_ERROR
