"""Numbers of a fleet: what only journals, workers and places know, made to happen and read."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import httpx2
import pytest
from tests.contract.journal.support import Clock, claim, entries, entry, new
from tests.nats_servers import cluster, empty, nats_journal
from tests.server.kit import Painter, ask, catalog
from tests.server.process import WorkerProcess
from tests.server.test_metrics import numbers
from tests.server.test_places import PROVIDERS, TEXT, Talker
from tests.server.test_workers import fleet, until

from heliograph import errors
from heliograph.cli import main
from heliograph.engine import Engine, Limits, Pools
from heliograph.journal import (
    SOCKET,
    Entry,
    Journal,
    JournalHost,
    MemoryJournal,
    NatsJournal,
    SqliteJournal,
)
from heliograph.server import Server, Settings, Worker, load_settings
from heliograph.server._seen import Seen, Sources

Page = Callable[[Journal], Awaitable[dict[str, float]]]


@pytest.fixture
async def page() -> Page:
    """The numbers that a process shows that has this journal."""
    serves = catalog(Painter())
    seen = Seen(Settings(), serves, None)

    async def shown(journal: Journal) -> dict[str, float]:
        pools = Pools(journal.places, "test", Limits())
        sources = Sources({"stored": (journal, Engine(journal, serves))}, serves, pools)
        return numbers((await seen.page(sources, ""))[0].decode())

    return shown


@pytest.fixture(params=["memory", "sqlite", "nats"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    made: Journal
    if request.param == "nats":
        await empty(cluster(1).urls)
        made = nats_journal(1, time.time)
    elif request.param == "sqlite":
        made = SqliteJournal(tmp_path / "data")
    else:
        made = MemoryJournal()
    await made.start()
    yield made
    await made.stop()


async def test_a_zombies_appends_are_counted(journal: Journal, page: Page) -> None:
    name = 'heliograph_appends_fenced_total{store="stored"}'
    assert (await page(journal))[name] == 0
    await journal.create(new("r"))
    stale = await claim(journal)
    await journal.release(stale)
    await claim(journal)
    for call in (
        journal.append(stale, 0, [entry(0)]),
        journal.finish(stale, 0, [entry(0)], Entry(b"end")),
    ):
        with pytest.raises(errors.Fenced):
            await call
    assert (await page(journal))[name] == 2


async def test_the_age_of_what_waits_longest_is_shown(journal: Journal, page: Page) -> None:
    name = 'heliograph_queue_oldest_seconds{store="stored"}'
    assert (await page(journal))[name] == 0
    began = time.time()
    await journal.create(new("old", created_at=began - 50))
    await journal.create(new("young", created_at=began))
    assert 50 <= (await page(journal))[name] < 50 + time.time() - began + 1
    assert (await claim(journal)).response_id == "old"
    assert (await page(journal))[name] < time.time() - began + 1


async def test_a_journal_that_cannot_be_asked_leaves_the_rest_of_the_page(
    journal: Journal, page: Page
) -> None:
    assert 'heliograph_responses_waiting{store="stored",tier="default"}' in await page(journal)
    await journal.stop()
    shown = await page(journal)
    assert 'heliograph_responses_waiting{store="stored",tier="default"}' not in shown
    assert 'heliograph_queue_oldest_seconds{store="stored"}' not in shown
    assert 'heliograph_responses_running{store="stored"}' in shown
    await journal.start()
    assert 'heliograph_responses_waiting{store="stored",tier="default"}' in await page(journal)


async def test_how_far_the_slowest_reader_is_behind(tmp_path: Path, page: Page) -> None:
    name = 'heliograph_readers_lag_events{store="stored"}'
    await empty(cluster(1).urls)
    for journal in (SqliteJournal(tmp_path / "data"), nats_journal(1, time.time)):
        await journal.start()
        await journal.create(new("r"))
        lease = await claim(journal)
        await journal.append(lease, 0, [entry(0)])
        async with aclosing(journal.read("t", "r")) as slow, aclosing(journal.read("t", "r")):
            assert (await anext(slow)).last == 0
            assert (await page(journal))[name] == 0
            waiting = asyncio.ensure_future(anext(slow))  # it takes the next, and then no more
            await asyncio.sleep(0.3)
            await journal.append(lease, 1, [entry(1)])
            assert (await waiting).last == 1
            await journal.append(lease, 2, entries(2, 5))
            async with asyncio.timeout(10):
                while (await page(journal))[name] != 5:  # noqa: ASYNC110 -- no event tells
                    await asyncio.sleep(0.01)
            await anext(slow)
            assert (await page(journal))[name] == 0
        await journal.stop()


async def test_what_a_reader_missed_is_a_catch_up(page: Page) -> None:
    await empty(cluster(1).urls)
    writer, reader = nats_journal(1, time.time), nats_journal(1, time.time)
    await writer.start()
    await reader.start()
    await writer.create(new("r"))
    lease = await claim(writer)
    await writer.append(lease, 0, [entry(0)])
    async with aclosing(reader.read("t", "r")) as frames:
        await anext(frames)
        waiting = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0.6)
        assert (await page(reader))["heliograph_catch_ups_total"] == 0
        await not_heard(reader, lambda: writer.append(lease, 1, [entry(1)]))
        await writer.append(lease, 2, [entry(2)])
        assert (await waiting).first == 1
    assert (await page(reader))["heliograph_catch_ups_total"] == 1
    await reader.stop()
    await writer.stop()


async def not_heard(reader: NatsJournal, write: Callable[[], Awaitable[object]]) -> None:
    """What is written meanwhile does not reach the reader's tail."""
    feed = reader._feeds._feeds["r"]
    await (await feed.subscribing).unsubscribe()
    await write()
    again = reader._wire.subscribe(reader._names.tail("r"), reader._feeds._heard)
    feed.subscribing = asyncio.create_task(again)
    await feed.subscribing
    await reader._wire.client.flush()


