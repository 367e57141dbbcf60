"""The API's OpenAPI 3.1 document: the paths here, the objects from ``models``.

A path's row is an `Operation`; a test holds the rows to the routes that the server has. An event
stream's schema is that of one event (``x-event-schema``), since OpenAPI 3.1 has no word for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import msgspec

from heliograph import models
from heliograph._version import __version__
from heliograph.server._errors import OPENROUTER_BASE
from heliograph.server._query import INCLUDES

__all__ = ["openapi_document", "openapi_json"]

Schema = dict[str, Any]

REF = "#/components/schemas/"
BASES = ("/v1", OPENROUTER_BASE)


class Operation(NamedTuple):
    """One method of one path. ``answer`` and ``stream`` name components.

    Where a pair is given, the first is what stands under ``/v1``, the second under ``/api/v1``
    (``""``: the path is not there). ``refusals`` are the statuses that it can answer with besides
    those that every operation can.
    """

    id: str
    method: str
    path: str
    summary: str
    answer: str | tuple[str, str] = ""
    body: str = ""
    stream: str = ""
    parameters: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()


OPERATIONS = (
    Operation(
        id="createResponse",
        method="post",
        path="/responses",
        summary="Make a response, as JSON or (`stream: true`) as events.",
        body="ResponsesRequest",
        answer="OpenResponsesResult",
        stream="StreamEvent",
        parameters=("IdempotencyKey",),
        refusals=(400, 404, 409, 413, 429, 500, 502, 503, 504),
    ),
    Operation(
        id="retrieveResponse",
        method="get",
        path="/responses/{response_id}",
        summary="A stored response, or (`stream=true`) its events: those there are, then the rest.",
        answer="OpenResponsesResult",
        stream="StreamEvent",
        parameters=("ResponseId", "Stream", "StartingAfter", "LastEventId", "Include"),
        refusals=(400, 404),
    ),
    Operation(
        id="deleteResponse",
        method="delete",
        path="/responses/{response_id}",
        summary="Delete a response and all that was stored for it.",
        answer="DeletedResponse",
        parameters=("ResponseId",),
        refusals=(404,),
    ),
    Operation(
        id="cancelResponse",
        method="post",
        path="/responses/{response_id}/cancel",
        summary="Stop a response that runs.",
        answer="OpenResponsesResult",
        parameters=("ResponseId",),
        refusals=(404,),
    ),
    Operation(
        id="listModels",
        method="get",
        path="/models",
        summary="The models that are served.",
        answer=("ModelList", "OpenRouterModelList"),
    ),
    Operation(
        id="retrieveModel",
        method="get",
        path="/models/{model}",
        summary="One model. Its id may hold slashes.",
        answer=("ModelCard", "OpenRouterModel"),
        parameters=("Model",),
        refusals=(404,),
    ),
    Operation(
        id="retrieveModelByLink",
        method="get",
        path="/model/{model}",
        summary="One model, by the path that its card links to.",
        answer=("", "OpenRouterModel"),
        parameters=("Model",),
        refusals=(404,),
    ),
    Operation(
        id="readOpenApi",
        method="get",
        path="/openapi.json",
        summary="This document.",
        answer="OpenApiDocument",
    ),
)

PROBES: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "/healthz": ("health", "Whether the process answers.", ()),
    "/readyz": ("readiness", "Whether responses can be made.", (503,)),
}
"""Path to operation id, summary and refusals."""

STATUSES = {
    400: "The request is wrong; `param` names the field.",
    401: "No key, or one that is not known.",
    403: "The key may not do this, or the request comes from where it may not.",
    404: "There is no such thing for this key.",
    405: "The path does not take this method.",
    409: "The `Idempotency-Key` was used with another body.",
    413: "The body is over the limit that the message names.",
    429: "Too many requests; `Retry-After` says when to try again.",
    500: "The server failed.",
    502: "The provider broke its protocol.",
    503: "The server is stopping, or a provider is not there; `Retry-After` may say how long.",
    504: "The provider took too long.",
}
ALWAYS = (401, 403, 405, 500)

_QUERY_BOOLEAN = {"type": "boolean", "default": False}
PARAMETERS: dict[str, Schema] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same body attaches to the response already made.",
        "schema": {"type": "string"},
    },
    "ResponseId": {
        "name": "response_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
    },
    "Model": {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}},
    "Stream": {
        "name": "stream",
        "in": "query",
        "description": "Answer with events.",
        "schema": _QUERY_BOOLEAN,
    },
    "StartingAfter": {
        "name": "starting_after",
        "in": "query",
        "description": "With `stream=true`: the sequence number of the last event already seen.",
        "schema": {"type": "integer", "minimum": -1},
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "As `starting_after`, and newer than it.",
        "schema": {"type": "integer", "minimum": -1},
    },
    "Include": {
        "name": "include",
        "in": "query",
        "description": "A stored response holds all of these already.",
        "schema": {"type": "array", "items": {"type": "string", "enum": sorted(INCLUDES)}},
    },
}

SENT = (
    models.OpenResponsesResult,
    models.StreamEvent,
)
TAKEN = (models.ResponsesRequest,)


def _object(required: Schema, **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
    }


_STRING: Schema = {"type": "string"}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_INTEGER: Schema = {"type": "integer"}
_MAYBE_STRING: Schema = {"type": ["string", "null"]}
_MAYBE_INTEGER: Schema = {"type": ["integer", "null"]}


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": REF + name}}


OBJECTS: dict[str, Schema] = {
    "Error": _object(
        {
            "error": _object(
                {
                    "message": _STRING,
                    "type": _STRING,
                    "param": _MAYBE_STRING,
                    "code": _MAYBE_STRING,
                }
            )
        }
    ),
    "OpenRouterError": _object(
        {
            "error": _object(
                {
                    "code": _INTEGER,
                    "message": _STRING,
                    "metadata": _object({}, type=_STRING, param=_STRING, code=_STRING),
                }
            )
        }
    ),
    "DeletedResponse": _object(
        {
            "id": _STRING,
            "object": {"type": "string", "const": "response"},
            "deleted": {"type": "boolean", "const": True},
        }
    ),
    "ModelCard": _object(
        {
            "id": _STRING,
            "object": {"type": "string", "const": "model"},
            "created": _INTEGER,
            "owned_by": _STRING,
            "name": _STRING,
            "description": _STRING,
            "input_modalities": _STRINGS,
            "output_modalities": _STRINGS,
        },
        license=_STRING,
    ),
    "ModelList": _object(
        {"object": {"type": "string", "const": "list"}, "data": _list_of("ModelCard")}
    ),
    "OpenRouterModelCard": _object(
        {
            "id": _STRING,
            "canonical_slug": _STRING,
            "hugging_face_id": _MAYBE_STRING,
            "name": _STRING,
            "created": _INTEGER,
            "description": _STRING,
            "context_length": _MAYBE_INTEGER,
            "architecture": _object(
                {
                    "modality": _STRING,
                    "input_modalities": _STRINGS,
                    "output_modalities": _STRINGS,
                    "tokenizer": _STRING,
                    "instruct_type": _MAYBE_STRING,
                }
            ),
            "pricing": _object({"prompt": _STRING, "completion": _STRING}),
            "top_provider": _object(
                {
                    "context_length": _MAYBE_INTEGER,
                    "max_completion_tokens": _MAYBE_INTEGER,
                    "is_moderated": {"type": "boolean"},
                }
            ),
            "per_request_limits": {"type": ["object", "null"]},
            "supported_parameters": _STRINGS,
            "default_parameters": {"type": ["object", "null"]},
            "supported_voices": {"type": ["array", "null"], "items": _STRING},
            "links": _object({"details": _STRING}),
        }
    ),
    "OpenRouterModel": _object({"data": {"$ref": REF + "OpenRouterModelCard"}}),
    "OpenRouterModelList": _object(
        {
            "data": _list_of("OpenRouterModelCard"),
            "links": _object({"next": _MAYBE_STRING}),
            "total_count": _INTEGER,
        }
    ),
    "Probe": _object({"status": {"type": "string", "enum": ["ok", "ready"]}}),
    "OpenApiDocument": _object({"openapi": _STRING, "info": {"type": "object"}}),
}


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
    headers = _headers("x-request-id")
    if operation.stream:
        content["text/event-stream"] = {
            "schema": {"type": "string"},
            "x-event-schema": {"$ref": REF + operation.stream},
            "x-event-sentinel": "[DONE]",
        }
        headers = _headers("x-request-id", "x-response-id")
    told: dict[str, Any] = {
        "operationId": operation.id + ("" if base == BASES[0] else "OpenRouter"),
        "summary": operation.summary,
        "responses": {"200": {"description": "Done.", "headers": headers, "content": content}},
    }
    if operation.parameters:
        told["parameters"] = [
            {"$ref": f"#/components/parameters/{name}"} for name in operation.parameters
        ]
    if operation.body:
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": REF + operation.body}}},
        }
    shape = "Error" if base == BASES[0] else "OpenRouterError"
    for status in sorted({*operation.refusals, *ALWAYS}):
        told["responses"][str(status)] = _refusal(status, shape)
    return told


def _probe(name: str, summary: str, refusals: tuple[int, ...]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF + "Probe"}}}
    answers: dict[str, Any] = {"200": {"description": "Yes.", "content": content}}
    for status in refusals:
        answers[str(status)] = _refusal(status, "Error")
    return {"operationId": name, "summary": summary, "security": [{}], "responses": answers}


def _refusal(status: int, shape: str) -> dict[str, Any]:
    return {
        "description": STATUSES[status],
        "headers": _headers("x-request-id", *(["retry-after"] if status in (429, 503) else [])),
        "content": {"application/json": {"schema": {"$ref": REF + shape}}},
    }


def _headers(*names: str) -> dict[str, Any]:
    kinds = {"retry-after": _INTEGER}
    return {name: {"schema": kinds.get(name, _STRING)} for name in names}
