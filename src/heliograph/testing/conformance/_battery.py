"""The battery: which cases there are, and a run of them against an endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from heliograph import errors
from heliograph.testing.conformance._case import Case, CaseResult, Target, Verdict
from heliograph.testing.conformance._cases_edges import EDGE_CASES
from heliograph.testing.conformance._cases_kept import KEPT_CASES
from heliograph.testing.conformance._cases_pictures import PICTURE_CASES
from heliograph.testing.conformance._cases_text import TEXT_CASES
from heliograph.testing.conformance._cases_tools import TOOL_CASES
from heliograph.testing.conformance._judge import Judge
from heliograph.testing.conformance._probe import NotSupported, Probe, Stopped
from heliograph.testing.conformance._wire import Wire

__all__ = ["CASES", "check_endpoint", "select"]

CASES: tuple[Case, ...] = (*TEXT_CASES, *TOOL_CASES, *PICTURE_CASES, *KEPT_CASES, *EDGE_CASES)
"""All cases. Those that a case needs stand before it."""


def select(
    only: Iterable[str] = (), skip: Iterable[str] = (), *, images: bool = True
) -> tuple[Case, ...]:
    """The cases of these ids and those they need; without those of ``skip`` and what needs them.

    Nothing in ``only`` means all. ``images=False`` leaves out what makes pictures. Raises
    ``UsageError`` for an id that no case has, and where nothing is left.
    """
    known = {case.id: case for case in CASES}
    wanted, left_out = set(only), set(skip)
    for name in sorted(wanted | left_out):
        if name not in known:
            raise errors.UsageError(f"no case is called {name!r}; cases: {', '.join(known)}")
    for case in reversed(CASES):
        if case.id in wanted:
            wanted |= {*case.needs}
    left_out |= {case.id for case in CASES if case.pictures and not images}
    chosen: list[Case] = []
    for case in CASES:
        if case.id in left_out or not left_out.isdisjoint(case.needs):
            left_out.add(case.id)
        elif not wanted or case.id in wanted:
            chosen.append(case)
    if not chosen:
        raise errors.UsageError("no case is left to run")
    return tuple(chosen)


def check_endpoint(
    target: Target,
    cases: Sequence[Case] = CASES,
    each: Callable[[CaseResult], None] = lambda result: None,
) -> list[CaseResult]:
    """Run the cases against an endpoint, one after another; ``each`` is told of every result.

    Raises ``MissingExtra`` without the extra ``testing``. What the endpoint does wrong is in the
    results, never an exception.
    """
    judge = Judge(target.dialect)
    wire = Wire(target.base_url, target.api_key, target.timeout)
    kept: dict[str, Any] = {}
    results: dict[str, CaseResult] = {}
    try:
        for case in cases:
            result = CaseResult(case)
            if not _held_up(result, results):
                _run(result, Probe(target, wire, judge, case, kept))
            results[case.id] = result
            each(result)
    finally:
        wire.close()
    return list(results.values())


def _held_up(result: CaseResult, results: dict[str, CaseResult]) -> bool:
    """Whether a case that this one needs did not give what it uses."""
    for name in result.case.needs:
        needed = results[name]
        if needed.verdict is Verdict.UNSUPPORTED:
            result.verdict = Verdict.UNSUPPORTED
            result.note = f"needs {name}, which is not supported"
            return True
        if needed.broke_off or needed.verdict is Verdict.SKIPPED:
            result.verdict = Verdict.SKIPPED
            failed = "failed" if needed.broke_off else "was skipped"
            result.note = f"needs {name}, which {failed}"
            return True
    return False


def _run(result: CaseResult, probe: Probe) -> None:
    began = time.monotonic()
    try:
        result.case.run(probe)
    except Stopped:
        result.broke_off = True
    except NotSupported as why:
        result.verdict, result.note = Verdict.UNSUPPORTED, str(why)
    if probe.findings:
        result.verdict, result.note = Verdict.FAILED, ""
        result.findings = list(dict.fromkeys(probe.findings))
        result.broke_off |= result.case.id not in probe.kept and _is_needed(result.case.id)
    result.requests = probe.requests
    result.seconds = time.monotonic() - began


def _is_needed(name: str) -> bool:
    return any(name in case.needs for case in CASES)
