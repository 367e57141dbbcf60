"""One row for each way of being wrong: the case that fails by it, and the rules it names.

``at`` is the case whose answers are changed, where that is another one; ``seconds`` what the
battery waits for an answer.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.testing.conformance.changes import (
    TERMINAL,
    R,
    also,
    asked,
    at,
    body,
    cut,
    drop,
    error,
    events,
    kind,
    picture,
    put,
    replaced,
    status,
    text,
    without,
)  # fmt: skip
from tests.testing.conformance.twisting import Change, Exchange, Json, nothing


class Fault(NamedTuple):
    case: str
    name: str
    rules: str
    answers: Change = nothing
    asks: Change = nothing
    at: str = ""
    seconds: float = 60.0


_NO_OUTPUT = body(put("output", []))
_MUTE = ("gives no output", "HG-ANS-002", _NO_OUTPUT)
_SILENT = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}


def _says_only_no(exchange: Exchange) -> None:
    exchange.json = _SILENT


def _accepts(exchange: Exchange) -> None:
    exchange.status = 200


def _call(field: str, value: str) -> Change:
    """Another value in a function call, consistently."""

    def changed(exchange: Exchange) -> None:
        told = exchange.events
        for event in told:
            if field == "arguments" and event["type"].endswith("arguments.delta"):
                event["delta"] = value if event["delta"] else ""
            if field in event:
                event[field] = value
            items = [event.get("item") or {}, *(event.get("response") or {}).get("output", ())]
            for item in items:
                if item.get("type") == "function_call" and item.get(field):
                    item[field] = value
        exchange.events = told

    return changed


def _one_delta(exchange: Exchange) -> None:
    """Arguments in one delta."""
    told = exchange.events
    for event in [e for e in told if e["type"].endswith("arguments.delta")][1:]:
        event["delta"] = ""
    exchange.events = told


def _first_picture_again(exchange: Exchange) -> None:
    if exchange.case == "image.stream":
        item = next(e["item"] for e in reversed(exchange.events) if "item" in e
                    and e["item"]["type"] == "image_generation_call")  # fmt: skip
        exchange.memory["result"] = item["result"]
    else:
        picture(lambda item: item.update(result=exchange.memory["result"]))(exchange)


def _other_picture(**tool: Any) -> Change:
    """The request asks for another picture than the case did, and the echo is the case's."""
    return asked(lambda document: document["tools"][0].update(tool))


def _partials(edit: Any) -> Change:
    return events(R + "image_generation_call.partial_image", edit)


def _only_first_event(exchange: Exchange) -> None:
    exchange.body = exchange.body.split(b"\n\n")[0] + b"\n\n"


def _bad_frame(exchange: Exchange) -> None:
    exchange.body = exchange.body.replace(b'data: {"', b'data: ["', 1)


def _again(exchange: Exchange) -> None:
    told = exchange.events
    exchange.events = [told[0], *told]


def _deaf(number: int) -> Change:
    """Answers a poll with this status text for ever."""
    return body(put("status", number))


def _twice(document: Json) -> None:
    document["data"] = document["data"][:1] * 2


