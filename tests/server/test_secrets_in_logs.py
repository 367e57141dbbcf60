"""What is logged holds no key, no prompt and no picture, whatever goes wrong.

Each run looks in everything that `serve` would print, in both formats and at its lowest level, for
words that stand in keys, prompts, instructions, metadata, upstreams' errors and pictures.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.server.keyed import Keyed, bearer, keyed
from tests.server.kit import Painter, ask, draw, running
from tests.server.process import Process
from tests.server.sockets import talk

from heliograph.providers import Catalog
from heliograph.providers.chat import ChatCompletions, ChatCompletionsSettings, ChatModel
from heliograph.server import Keyring, Limits, Log, Server, Settings, setup_logging
from heliograph.testing import FakeChat, Say

PROMPT = "xyzzyprompt"
WORDS = (PROMPT, "xyzzyinstructions", "xyzzymetadata", "xyzzyuser", "xyzzyquery", "xyzzyanswer")
UPSTREAM_KEY = "sk-xyzzyupstreamkey"


@contextmanager
def logging_as(told: Log) -> Iterator[io.StringIO]:
    """What `serve` would print with these settings."""
    root, ours = logging.getLogger(), logging.getLogger("heliograph")
    before, levels = tuple(root.handlers), (root.level, ours.level)
    out = io.StringIO()
    handler = setup_logging(told, out)
    try:
        yield out
    finally:
        root.removeHandler(handler)
        for one in before:
            root.addHandler(one)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])


@pytest.fixture(params=["text", "json"])
def logged(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    with logging_as(Log(format=request.param, level="debug")) as out:
        yield out


def assert_silent(text: str, *secrets: str) -> None:
    assert text, "nothing was logged, so nothing was tested"
    for line in text.splitlines():
        found = [word for word in (*WORDS, *secrets) if word in line]
        assert not found, (found, line)


def telling(**more: Any) -> dict[str, Any]:
    return ask(
        PROMPT,
        instructions="xyzzyinstructions",
        metadata={"a": "xyzzymetadata"},
        user="xyzzyuser",
        **more,
    )


WRONG: list[dict[str, Any]] = [
    {"model": PROMPT},
    {"input": [{"role": PROMPT, "content": "a"}]},
    {"input": [{"type": PROMPT}]},
    {"tools": [{"type": PROMPT}]},
    {"tool_choice": PROMPT},
    {PROMPT: 1},
    {"previous_response_id": PROMPT},
    {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": PROMPT}]}]},
]


def test_a_run_with_keys_logs_none_of_it(tmp_path: Path, logged: io.StringIO) -> None:
    ring = Keyring(tmp_path)
    text = ring.create(name="xyzzyname")[1]
    gone = ring.create()[1]
    ring.revoke(gone)
    wrong = text[:-6] + "abcdef"
    with keyed(tmp_path, limits=Limits(max_body_bytes=50_000)) as here:
        _use(here, text)
        for bad in (wrong, gone, "sk-xyzzywrongkey"):
            answer = httpx2.post(f"{here.url}/v1/responses", json=telling(), headers=bearer(bad))
            assert answer.status_code == 401
        answer = httpx2.get(f"{here.url}/v1/responses/r?key=xyzzyquery", headers=bearer(text))
        assert answer.status_code == 404
    secrets = [key.split("_")[2] for key in (text, gone, wrong)]
    digests = [key.digest.hex() for key in ring.list()]
    assert_silent(logged.getvalue(), *secrets, *digests, "sk-xyzzywrongkey")


def _use(here: Keyed, text: str) -> None:
    """Everything that a client may do, well and badly."""
    with here.http(text) as http:
        for base in ("/v1", "/api/v1"):
            made = draw(http, base, **telling()).events[0].response.id
            for path in ("", "?stream=true", "/input_items"):
                assert http.get(f"{base}/responses/{made}{path}").status_code == 200
            assert http.post(f"{base}/responses", json=telling(store=False)).status_code == 200
            background = http.post(f"{base}/responses", json=telling(background=True)).json()
            assert http.post(f"{base}/responses/{background['id']}/cancel").status_code == 200
            for change in WRONG:
                answer = http.post(f"{base}/responses", json=telling() | change)
                assert 400 <= answer.status_code < 500, answer.text
            for body in (PROMPT.encode(), b'{"input": "' + PROMPT.encode(), b"x" * 60_000):
                assert http.post(f"{base}/responses", content=body).status_code in (400, 413)
            headers = {"idempotency-key": "xyzzykey"}
            for prompt, status in ((PROMPT, 200), (f"{PROMPT} again", 409)):
                body = telling() | {"input": prompt}
                answer = http.post(f"{base}/responses", json=body, headers=headers)
                assert answer.status_code in (status, 409)
        picture = {"model": "test/painter", "prompt": PROMPT}
        for path in ("/v1/images/generations", "/api/v1/images"):
            assert http.post(path, json=picture).status_code == 200
            assert http.post(path, json=picture | {"model": PROMPT}).status_code == 404
    with talk(here.here, additional_headers=bearer(text)) as ws:
        ws.turn(prompt=PROMPT, instructions="xyzzyinstructions")
        assert ws.refused(PROMPT)[0] == 400
        assert ws.refused(prompt=PROMPT, conversation=PROMPT)[0] == 400


FAULTS: list[dict[str, Any]] = [
    {"status": 500, "error": {"message": f"cannot answer {PROMPT} with {UPSTREAM_KEY}"}},
    {"status": 400, "error": {"message": f"cannot answer {PROMPT} with {UPSTREAM_KEY}"}},
    {"status": 401, "error": {"message": f"Incorrect API key provided: {UPSTREAM_KEY}"}},
    {"status": 429, "error": {"message": f"slow down with {PROMPT}"}},
    {"error_at": 1, "error": {"message": f"broke at {PROMPT}", "type": "server_error"}},
    {"bad_json": True},
    {"wrong_types": True},
    {"cut": 1},
    {},
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_upstreams_words_are_not_logged(
    monkeypatch: pytest.MonkeyPatch, logged: io.StringIO, fault: dict[str, Any]
) -> None:
    monkeypatch.setenv("XYZZY_KEY", UPSTREAM_KEY)
    with FakeChat(Say(text="xyzzyanswer " * 3, reasoning="xyzzyanswer"), **fault) as fake:
        told = ChatCompletionsSettings(
            base_url=fake.base_url,
            models={"m": ChatModel(upstream="fake-1")},
            api_key_env="XYZZY_KEY",
        )
        settings = Settings(port=0, journal="memory")
        async with (
            Server(settings, Catalog(chat=[ChatCompletions(told)], images=[])) as server,
            httpx2.AsyncClient(base_url=server.url, timeout=30) as http,
        ):
            for stream in (False, True):
                body = {"model": "m", "input": PROMPT, "stream": stream, "user": "xyzzyuser"}
                answer = await http.post("/v1/responses", json=body)
                assert answer.status_code == 200, answer.text
        assert fake.requests[-1].headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert_silent(logged.getvalue(), UPSTREAM_KEY)


def test_a_failing_image_provider_is_not_quoted(logged: io.StringIO) -> None:
    class Broken:
        def __init__(self, painter: Any) -> None:
            self.cards, self.check = painter.cards, painter.check
            self.seed_for = painter.seed_for

        async def draw(self, job: Any) -> Any:
            raise ValueError(f"no colour for {job.prompt}")
            yield

    with running(Broken(Painter())) as here, httpx2.Client(base_url=here.url) as http:
        answer = http.post("/v1/responses", json=telling())
        assert answer.json()["status"] == "failed"
        picture = {"model": "test/painter", "prompt": PROMPT}
        assert http.post("/v1/images/generations", json=picture).status_code == 500
    assert_silent(logged.getvalue())


def test_asked_for_by_name_they_are_shown() -> None:
    """The hunt finds what is there."""
    told = Log(bodies=True)
    with logging_as(told) as out, running(log=told) as here:
        assert httpx2.post(f"{here.url}/v1/responses", json=telling()).status_code == 200
    with pytest.raises(AssertionError, match=PROMPT):
        assert_silent(out.getvalue())


def test_a_real_process_prints_none_of_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    text = Keyring(data).create()[1]
    picture = base64.b64encode(b"\x89PNG xyzzypicture").decode()
    with Process(data) as process:
        with httpx2.Client(base_url=process.url, headers=bearer(text), timeout=20) as http:
            made = http.post("/v1/responses", json=telling() | {"tools": []})
            assert made.status_code < 500
            shown = {"type": "input_image", "image_url": f"data:image/png;base64,{picture}"}
            body = telling(input=[{"role": "user", "content": [shown]}])
            assert http.post("/v1/responses", json=body).status_code < 500
            assert http.post("/v1/responses", content=PROMPT.encode()).status_code == 400
            assert httpx2.get(f"{process.url}/v1/models").status_code == 401
        log = Path(process.log.name).read_text()
    assert log
    assert_silent(log, text, text.split("_")[2], picture[:20])
