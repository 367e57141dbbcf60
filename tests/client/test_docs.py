"""The Python of ``docs/client.md`` runs as it stands, block after block, against a real server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.server.kit import running

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client.md"


def test_every_block_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    with running() as here:
        code = "".join(blocks).replace("http://127.0.0.1:8080", here.url)
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
        )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("response.completed") == 3
