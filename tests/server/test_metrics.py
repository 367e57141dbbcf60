"""``/metrics``: what it counts, who may read it, and that servers do not share numbers."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import httpx2
import pytest
from tests.server.kit import Painter, Running, ask, draw, running
from tests.server.sockets import talk

from heliograph import errors
from heliograph.server import Limits, MetricsPage, Server, Settings, create_app, load_settings
from heliograph.server._metrics import OTHER, TABLE, Metrics
from heliograph.server._tally import Cell
from heliograph.testing import FakeChat, Say

STORES = ("stored", "passing")
DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


def numbers(text: str) -> dict[str, float]:
    """Samples by ``name{labels}``."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def scrape(here: Running) -> dict[str, float]:
    return numbers(httpx2.get(f"{here.url}/metrics", timeout=20).raise_for_status().text)


def settled(here: Running) -> dict[str, float]:
    """The numbers once nothing but the scrape is under way: a client has its answer sooner."""
    for _ in range(200):
        seen = scrape(here)
        running = sum(seen[f'heliograph_responses_running{{store="{s}"}}'] for s in STORES)
        if seen["heliograph_http_requests_open"] == 1 and not running:
            return seen
        time.sleep(0.02)
    raise AssertionError("it does not come to rest")


def test_a_picture_is_counted_from_the_request_to_its_bytes() -> None:
    with running(Painter(size=3000)) as here, httpx2.Client(base_url=here.url, timeout=20) as http:
        stream = draw(http)
        seen = settled(here)
    events = len(stream.frames)
    route = 'method="POST",route="/v1/responses",status="200"'
    assert seen[f"heliograph_http_requests_total{{{route}}}"] == 1
    assert seen['heliograph_http_request_seconds_count{route="/v1/responses"}'] == 1
    assert seen['heliograph_events_total{store="stored"}'] == events
    assert seen['heliograph_events_sent_total{transport="sse"}'] == events
    assert seen['heliograph_streams_open{transport="sse"}'] == 0
    assert seen['heliograph_first_event_seconds_count{transport="sse"}'] == 1
    assert 0 < seen['heliograph_first_event_seconds_sum{transport="sse"}'] < 20
    model = 'model="heliograph/direct"'
    assert seen[f'heliograph_responses_total{{{model},status="completed"}}'] == 1
    assert seen["heliograph_response_seconds_count"] == 1
    assert seen[f'heliograph_step_seconds_count{{kind="chat",{model}}}'] >= 1
    assert seen['heliograph_step_seconds_count{kind="image",model="test/painter"}'] == 1
    assert seen['heliograph_journal_append_seconds_count{store="stored"}'] >= 1
    frames = seen['heliograph_journal_frame_bytes_sum{store="stored"}']
    assert sum(len(frame.data) for frame in stream.frames) > frames > 1000
    assert seen["heliograph_blob_bytes_total"] == 3000 + 2 * 1500
    assert seen["heliograph_bytes_sent_total"] > 3000
    assert seen["heliograph_images_drawing"] == 0
    assert seen["process_resident_memory_bytes"] > 1e6


def test_what_is_under_way_shows_while_it_is() -> None:
    painter = Painter(pace=0.4)
    with running(painter) as here, httpx2.Client(base_url=here.url, timeout=20) as http:
        body = ask(stream=True, store=False)
        with http.stream("POST", "/v1/responses", json=body) as response:
            painter.started.wait(10)
            seen = scrape(here)
            response.read()
        after = settled(here)
    assert seen['heliograph_streams_open{transport="sse"}'] == 1
    assert seen["heliograph_http_requests_open"] == 2, "the stream, and the scrape itself"
    assert seen['heliograph_responses_running{store="passing"}'] == 1
    assert seen['heliograph_responses_running{store="stored"}'] == 0
    assert seen["heliograph_images_drawing"] == 1
    assert after['heliograph_responses_running{store="passing"}'] == 0
    assert after['heliograph_streams_open{transport="sse"}'] == 0


def test_a_full_engine_shows_its_queue() -> None:
    painter = Painter(pace=0.4)
    with (
        running(painter, limits=Limits(concurrency=1)) as here,
        httpx2.Client(base_url=here.url, timeout=20) as http,
    ):
        asked = [http.post("/v1/responses", json=ask(background=True)) for _ in range(3)]
        painter.started.wait(10)
        seen = scrape(here)
        for answer in asked:
            http.post(f"/v1/responses/{answer.json()['id']}/cancel")
    assert seen['heliograph_responses_waiting{store="stored",tier="default"}'] == 2
    assert seen['heliograph_responses_running{store="stored"}'] == 1


def test_a_socket_and_its_turns_are_counted(shared: Running) -> None:
    before = settled(shared)
    with talk(shared) as socket:
        turn = socket.turn()
        during = scrape(shared)
    sent = 'heliograph_events_sent_total{transport="websocket"}'
    first = 'heliograph_first_event_seconds_count{transport="websocket"}'
    assert during["heliograph_sockets_open"] == before["heliograph_sockets_open"] + 1
    assert during[sent] - before.get(sent, 0) == len(turn.texts)
    assert during[first] - before.get(first, 0) == 1
    assert during['heliograph_streams_open{transport="websocket"}'] == 0


def test_labels_stay_within_what_is_configured(shared: Running, http: httpx2.Client) -> None:
    for number in range(20):
        assert http.get(f"/nowhere/{number}").status_code == 404
        body = ask(model=f"made/up-{number}")
        assert http.post("/v1/responses", json=body).status_code == 404
    assert http.request("TRACE", "/v1/models").status_code == 405
    settled(shared)
    text = http.get("/metrics").text
    assert "made/up" not in text
    assert "nowhere" not in text
    assert "TRACE" not in text
    assert f'method="GET",route="{OTHER}",status="404"' in text
    assert f'method="{OTHER}",route="/v1/models",status="405"' in text


