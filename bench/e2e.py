"""End to end over HTTP: the real server in a process of its own, readers on raw sockets here.

The chat model is a stub that makes text deltas; all else is what ``heliograph serve`` runs: HTTP,
engine, lifecycle checks, SQLite journal (``synchronous=FULL``), streams. CPU is the server
process's, user and system, from the first request until the last reader has its ``[DONE]``. Every
stream is checked: each sequence number once, in order, to the terminal event.

``paced``: 200 streams of 50 events a second each. ``flat out``: the stub makes deltas as fast as
the engine takes them. *Made to read* is from the moment the stub makes a delta until a reader has
it, so it holds the append and more.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import cProfile
import json
import os
import pstats
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import kit

from heliograph import models, providers
from heliograph.providers import Catalog, ImageJob, ImagePart, ModelCard
from heliograph.providers.chat import Direct

NAME = "End to end over HTTP"

STREAMS = 200
PACE = 50
TARGET_PER_CPU_SECOND = 10_000
TARGET_MS = 5.0
TARGET_REPLAY = 0.7
PARTIAL_BYTES, FINAL_BYTES = 1_500_000, 3_000_000
IDLE = 500
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

_ID = re.compile(rb"^id: (\d+)$", re.MULTILINE)
_MADE = re.compile(rb'"delta":" t(\d+)"')


def card(name: str, kind: str) -> ModelCard:
    return ModelCard(
        id=f"bench/{name}",
        name=name,
        description="a stub",
        kind="chat" if kind == "chat" else "image",
        created=1,
        owned_by="bench",
    )


class Talker:
    """Says when it made each delta. The user's words are ``COUNT PACE``; pace 0 is flat out, a
    count of 0 is silence for ever."""

    @property
    def cards(self) -> Sequence[ModelCard]:
        return (card("talker", "chat"),)

    def check(self, request: models.ResponsesRequest) -> None:
        """Anything goes."""

    async def answer(self, turn: providers.ChatTurn) -> AsyncGenerator[providers.ChatPart, None]:
        count, pace = map(int, str(turn.request.input).split())
        if not count:
            await asyncio.sleep(3600)
        begin = time.perf_counter()
        for number in range(count):
            if pace:
                wait = begin + number / pace - time.perf_counter()
                await asyncio.sleep(max(0.0, wait))
            elif number % 16 == 0:
                await asyncio.sleep(0)
            yield providers.Text(f" t{time.time_ns()}")
        yield providers.Finish()


class Painter:
    """Three partials and a picture of noise, at once."""

    @property
    def cards(self) -> Sequence[ModelCard]:
        return (card("painter", "image"),)

    def check(self, job: ImageJob) -> None:
        """Anything goes."""

    def seed_for(self, job: ImageJob) -> int | None:
        return 1

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        for index in range(job.partial_images):
            yield providers.Preview(index=index, data=os.urandom(PARTIAL_BYTES))
        yield providers.Picture(
            data=os.urandom(FINAL_BYTES),
            output_format="png",
            size="1024x1024",
            quality="high",
            background="opaque",
        )


async def serve(data: str, profile: str | None) -> None:
    """The child: a server that also sends ``/ready/N``, N bytes as one ready-made body."""
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from heliograph.server import Limits, Settings
    from heliograph.server._serve import Server

    bodies: dict[int, bytes] = {}

    def body(request: Request) -> bytes:
        size = request.path_params["size"]
        if size not in bodies:
            bodies[size] = base64.b64encode(os.urandom(size))[:size]
        return bodies[size]

    async def ready(request: Request) -> Response:
        return Response(body(request))

    limits = Limits(concurrency=10_000, claim_seconds=1.0, lease_seconds=60, renew_seconds=20)
    settings = Settings(port=0, data=data, limits=limits)
    server = Server(settings, Catalog(chat=[Talker(), Direct()], images=[Painter()]))
    await server.start()
    assert server._uvicorn is not None
    table = server._uvicorn.config.loaded_app.router.routes
    table += [Route("/ready/{size:int}", ready)]
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    profiler = cProfile.Profile() if profile else None
    if profiler is not None:
        profiler.enable()
    print(server.port, flush=True)
    await asked.wait()
    if profiler is not None:
        profiler.disable()
        profiler.dump_stats(str(profile))
    await server.stop(drain=0)


class Child:
    """The server's process: its port, CPU seconds and memory."""

    def __init__(self, data: str, profile: str | None = None) -> None:
        command = [sys.executable, __file__, "--data", data]
        if profile:
            command += ["--profile", profile]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def child(profile: str | None = None) -> Iterator[Child]:
    with tempfile.TemporaryDirectory(dir=kit.ROOT, prefix=".bench-") as data:
        running = Child(data, profile)
        try:
            yield running
        finally:
            running.stop()


