"""The rows: what a server sends, and what a caller should have been given."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.client import streams
from tests.client.scripted import CUT, Reply, Scripted, Seen, answer, stream
from tests.client.streams import DONE, frame, numbered, picture_events, response, text_events, wire
from tests.interop.behaviours.sides import Side
from tests.interop.behaviours.verdicts import Cell, judge

BOM = b"\xef\xbb\xbf"
Events = list[dict[str, Any]]
Replies = tuple[Reply | Callable[[Seen], Reply], ...]

TEXT = text_events("The ", "fox", " — ", "狐")
PICTURE = picture_events(2)
REFUSED = answer({"error": {"message": "nothing is kept here", "code": 404}}, 404)
KEPT = {"x_response_id": "resp_1"}


@dataclass(frozen=True)
class Case:
    """One row. ``whole``: all there was can be had; else an error is the honest end, with
    ``reason`` in it where the server gave one."""

    id: str
    title: str
    group: str
    replies: Callable[[], Replies]
    came: Events
    whole: bool = True
    reason: str = ""

    def cell(self, side: Side, way: str) -> Cell:
        """Let a client read it, and judge what it saw."""
        with Scripted(*self.replies()) as server:
            record = side.run(way, server.url)
        return judge(
            record, self.came, package=side.package, whole=self.whole, reason=self.reason
        )


CASES: dict[str, Case] = {}


def _row(id: str, title: str, group: str, *pieces: Any, came: Events, **more: Any) -> None:  # noqa: A002
    """A row whose server answers with ``pieces`` and, asked again, refuses."""
    _case(id, title, group, lambda: (stream(*pieces), REFUSED), came, **more)


def _case(id: str, title: str, group: str, replies: Any, came: Events, **more: Any) -> None:  # noqa: A002
    CASES[id] = Case(id, title, group, replies, came, **more)


def _with(at: int, *more: dict[str, Any]) -> Events:
    """The text with other events in it, numbered."""
    return numbered(*TEXT[:at], *more, *TEXT[at:])


def _changed(at: int, **fields: Any) -> Events:
    return [*TEXT[:at], {**TEXT[at], **fields}, *TEXT[at + 1 :]]


def _sent(id: str, title: str, group: str, events: Events) -> None:  # noqa: A002
    _row(id, title, group, wire(events), came=events)


# Whole streams without anything odd: that the rows below find what they say.
PLAIN = "Nothing odd"
_sent("text", "a text", PLAIN, TEXT)
_sent("picture", "a picture with two partial images", PLAIN, PICTURE)

UNKNOWN = "What the client does not know"
_sent(
    "unknown-event",
    "an unknown event mid-stream",
    UNKNOWN,
    _with(4, {"type": "response.hologram.spun", "angle": [1, {"a": "b"}]}),
)
_sent(
    "namespaced-event",
    "a namespaced event (`acme:telemetry.sample`)",
    UNKNOWN,
    _with(4, {"type": "acme:telemetry.sample", "load": 0.5}),
)
_sent(
    "keep-alive-event",
    "`response.keep_alive` events",
    UNKNOWN,
    _with(4, {"type": "response.keep_alive"}, {"type": "response.keep_alive"}),
)
_sent("extra-field", "an extra field on a known event", UNKNOWN, _changed(4, acme={"x": [1]}))
_hologram = {"type": "acme:hologram", "id": "h_1", "status": "completed", "spins": 3}
_sent(
    "unknown-item",
    "an item of an unknown type",
    UNKNOWN,
    _with(
        8,
        {"type": "response.output_item.added", "output_index": 1, "item": _hologram},
        {"type": "response.output_item.done", "output_index": 1, "item": _hologram},
    ),
)
_sent(
    "extra-field-in-item",
    "an extra field on an item",
    UNKNOWN,
    _changed(2, item={**TEXT[2]["item"], "acme": {"x": [1]}}),
)
_sent(
    "unknown-enum",
    "an unknown value of an enum (`status: paused`)",
    UNKNOWN,
    _changed(1, response=response("paused")),
)

HABITS = "Habits of providers"
_sent(
    "usage-null",
    "`usage: null` in `response.created`",
    HABITS,
    _changed(0, response=response(usage=None)),
)
_no_logprobs = [{k: v for k, v in event.items() if k != "logprobs"} for event in TEXT]
_sent("no-logprobs", "text events without `logprobs`", HABITS, _no_logprobs)
_sent("half-a-character", 'half a surrogate pair (`"\\ud83d"`)', HABITS, _changed(4, delta="\ud83d"))
_sent(
    "from-one",
    "sequence numbers that start at 1",
    HABITS,
    [{**event, "sequence_number": event["sequence_number"] + 1} for event in TEXT],
)

_broken = [*TEXT[:4], {k: v for k, v in TEXT[4].items() if k != "delta"}, *TEXT[5:]]
_row(
    "no-delta",
    "a text delta without its `delta`",
    HABITS,
    wire(_broken),
    came=_broken,
    whole=False,
    reason="delta",
)

ERRORS = "The stream's own errors"
WHY = "the model went away"
_detail = {"code": "server_error", "message": WHY, "param": None}
_SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "error-flat": ("`error`, its fields at the top", _detail),
    "error-nested": (
        "`error`, its fields under `error`",
        {"error": {**_detail, "type": "server_error"}},
    ),
    "error-integer": (
        "`error` under `error`, with an integer `code`",
        {"error": {"code": 502, "message": WHY}},
    ),
    "error-envelope": (
        "`error` with a `status` (the WebSocket's)",
        {"status": 500, "error": {**_detail, "type": "server_error"}},
    ),
}
for _id, (_title, _fields) in _SHAPES.items():
    _events = numbered(*TEXT[:4], {"type": "error", **_fields})
    _row(_id, _title, ERRORS, wire(_events), came=_events, whole=False, reason=WHY)
_first = numbered({"type": "error", **_detail})
_row("error-first", "`error` alone", ERRORS, wire(_first), came=_first, whole=False, reason=WHY)

BROKEN = "A stream that breaks, from a server that keeps none"
_half = frame(PICTURE[5])[:9000]
_until = wire(PICTURE[:5], done=False)
_row(
    "cut-in-picture",
    "connection lost inside a partial image",
    BROKEN,
    *(_until + _half, 0.02, CUT),
    came=PICTURE[:5],
    whole=False,
)
_row(
    "end-in-picture",
    "body ends inside a partial image",
    BROKEN,
    _until + _half,
    came=PICTURE[:5],
    whole=False,
)
_row(
    "clean-end",
    "body ends between events, no terminal one",
    BROKEN,
    wire(TEXT[:6], done=False),
    came=TEXT[:6],
    whole=False,
)
_row(
    "done-too-early",
    "`[DONE]` without a terminal event",
    BROKEN,
    wire(TEXT[:6]),
    came=TEXT[:6],
    whole=False,
)
_row("empty", "an empty body", BROKEN, came=[], whole=False)
_gap = [*TEXT[:5], *TEXT[6:]]
_row("gap", "an event is missing in the middle", BROKEN, wire(_gap), came=TEXT, whole=True)

KEEPS = "A stream that breaks, from a server that can resume"


def _resuming(first: Callable[[], Reply], events: Events) -> Callable[[], Replies]:
    """Breaks the first answer as told; asked for the rest, has it."""

    def rest(seen: Seen) -> Reply:
        if seen.method != "GET":
            return first()
        query = parse_qs(urlsplit(seen.target).query)
        after = int(query.get("starting_after", ["-1"])[0])
        return stream(wire(events[after + 1 :]), **KEPT)

    return lambda: (rest,)


def _again() -> Replies:
    """The first answer breaks before it says anything; the same request made again is served."""
    whole = stream(wire(TEXT), **KEPT)
    return (stream(b": hello\n", 0.02, CUT, **KEPT), whole)


def _kept(id: str, title: str, *pieces: Any, events: Events) -> None:  # noqa: A002
    _case(id, title, KEEPS, _resuming(lambda: stream(*pieces, **KEPT), events), events)


_kept("lost", "connection lost between events", wire(TEXT[:6], done=False), 0.02, CUT, events=TEXT)
_kept("lost-in-picture", "connection lost inside a partial image", _until + _half, 0.02, CUT,
      events=PICTURE)
_kept("ended", "body ends, no terminal event", wire(TEXT[:6], done=False), events=TEXT)
_kept("skipped", "an event is missing in the middle", wire(_gap), events=TEXT)

_case("lost-at-first", "connection lost before the first event", KEEPS, _again, TEXT)

WIRE = "Forms that server-sent events may have"
_lines = wire(TEXT)
_row("crlf", "CRLF line ends", WIRE, _lines.replace(b"\n", b"\r\n"), came=TEXT)
_row("cr", "CR line ends", WIRE, _lines.replace(b"\n", b"\r"), came=TEXT)
_row("crlf-split", "CRLF, cut between CR and LF", WIRE,
     *(piece for part in map(frame, TEXT) for piece in (part[:-2] + b"\r", b"\n\r", b"\n")),
     DONE, came=TEXT)
_row("comments", "comments between events and inside them", WIRE,
     *(b": keep-alive\n\n" + frame(e).replace(b"\ndata", b"\n: inside\ndata") for e in TEXT),
     DONE, came=TEXT)
_row("multi-line", "data over several lines", WIRE,
     *(b"data: " + json.dumps(e, indent=1).replace("\n", "\ndata: ").encode() + b"\n\n"
       for e in TEXT),
     DONE, came=TEXT)
_row("no-space", "no space after the colon, no `event` field", WIRE,
     *(b"data:" + json.dumps(e).encode() + b"\n\n" for e in TEXT), DONE, came=TEXT)
_bare = b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in TEXT) + DONE
_row("bom", "a byte order mark", WIRE, BOM + _bare, came=TEXT)
_row("bom-split", "a byte order mark, split between chunks", WIRE,
     *(BOM[:1], 0.02, BOM[1:] + _bare), came=TEXT)
_row("id-only", "blocks of an `id` alone", WIRE,
     *(b"id: %d\n\n" % n + frame(e) for n, e in enumerate(TEXT)), DONE, came=TEXT)
_row("id-and-comment", "`id` fields, and comments with a blank line", WIRE,
     *(b"id: %d\n" % n + frame(e) + b": keep-alive\n\n" for n, e in enumerate(TEXT)), DONE,
     came=TEXT)
_row("retry-only", "a block of `retry` alone", WIRE, b"retry: 3000\n\n" + _lines, came=TEXT)
_utf8 = b"".join(
    b"data: " + json.dumps(e, ensure_ascii=False).encode() + b"\n\n" for e in TEXT
) + DONE
_row("utf8-split", "characters split between chunks", WIRE,
     *(_utf8[i : i + 1] for i in range(len(_utf8))), came=TEXT)

SIZE = "Size"
_large = picture_events(1)
_large[5]["partial_image_b64"] = "A" * (64_000_000 - 300)


def _in_pieces() -> Replies:
    data = wire(_large)
    return (stream(*(data[i : i + 65536] for i in range(0, len(data), 65536))),)


_case("large", "an event of 64 MB", SIZE, _in_pieces, _large)
