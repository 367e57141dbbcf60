"""kill -9 of the server at random points: what was seen before and what comes after are one stream.

Each round posts one background picture and one foreground stream, kills the process while both are
under way, starts it again on the same data, and lets both readers resume from what they saw last;
one to four times for the same two responses. ``HELIOGRAPH_KILLS`` is how many kills there are
(``make test-kill``: 50).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
from tests.server.kit import MODEL, Stream, assert_valid, digest, read
from tests.server.process import Process

from heliograph import models

KILLS = int(os.environ.get("HELIOGRAPH_KILLS", "12"))
SIDE_BY_SIDE = 2
EVENTS = 12
PATIENCE = 60
"""Seconds for the next event, also on a machine that is busy with much else."""
GONE = (httpx2.TransportError,)


def request(number: int, size: str = "256x256", **more: Any) -> dict[str, Any]:
    tool = {
        "type": "image_generation",
        "size": size,
        "partial_images": 3,
        "seed": number,
    }
    return {"model": MODEL, "input": "a red fox under the moon", "tools": [tool], **more}


class Reader:
    """Reads one response in a thread of its own, and resumes where it was cut."""

    def __init__(self, number: int, *, background: bool, size: str = "256x256") -> None:
        self.number = number
        self.size = size
        self.background = background
        self.stream = Stream()
        self.response_id = ""
        self.posted = threading.Event()
        self._thread: threading.Thread | None = None

    def post(self, url: str) -> None:
        self._run(lambda http: self._post(http), url)

    def resume(self, url: str) -> None:
        self._run(lambda http: self._resume(http), url)

    def join(self) -> None:
        """Wait for its end, as long as anything comes now and then."""
        assert self._thread is not None
        seen = -1
        while self._thread.is_alive() and len(self.stream.frames) > seen:
            seen = len(self.stream.frames)
            self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"response {self.response_id} never ended"

    def _run(self, work: Callable[[httpx2.Client], None], url: str) -> None:
        def body() -> None:
            try:
                with httpx2.Client(base_url=url, timeout=30) as http:
                    work(http)
            except GONE:
                pass  # the server was killed: the test resumes
            finally:
                self.posted.set()

        self._thread = threading.Thread(target=body)
        self._thread.start()

    def _request(self, **more: Any) -> dict[str, Any]:
        return request(self.number, self.size, **more)

    def _post(self, http: httpx2.Client) -> None:
        if self.background:
            answer = http.post("/v1/responses", json=self._request(background=True))
            self.response_id = answer.json()["id"]
            self.posted.set()
            self._resume(http)
            return
        with http.stream("POST", "/v1/responses", json=self._request(stream=True)) as response:
            self.response_id = response.headers["x-response-id"]
            self.posted.set()
            self._take(response)

    def _resume(self, http: httpx2.Client) -> None:
        if self.stream.done:
            return
        after = self.stream.ids[-1] if self.stream.frames else -1
        query = {"stream": "true", "starting_after": str(after)}
        with http.stream("GET", f"/v1/responses/{self.response_id}", params=query) as response:
            assert response.status_code == 200, response.read()
            self._take(response)

    def _take(self, response: httpx2.Response) -> None:
        read(response, into=self.stream)


def picture_of(http: httpx2.Client, response_id: str) -> str:
    body = http.get(f"/v1/responses/{response_id}").content
    response = models.decode(models.OpenResponsesResult, body)
    assert response.status == "completed"
    (item,) = [i for i in response.output if i.type == "image_generation_call"]
    return digest(item.image_bytes())


def undisturbed(url: str, number: int, size: str = "256x256") -> tuple[str, float]:
    """The picture that nobody interrupts, and how long it takes."""
    began = time.monotonic()
    reader = Reader(number, background=True, size=size)
    reader.post(url)
    reader.join()
    return assert_valid(reader.stream).picture, time.monotonic() - began


def wait_for_a_moment(rng: random.Random, readers: list[Reader], takes: float) -> None:
    """Until some time has passed, or until some number of events was seen: one or the other."""
    if rng.random() < 0.5:
        time.sleep(rng.uniform(0, takes))
        return
    wanted, deadline = rng.randint(1, EVENTS), time.monotonic() + takes
    while time.monotonic() < deadline and len(rng.choice(readers).stream.frames) < wanted:
        time.sleep(0.001)


def rounds(folder: Path, seed: int, kills: int) -> list[int]:
    """Kill ``kills`` times before the end; returns how many events had been seen at each kill."""
    rng = random.Random(seed)
    data = folder / f"data-{seed}"
    points: list[int] = []
    process = Process(data)
    try:
        expected, takes = undisturbed(process.url, seed)
        while kills > 0:
            readers = [Reader(seed, background=True), Reader(seed, background=False)]
            for reader in readers:
                reader.post(process.url)
            for reader in readers:
                assert reader.posted.wait(20)
            # The same two responses may be hit more than once, below the limit on takeovers.
            for _ in range(rng.randint(1, 4)):
                wait_for_a_moment(rng, readers, takes)
                if all(reader.stream.done for reader in readers):
                    break
                process.kill()
                for reader in readers:
                    reader.join()
                    points.append(len(reader.stream.frames))
                kills -= 1
                process.close()
                process = Process(data)
                for reader in readers:
                    reader.resume(process.url)
            for reader in readers:
                reader.join()
            with httpx2.Client(base_url=process.url, timeout=20) as http:
                for reader in readers:
                    where = f"seed {seed}, {kills} kills left, {reader.response_id}"
                    stream = assert_valid(reader.stream)
                    assert stream.types[-1] == "response.completed", where
                    assert stream.picture == expected, where
                    assert picture_of(http, reader.response_id) == expected, where
    finally:
        process.close()
    return points


def test_kills_at_random_points_lose_nothing(tmp_path: Path) -> None:
    share = KILLS // SIDE_BY_SIDE
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = [pool.submit(rounds, tmp_path, seed, share) for seed in range(SIDE_BY_SIDE)]
        points = [point for run in runs for point in run.result()]
    assert len(points) >= 2 * KILLS
    print("events seen at the kills:", sorted(points))
    assert len(set(points)) >= 5, "the kills fell on too few points"
