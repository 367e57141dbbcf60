"""Every rule of the standard as a vector: fed whole, byte by byte, split, and with a tail."""

from __future__ import annotations

import random
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.sse import MAX_FRAME, Decoder, Frame, FrameTooLarge


def frame(
    data: bytes | str,
    event: str = "message",
    id: str = "",  # noqa: A002
    retry: int | None = None,
) -> Frame:
    return Frame(data.encode() if isinstance(data, str) else data, event, id, retry)


VECTORS: dict[str, tuple[bytes, list[Frame]]] = {
    "nothing": (b"", []),
    "one": (b"data: a\n\n", [frame("a")]),
    "named": (b"event: x\ndata: a\n\n", [frame("a", "x")]),
    "many": (b"event: x\ndata: a\n\n" * 50, [frame("a", "x")] * 50),
    "many, some unnamed": (
        b"event: x\ndata: a\n\ndata: b\n\n" * 9,
        [frame("a", "x"), frame("b")] * 9,
    ),
    "name after data": (b"data: a\nevent: x\n\n", [frame("a", "x")]),
    "last name wins": (b"event: x\nevent: y\ndata: a\n\n", [frame("a", "y")]),
    "empty name is message": (b"event: x\nevent:\ndata: a\n\n", [frame("a")]),
    "name does not carry over": (
        b"event: x\ndata: a\n\ndata: b\n\n",
        [frame("a", "x"), frame("b")],
    ),
    "name without data is dropped": (b"event: x\n\ndata: b\n\n", [frame("b")]),
    "BOM": (b"\xef\xbb\xbfdata: a\n\n", [frame("a")]),
    "only one BOM": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [frame("b")]),
    "BOM later is text": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [frame("a")]),
    "half a BOM": (b"\xef\xbbdata: a\n\ndata: b\n\n", [frame("b")]),
    "BOM alone": (b"\xef\xbb\xbf", []),
    "CR": (b"event: x\rdata: a\r\rdata: b\r\r", [frame("a", "x"), frame("b")]),
    "CRLF": (b"event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", [frame("a", "x"), frame("b")]),
    "mixed ends": (b"data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\r", [frame("a\nb\nc"), frame("d")]),
    "LF CR is two ends": (b"data: a\n\rdata: b\n\r", [frame("a"), frame("b")]),
    "CR CR LF": (b"data: a\r\r\ndata: b\r\r\n", [frame("a"), frame("b")]),
    "comment": (b": hello\n\ndata: a\n\n", [frame("a")]),
    "comment inside": (b"event: x\n: hello\ndata: a\n:\n\n", [frame("a", "x")]),
    "empty comment lines": (b":\n:\n:\n\ndata: a\n\n", [frame("a")]),
    "comment that looks like data": (b":data: no\n\ndata: a\n\n", [frame("a")]),
    "lines of data": (b"data: a\ndata: b\ndata: c\n\n", [frame("a\nb\nc")]),
    "empty lines of data": (b"data\ndata\n\n", [frame("\n")]),
    "empty data is dispatched": (b"data\n\ndata:\n\ndata: \n\n", [frame("")] * 3),
    "no data, no frame": (b"id: 1\n\nevent: x\n\nretry: 5\n\n\n\n", []),
    "one space goes": (b"data:a\n\ndata: a\n\ndata:  a\n\n", [frame("a"), frame("a"), frame(" a")]),
    "a tab stays": (b"data:\ta\n\n", [frame("\ta")]),
    "colons in the value": (b"data: a:b: c\n\n", [frame("a:b: c")]),
    "unknown fields": (b"foo: x\nfoo\ndata: a\nDATA: b\ndata : c\n data: d\n\n", [frame("a")]),
    "leading space in the name": (b" event: x\ndata: a\n\n", [frame("a")]),
    "id": (b"id: 1\ndata: a\n\n", [frame("a", id="1")]),
    "id carries over": (
        b"id: 1\ndata: a\n\ndata: b\n\n" * 2,
        [frame("a", id="1"), frame("b", id="1")] * 2,
    ),
    "id without data counts": (b"id: 1\n\ndata: b\n\n", [frame("b", id="1")]),
    "ids in the common form": (
        b"event: x\nid: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n" * 3,
        [frame("a", "x", "1"), frame("b", id="1"), frame("c", id="2")] * 3,
    ),
    "empty id resets": (b"id: 1\ndata: a\n\nid\ndata: b\n\n", [frame("a", id="1"), frame("b")]),
    "id with NUL is ignored": (b"id: 1\nid: 2\x003\ndata: a\n\n", [frame("a", id="1")]),
    "retry": (b"retry: 1500\ndata: a\n\n", [frame("a", retry=1500)]),
    "retry zero": (b"retry: 0\ndata: a\n\n", [frame("a", retry=0)]),
    "retry leading zeros": (b"retry: 007\ndata: a\n\n", [frame("a", retry=7)]),
    "retry digits only": (
        b"retry: -1\nretry: +1\nretry: 1.5\nretry: 1 \n"
        b"retry:\nretry: \xd9\xa1\nretry: 1_0\ndata: a\n\n",
        [frame("a")],
    ),
    "retry is the block's": (b"retry: 5\n\ndata: a\n\n", [frame("a")]),
    "UTF-8": ("event: ✓\nid: é\ndata: 日本語 🦊\n\n".encode(), [frame("日本語 🦊", "✓", "é")]),
    "not UTF-8": (b"event: \xff\nid: \xfe\ndata: \xc3\n\n", [frame(b"\xc3", "\ufffd", "\ufffd")]),
    "NUL in data": (b"data: a\x00b\n\n", [frame("a\x00b")]),
    "cut before the blank line": (b"data: a\n\ndata: b\n", [frame("a")]),
    "cut inside a line": (b"data: a\n\ndata: b", [frame("a")]),
    "blank lines between": (b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n", [frame("a"), frame("b")]),
    "a form the fast path does not know, last": (
        b"data: a\n\n" * 20 + b"data:b\n\n",
        [frame("a")] * 20 + [frame("b")],
    ),
    "line separators that are not line ends": (
        "data: a\u2028b\u0085c\x0bd\x0ce\x1cf\n\n".encode(),
        [frame("a\u2028b\u0085c\x0bd\x0ce\x1cf")],
    ),
    "long line": (b"event: x\ndata: " + b"y" * 9000 + b"\n\n", [frame("y" * 9000, "x")]),
    "long among short": (
        b"data: a\n\nevent: x\ndata: " + b"y" * 9000 + b"\n\ndata: b\n\n",
        [frame("a"), frame("y" * 9000, "x"), frame("b")],
    ),
}


