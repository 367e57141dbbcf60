"""The rows of the OpenAPI document: operations, parameters, statuses."""

from __future__ import annotations

from typing import Any, NamedTuple

from heliograph.server._query import INCLUDES

__all__ = [
    "ALWAYS",
    "OPERATIONS",
    "PARAMETERS",
    "PROBES",
    "RATE_HEADERS",
    "STATUSES",
    "Operation",
]


class Operation(NamedTuple):
    """One method of one path. ``answer``, ``body`` and ``stream`` (one event) name components.

    Where ``answer`` is a pair, the first is what stands under ``/v1``, the second under ``/api/v1``
    (``""``: the path is not there). ``refusals`` are the statuses that it can answer with besides
    those that every operation can. ``socket`` says what the path does for a WebSocket, which takes
    the same body and sends the same events.
    """

    id: str
    method: str
    path: str
    summary: str
    answer: str | tuple[str, str] = ""
    body: str = ""
    body_type: str = "application/json"
    stream: str = ""
    parameters: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()
    socket: str = ""


_DRAWS = (400, 404, 413, 429, 502, 503, 504)

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
        refusals=(*_DRAWS, 409),
        socket=(
            "A WebSocket at the same path takes one message a turn and sends each event as one "
            "message. `stream`, `stream_options` and `background` must not be sent."
        ),
    ),
    Operation(
        id="compactResponse",
        method="post",
        path="/responses/compact",
        summary="Compact a conversation: its output is the base of the next request's input.",
        body="CompactRequest",
        answer="CompactedResponse",
        refusals=_DRAWS,
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
        id="listInputItems",
        method="get",
        path="/responses/{response_id}/input_items",
        summary="What a response was made from, those of earlier turns included, a page at a time.",
        answer="InputItemPage",
        parameters=("ResponseId", "Limit", "Order", "After", "Before", "Include"),
        refusals=(400, 404),
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
        id="generateImage",
        method="post",
        path="/images/generations",
        summary="Draw pictures, as JSON or (`stream: true`) as events.",
        body="ImageGenerateParams",
        answer=("ImagesResponse", ""),
        stream="OpenAIImageEvent",
        refusals=_DRAWS,
    ),
    Operation(
        id="editImage",
        method="post",
        path="/images/edits",
        summary="Draw pictures from pictures, as JSON or (`stream: true`) as events.",
        body="ImageEditParams",
        answer=("ImagesResponse", ""),
        stream="OpenAIImageEvent",
        refusals=_DRAWS,
        body_type="multipart/form-data",
    ),
    Operation(
        id="createImages",
        method="post",
        path="/images",
        summary="Draw pictures, as JSON or (`stream: true`) as events.",
        body="ImageGenerationRequest",
        answer=("", "ImageGenerationResponse"),
        stream="OpenRouterImageEvent",
        refusals=_DRAWS,
    ),
    Operation(
        id="listImageModels",
        method="get",
        path="/images/models",
        summary="The models that draw, and what each supports.",
        answer=("", "ImageModelList"),
    ),
    Operation(
        id="listImageEndpoints",
        method="get",
        path="/images/models/{model}/endpoints",
        summary="Who draws for a model. Its id may hold slashes.",
        answer=("", "ImageModelEndpoints"),
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
    401: "No key, or one that is not known, was revoked or has expired.",
    403: "The key may not do this, or the request comes from where it may not.",
    404: "There is no such thing for this key.",
    405: "The path does not take this method.",
    409: "The `Idempotency-Key` was used with another body.",
    413: "The body is over the limit that the message names.",
    429: "Over a limit, of the key's or the queue's, that the message names; see `Retry-After`.",
    500: "The server failed.",
    502: "The provider broke its protocol.",
    503: (
        "The server is stopping, or full, or a provider is not there; `Retry-After` may say how "
        "long."
    ),
    504: "The provider took too long.",
}
ALWAYS = (401, 403, 405, 429, 500, 503)

RATE_HEADERS = {
    "/v1": tuple(f"x-ratelimit-{what}-requests" for what in ("limit", "remaining", "reset")),
    "/api/v1": tuple(f"x-ratelimit-{what}" for what in ("limit", "remaining", "reset")),
}
"""Per base path: where the key stands, on what counts against its requests per minute."""

_QUERY_BOOLEAN = {"type": "boolean", "default": False}
PARAMETERS: dict[str, dict[str, Any]] = {
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
    "Limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    },
    "Order": {
        "name": "order",
        "in": "query",
        "schema": {"type": "string", "enum": ["asc", "desc"], "default": "desc"},
    },
    "After": {
        "name": "after",
        "in": "query",
        "description": "The id of the item that the page comes after.",
        "schema": {"type": "string"},
    },
    "Before": {
        "name": "before",
        "in": "query",
        "description": "The id of the item that the page comes before.",
        "schema": {"type": "string"},
    },
    "Include": {
        "name": "include",
        "in": "query",
        "description": "A stored response holds all of these already.",
        "schema": {"type": "array", "items": {"type": "string", "enum": sorted(INCLUDES)}},
    },
}
