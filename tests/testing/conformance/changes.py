"""The ways in which an answer is changed: small words that faults are put together from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.testing.conformance.twisting import Change, Exchange, Json

R = "response."
TERMINAL = (R + "completed", R + "incomplete", R + "failed")

Edit = Callable[[Json], None]


def at(nth: int, change: Change) -> Change:
    """The change, to the case's ``nth`` request or answer alone."""

    def changed(exchange: Exchange) -> None:
        if exchange.nth == nth:
            change(exchange)

    return changed


def status(number: int) -> Change:
    """Another status, the body as it was."""

    def changed(exchange: Exchange) -> None:
        exchange.status = number

    return changed


def kind(text: str) -> Change:
    """Another content type."""

    def changed(exchange: Exchange) -> None:
        exchange.kind = text

    return changed


def text(body: bytes) -> Change:
    """Another body."""

    def changed(exchange: Exchange) -> None:
        exchange.body = body

    return changed


def error(number: int, message: str, param: str | None = None) -> Change:
    """An error, well told."""

    def changed(exchange: Exchange) -> None:
        exchange.status, exchange.kind = number, "application/json"
        told = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
        exchange.json = {"error": told}

    return changed


def cut(exchange: Exchange) -> None:
    """The connection ends in the middle of the answer."""
    exchange.cut = True


def put(path: str, value: Any) -> Edit:
    """Sets the value at a path (``output.0.id``) where there is one."""
    *way, last = path.split(".")

    def edit(document: Json) -> None:
        inner: Any = document
        for step in way:
            inner = inner[int(step) if step.isdecimal() else step]
        inner[int(last) if last.isdecimal() else last] = value

    return edit


def drop(name: str) -> Edit:
    """Without a field."""

    def edit(document: Json) -> None:
        del document[name]

    return edit


def body(*edits: Edit) -> Change:
    """A JSON body, edited."""

    def changed(exchange: Exchange) -> None:
        document = exchange.json
        for edit in edits:
            edit(document)
        exchange.json = document

    return changed


def asked(*edits: Edit) -> Change:
    """The request's body, edited before it goes on."""

    def changed(exchange: Exchange) -> None:
        document = json.loads(exchange.asked)
        for edit in edits:
            edit(document)
        exchange.asked = json.dumps(document).encode()

    return changed


def events(kinds: str | tuple[str, ...], *edits: Edit) -> Change:
    """Those events of a stream, edited (``*``: all)."""

    def changed(exchange: Exchange) -> None:
        told = exchange.events
        for event in told:
            if kinds == "*" or event["type"] in kinds:
                for edit in edits:
                    edit(event)
        exchange.events = told

    return changed


def without(kinds: str, *, number: bool = True) -> Change:
    """A stream without those events; the others numbered anew."""

    def changed(exchange: Exchange) -> None:
        left = [event for event in exchange.events if event["type"] != kinds]
        if number:
            for index, event in enumerate(left):
                event["sequence_number"] = index
        exchange.events = left

    return changed


def replaced(old: str, new: str) -> Change:
    """Another text in the body, wherever it stands."""

    def changed(exchange: Exchange) -> None:
        assert old.encode() in exchange.body, exchange.body[:500]
        exchange.body = exchange.body.replace(old.encode(), new.encode())

    return changed


def also(*changes: Change) -> Change:
    """All of them."""

    def changed(exchange: Exchange) -> None:
        for change in changes:
            change(exchange)

    return changed


def picture(edit: Callable[[Json], None]) -> Change:
    """The image item of a JSON answer or a stream, wherever it stands."""

    def through(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("type") == "image_generation_call" and "result" in value:
                edit(value)
            for inner in value.values():
                through(inner)
        elif isinstance(value, list):
            for inner in value:
                through(inner)

    def changed(exchange: Exchange) -> None:
        if "event-stream" in exchange.kind:
            told = exchange.events
            through(told)
            exchange.events = told
        else:
            document = exchange.json
            through(document)
            exchange.json = document

    return changed
