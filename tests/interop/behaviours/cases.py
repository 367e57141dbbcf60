"""The rows of the table, by group."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.client.scripted import CUT, Reply, answer, stream
from tests.client.streams import DONE, frame, numbered, picture_events, response, text_events, wire
from tests.interop.behaviours.case import KEPT, Case, Events, broken, pieces, resumed, sent

TEXT = text_events("The ", "fox", " — ", "狐")
PICTURE = picture_events(2)
DELTA = 4  # the first text delta's place


def _with(*more: dict[str, Any]) -> Events:
    """The text with other events in it."""
    return numbered(*TEXT[:DELTA], *more, *TEXT[DELTA:])


def _changed(at: int, **fields: Any) -> Events:
    return [*TEXT[:at], {**TEXT[at], **fields}, *TEXT[at + 1 :]]


def _without(name: str, events: Events) -> Events:
    return [{key: value for key, value in event.items() if key != name} for event in events]


def _bare(event: Any, **how: Any) -> bytes:
    return b"data: " + json.dumps(event, **how).replace("\n", "\ndata: ").encode() + b"\n\n"


HOLOGRAM = {"type": "acme:hologram", "id": "h_1", "status": "completed", "spins": 3}
ITEM = {"output_index": 1, "item": HOLOGRAM}
ACME = {"x": [1]}

UNKNOWN = [
    sent(
        "unknown-event",
        "an unknown event mid-stream",
        _with({"type": "response.hologram.spun", "angle": [1, {"a": "b"}]}),
    ),
    sent(
        "namespaced-event",
        "a namespaced event (`acme:telemetry.sample`)",
        _with({"type": "acme:telemetry.sample", "load": 0.5}),
    ),
    sent(
        "keep-alive-event",
        "`response.keep_alive` events",
        _with(*[{"type": "response.keep_alive"}] * 2),
    ),
    sent("extra-field", "an extra field on a known event", _changed(DELTA, acme=ACME)),
    sent(
        "extra-field-in-item",
        "an extra field on an item",
        _changed(2, item={**TEXT[2]["item"], "acme": ACME}),
    ),
    sent(
        "unknown-item",
        "an item of an unknown type",
        numbered(
            *TEXT[:8],
            {"type": "response.output_item.added", **ITEM},
            {"type": "response.output_item.done", **ITEM},
            *TEXT[8:],
        ),
    ),
    sent(
        "unknown-enum",
        "an unknown value of an enum (`status: paused`)",
        _changed(1, response=response("paused")),
    ),
]

NO_DELTA = [*TEXT[:DELTA], *_without("delta", TEXT[DELTA : DELTA + 1]), *TEXT[DELTA + 1 :]]
HABITS = [
    sent(
        "usage-null",
        "`usage: null` in `response.created`",
        _changed(0, response=response(usage=None)),
    ),
    sent("no-logprobs", "text events without `logprobs`", _without("logprobs", TEXT)),
    sent("no-numbers", "events without `sequence_number`", _without("sequence_number", TEXT)),
    sent(
        "from-one",
        "sequence numbers that start at 1",
        [{**event, "sequence_number": event["sequence_number"] + 1} for event in TEXT],
    ),
    sent("half-pair", 'half a surrogate pair (`"\\ud83d"`)', _changed(DELTA, delta="\ud83d")),
    broken("no-delta", "a text delta without its `delta`", [wire(NO_DELTA)], NO_DELTA, "delta"),
]

WHY = "the model went away"
DETAIL = {"code": "server_error", "message": WHY, "param": None}


def _failing(id: str, title: str, fields: dict[str, Any], before: int = DELTA) -> Case:  # noqa: A002
    events = numbered(*TEXT[:before], {"type": "error", **fields})
    return broken(id, title, [wire(events)], events, WHY)


def _untyped(id: str, title: str, error: Any, name: bytes = b"") -> Case:  # noqa: A002
    before, told = TEXT[:DELTA], {"error": error}
    chunks = [wire(before, done=False), name + _bare(told), DONE]
    return broken(id, title, chunks, [*before, told], WHY)


ERRORS = [
    _failing("error-flat", "`error`, its fields at the top", DETAIL),
    _failing(
        "error-nested",
        "`error`, its fields under `error`",
        {"error": {**DETAIL, "type": "server_error"}},
    ),
    _failing(
        "error-integer",
        "`error` under `error`, with an integer `code`",
        {"error": {"code": 502, "message": WHY}},
    ),
    _failing(
        "error-envelope",
        "`error` with a `status` (the WebSocket's)",
        {"status": 500, "error": {**DETAIL, "type": "server_error"}},
    ),
    _failing("error-text", "`error`, a text under `error`", {"error": WHY}),
    _untyped("error-untyped", "an object under `error`, no `type`", DETAIL),
    _untyped("error-named", "the same, named by the `event` field", DETAIL, b"event: error\n"),
    _untyped("error-untyped-text", "a text under `error`, no `type`", WHY),
    _failing("error-first", "`error` alone", DETAIL, before=0),
]

NO_STREAM = [
    Case(
        "json-error",
        "JSON with an `error`",
        lambda: (answer({"error": DETAIL}),),
        [],
        whole=False,
        reason=WHY,
    ),
    Case(
        "json-response",
        "the response as JSON",
        lambda: (answer(response("completed")),),
        [],
        whole=False,
    ),
    Case(
        "html",
        "a page of HTML",
        lambda: (Reply([b"<html></html>"], 200, {"content-type": "text/html"}),),
        [],
        whole=False,
    ),
]

UP_TO_HERE = wire(PICTURE[:5], done=False) + frame(PICTURE[5])[:9000]
TEXT_UP_TO_HERE = wire(TEXT[:6], done=False)
GAP = wire([*TEXT[:5], *TEXT[6:]])
LOST = (0.02, CUT)

BREAKS = [
    broken("cut", "connection lost between events", [TEXT_UP_TO_HERE, *LOST], TEXT[:6]),
    broken(
        "cut-in-picture",
        "connection lost inside a partial image",
        [UP_TO_HERE, *LOST],
        PICTURE[:5],
    ),
    broken("end-in-picture", "body ends inside a partial image", [UP_TO_HERE], PICTURE[:5]),
    broken("clean-end", "body ends, no terminal event", [TEXT_UP_TO_HERE], TEXT[:6]),
    broken("done-too-early", "`[DONE]`, no terminal event", [wire(TEXT[:6])], TEXT[:6]),
    broken("empty", "an empty body", [], []),
    pieces("gap", "an event is missing in the middle", [GAP], TEXT),
]

RESUMES = [
    Case(
        "lost-at-first",
        "connection lost before the first event",
        lambda: (stream(b": hello\n", *LOST, **KEPT), stream(wire(TEXT), **KEPT)),
        TEXT,
    ),
    resumed("lost", "connection lost between events", [TEXT_UP_TO_HERE, *LOST], TEXT),
    resumed(
        "lost-in-picture", "connection lost inside a partial image", [UP_TO_HERE, *LOST], PICTURE
    ),
    resumed("ended", "body ends, no terminal event", [TEXT_UP_TO_HERE], TEXT),
    resumed("skipped", "an event is missing in the middle", [GAP], TEXT),
]

BOM = b"\xef\xbb\xbf"
BARE = b"".join(map(_bare, TEXT)) + DONE
UTF8 = b"".join(_bare(event, ensure_ascii=False) for event in TEXT) + DONE
FRAMES = [frame(event) for event in TEXT]


def _as(id: str, title: str, body: bytes, **headers: str | None) -> Case:  # noqa: A002
    """The text under other headers; None is none."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    told = {"content-type": "text/event-stream", **named}
    sent = {name: value for name, value in told.items() if value is not None}
    return Case(id, title, lambda: (Reply([body[:50], body[50:]], 200, sent),), TEXT)


