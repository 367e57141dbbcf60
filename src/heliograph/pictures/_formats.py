"""Formats of pictures, by their first bytes, and data URLs (RFC 2397)."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pybase64

from heliograph.errors import PictureError

__all__ = ["SUFFIXES", "data_url", "decode_data_url", "format_of", "media_type_of"]

SUFFIXES = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg"),
    "webp": (".webp",),
    "gif": (".gif",),
    "svg": (".svg",),
}
"""Formats and what their files' names end with, the usual one first."""

_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
_MEDIA_TYPES = {"svg": "image/svg+xml"}
_HEAD = 1024  # bytes of XML among which an SVG's root element is looked for


def format_of(data: bytes) -> str | None:
    """``png``, ``jpeg``, ``webp``, ``gif`` or ``svg`` by the first bytes; None for anything else.

    Facts: PNG 1.2 section 3.1, ITU T.81 annex B, RFC 9649, GIF89a section 17, SVG 2 section 5.1.
    """
    for sign, name in _SIGNS:
        if data.startswith(sign):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "svg" if head.startswith(b"<") and b"<svg" in head else None


def media_type_of(data: bytes) -> str:
    """The media type that goes with `format_of`; ``image/png`` where the bytes say nothing."""
    name = format_of(data) or "png"
    return _MEDIA_TYPES.get(name, f"image/{name}")


def data_url(data: bytes, media_type: str | None = None) -> str:
    """A picture as a ``data:`` URL."""
    kind = media_type or media_type_of(data)
    return f"data:{kind};base64,{pybase64.b64encode(data).decode()}"


def decode_data_url(url: str) -> bytes:
    """What a ``data:`` URL holds. Raises `PictureError`."""
    head, comma, text = url.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise PictureError(f"no data URL: {url[:32]!r}")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(text)
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise PictureError(f"a data URL: {error}") from None
