"""Streams without the pictures that they bring a second time.

A response's last event holds all of its pictures again, in one frame. Where each was saved as it
came, nobody needs them there, and together they may be larger than the memory. The thinner works on
the bytes before they are events: in one event, the first picture is let through (it may be the only
one), and of each further one that was shown before only the beginning, closed by ``CUT``, which is
no base64: what reads it gets an error and not half a picture.

Nothing is held back: what a chunk completes is complete in what comes out.
"""

from __future__ import annotations

import re

_KEPT = 256  # characters of base64 by which a picture is known
_MARK = re.compile(
    rb"(\r?\n\r?\n|\r\r)|"  # the end of an event, or the beginning of a picture
    rb'"(?:result|imageB64|imageUrl)"[ \t]{0,8}:[ \t]{0,8}"'
    rb"(?:data:image/[a-z0-9.+-]{1,32};base64,)?[A-Za-z0-9+/]{%d}" % _KEPT
)
_CONTEXT = 400  # more than the longest match
CUT = b"~ shown before, and passed over"


class Thinner:
    """``shown`` is how many pictures were shown; None for all that there are."""

    __slots__ = ("_before", "_count", "_cutting", "_shown")

    def __init__(self, shown: int | None = 0) -> None:
        self._shown = shown
        self._before = b""
        self._count = 0  # pictures in the event at hand
        self._cutting = False

    def show(self) -> None:
        """One more picture was shown."""
        if self._shown is not None:
            self._shown += 1

    def again(self) -> None:
        """The bytes of another connection follow."""
        self._before = b""
        self._count = 0
        self._cutting = False

    def feed(self, chunk: bytes) -> bytes:
        """``chunk``, thinned."""
        pieces: list[bytes] = []
        at = 0
        while at < len(chunk):
            if self._cutting:
                at = chunk.find(b'"', at)
                if at < 0:
                    break
                pieces.append(CUT)
                self._cutting = False
            passed = self._pass(chunk, at)
            pieces.append(chunk[at:passed])
            at = passed
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _pass(self, chunk: bytes, at: int) -> int:
        """How far ``chunk`` may go through from ``at``."""
        before = self._before
        text = before + chunk[at:] if before or at else chunk
        for mark in _MARK.finditer(text):
            if mark.end() <= len(before):
                continue  # was seen with the chunk before
            if mark[1]:
                self._count = 0
                continue
            self._count += 1
            if self._count > 1 and (self._shown is None or self._count <= self._shown):
                self._cutting = True
                self._before = b""
                return at + mark.end() - len(before)
        self._before = text[-_CONTEXT:]
        return len(chunk)
