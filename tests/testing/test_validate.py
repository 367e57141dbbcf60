"""The validator: what the engine makes passes; broken in any one place, it does not.

Each member of each object that the engine makes is taken out, made null, given another JSON type,
or (a string) another value. What passes all the same is listed here, and nothing else does.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.testing import traffic

from heliograph import errors, models, testing

VALIDATOR = testing.Validator()
EVENTS = [*traffic.words(), *traffic.pictures()]

USERS_OWN = {"metadata", "parameters"}
MAY_BE_ABSENT = {
    "image_generation": {"model", "partial_images"},
    "image_generation_call": {
        *("action", "background", "error", "output_format", "prompt", "quality"),
        *("revised_prompt", "size"),
    },
    "output_text": {"logprobs"},
    "reasoning": {"content", "status"},
    "response": {"tool_usage"},
    "response.image_generation_call.partial_image": {
        *("background", "output_format", "quality", "size"),
    },
}
MAY_BE_NULL = {
    "function": {"description", "parameters", "strict"},
    "image_generation_call": {
        *("action", "background", "error", "output_format", "quality", "result"),
        *("revised_prompt", "size"),
    },
    "image_generation_error": {"code"},
    "input_tokens_details": {"cache_write_tokens"},
    "reasoning": {"effort"},
    "response": {"completed_at", "metadata", "reasoning", "tool_usage", "usage"},
    "response.image_generation_call.partial_image": {
        *("background", "output_format", "quality", "size"),
    },
}
MAY_BE_ANY_TEXT = {
    *("action", "arguments", "background", "call_id", "code", "delta", "description", "id"),
    *("item_id", "message", "model", "name", "output_format", "partial_image_b64", "prompt"),
    *("quality", "refusal", "result", "revised_prompt", "service_tier", "size", "text"),
}
ANY_TEXT_AS_TYPE = {"image_generation_error"}  # an error of ours, beside no specification's object
ANOTHER: dict[type, Any] = {str: 7, int: "x", float: "x", bool: "x", list: "x", dict: "x"}


class Mutation(NamedTuple):
    """What is done to ``field`` of the objects called ``owner``; ``places`` are for ``changed``."""

    owner: str
    field: str
    what: str
    places: list[tuple[Any, ...]]

    @property
    def passes(self) -> bool:
        if self.what == "absent":
            return self.field in MAY_BE_ABSENT.get(self.owner, ())
        if self.what == "null":
            return self.field in MAY_BE_NULL.get(self.owner, ())
        if self.what == "other text" and self.field == "type":
            return self.owner in ANY_TEXT_AS_TYPE
        return self.what == "other text" and self.field in MAY_BE_ANY_TEXT


def members(value: Any, owner: str, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Each object's name (its type, its kind or its place), and each member's path and value."""
    if isinstance(value, dict):
        owner = value.get("type") or value.get("object") or owner
        for key, child in value.items():
            yield owner, (*path, key), child
            if key not in USERS_OWN:
                yield from members(child, key, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from members(child, owner, (*path, index))


def changed(event: dict[str, Any], path: tuple[Any, ...], *values: Any) -> dict[str, Any]:
    """A copy with another value at ``path``, or without it."""
    event = copy.deepcopy(event)
    place: Any = event
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    if values:
        place[path[-1]] = values[0]
    return event


def mutations() -> list[Mutation]:
    found: dict[tuple[str, str, str], list[tuple[Any, ...]]] = {}
    for event in EVENTS:
        for owner, path, value in members(event, "event"):
            ways: dict[str, tuple[Any, ...]] = {"absent": ()}
            ways["other type"] = (ANOTHER.get(type(value), {"x": []}),)
            if value is not None:
                ways["null"] = (None,)
            if isinstance(value, str):
                ways["other text"] = ("zzz",)
            for what, values in ways.items():
                found.setdefault((owner, path[-1], what), []).append((event, path, *values))
    return [Mutation(*key, places) for key, places in sorted(found.items())]


MUTATIONS = mutations()


def test_what_the_engine_makes_is_valid() -> None:
    assert VALIDATOR.stream(EVENTS) == []


def test_text_and_functions_alone_need_no_extension() -> None:
    assert testing.Validator(extensions=False).stream(traffic.words()) == []


def test_pictures_need_extensions_that_are_listed() -> None:
    found = testing.Validator(extensions=False).stream(traffic.pictures())
    assert {problem.spec for problem in found} == {"open_responses"}


@pytest.mark.parametrize(
    "mutation", [pytest.param(m, id=f"{m.owner}.{m.field} {m.what}") for m in MUTATIONS]
)
def test_one_broken_member_is_found(mutation: Mutation) -> None:
    for place in mutation.places:
        assert (VALIDATOR.event(changed(*place)) == []) is mutation.passes


def test_what_may_pass_is_really_there() -> None:
    there = {(m.owner, m.field) for m in MUTATIONS}
    for table in (MAY_BE_ABSENT, MAY_BE_NULL):
        assert {(owner, field) for owner in table for field in table[owner]} <= there
    assert {field for _, field in there} >= MAY_BE_ANY_TEXT


ITEM = {"type": "response.output_item.added", "output_index": 0, "sequence_number": 1}
CALL = {"type": "image_generation_call", "id": "ig_1", "status": "in_progress", "result": None}


def test_a_problem_says_where_and_what_is_right() -> None:
    event = ITEM | {"item": CALL | {"status": "drawn"}}
    (problem,) = VALIDATOR.stream([ITEM | {"item": CALL}, event])
    assert problem.event == 1
    assert problem.spec == "openrouter"
    assert problem.field == "item.status"
    assert problem.schema == "OutputImageGenerationCallItem/properties/status/enum"
    assert '"in_progress"' in problem.right
    assert str(problem).startswith("event 1: item.status: ")


def test_every_specification_that_names_the_event_says_so() -> None:
    wrong = ITEM | {"item": CALL, "output_index": "0"}
    specs = [problem.spec for problem in VALIDATOR.event(wrong)]
    assert specs == ["openapi", "open_responses", "openrouter", "seed"]


@pytest.mark.parametrize(
    ("item", "right"),
    [
        ({"type": "unheard_of", "id": "x"}, "nothing of type 'unheard_of' may stand here"),
        ({"id": "x"}, '"type" is a required property'),
        (7, 'not of type "object"'),
    ],
)
def test_what_is_no_item_is_found(item: Any, right: str) -> None:
    found = [problem.right for problem in VALIDATOR.event(ITEM | {"item": item})]
    assert len(found) >= 3
    assert any(right in each for each in found)


@pytest.mark.parametrize("kind", ["response.unheard_of", None, 7])
def test_an_event_that_nobody_names_is_found(kind: Any) -> None:
    (problem,) = VALIDATOR.event({"type": kind, "sequence_number": 0})
    assert problem.field == "type"
    assert VALIDATOR.event([])


def test_an_event_that_a_specification_lacks_must_be_listed() -> None:
    event = {"type": "response.mcp_call.in_progress", "item_id": "m", "output_index": 0}
    found = VALIDATOR.event(event | {"sequence_number": 0})
    assert [problem.spec for problem in found] == ["open_responses", "openrouter"]
    assert all("neither named there nor a listed extension" in p.right for p in found)


def test_events_come_decoded_as_text_or_as_values() -> None:
    text = json.dumps(EVENTS[0]).encode()
    assert VALIDATOR.stream([text, text.decode(), models.decode_event(text), EVENTS[0]]) == []


RESPONSE = EVENTS[-1]["response"]
PICTURE = {"b64_json": "aGVsaW8=", "output_format": "png", "size": "8x8", "quality": "low"}
PICTURE |= {"background": "opaque", "created_at": 1}
TOKENS = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
TOKENS |= {"input_tokens_details": {"image_tokens": 0, "text_tokens": 1}}
OPENROUTER_TOKENS = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
CARD = {"id": "a/b", "object": "model", "created": 1, "owned_by": "a", "name": "B"}
CARD |= {"description": "c", "input_modalities": ["text"], "output_modalities": ["text"]}
TOLD = {"type": "x", "code": "y", "message": "no", "param": None}
BODIES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("item", RESPONSE["output"][1], MAY_BE_ABSENT["image_generation_call"]),
    ("deleted", {"id": "resp_1", "object": "response", "deleted": True}, set()),
    ("error", {"error": {"message": "no", "type": "x", "param": None, "code": None}}, set()),
    ("openrouter error", {"error": {"code": 404, "message": "no", "metadata": {}}}, set()),
    (
        "compaction",
        {
            "id": "resp_1",
            "object": "response.compaction",
            "created_at": 1,
            "output": [{"type": "compaction", "id": "cmp_1", "encrypted_content": "x"}],
            "usage": RESPONSE["usage"],
        },
        set(),
    ),
    ("socket error", {"type": "error", "status": 400, "error": TOLD}, set()),
    ("image event", PICTURE | {"type": "image_edit.completed", "usage": TOKENS}, set()),
    ("image event", PICTURE | {"type": "image_generation.completed", "usage": TOKENS}, set()),
    (
        "image event",
        PICTURE | {"type": "image_generation.partial_image", "partial_image_index": 0},
        set(),
    ),
    (
        "openrouter image event",
        {"type": "image_generation.completed", "b64_json": "aGk=", "created": 1},
        set(),
    ),
    ("openrouter image event", {"type": "error", "error": {"message": "no"}}, set()),
    ("images", {"created": 1, "data": [{"b64_json": "aGk="}], "usage": TOKENS}, {"data", "usage"}),
    (
        "openrouter images",
        {"created": 1, "data": [{"b64_json": "aGk="}], "usage": OPENROUTER_TOKENS},
        {"usage"},
    ),
    ("model", CARD, set()),
    ("models", {"object": "list", "data": [CARD]}, set()),
]
BODY = {kind: body for kind, body, _ in BODIES}


