"""What the server's tests share: a server in a thread of its own, providers that can be watched."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec
from tests.tap import VALIDATOR

from heliograph import lifecycle, models, providers, sse
from heliograph.providers import Catalog, ImageJob, ImagePart, ImageProvider, ModelCard
from heliograph.providers.chat import Direct
from heliograph.server import Server, Settings

MODEL = "heliograph/direct"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Painter:
    """Makes pictures of noise at once, or at a ``pace`` (seconds a stage), and keeps their hashes.

    ``size`` is the bytes of a picture, a preview has half.
    """

    def __init__(self, pace: float = 0.0, size: int = 3000) -> None:
        self.pace = pace
        self.size = size
        self.made: list[str] = []
        self.gate: threading.Event | None = None
        self.started = threading.Event()

    @property
    def cards(self) -> Sequence[ModelCard]:
        return (
            ModelCard(
                id="test/painter",
                name="Painter",
                description="noise",
                kind="image",
                created=1,
                owned_by="test",
                output_modalities=("image",),
            ),
        )

    def check(self, job: ImageJob) -> None:
        """It draws whatever it is asked for."""

    def seed_for(self, job: ImageJob) -> int | None:
        return job.seed if job.seed is not None else 7

    def _noise(self, job: ImageJob, stage: int, size: int) -> bytes:
        seed = f"{job.prompt}{job.seed}{stage}".encode()
        block = hashlib.sha512(seed).digest()
        data = b"\x89PNG\r\n\x1a\n" + block * (size // len(block) + 1)
        self.made.append(digest(data[:size]))
        return data[:size]

    async def _pace(self) -> None:
        self.started.set()
        if self.gate is not None:
            await asyncio.to_thread(self.gate.wait, 20)
        await asyncio.sleep(self.pace)

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        for index in range(job.first_partial, job.partial_images):
            await self._pace()
            yield providers.Preview(index=index, data=self._noise(job, index, self.size // 2))
        await self._pace()
        yield providers.Picture(
            data=self._noise(job, -1, self.size),
            output_format="png",
            size="256x256",
            quality="high",
            background="opaque",
        )


class Recorder:
    """An image provider that keeps the sha256 of all that the one inside makes."""

    def __init__(self, inner: ImageProvider) -> None:
        self.inner = inner
        self.made: list[str] = []
        self.cards = inner.cards
        self.check = inner.check
        self.seed_for = inner.seed_for

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        async for part in self.inner.draw(job):
            self.made.append(digest(part.data))
            yield part


def catalog(painter: Any) -> Catalog:
    return Catalog(chat=[Direct()], images=[painter])


class Threaded:
    """A server in a thread with a loop of its own, so that tests may block."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="server")
        self._thread.start()

    def call(self, work: Any, timeout: float = 30) -> Any:
        """Run a coroutine in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    @property
    def url(self) -> str:
        return self.server.url

    def stop(self) -> None:
        try:
            self.call(self.server.stop(drain=0))
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()


class Running(Threaded):
    """One that draws with ``painter``."""

    def __init__(self, settings: Settings, painter: Any, serves: Catalog | None = None) -> None:
        self.painter = painter
        super().__init__(Server(settings, catalog(painter) if serves is None else serves))


@contextmanager
def running(
    painter: Any = None, *, serves: Catalog | None = None, **settings: Any
) -> Iterator[Running]:
    """A server on a free port; it draws with ``painter``, or serves what ``serves`` has."""
    told = Settings(port=0, **settings)
    here = Running(told, painter if painter is not None else Painter(), serves)
    try:
        here.call(here.server.start())
        yield here
    finally:
        here.stop()


def ask(prompt: str = "a red fox", *, partials: int = 2, **more: Any) -> dict[str, Any]:
    """A request for a picture."""
    tool = {"type": "image_generation", "partial_images": partials}
    return {"model": MODEL, "input": prompt, "tools": [tool], **more}


class Stream:
    """A stream as it came: its events held against the lifecycle's rules when it ended."""

    def __init__(self) -> None:
        self.frames: list[sse.Frame] = []
        self.done = False
        self.comments = 0

    @property
    def events(self) -> list[Any]:
        return [models.decode_event(f.data, i) for i, f in enumerate(self.frames)]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def ids(self) -> list[int]:
        return [int(frame.id) for frame in self.frames]

    @property
    def picture(self) -> str:
        """The sha256 of the finished picture."""
        for event in self.events:
            if event.type == "response.output_item.done" and (
                event.item.type == "image_generation_call"
            ):
                return digest(event.item.image_bytes())
        raise AssertionError("the stream holds no finished picture")

    def take(self, frames: list[sse.Frame]) -> None:
        for frame in frames:
            assert not self.done, "something came after [DONE]"
            if frame.data == b"[DONE]":
                self.done = True
                continue
            assert frame.event == msgspec.json.decode(frame.data)["type"]
            assert int(frame.id) == msgspec.json.decode(frame.data)["sequence_number"]
            self.frames.append(frame)


def read(
    response: httpx2.Response, *, stop_after: int | None = None, into: Stream | None = None
) -> Stream:
    """Read an event stream to its end, or until ``stop_after`` events were seen."""
    stream, decoder = into if into is not None else Stream(), sse.Decoder()
    for chunk in response.iter_bytes():
        stream.comments += chunk.count(b": keep-alive")
        stream.take(decoder.feed(chunk))
        if stop_after is not None and len(stream.frames) >= stop_after:
            break
    return stream


def assert_valid(stream: Stream) -> Stream:
    """The whole stream, from its first event to its end, keeps every rule and schema."""
    problems = VALIDATOR.stream(frame.data for frame in stream.frames)
    assert not problems, [str(problem) for problem in problems[:20]]
    report = lifecycle.check(stream.events)
    assert not report.violations, [str(v) for v in report.violations]
    assert stream.ids == list(range(len(stream.frames)))
    assert stream.done
    return stream


def draw(http: httpx2.Client, base: str = "/v1", **request: Any) -> Stream:
    """Post a streaming request and read it all."""
    with http.stream("POST", f"{base}/responses", json=ask(**request, stream=True)) as response:
        assert response.status_code == 200, response.read()
        return assert_valid(read(response))
