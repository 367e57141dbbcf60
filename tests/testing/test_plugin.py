"""The pytest plugin, as the tests of other people's apps meet it: found by its entry point."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]

FIVE_LINES = """
from heliograph import Heliograph
def test_my_app_gets_a_stream(heliograph_server):
    client = Heliograph(heliograph_server.api_key, heliograph_server.base_url)
    with client, client.responses.stream(model=heliograph_server.model, input="a fox") as stream:
        assert stream.get_final_response().status == "completed"
"""

CLIENTS = """
import openai, openrouter
from heliograph import Heliograph, models
from heliograph.testing import assert_resumable, assert_valid_stream

TOOL = {"type": "image_generation", "size": "256x256", "partial_images": 2}
ASK = {"model": "heliograph/direct", "input": "a red fox", "tools": [TOOL], "stream": True}

def test_openai(heliograph_server):
    it = heliograph_server
    with openai.OpenAI(api_key=it.api_key, base_url=it.base_url) as client:
        events = list(client.responses.create(**ASK))
        assert assert_valid_stream(events).pictures == 1
        assert assert_resumable(client, events[-1].response.id) == len(events)

def test_openrouter(heliograph_server):
    it = heliograph_server
    with openrouter.OpenRouter(api_key=it.api_key, server_url=it.openrouter_url) as client:
        with client.beta.responses.send(**ASK) as stream:
            assert assert_valid_stream(list(stream)).partial_images == 2

def test_ours(heliograph_server):
    it = heliograph_server
    with Heliograph(it.api_key, it.base_url) as client:
        with client.responses.create(**ASK) as stream:
            events = list(stream)
        assert assert_valid_stream(events).ending == "completed"
        assert assert_resumable(it, events[-1].response.id) == len(events)
        assert_valid_stream([models.encode(event) for event in events])
"""

ASYNC = """
import asyncio
from heliograph import AsyncHeliograph
async def run(it):
    async with AsyncHeliograph(it.api_key, it.base_url) as client:
        async with client.responses.stream(model=it.model, input="a fox") as stream:
            return [event.type async for event in stream][-1]
"""
AWAITED = """
import pytest
@pytest.mark.asyncio
async def test_awaited(heliograph_server):
    assert await run(heliograph_server) == "response.completed"
"""
RUN = """
def test_run(heliograph_server):
    assert asyncio.run(run(heliograph_server)) == "response.completed"
"""

FAKES = """
import openai, pytest
from heliograph.testing import Say

def test_said(heliograph_chat):
    heliograph_chat.script = [Say(text="A fox.")]
    client = openai.OpenAI(api_key="any", base_url=heliograph_chat.base_url, max_retries=0)
    assert client.responses.create(model="fake-1", input="Who?").output_text == "A fox."
    heliograph_chat.set(status=429)
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="fake-1", input="Who?")
    client.close()

def test_drawn(heliograph_images):
    client = openai.OpenAI(api_key="any", base_url=heliograph_images.openai_url)
    assert client.images.generate(model="m", prompt="a fox", size="256x256").data[0].b64_json
    assert len(heliograph_images.made) == 1
    client.close()
"""

LAZY = """
import sys
def test_nothing_is_loaded():
    assert not {"msgspec", "httpx2", "pybase64", "starlette"} & set(sys.modules)
    ours = [name for name in sys.modules if name.startswith("heliograph.")]
    top = ["heliograph._version", "heliograph.testing", "heliograph.testing.plugin"]
    assert sorted(ours) == top
"""

TAPED = """
import openai, pytest
def ask(it, prompt):
    with openai.OpenAI(api_key=it.api_key, base_url=it.base_url, max_retries=0) as client:
        return [e.type for e in client.responses.create(model="fake-1", input=prompt, stream=True)]
def test_app(heliograph_cassette):
    assert ask(heliograph_cassette, "Who?")[-1] == "response.completed"
@pytest.mark.heliograph_cassette("shared", ignore=["input"])
def test_other(heliograph_cassette):
    assert ask(heliograph_cassette, "OTHER")[-1] == "response.completed"
