"""Writes the cases and rules of ``heliograph check URL`` into docs/check.md; ``--check`` says
whether they are stale."""

from __future__ import annotations

from pathlib import Path

import marked

from heliograph.testing.conformance import CASES, CHECK_RULES

PAGE = Path(__file__).parents[1] / "check.md"


def cases() -> str:
    """A row for each case, in the order of a run."""
    lines = [
        "| case | asks | judges | held against | requests | pictures |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case in CASES:
        cost = f"{case.requests} | {case.pictures or ''}"
        lines.append(f"| `{case.id}` | {case.asks} | {case.judges} | {case.fact} | {cost} |")
    return "\n".join([*lines, ""])


def rules() -> str:
    """A row for each rule."""
    lines = ["| rule | says |", "| --- | --- |"]
    lines += [f"| `{rule}` | {says} |" for rule, says in CHECK_RULES.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    raise SystemExit(marked.write(PAGE, "check_page.py", cases=cases(), rules=rules()))
