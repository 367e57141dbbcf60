"""Texts of events, without decoding them: another sequence number, and what stands inside."""

from __future__ import annotations

import re

import msgspec

from ._json import scan

__all__ = ["member_text", "renumbered"]

_KEY = b'"sequence_number"'
_VALUE = re.compile(rb"[ \t\n\r]*:[ \t\n\r]*(-?[0-9]+)(?=[ \t\n\r,}])")


class _Numbered(msgspec.Struct):
    sequence_number: int | None = None


_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode = msgspec.json.Decoder(_Numbered).decode


def renumbered(data: bytes, number: int) -> bytes:
    """The JSON text of an event with this ``sequence_number``, every other byte as it was.

    ``data`` is the text of one JSON object. Where it has no number, one is put at its end. Where
    the key stands once, its value is replaced and read back, which is cheap; in all other cases
    (the key in a nested object, twice, or spelled with escapes) the text is taken apart.
    """
    at = data.find(_KEY)
    if at > 0 and data[at - 1] != 0x5C and data.find(_KEY, at + 1) < 0:
        found = _VALUE.match(data, at + len(_KEY))
        if found is not None:
            start, end = found.span(1)
            out = b"%b%d%b" % (data[:start], number, data[end:])
            try:
                if _decode(out).sequence_number == number:
                    return out
            except (msgspec.MsgspecError, UnicodeDecodeError):
                pass  # a lone surrogate, perhaps
    root = scan(data)
    node = root.get("sequence_number")
    if node is not None:
        return b"%b%d%b" % (data[: node.start], number, data[node.end :])
    end = root.members[-1][2].end if root.members else root.end - 1
    comma = b"," if root.members else b""
    return b'%b%b"sequence_number":%d%b' % (data[:end], comma, number, data[end:])


def member_text(data: bytes, key: str) -> bytes:
    """The text of one member of a JSON object, as it stands there. Raises ``KeyError``."""
    try:
        found = _members(data).get(key)
        if found is not None:
            return bytes(found)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass  # a lone surrogate, perhaps
    node = scan(data).get(key)
    if node is None:
        raise KeyError(key)
    return node.text