@pytest.mark.parametrize(("kind", "body", "may_be_absent"), BODIES)
def test_a_body_is_valid_and_broken_anywhere_it_is_not(
    kind: str, body: dict[str, Any], may_be_absent: set[str]
) -> None:
    assert VALIDATOR.body(kind, body) == []
    assert VALIDATOR.body(kind, json.dumps(body)) == []
    for field, value in body.items():
        without = {name: other for name, other in body.items() if name != field}
        assert (VALIDATOR.body(kind, without) == []) is (field in may_be_absent), field
        other = ANOTHER.get(type(value), {"x": []})
        assert VALIDATOR.body(kind, body | {field: other}), field


def test_a_response_is_valid_as_a_body() -> None:
    assert VALIDATOR.body("response", RESPONSE) == []
    assert len(VALIDATOR.body("response", RESPONSE | {"output": None})) == 3


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/v1/responses/resp_1?stream=false", 200, RESPONSE),
        ("GET", "/v1/responses/resp_1", 404, BODY["error"]),
        ("GET", "/api/v1/responses/resp_1", 404, BODY["openrouter error"]),
        ("DELETE", "/v1/responses/resp_1", 200, BODY["deleted"]),
        ("PUT", "/v1/responses", 405, BODY["error"]),
        ("GET", "/v1/nothing", 404, BODY["error"]),
        ("GET", "/api/v1/nothing", 404, BODY["openrouter error"]),
        ("POST", "/v1/responses/resp_1/cancel", 200, RESPONSE),
        ("POST", "/v1/responses/compact", 200, BODY["compaction"]),
        ("POST", "/v1/images/edits", 200, BODY["images"]),
        ("GET", "/v1/models/a/b", 200, CARD),
        ("GET", "/healthz", 200, {"status": "ok"}),
    ],
)
def test_an_answer_is_held_to_what_its_path_promises(
    method: str, path: str, status: int, body: dict[str, Any]
) -> None:
    assert VALIDATOR.answer(method, path, status, body) == []
    assert VALIDATOR.answer(method, path, status, {"unlike": "all"})


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/v1/responses", EVENTS[0]),
        ("/v1/images/edits", BODY["image event"]),
        ("/api/v1/images", BODY["openrouter image event"]),
    ],
)
def test_an_event_is_held_to_what_its_path_streams(path: str, event: dict[str, Any]) -> None:
    assert VALIDATOR.answer_event("POST", path, event) == []
    assert VALIDATOR.answer_event("POST", path, event | {"type": "unheard_of"})


