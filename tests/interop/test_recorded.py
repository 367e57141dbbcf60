"""Requests as Codex CLI and the AI SDK really make them: served whole, or refused by name.

``recorded/`` holds bodies that were taken off the wire: Codex CLI 0.169.0 run as ``codex exec``
with ``wire_api = "responses"``, the AI SDK driven by ``npm/requests.mjs``. Long texts are replaced
and most of Codex's functions left out; fields and shapes are as they came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.interop.house import House, house
from tests.server.kit import assert_valid, read

from heliograph import models
from heliograph.testing import Call, Received, Say

FOLDER = Path(__file__).parent / "recorded"
RECORDED: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted(FOLDER.glob("*.json"))
}
REFUSED = {
    "ai_sdk_openai_kept_loop_2": "input[2].id",
    "ai_sdk_openai_unkept_loop_1": "tools[1].format",
    "ai_sdk_openai_unkept_loop_2": "tools[1].format",
    "codex_additional_tools": "input[0].type",
    "codex_defaults": "tools[2].type",
}
"""What is not served, and the field that the refusal names: an item that is not kept here, tools in
the input, namespaces, web search, and a grammar where it is not to be described in words."""

MODELS = """
[providers.talk.models."gpt-5.5"]
upstream = "fake-1"
sees = true
grammars = "describe"
[providers.talk.models."gpt-6-sol"]
upstream = "fake-1"
"""
SILENT = ("client_metadata", "include", "input", "stream")
"""Fields that a response does not repeat."""


def _act(request: Received) -> Say:
    body = request.json()
    if body.get("tool_choice") == "required":
        return Say(calls=(Call(name=body["tools"][0]["function"]["name"]),))
    return Say(reasoning="Hm.", text="Yes.")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch, house(folder, patch, more=MODELS) as it:
        it.talk.script = [_act]
        yield it


def ask(here: House, body: dict[str, Any]) -> models.Response:
    with httpx2.Client(base_url=here.url, timeout=20) as http:
        if not body.get("stream"):
            answer = http.post("/v1/responses", json=body)
            assert answer.status_code == 200, answer.text
            return models.decode(models.Response, answer.content)
        with http.stream("POST", "/v1/responses", json=body) as events:
            assert events.status_code == 200, events.read()
            got = assert_valid(read(events))
        assert got.types[-1] == "response.completed"
        response: models.Response = got.events[-1].response
        return response


def texts(value: Any) -> set[str]:
    """Every text that an item tells the model."""
    if isinstance(value, list):
        return {text for inner in value for text in texts(inner)}
    if not isinstance(value, dict):
        return set()
    found = texts(value.get("content")) | texts(value.get("output"))
    for key in ("text", "content", "output", "arguments", "input"):
        if isinstance(value.get(key), str):
            found.add(value[key])
    return found


@pytest.mark.parametrize("name", [name for name in RECORDED if name not in REFUSED])
def test_it_is_served_whole(here: House, name: str) -> None:
    body = RECORDED[name]["body"]
    response = ask(here, body)
    assert response.status == "completed"
    asked = here.talk.requests[-1].json()
    offered = {tool["function"]["name"] for tool in asked.get("tools", ())}
    named = {tool.get("name", "image_generation") for tool in body.get("tools", ())}
    assert named == offered
    told = json.dumps(asked["messages"])
    said = texts([item for item in body["input"] if item.get("type") != "reasoning"])
    if "instructions" in body:
        said.add(body["instructions"])
    assert said
    for text in said:
        assert json.dumps(text)[1:-1] in told or json.dumps(json.dumps(text))[1:-1] in told
    for ours, theirs in (("parallel_tool_calls",) * 2, ("temperature",) * 2):
        assert asked.get(theirs) == body.get(ours) or not offered
    assert asked.get("reasoning_effort") == body.get("reasoning", {}).get("effort")
    assert asked.get("verbosity") == body.get("text", {}).get("verbosity")
    form = body.get("text", {}).get("format")
    assert (asked.get("response_format") is None) == (form is None)
    if form is not None:
        assert asked["response_format"]["json_schema"]["schema"] == form["schema"]
    repeated = json.loads(models.encode(response))
    for field, value in body.items():
        if field not in SILENT:
            assert _holds(repeated[field], value), field


def _holds(repeated: Any, given: Any) -> bool:
    """Whether all that was given is in what is repeated."""
    if isinstance(given, dict):
        return all(key in repeated and _holds(repeated[key], v) for key, v in given.items())
    if isinstance(given, list):
        return len(repeated) == len(given) and all(map(_holds, repeated, given))
    return bool(repeated == given)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_name(here: House, name: str) -> None:
    before = len(here.talk.requests)
    answer = httpx2.post(f"{here.url}/v1/responses", json=RECORDED[name]["body"], timeout=20)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == REFUSED[name]
    assert error["message"].startswith(f"{REFUSED[name]}: ")
    assert len(here.talk.requests) == before


def _drop(body: Any, path: str) -> None:
    """Take out what a path names; of ``tools[2].type`` the whole tool."""
    *way, last = re.findall(r"\w+", path)
    if last in ("type", "id"):
        last = way.pop()
    for step in way:
        body = body[int(step) if step.isdigit() else step]
    del body[int(last) if last.isdigit() else last]


@pytest.mark.parametrize("name", REFUSED)
def test_without_what_was_named_it_is_served(here: House, name: str) -> None:
    """The refusal named all that was in the way."""
    body = json.loads(json.dumps(RECORDED[name]["body"]))
    http = httpx2.Client(base_url=here.url, timeout=20)
    with http:
        for _ in range(4):
            answer = http.post("/v1/responses", json=body | {"stream": False})
            if answer.status_code == 200:
                break
            _drop(body, answer.json()["error"]["param"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "completed"


def test_the_recordings_are_short_and_hold_what_they_are_for() -> None:
    assert len(RECORDED) >= 14
    bodies = [recorded["body"] for recorded in RECORDED.values()]
    assert any(body.get("store") is False for body in bodies)
    assert any(body.get("include") == ["reasoning.encrypted_content"] for body in bodies)
    assert any(tool["type"] == "custom" for body in bodies for tool in body.get("tools", ()))
    assert all(len(json.dumps(body)) < 8000 for body in bodies)
