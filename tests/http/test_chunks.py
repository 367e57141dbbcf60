"""The bypass changes no body: with it and without it the same is read, and fails the same."""

from __future__ import annotations

import random

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.http._chunks import Bypass

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunked(*chunks: bytes, spelling: str = "%x") -> bytes:
    return b"".join((spelling % len(c)).encode() + b"\r\n" + c + b"\r\n" for c in chunks)


def read(pieces: list[bytes], *, join: bool, answers: int = 1) -> tuple[list[bytes], list[str]]:
    """Each answer's body, and how it ended, as h11 sees the pieces; at the end of them, EOF."""
    bypass = Bypass()
    pieces = [piece for piece in pieces if piece]
    bodies: list[bytes] = []
    ends: list[str] = []
    connection = h11.Connection(h11.CLIENT)
    for _ in range(answers):
        connection.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
        connection.send(h11.EndOfMessage())
        bypass.start()
        body = b""
        try:
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    if not pieces:
                        connection.receive_data(b"")
                        continue
                    piece = pieces.pop(0)
                    piece = bypass.feed(piece) if join else piece
                    if piece:
                        connection.receive_data(piece)
                elif isinstance(event, h11.Data):
                    body += bypass.take(bytes(event.data)) if join else event.data
                elif isinstance(event, h11.EndOfMessage):
                    ends.append(f"end {event.headers.raw_items()}")
                    break
                elif isinstance(event, h11.ConnectionClosed):
                    ends.append("closed")
                    break
        except h11.RemoteProtocolError:
            ends.append("refused or cut")  # h11's words depend on the split, with or without us
        bodies.append(body)
        if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
            break
        connection.start_next_cycle()
    return bodies, ends


def split(data: bytes, rng: random.Random, count: int) -> list[bytes]:
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(count))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


CASES = {
    "events": HEAD + chunked(*(b"data: %d\n\n" % n for n in range(200))) + END,
    "one": HEAD + chunked(b"data: 1\n\n") + END,
    "none": HEAD + END,
    "large": HEAD + chunked(b"a" * 70_000, b"b", b"c" * 300) + END,
    "capitals and zeros": HEAD + chunked(b"a" * 171, b"b" * 12, spelling="%08X") + END,
    "trailers": HEAD + chunked(b"a", b"b") + b"0\r\nx-sum: 5\r\n\r\n",
    "extension": HEAD + chunked(b"a", b"b") + b"1;x=y\r\nc\r\n" + END,
    "space after the size": HEAD + chunked(b"a", b"b") + b"1 \r\nc\r\n" + END,
    "CRLF inside": HEAD + chunked(b"a\r\nb\r\n", b"2\r\nxx\r\n", b"\r\n", b"c") + END,
    "CR at a chunk's end": HEAD + chunked(b"a\r", b"b\r", b"\r", b"c") + END,
    "looks like chunks": HEAD + chunked(b"1\r\na\r\n0\r\n\r\n", b"b") + END,
    "informational": b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + chunked(b"a", b"b") + END,
    "content length": b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n1\r\na\r\n0\r\n\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\n\r\n" + chunked(b"a", b"b") + END,
    "old": b"HTTP/1.0 200 OK\r\n\r\n" + chunked(b"a", b"b") + END,
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "other coding": HEAD.replace(b"chunked", b"gzip, chunked") + chunked(b"a") + END,
    "cut in a chunk": HEAD + chunked(b"a", b"b") + b"5\r\nabc",
    "cut in a size": HEAD + chunked(b"a", b"b") + b"5",
    "cut between": HEAD + chunked(b"a", b"b"),
    "cut in the end": HEAD + chunked(b"a", b"b") + b"0\r\n",
    "cut in the head": HEAD[:40],
    "bad footer": HEAD + chunked(b"a") + b"1\r\nbXX" + chunked(b"c") + END,
    "short": HEAD + chunked(b"a") + b"3\r\nb\r\n" + chunked(b"c") + END,
    "bad size": HEAD + chunked(b"a", b"b") + b"zz\r\nc\r\n" + END,
    "negative size": HEAD + chunked(b"a", b"b") + b"-1\r\nc\r\n" + END,
    "0x size": HEAD + chunked(b"a", b"b") + b"0x1\r\nc\r\n" + END,
    "1_0 size": HEAD + chunked(b"a", b"b") + b"1_0\r\n" + b"c" * 16 + b"\r\n" + END,
    "no size": HEAD + chunked(b"a", b"b") + b"\r\nc\r\n" + END,
    "endless size": HEAD + chunked(b"a", b"b") + b"1" * 4000,
    "no HTTP": b"SSH-2.0-nope\r\n\r\n1\r\na\r\n",
}


@pytest.mark.parametrize("data", CASES.values(), ids=CASES.keys())
def test_h11_reads_the_same(data: bytes) -> None:
    expected = read([data], join=False)
    assert read([data], join=True) == expected
    bytewise = [data[i : i + 1] for i in range(len(data))] if len(data) < 20_000 else [data]
    assert read(bytewise, join=True) == expected
    rng = random.Random(data)
    for _ in range(60):
        assert read(split(data, rng, rng.randrange(1, 9)), join=True) == expected


def test_answers_on_one_connection() -> None:
    data = [CASES["events"], CASES["content length"], CASES["CRLF inside"], CASES["trailers"]]
    expected = read(list(data), join=False, answers=4)
    assert len(expected[0]) == 4
    assert read(list(data), join=True, answers=4) == expected
    rng = random.Random(3)
    for _ in range(40):
        pieces = [piece for answer in data for piece in split(answer, rng, 4)]
        assert read(pieces, join=True, answers=4) == expected


def test_the_parser_sees_one_token_per_read() -> None:
    bypass = Bypass()
    body = b"".join(b"data: %d\n\n" % n for n in range(500))
    token = b"1\r\n.\r\n"
    assert bypass.feed(HEAD + chunked(*body.splitlines(keepends=True))) == HEAD + token
    assert bypass.take(b".") == body
    assert bypass.feed(chunked(b"a", b"bc") + b"4\r\nde") == token
    assert bypass.take(b".") == b"abcde"
    assert bypass.feed(b"fg\r\n" + chunked(b"h", b"i") + b"1") == token
    assert bypass.take(b".") == b"fghi"
    assert bypass.feed(b"0") == b""
    more = bypass.feed(b"\r\n" + b"j" * 16 + b"\r\n" + chunked(b"k") + END)
    assert (more, bypass.take(b".")) == (token + END, b"j" * 16 + b"k")


def test_a_large_chunk_is_handed_on_uncopied() -> None:
    bypass = Bypass()
    bypass.feed(HEAD + b"%x\r\nabc" % 100_000)
    bypass.take(b".")
    piece = b"d" * 50_000
    bypass.feed(piece)
    assert bypass.take(b".") is piece


PART = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b"0", b"1", b"a", b"1\r\na\r\n", b"0\r\n\r\n", b"2\r\nab\r\n", b";x"]
)


@given(
    st.lists(PART, max_size=14).map(b"".join),
    st.lists(st.integers(0, 200), max_size=6),
    st.booleans(),
)
def test_any_bytes_in_any_split_are_read_the_same(
    body: bytes, cuts: list[int], wrapped: bool
) -> None:
    data = HEAD + (chunked(body, b"x", body) + END if wrapped and body else body)
    places = sorted(min(cut, len(data)) for cut in cuts)
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    assert read(pieces, join=True) == read([data], join=False)