def post(**request: object) -> bytes:
    body = json.dumps({"model": "bench/talker", "stream": True, **request}).encode()
    head = "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode()


class Reader(asyncio.Protocol):
    """Keeps what came; the time of each piece where asked."""

    def __init__(self, request: bytes, timed: bool) -> None:
        self.request = request
        self.timed = timed
        self.pieces: list[bytes] = []
        self.times: list[int] = []
        self.first = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.first.done():
            self.first.set_result(None)
        self.pieces.append(data)
        if self.timed:
            self.times.append(time.time_ns())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def events(self) -> int:
        """How many events came; each sequence number once, in order, to the end."""
        whole = b"".join(self.pieces)
        assert whole.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), whole[-200:]
        ids = [int(number) for number in _ID.findall(whole)]
        assert ids == list(range(len(ids)))
        assert whole.count(b"event: response.completed\n") == 1
        return len(ids)

    def delays(self) -> list[float]:
        """Milliseconds from the making of each delta to its piece's arrival."""
        return [
            (at - int(made)) / 1e6
            for piece, at in zip(self.pieces, self.times, strict=True)
            for made in _MADE.findall(piece)
        ]


async def connect(port: int, request: bytes, timed: bool = False) -> Reader:
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(lambda: Reader(request, timed), "127.0.0.1", port)
    return reader


async def streams(port: int, count: int, words: str, timed: bool = False) -> list[Reader]:
    readers = [await connect(port, post(input=words), timed) for _ in range(count)]
    await asyncio.gather(*(reader.ended for reader in readers))
    return readers


def throughput(seconds: int, pace: int, profile: str | None = None) -> tuple[int, float, float]:
    """Events, CPU seconds, wall seconds of 200 streams."""
    count = seconds * (pace or PACE)
    with child(profile) as server:
        asyncio.run(streams(server.port, 4, "20 0"))
        cpu, wall = server.cpu(), time.perf_counter()
        readers = asyncio.run(streams(server.port, STREAMS, f"{count} {pace}"))
        cpu, wall = server.cpu() - cpu, time.perf_counter() - wall
    events = sum(reader.events() for reader in readers)
    assert events >= STREAMS * count
    return events, cpu, wall


def latency(seconds: int) -> list[float]:
    """Delays at 200 events a second: ten streams of twenty."""
    with child() as server:
        readers = asyncio.run(streams(server.port, 10, f"{20 * seconds} 20", timed=True))
        delays = sorted(delay for reader in readers for delay in reader.delays())
    assert len(delays) == 200 * seconds
    return delays


async def fetch(port: int, path: str) -> tuple[int, float]:
    """Bytes of the body, seconds. Raw reads, nothing kept."""
    began = time.perf_counter()
    reader = await connect(port, get(path))
    await reader.ended
    took = time.perf_counter() - began
    return sum(map(len, reader.pieces)), took


async def replay(port: int, rounds: int) -> tuple[int, float, float]:
    """Body bytes; median MB/s of the replay and of the ready-made body, interleaved."""
    tool = {"type": "image_generation", "partial_images": 3, "model": "bench/painter"}
    made = await connect(port, post(model="heliograph/direct", input="a fox", tools=[tool]))
    await made.ended
    made.events()
    head = made.pieces[0].lower()
    response_id = head.split(b"x-response-id: ")[1].split(b"\r\n")[0].decode()
    path = f"/v1/responses/{response_id}?stream=true"
    size, _ = await fetch(port, path)
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for kept, what in zip(rates, (path, f"/ready/{size}"), strict=True):
            got, took = await fetch(port, what)
            assert abs(got - size) < 2000
            kept.append(got / took / 1e6)
    replayed, ready = map(statistics.median, rates)
    return size, replayed, ready


