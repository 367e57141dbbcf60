"""Results as JSON and as JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from heliograph._version import __version__
from heliograph.testing.conformance._case import CaseResult, Target, Verdict

__all__ = ["counts", "report_json", "report_junit"]

_NO_XML = {code: "�" for code in range(32) if code not in (9, 10, 13)}


def counts(results: Sequence[CaseResult]) -> dict[str, int]:
    """How many cases have each verdict."""
    return {str(v): sum(result.verdict is v for result in results) for v in Verdict}


def report_json(target: Target, results: Sequence[CaseResult]) -> str:
    """One JSON object: the endpoint, the counts, and each case with what was found."""
    return json.dumps(
        {
            "heliograph": __version__,
            "base_url": target.base_url,
            "model": target.model,
            "image_model": target.image_model,
            "dialect": target.dialect.name,
            "counts": counts(results),
            "cases": [_case(result) for result in results],
        },
        indent=2,
        ensure_ascii=False,
    )


def _case(result: CaseResult) -> dict[str, Any]:
    case = result.case
    return {
        "id": case.id,
        "verdict": str(result.verdict),
        "note": result.note or None,
        "findings": [finding._asdict() for finding in result.findings],
        "asks": case.asks,
        "judges": case.judges,
        "fact": case.fact,
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
    }


def report_junit(target: Target, results: Sequence[CaseResult]) -> str:
    """A JUnit XML document: a suite with a test case each; not supported ones are skipped there."""
    told = counts(results)
    suite = Xml.Element(
        "testsuite",
        name=f"heliograph check {target.base_url}",
        tests=str(len(results)),
        failures=str(told[Verdict.FAILED]),
        errors="0",
        skipped=str(told[Verdict.UNSUPPORTED] + told[Verdict.SKIPPED]),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        one = Xml.SubElement(
            suite,
            "testcase",
            classname="heliograph.check",
            name=result.case.id,
            time=f"{result.seconds:.3f}",
        )
        if result.verdict is Verdict.FAILED:
            first = result.findings[0]
            failure = Xml.SubElement(one, "failure", type=first.rule, message=_clean(str(first)))
            failure.text = _clean("\n".join(map(str, result.findings)))
        elif result.verdict is not Verdict.PASSED:
            Xml.SubElement(one, "skipped", message=_clean(f"{result.verdict}: {result.note}"))
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    return text.translate(_NO_XML)