def test_each_server_has_numbers_of_its_own() -> None:
    with running() as one, running() as other:
        httpx2.get(f"{one.url}/v1/models")
        route = 'heliograph_http_requests_total{method="GET",route="/v1/models",status="200"}'
        assert settled(one)[route] == 1
        assert route not in settled(other)


def test_every_metric_of_the_table_is_on_the_page_with_its_kind(http: httpx2.Client) -> None:
    text = http.get("/metrics").text
    for row in TABLE:
        name = row.name.removesuffix("_total") if row.kind == "counter" else row.name
        assert re.search(rf"^# TYPE {name}(_total)? {row.kind}$", text, re.MULTILINE), row.name
    ours = set(re.findall(r"^# TYPE (heliograph_\w+)", text, re.MULTILINE))
    assert len(ours) == len(TABLE)


def test_prometheus_may_ask_for_openmetrics(http: httpx2.Client) -> None:
    answer = http.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_the_documentation_lists_each_metric_as_it_is() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for row in TABLE:
        labels = ", ".join(f"`{name}`" for name in row.labels)
        assert f"| `{row.name}` | {row.kind} | {labels} | {row.help} |" in page
    assert len(re.findall(r"^\| `heliograph_", page, re.MULTILINE)) == len(TABLE)


async def _get_metrics(settings: Settings, authorization: str = "") -> tuple[int, str]:
    """The status and code of ``/metrics`` on an app that listens nowhere."""
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        headers = {"authorization": authorization} if authorization else {}
        answer = await client.get("/metrics", headers=headers)
        code = answer.json()["error"]["code"] if answer.status_code != 200 else ""
        return answer.status_code, code


@pytest.mark.parametrize(
    ("host", "metrics", "authorization", "expected"),
    [
        ("127.0.0.1", MetricsPage(), "", (200, "")),
        ("0.0.0.0", MetricsPage(), "", (401, "metrics_not_public")),
        ("0.0.0.0", MetricsPage(), "Bearer api-key", (401, "metrics_not_public")),
        ("0.0.0.0", MetricsPage(public=True), "", (200, "")),
        ("0.0.0.0", MetricsPage(token_env="SCRAPE"), "Bearer let-me", (200, "")),
        ("0.0.0.0", MetricsPage(token_env="SCRAPE"), "Bearer api-key", (401, "metrics_token")),
        ("127.0.0.1", MetricsPage(token_env="SCRAPE"), "", (401, "metrics_token")),
    ],
)
async def test_who_may_read_them(
    host: str,
    metrics: MetricsPage,
    authorization: str,
    expected: tuple[int, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCRAPE", "let-me")
    settings = Settings(host=host, journal="memory", key="api-key", metrics=metrics)
    async with asyncio.timeout(20):
        assert await _get_metrics(settings, authorization) == expected


def test_a_token_that_is_not_there_is_refused_by_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCRAPE", raising=False)
    told = Settings(journal="memory", metrics=MetricsPage(token_env="SCRAPE"))
    with pytest.raises(errors.ConfigError, match=r"metrics\.token_env: .* SCRAPE is not set"):
        told.check()


def test_a_value_on_a_bound_belongs_below_it() -> None:
    cell = Cell((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        cell.observe(value)
    assert cell.counts == [2, 2, 1]
    assert cell.total == 14.0


def test_buckets_add_up() -> None:
    metrics = Metrics(["m"], ["p"])
    cell = metrics.at("step_seconds", "chat", "m")
    for value in (0.001, 0.3, 1e6):
        cell.observe(value)
    seen = numbers(metrics.page("")[0].decode())
    key = 'heliograph_step_seconds_{}kind="chat",{}model="m"}}'
    assert seen[key.format("bucket{", 'le="0.01",')] == 1
    assert seen[key.format("bucket{", 'le="0.5",')] == 2
    assert seen[key.format("bucket{", 'le="+Inf",')] == 3
    assert seen[key.format("count{", "")] == 3


async def test_upstreams_are_timed_and_their_errors_counted(tmp_path: Path) -> None:
    switches = {"status": 503, "times": 1}
    with FakeChat(Say(text="Hello"), **switches) as fake:
        file = tmp_path / "heliograph.toml"
        file.write_text(
            'port = 0\njournal = "memory"\n[routes]\nattempts = 1\nfailures = 1\nrest = 30\n'
            f'[providers.house]\nkind = "chat_completions"\nbase_url = "{fake.base_url}"\n'
            '[providers.house.models."house/talker"]\nupstream = "fake-1"\n'
        )
        async with (
            Server(load_settings(file)) as server,
            httpx2.AsyncClient(base_url=server.url, timeout=20) as http,
        ):
            body = {"model": "house/talker", "input": "Hello"}
            assert (await http.post("/v1/responses", json=body)).json()["status"] == "failed"
            seen = numbers((await http.get("/metrics")).text)
    labels = 'kind="chat",model="house/talker",provider="house"'
    assert seen[f'heliograph_provider_errors_total{{error="unavailable",{labels}}}'] == 1
    labels = 'kind="chat",model="house/talker"'
    assert seen[f'heliograph_step_errors_total{{error="unavailable",{labels}}}'] == 1
    assert 20 < seen['heliograph_provider_resting_seconds{provider="house"}'] <= 30
    assert [value for name, value in seen.items() if "provider_seconds_count" in name] == [1]
