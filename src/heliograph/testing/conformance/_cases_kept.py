"""Cases about what an endpoint keeps: stored responses, background work, repeated requests."""

from __future__ import annotations

import json
from typing import Any

from heliograph import lifecycle, sse
from heliograph.testing.conformance._case import Case
from heliograph.testing.conformance._cases_text import OPEN, OPENAI
from heliograph.testing.conformance._probe import Probe

__all__ = ["KEPT_CASES"]

_SAID = "Say the word stored."
_LONG = "Write five hundred words about the sea."
_CANCELLED = (
    ("cancelled", "cancelled"),
    ("in_progress", "cancelled"),
    ("completed", "completed"),  # it had ended before
)
_SEEN = 2  # events that are read before a stream is left


def _retrieve(probe: Probe) -> None:
    response = probe.completed(input=_SAID, store=True)
    probe.stores(response)
    probe.echoed(response, store=True)
    answer = probe.ask("GET", f"/responses/{response['id']}")
    got = probe.responded(answer)
    differing = sorted(name for name in {*got, *response} if got.get(name) != response.get(name))
    probe.that(
        not differing, "HG-KEP-001", f"{', '.join(differing)} differ from the POST's answer",
        "the same",
    )  # fmt: skip
    probe.kept["stored"] = response["id"]


def _items(probe: Probe) -> None:
    path = f"/responses/{probe.kept['stored']}/input_items"
    listed = probe.served(probe.ask("GET", path))
    data = listed.get("data")
    entries = data if isinstance(data, list) else []
    ids = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    probe.that(
        listed.get("object") == "list" and len(entries) == 1 and None not in ids,
        "HG-ANS-007",
        f"object {listed.get('object')!r} with {len(entries)} entries",
        "object list, and one entry with an id",
    )
    right = {"first_id": ids[0], "last_id": ids[-1], "has_more": False} if ids else {}
    told = {name: listed.get(name) for name in right}
    probe.that(told == right, "HG-ANS-007", f"the list says {told}", str(right))
    probe.that(
        _SAID in json.dumps(entries), "HG-KEP-006", "the list lacks the message", "what was asked"
    )


def _delete(probe: Probe) -> None:
    path = f"/responses/{probe.kept['stored']}"
    told = probe.served(probe.ask("DELETE", path))
    right = {"id": probe.kept["stored"], "deleted": True}
    got = {name: told.get(name) for name in right}
    probe.that(got == right, "HG-KEP-003", f"the answer says {got}", str(right))
    _gone(probe, path)


def _gone(probe: Probe, path: str) -> None:
    answer = probe.ask("GET", path)
    message = f"{answer.name} answers {answer.status}"
    probe.must(answer.status in (404, 405, 501), "HG-KEP-003", message, "404")
    if answer.status == 404:
        probe.refused(answer, statuses=(404,))


def _unstored(probe: Probe) -> None:
    response = probe.completed(input="Say hello.", store=False)
    probe.echoed(response, store=False)
    _gone(probe, f"/responses/{response['id']}")


def _in_background(probe: Probe, response: dict[str, Any]) -> None:
    if response.get("background") is False:
        probe.unsupported("the response says background: false")
    probe.echoed(response, background=True)
    probe.that(
        response.get("status") in ("queued", "in_progress", "completed"),
        "HG-KEP-005",
        f"the answer's status is {response.get('status')!r}",
        "queued or in_progress",
    )


def _poll(probe: Probe) -> None:
    response = probe.response(input="Say hello.", background=True, store=True)
    _in_background(probe, response)
    ended = probe.wait(response["id"])
    probe.status(ended, "completed")
    probe.that(bool(ended["output"]), "HG-ANS-002", "the output is empty", "a message")


