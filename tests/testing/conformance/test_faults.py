"""A server that is wrong in one way fails the case that judges it, and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.kit import Running
from tests.testing.conformance.changes import error
from tests.testing.conformance.endpoint import KEY, WORDS, endpoint
from tests.testing.conformance.faults import FAULTS, SOCKET_FAULTS, Fault
from tests.testing.conformance.twisting import Texts, Twister, nothing, twisted_socket

from heliograph import lifecycle
from heliograph.testing import conformance
from heliograph.testing.conformance import CASES, CHECK_RULES, CaseResult, Target, Verdict


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with endpoint() as it:
        yield it


def target(base_url: str, seconds: float = 60.0) -> Target:
    return Target(base_url=base_url, model=WORDS, api_key=KEY, timeout=seconds)


def around(*names: str) -> tuple[conformance.Case, ...]:
    """Those cases, what they need, and what needs them."""
    needing = [case.id for case in CASES if not {*case.needs}.isdisjoint({*names} - {"text"})]
    return conformance.select([*names, *needing])


def of(results: list[CaseResult], verdict: Verdict) -> set[str]:
    return {result.case.id for result in results if result.verdict is verdict}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.case}: {fault.name}")
def test_a_fault_makes_its_case_fail_and_no_other(here: Running, fault: Fault) -> None:
    changed = (fault.at or fault.case).split()

    with Twister(
        here.url,
        lambda x: fault.asks(x) if x.case in changed else None,
        lambda x: fault.answers(x) if x.case in changed else None,
    ) as proxy:
        results = conformance.check_endpoint(
            target(proxy.base_url, fault.seconds), around(*changed, fault.case)
        )
    (failed,) = [result for result in results if result.verdict is Verdict.FAILED]
    assert failed.case.id == fault.case
    assert {*fault.rules.split()} <= {finding.rule for finding in failed.findings}
    needing = {result.case.id for result in results if fault.case in result.case.needs}
    assert of(results, Verdict.SKIPPED) <= needing | _needing(needing)
    assert not of(results, Verdict.UNSUPPORTED)


def _needing(names: set[str]) -> set[str]:
    return {case.id for case in CASES if not names.isdisjoint(case.needs)}


@pytest.mark.parametrize(("name", "rules", "change"), SOCKET_FAULTS)
def test_a_fault_of_the_websocket(here: Running, name: str, rules: str, change: Texts) -> None:
    with twisted_socket(here.url, change) as url:
        seconds = 5.0 if name == "falls silent" else 60.0
        told = target(url, seconds)
        (result,) = conformance.check_endpoint(told, conformance.select(["websocket"]))
    assert result.verdict is Verdict.FAILED
    assert not {*rules.split()}.isdisjoint(finding.rule for finding in result.findings), (
        result.findings
    )


def test_every_case_and_every_rule_has_a_fault() -> None:
    assert {fault.case for fault in FAULTS} | {"websocket"} == {case.id for case in CASES}
    told = {rule for fault in FAULTS for rule in fault.rules.split()}
    assert told >= set(CHECK_RULES)
    assert told <= {*CHECK_RULES, *lifecycle.RULES}


REFUSABLE = [case for case in CASES if case.words]


@pytest.mark.parametrize("case", REFUSABLE, ids=lambda case: case.id)
def test_a_refusal_by_name_is_not_supported_and_another_is_a_failure(
    here: Running, case: conformance.Case
) -> None:
    for refusal, verdict in [
        (error(400, "that cannot be had here", case.words[0]), Verdict.UNSUPPORTED),
        (error(404, f"there is no {case.words[0]} here"), Verdict.UNSUPPORTED),
        (error(400, "no"), Verdict.FAILED),
        (error(429, f"{case.words[0]}: too many requests"), Verdict.FAILED),
        (error(500, case.words[0]), Verdict.FAILED),
    ]:
        if case.path and verdict is Verdict.UNSUPPORTED:
            continue
        answers = lambda x, refusal=refusal: refusal(x) if x.case == case.id else None  # noqa: E731 - it keeps the refusal
        with Twister(here.url, nothing, answers) as proxy:
            results = conformance.check_endpoint(
                target(proxy.base_url), conformance.select([case.id])
            )
        assert results[-1].verdict is verdict, results[-1]


@pytest.mark.parametrize("number", [404, 405, 501])
@pytest.mark.parametrize("case", [c for c in CASES if c.path], ids=lambda case: case.id)
def test_a_path_that_is_not_there_is_not_supported(
    here: Running, case: conformance.Case, number: int
) -> None:
    def answers(x: object) -> None:
        if x.case == case.id:  # type: ignore[attr-defined]
            x.status, x.body = number, b"Nothing here"  # type: ignore[attr-defined]

    with Twister(here.url, nothing, answers) as proxy:
        results = conformance.check_endpoint(target(proxy.base_url), conformance.select([case.id]))
    assert results[-1].verdict is Verdict.UNSUPPORTED


def test_an_endpoint_without_a_websocket_does_not_support_it(here: Running) -> None:
    with Twister(here.url) as proxy:
        chosen = conformance.select(["websocket"])
        proxy.set()
        url = f"{proxy.url}/nowhere/v1"
        (result,) = conformance.check_endpoint(target(url), chosen)
    assert result.verdict is Verdict.UNSUPPORTED
