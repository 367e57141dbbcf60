"""Where a client sends, with which key, through which library; and that the twins agree."""

from __future__ import annotations

import inspect
import sys

import aiohttp
import httpx2
import pytest
from tests.client.scripted import Scripted, answer, stream
from tests.client.streams import text_events, wire
from tests.client.ways import client as way_client
from tests.client.ways import read

import heliograph
from heliograph import client, errors
from heliograph.client import AsyncHeliograph, Heliograph, Timeout
from heliograph.client._async import _typed as _async_typed
from heliograph.client._async._events import AsyncEventStream
from heliograph.client._sync import _typed as _sync_typed
from heliograph.client._sync._events import EventStream

NAMES = (
    "HELIOGRAPH_BASE_URL",
    "HELIOGRAPH_API_KEY",
    "OPENROUTER_API_KEY",
    "OPENAI_API_KEY",
)
OPENROUTER = "https://openrouter.ai/api/v1"
OPENAI = "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ({"base_url": "http://h/v1/"}, {}, ("http://h/v1", None)),
        ({"base_url": "http://h/v1", "api_key": "k"}, {}, ("http://h/v1", "k")),
        ({}, {"HELIOGRAPH_BASE_URL": "http://h/v1"}, ("http://h/v1", None)),
        (
            {},
            {"HELIOGRAPH_BASE_URL": "http://h/v1", "HELIOGRAPH_API_KEY": "k"},
            ("http://h/v1", "k"),
        ),
        (
            {"base_url": "http://a/v1", "api_key": "x"},
            {"HELIOGRAPH_BASE_URL": "http://h/v1", "HELIOGRAPH_API_KEY": "k"},
            ("http://a/v1", "x"),
        ),
        ({}, {"OPENROUTER_API_KEY": "r"}, (OPENROUTER, "r")),
        ({}, {"OPENAI_API_KEY": "o"}, (OPENAI, "o")),
        ({}, {"OPENAI_API_KEY": "o", "OPENROUTER_API_KEY": "r"}, (OPENROUTER, "r")),
        ({"api_key": "sk-or-v1-1"}, {"OPENAI_API_KEY": "o"}, (OPENROUTER, "sk-or-v1-1")),
        ({"api_key": "sk-1"}, {"OPENROUTER_API_KEY": "r"}, (OPENAI, "sk-1")),
        ({"base_url": OPENAI}, {"OPENAI_API_KEY": "o", "OPENROUTER_API_KEY": "r"}, (OPENAI, "o")),
        ({"base_url": OPENROUTER}, {"OPENROUTER_API_KEY": "r"}, (OPENROUTER, "r")),
        # A provider's key goes nowhere else.
        (
            {"base_url": "https://evil.example/v1"},
            {"OPENAI_API_KEY": "o", "OPENROUTER_API_KEY": "r"},
            ("https://evil.example/v1", None),
        ),
        (
            {},
            {"HELIOGRAPH_BASE_URL": "http://h/v1", "OPENAI_API_KEY": "o"},
            ("http://h/v1", None),
        ),
    ],
)
def test_where_to_send_and_with_which_key(
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, str],
    environment: dict[str, str],
    expected: tuple[str, str | None],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with Heliograph(**arguments) as made:
        assert (made._config.base_url, made._config.api_key) == expected
        assert made._config.headers.get("authorization") == (
            f"Bearer {expected[1]}" if expected[1] else None
        )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"api_key": "who-knows"},
        {"base_url": "localhost:8000/v1"},
        {"base_url": "ftp://h/v1"},
        {"base_url": "http://h/v1", "api_key": "line\nbreak"},
        {"base_url": "http://h/v1", "api_key": "schlüssel"},
        {"base_url": "http://h/v1", "http_client": object()},
    ],
)
@pytest.mark.parametrize("cls", [Heliograph, AsyncHeliograph])
def test_settings_that_cannot_be(cls: type, arguments: dict[str, object]) -> None:
    with pytest.raises(errors.UsageError):
        cls(**arguments)


def test_the_key_is_in_no_repr() -> None:
    for cls in (Heliograph, AsyncHeliograph):
        made = cls("sk-very-secret", "http://h/v1", headers={"X-Token": "also-secret"})
        for value in (made, made._config, made.responses, made.models):
            assert "secret" not in repr(value)
        assert "http://h/v1" in repr(made)
        assert "api_key=***" in repr(made)


def test_timeout_of_a_number_bounds_both() -> None:
    assert Timeout.of(3) == Timeout(connect=3, read=3)
    assert Timeout.of(None) == Timeout(connect=None, read=None)
    assert Timeout.of(Timeout(read=1)) == Timeout(connect=10.0, read=1)


# -- transports -------------------------------------------------------------------------------


async def test_aiohttp_is_there_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def library(**arguments: object) -> str:
        return type(AsyncHeliograph(base_url="http://h", **arguments)._transport).__name__

    assert library() == "AsyncHttpxTransport"
    assert library(transport="httpx2") == "AsyncHttpxTransport"
    assert library(transport="aiohttp") == "AiohttpTransport"
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "heliograph.client._aiohttp")
    with pytest.raises(errors.MissingExtra, match=r"heliograph\[fast\]"):
        library(transport="aiohttp")
    with pytest.raises(errors.UsageError, match="AsyncHeliograph"):
        Heliograph(base_url="http://h", transport="aiohttp")


