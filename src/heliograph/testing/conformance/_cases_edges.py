"""Cases about errors, what is unknown, and what lies beside the one POST."""

from __future__ import annotations

import json
from typing import Any

from heliograph.testing.conformance._case import Case
from heliograph.testing.conformance._cases_text import OPEN, OPENAI, said
from heliograph.testing.conformance._judge import text_of
from heliograph.testing.conformance._probe import Probe
from heliograph.testing.conformance._socket import turns

__all__ = ["EDGE_CASES"]

_NOBODY = "no-such-model-heliograph-check"
_MODEL = {"id": str, "object": str, "created": int, "owned_by": str}
_STRANGE = "x_heliograph_unknown"


def _post(probe: Probe, **fields: Any) -> Any:
    return probe.ask("POST", "/responses", probe.body(**fields))


def _bad_json(probe: Probe) -> None:
    probe.refused(probe.ask("POST", "/responses", raw=b'{"model": "a", "input": '))


def _no_model(probe: Probe) -> None:
    answer = _post(probe, input="Say hello.", model=_NOBODY)
    probe.refused(answer, "model", _NOBODY, statuses=(400, 404, 422))


def _wrong_type(probe: Probe) -> None:
    probe.refused(_post(probe, input="Say hello.", temperature="hot"), "temperature")
    probe.refused(_post(probe, input=[said("user", 5)]), "input")


def _no_previous(probe: Probe) -> None:
    answer = _post(probe, input="Go on.", previous_response_id="resp_heliograph_check")
    probe.refused(answer, "previous_response", "resp_heliograph_check", statuses=(400, 404, 422))


def _unknown_field(probe: Probe) -> None:
    answer = _post(probe, input="Say hello.", **{_STRANGE: True})
    if answer.status == 200:
        probe.status(probe.responded(answer), "completed")
    else:
        probe.refused(answer, _STRANGE)


def _unknown_include(probe: Probe) -> None:
    probe.refused(_post(probe, input="Say hello.", include=["no.such.thing"]), "include")


def _models(probe: Probe) -> None:
    listed = probe.served(probe.ask("GET", "/models"))
    data = listed.get("data")
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    if probe.target.openrouter:
        probe.findings += probe.judge.body("openrouter models", listed)
    else:
        kind = listed.get("object")
        probe.that(kind == "list", "HG-SCH-001", f"object is {kind!r}", "list")
        for index, entry in enumerate(entries):
            wrong = [name for name, type_ in _MODEL.items() if type(entry.get(name)) is not type_]
            fields = ", ".join(f"{name}: {type_.__name__}" for name, type_ in _MODEL.items())
            probe.that(not wrong, "HG-SCH-001", f"data[{index}] has no {', '.join(wrong)}", fields)
    ids = {str(entry.get("id")) for entry in entries}
    probe.that(
        bool(ids) and len(ids) == len(entries),
        "HG-ANS-007",
        f"{len(entries)} models, {len(ids)} different ids",
        "data with one model or more, each with an id of its own",
    )


def _compact(probe: Probe) -> None:
    given = [said("user", "We ship on Tuesday."), said("assistant", "Noted: Tuesday.")]
    window = probe.served(probe.ask("POST", "/responses/compact", probe.body(input=given)))
    probe.findings += probe.judge.body("compaction", window)
    output = window.get("output")
    items = output if isinstance(output, list) else []
    kinds = [item.get("type") for item in items if isinstance(item, dict)]
    probe.must("compaction" in kinds, "HG-ANS-002", f"the output has {kinds}", "a compaction item")
    response = probe.completed(input=[*window["output"], said("user", "When do we ship?")])
    probe.that(bool(text_of(response)), "HG-ANS-002", "the output has no text", "an answer")


def _socket(probe: Probe) -> None:
    asked = [
        probe.body(type="response.create", store=False, input=said_once)
        for said_once in ("Count to three, in words.", "And on to five.")
    ]
    ids: list[str] = []
    with turns(probe.wire, probe.case.id, probe.target.timeout) as talk:
        probe.give_up(talk.findings)
        if talk.refusal is not None:
            probe.unsupported(talk.refusal)
        for request in asked:
            probe.requests += 1
            if ids:
                request["previous_response_id"] = ids[-1]
            texts = talk.turn(request, probe)
            last = json.loads(texts[-1])
            if last.get("type") == "error":
                probe.findings += probe.judge.envelope(last)
                probe.must(
                    False, "HG-ANS-001", f"an error: {last.get('error')}"[:200], "a response"
                )
            response = probe.told(*probe.judge.messages(texts))
            probe.status(response, "completed")
            ids.append(response["id"])
    probe.that(len(set(ids)) == 2, "HG-ANS-003", "both turns have one id", "one for each")


EDGE_CASES = (
    Case(
        "errors.json", "a body that is no JSON", "400, an error in the API's shape",
        f"{OPENAI}, error object", _bad_json,
    ),
    Case(
        "errors.model", "a model that is not there", "400 or 404, and names it",
        f"{OPENAI}, error object", _no_model,
    ),
    Case(
        "errors.type", "fields of a wrong type", "400, and names the field",
        f"{OPENAI}, error object", _wrong_type, requests=2,
    ),
    Case(
        "errors.previous", "a previous response that is not there", "400 or 404, and names it",
        f"{OPEN}, previous_response_not_found", _no_previous,
    ),
    Case(
        "errors.include", "an include entry that is none", "400, and names include",
        f"{OPENAI}, include", _unknown_include,
    ),
    Case(
        "unknown.field", "a field that no specification has",
        "served, or refused by the field's name; nothing else", f"{OPENAI}, error object",
        _unknown_field,
    ),
    Case(
        "models", "the list of models", "valid, each model with an id",
        f"{OPENAI}, models/list", _models, needs=(), path=True,
    ),
    Case(
        "compact", "a conversation compacted, and gone on with",
        "valid, has a compaction item, which is taken back",
        f"{OPEN}, CompactResource", _compact, requests=2, path=True,
        words=("compact", "compaction"),
    ),
    Case(
        "websocket", "two turns over a WebSocket, nothing stored",
        "every rule of a stream; the second goes on from the first",
        "Open Responses, WebSocket mode 2026-04-24", _socket, needs=(), requests=2,
    ),
)  # fmt: skip