FORMS = [
    pieces("crlf", "CRLF line ends", [wire(TEXT).replace(b"\n", b"\r\n")], TEXT),
    pieces("cr", "CR line ends", [wire(TEXT).replace(b"\n", b"\r")], TEXT),
    pieces(
        "crlf-split",
        "CRLF, cut between CR and LF",
        [
            piece
            for part in FRAMES
            for piece in (part[:-2].replace(b"\n", b"\r\n") + b"\r", b"\n\r", b"\n")
        ]
        + [DONE],
        TEXT,
    ),
    pieces(
        "comments",
        "comments between events and inside them",
        [b": keep-alive\n\n" + f.replace(b"\ndata", b"\n: inside\ndata") for f in FRAMES] + [DONE],
        TEXT,
    ),
    pieces(
        "multi-line", "data over several lines", [_bare(e, indent=1) for e in TEXT] + [DONE], TEXT
    ),
    pieces(
        "no-space",
        "no space after the colon, no `event` field",
        [BARE.replace(b"data: ", b"data:").replace(b"data:[DONE]", b"data: [DONE]")],
        TEXT,
    ),
    pieces("bom", "a byte order mark", [BOM + BARE], TEXT),
    pieces(
        "bom-split",
        "a byte order mark, split between chunks",
        [BOM[:1], 0.02, BOM[1:] + BARE],
        TEXT,
    ),
    pieces(
        "id-only",
        "blocks of an `id` alone",
        [b"id: %d\n\n%b" % pair for pair in enumerate(FRAMES)] + [DONE],
        TEXT,
    ),
    pieces(
        "id-and-comment",
        "`id` fields, and comments with a blank line",
        [b"id: %d\n%b: keep-alive\n\n" % pair for pair in enumerate(FRAMES)] + [DONE],
        TEXT,
    ),
    pieces(
        "no-blank-line", "no blank line behind the last event", [wire(TEXT, done=False)[:-1]], TEXT
    ),
    pieces("no-line-end", "no line end behind the last event", [wire(TEXT, done=False)[:-2]], TEXT),
    pieces("retry-only", "a block of `retry` alone", [b"retry: 3000\n\n" + wire(TEXT)], TEXT),
    pieces(
        "utf8-split",
        "characters split between chunks",
        [UTF8[at : at + 1] for at in range(len(UTF8))],
        TEXT,
    ),
    _as("gzip", "compressed by `gzip`", gzip.compress(wire(TEXT)), content_encoding="gzip"),
    _as("no-type", "no `Content-Type`", wire(TEXT), content_type=None),
    _as("plain-type", "`Content-Type: text/plain`", wire(TEXT), content_type="text/plain"),
    _as(
        "upper-type",
        "`Text/Event-Stream;charset=UTF-8`",
        wire(TEXT),
        content_type="Text/Event-Stream;charset=UTF-8",
    ),
]

LARGE = picture_events(1)
LARGE[5]["partial_image_b64"] = "A" * (64_000_000 - 300)
CHUNK = 65536


def _in_chunks() -> Any:
    data = wire(LARGE)
    return (stream(*(data[at : at + CHUNK] for at in range(0, len(data), CHUNK))),)


PLAIN = "Nothing odd"
GROUPS: dict[str, list[Case]] = {
    PLAIN: [
        sent("text", "a text", TEXT),
        sent("picture", "a picture with two partial images", PICTURE),
    ],
    "What the client does not know": UNKNOWN,
    "Habits of providers": HABITS,
    "The stream's own errors": ERRORS,
    "Status 200, and no stream": NO_STREAM,
    "A stream that breaks, from a server that keeps none": BREAKS,
    "A stream that breaks, from a server that can resume": RESUMES,
    "Forms that server-sent events may have": FORMS,
    "Size": [Case("large", "an event of 64 MB", _in_chunks, LARGE)],
}
CASES = {case.id: case for group in GROUPS.values() for case in group}
