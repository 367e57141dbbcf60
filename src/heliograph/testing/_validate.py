"""Holds what a server sends against its published OpenAPI and against each specification.

Every value is checked whole against our own document, and member by member against each
specification that names it: where one lacks a type that may stand there (``EXTENSIONS``), it says
nothing of that object, and the others still do.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from heliograph import errors, models, server
from heliograph.testing._tables import SPECS, table

__all__ = ["KINDS", "Problem", "Validator"]

OPENAPI = "openapi"
JSON = "application/json"
EVENTS = "text/event-stream"

KINDS: dict[str, dict[str, str]] = {
    "response": {
        OPENAPI: "OpenResponsesResult",
        "open_responses": "ResponseResource",
        "openrouter": "OpenResponsesResult",
    },
    "item": {OPENAPI: "OutputItem", "open_responses": "Item", "openrouter": "OutputItems"},
    "image event": {OPENAPI: "OpenAIImageEvent"},
    "openrouter image event": {OPENAPI: "OpenRouterImageEvent", "openrouter": "ImageStreamEvents"},
    "compaction": {OPENAPI: "CompactedResponse", "open_responses": "CompactResource"},
    "images": {OPENAPI: "ImagesResponse"},
    "openrouter images": {
        OPENAPI: "ImageGenerationResponse",
        "openrouter": "ImageGenerationResponse",
    },
    "openrouter image models": {
        OPENAPI: "ImageModelList",
        "openrouter": "ImageModelsListResponse",
    },
    "deleted": {OPENAPI: "DeletedResponse"},
    "error": {OPENAPI: "Error"},
    "openrouter error": {OPENAPI: "OpenRouterError", "openrouter": "BadRequestResponse"},
    "socket error": {OPENAPI: "SocketError", "open_responses": "WebSocketErrorEvent"},
    "model": {OPENAPI: "ModelCard"},
    "models": {OPENAPI: "ModelList"},
    "openrouter model": {OPENAPI: "OpenRouterModel"},
    "openrouter models": {OPENAPI: "OpenRouterModelList", "openrouter": "ModelsListResponse"},
}
"""What ``Validator.body`` knows: the schema's name in our document and in each specification."""

_PLUMBING = ("$ref", "$defs", "components", "schemas")
"""Words of a schema's path that say nothing of the specification."""


class Problem(NamedTuple):
    """One thing that is wrong.

    ``spec`` is ``openapi`` (our own document) or one of `SPECS`; ``schema`` the path of what is
    broken there, ``field`` where in the value (``response.output[0].status``, ``$`` the value
    itself), ``right`` what would be right. ``event`` counts a stream's events.
    """

    spec: str
    schema: str
    field: str
    right: str
    event: int | None = None

    @property
    def source(self) -> str:
        """The specification's name and the place in it."""
        return f"{SPECS.get(self.spec, 'our OpenAPI')}, {self.schema}"

    def __str__(self) -> str:
        where = "" if self.event is None else f"event {self.event}: "
        return f"{where}{self.field}: {self.right} ({self.source})"


class _Checked(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: Any) -> bool: ...

    def iter_errors(self, instance: Any) -> Iterator[Any]: ...


_NOTHING = "nothing of type"


class Validator:
    """Checks events and bodies; one may be shared by threads.

    With ``extensions=False`` nothing may be sent that some specification lacks: for traffic of
    text and functions. With ``relayed`` types that a specification does not name may stand
    everywhere: an upstream's own, passed on; what is named is held to all the same. Raises
    ``MissingExtra`` without the extra ``testing``.
    """

    def __init__(self, *, extensions: bool = True, relayed: bool = False) -> None:
        _library()
        self._extensions = extensions
        self._relayed = relayed

    def stream(self, events: Iterable[Any]) -> list[Problem]:
        """What is wrong with these events: decoded ones, their JSON, or JSON values."""
        return [
            problem._replace(event=index)
            for index, event in enumerate(events)
            for problem in self.event(event)
        ]

    def event(self, event: Any) -> list[Problem]:
        """What is wrong with one event."""
        value = _value(event)
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in models.EVENTS:
            return (
                []
                if self._relayed
                else [Problem(OPENAPI, "StreamEvent", "type", f"no specification names {kind!r}")]
            )
        found = list(self._check(OPENAPI, models.EVENTS[kind].__name__, value))
        for spec in SPECS:
            facts = table(spec, allow=self._extensions)
            if kind in facts.events:
                found += self._check(spec, facts.events[kind], value)
            elif spec != "seed" and kind not in facts.extensions and not self._relayed:
                right = f"{kind!r} is neither named there nor a listed extension"
                found.append(Problem(spec, "events", "type", right))
        return found

    def body(self, kind: str, data: Any) -> list[Problem]:
        """What is wrong with a body; ``kind`` is one of `KINDS`, ``data`` as for ``stream``."""
        value = _value(data)
        return [p for spec, name in KINDS[kind].items() for p in self._check(spec, name, value)]

    def answer(self, method: str, path: str, status: int, data: Any) -> list[Problem]:
        """What is wrong with the JSON answer to a request of a server's."""
        answers = _answers(method, path)
        if answers is None:
            return self._named("OpenRouterError" if path.startswith("/api/") else "Error", data)
        if str(status) not in answers:
            right = f"{method} {path} is not said to answer {status}"
            return [Problem(OPENAPI, "paths", "$", right)]
        return self._named(_name(answers[str(status)]["content"][JSON]["schema"]), data)

    def answer_event(self, method: str, path: str, event: Any) -> list[Problem]:
        """What is wrong with an event of the stream that answers a request of a server's."""
        told = (_answers(method, path) or {}).get("200", {}).get("content", {})
        if EVENTS not in told:
            return [Problem(OPENAPI, "paths", "$", f"{method} {path} is not said to stream")]
        name = _name(told[EVENTS]["x-event-schema"])
        return self.event(event) if name == "StreamEvent" else self._named(name, event)

    def message(self, message: Any) -> list[Problem]:
        """What is wrong with a message that a server sends over its WebSocket: an event, or the
        envelope of an error (an ``error`` event does not stand there)."""
        value = _value(message)
        if isinstance(value, dict) and value.get("type") == "error":
            return self.body("socket error", value)
        return self.event(value)

    def _named(self, name: str, data: Any) -> list[Problem]:
        """What is wrong with something that our document has a name for."""
        for kind, schemas in KINDS.items():
            if schemas[OPENAPI] == name:
                return self.body(kind, data)
        return list(self._check(OPENAPI, name, _value(data)))

    def _check(self, spec: str, name: str, value: Any) -> Iterator[Problem]:
        for error in _errors(_compiled(spec, name, self._extensions), value):
            problem = _problem(spec, name, error)
            if not (self._relayed and problem.right.startswith(_NOTHING)):
                yield problem


