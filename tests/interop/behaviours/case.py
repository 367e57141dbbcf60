"""One row: what a server sends, and what a caller should have been given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.client.scripted import Reply, Scripted, Seen, answer, stream
from tests.client.streams import wire
from tests.interop.behaviours.sides import Side
from tests.interop.behaviours.verdicts import Cell, judge

Events = list[dict[str, Any]]
Replies = tuple[Reply | Callable[[Seen], Reply], ...]

REFUSED = answer({"error": {"message": "nothing is kept here", "code": 404}}, 404)
KEPT = {"x_response_id": "resp_1"}
"""What tells our client that the server keeps its streams."""


@dataclass(frozen=True)
class Case:
    """``came`` is what a caller should have been given. ``whole``: that is all there was to have;
    else an error is the honest end, with ``reason`` in it where there is one to tell."""

    id: str
    title: str
    replies: Callable[[], Replies]
    came: Events
    whole: bool = True
    reason: str = ""

    def cell(self, side: Side, way: str) -> Cell:
        """Let a client read it, and judge what it saw."""
        with Scripted(*self.replies()) as server:
            record = side.run(way, server.url)
        return judge(record, self.came, package=side.package, whole=self.whole, reason=self.reason)


def sent(id: str, title: str, events: Events) -> Case:  # noqa: A002
    """A whole stream."""
    return pieces(id, title, [wire(events)], events)


def pieces(id: str, title: str, chunks: Iterable[Any], came: Events) -> Case:  # noqa: A002
    """A whole stream in these chunks."""
    told = list(chunks)
    return Case(id, title, lambda: (stream(*told),), came)


def broken(id: str, title: str, chunks: Iterable[Any], came: Events, reason: str = "") -> Case:  # noqa: A002
    """A stream that cannot be had whole: asked again, the server refuses."""
    told = list(chunks)
    return Case(id, title, lambda: (stream(*told), REFUSED), came, whole=False, reason=reason)


def resumed(id: str, title: str, chunks: Iterable[Any], events: Events) -> Case:  # noqa: A002
    """A stream that breaks, from a server that has the rest for whoever asks."""
    told = list(chunks)

    def reply(seen: Seen) -> Reply:
        if seen.method != "GET":
            return stream(*told, **KEPT)
        query = parse_qs(urlsplit(seen.target).query)
        after = int(query.get("starting_after", ["-1"])[0])
        return stream(wire(events[after + 1 :]), **KEPT)

    return Case(id, title, lambda: (reply,), events)
