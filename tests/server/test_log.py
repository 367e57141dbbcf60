"""Logs: ids that join, one record a request, and nothing that users or upstreams said."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.server.kit import read
from tests.server.process import Process

from heliograph import errors, server
from heliograph.server import Log, setup_logging
from heliograph.testing import FakeChat, Say

PROMPT = "a canary that nobody may read"
KEY = "sk-canary-key"
OURS = {"time", "level", "logger", "message"}


def config(tmp_path: Path, fake: FakeChat, log: str = "") -> str:
    file = tmp_path / "heliograph.toml"
    file.write_text(
        f'[log]\nformat = "json"\n{log}\n[routes]\nattempts = 1\n'
        f'[providers.house]\nkind = "chat_completions"\nbase_url = "{fake.base_url}"\n'
        'api_key_env = "HOUSE_KEY"\n[providers.house.models."house/talker"]\nupstream = "fake-1"\n'
    )
    return str(file)


def records(process: Process) -> list[dict[str, Any]]:
    """All that it logged, once it has stopped: each line is an object with the four fields."""
    process.signal(signal.SIGTERM)
    process.wait()
    lines = Path(process.log.name).read_text(encoding="utf-8").splitlines()
    found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert all(record.keys() >= OURS for record in found)
    return found


def by(found: list[dict[str, Any]], logger: str) -> list[dict[str, Any]]:
    return [record for record in found if record["logger"] == f"heliograph.{logger}"]


def ask(**more: Any) -> dict[str, Any]:
    return {"model": "house/talker", "input": PROMPT, **more}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_KEY", KEY)


def test_a_request_and_its_response_can_be_followed_by_their_ids(tmp_path: Path) -> None:
    with FakeChat(Say(text="Hello")) as fake:
        options = ("--config", config(tmp_path, fake))
        with (
            Process(tmp_path / "data", *options) as process,
            httpx2.Client(base_url=process.url, timeout=20) as http,
        ):
            with http.stream("POST", "/v1/responses", json=ask(stream=True)) as response:
                stream = read(response)
                request_id = response.headers["x-request-id"]
                response_id = response.headers["x-response-id"]
            http.get(f"/v1/responses/{response_id}?secret={KEY}")
            http.get(f"/nowhere/{KEY}")
            found = records(process)
    posted, got, lost = by(found, "access")
    assert posted["request_id"] == request_id
    assert posted["response_id"] == got["response_id"] == response_id
    assert (posted["method"], posted["route"], posted["status"]) == ("POST", "/v1/responses", 200)
    assert posted["events"] == len(stream.frames)
    assert posted["bytes"] > sum(len(frame.data) for frame in stream.frames)
    assert 0 < posted["first_event_ms"] <= posted["ms"]
    assert got["route"] == "/v1/responses/{response_id}"
    assert (lost["route"], lost["status"]) == ("other", 404)
    (ran,) = by(found, "engine")
    assert ran["request_id"] == request_id, "the run knows who asked for it"
    assert ran["response_id"] == response_id
    assert (ran["model"], ran["status"]) == ("house/talker", "completed")
    assert KEY not in Path(process.log.name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "switches",
    [
        {"status": 500, "error": {"message": f"cannot do {PROMPT} with {KEY}"}},
        {"status": 401, "error": {"message": f"bad key {KEY} for {PROMPT}"}},
        {"status": 400, "error": {"message": f"no {PROMPT}"}},
        {"bad_json": True},
        {"wrong_types": True},
        {"cut": 1},
    ],
    ids=lambda switches: "-".join(map(str, list(switches)[:1] + list(switches.values())[:1])),
)
def test_no_prompt_no_key_and_no_body_is_in_a_record(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    with FakeChat(Say(text=f"I repeat: {PROMPT}"), **switches) as fake:
        options = ("--config", config(tmp_path, fake), "--log-level", "debug")
        with (
            Process(tmp_path / "data", *options) as process,
            httpx2.Client(base_url=process.url, timeout=20) as http,
        ):
            headers = {"authorization": f"Bearer {KEY}"}
            for body in (ask(), ask(store=False), ask(tools=PROMPT), ask(stream=True)):
                http.post("/v1/responses", json=body, headers=headers)
            http.post("/v1/images/generations", json={"prompt": PROMPT, "size": PROMPT})
            http.get(f"/v1/responses/{KEY}?a={PROMPT}")
            found = records(process)
    assert len(by(found, "access")) == 6
    text = Path(process.log.name).read_text(encoding="utf-8")
    for secret in (PROMPT, PROMPT.replace(" ", "%20"), KEY):
        assert secret not in text


@pytest.mark.parametrize(
    ("status", "level", "error"),
    [(401, "WARNING", "auth"), (503, "WARNING", "unavailable"), (400, "INFO", "bad_request")],
)
def test_an_upstream_that_fails_is_named_in_a_record(
    status: int, level: str, error: str, tmp_path: Path
) -> None:
    with FakeChat(status=status) as fake:
        options = ("--config", config(tmp_path, fake))
        with (
            Process(tmp_path / "data", *options) as process,
            httpx2.Client(base_url=process.url, timeout=20) as http,
        ):
            http.post("/v1/responses", json=ask())
            found = records(process)
    (failed,) = by(found, "providers")
    told = ("provider", "kind", "model", "error")
    assert [failed[name] for name in told] == ["house", "chat", "house/talker", error]
    assert failed["level"] == level
    assert failed["response_id"] == by(found, "engine")[0]["response_id"]
    assert next(iter(failed)) == "time"


def test_a_stream_that_its_client_left_says_so(tmp_path: Path) -> None:
    with FakeChat(Say(text="Hello there, how are you?"), stall=20) as fake:
        options = ("--config", config(tmp_path, fake, "[limits]\ndrain_seconds = 0"))
        with (
            Process(tmp_path / "data", *options) as process,
            httpx2.Client(base_url=process.url, timeout=20) as http,
        ):
            with http.stream("POST", "/v1/responses", json=ask(stream=True)) as response:
                read(response, stop_after=2)
            found = records(process)
    assert [record["left"] for record in by(found, "access")] == ["gone"]


def test_bodies_are_logged_where_the_settings_ask_for_them_by_name(tmp_path: Path) -> None:
    with FakeChat(Say(text="Hello")) as fake:
        options = ("--config", config(tmp_path, fake, "bodies = true"))
        with (
            Process(tmp_path / "data", *options) as process,
            httpx2.Client(base_url=process.url, timeout=20) as http,
        ):
            headers = {"authorization": f"Bearer {KEY}"}
            http.post("/v1/responses", json=ask(), headers=headers)
            found = records(process)
    (said,) = by(found, "bodies")
    assert json.loads(said["body"]) == ask()
    assert said["request_id"] == by(found, "access")[0]["request_id"]
    assert KEY not in json.dumps(found)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Where records go; the root logger is put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("heliograph")
    before = list(root.handlers), root.level, ours.level
    yield io.StringIO()
    root.handlers[:], level, own = before[0], before[1], before[2]
    root.setLevel(level)
    ours.setLevel(own)


def _fail() -> None:
    try:
        raise KeyError(PROMPT)
    except KeyError as error:
        raise errors.ProviderError(f"because of {PROMPT}") from error


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("bodies", [False, True])
def test_an_exception_is_shown_by_place_and_type(
    written: io.StringIO, form: Any, bodies: bool
) -> None:
    setup_logging(Log(format=form, bodies=bodies), written)
    try:
        _fail()
    except errors.ProviderError as error:
        logging.getLogger("heliograph.server").error("req_1 failed", exc_info=error)
    text = written.getvalue()
    assert "req_1 failed" in text
    assert "KeyError" in text
    assert "ProviderError" in text
    assert "in _fail" in text
    assert (PROMPT in text) is bodies
    assert form == "text" or set(json.loads(text)) == {*OURS, "exception"}


def test_text_records_show_their_fields(written: io.StringIO) -> None:
    setup_logging(Log(), written)
    logging.getLogger("heliograph.access").info("GET /x", extra={"status": 200, "events": None})
    assert re.fullmatch(
        r"[\d-]+ [\d:,]+ INFO heliograph.access: GET /x status=200\n", written.getvalue()
    )


def test_what_asyncio_says_of_a_lost_task_is_cut(written: io.StringIO) -> None:
    setup_logging(Log(), written)
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s", PROMPT)
    assert "never retrieved" in written.getvalue()
    assert PROMPT not in written.getvalue()


def test_the_level_is_ours_alone(written: io.StringIO) -> None:
    setup_logging(Log(level="debug"), written)
    logging.getLogger("heliograph.engine").debug("ours")
    logging.getLogger("websockets.server").info("theirs")
    logging.getLogger("httpx2").warning("a warning")
    assert "ours" in written.getvalue()
    assert "theirs" not in written.getvalue()
    assert "a warning" in written.getvalue()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[log]\nformat = "xml"', "log.format: invalid enum value 'xml'; allowed: text, json"),
        ("[log]\nprompts = true", "unknown key 'log.prompts'; allowed here: format, level, bodies"),
        ("[metrics]\nport = 1", "unknown key 'metrics.port'; allowed here: public, token_env"),
        ('[otel]\nendpoint = "here"', "endpoint: 'here' is no http address"),
    ],
)
def test_a_wrong_section_is_refused_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(text)
    with pytest.raises(errors.ConfigError) as refused:
        server.load_settings(file)
    assert said in str(refused.value)
