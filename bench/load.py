"""Readers of streams on raw sockets, and what a process tree costs meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

_EVENT = re.compile(rb"^data: ?\{", re.MULTILINE)
_TEXT = re.compile(rb'"response\.output_text\.delta"')
_PICTURE = re.compile(rb'"type":"response\.image_generation_call\.completed"')
_DONE = re.compile(rb'"type": ?"response\.completed"')


def request(body: dict[str, object], key: str) -> bytes:
    """A ``POST /v1/responses`` after which the connection is closed."""
    data = json.dumps({**body, "stream": True}).encode()
    head = (
        "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        f"content-type: application/json\r\nauthorization: Bearer {key}\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


class Reader(asyncio.Protocol):
    """One request. Keeps what came, and when its first event and first text did."""

    def __init__(self, asked: bytes) -> None:
        self._asked = asked
        self._pieces: list[bytes] = []
        self._begun = 0.0
        self.first_event = 0.0
        self.first_text = 0.0
        loop = asyncio.get_running_loop()
        self.first: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._begun = time.perf_counter()
        transport.write(self._asked)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        if not self.first_text:
            now = (time.perf_counter() - self._begun) * 1e3
            if not self.first_event and b"data:" in data:
                self.first_event = now
            if b"output_text.delta" in data:
                self.first_text = now
        if not self.first.done():
            self.first.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.first, self.ended):
            if not future.done():
                future.set_result(None)

    def events(self, texts: int, pictures: int = 0) -> int:
        """How many events came: a whole stream, with all its text deltas and pictures, or an
        error."""
        came = b"".join(self._pieces)
        try:
            whole = _unchunked(came)
        except ValueError:
            raise RuntimeError(f"cut short after {len(came):,} bytes: {came[-300:]!r}") from None
        found, done = len(_TEXT.findall(whole)), len(_DONE.findall(whole))
        if found != texts or done != 1:
            raise RuntimeError(f"{found} of {texts} deltas, {done} ends: {whole[:600]!r}")
        drawn = len(_PICTURE.findall(whole))
        if drawn != pictures:
            raise RuntimeError(f"{drawn} of {pictures} pictures: {whole[-600:]!r}")
        return len(_EVENT.findall(whole))


def _unchunked(answer: bytes) -> bytes:
    head, _, data = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return data
    parts, at = [], 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(data[end + 2 : end + 2 + size])
        at = end + 4 + size


async def connect(port: int, asked: bytes) -> Reader:
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(lambda: Reader(asked), "127.0.0.1", port)
    return reader


@dataclass
class Load:
    """What a load came to; times in milliseconds."""

    events: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    first_event: list[float] = field(default_factory=list)
    first_text: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


async def load(
    port: int, asked: bytes, texts: int, at_once: int, seconds: float, pictures: int = 0
) -> Load:
    """``at_once`` clients, each asking again and again until ``seconds`` are over.

    Streams that are not whole count for nothing; ``broken`` tells of them.
    """
    until = time.perf_counter() + seconds
    came = Load()

    async def client() -> None:
        while True:
            reader = await connect(port, asked)
            await reader.ended
            try:
                came.events += reader.events(texts, pictures)
            except RuntimeError as error:
                came.broken.append(str(error))
            else:
                came.first_event.append(reader.first_event)
                came.first_text.append(reader.first_text)
            if time.perf_counter() >= until:
                return

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(at_once)))
    came.wall = time.perf_counter() - began
    return came


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in _tasks(parent):
            try:
                found += map(int, (task / "children").read_text().split())
            except OSError:
                continue
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def cpu(pid: int) -> float:
    """CPU seconds of the process tree, user and system, its ended children's included."""
    total = 0
    for one in tree(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def resident(pid: int) -> int:
    """Bytes of memory that the process tree has in use."""
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE for one in tree(pid))
