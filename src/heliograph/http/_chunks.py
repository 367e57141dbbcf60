"""HTTP/1.1 chunked bodies read past the HTTP parser, a read at a time.

A server that streams sends one small HTTP chunk per event, and httpx2's parser (h11) takes some
20 microseconds for each, far more than the event itself; of a large chunk it makes four copies.
`Bypass` sits under it, on the bytes of one connection. It takes chunked bodies apart itself and
hands h11 a *token* for each read: a chunk of one byte that says "there is more". Whoever reads the
body gets what is behind each token from `take`. The rest is h11's business as ever: heads, bodies
that are not chunked, where a body ends, that it was cut, what is malformed.

Theory of operation. ``start`` is called as a request is written. Then come heads (an informational
one may precede the real one), then a body, which is only touched if it is plainly chunked. What
does not look as expected goes to h11 from there on, at a place where h11 finds the same fault:
before the strange chunk's size, or right after a byte for which the chunk's end should come.

To cut quickly, a read is split at every CRLF, which gives size, bytes, size, bytes, ... if the
bytes have no CRLF in them. That they have none is checked: every size must be its bytes' length,
and then reading one by one would have found the same chunks. Else they are read one by one.
"""

from __future__ import annotations

import re

_HEAD_MAX = 100 * 1024
_KNOWN_MAX = 4096

_HEAD_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})[ \r]")
_CODING = re.compile(rb"\r\ntransfer-encoding:([^\r\n]*)", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})\r\n")
_UNFINISHED = re.compile(rb"[0-9a-fA-F]{0,16}\r?")
_HEX = re.compile(rb"[0-9a-fA-F]{1,16}")
_TOKEN = b"1\r\n.\r\n"
_OPEN_TOKEN = b"1\r\n."


class Bypass:
    """Reads the chunked bodies of one connection; see the module."""

    __slots__ = ("_feed", "_head", "_held", "_left", "_taken", "_tokens")

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A request goes out: what comes next is an answer's head."""
        self._head = b""
        self._held = b""  # the unfinished beginning of a chunk's size, or half of its end
        self._left = 0  # bytes of an open chunk still to come, its CRLF included
        self._taken: list[bytes] = []
        self._tokens = 0
        self._feed = self._in_head

    def feed(self, data: bytes) -> bytes:
        """What to hand to the parser for ``data``; may be empty though ``data`` is not."""
        return self._feed(data)

    def take(self, piece: bytes) -> bytes:
        """What stands behind a piece of body that the parser gave: itself, unless it is a token."""
        if not self._tokens:
            return piece
        self._tokens -= 1
        taken = self._taken
        self._taken = []
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _untouched(self, data: bytes) -> bytes:
        return data

    def _in_head(self, data: bytes) -> bytes:
        before = len(self._head)
        head = self._head + data
        end = head.find(_HEAD_END, max(0, before - 3))
        if end < 0:
            self._head = head
            if len(head) > _HEAD_MAX:
                self._feed = self._untouched
            return data
        end += len(_HEAD_END)
        head, rest, data = head[:end], head[end:], data[: end - before]
        self._head = b""
        status = _STATUS.match(head)
        codings = _CODING.findall(head)
        if status and status[1].startswith(b"1") and status[1] != b"101":
            return data + (self._in_head(rest) if rest else b"")
        if status and len(codings) == 1 and codings[0].strip(b" \t").lower() == b"chunked":
            self._feed = self._in_body
            return data + (self._in_body(rest) if rest else b"")
        self._feed = self._untouched
        return data + rest

    def _in_body(self, data: bytes) -> bytes:
        if self._left > len(data) + 1:
            self._taken.append(data)
            self._left -= len(data)
            return self._token()
        before = len(self._taken)
        if self._held:
            data = self._held + data
            self._held = b""
        at = 0
        if self._left:
            at = self._left
            if len(data) < at:  # a CR, maybe; its LF is still to come
                self._taken.append(data[: at - 2])
                self._held = data[at - 2 :]
                self._left = 2
                return self._token() if at > 2 else b""
            if at > 2:
                self._taken.append(data[: at - 2])
            self._left = 0
            if data[at - 2 : at] != b"\r\n":
                self._feed = self._untouched
                self._tokens += 1
                return _OPEN_TOKEN + data[at - 2 :]
        rest = self._many(data[at:] if at else data)
        return (self._token() if len(self._taken) > before else b"") + rest

    def _token(self) -> bytes:
        self._tokens += 1
        return _TOKEN

    def _many(self, data: bytes) -> bytes:
        """Take the chunks of ``data``, which begins with a size; what is left for the parser."""
        parts = data.split(b"\r\n")
        tail = parts.pop()
        whole = len(parts) // 2 * 2
        sizes = parts[0:whole:2]
        numbers = _numbers(sizes)
        chunks = parts[1:whole:2]
        if numbers is None or 0 in numbers or numbers != list(map(len, chunks)):
            return self._one_by_one(data, 0)
        self._taken += chunks
        if whole == len(parts):
            return self._one_by_one(tail, 0)
        return self._one_by_one(parts[-1] + b"\r\n" + tail, 0)

    def _one_by_one(self, data: bytes, at: int) -> bytes:
        while True:
            size = _SIZE.match(data, at)
            if size is None:
                if _UNFINISHED.fullmatch(data, at):
                    self._held = data[at:]
                    return b""
                break
            start = size.end()
            end = start + int(size[1], 16)
            if end == start:
                break
            if end + 2 > len(data):
                self._taken.append(data[start:end])
                self._left = end + 2 - len(data)
                if self._left < 2:
                    self._held = data[end:]
                    self._left = 2
                return b""
            self._taken.append(data[start:end])
            if data[end : end + 2] != b"\r\n":
                self._feed = self._untouched
                self._tokens += 1
                return _OPEN_TOKEN + data[end:]
            at = end + 2
        self._feed = self._untouched
        return data[at:]


_known: dict[bytes, int] = {}  # sizes as they were written; few differ, and int() is slow on bytes


def _numbers(sizes: list[bytes]) -> list[int] | None:
    """Chunk sizes, or None where one is not plain hexadecimal."""
    numbers = list(map(_known.get, sizes))
    if None not in numbers:
        return numbers  # type: ignore[return-value]
    if len(_known) > _KNOWN_MAX:
        _known.clear()
    for size in sizes:
        if not _HEX.fullmatch(size):
            return None
        _known[size] = int(size, 16)
    return [_known[size] for size in sizes]