def test_a_message_of_a_websocket_is_an_event_or_an_envelope() -> None:
    assert VALIDATOR.message(EVENTS[0]) == []
    assert VALIDATOR.message(BODY["socket error"]) == []
    assert VALIDATOR.message({"type": "error", "sequence_number": 0, **TOLD})
    assert VALIDATOR.message([])


def test_a_path_that_does_not_stream_is_found() -> None:
    (problem,) = VALIDATOR.answer_event("GET", "/v1/models", EVENTS[0])
    assert problem.right == "GET /v1/models is not said to stream"


def test_a_status_that_the_path_does_not_promise_is_found() -> None:
    (problem,) = VALIDATOR.answer("GET", "/v1/models", 418, {})
    assert problem.right == "GET /v1/models is not said to answer 418"


@pytest.mark.parametrize("body", [b'{"error": {"message": "\\ud83d"}}', b'{"\\ud83d": 1}'])
def test_half_a_character_is_no_crash(body: bytes) -> None:
    value = json.loads(body)
    assert VALIDATOR.body("error", value)
    assert [str(problem) for problem in VALIDATOR.body("error", body)] == [
        str(problem) for problem in VALIDATOR.body("error", value)
    ]


@pytest.mark.parametrize("kind", [{}, [], None, 5])
def test_a_type_that_is_no_text_is_no_crash(kind: object) -> None:
    (problem,) = VALIDATOR.event({"type": kind})
    assert problem.field == "type"


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    with pytest.raises(errors.MissingExtra, match=r"heliograph\[testing\]"):
        testing.Validator()
