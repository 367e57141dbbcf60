"""Pages that are written by hand but for what stands between two marks."""

from __future__ import annotations

import sys
from pathlib import Path


def write(page: Path, script: str, **parts: str) -> int:
    """Put each part between its marks; with ``--check`` only say whether the page is stale."""
    old = new = page.read_text(encoding="utf-8")
    for name, text in parts.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        before, rest = new.split(begin)
        new = f"{before}{begin}{text}{end}{rest.split(end)[1]}"
    if "--check" in sys.argv[1:]:
        if new != old:
            print(f"{page.name} is stale: run python docs/_tools/{script}")
        return int(new != old)
    page.write_text(new, encoding="utf-8")
    return 0
