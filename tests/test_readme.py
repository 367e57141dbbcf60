"""The README's Python runs as it stands: each block in its own process, against a real server."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from heliograph import server

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
SERVED_AT = "http://127.0.0.1:8080"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    own = server.Server(server.Settings(port=0))
    await own.start()
    yield own.url
    await own.stop()


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3
    assert sum(SERVED_AT in block for block in BLOCKS) == 1


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
async def test_block_runs(block: str, url: str, tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", block.replace(SERVED_AT, url),
        cwd=tmp_path,
        env=os.environ | {"HELIOGRAPH_BASE_URL": f"{url}/v1", "HELIOGRAPH_API_KEY": "any"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await child.communicate()
    assert child.returncode == 0, err.decode()
    if "fox.png" in block:
        assert (tmp_path / "fox.png").read_bytes().startswith(b"\x89PNG\r\n")
        if "a picture begins" in block:
            assert out.decode().startswith("a picture begins: ")
    if SERVED_AT in block:
        assert out.decode().split()[0] == "response.created"
        assert out.decode().split()[-1] == "response.completed"