def run(pieces: list[bytes], max_frame: int = MAX_FRAME) -> list[Frame | int]:
    """The frames, then the bound if it was passed."""
    decoder = Decoder(max_frame)
    out: list[Frame | int] = []
    try:
        for piece in pieces:
            out += decoder.feed(piece)
        decoder.close()
    except FrameTooLarge as error:
        out.append(error.limit)
    return out


def split(data: bytes, rng: random.Random) -> list[bytes]:
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(1, 12)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


vectors = pytest.mark.parametrize(("data", "frames"), VECTORS.values(), ids=VECTORS.keys())


@vectors
def test_vector_whole(data: bytes, frames: list[Frame]) -> None:
    assert run([data]) == frames


@vectors
def test_vector_byte_by_byte(data: bytes, frames: list[Frame]) -> None:
    assert run([data[i : i + 1] for i in range(len(data))]) == frames


@vectors
def test_vector_in_random_splits(data: bytes, frames: list[Frame]) -> None:
    rng = random.Random(data)
    for _ in range(60):
        assert run(split(data, rng)) == frames


@vectors
def test_vector_with_trailing_data(data: bytes, frames: list[Frame]) -> None:
    for tail in (b"data: cut off", b"event: z\ndata: cut off\n", b": comment", b"id: 9\n"):
        if data.endswith((b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r")):
            assert run([data + tail]) == frames
            assert run([data, tail]) == frames


@vectors
def test_vector_after_other_frames(data: bytes, frames: list[Frame]) -> None:
    before = b"event: q\ndata: w\n\n" * 3
    if not data.startswith(b"\xef\xbb"):
        assert run([before + data]) == [frame("w", "q")] * 3 + frames
        assert run([before[:-1], before[-1:] + data]) == [frame("w", "q")] * 3 + frames


@vectors
def test_data_only_feed_agrees(data: bytes, frames: list[Frame]) -> None:
    assert Decoder().feed_data(data) == [f.data for f in frames]
    decoder = Decoder()
    rng = random.Random(data)
    assert [d for p in split(data, rng) for d in decoder.feed_data(p)] == [f.data for f in frames]


def test_any_buffer_is_taken_and_not_kept() -> None:
    decoder = Decoder()
    buffer = bytearray(b"event: x\ndata: a")
    assert decoder.feed(buffer) == []
    buffer[:] = b"zzzzzzzzzzzzzzzz"
    assert decoder.feed(memoryview(b"\n\n")) == [frame("a", "x")]


def test_stream_state_is_readable() -> None:
    decoder = Decoder()
    decoder.feed(b"id: 7\nretry: 250\n\ndata: abc")
    assert (decoder.last_id, decoder.retry, decoder.pending) == ("7", 250, 9)
    decoder.feed(b"\n\n")
    assert decoder.pending == 0
    decoder.close()


@pytest.mark.parametrize("size", [3, 5000, 600_000])
@pytest.mark.parametrize("tail", [b"", b"\n", b"\r", b"\r\n"])
def test_close_gives_what_a_blank_line_would_have(size: int, tail: bytes) -> None:
    one = b"event: x\ndata: " + b"a" * size
    two = one + b"\ndata:b"
    for data in (one, two):
        for step in (1 if size < 10 else 4096, 65536, len(data) + 9):
            decoder = Decoder()
            decoder.feed(one + b"\n\n")  # a large line gets a buffer only after another
            for at in range(0, len(data + tail), step):
                assert decoder.feed((data + tail)[at : at + step]) == []
            held = decoder.close()
            assert decoder.pending > 0
            assert decoder.feed(b"\n\n") == [frame(held, "x")]


@pytest.mark.parametrize("data", [b"", b"data: a\n\n", b": c", b"event: x\nid: 4", b"data"])
def test_close_gives_nothing_where_no_data_is_left(data: bytes) -> None:
    decoder = Decoder()
    decoder.feed(data)
    assert decoder.close() == b""


# -- the bound ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"data: " + b"x" * 95,
        b"data: " + b"x" * 95 + b"\n\n",
        b": " + b"x" * 99 + b"\n",
        b"event: " + b"x" * 94 + b"\n",
        b"data: " + b"x" * 40 + b"\ndata: " + b"x" * 54,
        b"data: x\n" * 60,
        b"data: x\r\n" * 60,
    ],
)
def test_bound_is_the_same_in_any_split(data: bytes) -> None:
    data = b"data: before\n\n" + data
    whole = run([data], 100)
    assert whole == [frame("before"), 100]
    assert run([data[i : i + 1] for i in range(len(data))], 100) == whole
    rng = random.Random(data)
    for _ in range(40):
        assert run(split(data, rng), 100) == whole


