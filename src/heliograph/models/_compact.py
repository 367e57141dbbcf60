"""The tree of a text that is known to be JSON and has no white space, a level at a time.

Most texts are written like that, and to change a field of one only the levels above it are looked
at. msgspec finds the values; that they are all there, in this order and with nothing between them,
is seen by putting them together again.
"""

from __future__ import annotations

import msgspec

from ._json import Kind, Node

__all__ = ["NotCompact", "compact"]

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_KINDS: dict[bytes, Kind] = {b"{": "object", b"[": "array", b'"': "string"}


class NotCompact(Exception):
    """Spaces, a key twice, or one that is spelled with escapes: the text takes a whole scan."""


class _Level(Node):
    """A node whose inside is read by ``look``, and not there before."""

    __slots__ = ("_seen",)

    def __init__(self, data: bytes, start: int, end: int) -> None:
        # Not by way of Node: most are never looked into, and need no lists.
        self.data = data
        self.kind = _KINDS.get(data[start : start + 1], "literal")
        self.start = start
        self.end = end
        self._seen = False

    def look(self) -> None:
        if self._seen:
            return
        self._seen = True
        self.members, self.items = [], []
        text, at = self.text, self.start + 1
        try:
            if self.kind == "object":
                again = self._look_at_members(text, at)
            elif self.kind == "array":
                again = self._look_at_items(text, at)
            else:
                return
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise NotCompact from error
        if again != text:
            raise NotCompact

    def _look_at_members(self, text: bytes, at: int) -> bytes:
        spelled = []
        for key, raw in _members(text).items():
            spelled.append(one := b'"%b":%b' % (key.encode(), raw))
            end = at + len(one)
            self.members.append((key, at, _Level(self.data, end - len(raw), end)))
            at = end + 1
        return b"{%b}" % b",".join(spelled)

    def _look_at_items(self, text: bytes, at: int) -> bytes:
        items = _items(text)
        for raw in items:
            end = at + len(raw)
            self.items.append(_Level(self.data, at, end))
            at = end + 1
        return b"[%b]" % b",".join(items)


def compact(data: bytes) -> Node:
    """The root of one JSON text. Looking into it or below raises ``NotCompact``."""
    return _Level(data, 0, len(data))