async def memory(server: Child, count: int) -> tuple[float, float]:
    """kB a stream of a silent running response, and a further reader of one such, costs."""
    await streams(server.port, 20, "20 0")
    before = server.resident()
    own = [await connect(server.port, post(input="0 0")) for _ in range(count)]
    await asyncio.gather(*(reader.first for reader in own))
    await asyncio.sleep(1)
    between = server.resident()
    head = own[0].pieces[0].lower()
    response_id = head.split(b"x-response-id: ")[1].split(b"\r\n")[0].decode()
    path = f"/v1/responses/{response_id}?stream=true"
    more = [await connect(server.port, get(path)) for _ in range(count)]
    await asyncio.gather(*(reader.first for reader in more))
    await asyncio.sleep(1)
    after = server.resident()
    for reader in (*own, *more):
        reader.transport.close()
    await asyncio.gather(*(reader.ended for reader in (*own, *more)))
    return (between - before) / count / 1e3, (after - between) / count / 1e3


def where(profile: str) -> str:
    """The profile by room: own time of each function, summed over the file it stands in."""
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    rooms: dict[str, float] = {}
    total = 0.0
    for (file, _, name), (_, _, own, _, _) in stats.items():
        if "select" in name or "epoll" in name:
            continue
        parts = Path(file).parts
        if "heliograph" in parts:
            room = f"heliograph.{parts[parts.index('heliograph') + 1]}"
        elif "site-packages" in parts:
            room = parts[parts.index("site-packages") + 1]
        elif file == "~":
            room = "built in (C)"
        else:
            room = "the stub" if "bench" in parts else "standard library"
        rooms[room] = rooms.get(room, 0.0) + own
        total += own
    rows = sorted(rooms.items(), key=lambda item: -item[1])[:9]
    return kit.table(
        ("Where the loop's thread spends it", "share"),
        [(room, f"{own / total:.0%}") for room, own in rows],
    )


def run(quick: bool) -> str:
    seconds = 2 if quick else 10
    rows = []
    for label, pace in (("paced", PACE), ("flat out", 0)):
        events, cpu, wall = throughput(seconds, pace)
        each = events / cpu
        held = kit.verdict(each >= TARGET_PER_CPU_SECOND)
        rows.append((label, f"{events:,}", f"{events / wall:,.0f}", f"{each:,.0f}", held))
    with tempfile.TemporaryDirectory() as scratch:
        profile = str(Path(scratch) / "profile")
        throughput(2 if quick else 5, PACE, profile)
        profiled = where(profile)
    delays = latency(3 if quick else 10)
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    with child() as server:
        size, replayed, ready = asyncio.run(replay(server.port, 5 if quick else 15))
    with child() as server:
        own, further = asyncio.run(memory(server, 100 if quick else IDLE))
    measured = kit.table(
        (
            f"{STREAMS} streams",
            "events",
            "events/s",
            "events per CPU second",
            f"aim {TARGET_PER_CPU_SECOND:,}",
        ),
        rows,
    )
    others = kit.table(
        ("", "measured", "aim", ""),
        [
            (
                "Made to read at 200 events/s, p50 (p99)",
                f"{p50:.1f} ms ({p99:.1f})",
                f"< {TARGET_MS:.0f} ms",
                kit.verdict(p50 < TARGET_MS),
            ),
            (
                f"Replay of a picture stream ({size / 1e6:.1f} MB) to a ready-made body",
                f"{replayed:,.0f} / {ready:,.0f} MB/s = {replayed / ready:.0%}",
                f"{TARGET_REPLAY:.0%}",
                kit.verdict(replayed / ready >= TARGET_REPLAY),
            ),
            ("Memory of a silent stream with its running response", f"{own:.0f} kB", "", ""),
            ("Memory of a further reader", f"{further:.0f} kB", "", ""),
        ],
    )
    return f"{measured}\n\n{profiled}\n\n{others}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--profile")
    args = parser.parse_args()
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(args.data, args.profile))


if __name__ == "__main__":
    main()
