"""The quick start of docs/cluster.md, followed word for word; only the ports are free ones."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.server.process import Child
from tests.server.test_workers_docs import words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cluster.md"
BLOCKS = re.findall(r"^```(?:toml)?\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def ended(servers: Child) -> None:
    """Ctrl-C, which takes the nats-servers with it."""
    servers.signal(signal.SIGINT)
    assert servers.wait() == 0


@pytest.mark.cluster
def test_the_quick_start_works(tmp_path: Path) -> None:
    up, table, fleet, draw = BLOCKS[:4]
    commands = fleet.splitlines()
    log = tmp_path / "log"
    with ExitStack() as stack:

        def begun(command: str, *more: str) -> Child:
            return stack.enter_context(Child(log, *words(command), *more, cwd=tmp_path))

        servers = begun(up, "--port", "0")
        stack.callback(ended, servers)
        printed = servers.said + "".join(servers.line() for _ in table.splitlines()[1:])
        assert re.sub(r":\d+", "", printed) == re.sub(r":\d+", "", table)
        assert len(tomllib.loads(printed)["journal"]["servers"]) == 3
        (tmp_path / "heliograph.toml").write_text(printed)
        gateways = [begun(command, "--port", "0") for command in commands[:2]]
        workers = [begun(command) for command in commands[2:]]
        assert workers[0].said.endswith(": chat:heliograph/direct, image:heliograph/illustrator\n")
        assert workers[1].said.endswith(": image:heliograph/illustrator\n")
        for number, gateway in enumerate(gateways):
            url = next(word for word in gateway.said.split() if word.startswith("http"))
            command = words(draw.replace("http://127.0.0.1:8081/v1", url))
            done = subprocess.run(
                [sys.executable, "-m", "heliograph.cli", *command],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            picture = tmp_path / "fox.png"
            assert picture.read_bytes().startswith(b"\x89PNG\r\n"), number
            picture.unlink()
