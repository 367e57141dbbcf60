"""``docs/check.md``: its Python runs as it stands, and its numbers are those of the battery."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from heliograph.testing import RunningServer
from heliograph.testing.conformance import CASES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "check.md").read_text("utf-8")


def test_the_python_example_runs() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    with RunningServer() as server:
        told = {"HELIOGRAPH_BASE_URL": server.base_url, "HELIOGRAPH_API_KEY": server.api_key}
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            env=os.environ | told, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert len(lines) == sum(not case.id.startswith("image") for case in CASES)
    assert {line.split()[0] for line in lines} == {"pass", "not"}


def test_the_first_line_says_what_a_whole_run_costs() -> None:
    requests, pictures = (sum(getattr(c, n) for c in CASES) for n in ("requests", "pictures"))
    cost = f"{len(CASES)} cases, at most {requests} requests and {pictures} pictures"
    assert f"dialect strict: {cost}\n" in PAGE