"""


@pytest.fixture
def here(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of tests; Heliograph's entry point is there, as after an installation."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    info = pytester.mkdir("site") / "kit-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kit\nVersion: 0\n")
    told = "\n".join(f"{name} = {value}" for name, value in points["pytest11"].items())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{told}\n")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{info.parent}")
    for name in ("HELIOGRAPH_API_KEY", "HELIOGRAPH_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return pytester


def run(here: pytest.Pytester, *options: str, **outcomes: int) -> pytest.RunResult:
    if "no:asyncio" not in options:
        options = ("-o", "asyncio_default_fixture_loop_scope=function", *options)
    result = here.runpytest_subprocess("-W", "error", *options)
    result.assert_outcomes(**outcomes)
    return result


def test_five_lines_get_a_served_stream(here: pytest.Pytester) -> None:
    here.makepyfile(FIVE_LINES)
    run(here, passed=1)
    assert len(FIVE_LINES.strip().splitlines()) == 5


def test_apps_of_three_clients_get_streams_that_are_valid_and_resumable(
    here: pytest.Pytester,
) -> None:
    here.makepyfile(CLIENTS)
    run(here, passed=3)


def test_asynchronous_tests_work_with_pytest_asyncio(here: pytest.Pytester) -> None:
    here.makepyfile(ASYNC + AWAITED + RUN)
    run(here, passed=2)


def test_asynchronous_apps_work_without_pytest_asyncio(here: pytest.Pytester) -> None:
    here.makepyfile(ASYNC + RUN)
    run(here, "-p", "no:asyncio", "-p", "no:anyio", passed=1)


def test_fakes_are_fixtures_with_faults(here: pytest.Pytester) -> None:
    here.makepyfile(FAKES)
    run(here, passed=2)


def test_who_does_not_use_it_loads_nothing_of_it(here: pytest.Pytester) -> None:
    here.makepyfile(LAZY)
    run(here, "-p", "no:asyncio", "-p", "no:anyio", "-p", "no:hypothesispytest", passed=1)
    result = here.runpytest_subprocess("-p", "no:heliograph", "--heliograph-record=once")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_settings_of_the_server_can_be_overridden(here: pytest.Pytester) -> None:
    here.makepyfile(
        """
        import httpx2, pytest
        from heliograph.server import Limits, Settings
        @pytest.fixture(scope="session")
        def heliograph_settings():
            return Settings(journal="memory", limits=Limits(max_body_bytes=1000), key="hush")
        def test_limited(heliograph_server):
            assert heliograph_server.api_key == "hush"
            told = {"authorization": "Bearer hush"}
            url = f"{heliograph_server.base_url}/responses"
            assert httpx2.post(url, content=b" " * 2000, headers=told).status_code == 413
        """
    )
    run(here, passed=1)


def test_a_cassette_is_recorded_once_and_replayed_without_the_endpoint(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heliograph.testing import FakeChat, Say

    file = here.makepyfile(TAPED)
    cassette = here.path / "cassettes" / file.stem / "test_app.jsonl"
    run(here, errors=2).stdout.fnmatch_lines(["*test_app.jsonl is not there: record it with*"])
    run(here, "--heliograph-record=once", errors=2).stdout.fnmatch_lines(
        ["*no endpoint to record from; name it with --heliograph-upstream=URL*"]
    )
    monkeypatch.setenv("HELIOGRAPH_API_KEY", "a-key-to-hide")
    with FakeChat(Say(text="A fox.")) as fake:
        upstream = f"--heliograph-upstream={fake.base_url}"
        run(here, "--heliograph-record=once", upstream, passed=2)
        assert len(fake.requests) == 2
        assert fake.requests[0].headers["authorization"] == "Bearer a-key-to-hide"
        run(here, "--heliograph-record=once", upstream, passed=2)
        assert len(fake.requests) == 2
        run(here, "--heliograph-record=all", upstream, passed=2)
        assert len(fake.requests) == 4
    assert "a-key-to-hide" not in cassette.read_text()
    assert (here.path / "cassettes" / "shared.jsonl").exists()
    run(here, passed=2)

    file.write_text(file.read_text().replace("Who?", "Why?").replace("OTHER", "ignored"))
    failed = here.runpytest_subprocess()
    failed.assert_outcomes(passed=1, failed=1, errors=1)
    failed.stdout.fnmatch_lines(['*differs at input: recorded "Who?", asked "Why?"*'])


def test_a_test_that_fails_while_recorded_leaves_no_cassette(here: pytest.Pytester) -> None:
    from heliograph.testing import FakeChat

    here.makepyfile(TAPED.replace("response.completed", "nonsense"))
    with FakeChat() as fake:
        upstream = f"--heliograph-upstream={fake.base_url}"
        run(here, "--heliograph-record=once", upstream, failed=2)
    assert not list(here.path.rglob("*.jsonl"))


def test_a_marker_s_unknown_word_is_named(here: pytest.Pytester) -> None:
    here.makepyfile(TAPED.replace("ignore=", "ignores="))
    run(here, "-k", "other", errors=1, deselected=1).stdout.fnmatch_lines(
        ["*heliograph_cassette: 'ignores' is none of ignore, name*"]
    )
