"""`heliograph record`, `replay` and `tail`, over HTTP on loopback."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from tests.cli.test_main import refused

from heliograph.cli import main
from heliograph.testing import Cassette, FakeChat, RunningServer, Say

ASK = {"model": "fake-1", "input": "Who?", "stream": True}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeChat]:
    monkeypatch.setenv("HELIOGRAPH_API_KEY", "a-key-to-hide")
    with FakeChat(Say(text="A fox.")) as it:
        yield it


@contextmanager
def served(*argv: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A command that serves until a signal; its base URL."""
    command = [sys.executable, "-W", "error", "-m", "heliograph.cli", *argv, "--port", "0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line, child.communicate()[1]
        (url,) = (
            word.rstrip(";") for word in line.split(" at ")[1].split() if word.startswith("http")
        )
        yield url, child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def ended(child: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[str, str]:
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 0, err
    return out, err


def test_one_request_is_recorded(
    fake: FakeChat, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request, tape = tmp_path / "ask.json", tmp_path / "fox.jsonl"
    request.write_text(json.dumps(ASK))
    argv = ["record", str(request), "-o", str(tape), "--base-url", fake.base_url]
    assert main(argv) == 0
    assert capsys.readouterr().out.startswith("POST /responses: 200, ")
    assert fake.requests[0].headers["authorization"] == "Bearer a-key-to-hide"
    assert "a-key-to-hide" not in tape.read_text()
    assert "--force records it anew" in refused(capsys, *argv)
    fake.set(status=429)
    assert main([*argv, "--force"]) == 1
    assert "the endpoint said" in capsys.readouterr().err
    assert Cassette(tape).exchanges[0].status == 429


def test_a_proxy_records_and_the_replay_says_the_same(fake: FakeChat, tmp_path: Path) -> None:
    tape = tmp_path / "fox.jsonl"
    with served("record", fake.base_url, "-o", str(tape)) as (url, child):
        said = httpx2.post(f"{url}/responses", json=ASK).content
        out, _ = ended(child, signal.SIGINT)
    assert out == f"1 exchange in {tape}\n"
    assert b"A fox." in said or b"fox" in said

    with served("replay", str(tape), "--faults", "cut=1", "--ignore", "input") as (url, child):
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.post(f"{url}/responses", json=ASK)
        assert httpx2.post(f"{url}/responses", json=ASK | {"input": "Why?"}).content == said
        assert httpx2.get(f"{url}/models").status_code == 400
        _, err = ended(child)
    assert err == "no exchange of fox.jsonl fits GET /models: it holds POST /responses\n"
    assert len(fake.requests) == 1


def test_tail_shows_the_events_of_a_stored_response(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningServer() as server:
        monkeypatch.setenv("HELIOGRAPH_API_KEY", server.api_key)
        tool = {"type": "image_generation", "size": "256x256", "partial_images": 1}
        asked = {"model": server.model, "input": "a fox", "tools": [tool]}
        told = {"authorization": f"Bearer {server.api_key}"}
        made = httpx2.post(f"{server.base_url}/responses", json=asked, headers=told, timeout=60)
        argv = ["tail", made.json()["id"], "--base-url", server.base_url]
        assert main(argv) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "    0  response.created"
        assert lines[-1].split()[1] == "response.completed"
        assert any("partial_image  (" in line and line.endswith("bytes)") for line in lines)
        assert main([*argv, "--after", "3", "--json"]) == 0
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [event["sequence_number"] for event in events] == list(range(4, len(lines)))
        said = refused(capsys, "tail", "resp_missing", "--base-url", server.base_url)
        assert said.startswith("heliograph tail: response_id")


def test_bad_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HELIOGRAPH_BASE_URL", "OPENROUTER_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    ask, bad, tape = (str(tmp_path / name) for name in ("ask.json", "bad.json", "x.jsonl"))
    Path(ask).write_text("{}")
    Path(bad).write_text("[1]")
    assert "--output" in refused(capsys, "record", ask)
    assert "no-such.json" in refused(capsys, "record", "no-such.json", "-o", tape)
    assert "holds no JSON object" in refused(capsys, "record", bad, "-o", tape)
    assert "no endpoint: pass --base-url" in refused(capsys, "record", ask, "-o", tape)
    assert "there is no such cassette" in refused(capsys, "replay", "no.jsonl")
    assert "'burn' is none of cut, stall" in refused(capsys, "replay", bad, "--faults", "burn")
    assert "'x' is not a number from 0" in refused(capsys, "replay", bad, "--speed", "x")
    assert "is no line of a cassette" in refused(capsys, "replay", bad)
    assert "'-1' is not a whole number" in refused(capsys, "tail", "resp_1", "--after", "-1")
    assert not Path(tape).exists()


def test_an_endpoint_or_a_port_that_is_not_to_be_had_is_one_line(
    fake: FakeChat, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask, tape = tmp_path / "ask.json", tmp_path / "x.jsonl"
    ask.write_text("{}")
    gone = ["record", str(ask), "-o", str(tape), "--base-url", "http://127.0.0.1:9/v1"]
    assert main(gone) == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert not tape.exists()
    Cassette(tape, "http://127.0.0.1/v1").start()
    said = refused(capsys, "replay", str(tape), "--port", str(fake.port))
    assert f"cannot listen on 127.0.0.1 port {fake.port}" in said
