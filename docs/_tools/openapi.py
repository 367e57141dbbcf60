"""Write docs/openapi.json, the document that the server serves at `/openapi.json`.

`--check` writes nothing and fails where the file is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from heliograph.server import openapi_document

PAGE = Path(__file__).resolve().parent.parent / "openapi.json"


def page() -> str:
    """The document as it is kept: one line a value, so that changes can be read."""
    text = msgspec.json.encode(openapi_document())
    return msgspec.json.format(text, indent=1).decode() + "\n"


def main() -> int:
    new = page()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new
        if stale:
            print(f"{PAGE.name} is stale: run python docs/_tools/openapi.py")
        return int(stale)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