def _library() -> Any:
    try:
        import jsonschema_rs
    except ImportError:
        raise errors.MissingExtra("validating traffic", "testing") from None
    return jsonschema_rs


def _value(data: Any) -> Any:
    """JSON values of a decoded object or of JSON text; what is JSON values already stays."""
    if isinstance(data, Mapping | list):
        return data
    if not isinstance(data, bytes | bytearray | memoryview | str):
        data = models.encode(data)
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:  # a lone surrogate is legal JSON
        return json.loads(data if isinstance(data, str) else bytes(data))


def _errors(checked: _Checked, value: Any) -> list[Any]:
    try:
        return [] if checked.is_valid(value) else list(checked.iter_errors(value))
    except UnicodeEncodeError:
        return list(checked.iter_errors(_paired(value)))


def _paired(value: Any) -> Any:
    """The value with half characters as question marks: the library takes UTF-8 alone."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


@functools.cache
def _document() -> dict[str, Any]:
    return server.openapi_document()


@functools.cache
def _compiled(spec: str, name: str, extensions: bool) -> _Checked:
    if spec == OPENAPI:
        root = {"components": _document()["components"], "$ref": f"#/components/schemas/{name}"}
    else:
        facts = table(spec, allow=extensions)
        root = {"$defs": facts.schemas, "$ref": f"#/$defs/{name}"}
    checked: _Checked = _library().Draft202012Validator(root, mask="this")
    return checked


def _answers(method: str, path: str) -> dict[str, Any] | None:
    """What our document says that a path answers, by status; None where it has no such path.

    A method that the path does not take is answered as any other of its methods may be.
    """
    path = path.partition("?")[0]
    fitting = [template for template in _document()["paths"] if _fits(template, path)]
    if not fitting:
        return None
    best = path if path in fitting else max(fitting, key=len)
    operations = _document()["paths"][best]
    found = operations.get(method.lower(), next(iter(operations.values())))
    answers: dict[str, Any] = found["responses"]
    return answers


def _name(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _fits(template: str, path: str) -> bool:
    if template == path:
        return True
    head, brace, rest = template.partition("{")
    tail = rest.partition("}")[2]
    return bool(brace) and path.startswith(head) and path.endswith(tail)


def _problem(spec: str, name: str, error: Any) -> Problem:
    error = _innermost(error)
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.instance_path)
    schema = "/".join(str(p) for p in error.schema_path if p not in _PLUMBING) or name
    return Problem(spec, schema, path.removeprefix(".") or "$", _right(error))


def _innermost(error: Any) -> Any:
    """Through ``anyOf`` and ``oneOf``, by the branch that the value is meant for, to what is wrong.

    Meant for is one whose ``type`` the value has (the JSON type, and the tag).
    """
    for branch in getattr(error.kind, "context", ()):
        found = [_innermost(inner) for inner in branch]
        if found and not any(_elsewhere(inner, error.instance_path) for inner in found):
            return found[0]
    return error


def _elsewhere(error: Any, place: list[Any]) -> bool:
    at = error.instance_path
    if at == place:
        return error.kind.name in ("type", "enum", "const", "anyOf", "oneOf")
    return at == [*place, "type"] and error.kind.name in ("enum", "const")


def _right(error: Any) -> str:
    branches = getattr(error.kind, "context", ())
    tag = error.instance.get("type") if isinstance(error.instance, dict) else None
    if branches and isinstance(tag, str):
        return f"{_NOTHING} {tag!r} may stand here"
    if branches:
        said = [_right(_innermost(inner)) for branch in branches for inner in branch[:1]]
        return "; or ".join(dict.fromkeys(said))
    return str(error.message)
