"""Servers that keep their pictures in S3: nothing is lost where the storage goes away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from tests.nats_servers import PREFIX, SHARDS, cluster, empty
from tests.s3_server import Seaweed, make_bucket, settings_at
from tests.server.kit import Painter, Stream, ask, assert_valid, read, running

from heliograph.journal._s3 import _limits
from heliograph.server import Limits, NatsSettings

pytestmark = pytest.mark.s3


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Seaweed]:
    server = Seaweed(tmp_path)
    server.start()
    asyncio.run(make_bucket(server))
    yield server
    server.stop()


@pytest.fixture
def journal(storage: Seaweed, monkeypatch: pytest.MonkeyPatch) -> NatsSettings:
    servers = cluster(1).urls
    asyncio.run(empty(servers))
    return NatsSettings(
        servers=tuple(servers),
        replicas=1,
        shards=SHARDS,
        prefix=PREFIX,
        blobs=settings_at(storage, monkeypatch),
    )


def streamed(url: str, path: str = "") -> Stream:
    with httpx2.Client(base_url=url, timeout=30) as client:
        asked = (
            client.stream("GET", path)
            if path
            else client.stream("POST", "/v1/responses", json=ask(stream=True))
        )
        with asked as response:
            return read(response)


def test_a_picture_of_one_server_is_shown_by_the_other(journal: NatsSettings) -> None:
    painter = Painter(size=6_000_000)  # in parts, and larger than any message
    with running(painter, journal=journal) as one, running(journal=journal) as other:
        stream = assert_valid(streamed(one.url))
        assert stream.picture == painter.made[-1]
        path = f"/v1/responses/{stream.events[0].response.id}?stream=true"
        assert [frame.data for frame in streamed(other.url, path).frames] == [
            frame.data for frame in stream.frames
        ]


def test_a_picture_is_made_although_the_storage_was_away(
    journal: NatsSettings,
    storage: Seaweed,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_limits, "PATIENCE_SECONDS", 0.3)
    limits = Limits(lease_seconds=1.0, renew_seconds=0.2, max_takeovers=1000)
    painter = Painter()
    painter.gate = threading.Event()
    with (
        running(painter, journal=journal, limits=limits) as server,
        ThreadPoolExecutor(1) as threads,
    ):
        reading = threads.submit(streamed, server.url)
        assert painter.started.wait(20)
        storage.stop()
        painter.gate.set()
        deadline = time.monotonic() + 60
        while "left to be taken over" not in caplog.text:
            assert not reading.done()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        storage.start()
        stream = assert_valid(reading.result())
    assert "nothing listens there" in caplog.text
    assert stream.types[-1] == "response.completed"
    assert stream.picture == painter.made[-1]
    assert stream.ids == list(range(len(stream.ids)))
