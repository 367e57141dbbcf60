"""Writes the table of metrics into docs/operations.md; ``--check`` says whether it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from heliograph.server._metrics import TABLE

PAGE = Path(__file__).parents[1] / "operations.md"
BEGIN, END = "<!-- metrics: begin -->\n", "<!-- metrics: end -->\n"


def table() -> str:
    """The rows, as the server has them."""
    lines = ["| metric | kind | labels | what it says |", "| --- | --- | --- | --- |"]
    for row in TABLE:
        labels = ", ".join(f"`{name}`" for name in row.labels)
        lines.append(f"| `{row.name}` | {row.kind} | {labels} | {row.help} |")
    return "\n".join([*lines, ""])


def main() -> int:
    old = PAGE.read_text(encoding="utf-8")
    before, rest = old.split(BEGIN)
    new = f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"
    if "--check" in sys.argv[1:]:
        if new != old:
            print(f"{PAGE.name} is stale: run python docs/_tools/metrics.py")
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
