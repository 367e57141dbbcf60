"""``docs/from-*.md``: both sides of each pair run against one server, and print the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import httpx
import openai
import openrouter
import pytest
from openrouter.utils import BackoffStrategy, RetryConfig
from tests.client.scripted import Scripted, answer, stream
from tests.interop.house import PAINTER, House, house

import heliograph
from heliograph.testing import Call, Received, Say

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"openai": DOCS / "from-openai-python.md", "openrouter": DOCS / "from-openrouter.md"}
SERVED_AT = "http://127.0.0.1:8080"
MODELS = '[providers.talk.models."qwen3"]\nupstream = "fake-1"\n'
NEXT = "--- next ---"
ASK: dict[str, Any] = {"model": "test/model", "input": "hi"}


@cache
def sections(page: str) -> dict[str, dict[str, str]]:
    """Heading to side to code; a section's second block of a side follows its first."""
    found: dict[str, dict[str, str]] = {}
    for part in PAGES[page].read_text("utf-8").split("\n## ")[1:]:
        sides: dict[str, str] = {}
        for side, code in re.findall(r"^```python\n# (\w+)\n(.*?)^```", part, re.M | re.S):
            sides[side] = sides.get(side, "") + code
        found[part.partition("\n")[0]] = sides
    return found


def _act(request: Received) -> Say:
    """A model that paints, looks through its function, and says a word else."""
    said = [m for m in request.json()["messages"] if m["role"] in ("user", "tool")]
    last = said[-1]
    asked = last["content"] if isinstance(last["content"], str) else last["content"][0]["text"]
    if last["role"] == "tool" or isinstance(last["content"], list):
        return Say(text=f"I see {asked}.")
    if asked.startswith("Paint"):
        return Say(calls=(Call(name="image_generation", arguments=f'{{"prompt": "{asked}"}}'),))
    if asked.startswith("Look"):
        return Say(calls=(Call(name="look", arguments='{"window": "north"}'),))
    if asked.startswith("Describe"):
        assert request.json()["response_format"]["json_schema"]["name"].lower() == "animal"
        return Say(text='{"kind": "fox", "legs": 4}')
    return Say(text="Fox und Wolf.")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("house")
        with house(folder, patch, more=MODELS) as it:
            it.talk.script = [_act]
            yield it


def _ran(code: str, folder: Path, here: House) -> list[str]:
    """What each section printed."""
    folder.mkdir()
    keys = {"OPENAI_API_KEY": "any", "OPENROUTER_API_KEY": "any", "HELIOGRAPH_API_KEY": "any"}
    urls = {"OPENAI_BASE_URL": f"{here.url}/v1", "HELIOGRAPH_BASE_URL": f"{here.url}/v1"}
    ended = subprocess.run(
        # openai 3.54 calls websockets' connect() in a way that websockets 17.1 warns about.
        [sys.executable, "-W", "error", "-W", "ignore:connect", "-"],
        input=code.replace(SERVED_AT, here.url).replace("gpt-image-1", PAINTER),
        cwd=folder,
        env=os.environ | keys | urls,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout.split(f"{NEXT}\n")


@pytest.mark.parametrize("page", PAGES)
def test_both_sides_print_the_same(page: str, here: House, tmp_path: Path) -> None:
    parts = {head: sides for head, sides in sections(page).items() if sides}
    printed: dict[str, list[str]] = {}
    for side in (page, "heliograph"):
        code = [sides.get(side, "") for sides in parts.values()]
        printed[side] = _ran(f"\nprint({NEXT!r})\n".join(code), tmp_path / side, here)
        assert (tmp_path / side / "fox.png").read_bytes() in here.paint.made
    for head, theirs, ours in zip(parts, *printed.values(), strict=True):
        assert ours == theirs, head
        assert bool(theirs) is (len(parts[head]) == 2), head


def test_every_section_has_both_sides() -> None:
    for page in PAGES:
        alone = [head for head, sides in sections(page).items() if len(sides) == 1]
        assert alone == (["Stored responses"] if page == "openrouter" else [])
        assert sum(len(sides) == 2 for sides in sections(page).values()) >= 8


FACES = {
    "openai": {*signature(openai.OpenAI).parameters},
    "openrouter": {*signature(openrouter.OpenRouter).parameters, "send_async"},
    "heliograph": {*signature(heliograph.Heliograph).parameters},
}


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_arguments_names_real_ones(page: str) -> None:
    text = PAGES[page].read_text("utf-8").partition("\n## The client\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")][1:]
    assert len(rows) >= 7
    for side, column in ((page, 0), ("heliograph", 1)):
        named = {n for row in rows for n in re.findall(r"`([a-z_]+)[`=]", row[column])}
        assert len(named) >= 5
        assert named <= FACES[side]


def _rows(page: str) -> list[tuple[str, str, str]]:
    text = PAGES[page].read_text("utf-8").partition("\n## Errors\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (\w[\w ]*) \| `([\w.]+)` \| `([A-Z]\w+)` \|$", text, re.M)


def _with_openai(url: str, timeout: float) -> object:
    with openai.OpenAI(api_key="any", base_url=url, max_retries=0, timeout=timeout) as client:
        return client.responses.create(**ASK)


def _with_openrouter(url: str, timeout: float) -> object:
    once = RetryConfig("none", BackoffStrategy(1, 1, 1, 1), False)
    with openrouter.OpenRouter(api_key="any", server_url=url, retry_config=once) as client:
        return client.beta.responses.send(**ASK, timeout_ms=int(timeout * 1000))


def _with_ours(url: str, timeout: float) -> object:
    with heliograph.Heliograph("any", url, retries=None, timeout=timeout) as client:
        return client.responses.create(**ASK)


CALLS = {"openai": _with_openai, "openrouter": _with_openrouter, "heliograph": _with_ours}


def _raised(call: Callable[[str, float], object], when: str) -> BaseException:
    if when.isdigit():
        reply = answer({"error": {"code": int(when), "message": "told so"}}, int(when))
    else:
        reply = stream(end=False)
    with Scripted(reply) as server:
        url = "http://127.0.0.1:9/v1" if when == "no connection" else server.url
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the table says which
            call(url, 0.5)
    return caught.value


@pytest.mark.parametrize(
    ("page", "when", "theirs", "ours"), [(page, *row) for page in PAGES for row in _rows(page)]
)
def test_the_table_of_errors(page: str, when: str, theirs: str, ours: str) -> None:
    names = {"openai": openai, "openrouter": openrouter.errors, "httpx": httpx}
    package, _, name = theirs.rpartition(".")
    their = getattr(names[package or page], name)
    assert type(_raised(CALLS[page], when)) is their
    error = _raised(CALLS["heliograph"], when)
    assert type(error) is getattr(heliograph.errors, ours)
    if isinstance(error, heliograph.APIError):
        assert (error.status, error.message) == (int(when), "told so")


def test_the_tables_of_errors_are_there() -> None:
    assert len(_rows("openai")) == 12
    assert len(_rows("openrouter")) == 17
