"""Cassettes: recorded from a server over HTTP, replayed byte for byte, no secret in the file."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pybase64
import pytest

from heliograph import client, errors
from heliograph.testing import (
    Cassette,
    FakeServer,
    Faults,
    Received,
    Recorder,
    Replayer,
    Reply,
    Switches,
)
from heliograph.testing._fakes._pictures import make_picture

KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"
PICTURE = make_picture("a fox", 0, 200, 200, "png")
TEXT = pybase64.b64encode(PICTURE).decode()
STREAM = (
    'event: response.created\ndata: {"type":"response.created","sequence_number":0,'
    '"response":{"id":"resp_1","status":"in_progress"}}\n\n'
    ": keep-alive\n\n"
    'data: {"type":"response.output_text.delta","sequence_number":1,'
    '"delta":"gr\u00fc\u00df \U0001f98a"}\n\n'
    f'data: {{"type":"x.partial","sequence_number":2,"partial_image_b64":"{TEXT}"}}\n\n'
    'data: {"type":"response.completed","sequence_number":3,'
    '"response":{"id":"resp_1","status":"completed"}}\n\n'
    "data: [DONE]\n\n"
).encode()
ASK = {"model": "m", "input": "a fox", "stream": True}


class Endpoint(FakeServer):
    """Streams in pieces of ``size`` bytes; says what it was sent at other paths."""

    size = 37
    broken = False

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        if request.path.endswith("/responses") and request.json().get("stream"):
            headers = {"x-request-id": "req_1", "set-cookie": "session=abcdefgh", "server": "x"}
            await reply.start(200, headers)
            for at in range(0, len(STREAM), self.size):
                await reply.write(STREAM[at : at + self.size])
                await asyncio.sleep(switches.slow)
                if self.broken and at > 200:
                    await reply.hang_up()
            await reply.end()
        elif request.path.endswith("/error"):
            said = {"error": {"message": f"wrong key {KEY}", "code": "invalid_api_key"}}
            await reply.json(said, 401)
        else:
            await reply.json({"n": len(self.requests), "target": request.target})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as it:
        yield it


def read(url: str, body: Any = ASK, **headers: str) -> tuple[list[bytes], httpx2.Headers]:
    """The answer's chunks as they come."""
    told = {"authorization": f"Bearer {KEY}", "cookie": "sid=monstersecret", **headers}
    with httpx2.stream("POST", f"{url}/responses", json=body, headers=told) as answer:
        return list(answer.iter_raw()), answer.headers


def until_cut(url: str) -> bytes:
    """What came before the connection broke, as it must."""
    got = b""
    try:
        with httpx2.stream("POST", f"{url}/responses", json=ASK) as answer:
            for chunk in answer.iter_raw():
                got += chunk
    except httpx2.RemoteProtocolError:
        return got
    raise AssertionError("the answer came to its end")


def recorded(endpoint: Endpoint, path: Path, body: Any = ASK) -> bytes:
    with Recorder(f"{endpoint.url}/api/v1", path) as recorder:
        chunks, _ = read(recorder.base_url, body)
    return b"".join(chunks)


