"""A cassette of a drawn picture, recorded and replayed by each of three clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import openrouter
import pytest

from heliograph import Heliograph
from heliograph.testing import Recorder, Replayer, RunningServer, assert_valid_stream

TOOL: Any = {"type": "image_generation", "size": "256x256", "partial_images": 2}
ASK: dict[str, Any] = {"model": "heliograph/direct", "input": "a red fox", "tools": [TOOL]}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as it:
        yield it


def by_openai(url: str, key: str) -> list[Any]:
    with openai.OpenAI(api_key=key, base_url=url, max_retries=0) as client:
        return list(client.responses.create(**ASK, stream=True))


def by_openrouter(url: str, key: str) -> list[Any]:
    with (
        openrouter.OpenRouter(api_key=key, server_url=url) as client,
        client.beta.responses.send(**ASK, stream=True) as stream,
    ):
        return list(stream)


def by_ours(url: str, key: str) -> list[Any]:
    with Heliograph(key, url) as client, client.responses.create(**ASK, stream=True) as stream:
        return list(stream)


@pytest.mark.parametrize("read", [by_openai, by_openrouter, by_ours])
@pytest.mark.parametrize("faults", ["", "resplit"])
def test_each_client_reads_from_the_cassette_what_it_read_from_the_server(
    server: RunningServer, tmp_path: Path, read: Callable[[str, str], list[Any]], faults: str
) -> None:
    tape = tmp_path / "fox.jsonl"
    base = server.openrouter_url if read is by_openrouter else server.base_url
    with Recorder(base, tape) as recorder:
        live = read(recorder.base_url, server.api_key)
    assert server.api_key not in tape.read_text("utf-8")
    assert len(list((tmp_path / "fox.pictures").iterdir())) == 3
    with Replayer(tape, faults=faults) as replay:
        again = read(replay.base_url, "another-key")
    assert again == live
    assert assert_valid_stream(again).pictures == 1
