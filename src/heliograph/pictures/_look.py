"""What a picture's first bytes say: its format and its size in pixels, without decoding it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Look", "look", "measure"]


class Look(NamedTuple):
    """``format`` is ``png``, ``jpeg`` or ``webp``; ``width`` and ``height`` are pixels."""

    format: str
    width: int
    height: int

    @property
    def size(self) -> str:
        """``WIDTHxHEIGHT``."""
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def media_type(self) -> str:
        """``image/png`` and the like."""
        return f"image/{self.format}"


def look(data: bytes) -> Look | None:
    """The format and size of a PNG, JPEG or WebP picture; None for anything else.

    Facts: PNG 1.2 section 4.1.1 (IHDR), ITU T.81 annex B (SOF markers), RFC 9649 (WebP).
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        found = _number(data[16:20]), _number(data[20:24])
        return _sized("png", *found)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def measure(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of what ``look`` knows, and of a GIF's canvas; else None.

    Fact: GIF89a section 18 (logical screen descriptor).
    """
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    seen = look(data)
    return None if seen is None else (seen.width, seen.height)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _sized(kind: str, width: int, height: int) -> Look | None:
    return Look(kind, width, height) if width and height else None


def _jpeg(data: bytes) -> Look | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _sized("jpeg", _number(data[at + 7 : at + 9]), _number(data[at + 5 : at + 7]))
        else:
            at += 2 + _number(data[at + 2 : at + 4])
    return None


def _webp(data: bytes) -> Look | None:
    def little(start: int, size: int) -> int:
        return int.from_bytes(data[start : start + size], "little")

    kind = data[12:16]
    if len(data) < 30:
        return None
    if kind == b"VP8X":
        return Look("webp", little(24, 3) + 1, little(27, 3) + 1)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = little(21, 4)
        return Look("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _sized("webp", little(26, 2) & 0x3FFF, little(28, 2) & 0x3FFF)
    return None
