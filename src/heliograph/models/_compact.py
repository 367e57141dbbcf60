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
    """A node whose inside is read by ``look``."""

    __slots__ = ("_seen",)

    def __init__(self, data: bytes, start: int, end: int) -> None:
        super().__init__(data, _KINDS.get(data[start : start + 1], "literal"), start, end)
        self._seen = False

    def look(self) -> None:
        if self._seen or self.kind not in ("object", "array"):
            return
        self._seen = True
        text, at = self.text, self.start + 1
        try:
            if self.kind == "object":
                pairs = [(key, bytes(raw)) for key, raw in _members(text).items()]
                again = b",".join([b'"%b":%b' % (key.encode(), raw) for key, raw in pairs])
                for key, raw in pairs:
                    value = at + len(key.encode()) + 3
                    self.members.append((key, at, _Level(self.data, value, value + len(raw))))
                    at = value + len(raw) + 1
            else:
                items = [bytes(raw) for raw in _items(text)]
                again = b",".join(items)
                for raw in items:
                    self.items.append(_Level(self.data, at, at + len(raw)))
                    at += len(raw) + 1
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise NotCompact from error
        if again != text[1:-1]:
            raise NotCompact


def compact(data: bytes) -> Node:
    """The root of one JSON text. Looking into it or below raises ``NotCompact``."""
    return _Level(data, 0, len(data))
