"""The file: JSON lines that can be read and reviewed.

::

    {"cassette": 1, "upstream": "https://openrouter.ai/api/v1"}
    {"request": {"method": "POST", "path": "/responses", "headers": {...}, "body": {...}}}
    {"answer": {"status": 200, "headers": {...}, "length": false}}
    {"at": 0.412, "data": "event: response.created\\ndata: {...}\\n\\n"}
    {"at": 0.977, "data": ["data: {...", {"picture": "9f3a.png", "base64": [0, 5432]}, "..."]}
    {"end": "complete"}

A ``data`` line is one chunk as it came, ``at`` seconds after the answer's head. ``end`` is
``complete``, ``cut`` (the connection broke) or ``left`` (the client went away first). Pictures are
files in the folder ``NAME.pictures`` beside ``NAME.jsonl``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from heliograph import errors
from heliograph.testing._cassettes._pictures import Pictures, Pieces

__all__ = ["VERSION", "Cassette", "End", "Exchange"]

VERSION = 1

End = Literal["complete", "cut", "left"]


class Exchange(msgspec.Struct, kw_only=True):
    """One request and its answer, scrubbed.

    ``path`` is relative to the base URL, with its query; ``body`` the request's as JSON, its
    pictures by name; ``length`` says that the answer told its length; ``chunks`` are
    (seconds, pieces).
    """

    method: str
    path: str
    headers: dict[str, str] = {}
    body: Any = None
    status: int = 200
    answer_headers: dict[str, str] = {}
    length: bool = False
    chunks: list[tuple[float, Pieces]] = []
    end: End = "complete"

    @property
    def name(self) -> str:
        """``POST /responses``."""
        return f"{self.method} {self.path}"


class Cassette:
    """The exchanges of one file. ``Cassette(path)`` reads it where it is there.

    Raises ``UsageError`` for a file that is no cassette, naming the line.
    """

    def __init__(self, path: str | Path, upstream: str = "") -> None:
        self.path = Path(path)
        self.upstream = upstream
        self.exchanges: list[Exchange] = []
        self.pictures = Pictures(self.path.with_name(f"{self.path.stem}.pictures"))
        if self.path.exists():
            self._read()

    def __len__(self) -> int:
        return len(self.exchanges)

    def start(self) -> None:
        """Begin the file anew."""
        self.exchanges = []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        head = {"cassette": VERSION, "upstream": self.upstream}
        self.path.write_text(_line(head), encoding="utf-8", newline="\n")

    def add(self, exchange: Exchange) -> None:
        """One more exchange, in the file at once."""
        self.exchanges.append(exchange)
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(_lines(exchange))

    def content(self, exchange: Exchange) -> Iterator[tuple[float, bytes]]:
        """The chunks of an answer, as they were: (seconds, bytes)."""
        for at, pieces in exchange.chunks:
            yield at, self.pictures.join(pieces)

    def _read(self) -> None:
        text = self.path.read_bytes()
        for number, line in enumerate(text.split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                self._take(json.loads(line), number)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise errors.UsageError(
                    f"{self.path} line {number} is no line of a cassette: {error}"
                ) from None

    def _take(self, line: dict[str, Any], number: int) -> None:
        if number == 1:
            if line["cassette"] != VERSION:
                raise ValueError(f"version {line['cassette']!r}; this reads {VERSION}")
            self.upstream = self.upstream or line["upstream"]
        elif "request" in line:
            asked = line["request"]
            self.exchanges.append(
                Exchange(
                    method=asked["method"],
                    path=asked["path"],
                    headers=asked.get("headers", {}),
                    body=asked.get("body"),
                    chunks=[],
                    end="cut",
                )
            )
        elif "answer" in line:
            told, last = line["answer"], self.exchanges[-1]
            last.status, last.length = int(told["status"]), bool(told["length"])
            last.answer_headers = dict(told["headers"])
        elif "data" in line:
            self.exchanges[-1].chunks.append((float(line.get("at", 0)), line["data"]))
        elif line["end"] in ("complete", "cut", "left"):
            self.exchanges[-1].end = line["end"]
        else:
            raise ValueError(f"end {line['end']!r} is none of complete, cut, left")


def _lines(exchange: Exchange) -> Iterator[str]:
    asked = {"method": exchange.method, "path": exchange.path, "headers": exchange.headers}
    yield _line({"request": asked if exchange.body is None else asked | {"body": exchange.body}})
    told = {"status": exchange.status, "headers": exchange.answer_headers}
    yield _line({"answer": told | {"length": exchange.length}})
    for at, pieces in exchange.chunks:
        yield _line({"at": round(at, 4), "data": pieces})
    yield _line({"end": exchange.end})


def _line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # a lone surrogate in a request
            text = json.dumps(value)
    return text + "\n"
