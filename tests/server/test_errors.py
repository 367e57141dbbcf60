"""What is refused, over HTTP, under both base paths, with the field at fault named."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import httpx2
import msgspec
import pytest
from tests.server.kit import MODEL, Running, ask, running

from heliograph.providers.fetch import FetchSettings

BASES = ("/v1", "/api/v1")


def refusal(answer: httpx2.Response, base: str, status: int) -> tuple[str, str | None, str | None]:
    """Message, param and code, after checking the shape of the base path."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    error = answer.json()["error"]
    assert isinstance(error["message"], str)
    assert error["message"]
    if base == "/v1":
        assert set(error) == {"message", "type", "param", "code"}
        assert error["code"] is None or isinstance(error["code"], str)
        return error["message"], error["param"], error["code"]
    assert set(error) == {"code", "message", "metadata"}
    assert error["code"] == status
    return error["message"], error["metadata"].get("param"), error["metadata"].get("code")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("body", [b"", b"{", b'{"input": }', b"\xff\xfe", b"[1, 2]", b"null"])
def test_malformed_json_is_400(http: httpx2.Client, base: str, body: bytes) -> None:
    answer = http.post(f"{base}/responses", content=body)
    _, param, code = refusal(answer, base, 400)
    assert param is None
    assert code == "invalid_json"


def test_malformed_json_says_where(http: httpx2.Client) -> None:
    message, _, _ = refusal(http.post("/v1/responses", content=b'{"model": "m",, }'), "/v1", 400)
    assert "byte 14" in message


HALF = [
    ('"previous_response_id":"\\ud83d"', "previous_response_id"),
    ('"metadata":{"\\ud83d":1}', "metadata.?"),
    ('"user":"\\ud83d"', "$"),
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("field", "named"), HALF)
def test_half_a_character_is_400_wherever_it_stands(
    http: httpx2.Client, base: str, field: str, named: str
) -> None:
    body = f'{{"model":"{MODEL}","input":"x",{field}}}'
    _, param, _ = refusal(http.post(f"{base}/responses", content=body), base, 400)
    assert param == named


def test_half_a_character_in_what_would_be_fetched_is_400() -> None:
    url = '"https://\\ud83d.example/a.png"'
    part = f'{{"type":"input_image","image_url":{url}}}'
    body = f'{{"model":"{MODEL}","input":[{{"role":"user","content":[{part}]}}]}}'
    with (
        running(fetch=FetchSettings(policy="public")) as server,
        httpx2.Client(base_url=server.url) as http,
    ):
        _, _, code = refusal(http.post("/v1/responses", content=body), "/v1", 400)
        assert code == "invalid_json"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"input": 17}, "input"),
    ({"model": ["a"]}, "model"),
    ({"stream": "yes"}, "stream"),
    ({"tools": {}}, "tools"),
    ({"tools": ["image_generation"]}, "tools[0]"),
    ({"tools": [{"type": "image_generation", "partial_images": "two"}]}, "tools[0].partial_images"),
    ({"metadata": {"a": 1}}, "metadata"),
    ({"temperature": "hot"}, "temperature"),
    ({"background": 1}, "background"),
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("change", "field"), WRONG)
def test_a_wrong_type_is_400_by_path(
    http: httpx2.Client, base: str, change: dict[str, Any], field: str
) -> None:
    answer = http.post(f"{base}/responses", json={**ask(), **change})
    message, param, _ = refusal(answer, base, 400)
    assert param is not None
    assert param.startswith(field), (param, message)


UNSERVED: list[tuple[dict[str, Any], str]] = [
    ({"tools": [{"type": "image_generation", "partial_images": 4}]}, "tools[0].partial_images"),
    ({"input": ""}, "input"),
    ({"input": "  \n "}, "input"),
    ({"input": []}, "input"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"nonsense": 1}, "nonsense"),
    ({"background": True, "store": False}, "background"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tools": [{"type": "image_generation", "size": "wide"}]}, "tools[0].size"),
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("change", "field"), UNSERVED)
def test_what_cannot_be_served_is_400_by_path(
    http: httpx2.Client, base: str, change: dict[str, Any], field: str
) -> None:
    _, param, _ = refusal(http.post(f"{base}/responses", json={**ask(), **change}), base, 400)
    assert param == field


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/responses/resp_missing"),
        ("GET", "/responses/resp_missing?stream=true"),
        ("DELETE", "/responses/resp_missing"),
        ("POST", "/responses/resp_missing/cancel"),
    ],
)
def test_an_unknown_response_is_404(http: httpx2.Client, base: str, method: str, path: str) -> None:
    message, param, code = refusal(http.request(method, base + path), base, 404)
    assert "resp_missing" in message
    assert (param, code) == ("response_id", "response_not_found")


@pytest.mark.parametrize("base", BASES)
def test_an_unknown_model_is_404_and_names_those_offered(http: httpx2.Client, base: str) -> None:
    answer = http.post(f"{base}/responses", json=ask() | {"model": "nobody/nothing"})
    message, param, code = refusal(answer, base, 404)
    assert (param, code) == ("model", "model_not_found")
    assert MODEL in message
    _, param, code = refusal(http.get(f"{base}/models/nobody/nothing"), base, 404)
    assert (param, code) == ("model", "model_not_found")


