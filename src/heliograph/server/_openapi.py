"""The API's OpenAPI 3.1 document: paths from rows, objects from ``models``.

A test holds the rows to the routes that the server has. An event stream's schema is that of one
event (``x-event-schema``), since OpenAPI 3.1 has no word for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from heliograph import models
from heliograph._version import __version__
from heliograph.server._errors import OPENROUTER_BASE
from heliograph.server._openapi_objects import OBJECTS, REF, SENT, TAKEN, Schema
from heliograph.server._openapi_rows import (
    ALWAYS,
    OPERATIONS,
    PARAMETERS,
    PROBES,
    RATE_HEADERS,
    STATUSES,
    Operation,
)

__all__ = ["openapi_document", "openapi_json"]

BASES = ("/v1", OPENROUTER_BASE)

_WHOLE = (
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset",
)
"""The headers that are whole numbers."""


def openapi_document() -> dict[str, Any]:
    """The document, as JSON values; a new one at each call."""
    document: dict[str, Any] = msgspec.json.decode(openapi_json())
    return document


@cache
def openapi_json() -> bytes:
    """The document as JSON text."""
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Heliograph",
                "version": __version__,
                "summary": "The Responses API, with an image tool for any model.",
                "description": (
                    "Under `/v1` errors and model cards have OpenAI's shape, under "
                    f"`{OPENROUTER_BASE}` OpenRouter's; all else is the same. Sets of values are "
                    "open (`x-extensible-enum`), and what a model or a provider behind this "
                    "server sends of a type that is not described here is passed on as it came."
                ),
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "security": [{}, {"key": []}],
            "paths": _paths(),
            "components": {
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
                "parameters": PARAMETERS,
                "schemas": _schemas(),
            },
        }
    )


def _schemas() -> dict[str, Schema]:
    found = models.schema_components(SENT, TAKEN)
    clash = found.keys() & OBJECTS.keys()
    if clash:
        raise ValueError(f"two schemas are called {sorted(clash)}")
    return dict(sorted({**found, **OBJECTS}.items()))


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {path: {"get": _probe(*probe)} for path, probe in PROBES.items()}
    paths["/metrics"] = {"get": _metrics()}
    for base in BASES:
        for operation in OPERATIONS:
            answer = _of(operation, base)
            if answer:
                methods = paths.setdefault(base + operation.path, {})
                methods[operation.method] = _operation(operation, base, answer)
    return paths


def _of(operation: Operation, base: str) -> str:
    if isinstance(operation.answer, str):
        return operation.answer
    return operation.answer[BASES.index(base)]


def _operation(operation: Operation, base: str, answer: str) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": REF + answer}}}
    uncounted = operation.path.startswith("/responses/{")
    rate = () if uncounted else RATE_HEADERS[base]
    headers = _headers("x-request-id", *rate)
    if operation.stream:
        content["text/event-stream"] = {
            "schema": {"type": "string"},
            "x-event-schema": {"$ref": REF + operation.stream},
            "x-event-sentinel": "[DONE]",
        }
        if operation.path.startswith("/responses"):
            headers = _headers("x-request-id", "x-response-id", "x-idempotency", *rate)
    told: dict[str, Any] = {
        "operationId": operation.id + ("" if base == BASES[0] else "OpenRouter"),
        "summary": operation.summary,
        "responses": {"200": {"description": "Done.", "headers": headers, "content": content}},
    }
    if operation.socket:
        told["x-websocket"] = {
            "description": operation.socket,
            "clientMessage": {
                "allOf": [
                    {
                        "type": "object",
                        "properties": {"type": {"const": "response.create"}},
                        "required": ["type"],
                    },
                    {"$ref": REF + operation.body},
                ]
            },
            "message": {"$ref": REF + operation.stream},
            "errorMessage": {"$ref": REF + "SocketError"},
        }
    if operation.parameters:
        told["parameters"] = [
            {"$ref": f"#/components/parameters/{name}"} for name in operation.parameters
        ]
    if operation.body:
        told["requestBody"] = {
            "required": True,
            "content": {operation.body_type: {"schema": {"$ref": REF + operation.body}}},
        }
    shape = "Error" if base == BASES[0] else "OpenRouterError"
    for status in sorted({*operation.refusals, *ALWAYS}):
        told["responses"][str(status)] = _refusal(status, shape, rate)
    return told


def _probe(name: str, summary: str, refusals: tuple[int, ...]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF + "Probe"}}}
    answers: dict[str, Any] = {"200": {"description": "Yes.", "content": content}}
    for status in refusals:
        answers[str(status)] = _refusal(status, "Error")
    return {"operationId": name, "summary": summary, "security": [{}], "responses": answers}


def _metrics() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    page = {"description": "Prometheus's text format.", "content": content}
    return {
        "operationId": "metrics",
        "summary": "The server's numbers, for Prometheus; not opened by an API key.",
        "security": [{}],
        "responses": {"200": page, "401": _refusal(401, "Error"), "403": _refusal(403, "Error")},
    }


def _refusal(status: int, shape: str, rate: tuple[str, ...] = ()) -> dict[str, Any]:
    more = {401: ("www-authenticate",), 429: ("retry-after", *rate), 503: ("retry-after",)}
    return {
        "description": STATUSES[status],
        "headers": _headers("x-request-id", *more.get(status, ())),
        "content": {"application/json": {"schema": {"$ref": REF + shape}}},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"schema": {"type": "integer" if name in _WHOLE else "string"}} for name in names}
