"""A picture that takes a minute without a word: clients with their default timeouts get it.

All clients wait at once, so that the minute passes once.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import openai
import openrouter
import pytest
from tests.interop.house import PAINTER, house

from heliograph.client import Heliograph

SILENCE = 60.0
MODEL = "heliograph/direct"
TOOLS: Any = [{"type": "image_generation", "model": PAINTER, "size": "64x64"}]


def _picture(response: Any) -> bytes:
    (item,) = [item for item in response.output if item.type == "image_generation_call"]
    return base64.b64decode(item.result, validate=True)


def _openai(url: str, prompt: str, *, stream: bool) -> bytes:
    with openai.OpenAI(api_key="any", base_url=f"{url}/v1") as client:
        if not stream:
            return _picture(client.responses.create(model=MODEL, input=prompt, tools=TOOLS))
        with client.responses.stream(model=MODEL, input=prompt, tools=TOOLS) as events:
            return _picture(events.get_final_response())


def _openrouter(url: str, prompt: str, *, stream: bool) -> bytes:
    with openrouter.OpenRouter(api_key="any", server_url=f"{url}/api/v1") as client:
        send: Any = client.beta.responses.send
        if not stream:
            return _picture(send(model=MODEL, input=prompt, tools=TOOLS))
        with send(model=MODEL, input=prompt, tools=TOOLS, stream=True) as events:
            return _picture(list(events)[-1].response)


def _ours(url: str, prompt: str, *, stream: bool) -> bytes:
    with Heliograph(api_key="any", base_url=f"{url}/v1") as client:
        if not stream:
            return _picture(client.responses.create(model=MODEL, input=prompt, tools=TOOLS))
        with client.responses.stream(model=MODEL, input=prompt, tools=TOOLS) as events:
            return _picture(events.get_final_response())


def _comments(url: str, prompt: str) -> int:
    """How often the silence was filled."""
    body = {"model": MODEL, "input": prompt, "tools": TOOLS, "stream": True}
    with httpx2.stream("POST", f"{url}/v1/responses", json=body, timeout=30) as answer:
        return answer.read().count(b": keep-alive")


CLIENTS: dict[str, Callable[..., bytes]] = {
    "openai": _openai,
    "openrouter": _openrouter,
    "ours": _ours,
}


def _all(url: str) -> dict[tuple[str, bool], Callable[[], bytes]]:
    return {
        (name, stream): partial(client, url, f"{name} {stream}", stream=stream)
        for name, client in CLIENTS.items()
        for stream in (True, False)
    }


def test_whatever_fills_a_silence_is_no_event_to_any_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = "[limits]\nkeep_alive_seconds = 0.05\n"
    with house(tmp_path, monkeypatch, more=often) as here:
        here.paint.set(silent=0.4)
        for wait in _all(here.url).values():
            assert wait() == here.paint.made[-1]


def test_a_minute_of_silence_costs_no_client_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house(tmp_path, monkeypatch) as here, ThreadPoolExecutor(8) as threads:
        here.paint.set(silent=SILENCE)
        began = time.monotonic()
        waiting = {key: threads.submit(wait) for key, wait in _all(here.url).items()}
        filled = threads.submit(_comments, here.url, "the silence")
        pictures = {key: future.result(timeout=120) for key, future in waiting.items()}
        assert time.monotonic() - began >= SILENCE
        assert filled.result() >= 10
        prompts = sorted(request.json()["prompt"] for request in here.paint.requests)
        assert prompts == sorted([*(f"{name} {stream}" for name, stream in waiting), "the silence"])
        assert len(set(pictures.values())) == len(pictures)
        assert set(pictures.values()) < set(here.paint.made)