@pytest.mark.parametrize("base", BASES)
def test_a_path_that_is_not_there_is_404(http: httpx2.Client, base: str) -> None:
    message, _, code = refusal(http.get(f"{base}/nothing"), base, 404)
    assert code == "unknown_path"
    assert f"{base}/nothing" in message


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/responses", "POST"),
        ("GET", "/responses", "POST"),
        ("PATCH", "/responses/resp_1", "DELETE, GET"),
        ("GET", "/responses/resp_1/cancel", "POST"),
        ("DELETE", "/models", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_says_which_is_right(
    http: httpx2.Client, base: str, method: str, path: str, allowed: str
) -> None:
    answer = http.request(method, base + path)
    _, _, code = refusal(answer, base, 405)
    assert code == "method_not_allowed"
    assert answer.headers["allow"] == allowed


def _small() -> Any:
    from heliograph.server import Limits

    return Limits(max_body_bytes=10_000)


@pytest.mark.parametrize("base", BASES)
def test_a_body_over_the_limit_is_413(base: str) -> None:
    with running(limits=_small()) as here, httpx2.Client(base_url=here.url) as http:
        big = msgspec.json.encode(ask("x" * 20_000))
        message, _, code = refusal(http.post(f"{base}/responses", content=big), base, 413)
        assert code == "payload_too_large"
        assert "max_body_bytes" in message
        pieces = iter([big[:9000], big[9000:]])
        refusal(http.post(f"{base}/responses", content=pieces), base, 413)
        assert http.get("/healthz").status_code == 200


def test_a_declared_length_over_the_limit_is_refused_before_the_body_comes() -> None:
    with (
        running(limits=_small()) as here,
        socket.create_connection(("127.0.0.1", here.server.port), timeout=5) as raw,
    ):
        raw.sendall(
            b"POST /v1/responses HTTP/1.1\r\nhost: localhost\r\n"
            b"content-length: 999999999\r\nexpect: 100-continue\r\n\r\n"
        )
        assert raw.recv(200).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("endless", [b"GET /", b"GET / HTTP/1.1\r\nx: "])
def test_an_endless_head_is_cut_off(shared: Running, endless: bytes) -> None:
    sent, piece = 0, b"a" * 65536
    with socket.create_connection(("127.0.0.1", shared.server.port), timeout=5) as raw:
        raw.sendall(endless)
        # The refusal may be overtaken by the reset that closing a connection with unread data is.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while sent < 100 * 1024 * 1024:
                raw.sendall(piece)
                sent += len(piece)
    assert sent < 20 * 1024 * 1024


def test_many_requests_on_one_connection_are_each_counted_anew(shared: Running) -> None:
    with httpx2.Client(base_url=shared.url, headers={"x-long": "a" * 20_000}) as http:
        for _ in range(10):
            assert http.get("/healthz").status_code == 200


def test_a_compressed_body_is_refused(http: httpx2.Client) -> None:
    answer = http.post("/v1/responses", content=b"\x1f\x8b", headers={"content-encoding": "gzip"})
    _, param, _ = refusal(answer, "/v1", 400)
    assert param == "content-encoding"


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("stream=maybe", "stream"),
        ("stream=true&starting_after=x", "starting_after"),
        ("stream=true&starting_after=-2", "starting_after"),
        (f"stream=true&starting_after={2**63}", "starting_after"),
        ("starting_after=1", "starting_after"),
        ("stream=true&include_obfuscation=true", "include_obfuscation"),
        ("include=everything", "include"),
    ],
)
def test_a_wrong_query_is_400_by_name(http: httpx2.Client, query: str, param: str) -> None:
    answer = http.get(f"/v1/responses/resp_1?{query}")
    assert refusal(answer, "/v1", 400)[1] == param


def test_a_wrong_last_event_id_is_400(http: httpx2.Client) -> None:
    answer = http.get("/v1/responses/resp_1?stream=true", headers={"last-event-id": "seven"})
    assert refusal(answer, "/v1", 400)[1] == "Last-Event-ID"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "10.0.0.1", "localhost.evil.example"]
)
def test_a_name_that_is_not_loopback_is_refused(http: httpx2.Client, base: str, host: str) -> None:
    answer = http.get(f"{base}/models", headers={"host": host})
    assert refusal(answer, base, 403)[1] == "Host"


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1:80", "[::1]:8080"])
def test_loopback_names_are_served(http: httpx2.Client, host: str) -> None:
    assert http.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "file://", "http://10.0.0.1"])
def test_a_page_from_elsewhere_is_refused(http: httpx2.Client, origin: str) -> None:
    answer = http.post("/v1/responses", json=ask(), headers={"origin": origin})
    assert refusal(answer, "/v1", 403)[1] == "Origin"


def test_a_page_of_this_machine_is_served(http: httpx2.Client, shared: Running) -> None:
    for origin in (shared.url, "http://localhost:3000"):
        assert http.get("/v1/models", headers={"origin": origin}).status_code == 200


def test_a_configured_key_must_be_sent() -> None:
    with running(key="s3cret") as here, httpx2.Client(base_url=here.url) as http:
        assert refusal(http.get("/v1/models"), "/v1", 401)[2] == "missing_api_key"
        wrong = {"authorization": "Bearer other"}
        assert refusal(http.get("/api/v1/models", headers=wrong), "/api/v1", 401)[2] == (
            "invalid_api_key"
        )
        right = {"authorization": "Bearer s3cret"}
        assert http.get("/v1/models", headers=right).status_code == 200
        assert http.get("/healthz").status_code == 200


def test_any_key_or_none_will_do_without_one(http: httpx2.Client) -> None:
    assert http.get("/v1/models").status_code == 200
    assert http.get("/v1/models", headers={"authorization": "Bearer x"}).status_code == 200
