"""The Python of ``docs/client.md`` runs as it stands, block after block, against a real server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.server.kit import running

from heliograph.providers import embedded

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client.md"


def test_every_block_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 9
    with running(serves=embedded()) as here:
        code = "".join(blocks).replace("http://127.0.0.1:8080", here.url)
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path
        )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("response.completed") == 3
    assert "stage 2" in ran.stdout
    assert "night finished" in ran.stdout
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png"] * 4
