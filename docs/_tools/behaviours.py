"""Write docs/behaviours.md: what each client made of each stream.

It runs them all (a minute). `--check` runs none and writes nothing: it fails where the page's text
is stale; what stands in the cells is held by tests/interop/test_behaviours.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.interop.behaviours.cases import CASES
from tests.interop.behaviours.page import PAGE, cell_of, parse, render
from tests.interop.behaviours.sides import SIDES


def main() -> int:
    wanted = [(case, side) for case in CASES for side in SIDES]
    if "--check" in sys.argv[1:]:
        text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        cells = parse(text)
        stale = any(place not in cells for place in wanted) or render(cells) != text
        if stale:
            print(f"{PAGE.name} is stale: run python docs/_tools/behaviours.py")
        return int(stale)
    PAGE.write_text(render({(case, side): cell_of(case, side) for case, side in wanted}), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
