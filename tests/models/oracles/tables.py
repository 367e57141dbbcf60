"""Facts of specifications that no Python package carries: the test kit's tables."""

from __future__ import annotations

import functools
import re
from importlib.resources import files

from .shapes import Field, Obj, Shape

DATA = files("heliograph.testing") / "data"
KINDS = {"s": "string", "i": "integer", "n": "number", "b": "boolean", "0": "null", "*": "any"}


class TableObj(Obj):
    """An object read from a table: it has a name and fields, and no class."""

    def __init__(self, name: str, fields: str, tables: Tables) -> None:
        self.name = name
        self.text = fields
        self.tables = tables

    @functools.cached_property
    def fields(self) -> dict[str, Field]:
        result = {}
        for word in self.text.split():
            name, _, kinds = word.partition(":")
            result[name.rstrip("!")] = Field(self.tables.shape(kinds), name.endswith("!"))
        return result


class Tables:
    """`open_responses.txt`, whose first lines say how it is written."""

    def __init__(self, text: str) -> None:
        lines = "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))
        entries = re.split(r"\n(?=\S)", re.sub(r"\|\s+", "|", lines))
        self.objects: dict[str, TableObj] = {}
        self.groups: dict[str, str] = {}
        for entry in entries:
            name, sign, rest = re.split(r"\s+(:?=)\s*", entry, maxsplit=1)
            if sign == ":=":
                self.groups[name] = rest
            else:
                self.objects[name] = TableObj(name, rest, self)

    def shape(self, kinds: str) -> Shape:
        """The shape that `s|[Item]|0` says."""
        return functools.reduce(Shape.__or__, map(self._one, _split(kinds)), Shape())

    def _one(self, word: str) -> Shape:
        if word in KINDS:
            return Shape(frozenset({KINDS[word]}))
        if word[0] == "'":
            return Shape(frozenset({"string"}), constants=frozenset({word.strip("'")}))
        if word[0] == "[":
            return Shape(frozenset({"array"}), items=(self.shape(word[1:-1]),))
        if word[0] == "{":
            return Shape(frozenset({"object"}), values=(self.shape(word[1:-1]),))
        if word in self.groups:
            return self.shape(self.groups[word])
        return Shape(frozenset({"object"}), objects=(self.objects[word],))


def _split(kinds: str) -> list[str]:
    """Split at `|` outside of brackets."""
    return re.findall(r"\[.*\]|\{.*\}|[^|]+", kinds)


@functools.cache
def open_responses() -> Tables:
    return Tables((DATA / "open_responses.txt").read_text(encoding="utf-8"))


@functools.cache
def seed() -> dict[str, list[str]]:
    """The seed union: each member's fields."""
    table = Tables((DATA / "seed.txt").read_text(encoding="utf-8"))
    return {name: list(member.fields) for name, member in table.objects.items()}