async def test_what_the_sweeper_puts_right_is_counted_by_what_it_was(page: Page) -> None:
    await empty(cluster(1).urls)
    clock = Clock()
    journal = nats_journal(1, clock)
    await journal.start()
    await journal.create(new("lapses"))
    await claim(journal)
    await journal.create(new("unqueued"))
    await journal._parts.queue.remove("unqueued")
    clock.advance(11)

    def swept(shown: dict[str, float]) -> dict[str, float]:
        return {k: v for k, v in shown.items() if k.startswith("heliograph_sweeps_total")}

    name = 'heliograph_sweeps_total{{found="{}"}}'
    expected = {name.format("lapsed"): 1, name.format("unqueued"): 1}
    async with asyncio.timeout(20):
        while swept(await page(journal)) != expected:  # noqa: ASYNC110 -- no event tells
            await asyncio.sleep(0.05)
    await journal.stop()


async def test_places_of_an_upstream_are_shown_while_they_are_held_and_waited_for(
    tmp_path: Path,
) -> None:
    names = [f'heliograph_provider_places_{x}{{provider="talker"}}' for x in ("held", "waiting")]
    with Talker(silent=60) as talker:
        file = tmp_path / "heliograph.toml"
        told = PROVIDERS.format(talker=talker.base_url, painter=talker.url, most=2)
        file.write_text(f'port = 0\njournal = "memory"\n{told}')
        async with (
            Server(load_settings(file)) as server,
            httpx2.AsyncClient(base_url=server.url, timeout=20) as http,
        ):

            async def shown(*expected: int) -> None:
                async with asyncio.timeout(20):
                    while True:
                        seen = numbers((await http.get("/metrics")).text)
                        if tuple(seen[name] for name in names) == expected:
                            return

            await shown(0, 0)
            body = {**TEXT, "background": True}
            made = [(await http.post("/v1/responses", json=body)).json()["id"] for _ in range(5)]
            await shown(2, 3)
            for response_id in made:
                await http.post(f"/v1/responses/{response_id}/cancel")
            await shown(0, 0)


def test_a_worker_process_shows_its_own_numbers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        fleet(data, 0) as (server, _),
        WorkerProcess(data, "--metrics", "127.0.0.1:0") as worker,
    ):
        said = worker.line()
        assert said.startswith("metrics: http://127.0.0.1:")
        url = said.split()[1]
        before = numbers(httpx2.get(url).raise_for_status().text)
        assert before['heliograph_responses_running{store="stored"}'] == 0
        answer = httpx2.post(f"{server.url}/v1/responses", json=ask(), timeout=60)
        assert answer.json()["status"] == "completed"
        done = 'heliograph_responses_total{model="heliograph/direct",status="completed"}'
        until(lambda: numbers(httpx2.get(url).text).get(done) == 1)
        after = numbers(httpx2.get(url).text)
        assert after['heliograph_events_total{store="stored"}'] > 5
        assert after['heliograph_queue_oldest_seconds{store="stored"}'] == 0
        base = url.removesuffix("/metrics")
        assert httpx2.get(f"{base}/healthz").json() == {"status": "ok"}
        assert httpx2.post(f"{base}/v1/responses", json={}).status_code == 404
        assert httpx2.get(url, headers={"host": "evil.example"}).status_code == 403
        refused = subprocess.run(
            [sys.executable, "-m", "heliograph.cli", "worker", "--data", str(data), "--metrics",
             base.removeprefix("http://")],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert refused.returncode != 0
        assert "cannot listen on 127.0.0.1 port" in refused.stderr
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


async def test_on_an_open_address_a_worker_shows_them_to_nobody_unasked(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "data")
    await journal.start()
    host = JournalHost(journal, journal.folder / SOCKET)
    await host.start()
    worker = Worker(Settings(), host.path, metrics=("0.0.0.0", 0))
    async with worker, httpx2.AsyncClient() as http:
        assert worker.metrics_url is not None
        answer = await http.get(worker.metrics_url.replace("0.0.0.0", "127.0.0.1"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "metrics_not_public")
    await host.stop()
    await journal.stop()


@pytest.mark.parametrize("text", ["9100", ":9100", "::1:9100", "host:99999", "host:"])
def test_an_address_is_host_and_port(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["worker", "--data", "x", "--metrics", text])
    assert "--metrics" in capsys.readouterr().err
