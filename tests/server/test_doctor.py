"""``heliograph doctor`` from its file to its exit status, against real servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.nats_servers import cluster
from tests.server.process import Process

from heliograph.cli import main
from heliograph.journal.checkup import Waiting
from heliograph.server._doctor import PATIENCE_SECONDS, judge_queue
from heliograph.testing import FakeChat

SECRET = "sk-do-not-show"


def examined(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str
) -> tuple[int, dict[str, tuple[str, str]], str]:
    """The exit status, what was found by its name, and all that was printed."""
    file = folder / "heliograph.toml"
    file.write_text(text)
    status = main(["doctor", "--config", str(file), "--json", *options])
    said = capsys.readouterr()
    found = {one["what"]: (one["status"], one["said"]) for one in json.loads(said.out)}
    return status, found, said.out + said.err


def provider(url: str, model: str = "test-model") -> str:
    return (
        f'[providers.talk]\nkind = "chat_completions"\nbase_url = "{url}"\n'
        f'api_key_env = "TALK_KEY"\nmodels = {{ ours = {{ upstream = "{model}" }} }}\n'
    )


def test_a_folder_and_a_provider_that_are_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALK_KEY", SECRET)
    with FakeChat(model="test-model") as fake:
        text = f'data = "data"\n{provider(fake.base_url)}'
        status, found, printed = examined(tmp_path, capsys, text)
        asked = fake.requests[-1]
    assert status == 0
    assert (asked.path.rpartition("/")[2], asked.headers["authorization"]) == (
        "models",
        f"Bearer {SECRET}",
    )
    assert {found[what][0] for what in ("configuration", "lock", "provider talk")} == {"ok"}
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("switches", "model", "result", "says"),
    [
        ({}, "other", "warning", "providers.talk.models"),
        ({"status": 401}, "test-model", "failed", "providers.talk.api_key_env"),
        ({"status": 404}, "test-model", "warning", "providers.talk.base_url"),
        ({"status": 500}, "test-model", "failed", "HTTP 500"),
    ],
)
def test_a_provider_that_is_wrong(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    switches: dict[str, int],
    model: str,
    result: str,
    says: str,
) -> None:
    monkeypatch.setenv("TALK_KEY", SECRET)
    with FakeChat(model="test-model", lists=False, **switches) as fake:
        status, found, printed = examined(tmp_path, capsys, provider(fake.base_url, model))
    assert found["provider talk"][0] == result
    assert says in found["provider talk"][1]
    assert status == (result == "failed")
    assert SECRET not in printed


def test_a_provider_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALK_KEY", SECRET)
    status, found, _ = examined(tmp_path, capsys, provider("http://127.0.0.1:1/v1"))
    assert (status, found["provider talk"][0]) == (1, "failed")


def test_a_key_that_is_not_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found, _ = examined(tmp_path, capsys, provider("http://127.0.0.1:1/v1"))
    assert (status, list(found)) == (1, ["configuration"])
    assert "TALK_KEY is not set" in found["configuration"][1]


def test_a_server_that_runs_and_one_that_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    with Process(data) as server:
        gateway = f"gateway {server.url.partition('//')[2]}"
        status, found, _ = examined(tmp_path, capsys, 'data = "data"', "--gateway", server.url)
        assert (status, found["socket"][0], found[gateway][0]) == (0, "ok", "ok")
    status, found, _ = examined(tmp_path, capsys, 'data = "data"', "--gateway", server.url)
    assert (status, found["lock"][0], found[gateway][0]) == (1, "ok", "failed")


def test_a_gateway_that_is_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeChat() as fake:
        url = fake.url
        status, found, _ = examined(tmp_path, capsys, "", "--gateway", url)
    assert status == 1
    assert "/readyz with 404" in found[f"gateway {url.partition('//')[2]}"][1]


def test_a_journal_on_nats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"[journal]\nkind = 'nats'\nservers = {cluster(1).urls}\nprefix = 'doc'\nreplicas = "
    status, found, _ = examined(tmp_path, capsys, f"{text}1")
    assert (status, found["server"][0], found["replicas"][0]) == (0, "ok", "ok")
    status, found, _ = examined(tmp_path, capsys, f"{text}3")
    assert (status, found["replicas"][0]) == (1, "failed")


def test_what_is_printed_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text("")
    assert main(["doctor", "--config", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok       configuration: ")
    assert lines[1].startswith("warning  journal: nothing is kept over a restart; set `data`")
    assert lines[2] == "1 ok, 1 warning, 0 failed"
    file.write_text("prot = 8080")
    assert main(["doctor", "--config", str(file)]) == 2
    assert "port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("queue", "result"),
    [
        (Waiting(("chat:a",), 1, 1.0), "ok"),
        (Waiting(("chat:a",), 1, PATIENCE_SECONDS + 1, untaken=False), "warning"),
        (Waiting(("chat:a",), 1, PATIENCE_SECONDS + 1), "warning"),
        (Waiting(("chat:a",), 1, PATIENCE_SECONDS + 1, untaken=True), "failed"),
        (Waiting(("chat:a", "image:gone"), 1, 1.0), "failed"),
    ],
)
def test_a_queue_with_nobody_who_can_do_it(queue: Waiting, result: str) -> None:
    found = judge_queue(queue, ["chat:a", "chat:b"])
    assert found.status == result
    if result == "failed":
        assert queue.needs[-1] in found.said
