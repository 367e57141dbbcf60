"""Frames to bytes: pictures spliced in, small events gathered, nothing large held twice."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest

from heliograph import sse
from heliograph.journal import BlobRef, BlobStore, Entry, Frame
from heliograph.server._frames import PIECE, WRITE, event_type, write_body, write_frame


class Blobs(BlobStore):
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.kept[sha256] = data
        return sha256

    async def get(self, sha256: str) -> bytes:
        return self.kept[sha256]


class Sink:
    def __init__(self) -> None:
        self.writes: list[bytes] = []

    async def __call__(self, data: bytes) -> None:
        self.writes.append(data)

    @property
    def whole(self) -> bytes:
        return b"".join(self.writes)


async def entry_with(blobs: Blobs, *pictures: bytes) -> tuple[Entry, bytes]:
    """An entry that leaves the pictures out, and its JSON with them in."""
    data, refs, whole = b'{"type":"a.b","pictures":[', [], b'{"type":"a.b","pictures":['
    for picture in pictures:
        data, whole = data + b'"', whole + b'"'
        refs.append(BlobRef(len(data), await blobs.put(picture), len(picture)))
        data, whole = data + b'",', whole + base64.b64encode(picture) + b'",'
    return Entry(data + b"0]}", tuple(refs)), whole + b"0]}"


@pytest.mark.parametrize("size", [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2])
async def test_pictures_are_spliced_in_whole(size: int) -> None:
    blobs, sink = Blobs(), Sink()
    entry, whole = await entry_with(blobs, os.urandom(size), b"", os.urandom(7))
    await write_body(entry, blobs, sink)
    assert sink.whole == whole
    framed = Sink()
    await write_frame(Frame(5, 1, (entry,)), 4, blobs, framed)
    assert framed.whole == b"event: a.b\nid: 5\ndata: " + whole + b"\n\n"


async def test_no_write_is_much_larger_than_a_piece() -> None:
    blobs, sink = Blobs(), Sink()
    entry, whole = await entry_with(blobs, os.urandom(5_000_000), os.urandom(5_000_000))
    await write_body(entry, blobs, sink)
    assert sink.whole == whole
    assert max(map(len, sink.writes)) <= PIECE * 4 // 3 + WRITE


async def test_small_events_of_a_frame_go_out_in_one_write() -> None:
    sink = Sink()
    entries = tuple(Entry(b'{"type":"x","n":%d}' % n) for n in range(100))
    await write_frame(Frame(10, 1, entries), 19, Blobs(), sink)
    assert len(sink.writes) == 1
    frames = sse.Decoder().feed(sink.whole)
    assert [int(frame.id) for frame in frames] == list(range(20, 110))
    assert frames[0].data == entries[10].data


async def test_nothing_is_written_for_what_was_seen() -> None:
    sink = Sink()
    await write_frame(Frame(0, 1, (Entry(b'{"type":"x"}'),)), 0, Blobs(), sink)
    assert sink.writes == []


async def test_line_ends_between_tokens_stay_inside_one_data_field() -> None:
    sink = Sink()
    pretty = b'{\r\n  "type": "x",\n  "n": 1\r}'
    await write_frame(Frame(0, 1, (Entry(pretty),)), -1, Blobs(), sink)
    (frame,) = sse.Decoder().feed(sink.whole)
    assert frame.event == "x"
    assert frame.data == b'{    "type": "x",   "n": 1 }'


@pytest.mark.parametrize(
    "data", [b'{"type":"a.b","x":1}', b'{"x":{"type":"no"},"type":"a.b"}', b'{ "type" : "a.b" }']
)
def test_the_type_is_found_wherever_it_stands(data: bytes) -> None:
    assert event_type(data) == b"a.b"
