"""The real npm clients, each driven by a small script beside this file."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.interop import house as houses
from tests.interop import recording
from tests.interop.house import ANSWERS, NIGHT, SEEN, STEP_USAGE, House
from tests.server.kit import MODEL, Recorder, Running, Threaded, digest, running

from heliograph.providers import embedded
from heliograph.server import Compat

pytestmark = pytest.mark.npm

FOLDER = Path(__file__).parent / "npm"
KINDS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.image_generation_call.in_progress",
    "response.image_generation_call.generating",
    "response.image_generation_call.partial_image",
    "response.image_generation_call.partial_image",
    "response.image_generation_call.completed",
    "response.output_item.done",
]


def _node() -> str:
    spec = importlib.util.spec_from_file_location("install", FOLDER / "install.py")
    assert spec is not None
    assert spec.loader is not None
    install = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(install)
    node = install.find_node()
    assert node is not None, "no Node 22 or newer: run tests/interop/npm/install.py"
    return str(node)


def run(script: str, here: Threaded, model: str = MODEL, *more: str) -> dict[str, Any]:
    """Run a script against the server; the JSON of its last line."""
    assert (FOLDER / "node_modules").is_dir(), "run tests/interop/npm/install.py"
    command = [_node(), script, here.url, model, *more]
    ended = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr[-4000:]
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told


def held(told: dict[str, Any], here: Running) -> None:
    """What every client must have come to."""
    assert told["events"][: len(KINDS)] == KINDS
    assert told["events"][-1] == "response.completed"
    assert len(told["partials"]) == 2
    assert {told["picture"], *told["partials"]} <= set(here.painter.made)


@pytest.fixture(scope="module")
def old() -> Iterator[Running]:
    """A server with the switch that ``@openrouter/sdk`` 0.1.27 needs."""
    painter = Recorder(embedded().image("heliograph/illustrator"))
    with running(painter, compat=Compat(echo_without_hosted_tools=True)) as here:
        yield here


def test_openai(shared: Running) -> None:
    told = run("openai.mjs", shared)
    held(told, shared)
    assert told["stored"] == told["folded"] == told["waited"] == told["picture"]
    assert told["badRequest"]["class"] == "BadRequestError"
    assert "partial_images" in told["badRequest"]["message"]
    assert told["notFound"]["class"] == "NotFoundError"


def test_openrouter(shared: Running) -> None:
    told = run("openrouter.mjs", shared)
    held(told, shared)
    assert told["waited"] == told["picture"]
    assert told["badRequest"]["class"] == "BadRequestResponseError"
    assert told["notFound"]["class"] == "NotFoundResponseError"


def test_openrouter_0_1_27_with_its_switch(old: Running) -> None:
    told = run("openrouter_0_1_27.mjs", old)
    held(told, old)
    assert told["waited"] == told["picture"]
    assert told["notFound"]["class"] == "NotFoundResponseError"


def test_ai_sdk(shared: Running) -> None:
    told = run("ai_sdk.mjs", shared)
    held(told, shared)
    assert told["failure"] is None
    assert told["finish"] == "stop"
    assert told["notFound"]["status"] == 404


# two turns ----------------------------------------------------------------------------------------


@pytest.fixture(params=["openai", "openrouter"])
def there(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    with houses.house(tmp_path, monkeypatch, request.param) as it:
        yield it


@pytest.fixture
def old_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """One with the switch that ``@openrouter/sdk`` 0.1.27 needs."""
    more = "[compat]\necho_without_hosted_tools = true\n"
    with houses.house(tmp_path, monkeypatch, more=more) as it:
        yield it


def led(told: dict[str, Any], there: House) -> None:
    """What every client must have come to."""
    assert told["words"] == list(ANSWERS)
    first, second = told["pictures"]
    made = {digest(picture): picture for picture in there.paint.made}
    assert first in made
    assert second == digest(there.paint.made[-1]) != first
    assert there.prompts() == [SEEN, f"{SEEN}, {NIGHT}"]
    assert there.references() == [[], [made[first]]]
    assert there.shown() == [made[first], made[second]]
    assert set(there.told("call_look")) == {SEEN}
    assert len(there.talk.requests) == 5


def spent(*steps: int) -> list[list[int]]:
    return [[n * STEP_USAGE[0], n * STEP_USAGE[1]] for n in steps]


def test_openai_leads_two_turns(there: House) -> None:
    told = run("openai_turns.mjs", there, houses.MODEL)
    led(told, there)
    assert told["usage"] == spent(1, 2, 2)


def test_openrouter_leads_two_turns(there: House) -> None:
    told = run("openrouter_turns.mjs", there, houses.MODEL)
    led(told, there)
    assert told["usage"] == spent(1, 2, 2)


def test_openrouter_0_1_27_leads_two_turns_with_its_switch(old_house: House) -> None:
    told = run("openrouter_0_1_27_turns.mjs", old_house, houses.MODEL)
    led(told, old_house)
    assert told["usage"] == spent(1, 2, 2)


@pytest.mark.parametrize("provider", ["open-responses", "openai"])
@pytest.mark.parametrize("form", ["generateText", "streamText", "ToolLoopAgent"])
def test_the_ai_sdk_s_loop_leads_two_turns(there: House, form: str, provider: str) -> None:
    told = run("ai_turns.mjs", there, houses.MODEL, form, provider)
    led(told, there)
    assert told["usage"] == spent(3, 2)


def test_the_ai_sdk_s_requests_are_as_recorded() -> None:
    """``python -m tests.interop.recording`` writes them anew."""
    folder = Path(__file__).parent / "recorded"
    found = recording.record()
    assert {file.stem for file in folder.glob("ai_sdk_*.json")} == found.keys()
    for name, body in found.items():
        assert json.loads((folder / f"{name}.json").read_text())["body"] == body, name
