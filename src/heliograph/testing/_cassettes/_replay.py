"""A cassette, served as the endpoint that it was recorded from."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from heliograph import errors
from heliograph.testing._cassettes import _match
from heliograph.testing._cassettes._format import Cassette, Exchange
from heliograph.testing._fakes import FakeServer, Received, Reply, Switches

__all__ = ["Faults", "Replayer"]

NO_MATCH = "no_recorded_exchange"
"""The ``code`` of a refusal."""

_SIZES = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597)
_BLOCK = re.compile(rb"(?:\r\n|\n|\r){2}")
_RESPONSE = re.compile(r"/responses/([^/?]+)")
_STALL_SECONDS = 30.0
_MIDDLE = -1


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What a replay does wrong; all off by default.

    - ``cut``: the connection ends in the middle of this event of a stream (from 0; -1 for the
      middle one), or of a whole answer's body.
    - ``stall``: seconds of silence after a stream's first event.
    - ``resplit``: other chunks than were recorded, of so many bytes; -1 for 1, 2, 3, 5, 8 ... 1597
      and round again.
    - ``times``: so many answers meet ``cut`` and ``stall``; later ones are whole.
    """

    cut: int | None = None
    stall: float = 0.0
    resplit: int = 0
    times: int = 1

    @classmethod
    def parse(cls, text: str) -> Faults:
        """``cut``, ``cut=3,stall=2.5,resplit=7``. Raises ``UsageError`` that says what is wrong."""
        found: dict[str, Any] = {}
        kinds: dict[str, tuple[Any, type]] = {
            "cut": (_MIDDLE, int),
            "stall": (_STALL_SECONDS, float),
            "resplit": (-1, int),
            "times": (1, int),
        }
        for word in filter(None, (word.strip() for word in text.split(","))):
            name, equals, value = word.partition("=")
            if name not in kinds:
                raise errors.UsageError(f"faults: {name!r} is none of {', '.join(kinds)}")
            default, kind = kinds[name]
            try:
                found[name] = kind(value) if equals else default
            except ValueError:
                number = "a whole number" if kind is int else "a number of seconds"
                raise errors.UsageError(f"faults: {name}={value!r} is not {number}") from None
            if found[name] < 0 and not (name in ("cut", "resplit") and found[name] == -1):
                raise errors.UsageError(f"faults: {word} is below 0")
        return cls(**found)


