"""Pictures of a cassette: files beside it, with references where their base64 stood.

A body is a list of *pieces*: text as it is, ``{"picture": FILE, "base64": [FROM, TO]}`` for that
part of the base64 text of a file, ``{"bytes": BASE64}`` for what is no UTF-8 (a character that a
chunk's end cuts). Only base64 that encodes to the identical text again becomes a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pybase64

from heliograph import errors

__all__ = ["Pictures", "Pieces", "name_in", "named"]

Pieces = str | list[Any]

_SHORTEST = 256  # characters; what is shorter stays where it is
_STARTS = {b"iVBORw0KGgo": "png", b"/9j/": "jpg", b"UklGR": "webp", b"R0lGOD": "gif"}
_FOUND = re.compile(
    rb"(?<![A-Za-z0-9+/])(?:%b)[A-Za-z0-9+/]{%d,}={0,2}(?=[\"\\])"
    % (b"|".join(map(re.escape, _STARTS)), _SHORTEST)
)
_REFERENCE = "picture:"


class Pictures:
    """The pictures of one cassette, in the folder ``folder`` (made when there is a first one)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[str, bytes] = {}

    def cut(self, chunks: Sequence[bytes]) -> list[Pieces]:
        """Each chunk of a body as pieces; its pictures are in files afterwards."""
        body = b"".join(chunks)
        found = [place for match in _FOUND.finditer(body) for place in self._keep(match)]
        start = 0
        cut = []
        for chunk in chunks:
            cut.append(_simple(list(_pieces(body, start, start + len(chunk), found))))
            start += len(chunk)
        return cut

    def join(self, pieces: Pieces) -> bytes:
        """The chunk that was cut into ``pieces``. Raises ``UsageError`` for a picture not there."""
        if isinstance(pieces, str):
            return pieces.encode("utf-8", "surrogatepass")
        return b"".join(self._joined(piece) for piece in pieces)

    def _joined(self, piece: Any) -> bytes:
        if isinstance(piece, str):
            return piece.encode()
        if "bytes" in piece:
            return pybase64.b64decode(piece["bytes"])
        start, end = piece["base64"]
        return self._text(piece["picture"])[start:end]

    def _text(self, name: str) -> bytes:
        if name not in self._texts:
            if Path(name).name != name:
                raise errors.UsageError(f"{self._folder}: {name!r} is no file's name alone")
            try:
                data = (self._folder / name).read_bytes()
            except FileNotFoundError:
                raise errors.UsageError(
                    f"{self._folder / name} is not there; a cassette's pictures go where it goes"
                ) from None
            self._texts = {name: pybase64.b64encode(data)}  # one at a time is held
        return self._texts[name]

    def _keep(self, found: re.Match[bytes]) -> Iterator[tuple[int, int, str]]:
        text = found[0]
        if len(text) % 4 or pybase64.b64encode(data := pybase64.b64decode(text)) != text:
            return
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.{_kind(text)}"
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / name).write_bytes(data)
        yield found.start(), found.end(), name


def name_in(value: Any) -> Any:
    """JSON whose pictures are their digests' names, so that requests can be read and compared."""
    if isinstance(value, dict):
        return {name: name_in(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [name_in(inner) for inner in value]
    if not isinstance(value, str) or len(value) < _SHORTEST:
        return value
    prefix, comma, text = value.rpartition(",")
    if not _is_picture(text):
        return value
    return f"{prefix}{comma}{named(pybase64.b64decode(text), _kind(text.encode()))}"


def named(data: bytes, kind: str = "bin") -> str:
    """How a request names bytes that it brought."""
    return f"{_REFERENCE}{hashlib.sha256(data).hexdigest()[:16]}.{kind}"


def _is_picture(text: str) -> bool:
    data = text.encode("utf-8", "surrogatepass")
    if not data.startswith(tuple(_STARTS)) or len(data) % 4:
        return False
    return bool(re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", data))


def _kind(text: bytes) -> str:
    return next(kind for start, kind in _STARTS.items() if text.startswith(start))


def _pieces(
    body: bytes, start: int, end: int, found: Iterable[tuple[int, int, str]]
) -> Iterator[Any]:
    at = start
    for begins, ends, name in found:
        if ends <= at or begins >= end:
            continue
        if begins > at:
            yield _text_piece(body[at:begins])
            at = begins
        until = min(ends, end)
        yield {"picture": name, "base64": [at - begins, until - begins]}
        at = until
    if at < end:
        yield _text_piece(body[at:end])


def _text_piece(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"bytes": pybase64.b64encode(data).decode()}


def _simple(pieces: list[Any]) -> Pieces:
    if not pieces:
        return ""
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], str) else pieces