FAULTS = [
    # --- text -------------------------------------------------------------------------------------
    Fault("text", "answers 500", "HG-API-001", status(500)),
    Fault("text", "answers 201", "HG-API-001", status(201)),
    Fault("text", "sends JSON as HTML", "HG-API-002", kind("text/html")),
    Fault("text", "sends no JSON", "HG-API-003", text(b"<html>")),
    Fault("text", "cuts the answer", "HG-NET-001", cut),
    Fault("text", "leaves out a field", "HG-SCH-001", body(drop("object"))),
    Fault("text", "has an output that is no list", "HG-SCH-001", body(put("output", None))),
    Fault("text", "is not finished", "HG-ANS-001", body(put("status", "in_progress"))),
    Fault("text", *_MUTE),
    Fault("text", "says nothing", "HG-ANS-002", body(put("output.0.content.0.text", ""))),
    Fault("text", "refuses the key", "HG-API-001", error(401, "input: no such key")),
    Fault(
        "usage", "adds up wrong", "HG-ANS-005", body(put("usage.total_tokens", 999)), at="text"
    ),
    # --- streams ----------------------------------------------------------------------------------
    Fault("text.stream", "sends JSON", "HG-API-002", kind("application/json")),
    Fault("text.stream", "ends too soon", "HG-END-002", without(R + "completed")),
    Fault("text.stream", "is cut", "HG-NET-001 HG-END-002", cut),
    Fault(
        "text.stream", "skips a number", "HG-SEQ-001", without(R + "in_progress", number=False)
    ),
    Fault("text.stream", "lacks [DONE]", "HG-SSE-003", replaced("data: [DONE]\n\n", "")),
    Fault(
        "text.stream", "goes on after [DONE]", "HG-SSE-002",
        replaced("data: [DONE]\n\n", "data: [DONE]\n\n" * 2),
    ),
    Fault(
        "text.stream", "names events otherwise", "HG-SSE-001",
        replaced("event: response.created", "event: message.created"),
    ),
    Fault("text.stream", "sends a broken frame", "HG-EVT-001", _bad_frame),
    Fault(
        "text.stream", "changes a delta", "HG-TXT-001",
        events(R + "output_text.delta", put("delta", "x")),
    ),
    Fault(
        "text.stream", "ends with other words than it streamed", "HG-ANS-004 HG-END-005",
        events(TERMINAL, put("response.output.0.content.0.text", "Other words.")),
    ),
    Fault(
        "text.stream", "has a status that is none", "HG-SCH-002",
        events(R + "output_item.done", put("item.role", "narrator")),
    ),
    # --- what a request says ----------------------------------------------------------------------
    Fault("turns.input", *_MUTE),
    Fault("turns.input", "answers 400", "HG-API-001", error(400, "no")),
    Fault(
        "turns.previous", "forgets what it goes on from", "HG-ANS-003",
        at(1, body(put("previous_response_id", None))),
    ),
    Fault(
        "turns.previous", "gives both turns one id", "HG-ANS-003",
        at(1, lambda exchange: body(
            put("id", exchange.json["previous_response_id"]))(exchange)),
    ),
    Fault("turns.previous", "does not find it", "HG-API-001", at(1, error(404, "no"))),
    Fault("instructions", "drops instructions", "HG-ANS-003", body(put("instructions", None))),
    Fault("instructions", "drops metadata", "HG-ANS-003", body(put("metadata", {}))),
    Fault(
        "format.json_schema", "writes no JSON", "HG-ANS-006",
        body(put("output.0.content.0.text", "Nine degrees.")),
    ),
    Fault(
        "format.json_schema", "leaves a field out", "HG-ANS-006",
        body(put("output.0.content.0.text", '{"city": "Oslo"}')),
    ),
    Fault(
        "format.json_schema", "repeats another format", "HG-ANS-003",
        body(put("text.format", {"type": "text"})),
    ),
    Fault(
        "limit.output", "gives another reason", "HG-ANS-001",
        events(TERMINAL, put("response.incomplete_details.reason", "content_filter")),
    ),
    Fault(
        "limit.output", "writes on", "HG-ANS-001 HG-ANS-003",
        events(TERMINAL, put("response.usage.output_tokens", 400)),
        asked(drop("max_output_tokens")),
    ),
    Fault("input.image", *_MUTE),
    Fault("include", *_MUTE),
    # --- tools ------------------------------------------------------------------------------------
    Fault("tools.call", "calls another function", "HG-USE-001", _call("name", "get_whether")),
    Fault(
        "tools.call", "writes arguments that are no JSON", "HG-USE-001",
        also(_one_delta, _call("arguments", "Oslo")),
    ),
    Fault(
        "tools.call", "changes the arguments at the end", "HG-FNC-002",
        events(R + "function_call_arguments.done", put("arguments", "{}")),
    ),
    Fault(
        "tools.call", "makes no call", "HG-USE-002", asks=asked(put("tool_choice", "none"))
    ),
    Fault(
        "tools.call", "does not say when arguments are done", "HG-ANS-002",
        without(R + "function_call_arguments.done"),
    ),
    Fault("tools.output", *_MUTE),
    Fault(
        "tools.none", "calls all the same", "HG-USE-002 HG-ANS-003",
        asks=asked(put("tool_choice", "auto")),
    ),
    Fault(
        "tools.named", "calls the other one", "HG-USE-002 HG-ANS-003",
        asks=asked(put("tool_choice", {"type": "function", "name": "get_weather"})),
    ),
    Fault("tools.named", "calls nothing", "HG-USE-002", asks=asked(put("tool_choice", "none"))),
    Fault(
        "tools.parallel", "gives two calls one call_id", "HG-USE-003", _call("call_id", "call_0")
    ),
    Fault(
        "tools.parallel", "says that it was not allowed", "HG-ANS-003",
        events(TERMINAL, put("response.parallel_tool_calls", False)),
    ),
    Fault(
        "tools.single", "makes two calls", "HG-USE-004 HG-ANS-003",
        asks=asked(put("parallel_tool_calls", True)),
    ),
    # --- pictures ---------------------------------------------------------------------------------
    Fault(
        "image.stream", "breaks the base64", "HG-PIC-001",
        picture(lambda item: item.update(result="@" + item["result"][1:]) if item["result"]
                else None),
    ),
    Fault(
        "image.stream", "cuts the picture", "HG-PIC-001",
        picture(lambda item: item.update(result=(item["result"] or "")[:4000] or None)),
    ),
    Fault("image.stream", "draws it small", "HG-PIC-002", asks=_other_picture(size="512x512")),
    Fault(
        "image.stream", "draws another format", "HG-PIC-003",
        asks=_other_picture(output_format="png"),
    ),
    Fault(
        "image.stream", "skips a partial image", "HG-IMG-003",
        _partials(lambda event: event.update(
            partial_image_index=2 * event["partial_image_index"])),
    ),
    Fault(
        "image.stream", "never completes the call", "HG-IMG-006",
        without(R + "image_generation_call.completed"),
    ),
    Fault("image.stream", "does not draw", "HG-ANS-002", asks=asked(put("tool_choice", "none"))),
    Fault(
        "image.partials", "shows no stage", "HG-PIC-004",
        without(R + "image_generation_call.partial_image"), at="image.stream",
    ),
    Fault(
        "image.partials", "shows noise", "HG-PIC-001",
        _partials(put("partial_image_b64", "bm8gcGljdHVyZQ==")), at="image.stream",
    ),
    Fault("image.turn", *_MUTE),
    Fault(
        "image.turn", "draws it small", "HG-PIC-002", asks=_other_picture(size="512x512")
    ),
    Fault(
        "image.turn", "gives the first picture again", "HG-PIC-005", _first_picture_again,
        at="image.stream image.turn",
    ),
    Fault("images.generate", "gives none", "HG-ANS-002", body(put("data", []))),
    Fault(
        "images.generate", "gives no picture", "HG-PIC-001", body(put("data.0.b64_json", "bm8="))
    ),
    Fault(
        "images.generate", "draws another format", "HG-PIC-003",
        asks=asked(put("output_format", "png")),
    ),
    Fault("images.generate", "leaves out a field", "HG-SCH-001", body(drop("created"))),
    # --- what is kept -----------------------------------------------------------------------------
    Fault(
        "stored.retrieve", "gives it otherwise", "HG-KEP-001",
        at(1, body(put("output.0.content.0.text", "Other words."))),
    ),
    Fault("stored.retrieve", "does not find it", "HG-API-001", at(1, error(404, "no"))),
    Fault("stored.items", "gives no list", "HG-ANS-007", body(put("object", "array"))),
    Fault("stored.items", "says that there is more", "HG-ANS-007", body(put("has_more", True))),
    Fault(
        "stored.items", "lacks what was said", "HG-KEP-006", replaced("the word stored", "nothing")
    ),
    Fault("stored.delete", "does not say so", "HG-KEP-003", at(0, body(put("deleted", False)))),
    Fault("stored.delete", "finds it all the same", "HG-KEP-003", at(1, status(200))),
    Fault("stored.delete", "tells errors as text", "HG-API-003", at(1, text(b"Not found"))),
    Fault(
        "stored.delete", "tells errors otherwise", "HG-API-004",
        at(1, text(b'{"detail": "Not found"}')),
    ),
    Fault("stored.not", "says that it stores", "HG-ANS-003", at(0, body(put("store", True)))),
    Fault("stored.not", "finds it all the same", "HG-KEP-003", at(1, status(200))),
    Fault(
        "background.poll", "answers in the foreground", "HG-ANS-003",
        at(0, body(put("background", None))),
    ),
    Fault(
        "background.poll", "never ends", "HG-KEP-005",
        lambda x: body(put("status", "in_progress"))(x) if x.method == "GET" else None,
        seconds=5.0,
    ),
    Fault(
        "background.poll", "begins cancelled", "HG-KEP-005", at(0, body(put("status", "cancelled")))
    ),
    Fault(
        "background.poll", "loses the output", "HG-ANS-002",
        lambda x: _NO_OUTPUT(x) if x.method == "GET" else None,
    ),
    Fault("background.resume", "repeats an event", "HG-SEQ-001", at(1, _again)),
    Fault(
        "background.resume", "goes on from elsewhere", "HG-SEQ-001",
        asks=at(1, lambda x: setattr(x, "target", x.target.partition("&")[0])),
    ),
    Fault(
        "background.resume", "tells it otherwise later", "HG-KEP-002",
        at(2, events(R + "output_text.done", put("text", "Other words."))),
    ),
    Fault("background.resume", "breaks off", "HG-END-002", at(0, _only_first_event)),
    Fault(
        "background.resume", "begins without its response", "HG-RSP-001",
        at(0, events(R + "created", drop("response"))),
    ),
    Fault("background.resume", "does not find it", "HG-API-001", at(1, error(404, "no"))),
    Fault(
        "background.cancel", "says that it had ended", "HG-KEP-005",
        at(1, body(put("status", "completed"))),
    ),
    Fault("background.cancel", "answers 500", "HG-API-001", at(1, status(500))),
    Fault(
        "background.cancel", "lets it run", "HG-KEP-005",
        lambda x: body(put("status", "failed"))(x) if x.method == "GET" else None,
    ),
    Fault("idempotency", "answers otherwise", "HG-KEP-004", at(1, _NO_OUTPUT)),
    Fault("idempotency", "takes the key for another", "HG-API-001", at(2, status(200))),
    # --- errors -----------------------------------------------------------------------------------
    *(
        Fault(case, f"{what} (request {nth})", rule, at(nth, change))
        for case, requests in [
            ("errors.json", 1), ("errors.model", 1), ("errors.type", 2), ("errors.previous", 1),
            ("errors.include", 1), ("unknown.field", 1),
        ]
        for nth in range(requests)
        for what, rule, change in [
            ("answers 500", "HG-API-001", status(500)),
            ("says nothing", "HG-API-004", body(drop("error"))),
            ("does not say what", "HG-API-005", _says_only_no),
        ]
        if not (case == "errors.json" and rule == "HG-API-005")
    ),
    Fault("errors.type", "takes what is wrong", "HG-API-001", at(0, status(200))),
    Fault(
        "unknown.field", "takes it and answers nothing", "HG-SCH-001",
        also(status(200), text(b"{}")),
    ),
    # --- beside -----------------------------------------------------------------------------------
    Fault("models", "lists none", "HG-ANS-007", body(put("data", []))),
    Fault("models", "lists one twice", "HG-ANS-007", body(_twice)),
    Fault("models", "gives no list", "HG-SCH-001", body(drop("object"))),
    Fault("models", "does not say whose one is", "HG-SCH-001", body(put("data.0.owned_by", None))),
    Fault("compact", "keeps nothing", "HG-ANS-002", at(0, _NO_OUTPUT)),
    Fault("compact", "leaves out a field", "HG-SCH-001", at(0, body(drop("id")))),
    Fault("compact", "does not go on", "HG-ANS-002", at(1, _NO_OUTPUT)),
]  # fmt: skip


def _lost(turn: list[Json]) -> list[Json]:
    return [event for event in turn if event["type"] != R + "in_progress"]


def _error(turn: list[Json]) -> list[Json]:
    return [{"type": "error", "status": 400, "error": json.loads(json.dumps(_SILENT["error"]))}]


def _one_id(turn: list[Json]) -> list[Json]:
    for event in turn:
        if "response" in event:
            event["response"]["id"] = "resp_1"
    return turn


def _failed(turn: list[Json]) -> list[Json]:
    turn[-1]["response"]["output"] = []
    return turn


SOCKET_FAULTS = [
    ("loses an event", "HG-SEQ-001", _lost),
    ("answers an error", "HG-ANS-001", _error),
    ("changes the output", "HG-ANS-004", _failed),
    ("falls silent", "HG-NET-001", lambda turn: turn[:-1]),
    ("gives both turns one id", "HG-API-001 HG-ANS-001", _one_id),
]
