"""Journal entries to bytes on the wire: SSE frames, and JSON bodies with their pictures put back.

A picture's base64 is made here, once per write, a piece at a time: what one reader holds of a
picture is the picture and one piece of its base64, however large or slow the stream is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pybase64

from heliograph.journal import BlobRef, BlobStore, Entry, Frame

__all__ = ["PIECE", "WRITE", "Sink", "event_type", "write_body", "write_frame"]

PIECE = 768 * 1024
"""Bytes of a picture per write; a multiple of 3, so that pieces of base64 join without padding."""

WRITE = 256 * 1024
"""Small events are gathered into writes of about this size."""

Sink = Callable[[bytes], Awaitable[None]]

_TAG = b'{"type":"'


class _Typed(msgspec.Struct):
    type: str


def event_type(data: bytes) -> bytes:
    """The wire type of an event's JSON; a slice where the type comes first, as ours do."""
    if data.startswith(_TAG):
        return data[len(_TAG) : data.index(b'"', len(_TAG))]
    return msgspec.json.decode(data, type=_Typed).type.encode()


def _lines(data: bytes) -> bytes:
    """``data`` fit for one ``data:`` field: line ends in JSON are white space between tokens."""
    if b"\n" in data or b"\r" in data:
        return data.replace(b"\r", b" ").replace(b"\n", b" ")
    return data


class _Gather:
    """Joins what is added until it is worth a write."""

    __slots__ = ("_parts", "_sink", "size")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self.size += len(part)

    async def flush(self) -> None:
        if not self._parts:
            return
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        await self._sink(data)


async def _splice(
    gather: _Gather, data: bytes, refs: tuple[BlobRef, ...], blobs: BlobStore, *, lines: bool
) -> None:
    start = 0
    for ref in refs:
        text = data[start : ref.offset]
        gather.add(_lines(text) if lines else text)
        start = ref.offset
        picture = memoryview(await blobs.get(ref.sha256))
        for at in range(0, len(picture), PIECE):
            gather.add(pybase64.b64encode(picture[at : at + PIECE]))
            if gather.size >= WRITE:
                await gather.flush()
    text = data[start:] if start else data
    gather.add(_lines(text) if lines else text)


async def write_frame(frame: Frame, after: int, blobs: BlobStore, sink: Sink) -> None:
    """Write the frame's events past sequence number ``after``, as few large writes."""
    gather = _Gather(sink)
    begins, kind = b"no event", b""  # most events begin as the one before
    for sequence, entry in enumerate(frame.entries, frame.first):
        if sequence <= after:
            continue
        data = entry.data
        if not data.startswith(begins):
            kind = event_type(data)
            begins = b'%b%b"' % (_TAG, kind)
        if not entry.blobs:
            gather.add(b"event: %b\nid: %d\ndata: %b\n\n" % (kind, sequence, _lines(data)))
            if gather.size >= WRITE:
                await gather.flush()
            continue
        gather.add(b"event: %b\nid: %d\ndata: " % (kind, sequence))
        await _splice(gather, data, entry.blobs, blobs, lines=True)
        gather.add(b"\n\n")
    await gather.flush()


async def write_body(entry: Entry, blobs: BlobStore, sink: Sink) -> None:
    """Write the entry's JSON with its pictures in it."""
    gather = _Gather(sink)
    await _splice(gather, entry.data, entry.blobs, blobs, lines=False)
    await gather.flush()
