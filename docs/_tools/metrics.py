"""Writes the table of metrics into docs/operations.md; ``--check`` says whether it is stale."""

from __future__ import annotations

from pathlib import Path

import marked

from heliograph.server._metrics import TABLE

PAGE = Path(__file__).parents[1] / "operations.md"


def table() -> str:
    """The rows, as the server has them."""
    lines = ["| metric | kind | labels | what it says |", "| --- | --- | --- | --- |"]
    for row in TABLE:
        labels = ", ".join(f"`{name}`" for name in row.labels)
        lines.append(f"| `{row.name}` | {row.kind} | {labels} | {row.help} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    raise SystemExit(marked.write(PAGE, "metrics.py", metrics=table()))