def _resume(probe: Probe) -> None:
    begun = _first(probe)
    first, last = (lifecycle.read_event(data, index) for index, data in enumerate(begun))
    response = getattr(first, "response", None)
    number = getattr(last, "sequence_number", None)
    probe.must(
        response is not None and isinstance(number, int),
        "HG-RSP-001",
        f"the stream begins with {first.type}, {last.type}",
        "response.created with the response, and sequence numbers",
    )
    assert response is not None  # noqa: S101 - the line above ends the case
    if response.background is False:
        probe.unsupported("the response says background: false")
    path = f"/responses/{response.id}?stream=true"
    rest = probe.ask("GET", f"{path}&starting_after={number}")
    probe.accepted(rest)
    joined = b"".join(b"data: %b\n\n" % data for data in begun) + rest.body
    told, ended = probe.streamed(joined)
    probe.status(ended, "completed")
    whole = probe.ask("GET", path)
    probe.accepted(whole)
    again, _ = probe.judge.stream(whole.body)
    counts = f"{len(again.frames)} events, resumed {len(told.frames)}"
    probe.that(
        again.plain == told.plain,
        "HG-KEP-002",
        f"read from its beginning the stream has {counts}; they are not the same",
        "the same events",
    )


def _first(probe: Probe) -> list[bytes]:
    """The first events of a stream in the background, which is left then."""
    decoder = sse.Decoder()
    begun: list[bytes] = []

    def enough(piece: bytes) -> bool:
        begun.extend(bytes(frame.data) for frame in decoder.feed(piece))
        return len(begun) >= _SEEN

    asked = probe.body(input="Count from one to ten.", background=True, store=True, stream=True)
    probe.accepted(probe.ask("POST", "/responses", asked, stop=enough))
    probe.must(
        len(begun) >= _SEEN, "HG-END-002", f"the stream has {len(begun)} events", "a whole stream"
    )
    return begun[:_SEEN]


def _cancel(probe: Probe) -> None:
    response = probe.response(input=_LONG, background=True, store=True)
    _in_background(probe, response)
    answer = probe.responded(probe.ask("POST", f"/responses/{response['id']}/cancel"))
    said = answer.get("status")
    ended = probe.wait(response["id"])
    probe.that(
        (said, ended["status"]) in _CANCELLED,
        "HG-KEP-005",
        f"the cancel answers {said!r}, the response ends {ended['status']!r}",
        "cancelled, in both",
    )


def _idempotency(probe: Probe) -> None:
    headers = {"idempotency-key": f"check-{probe.kept['text']['id']}"}
    first = probe.response(input="Say one.", store=True, headers=headers)
    again = probe.response(input="Say one.", store=True, headers=headers)
    if again["id"] != first["id"]:
        probe.unsupported("the header is ignored: two responses were made")
    probe.that(
        again["output"] == first["output"], "HG-KEP-004", "the repeated answer has another output",
        "the first one's",
    )  # fmt: skip
    other = probe.body(input="Say two.", store=True)
    answer = probe.ask("POST", "/responses", other, headers=headers)
    probe.refused(answer, statuses=(409, 422))


KEPT_CASES = (
    Case(
        "stored.retrieve", "a stored response, and GET of it", "it is given as it was answered",
        f"{OPENAI}, responses/get", _retrieve, requests=2, words=("store",),
    ),
    Case(
        "stored.items", "the input items of a stored response", "a list with the message in it",
        f"{OPENAI}, responses/input-items", _items, needs=("stored.retrieve",), path=True,
    ),
    Case(
        "stored.delete", "DELETE of a stored response", "deleted, and then not found",
        f"{OPENAI}, responses/delete", _delete, needs=("stored.retrieve",), requests=2, path=True,
    ),
    Case(
        "stored.not", "store false, and GET of it", "says so, and is not found",
        f"{OPEN}, store", _unstored, requests=2, words=("store",),
    ),
    Case(
        "background.poll", "a response in the background, polled", "comes to its end, completed",
        f"{OPENAI}, background", _poll, words=("background",),
    ),
    Case(
        "background.resume", "a stream in the background, left and resumed by starting_after",
        "both parts are one whole stream, the same as read from its beginning",
        f"{OPENAI}, responses/get", _resume, requests=3,
        words=("background", "starting_after", "stream"),
    ),
    Case(
        "background.cancel", "a long response in the background, cancelled",
        "cancelled, unless it had ended", f"{OPENAI}, responses/cancel", _cancel, requests=2,
        words=("background", "cancel"),
    ),
    Case(
        "idempotency", "one request twice with an Idempotency-Key, then another with it",
        "one response; the other is a conflict", "IETF draft idempotency-key-header-07",
        _idempotency, requests=3, words=("idempotency",),
    ),
)  # fmt: skip