async def test_own_clients_are_used_and_left_open() -> None:
    data = wire(text_events("a"))
    with Scripted(stream(data)) as server:
        with httpx2.Client(headers={"x-mine": "1"}) as own:
            with Heliograph(base_url=server.url, http_client=own) as made:
                stream_ = made.responses.create(model="m", input="hi", stream=True)
                assert stream_.get_final_response().status == "completed"
            assert not own.is_closed
        async with httpx2.AsyncClient(headers={"x-mine": "1"}) as own:
            made = AsyncHeliograph(base_url=server.url, http_client=own)
            async with made, made.responses.stream(model="m", input="hi") as s:
                assert (await s.get_final_response()).status == "completed"
            assert not own.is_closed
        async with aiohttp.ClientSession(headers={"x-mine": "1"}) as own:
            made = AsyncHeliograph(base_url=server.url, http_client=own)
            async with made, made.responses.stream(model="m", input="hi") as s:
                assert (await s.get_final_response()).status == "completed"
            assert not own.closed
        assert [seen.headers.get("x-mine") for seen in server.seen] == ["1", "1", "1"]


def test_a_mock_transport_works_as_with_any_httpx2_client() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"data": [{"id": str(request.url)}]})

    own = httpx2.Client(transport=httpx2.MockTransport(handle))
    with Heliograph(base_url="http://h/v1", http_client=own) as made:
        assert [card.id for card in made.models.list()] == ["http://h/v1/models"]


async def test_compressed_streams_are_read_all_the_same() -> None:
    import gzip

    data = gzip.compress(wire(text_events("a")))
    with Scripted(stream(data[:50], data[50:], content_encoding="gzip")) as server:
        with Heliograph(base_url=server.url) as made:
            s = made.responses.create(model="m", input="hi", stream=True)
            assert s.get_final_response().status == "completed"
        for transport in ("httpx2", "aiohttp"):
            async with AsyncHeliograph(base_url=server.url, transport=transport) as made:
                s = await made.responses.create(model="m", input="hi", stream=True)
                assert (await s.get_final_response()).status == "completed"
        assert {seen.headers["accept-encoding"] for seen in server.seen} == {"identity"}


def test_redirects_are_followed() -> None:
    moved = answer({}, 307)
    moved.headers["location"] = "/v1/elsewhere"
    with (
        Scripted(moved, answer({"data": [{"id": "a"}]})) as server,
        Heliograph(base_url=server.url) as made,
    ):
        assert made.models.list()[0].id == "a"
        assert server.seen[1].target == "/v1/elsewhere"


# -- twins and faces --------------------------------------------------------------------------

TWINS = [
    (client.Heliograph, client.AsyncHeliograph),
    (client.Responses, client.AsyncResponses),
    (client.Models, client.AsyncModels),
    (client.Images, client.AsyncImages),
    (client.ImageStream, client.AsyncImageStream),
    (EventStream, AsyncEventStream),
    (client.ResponseStream, client.AsyncResponseStream),
    (client.StreamManager, client.AsyncStreamManager),
    (client.ToolRun, client.AsyncToolRun),
    (_sync_typed.ParsedResponseStream, _async_typed.AsyncParsedResponseStream),
    (_sync_typed.ParsedStreamManager, _async_typed.AsyncParsedStreamManager),
    (client.Connection, client.AsyncConnection),
]


def _public(cls: type) -> dict[str, object]:
    ours = [one for one in reversed(cls.__mro__) if one.__module__.startswith("heliograph")]
    every = {name: value for one in ours for name, value in vars(one).items()}
    return {name: value for name, value in every.items() if name[0] != "_" or name == "__init__"}


def _shape(function: object) -> list[tuple[object, ...]]:
    parameters = inspect.signature(function).parameters.values()
    return [
        (p.name, p.kind, p.default)
        + ((str(p.annotation).replace("Async", ""),) if p.name != "http_client" else ())
        for p in parameters
    ]


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[0].__name__)
def test_twins_have_the_same_signatures(pair: tuple[type, type]) -> None:
    ours, theirs = map(_public, pair)
    assert ours.keys() == theirs.keys()
    for name, member in ours.items():
        twin = theirs[name]
        assert isinstance(member, property) == isinstance(twin, property)
        if not isinstance(member, property):
            assert _shape(member) == _shape(twin), name


@pytest.mark.parametrize("way", ["sync", "async-httpx2", "async-aiohttp"])
async def test_errors_of_a_first_try_say_where_they_come_from(way: str) -> None:
    ask = {"model": "m", "input": "x"}
    async with way_client(way, "http://127.0.0.1:9/v1") as made:
        with pytest.raises(errors.TransportError, match=r"127\.0\.0\.1:9"):
            await made.responses.create(**ask)
    with Scripted(answer({"error": {"message": "no such path"}}, 404)) as server:
        bare = server.url.removesuffix("/v1")
        for url, hint in ((bare, True), (server.url, False)):
            async with way_client(way, url) as made:
                for call in (
                    made.responses.create(**ask),
                    read(made.responses.stream(**ask)),
                    made.images.generate("a fox", model="m"),
                ):
                    with pytest.raises(errors.NotFound, match="no such path") as caught:
                        await call
                    assert ("most servers are at /v1" in str(caught.value)) is hint
                    assert caught.value.message == "no such path"


def test_faces_export_what_they_say() -> None:
    for face in (client, heliograph):
        for name in face.__all__:
            assert getattr(face, name) is not None
        assert len(face.__all__) == len(set(face.__all__))
        # a twin is learnt with the name that it doubles
        assert len({name.removeprefix("Async") for name in face.__all__}) < 25
    assert set(heliograph.__all__) <= set(dir(heliograph))
    with pytest.raises(AttributeError, match="no attribute 'Helograph'"):
        _ = heliograph.Helograph


def test_importing_the_top_loads_no_room() -> None:
    import subprocess

    code = (
        "import sys, heliograph; "
        "print([m for m in sys.modules if m.startswith('heliograph.') and '_version' not in m])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