class Replayer(FakeServer):
    """``with Replayer("fox.jsonl") as it:`` and what was recorded is at ``it.base_url``.

    Each exchange answers once, in the order recorded; when all that fit have, the last goes on
    answering. ``speed`` 0 sends as fast as is read, 1 as it was recorded, 2 twice as fast.
    ``ignore`` names body fields (``metadata.run``) that need not match. With ``resume`` it also
    answers ``GET /responses/ID`` (``stream``, ``starting_after``) from the recorded stream of ID,
    whether or not the endpoint did.

    What matches nothing is refused with a 400 that says what differs, and kept in ``unmatched``.
    Raises ``UsageError`` for a file that is not there or is no cassette.
    """

    def __init__(
        self,
        cassette: str | Path | Cassette,
        *,
        speed: float = 0.0,
        faults: Faults | str = "",
        ignore: Sequence[str] = (),
        resume: bool = False,
        port: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(cassette, Cassette):
            if not Path(cassette).is_file():
                raise errors.UsageError(f"{cassette}: there is no such cassette")
            cassette = Cassette(cassette)
        if speed < 0:
            raise errors.UsageError(f"speed: {speed:g} is below 0")
        self.port = port
        self.cassette = cassette
        self.faults = Faults.parse(faults) if isinstance(faults, str) else faults
        self.unmatched: list[str] = []
        self._speed = speed
        self._ignore = tuple(ignore)
        self._resume = resume
        self._base = urlsplit(cassette.upstream).path.rstrip("/") or "/v1"
        self._used: set[int] = set()
        self._faulty = self.faults.times

    @property
    def base_url(self) -> str:
        """What to give to a client: the recorded endpoint's path, on loopback."""
        return f"{self.url}{self._base}"

    @property
    def unused(self) -> list[str]:
        """The exchanges that nobody has asked for: ``POST /responses``."""
        return [e.name for i, e in enumerate(self.cassette.exchanges) if i not in self._used]

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        """The recorded answer."""
        path = _match.canonical_path(request.target, self._base)
        body = _match.canonical_body(request, _match.secrets_in(request))
        held = self.cassette.exchanges
        index = _match.find(held, self._used, request.method, path, body, self._ignore)
        if index is not None:
            self._used.add(index)
            chunks = list(self.cassette.content(held[index]))
            await self._send(reply, held[index], chunks)
            return
        if self._resume and request.method == "GET" and (found := self._resumed(path)) is not None:
            await self._send(reply, *found)
            return
        param, words = _match.differences(held, request.method, path, body, self._ignore)
        text = f"no exchange of {self.cassette.path.name} fits {request.method} {path}: {words}"
        self.unmatched.append(text)
        await reply.json(_refusal(request.path, text, param), 400)

    async def _send(
        self, reply: Reply, exchange: Exchange, chunks: list[tuple[float, bytes]]
    ) -> None:
        faults, faulty = self.faults, self._faulty > 0
        body = b"".join(data for _, data in chunks)
        self._faulty -= faulty and (faults.cut is not None or faults.stall > 0)
        if exchange.length or exchange.status in (204, 304):
            await self._pause(chunks[-1][0] if chunks else 0)
            if (faulty and faults.cut is not None) or exchange.end == "cut":
                half = body if exchange.end == "cut" else body[: len(body) // 2]
                await reply.hang_up(half)
            await reply.whole(body, exchange.status, exchange.answer_headers)
            return
        await reply.start(exchange.status, {"content-type": "", **exchange.answer_headers})
        until = _middle(body, faults.cut) if faulty and faults.cut is not None else None
        stall_at = _first(body) if faulty and faults.stall else None
        sent, before = 0, 0.0
        for at, data in _resplit(chunks, faults.resplit):
            await self._pause(at - before)
            before = at
            if until is not None and sent + len(data) >= until:
                await reply.write(data[: until - sent])
                await reply.hang_up()
            if stall_at is not None and sent + len(data) >= stall_at:
                await reply.write(data[: stall_at - sent])
                await asyncio.sleep(faults.stall)
                data, sent, stall_at = data[stall_at - sent :], stall_at, None
            await reply.write(data)
            sent += len(data)
        if exchange.end == "cut":
            await reply.hang_up()
        if exchange.end == "left":
            await asyncio.Event().wait()  # until this client leaves, too
        await reply.end()

    async def _pause(self, seconds: float) -> None:
        if self._speed and seconds > 0:
            await asyncio.sleep(seconds / self._speed)

    def _resumed(self, path: str) -> tuple[Exchange, list[tuple[float, bytes]]] | None:
        found = _RESPONSE.fullmatch(path.partition("?")[0])
        asked = parse_qs(urlsplit(path).query)
        for exchange in self.cassette.exchanges if found else ():
            if "event-stream" not in exchange.answer_headers.get("content-type", ""):
                continue
            body = b"".join(data for _, data in self.cassette.content(exchange))
            events = [(block, _event(block)) for block in _blocks(body)]
            ids = {
                e["response"].get("id") for _, e in events if isinstance(e.get("response"), dict)
            }
            if found and found[1] in ids:
                return _from_there(exchange, events, asked)
        return None


def _from_there(
    exchange: Exchange, events: list[tuple[bytes, dict[str, Any]]], asked: dict[str, list[str]]
) -> tuple[Exchange, list[tuple[float, bytes]]]:
    if asked.get("stream") != ["true"]:
        last = next(e["response"] for _, e in reversed(events) if "response" in e)
        headers = {"content-type": "application/json"}
        told = Exchange(method="GET", path="", answer_headers=headers, length=True)
        return told, [(0.0, json.dumps(last).encode())]
    after = int(asked.get("starting_after", ["-1"])[0])
    left = [
        (0.0, block) for block, event in events if event.get("sequence_number", after + 1) > after
    ]
    return Exchange(method="GET", path="", answer_headers=exchange.answer_headers), left


def _blocks(body: bytes) -> Iterator[bytes]:
    at = 0
    for found in _BLOCK.finditer(body):
        if b"data:" in body[at : found.start()]:
            yield body[at : found.end()]
        at = found.end()


def _event(block: bytes) -> dict[str, Any]:
    """An event's JSON; nothing for ``[DONE]``."""
    lines = [line[5:].strip() for line in block.splitlines() if line.startswith(b"data:")]
    try:
        value = json.loads(b"\n".join(lines))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _places(body: bytes) -> list[tuple[int, int]]:
    places, at = [], 0
    for found in _BLOCK.finditer(body):
        if b"data:" in body[at : found.start()]:
            places.append((at, found.start()))
        at = found.end()
    return places


def _middle(body: bytes, event: int) -> int:
    """Where to cut: the middle of that event, or of the body where there is no such one."""
    places = _places(body)
    index = len(places) // 2 if event == _MIDDLE else event
    if index >= len(places):
        return len(body) // 2
    return sum(places[index]) // 2


def _first(body: bytes) -> int:
    found = _BLOCK.search(body)
    return found.end() if found else len(body)


def _resplit(chunks: list[tuple[float, bytes]], size: int) -> Iterator[tuple[float, bytes]]:
    if not size or not chunks:
        yield from chunks
        return
    sizes = itertools.cycle(_SIZES if size < 0 else (size,))
    left, want = b"", next(sizes)
    for at, data in chunks:
        left += data
        start = 0
        while start + want <= len(left):
            yield at, left[start : start + want]
            start += want
            want = next(sizes)
        left = left[start:]
    if left:
        yield chunks[-1][0], left


def _refusal(path: str, text: str, param: str | None) -> dict[str, Any]:
    """An error in the shape of the base path: OpenAI's, or OpenRouter's under ``/api``."""
    kind = "invalid_request_error"
    if path.startswith("/api/"):
        metadata = {"type": kind, "param": param, "code": NO_MATCH}
        told = {name: value for name, value in metadata.items() if value is not None}
        return {"error": {"code": 400, "message": text, "metadata": told}}
    return {"error": {"message": text, "type": kind, "param": param, "code": NO_MATCH}}
