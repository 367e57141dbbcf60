"""A JSON reader that keeps where everything stood.

msgspec reads the ordinary case. This one reads the rest: text with lone surrogates or numbers out
of range (both legal JSON), and text whose parts must be found again, to cut an unknown item out
whole or to replace one value and leave every other byte as it came. It is strict about grammar:
NaN, comments, trailing commas and anything after the value are refused.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, Literal

__all__ = ["MAX_NESTING", "JSONError", "Kind", "Node", "parse", "scan", "too_deep"]

MAX_NESTING = 256
"""How deep arrays and objects may nest before a text is refused."""

_SPACE = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LITERAL = re.compile(rb"true|false|null")
_LITERALS = {b"true": True, b"false": False, b"null": None}
_NUMBER_HEADS = frozenset(bytes([c]) for c in b"-0123456789")
_CLOSER = {"object": b"}", "array": b"]"}
_TOO_DEEP = f"nested deeper than MAX_NESTING ({MAX_NESTING})"
_MAX_DIGITS = 4000  # int() refuses longer ones by default

_QUOTED = re.compile(rb'"[^"]*"')
_MARKS = bytes.maketrans(b"{}", b"[]")
_NOT_MARKS = bytes(c for c in range(256) if c not in b'[]{}"')
_STEP = [(c == 0x5B) - (c == 0x5D) for c in range(256)]
_PEEL = 8

Kind = Literal["object", "array", "string", "number", "literal"]


class JSONError(ValueError):
    """The text is not JSON, or nests too deep; ``position`` is a byte offset."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at byte {position}")


class Node:
    """One JSON value and its place: ``data[start:end]`` is its text.

    ``members`` holds an object's (key, offset of the key's quote, value) in the order of the text,
    duplicates included; ``items`` an array's values.
    """

    __slots__ = ("data", "end", "items", "kind", "members", "start")

    def __init__(self, data: bytes, kind: Kind, start: int, end: int) -> None:
        self.data = data
        self.kind = kind
        self.start = start
        self.end = end
        self.members: list[tuple[str, int, Node]] = []
        self.items: list[Node] = []

    def look(self) -> None:
        """Be ready to be looked into; a scanned node always is."""

    @property
    def text(self) -> bytes:
        """The value's own bytes."""
        return self.data[self.start : self.end]

    def get(self, key: str) -> Node | None:
        """The last member of that name: what a JSON parser would keep."""
        for name, _, node in reversed(self.members):
            if name == key:
                return node
        return None

    def value(self) -> Any:
        """As Python values. A number out of range is an infinity; a lone surrogate stays one."""
        if self.kind == "literal":
            return _LITERALS[self.text]
        return json.loads(self.text.decode(), parse_int=_integer)


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _MAX_DIGITS else float(text)


def parse(data: bytes) -> Any:
    """The Python values of one JSON text; raises ``JSONError``."""
    return scan(data).value()


def scan(data: bytes) -> Node:
    """The tree of one JSON text; raises ``JSONError``.

    No recursion: a stack of open containers, bounded by ``MAX_NESTING``.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise JSONError("not UTF-8", error.start) from None
    at = _skip(data, 0)
    root = node = _open(data, at)
    stack: list[Node] = []
    while True:
        at = node.end
        if node.kind in _CLOSER:
            if len(stack) >= MAX_NESTING:
                raise JSONError(_TOO_DEEP, node.start)
            at = _skip(data, at)
            if data[at : at + 1] != _CLOSER[node.kind]:
                stack.append(node)
                node = _next(data, at, node)
                continue
            at = node.end = at + 1
        while stack:
            parent = stack[-1]
            at = _skip(data, at)
            mark = data[at : at + 1]
            if mark == b",":
                node = _next(data, _skip(data, at + 1), parent)
                break
            if mark != _CLOSER[parent.kind]:
                raise JSONError(f"expected , or {_CLOSER[parent.kind].decode()}", at)
            at = parent.end = at + 1
            stack.pop()
        else:
            break
    at = _skip(data, at)
    if at != len(data):
        raise JSONError("something after the value", at)
    return root


def _skip(data: bytes, at: int) -> int:
    if data[at : at + 1] > b" ":  # nearly always
        return at
    found = _SPACE.match(data, at)
    return at if found is None else found.end()


def _next(data: bytes, at: int, parent: Node) -> Node:
    """The next value of an open container, hung into it."""
    if parent.kind == "array":
        node = _open(data, at)
        parent.items.append(node)
        return node
    found = _STRING.match(data, at)
    if found is None:
        raise JSONError("expected a key", at)
    colon = _skip(data, found.end())
    if data[colon : colon + 1] != b":":
        raise JSONError("expected :", colon)
    node = _open(data, _skip(data, colon + 1))
    quoted = found[0]
    key = json.loads(quoted.decode()) if b"\\" in quoted else quoted[1:-1].decode()
    parent.members.append((key, at, node))
    return node


def _open(data: bytes, at: int) -> Node:
    """The value that starts at ``at``; of a container only its opening bracket."""
    head = data[at : at + 1]
    kind: Kind
    if head == b"{":
        return Node(data, "object", at, at + 1)
    if head == b"[":
        return Node(data, "array", at, at + 1)
    if head == b'"':
        found, kind = _STRING.match(data, at), "string"
    elif head in _NUMBER_HEADS:
        found, kind = _NUMBER.match(data, at), "number"
    else:
        found, kind = _LITERAL.match(data, at), "literal"
    if found is None:
        raise JSONError("not JSON" if head else "the text ends too early", at)
    return Node(data, kind, at, found.end())


def too_deep(data: bytes) -> bool:
    """Whether a valid JSON text nests deeper than ``MAX_NESTING``; all in bytes methods."""
    if not _has_many_brackets(data):
        return False
    marks = data.replace(rb"\\", b"").replace(rb"\"", b"").translate(_MARKS, _NOT_MARKS)
    # strings that hold no bracket are now two quotes; joining neighbours moves no bracket out
    brackets = _QUOTED.sub(b"", marks.replace(b'""', b""))
    peeled = 0
    while brackets and peeled < _PEEL:  # each round takes the innermost level off every branch
        brackets = brackets.replace(b"[]", b"")
        peeled += 1
    steps = map(_STEP.__getitem__, brackets)
    return peeled + max(accumulate(steps), default=0) > MAX_NESTING


def _has_many_brackets(data: bytes) -> bool:
    """Whether more than ``MAX_NESTING`` brackets open; searching is faster here than counting."""
    find, left = data.find, MAX_NESTING
    for bracket in (b"[", b"{"):
        at = find(bracket)
        while at >= 0:
            if left == 0:
                return True
            left -= 1
            at = find(bracket, at + 1)
    return False
