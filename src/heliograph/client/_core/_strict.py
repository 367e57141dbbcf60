"""JSON Schemas made fit for ``strict: true``, or refused by the field's name.

What a strict schema may hold is OpenAI's list (Structured Outputs, "Supported schemas"), which
other servers copied: every property required, no others allowed, an object at the root, no ``$ref``
with words beside it. What merely narrows a value and is not on the list goes into the field's
description: the answer is held against the type all the same when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["NotStrict", "accepts_null", "nullable", "strict_schema"]

_KEPT = frozenset(
    {
        "title",
        "description",
        "type",
        "enum",
        "const",
        "pattern",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
    }
)
_DROPPED = frozenset(
    {"default", "discriminator", "examples", "deprecated", "readOnly", "writeOnly"}
)
_TOLD = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "uniqueItems": "no item twice",
    "contentEncoding": "in {}",
    "contentMediaType": "of type {}",
    "format": "format: {}",
}
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)
_WALKED = frozenset(
    {"$ref", "$defs", "anyOf", "oneOf", "allOf", "properties", "required", "items", "format"}
)
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_REF = "#/$defs/"


class NotStrict(ValueError):
    """What strict mode cannot say: ``field`` is its place, ``reason`` what is in the way."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """``schema``, whose definitions are under ``$defs``, as strict mode wants it.

    Raises `NotStrict`.
    """
    defs: Mapping[str, Any] = schema.get("$defs", {})
    root = {key: value for key, value in schema.items() if key != "$defs"}
    where = ""
    while (ref := root.pop("$ref", None)) is not None:
        where = _name(ref, where)
        root = {**defs[where], **root}
    if root.get("type") != "object":
        raise NotStrict(where, "is no object; put it into a field of a class")
    out = _node(root, where)
    found: dict[str, Any] = {}
    todo = [out]
    while todo:
        for ref in _refs(todo.pop()):
            name = _name(ref, where)
            if name not in found:
                found[name] = _node(defs[name], name)
                todo.append(found[name])
    if found:
        out["$defs"] = found
    return out


def accepts_null(schema: Mapping[str, Any]) -> bool:
    """Whether null is among a schema's values (a reference is not followed)."""
    kinds = schema.get("type")
    return (
        "null" in ([kinds] if isinstance(kinds, str) else kinds or ())
        or None in schema.get("enum", ())
        or any(accepts_null(one) for one in schema.get("anyOf", ()))
    )


def nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """``schema`` or null."""
    inner = dict(schema)
    words: dict[str, Any] = {
        key: inner.pop(key) for key in ("title", "description") if key in inner
    }
    return {**words, "anyOf": [inner, {"type": "null"}]}


def _name(ref: Any, where: str) -> str:
    if not isinstance(ref, str) or not ref.startswith(_REF):
        raise NotStrict(where, f"has the reference {ref!r}, which is none of {_REF}")
    return ref.removeprefix(_REF)


def _refs(node: Any) -> list[str]:
    """Every reference in a schema."""
    if isinstance(node, list):
        return [ref for one in node for ref in _refs(one)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for value in node.values() for ref in _refs(value)]


def _node(schema: Any, path: str) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or not set(schema) - _DROPPED - {"title", "description"}:
        raise NotStrict(path, "may be anything; say of which type it is")
    out: dict[str, Any] = {key: value for key, value in schema.items() if key in _KEPT}
    parts = [one for key in ("anyOf", "oneOf") for one in schema.get(key, ())]
    if parts:
        out["anyOf"] = [_node(one, path) for one in parts]
    every = schema.get("allOf", ())
    if len(every) > 1:
        raise NotStrict(path, "is several things at once (allOf), which strict mode has not")
    for one in every:
        out = {**_node(one, path), **out}
    if "$ref" in schema:
        ref = {"$ref": schema["$ref"]}
        out = {**out, "anyOf": [ref]} if out else ref
    kinds = out.get("type", ())
    if "object" in ([kinds] if isinstance(kinds, str) else kinds):
        _object(schema, path, out)
    if "array" in ([kinds] if isinstance(kinds, str) else kinds):
        _array(schema, path, out)
    _type_of_values(out)
    _tell(schema, path, out)
    return out


def _object(schema: Mapping[str, Any], path: str, out: dict[str, Any]) -> None:
    more = schema.get("additionalProperties", False)
    if "properties" not in schema:
        raise NotStrict(
            path, "is a map, which strict mode has not; use a list of pairs, or a class"
        )
    if more is not False:
        raise NotStrict(path, "allows fields that it does not name, which strict mode has not")
    properties = {
        name: _node(one, f"{path}.{name}" if path else name)
        for name, one in schema["properties"].items()
    }
    out.update(properties=properties, required=list(properties), additionalProperties=False)


def _array(schema: Mapping[str, Any], path: str, out: dict[str, Any]) -> None:
    if "prefixItems" in schema:
        raise NotStrict(path, "is a tuple of different things, which strict mode has not")
    out["items"] = _node(schema.get("items", {}), f"{path}[]")


def _type_of_values(out: dict[str, Any]) -> None:
    """Strict mode wants a ``type`` beside the values too."""
    values = [*out.get("enum", ()), *([out["const"]] if "const" in out else [])]
    kinds = list(dict.fromkeys(_JSON_TYPES[type(value)] for value in values))
    if kinds and "type" not in out:
        out["type"] = kinds[0] if len(kinds) == 1 else kinds


def _tell(schema: Mapping[str, Any], path: str, out: dict[str, Any]) -> None:
    """What strict mode has not: told in words where that can be, else refused."""
    told = []
    for key, value in schema.items():
        if key == "format" and value in _FORMATS:
            out[key] = value
        elif key in _TOLD and value is not False:
            told.append(_TOLD[key].format(value))
        elif not (
            key in _KEPT | _DROPPED | _WALKED | _TOLD.keys() or key == "additionalProperties"
        ):
            raise NotStrict(path, f"has {key}, which strict mode has not")
    if told:
        before = [out["description"]] if out.get("description") else []
        out["description"] = " ".join([*before, f"({'; '.join(told)})"])
