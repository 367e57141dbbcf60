"""``heliograph serve`` as a process: signals, and one line for what is wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from tests.server.kit import assert_valid
from tests.server.process import Process
from tests.server.test_kill import Reader, request


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_work_finish(tmp_path: Path, number: signal.Signals) -> None:
    with Process(tmp_path / "data") as process:
        reader = Reader(1, background=False)
        reader.post(process.url)
        while not reader.stream.frames:
            time.sleep(0.001)
        process.signal(number)
        reader.join()
        assert assert_valid(reader.stream).types[-1] == "response.completed"
        assert process.wait() == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{process.url}/healthz")


def test_keys_are_made_and_revoked_beside_a_running_server(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def keys(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "heliograph.cli", "keys", *args, "--data", str(data)]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    def status(key: str) -> int:
        headers = {"authorization": f"Bearer {key}"}
        return httpx2.get(f"{process.url}/v1/models", headers=headers).status_code

    def becomes(key: str, wanted: int) -> None:
        deadline = time.monotonic() + 10
        while status(key) != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    first = keys("create").stdout.strip()
    with Process(data, "--host", "0.0.0.0") as process:
        process.url = process.url.replace("0.0.0.0", "127.0.0.1")
        assert status(first) == 200
        assert status("hg_none") == 401
        second = keys("create", "--name", "late").stdout.strip()
        becomes(second, 200)
        keys("revoke", first)
        becomes(first, 401)
        assert status(second) == 200
        assert keys("list").stdout.count("revoked") == 1


def test_a_host_that_others_reach_is_not_served_without_keys(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "heliograph.cli", "serve", "--port", "0"]
    ended = subprocess.run(
        [*command, "--host", "0.0.0.0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "heliograph keys create --data" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    big = request(1, background=True)
    big["tools"][0]["size"] = "4096x4096"
    with Process(tmp_path / "data") as process:
        for _ in range(4):
            assert httpx2.post(f"{process.url}/v1/responses", json=big).status_code == 200
        process.signal(signal.SIGTERM)
        log = Path(process.log.name)
        while "stopping" not in log.read_text():
            time.sleep(0.01)
        process.signal(signal.SIGTERM)
        assert process.wait(5) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("config", "options", "said"),
    [
        ("prot = 1", [], "unknown key 'prot'"),
        ("", ["--host", "0.0.0.0"], "no key is configured"),
        ("", ["--data", "/proc/nothing"], "/proc/nothing"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    tmp_path: Path, config: str, options: list[str], said: str
) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(config)
    serve = [sys.executable, "-m", "heliograph.cli", "serve", "--port", "0"]
    ended = subprocess.run(
        [*serve, "--config", str(file), *options],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_the_log_holds_no_prompt(tmp_path: Path) -> None:
    with Process(tmp_path / "data") as process:
        answer = httpx2.post(f"{process.url}/v1/responses", json=request(1), timeout=20)
        assert answer.status_code == 200
        log = Path(process.log.name).read_text()
        assert answer.headers["x-request-id"] in log
        assert "fox" not in log
