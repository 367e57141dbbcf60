"""A server as its file tells: chat and image upstreams, over real HTTP, with both clients."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import openai
import pytest

from heliograph import lifecycle
from heliograph.client import AsyncHeliograph
from heliograph.providers import Catalog
from heliograph.providers.chat import Direct
from heliograph.server import Server, Settings, load_settings
from heliograph.testing import Call, FakeChat, FakeImages, Received, Say
from heliograph.testing._fakes._pictures import make_picture

PNG = make_picture("a hen", 0, 64, 48, "png")
HOSTED = {"type": "image_generation", "size": "256x256", "partial_images": 1}
LOOK = {
    "type": "function",
    "name": "look",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}
ROUTES = """
journal = "memory"
port = 0
[routes]
attempts = 1
"""
Start = Callable[..., Awaitable[Server]]


def chat(name: str, fake: FakeChat, **keys: str) -> str:
    more = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return (
        f'[providers.{name}]\nkind = "chat_completions"\nbase_url = "{fake.base_url}"\n{more}'
        f'[providers.{name}.models."house/talker"]\nupstream = "fake-1"\ndraws = true\n'
    )


def images(fake: FakeImages) -> str:
    return (
        f'[providers.pictures]\nkind = "openai_images"\nbase_url = "{fake.openai_url}"\n'
        'api_key_env = "PICTURES_KEY"\nmodels = { "house/painter" = "fake-painter" }\n'
    )


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a server with a file's text; it is stopped when the test is over."""
    async with AsyncExitStack() as stack:

        async def begin(*parts: str) -> Server:
            file = tmp_path / "heliograph.toml"
            file.write_text("\n".join([ROUTES, *parts]), encoding="utf-8")
            return await stack.enter_async_context(Server(load_settings(file)))

        yield begin


async def ours(server: Server, **request: Any) -> list[Any]:
    """The events that our client sees, held against the protocol, strictly."""
    request = {"model": "house/talker", "input": "a hen, please", **request}
    events: list[Any] = []
    async with (
        AsyncHeliograph(api_key="any", base_url=f"{server.url}/v1") as client,
        client.responses.stream(**request) as stream,
    ):
        events = [event async for event in stream]
    assert list(lifecycle.check(events).violations) == []
    return events


async def theirs(server: Server, **request: Any) -> list[Any]:
    """The events that the ``openai`` package sees."""
    request = {"model": "house/talker", "input": "a hen, please", "stream": True, **request}
    url = f"{server.url}/v1"
    async with openai.AsyncOpenAI(api_key="any", base_url=url, max_retries=0) as client:
        stream: Any = await client.responses.create(**request)
        return [event async for event in stream]


clients = pytest.mark.parametrize("see", [ours, theirs])


def words(events: list[Any]) -> str:
    return "".join(e.delta for e in events if e.type == "response.output_text.delta")


def kinds(events: list[Any]) -> list[str]:
    return [item.type for item in events[-1].response.output]


def picture(item: Any) -> bytes:
    return base64.b64decode(item.result, validate=True)


def draw(request: Received) -> Say:
    """Call the image tool, by the name that it was offered under."""
    (tool,) = [t["function"] for t in request.json()["tools"] if t["function"]["name"] != "look"]
    return Say(calls=(Call(name=tool["name"], arguments='{"prompt": "a brown hen"}', id="c1"),))


@clients
async def test_text_streams_through(start: Start, see: Any) -> None:
    with FakeChat(Say(text="Hello there, you.")) as fake:
        events = await see(await start(chat("talk", fake)))
    assert words(events) == "Hello there, you."
    assert events[-1].type == "response.completed"
    assert events[-1].response.usage.input_tokens == 7
    assert fake.requests[0].json()["model"] == "fake-1"