def test_what_was_recorded_is_replayed_byte_for_byte_with_its_chunks(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "fox.jsonl"
    assert recorded(endpoint, path) == STREAM
    assert len(endpoint.requests) == 1

    with Replayer(path) as replay:
        chunks, headers = read(replay.base_url)
    kept = [data for _, data in Cassette(path).content(Cassette(path).exchanges[0])]
    assert b"".join(chunks) == b"".join(kept) == STREAM
    assert len(kept) > 5
    assert headers["content-type"] == "text/event-stream"
    assert headers["x-request-id"] == "req_1"
    assert "set-cookie" not in headers
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("size", [1, 7, 4096, 10**6])
def test_any_split_is_kept(endpoint: Endpoint, tmp_path: Path, size: int) -> None:
    path = tmp_path / "fox.jsonl"
    chunks = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    cassette = Cassette(path)
    cut = cassette.pictures.cut(chunks)
    again = json.loads(json.dumps(cut))
    assert [Cassette(path).pictures.join(pieces) for pieces in again] == chunks


def test_pictures_are_files_beside_the_cassette(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "fox.jsonl"
    asked = ASK | {"input": [{"type": "input_image", "image_url": f"data:image/png;base64,{TEXT}"}]}
    recorded(endpoint, path, asked)
    (file,) = (tmp_path / "fox.pictures").iterdir()
    assert file.read_bytes() == PICTURE
    assert TEXT[:200] not in path.read_text("utf-8")
    assert f"data:image/png;base64,picture:{file.name}" in path.read_text("utf-8")
    assert "grüß" in path.read_text("utf-8")
    with Replayer(path) as replay:
        assert b"".join(read(replay.base_url, asked)[0]) == STREAM
    file.unlink()
    with pytest.raises(errors.UsageError, match="a cassette's pictures go where it goes"):
        list(Cassette(path).content(Cassette(path).exchanges[0]))


def test_a_picture_named_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    reference = [{"picture": "../../etc/passwd", "base64": [0, 4]}]
    with pytest.raises(errors.UsageError, match="no file's name alone"):
        Cassette(tmp_path / "x.jsonl").pictures.join(reference)


def test_no_secret_is_in_the_file(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    asked = ASK | {
        "input": f"my key is {KEY}",
        "tools": [
            {"type": "mcp", "authorization": "mcp-secret", "headers": {"X-Api-Key": "hushhush"}}
        ],
    }
    with Recorder(f"{endpoint.url}/v1", path, scrub=["Jane Roe"]) as recorder:
        told = {
            "authorization": f"Bearer {KEY}",
            "x-api-key": "other-secret",
            "cookie": "a=cookiesecret",
        }
        wrong = httpx2.post(f"{recorder.base_url}/error", json=asked, headers=told)
        httpx2.post(f"{recorder.base_url}/echo?api_key=querysecret&n=1", json={"user": "Jane Roe"})
    assert KEY in wrong.text
    text = path.read_text("utf-8")
    for secret in (
        KEY,
        "mcp-secret",
        "hushhush",
        "other-secret",
        "cookiesecret",
        "querysecret",
        "Jane Roe",
    ):
        assert secret not in text, secret
    assert "invalid_api_key" in text
    with Replayer(path) as replay:
        again = httpx2.post(f"{replay.base_url}/error", json=asked, headers=told)
    assert again.status_code == 401
    assert again.json()["error"]["message"] == f"wrong key {'*' * len(KEY)}"


def test_several_exchanges_answer_in_turn_and_the_last_goes_on(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "poll.jsonl"
    with Recorder(f"{endpoint.url}/v1", path) as recorder:
        for _ in range(2):
            httpx2.get(f"{recorder.base_url}/a?b=1&a=2&a=1")
        httpx2.get(f"{recorder.base_url}/other")
    with Replayer(path) as replay:
        seen = [httpx2.get(f"{replay.base_url}/a?a=1&a=2&b=1").json()["n"] for _ in range(3)]
        assert seen == [1, 2, 2]
        assert replay.unused == ["GET /other"]


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
def test_what_was_not_recorded_is_refused_with_what_differs(
    endpoint: Endpoint, tmp_path: Path, base: str
) -> None:
    path = tmp_path / "fox.jsonl"
    recorded(endpoint, path)
    with Replayer(path) as replay, client.Heliograph("any", f"{replay.url}{base}") as ours:
        with pytest.raises(errors.BadRequest) as refused:
            ours.responses.create(model="m", input="a hen", stream=True)
        with pytest.raises(errors.BadRequest) as nowhere:
            ours.models.list()
        assert len(replay.unmatched) == 2
    said = str(refused.value)
    assert "no exchange of fox.jsonl fits POST /responses" in said
    assert 'exchange 1 differs at input: recorded "a fox", asked "a hen"' in said
    assert refused.value.param == "input"
    assert "it holds POST /responses" in str(nowhere.value)


def test_keys_may_stand_in_any_order_and_fields_be_left_out(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "fox.jsonl"
    recorded(endpoint, path, ASK | {"metadata": {"run": "1"}})
    other = {"stream": True, "metadata": {"run": "2"}, "input": "a fox", "model": "m"}
    with Replayer(path, ignore=["metadata.run"]) as replay:
        assert b"".join(read(replay.base_url, other)[0]) == STREAM


def test_multipart_bodies_match_whatever_their_boundary(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "edit.jsonl"

    def post(url: str, prompt: str) -> int:
        files = {"image": ("a.png", PICTURE, "image/png")}
        return httpx2.post(f"{url}/images/edits", data={"prompt": prompt}, files=files).status_code

    with Recorder(f"{endpoint.url}/v1", path) as recorder:
        assert post(recorder.base_url, "night") == 200
    with Replayer(path) as replay:
        assert post(replay.base_url, "night") == 200
        assert post(replay.base_url, "day") == 400


def test_a_broken_answer_is_replayed_broken(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    endpoint.broken = True
    with (
        Recorder(f"{endpoint.url}/v1", path) as recorder,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        read(recorder.base_url)
    (exchange,) = Cassette(path).exchanges
    assert exchange.end == "cut"
    with Replayer(path) as replay:
        got = until_cut(replay.base_url)
    assert STREAM.startswith(got)
    assert len(got) > 200


def test_a_client_that_leaves_at_done_leaves_a_whole_recording(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "left.jsonl"
    endpoint.set(slow=0.005)
    with (
        Recorder(f"{endpoint.url}/v1", path) as recorder,
        httpx2.stream("POST", f"{recorder.base_url}/responses", json=ASK) as answer,
    ):
        next(answer.iter_raw())
    (exchange,) = Cassette(path).exchanges
    assert exchange.end == "complete"
    assert b"".join(data for _, data in Cassette(path).content(exchange)) == STREAM


def test_an_endpoint_that_is_not_there_is_a_502_and_no_exchange(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    with Recorder("http://127.0.0.1:9/v1", path) as recorder:
        answer = httpx2.post(f"{recorder.base_url}/responses", json=ASK)
    assert answer.status_code == 502
    assert "the endpoint cannot be reached" in answer.json()["error"]["message"]
    assert len(Cassette(path)) == 0


def test_speed_follows_the_recording(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "slow.jsonl"
    endpoint.size = len(STREAM) // 4
    endpoint.set(slow=0.1)
    recorded(endpoint, path)

    def took(speed: float) -> float:
        with Replayer(path, speed=speed) as replay:
            began = time.monotonic()
            read(replay.base_url)
            return time.monotonic() - began

    as_recorded = took(1)
    assert as_recorded >= 0.25
    assert took(0) < as_recorded


def test_faults_cut_stall_and_resplit(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "fox.jsonl"
    recorded(endpoint, path)
    with Replayer(path, faults="cut=2") as replay:
        with pytest.raises(httpx2.RemoteProtocolError):
            read(replay.base_url)
        assert b"".join(read(replay.base_url)[0]) == STREAM
    with Replayer(path, faults=Faults(stall=0.3, times=1)) as replay:
        began = time.monotonic()
        assert b"".join(read(replay.base_url)[0]) == STREAM
        assert time.monotonic() - began >= 0.3
    with Replayer(path, faults="resplit=5") as replay:
        assert b"".join(read(replay.base_url)[0]) == STREAM


def test_a_cut_replay_can_be_resumed(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "fox.jsonl"
    recorded(endpoint, path)
    with Replayer(path, faults="cut=2", resume=True) as replay:
        url = f"{replay.base_url}/responses/resp_1"
        with pytest.raises(httpx2.RemoteProtocolError):
            read(replay.base_url)
        rest = httpx2.get(f"{url}?stream=true&starting_after=1").content
        assert httpx2.get(url).json() == {"id": "resp_1", "status": "completed"}
    assert rest == STREAM[STREAM.index(b'data: {"type":"x.partial"') :]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("burn", "faults: 'burn' is none of cut, stall, resplit, times"),
        ("cut=x", "faults: cut='x' is not a whole number"),
        ("stall=-2", "faults: stall=-2 is below 0"),
    ],
)
def test_wrong_faults_are_named(text: str, says: str) -> None:
    with pytest.raises(errors.UsageError) as refused:
        Faults.parse(text)
    assert str(refused.value) == says


@pytest.mark.parametrize("content", ["{}", "nonsense", '{"cassette": 9, "upstream": ""}', "[1]"])
def test_a_file_that_is_no_cassette_is_refused_with_its_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(content)
    with pytest.raises(errors.UsageError, match=r"x\.jsonl line 1 is no line of a cassette"):
        Cassette(path)


def test_a_cassette_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="there is no such cassette"):
        Replayer(tmp_path / "no.jsonl")
