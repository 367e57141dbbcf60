"""``docs/testing.md`` runs as it stands."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph import server

pytest_plugins = ["pytester"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "testing.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_test_of_an_app_passes(pytester: pytest.Pytester) -> None:
    (block,) = (block for block in blocks("python") if "def test_" in block)
    pytester.makepyfile(block)
    options = ("-p", "no:asyncio", "-p", "heliograph.testing.plugin", "-p", "no:heliograph")
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)


async def test_the_python_example_runs(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("python") if "Recorder" in block)
    async with server.Server(server.Settings(port=0)) as own:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", block,
            cwd=tmp_path, env=os.environ | {"HELIOGRAPH_BASE_URL": f"{own.url}/v1"},
            stderr=subprocess.PIPE,
        )  # fmt: skip
        _, said = await child.communicate()
    assert child.returncode == 0, said.decode()
    (picture,) = (tmp_path / "fox.pictures").glob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
