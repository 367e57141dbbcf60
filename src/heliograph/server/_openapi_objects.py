"""The objects of the OpenAPI document: those that ``models`` gives, and those that are ours."""

from __future__ import annotations

from typing import Any

from heliograph import models

__all__ = ["OBJECTS", "REF", "SENT", "TAKEN", "Schema"]

Schema = dict[str, Any]

REF = "#/components/schemas/"

SENT = (
    models.OpenResponsesResult,
    models.StreamEvent,
    models.CompactedResponse,
    models.ImagesResponse,
    models.ImageGenerationResponse,
    models.ImageEditCompletedEvent,
    models.ImageEditPartialImageEvent,
    models.ImageGenCompletedEvent,
    models.ImageGenPartialImageEvent,
    models.ImageGenStreamErrorEvent,
    models.ImageGenTextChunkEvent,
)
TAKEN = (
    models.ResponsesRequest,
    models.CompactRequest,
    models.ImageGenerateParams,
    models.ImageEditParams,
    models.ImageGenerationRequest,
)


def _object(required: Schema, **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
    }


_STRING: Schema = {"type": "string"}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_INTEGER: Schema = {"type": "integer"}
_BOOLEAN: Schema = {"type": "boolean"}
_CAPABILITIES: Schema = {
    "type": "object",
    "additionalProperties": {"$ref": REF + "ImageCapability"},
}
_MAYBE_STRING: Schema = {"type": ["string", "null"]}
_MAYBE_INTEGER: Schema = {"type": ["integer", "null"]}


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": REF + name}}


def _events(**needs: Schema) -> Schema:
    """Events of an Images API, each with what this API asks of it beyond its own schema."""
    return {"oneOf": [{"allOf": [{"$ref": REF + name}, more]} for name, more in needs.items()]}


_PICTURE = ("background", "created_at", "output_format", "quality", "size")
_OPENAI_USAGE: Schema = {
    "type": "object",
    "required": ["input_tokens", "input_tokens_details", "output_tokens", "total_tokens"],
}

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
    "SocketError": _object(
        {
            "type": {"type": "string", "const": "error"},
            "status": _INTEGER,
            "error": _object(
                {"type": _STRING, "code": _STRING, "message": _STRING, "param": _MAYBE_STRING}
            ),
        }
    ),
    "DeletedResponse": _object(
        {
            "id": _STRING,
            "object": {"type": "string", "const": "response"},
            "deleted": {"type": "boolean", "const": True},
        }
    ),
    "InputItemPage": _object(
        {
            "object": {"type": "string", "const": "list"},
            "data": {"type": "array", "items": {"type": "object", "required": ["id"]}},
            "first_id": _MAYBE_STRING,
            "last_id": _MAYBE_STRING,
            "has_more": _BOOLEAN,
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
                    "is_moderated": _BOOLEAN,
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
    "ImageCapability": {
        "oneOf": [
            _object({"type": {"const": "enum"}, "values": _STRINGS}),
            _object({"type": {"const": "range"}, "min": _INTEGER, "max": _INTEGER}),
            _object({"type": {"const": "boolean"}}),
        ]
    },
    "ImageModelCard": _object(
        {
            "id": _STRING,
            "name": _STRING,
            "description": _STRING,
            "created": _INTEGER,
            "architecture": _object({"input_modalities": _STRINGS, "output_modalities": _STRINGS}),
            "supported_parameters": _CAPABILITIES,
            "supports_streaming": _BOOLEAN,
            "endpoints": _STRING,
        }
    ),
    "ImageModelList": _object({"data": _list_of("ImageModelCard")}),
    "ImageModelEndpoint": _object(
        {
            "allowed_passthrough_parameters": _STRINGS,
            "pricing": {"type": "array", "items": {"type": "object"}},
            "provider_name": _STRING,
            "provider_slug": _STRING,
            "provider_tag": _MAYBE_STRING,
            "supported_parameters": _CAPABILITIES,
            "supports_streaming": _BOOLEAN,
        }
    ),
    "ImageModelEndpoints": _object({"id": _STRING, "endpoints": _list_of("ImageModelEndpoint")}),
    "OpenAIImageEvent": _events(
        ImageGenPartialImageEvent={"required": [*_PICTURE]},
        ImageGenCompletedEvent={
            "required": [*_PICTURE, "usage"],
            "properties": {"usage": _OPENAI_USAGE},
        },
        ImageEditPartialImageEvent={},
        ImageEditCompletedEvent={},
        ImageGenStreamErrorEvent={},
    ),
    "OpenRouterImageEvent": _events(
        ImageGenPartialImageEvent={},
        ImageGenTextChunkEvent={},
        ImageGenCompletedEvent={"required": ["created"]},
        ImageGenStreamErrorEvent={},
    ),
    "Probe": _object({"status": {"type": "string", "enum": ["ok", "ready"]}}),
    "OpenApiDocument": _object({"openapi": _STRING, "info": {"type": "object"}}),
}
