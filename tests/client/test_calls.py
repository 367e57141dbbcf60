"""Calls that are no stream: what is sent, what comes back, and what each error becomes."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from tests.client.scripted import CUT, Reply, Scripted, answer
from tests.client.streams import message, response
from tests.client.ways import WAYS, client

from heliograph import errors, models
from heliograph.client import Timeout

pytestmark = pytest.mark.parametrize("way", WAYS)


async def test_create_sends_what_was_passed_and_nothing_else(way: str) -> None:
    tool = models.ImageGenerationServerTool(size="1024x1024", partial_images=2)
    strange = b'{"type":"future_item","z":1.50,"a":[]}'
    unknown = models.UnknownItem("future_item", strange)
    with Scripted(answer(response("completed", [message("hi")]))) as server:
        async with client(way, server.url, headers={"X-Title": "app"}) as heliograph:
            got = await heliograph.responses.create(
                model="m",
                input=[{"role": "user", "content": "a fox"}, unknown],
                tools=[tool, {"type": "function", "name": "f"}],
                instructions=None,
                metadata={"k": "v"},
                extra_body={"seed": 4},
                extra_headers={"HTTP-Referer": "https://example.org", "User-Agent": "me"},
            )
    assert isinstance(got, models.OpenResponsesResult)
    assert got.output[0].content[0].text == "hi"
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v1/responses")
    assert seen.json == {
        "model": "m",
        "input": [{"role": "user", "content": "a fox"}, {"type": "future_item", "z": 1.5, "a": []}],
        "tools": [
            {"type": "image_generation", "size": "1024x1024", "partial_images": 2},
            {"type": "function", "name": "f"},
        ],
        "instructions": None,
        "metadata": {"k": "v"},
        "seed": 4,
    }
    assert strange in seen.body
    assert seen.headers["authorization"] == "Bearer sk-test-secret"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["x-title"] == "app"
    assert seen.headers["http-referer"] == "https://example.org"
    assert seen.headers["user-agent"] == "me"


async def test_fields_nobody_knows_are_refused_before_anything_is_sent(way: str) -> None:
    with Scripted(answer({})) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.UsageError, match="modle"):
                await heliograph.responses.create(modle="m", input="hi")
            with pytest.raises(errors.UsageError, match="JSON"):
                await heliograph.responses.create(model="m", input="hi", metadata={"k": object()})
            with pytest.raises(errors.UsageError, match="starting_after"):
                await heliograph.responses.retrieve("r", starting_after=1)
        assert server.seen == []


async def test_retrieve_delete_and_models(way: str) -> None:
    cards = {"object": "list", "data": [{"id": "a/b", "object": "model", "x": 1}, {"id": "c"}]}
    with Scripted(
        answer(response("completed")), answer({"id": "r", "deleted": True}), answer(cards)
    ) as server:
        async with client(way, server.url) as heliograph:
            got = await heliograph.responses.retrieve("resp_1/..?", include=["a", "b"])
            assert got.id == "resp_1"
            assert await heliograph.responses.delete("resp_1") is None
            listed = await heliograph.models.list()
    assert [card.id for card in listed] == ["a/b", "c"]
    assert listed[0].fields["x"] == 1
    assert [(seen.method, seen.target) for seen in server.seen] == [
        ("GET", "/v1/responses/resp_1%2F..%3F?include%5B%5D=a&include%5B%5D=b"),
        ("DELETE", "/v1/responses/resp_1"),
        ("GET", "/v1/models"),
    ]


OPENAI = {
    "error": {
        "message": "partial_images: at most 3",
        "type": "invalid_request_error",
        "param": "tools[0].partial_images",
        "code": "invalid_value",
    }
}
OPENROUTER = {
    "error": {
        "code": 400,
        "message": "partial_images: at most 3",
        "metadata": {
            "param": "tools[0].partial_images",
            "type": "invalid_request_error",
            "code": "invalid_value",
        },
    }
}


@pytest.mark.parametrize("body", [OPENAI, OPENROUTER], ids=["openai", "openrouter"])
async def test_both_shapes_of_error_say_the_same(way: str, body: object) -> None:
    with Scripted(answer(body, 400, x_request_id="req_1")) as server:
        async with client(way, server.url) as heliograph:
            for more in ({}, {"stream": True}):
                with pytest.raises(errors.BadRequest) as caught:
                    await heliograph.responses.create(model="m", input="hi", **more)
                error = caught.value
                assert error.message == "partial_images: at most 3"
                assert error.param == "tools[0].partial_images"
                assert (error.status, error.code) == (400, "invalid_value")
                assert error.type == "invalid_request_error"
                assert error.request_id == "req_1"
                assert error.body.startswith(b'{"error"')


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationError),
        (402, errors.APIError),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.PayloadTooLarge),
        (418, errors.APIError),
        (422, errors.UnprocessableEntity),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (529, errors.ServerError),
    ],
)
async def test_status_picks_the_class(way: str, status: int, family: type) -> None:
    with Scripted(answer({"error": {"message": "no"}}, status)) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.APIError, match="no") as caught:
                await heliograph.models.list()
    assert type(caught.value) is family
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the server answered 502"),
        (b"<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (b'{"error": "plain words"}', "plain words"),
        (b'{"message": "top level"}', "top level"),
        (b'{"error": {"message": 5}}', "the server answered 502"),
        (b"[" * 5000, "[" * 500),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
async def test_error_bodies_of_any_shape(way: str, body: bytes, message: str) -> None:
    with Scripted(answer(body, 502)) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.ServerError) as caught:
                await heliograph.models.list()
    assert caught.value.message == message


async def test_retry_after_in_each_form(way: str) -> None:
    soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 30))
    with Scripted(
        answer({}, 429, retry_after="7"),
        answer({}, 429, retry_after_ms="1500"),
        answer({}, 429, retry_after=soon),
        answer({}, 429, retry_after="soon"),
        answer({}, 429),
    ) as server:
        async with client(way, server.url) as heliograph:
            waits = []
            for _ in range(5):
                with pytest.raises(errors.RateLimited) as caught:
                    await heliograph.models.list()
                waits.append(caught.value.retry_after)
    assert waits[:2] == [7.0, 1.5]
    assert 25 < waits[2] <= 30
    assert waits[3:] == [None, None]


async def test_an_error_that_came_with_200(way: str) -> None:
    with Scripted(answer({"error": {"code": 429, "message": "slow down"}})) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.RateLimited, match="slow down"):
                await heliograph.responses.create(model="m", input="hi")


async def test_a_failed_response_is_a_response(way: str) -> None:
    failed = response("failed", error={"code": "server_error", "message": "no"})
    with Scripted(answer(failed)) as server:
        async with client(way, server.url) as heliograph:
            got = await heliograph.responses.create(model="m", input="hi")
    assert (got.status, got.error.message) == ("failed", "no")


async def test_a_body_that_is_no_response(way: str) -> None:
    with Scripted(answer(b"hello"), answer({"id": 5}), answer({"data": [{}]})) as server:
        async with client(way, server.url) as heliograph:
            for _ in range(2):
                with pytest.raises(errors.InvalidBody):
                    await heliograph.responses.create(model="m", input="hi")
            with pytest.raises(errors.InvalidBody, match=r"data\[0\]\.id"):
                await heliograph.models.list()


async def test_nobody_listens(way: str) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    async with client(way, f"http://127.0.0.1:{port}/v1") as heliograph:
        with pytest.raises(errors.TransportError):
            await heliograph.responses.create(model="m", input="hi")


async def test_cut_inside_the_head_and_inside_a_body(way: str) -> None:
    with Scripted(Reply([b'{"id":', 0.05, CUT], 200, {"content-type": "application/json"})) as s:
        async with client(way, s.url) as heliograph:
            with pytest.raises(errors.TransportError):
                await heliograph.responses.create(model="m", input="hi")


async def test_timeouts_of_client_and_call(way: str) -> None:
    slow = Reply([b"{", 30], 200, {"content-type": "application/json"})
    with Scripted(slow) as server:
        async with client(way, server.url, timeout=30) as heliograph:
            started = time.monotonic()
            with pytest.raises(errors.TransportTimeout):
                await heliograph.responses.create(model="m", input="hi", timeout=0.2)
            with pytest.raises(errors.TransportTimeout):
                await heliograph.models.list(timeout=Timeout(connect=1, read=0.2))
        async with client(way, server.url, timeout=0.2) as heliograph:
            with pytest.raises(errors.TransportTimeout):
                await heliograph.models.list()
        assert time.monotonic() - started < 10


async def test_parallel_calls(way: str) -> None:
    with Scripted(answer(response("completed"))) as server:
        async with client(way, server.url) as heliograph:
            calls = (heliograph.responses.create(model="m", input=str(n)) for n in range(8))
            got = await asyncio.gather(*calls)
    assert len(got) == 8
    assert sorted(seen.json["input"] for seen in server.seen) == [str(n) for n in range(8)]