def test_bound_counts_one_frame_and_not_the_stream() -> None:
    data = b"data: " + b"x" * 80 + b"\n\n"
    assert run([data * 100], 100) == [frame("x" * 80)] * 100
    assert run([b": keep-alive\n" * 100], 100) == []


def test_exactly_the_bound_passes() -> None:
    assert run([b"data: " + b"x" * 94 + b"\n\n"], 100) == [frame("x" * 94)]


def test_error_stays() -> None:
    decoder = Decoder(8)
    assert decoder.feed(b"data: a\n\ndata: abcdef") == [frame("a")]
    for _ in range(2):
        with pytest.raises(FrameTooLarge) as caught:
            decoder.feed(b"data: b\n\n")
        assert caught.value.limit == 8
        assert caught.value.size > 8
        assert "max_frame" in str(caught.value)
    with pytest.raises(FrameTooLarge):
        decoder.close()
    with pytest.raises(ValueError, match="max_frame"):
        Decoder(0)


def test_default_bound_is_64_mebibytes() -> None:
    assert MAX_FRAME == 64 * 1024 * 1024


# -- size -----------------------------------------------------------------------------------------


def test_memory_of_a_long_line_is_a_small_multiple_of_it() -> None:
    size = 8 * 1024 * 1024
    for step in (64 * 1024, 1024, 7):
        total = size if step > 7 else size // 16
        piece = b"x" * step
        decoder = Decoder()
        tracemalloc.start()
        decoder.feed(b"data: ")
        for _ in range(total // step):
            decoder.feed(piece)
        (got,) = decoder.feed(b"\n\n")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(got.data) == total // step * step
        assert peak < 2.3 * total


def test_large_lines_of_every_size_after_each_other() -> None:
    sizes = [600_000, 600_100, 590_000, 2_000_000, 1_999_000, 20, 700_000, 3_000_000, 3_050_000]
    sizes += [3_300_000, 800_000, 524_288, 524_300]
    lines = [b"data: " + bytes([65 + n]) * size for n, size in enumerate(sizes)]
    lines.insert(3, b"junk: " + b"j" * 900_000)  # no data, hence no frame
    stream = b"\n\n".join(lines) + b"\n\n"
    for step in (100_000, 262_144, 4096, 3000):
        decoder = Decoder()
        found = []
        for at in range(0, len(stream), step):
            found += decoder.feed_data(stream[at : at + step])
        assert [(len(data), data[:1], set(data)) for data in found] == [
            (size, bytes([65 + n]), {65 + n}) for n, size in enumerate(sizes)
        ]
        assert decoder.pending == 0


def test_second_large_line_is_held_once() -> None:
    decoder = Decoder()
    line = b"data: " + b"x" * 6_000_000
    pieces = [line[at : at + 100_000] for at in range(0, len(line), 100_000)]
    for piece in pieces:
        decoder.feed_data(piece)
    decoder.feed_data(b"\n\n")
    tracemalloc.start()
    for piece in pieces:
        decoder.feed_data(piece)
    (data,) = decoder.feed_data(b"\n\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert data == line[6:]
    assert peak < 1.1 * len(line) + 600_000


# -- against a plain transcription of the standard ---------------------------------------------


def standard(data: bytes) -> list[Frame]:
    """The standard's algorithm, word for word and slow."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    lines = re.split(rb"\r\n|\r|\n", data)[:-1]
    frames: list[Frame] = []
    buffer, event, last_id, retry = b"", b"", b"", None
    for line in lines:
        if line == b"":
            if buffer != b"":
                name = event.decode("utf-8", "replace") or "message"
                frames.append(Frame(buffer[:-1], name, last_id.decode("utf-8", "replace"), retry))
            buffer, event, retry = b"", b"", None
            continue
        if line[:1] == b":":
            continue
        field, colon, value = line.partition(b":")
        if colon and value[:1] == b" ":
            value = value[1:]
        if field == b"event":
            event = value
        elif field == b"data":
            buffer += value + b"\n"
        elif field == b"id":
            if b"\0" not in value:
                last_id = value
        elif field == b"retry" and re.fullmatch(b"[0-9]+", value):
            retry = int(value)
    return frames


PARTS = st.sampled_from(
    [
        b"data: ", b"data:", b"data", b"event: ", b"event", b"id: ", b"id", b"retry: ", b": ", b":",
        b"\n", b"\n", b"\n\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n", b" ", b"x", b"{}", b"12",
        b"\0",
        b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xff", b"event: a\ndata: b\n\n", b"data: c\n\n",
        b"event: a\nid: 3\ndata: b\n\n", b"id: 4\ndata: c\n\n",
    ]
)  # fmt: skip
STREAMS = st.lists(PARTS | st.binary(max_size=4), max_size=40).map(b"".join)


@st.composite
def streams_and_splits(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    data = draw(STREAMS)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return data, [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(streams_and_splits())
def test_any_bytes_in_any_split_decode_as_the_standard_says(
    case: tuple[bytes, list[bytes]],
) -> None:
    data, pieces = case
    expected = standard(data)
    assert run([data]) == expected
    assert run(pieces) == expected
    decoder = Decoder()
    assert [d for p in pieces for d in decoder.feed_data(p)] == [f.data for f in expected]
    whole = Decoder()
    whole.feed(data)
    assert (whole.last_id, whole.retry) == (decoder.last_id, decoder.retry)


@given(streams_and_splits(), st.integers(1, 40))
def test_any_bytes_in_any_split_give_the_same_frames_or_the_bound(
    case: tuple[bytes, list[bytes]], bound: int
) -> None:
    data, pieces = case
    whole = run([data], bound)
    assert run(pieces, bound) == whole
    assert run([data[i : i + 1] for i in range(len(data))], bound) == whole
    unbounded = run([data])
    frames = [f for f in whole if isinstance(f, Frame)]
    assert frames == unbounded[: len(frames)]
    assert len(whole) > len(frames) or frames == unbounded
