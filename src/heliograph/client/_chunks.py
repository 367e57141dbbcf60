"""HTTP/1.1 chunks joined before the HTTP parser sees them.

A server that streams sends one small HTTP chunk per event, and httpx2's parser (h11) takes some
20 microseconds for each, far more than the event itself. `Joiner` sits under it, on the bytes of
one connection: the chunks that one read brought become one chunk with the same bytes in it. The
body is the same, and so is everything that matters about the framing: where the body ends, that it
was cut, that it is malformed (what does not look as expected goes through untouched, for h11 to
judge).

Theory of operation. ``start`` is called as a request is written; then come heads (an informational
one may precede the real one), then a body, which is only touched if it is plainly chunked.
*Complete* chunks of a read are joined. A chunk that the read brought only the beginning of goes
through as it is, and so does the rest of it: ``_left`` counts the bytes of it still to come. Only
an unfinished chunk *header* is held back until its end is there.

To cut quickly, a read is split at every CRLF, which gives size, bytes, size, bytes, ... if the
bytes have no CRLF in them. That they have none is checked: every size must be its bytes' length,
and then reading one by one would have found the same chunks. Else nothing is touched any more.
"""

from __future__ import annotations

import re

_HEAD_MAX = 100 * 1024
_SIZE_MAX = 16  # digits

_HEAD_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})[ \r]")
_CODING = re.compile(rb"\r\ntransfer-encoding:([^\r\n]*)", re.IGNORECASE)
_HEX = b"0123456789abcdefABCDEF"


class Joiner:
    """Joins the chunks of one connection's answers; see the module."""

    __slots__ = ("_feed", "_head", "_held", "_left")

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A request goes out: what comes next is an answer's head."""
        self._head = b""
        self._held = b""
        self._left = 0
        self._feed = self._in_head

    def feed(self, data: bytes) -> bytes:
        """What to hand on for ``data``; may be empty though ``data`` is not."""
        return self._feed(data)

    def _untouched(self, data: bytes) -> bytes:
        return data

    def _give_up(self, data: bytes) -> bytes:
        self._feed = self._untouched
        return data

    def _in_head(self, data: bytes) -> bytes:
        before = len(self._head)
        head = self._head + data
        end = head.find(_HEAD_END, max(0, before - 3))
        if end < 0:
            self._head = head
            return data if len(head) <= _HEAD_MAX else self._give_up(data)
        end += len(_HEAD_END)
        head = head[:end]
        self._head = b""
        status = _STATUS.match(head)
        if status is None:
            return self._give_up(data)
        if status[1].startswith(b"1") and status[1] != b"101":
            rest = self._in_head(data[end - before :]) if before + len(data) > end else b""
            return data[: end - before] + rest
        codings = _CODING.findall(head)
        if len(codings) != 1 or codings[0].strip(b" \t").lower() != b"chunked":
            return self._give_up(data)
        self._feed = self._in_body
        rest = data[end - before :]
        return data[: end - before] + (self._in_body(rest) if rest else b"")

    def _in_body(self, data: bytes) -> bytes:
        if self._left >= len(data):
            self._left -= len(data)
            return data
        if self._held:
            data = self._held + data
            self._held = b""
        start = self._left
        self._left = 0
        parts = (data[start:] if start else data).split(b"\r\n")
        tail = parts.pop()
        size = parts.pop() if len(parts) % 2 else None
        sizes = parts[0::2]
        chunks = parts[1::2]
        numbers = _numbers(sizes)
        if numbers is None:
            return self._give_up(data)
        last = numbers.index(0) if 0 in numbers else len(numbers)
        if numbers[:last] != list(map(len, chunks[:last])):
            return self._give_up(data)
        joined = sum(numbers[:last])
        rest = len(data) - start - joined - sum(map(len, sizes[:last])) - 4 * last
        if last < len(numbers) or size == b"0":
            self._feed = self._untouched
        elif size is not None:
            number = _numbers([size])
            if number is None or number[0] + 2 <= len(tail):
                return self._give_up(data)
            self._left = number[0] + 2 - len(tail)
        elif len(tail) > _SIZE_MAX + 1 or tail.strip(_HEX) not in (b"", b"\r"):
            return self._give_up(data)
        else:
            self._held = tail
            rest = 0
        if last < 2:
            return data[: len(data) - len(self._held)] if self._held else data
        return b"".join(
            (
                data[:start],
                b"%x\r\n" % joined,
                *chunks[:last],
                b"\r\n",
                data[len(data) - rest :] if rest else b"",
            )
        )


def _numbers(sizes: list[bytes]) -> list[int] | None:
    """Chunk sizes, or None where one is not plain hexadecimal."""
    if b"".join(sizes).strip(_HEX) or max(map(len, sizes), default=0) > _SIZE_MAX:
        return None
    try:
        return [int(size, 16) for size in sizes]
    except ValueError:
        return None
