"""A live endpoint held against the protocol, case by case: what ``heliograph check URL`` runs.

Rules for who adds a case: it is a row of a table (``_cases_*``), its function judges only through
its `Probe`, and ``tests/testing/conformance`` has a fault that makes it, and it alone, fail.
"""

from heliograph.testing.conformance._battery import CASES, check_endpoint, select
from heliograph.testing.conformance._case import Case, CaseResult, Finding, Target, Verdict
from heliograph.testing.conformance._report import counts, report_json, report_junit
from heliograph.testing.conformance._rules import CHECK_RULES

__all__ = [
    "CASES",
    "CHECK_RULES",
    "Case",
    "CaseResult",
    "Finding",
    "Target",
    "Verdict",
    "check_endpoint",
    "counts",
    "report_json",
    "report_junit",
    "select",
]
