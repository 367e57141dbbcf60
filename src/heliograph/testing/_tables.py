"""What specifications say of the objects that a server sends, from compact tables.

``data/open_responses.txt`` opens with how a table is written. ``Table`` reads one and gives it as
JSON Schemas. ``data/extensions.txt`` lists what a specification lacks and is sent all the same.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

__all__ = ["EXTENSIONS", "SPECS", "Extension", "Table", "table"]

Schema = dict[str, Any]

SPECS = {
    "open_responses": "Open Responses 2026-04-24",
    "openrouter": "OpenRouter",
    "seed": "@openrouter/sdk 0.0.0-beta.43",
}
"""The tables there are, and what each is of."""

_KINDS = {"s": "string", "i": "integer", "n": "number", "b": "boolean", "0": "null"}
_WORD = re.compile(r"\[.*\]|\{.*\}|[^|]+")
_DATA = files("heliograph.testing") / "data"


class Extension(NamedTuple):
    """``types`` stand at ``place`` (a group, or an object's field) though ``spec`` lacks them; the
    type ``{}`` is any object, where there are no types to tell objects by."""

    spec: str
    place: str
    types: tuple[str, ...]
    reason: str


def _lines(name: str) -> Iterator[str]:
    for line in (_DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _extensions() -> Iterator[Extension]:
    spec = place = ""
    for line in _lines("extensions.txt"):
        if line.startswith("    "):
            types, _, reason = line.strip().partition(": ")
            yield Extension(spec, place, tuple(types.split()), reason)
        else:
            spec, place = line.split()


EXTENSIONS = tuple(_extensions())


class Table:
    """One specification's objects: ``schemas`` by name, ``events`` wire type to name.

    ``allow`` lets the listed extensions stand where the specification lacks them.
    """

    def __init__(self, spec: str, *, allow: bool) -> None:
        self._extended: dict[str, tuple[str, ...]] = {}
        for extension in EXTENSIONS:
            if extension.spec == spec and allow:
                more = self._extended.get(extension.place, ())
                self._extended[extension.place] = more + extension.types
        text = re.sub(r"\|\s+", "|", "\n".join(_lines(f"{spec}.txt")))
        self._objects: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        for entry in re.split(r"\n(?=\S)", text):
            name, sign, rest = re.split(r"\s+(:?=)\s*", entry, maxsplit=1)
            (self._groups if sign == ":=" else self._objects)[name] = rest
        self.extensions = frozenset(self._extended.get("event", ()))
        self.schemas: dict[str, Schema] = {
            **{name: self._place(kinds, name) for name, kinds in self._groups.items()},
            **{name: self._object(name, fields) for name, fields in self._objects.items()},
        }
        self.events = {
            tag: name
            for name, schema in self.schemas.items()
            if "sequence_number" in schema.get("properties", ())
            for tag in schema["properties"]["type"]["enum"]
        }

    def _object(self, name: str, fields: str) -> Schema:
        properties: dict[str, Schema] = {}
        required = []
        for word in fields.split():
            field, _, kinds = word.partition(":")
            if field.endswith("!"):
                field = field.removesuffix("!")
                required.append(field)
            properties[field] = self._place(kinds, f"{name}.{field}")
        return {"type": "object", "properties": properties, "required": required}

    def _place(self, kinds: str, where: str) -> Schema:
        """The schema of ``s|[Item]|0``; an extension of ``where`` is one more kind."""
        found: list[Schema] = []
        scalars, constants = [], []
        for word in _WORD.findall(kinds):
            if word == "*":
                return {}
            if word in _KINDS:
                scalars.append(_KINDS[word])
            elif word[0] == "'":
                constants.append(word.strip("'"))
            elif word[0] == "[":
                found.append({"type": "array", "items": self._place(word[1:-1], where)})
            elif word[0] == "{":
                values = self._place(word[1:-1] or "*", where)
                found.append({"type": "object", "additionalProperties": values})
            else:
                found.append({"$ref": f"#/$defs/{word}"})
        if scalars:
            found.insert(0, {"type": scalars})
        if constants:
            found.insert(0, {"enum": constants})
        if "{}" in self._extended.get(where, ()):
            found.append({"type": "object"})
        if where in self._extended and any("$ref" in one for one in found):
            found.append(_extension(self._extended[where]))
        return found[0] if len(found) == 1 else {"anyOf": found}


def _extension(types: tuple[str, ...]) -> Schema:
    return {"type": "object", "properties": {"type": {"enum": [*types]}}, "required": ["type"]}


@functools.cache
def table(spec: str, *, allow: bool = True) -> Table:
    """The table of one of `SPECS`."""
    return Table(spec, allow=allow)
