"""Who gets in: keys over HTTP and WebSocket, while the server runs, under both base paths."""

from __future__ import annotations

import asyncio
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.routing import Route
from tests.server.keyed import Keyed, bearer, keyed
from tests.server.kit import Painter, ask, assert_valid, draw, read, running
from tests.server.sockets import talk
from tests.server.test_errors import refusal
from websockets.exceptions import InvalidStatus

from heliograph import errors
from heliograph.providers import Catalog
from heliograph.server import Keyring, Limits, Server, Settings, create_app
from heliograph.server._auth import OPEN
from heliograph.server._key import LOOK_SECONDS

BASES = ("/v1", "/api/v1")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    folder = tmp_path_factory.mktemp("data")
    Keyring(folder).create()
    with keyed(folder) as here:
        yield here


@pytest.fixture(scope="module")
def key(site: Keyed) -> str:
    text = site.ring.create(name="alice")[1]
    time.sleep(LOOK_SECONDS)
    return text


def soon(holds: Callable[[], bool]) -> None:
    """Within a second, and what a busy machine takes."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_every_path_but_the_open_ones_needs_a_key(site: Keyed) -> None:
    app = create_app(Settings(journal="memory"), Catalog(chat=[], images=[]))
    paths = [
        (method, route.path.replace("{response_id}", "r").replace("{model:path}", "m"))
        for route in app.routes
        if isinstance(route, Route)
        for method in route.endpoint.methods
    ]
    assert len(paths) > 20
    with site.http(None) as http:
        for method, path in [*paths, ("GET", "/v1/nothing"), ("PUT", "/v1/responses")]:
            status = http.request(method, path).status_code
            assert status == (200 if path in OPEN else 401), (method, path)


def test_nothing_of_the_api_is_open() -> None:
    assert {"/healthz", "/readyz"} <= OPEN
    assert not [path for path in OPEN if path.startswith(("/v1", "/api/"))]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "hg_1"])
def test_no_key_is_401_in_the_shape_of_the_base_path(
    site: Keyed, base: str, header: str | None
) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = httpx2.post(f"{site.url}{base}/responses", json=ask(), headers=headers)
    message, param, code = refusal(answer, base, 401)
    assert (param, code) == (None, "missing_api_key")
    assert "Authorization: Bearer KEY" in message
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("base", BASES)
def test_an_unknown_key_is_401_and_not_repeated(site: Keyed, key: str, base: str) -> None:
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    unknown_id = "hg_" + "0" * 12 + "_" + key[-64:]
    for wrong in (other, unknown_id, key.upper(), key[3:], "sk-something", "\xff" * 40):
        answer = httpx2.get(
            f"{site.url}{base}/models", headers={"authorization": f"Bearer {wrong}".encode("l1")}
        )
        message, _, code = refusal(answer, base, 401)
        assert code == "invalid_api_key"
        assert message == "the API key is not known here"


@pytest.mark.parametrize("base", BASES)
def test_a_key_draws(site: Keyed, key: str, base: str) -> None:
    with site.http(key) as http:
        assert draw(http, base).types[-1] == "response.completed"
    with talk(site.here, base, additional_headers=bearer(key)) as ws:
        assert ws.turn("a fox").types[-1] == "response.completed"


def test_the_scheme_is_read_in_any_case(site: Keyed, key: str) -> None:
    answer = httpx2.get(f"{site.url}/v1/models", headers={"authorization": f"bearer  {key}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("base", BASES)
def test_a_handshake_needs_a_key(site: Keyed, base: str) -> None:
    for headers in ({}, bearer("hg_nothing")):
        with (
            pytest.raises(InvalidStatus) as refused,
            talk(site.here, base, additional_headers=headers),
        ):
            pass
        assert refused.value.response.status_code == 401


def test_a_revoked_key_is_refused_soon(site: Keyed) -> None:
    text = site.ring.create()[1]
    with site.http(text) as http:
        soon(lambda: http.get("/v1/models").status_code == 200)
        site.ring.revoke(text)
        soon(lambda: http.get("/v1/models").status_code == 401)
        for base in BASES:
            message, _, code = refusal(http.get(f"{base}/models"), base, 401)
            assert code == "revoked_api_key"
            assert "revoked" in message


def test_only_who_holds_the_secret_learns_that_a_key_was_revoked(site: Keyed) -> None:
    text = site.ring.create()[1]
    site.ring.revoke(text)
    time.sleep(LOOK_SECONDS)
    with site.http(text[:-8] + "00000000") as http:
        assert refusal(http.get("/v1/models"), "/v1", 401)[2] == "invalid_api_key"


def test_a_key_expires_while_the_server_runs(site: Keyed) -> None:
    text = site.ring.create(expires=time.time() + 3)[1]
    with site.http(text) as http:
        soon(lambda: http.get("/v1/models").status_code == 200)
        soon(lambda: http.get("/v1/models").status_code == 401)
        assert refusal(http.get("/v1/models"), "/v1", 401)[2] == "expired_api_key"


def test_an_open_websocket_ends_at_the_next_turn_of_a_revoked_key(site: Keyed) -> None:
    text = site.ring.create()[1]
    time.sleep(LOOK_SECONDS)
    with talk(site.here, additional_headers=bearer(text)) as ws:
        ws.turn("a fox")
        site.ring.revoke(text)
        time.sleep(LOOK_SECONDS)
        assert ws.refused() == (401, "revoked_api_key", None)
        assert ws.closed() == 1008


def test_an_open_stream_of_a_revoked_key_goes_on_to_its_end(site: Keyed) -> None:
    text = site.ring.create()[1]
    time.sleep(LOOK_SECONDS)
    site.here.painter.pace = 0.4
    try:
        with site.http(text) as http:
            with http.stream("POST", "/v1/responses", json=ask(stream=True)) as response:
                assert response.status_code == 200
                site.ring.revoke(text)
                assert assert_valid(read(response)).types[-1] == "response.completed"
            assert http.get("/v1/models").status_code == 401
    finally:
        site.here.painter.pace = 0.0


def test_the_first_key_shuts_a_running_server(tmp_path: Path) -> None:
    with keyed(tmp_path) as here, here.http("any key") as anyone:
        made = draw(anyone).events[0].response.id
        with talk(here.here) as ws:
            ws.turn("a fox")
            text = here.ring.create(tenant="default")[1]
            soon(lambda: anyone.get("/v1/models").status_code == 401)
            assert ws.refused() == (401, "missing_api_key", None)
            assert ws.closed() == 1008
        with here.http(text) as http:
            assert http.get(f"/v1/responses/{made}").status_code == 200
        here.ring.revoke(text)
        time.sleep(LOOK_SECONDS)
        assert anyone.get("/v1/models").status_code == 401


def test_the_one_off_key_goes_beside_stored_ones(tmp_path: Path) -> None:
    text = Keyring(tmp_path).create()[1]
    with keyed(tmp_path, key="one-off secret") as here:
        for good in (text, "one-off secret"):
            assert httpx2.get(f"{here.url}/v1/models", headers=bearer(good)).status_code == 200
        with talk(here.here, additional_headers=bearer("one-off secret")) as ws:
            ws.turn("a fox")
            ws.turn("a hen")
        assert httpx2.get(f"{here.url}/v1/models", headers=bearer("wrong")).status_code == 401


def test_a_file_of_keys_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "keys.db").write_text("no database, though it is long enough to be read as one")
    with pytest.raises(errors.ConfigError, match=r"keys\.db"):
        create_app(Settings(data=str(tmp_path)), Catalog(chat=[], images=[]))


async def test_stored_keys_let_another_host_be_served(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", port=0, data=str(tmp_path))
    nobody = Catalog(chat=[], images=[])
    with pytest.raises(errors.ConfigError, match="heliograph keys create --data"):
        create_app(settings, nobody)
    key, text = Keyring(tmp_path).create()
    Keyring(tmp_path).revoke(key.id)
    async with Server(settings, nobody) as server, httpx2.AsyncClient() as http:
        url = f"http://127.0.0.1:{server.port}/v1/models"
        assert (await http.get(url, headers=bearer(text))).status_code == 401


def test_a_new_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    with running(data=str(tmp_path / "new")):
        mode = stat.S_IMODE((tmp_path / "new").stat().st_mode)
        assert mode == 0o700 or sys.platform == "win32"


class TestLimits:
    @pytest.mark.parametrize("base", BASES)
    def test_a_rate_is_told_and_held(self, tmp_path: Path, base: str) -> None:
        text = Keyring(tmp_path).create(requests_per_minute=3)[1]
        suffix = "-requests" if base == "/v1" else ""
        with keyed(tmp_path) as here, here.http(text) as http:
            made = draw(http, base).events[0].response.id
            answers = [http.get(f"{base}/models") for _ in range(2)]
            assert [a.headers[f"x-ratelimit-remaining{suffix}"] for a in answers] == ["1", "0"]
            assert {a.headers[f"x-ratelimit-limit{suffix}"] for a in answers} == {"3"}
            for method, path in (("POST", "/responses"), ("GET", "/models")):
                answer = http.request(method, base + path, json=ask())
                message, _, code = refusal(answer, base, 429)
                assert code == "rate_limit_exceeded"
                assert "requests_per_minute" in message
                assert 0 < int(answer.headers["retry-after"]) <= 60
                assert answer.headers[f"x-ratelimit-remaining{suffix}"] == "0"
                assert answer.headers[f"x-ratelimit-reset{suffix}"]
            # What it was given before stays within reach.
            told = http.get(f"{base}/responses/{made}")
            assert told.status_code == 200
            assert not [name for name in told.headers if name.startswith("x-ratelimit")]
            assert http.delete(f"{base}/responses/{made}").status_code == 200
            with talk(here.here, base, additional_headers=bearer(text)) as ws:
                status, code, _ = ws.refused()
                assert (status, code) == (429, "rate_limit_exceeded")

    def test_turns_of_a_websocket_count(self, tmp_path: Path) -> None:
        text = Keyring(tmp_path).create(requests_per_minute=2)[1]
        with keyed(tmp_path) as here, talk(here.here, additional_headers=bearer(text)) as ws:
            ws.turn("one")
            ws.turn("two")
            assert ws.refused()[:2] == (429, "rate_limit_exceeded")
            assert ws.refused()[:2] == (429, "rate_limit_exceeded")

    def test_the_servers_own_limit_holds_without_keys(self) -> None:
        with running(limits=Limits(requests_per_minute=1)) as here:
            assert httpx2.get(f"{here.url}/v1/models").status_code == 200
            assert httpx2.get(f"{here.url}/v1/models").status_code == 429
            assert httpx2.get(f"{here.url}/healthz").status_code == 200

    def test_a_keys_own_limit_wins_over_the_servers(self, tmp_path: Path) -> None:
        ring = Keyring(tmp_path)
        free, bound = ring.create(requests_per_minute=0)[1], ring.create()[1]
        with keyed(tmp_path, limits=Limits(requests_per_minute=1)) as here:
            with here.http(free) as http:
                assert {http.get("/v1/models").status_code for _ in range(3)} == {200}
            with here.http(bound) as http:
                assert [http.get("/v1/models").status_code for _ in range(2)] == [200, 429]

    @pytest.mark.parametrize("base", BASES)
    def test_background_responses_count_while_they_run(self, tmp_path: Path, base: str) -> None:
        ring = Keyring(tmp_path)
        text, other = ring.create(concurrent=2)[1], ring.create(concurrent=2)[1]
        painter = Painter(pace=60)
        with keyed(tmp_path, painter) as here, here.http(text) as http:
            posts = [http.post(f"{base}/responses", json=ask(background=True)) for _ in range(3)]
            assert [post.status_code for post in posts] == [200, 200, 429]
            message, _, code = refusal(posts[2], base, 429)
            assert code == "concurrency_limit_exceeded"
            assert "concurrent_requests" in message
            assert "--concurrent" in message
            assert posts[2].headers["retry-after"] == "1"
            with here.http(other) as others:
                made = others.post(f"{base}/responses", json=ask(background=True))
                assert made.status_code == 200
            first = posts[0].json()["id"]
            assert http.post(f"{base}/responses/{first}/cancel").status_code == 200
            soon(
                lambda: http.post(f"{base}/responses", json=ask(background=True)).status_code == 200
            )

    def test_what_has_ended_or_was_refused_counts_no_more(self, tmp_path: Path) -> None:
        text = Keyring(tmp_path).create(concurrent=1)[1]
        with keyed(tmp_path) as here, here.http(text) as http:
            for _ in range(3):
                draw(http)
                assert http.post("/v1/responses", json=ask()).status_code == 200
                assert http.post("/v1/responses", json=ask(input="")).status_code == 400
                assert http.post("/v1/responses", content=b"{").status_code == 400
                picture = {"model": "test/painter", "prompt": "a hen"}
                assert http.post("/v1/images/generations", json=picture).status_code == 200
                assert http.post("/v1/images/generations", json={}).status_code == 400
                background = http.post("/v1/responses", json=ask(background=True)).json()["id"]
                with http.stream("GET", f"/v1/responses/{background}?stream=true") as rest:
                    rest.read()
                soon(lambda: not here.here.server._runtime.quota._counts)

    def test_a_response_that_was_left_counts_until_it_has_ended(self, tmp_path: Path) -> None:
        text = Keyring(tmp_path).create(concurrent=1)[1]
        painter = Painter(pace=60)
        limits = Limits(foreground_grace_seconds=1.0)
        with keyed(tmp_path, painter, limits=limits) as here, here.http(text) as http:
            with http.stream("POST", "/v1/responses", json=ask(stream=True)) as response:
                next(response.iter_bytes())
            assert http.post("/v1/responses", json=ask()).status_code == 429
            with talk(here.here, additional_headers=bearer(text)) as ws:
                assert ws.refused()[:2] == (429, "concurrency_limit_exceeded")
            soon(lambda: not here.here.server._runtime.quota._counts)

    def test_a_stop_waits_for_nothing_that_is_only_counted(self, tmp_path: Path) -> None:
        text = Keyring(tmp_path).create(concurrent=3)[1]
        with keyed(tmp_path, Painter(pace=60)) as here, here.http(text) as http:
            assert http.post("/v1/responses", json=ask(background=True)).status_code == 200
            with (
                http.stream("POST", "/v1/responses", json=ask(stream=True)) as response,
                talk(here.here, additional_headers=bearer(text)) as ws,
            ):
                chunks = response.iter_bytes()
                next(chunks)
                ws.send()
                ws.recv()
                here.here.call(here.here.server.stop(drain=0))
                assert ws.closed() == 1001

            async def left() -> list[str]:
                return [str(task.get_coro()) for task in asyncio.all_tasks()]

            soon(lambda: not [one for one in here.here.call(left()) if "Runtime" in one])

    def test_a_turn_that_was_left_counts_until_it_has_ended(self, tmp_path: Path) -> None:
        text = Keyring(tmp_path).create(concurrent=1)[1]
        painter = Painter(pace=60)
        limits = Limits(foreground_grace_seconds=1.0)
        with keyed(tmp_path, painter, limits=limits) as here, here.http(text) as http:
            with talk(here.here, additional_headers=bearer(text)) as ws:
                ws.send()
                ws.recv()
            assert http.post("/v1/responses", json=ask()).status_code == 429
            soon(lambda: not here.here.server._runtime.quota._counts)

    def test_followed_streams_and_sockets_are_counted_apart(self, tmp_path: Path) -> None:
        text = Keyring(tmp_path).create(concurrent=1)[1]
        with keyed(tmp_path, Painter(pace=60)) as here, here.http(text) as http:
            made = http.post("/v1/responses", json=ask(background=True)).json()["id"]
            path = f"/v1/responses/{made}?stream=true"
            with http.stream("GET", path) as first:
                chunks = first.iter_bytes()
                next(chunks)
                message, _, code = refusal(http.get(path), "/v1", 429)
                assert code == "concurrency_limit_exceeded"
                assert "followed streams" in message
                with talk(here.here, additional_headers=bearer(text)):
                    with (
                        pytest.raises(InvalidStatus) as refused,
                        talk(here.here, additional_headers=bearer(text)),
                    ):
                        pass
                    assert refused.value.response.status_code == 429
                    assert refused.value.response.headers["retry-after"] == "1"

    def test_the_server_holds_so_many_streams(self) -> None:
        limits = Limits(max_open_streams=1)
        with (
            running(Painter(pace=60), limits=limits) as here,
            httpx2.Client(base_url=here.url, timeout=20) as http,
            http.stream("POST", "/v1/responses", json=ask(stream=True)) as response,
        ):
            chunks = response.iter_bytes()  # held: it closes the stream when it goes
            next(chunks)
            made = response.headers["x-response-id"]
            picture = {"model": "test/painter", "prompt": "a hen"}
            for method, path, body in (
                ("POST", "/v1/responses", ask(stream=True)),
                ("POST", "/v1/responses", ask()),
                ("GET", f"/v1/responses/{made}?stream=true", None),
                ("POST", "/v1/images/generations", picture),
            ):
                answer = http.request(method, path, json=body)
                message, _, code = refusal(answer, "/v1", 503)
                assert code == "server_overloaded"
                assert "max_open_streams" in message
                assert answer.headers["retry-after"] == "5"
            assert http.post(f"/v1/responses/{made}/cancel").status_code == 200

    def test_the_server_holds_so_many_websockets(self) -> None:
        with running(limits=Limits(max_open_sockets=1)) as here:
            with talk(here) as ws:
                ws.turn("a fox")
                with pytest.raises(InvalidStatus) as refused, talk(here):
                    pass
                assert refused.value.response.status_code == 503
                assert b"max_open_sockets" in refused.value.response.body
            soon(lambda: not here.server._runtime.quota._counts)
            with talk(here) as ws:
                ws.turn("a hen")
