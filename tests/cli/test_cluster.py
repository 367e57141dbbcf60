"""``heliograph cluster up``: what it prints is a journal that works, and it cleans up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from tests.contract.journal.support import claim, new

from heliograph.cli import main
from heliograph.journal import Entry
from heliograph.server import NatsSettings


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _works(settings: NatsSettings) -> None:
    journal = settings.journal()
    await journal.start()
    await journal.create(new("r"))
    lease = await claim(journal)
    await journal.finish(lease, 0, [Entry(b"0")], Entry(b"end"))
    await journal.stop()


@pytest.mark.parametrize("size", [1, pytest.param(3, marks=pytest.mark.cluster)])
def test_it_prints_a_journal_that_works_and_stops_its_servers(tmp_path: Path, size: int) -> None:
    command = [sys.executable, "-m", "heliograph.cli", "cluster", "up", str(size), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--data", str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(5))
        table = tomllib.loads(said)["journal"]
        settings = msgspec.convert({**table, "shards": 1}, NatsSettings)
        assert (len(settings.servers), settings.replicas) == (size, min(size, 3))
        servers = _children(process.pid)
        assert len(servers) == size
        asyncio.run(_works(settings))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert not any(_alive(pid) for pid in servers)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("size", ["0", "2", "x"])
def test_other_sizes_are_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["cluster", "up", size, "--data", "x"])
    assert left.value.code == 2
    assert "is not 1, 3 or 5" in capsys.readouterr().err