@clients
async def test_a_hosted_call_is_drawn_by_the_images_upstream_and_fed_back(
    start: Start, see: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICTURES_KEY", "sesame")
    with FakeChat(draw, Say(text="Here it is.")) as talk, FakeImages(key="sesame") as paint:
        events = await see(await start(chat("talk", talk), images(paint)), tools=[HOSTED])
    assert kinds(events) == ["image_generation_call", "message"]
    item = events[-1].response.output[0]
    assert (picture(item), item.status) == (paint.made[-1], "completed")
    assert paint.requests[0].json()["prompt"] == "a brown hen"
    assert words(events) == "Here it is."
    fed_back = talk.requests[1].json()["messages"]
    assert [m["role"] for m in fed_back][:3] == ["user", "assistant", "tool"]
    assert fed_back[1]["tool_calls"][0]["id"] == fed_back[2]["tool_call_id"]


async def test_a_hosted_call_is_drawn_by_the_illustrator(start: Start) -> None:
    with FakeChat(draw, Say(text="Here it is.")) as talk:
        server = await start(chat("talk", talk))
        events = await ours(server, tools=[HOSTED | {"model": "heliograph/illustrator"}])
    assert kinds(events) == ["image_generation_call", "message"]
    assert picture(events[-1].response.output[0]).startswith(b"\x89PNG")
    assert "response.image_generation_call.partial_image" in [e.type for e in events]


@clients
async def test_a_function_call_ends_the_turn(start: Start, see: Any) -> None:
    said = Say(calls=(Call(name="look", arguments='{"at": 1}', id="c7"),))
    with FakeChat(said, Say(text="I looked.")) as fake:
        server = await start(chat("talk", fake))
        first = await see(server, tools=[LOOK])
        assert kinds(first) == ["function_call"]
        call = first[-1].response.output[0]
        assert (call.name, call.call_id, call.arguments) == ("look", "c7", '{"at": 1}')
        turn = [
            {"role": "user", "content": "look"},
            {"type": "function_call", "name": "look", "call_id": "c7", "arguments": '{"at": 1}'},
            {"type": "function_call_output", "call_id": "c7", "output": "a hen"},
        ]
        assert words(await see(server, input=turn, tools=[LOOK])) == "I looked."
    assert fake.requests[1].json()["messages"][-1]["content"] == "a hen"


@clients
async def test_a_picture_of_the_chat_models_own_is_an_image_item(start: Start, see: Any) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    with FakeChat(Say(text="A hen:", pictures=(url,))) as fake:
        events = await see(await start(chat("talk", fake)))
    assert kinds(events) == ["message", "image_generation_call"]
    item = events[-1].response.output[1]
    assert (picture(item), item.status, item.size) == (PNG, "completed", "64x48")


@clients
@pytest.mark.parametrize(
    ("switches", "code"),
    [
        ({"status": 500}, "server_error"),
        ({"status": 429}, "rate_limit_exceeded"),
        ({"status": 401}, "server_error"),
        ({"cut": 1}, "server_error"),
        ({"cut": 2}, "server_error"),
        ({"bad_json": True}, "server_error"),
        ({"error_at": 2}, "server_error"),
    ],
)
async def test_a_fault_upstream_is_one_failed_event(
    start: Start, see: Any, switches: dict[str, Any], code: str
) -> None:
    with FakeChat(Say(text="One two three four."), **switches) as fake:
        events = await see(await start(chat("talk", fake)))
    ends = {"response.completed", "response.incomplete", "response.failed", "error"}
    assert [e.type for e in events if e.type in ends] == ["response.failed"]
    error = events[-1].response.error
    assert error.code == code
    assert error.message.startswith("house/talker: ")
    assert fake.base_url not in error.message


async def test_the_second_provider_answers_where_the_first_fails(start: Start) -> None:
    with FakeChat(status=500) as first, FakeChat(Say(text="I am second.")) as second:
        events = await ours(await start(chat("one", first), chat("two", second)))
    assert words(events) == "I am second."
    assert (len(first.requests), len(second.requests)) == (1, 1)


async def test_the_configured_models_are_listed_first(start: Start) -> None:
    with FakeChat() as fake:
        server = await start(chat("talk", fake))
        async with AsyncHeliograph(api_key="any", base_url=f"{server.url}/v1") as client:
            listed = [model.id for model in await client.models.list()]
    assert listed == ["house/talker", "heliograph/direct", "heliograph/illustrator"]


async def test_providers_are_closed_at_the_servers_stop() -> None:
    class Held(Direct):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    held = Held()
    async with Server(Settings(port=0, journal="memory"), Catalog([held], [])):
        assert held.closed == 0
    assert held.closed == 1
