"""The quick start of docs/workers.md, followed word for word; only the port is one that is free."""

from __future__ import annotations

import base64
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx2
from tests.server.process import Child
from tests.server.test_workers import attached, until

PAGE = Path(__file__).resolve().parents[2] / "docs" / "workers.md"
BLOCKS = re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
SERVED_AT = "http://127.0.0.1:8080"


def words(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    assert program == "heliograph"
    return rest


def test_the_quick_start_works(tmp_path: Path) -> None:
    serve, draw, worker, _ = BLOCKS
    log = tmp_path / "log"
    with Child(log, *words(serve), "--port", "0", cwd=tmp_path) as server:
        url = next(word for word in server.said.split() if word.startswith("http"))
        url = url.removesuffix("/v1")
        until(lambda: attached(url) == 2)
        done = subprocess.run(
            [sys.executable, "-m", "heliograph.cli", *words(draw.replace(SERVED_AT, url))],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "fox.png").read_bytes().startswith(b"\x89PNG\r\n")
        with Child(log, *words(worker), cwd=tmp_path):
            until(lambda: attached(url) == 3)
        until(lambda: attached(url) == 2)


def test_a_worker_for_chat_and_one_for_pictures_work_together(tmp_path: Path) -> None:
    (tmp_path / "heliograph.toml").write_text('data = "data"\n')
    serve, chat, pictures = BLOCKS[3].splitlines()
    log = tmp_path / "log"
    with (
        Child(log, *words(serve), "--port", "0", cwd=tmp_path) as server,
        Child(log, *words(chat), cwd=tmp_path) as owner,
        Child(log, *words(pictures), cwd=tmp_path) as painter,
    ):
        assert owner.said.endswith(": chat:heliograph/direct\n")
        assert painter.said.endswith(": image:heliograph/illustrator\n")
        url = next(word for word in server.said.split() if word.startswith("http"))
        body = {
            "model": "heliograph/direct",
            "input": "a fox",
            "tools": [{"type": "image_generation", "size": "256x256"}],
        }
        answer = httpx2.post(f"{url}/responses", json=body, timeout=60).json()
        assert answer["status"] == "completed"
        (item,) = answer["output"]
        assert base64.b64decode(item["result"]).startswith(b"\x89PNG\r\n")
