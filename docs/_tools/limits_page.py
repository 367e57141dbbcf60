"""Write docs/limits.md: every limit with its default, in the words of the code.

`--check` writes nothing and fails where the page is stale.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from heliograph import engine, server

PAGE = Path(__file__).resolve().parent.parent / "limits.md"

HEAD = """\
# Limits

Every bound has a name, a default, and an error that names it. All of these go under `[limits]` in
the configuration file; sizes are bytes, times seconds. How keys are bounded (`requests_per_minute`,
`concurrent_requests`) is told in [access.md](access.md). This page is written by
`docs/_tools/limits_page.py`.
"""
ROOMS = (
    ("Requests and connections", server.Limits),
    ("Responses while they are made", engine.Limits),
)


def names_of(text: str) -> list[str]:
    """The limits that a docstring's entry is about."""
    return [
        name for name in re.findall(r"``(\w+)``", text) if name in server.Limits.__struct_fields__
    ]


def entries(words: str) -> list[str]:
    """The docstring's entries, each on one line."""
    blocks = re.split(r"^ *- ", words, flags=re.MULTILINE)[1:]
    return [" ".join(block.split()) for block in blocks]


def default(name: str) -> str:
    """``32 MiB``, ``30 d``: the default in the largest unit that it is a whole number of."""
    value = getattr(server.Limits(), name)
    units: tuple[tuple[str, int], ...] = ()
    if name.endswith("_bytes"):
        units = (("MiB", 1024**2), ("KiB", 1024))
    elif name.endswith("_seconds"):
        units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    for unit, size in units:
        if value >= size and value % size == 0:
            return f"{value / size:g} {unit}"
    return f"{value:,}".replace(",", " ") if value else "0 (none)"


def page() -> str:
    """The whole page."""
    told: set[str] = set()
    text = HEAD
    for title, limits in ROOMS:
        text += f"\n## {title}\n\n| limit | default | |\n| --- | --- | --- |\n"
        for entry in entries(limits.__doc__ or ""):
            names = [name for name in dict.fromkeys(names_of(entry)) if name not in told]
            told.update(names)
            left = "<br>".join(f"`{name}`" for name in names)
            if len(names) == 1:
                entry = entry.partition(": ")[2]
            right = "<br>".join(default(name) for name in names)
            text += f"| {left} | {right} | {entry.replace('``', '`')} |\n"
    untold = set(server.Limits.__struct_fields__) - told
    if untold:
        raise SystemExit(f"limits without a word in their docstring: {sorted(untold)}")
    return text


def main() -> int:
    new = page()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new
        if stale:
            print(f"{PAGE.name} is stale: run python docs/_tools/limits_page.py")
        return int(stale)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
