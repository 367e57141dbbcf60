"""What ``docs/clients.md`` tells each client to do, done as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop import recording
from tests.interop.house import House, house

from heliograph.testing import Call, Received, Say

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
SERVED_AT = "http://127.0.0.1:8080"
MODELS = '[providers.talk.models."qwen3"]\nupstream = "fake-1"\n'


def blocks(language: str) -> list[str]:
    text = PAGE.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def _imports(block: str) -> str:
    """A name for a block: the package that it is about."""
    named = re.findall(r"(?:from|import) \"?([@\w/.-]+)", block)
    known = (
        "agents",
        "pydantic_ai",
        "@ai-sdk",
        "@openrouter",
        "openrouter",
        "openai",
        "heliograph",
    )
    return next((name for name in known if any(n.startswith(name) for n in named)), "")


def _act(request: Received) -> Say:
    """A model that paints what it was asked for last, and says so."""
    body = request.json()
    said = [m for m in body["messages"] if m["role"] in ("user", "tool")]
    if said[-1]["role"] == "tool":
        return Say(text="Here it is.")
    asked = said[-1]["content"]
    if isinstance(asked, list):
        asked = asked[0]["text"]
    return Say(calls=(Call(name="image_generation", arguments=f'{{"prompt": "{asked}"}}'),))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(tmp_path, monkeypatch, more=MODELS) as it:
        it.talk.script = [_act]
        yield it


def _ran(command: list[str], block: str, folder: Path, here: House) -> None:
    told = block.replace(SERVED_AT, here.url)
    assert told != block
    ended = subprocess.run(
        command, input=told, cwd=folder, env=_environ(), capture_output=True, text=True, timeout=90
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert (folder / "fox.png").read_bytes() in here.paint.made
    if "night.png" in block:
        night = (folder / "night.png").read_bytes()
        assert night == here.paint.made[-1]
        assert here.references()[-1] == [(folder / "fox.png").read_bytes()]


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}


@pytest.mark.parametrize("block", blocks("python"), ids=_imports)
def test_a_python_block_runs(block: str, here: House, tmp_path: Path) -> None:
    _ran([sys.executable, "-W", "error", "-"], block, tmp_path, here)


@pytest.mark.npm
@pytest.mark.parametrize("block", blocks("js"), ids=_imports)
def test_a_javascript_block_runs(block: str, here: House, tmp_path: Path) -> None:
    modules = recording.HERE / "npm" / "node_modules"
    (tmp_path / "node_modules").symlink_to(modules)
    _ran([str(recording.find_node()), "--input-type=module", "-"], block, tmp_path, here)


def test_every_client_has_a_block_that_parses() -> None:
    assert [_imports(block) for block in blocks("python")] == [
        "openai",
        "openrouter",
        "agents",
        "pydantic_ai",
        "heliograph",
    ]
    assert [_imports(block) for block in blocks("js")] == [
        "openai",
        "@openrouter",
        "@ai-sdk",
        "@ai-sdk",
    ]
    (codex,) = [tomllib.loads(block) for block in blocks("toml")]
    assert codex["model_providers"]["heliograph"]["wire_api"] == "responses"
    assert codex["web_search"] == "disabled"
