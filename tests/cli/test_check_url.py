"""`heliograph check URL`: what it says before and after, and its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from heliograph.cli import main
from heliograph.testing import FakeChat, RunningServer, Say
from heliograph.testing.conformance import CASES

MODEL = ["--model", "heliograph/direct"]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as it:
        yield it


@pytest.fixture(autouse=True)
def key(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOGRAPH_API_KEY", server.api_key)


def test_what_it_costs_is_said_first_and_the_table_follows(
    server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", server.base_url, *MODEL]) == 0
    first, *rows, last = capsys.readouterr().out.splitlines()
    requests = sum(case.requests for case in CASES)
    assert first == (
        f"{server.base_url}, model heliograph/direct, dialect strict: {len(CASES)} cases, "
        f"at most {requests} requests and 3 pictures"
    )
    assert [row[14:34].strip() for row in rows] == [case.id for case in CASES]
    assert {row[:13].strip() for row in rows} == {"pass", "not supported"}
    lacking = sum(row.startswith("not supported") for row in rows)
    assert last == f"{len(CASES) - lacking} pass, {lacking} not supported"


def test_without_pictures_none_is_made(
    server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", server.base_url, *MODEL, "--no-images", "--skip", "websocket"]) == 0
    out = capsys.readouterr().out
    assert " and 0 pictures" in out
    assert "image.stream" not in out
    assert "websocket" not in out


def test_a_failure_is_told_with_rule_and_what_is_right_and_the_status_is_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    junit = tmp_path / "check.xml"
    with FakeChat(Say(text="Hello."), status=500, error={"message": "\x1b[2J gone"}) as fake:
        args = ["--only", "text,usage,models", "--json", "-", "--junit", str(junit)]
        assert main(["check", fake.base_url, *args]) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["model"] == "fake-1"  # its only one
    assert told["counts"] == {"pass": 1, "fail": 1, "not supported": 0, "skipped": 1}
    lines = said.err.splitlines()
    assert lines[1].startswith("fail          text ")
    assert lines[2].strip().startswith("HG-API-001 POST /responses answers 500:")
    assert lines[2].endswith("gone; right: 200")
    assert lines[3].strip().startswith("judged: valid, completed, has text (Open Responses")
    assert lines[-1] == "1 pass, 1 fail, 1 skipped"
    assert "\x1b" not in said.err
    assert len([*Xml.parse(junit).getroot().iter("failure")]) == 1


def test_the_cases_are_listed_and_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "http://127.0.0.1:9/v1", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [case.id for case in CASES]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["http://127.0.0.1:9/v1/responses", *MODEL], "expected, as clients are given it: http://"),
        (["http://127.0.0.1:9/v1", *MODEL, "--only", "texts"], "no case is called 'texts'"),
        (["http://127.0.0.1:9/v1", *MODEL, "--dialect", "martian"], "martian"),
        (["capture.sse", "--no-images"], "--no-images is for an endpoint, and 'capture.sse' is no"),
        (["http://127.0.0.1:9/v1", *MODEL, "--junit", "no/folder.xml"], "no/folder.xml"),
        (["capture.sse", *MODEL], "--model is for an endpoint"),
    ],
)
def test_wrong_options_are_one_line(
    capsys: pytest.CaptureFixture[str], argv: list[str], says: str
) -> None:
    assert main(["check", *argv]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("value", ["0", "-1", "soon", "inf", "nan"])
def test_a_timeout_is_over_0(capsys: pytest.CaptureFixture[str], value: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check", "http://127.0.0.1:9/v1", f"--timeout={value}"])
    assert stop.value.code == 2
    assert f"{value!r} is not a number of seconds over 0" in capsys.readouterr().err


def test_of_several_models_one_must_be_named(
    server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", server.base_url]) == 2
    error = capsys.readouterr().err
    assert "--model: name the one to ask; the endpoint lists " in error
    assert "heliograph/direct" in error


def test_an_endpoint_that_is_not_there_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "http://127.0.0.1:9/v1", *MODEL, "--only", "text"]) == 1
    assert "HG-NET-001" in capsys.readouterr().out
