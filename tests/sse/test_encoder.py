"""What the encoder writes, the decoder reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph import sse


def test_plain_frame() -> None:
    assert sse.encode(b"{}") == b"data: {}\n\n"
    assert sse.encode(b"{}", "a.b") == b"event: a.b\ndata: {}\n\n"
    assert sse.encode(b"{}", "a", "7", retry=9) == b"event: a\nid: 7\nretry: 9\ndata: {}\n\n"
    assert sse.encode(b"") == b"data: \n\n"


def test_line_ends_in_data_become_fields() -> None:
    assert sse.encode(b"a\nb\r\nc\rd") == b"data: a\ndata: b\ndata: c\ndata: d\n\n"


@pytest.mark.parametrize(
    "call",
    [
        lambda: sse.encode(b"", "a\nb"),
        lambda: sse.encode(b"", "a\rb"),
        lambda: sse.encode(b"", None, "a\nb"),
        lambda: sse.encode(b"", None, "a\0b"),
        lambda: sse.encode(b"", retry=-1),
    ],
)
def test_what_the_format_cannot_carry_is_refused(call) -> None:
    with pytest.raises(ValueError, match=r"event|id|retry"):
        call()


def test_comment_is_seen_by_no_reader() -> None:
    assert sse.comment("keep-alive") == b": keep-alive\n"
    assert sse.comment("a\nb") == b": a\n: b\n"
    assert sse.Decoder().feed(sse.comment("data: x\r\n\r\ndata: y")) == []


one_line = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1
)


@given(
    st.binary(max_size=80),
    one_line | st.none(),
    one_line | st.none(),
    st.integers(0, 10**9) | st.none(),
)
def test_round_trip(
    data: bytes,
    event: str | None,
    id: str | None,  # noqa: A002
    retry: int | None,
) -> None:
    raw = sse.encode(data, event, id, retry=retry)
    (frame,) = sse.Decoder().feed(raw + sse.comment("x"))
    assert frame.data == data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert frame.event == (event or "message")
    assert frame.id == (id or "")
    assert frame.retry == retry


def test_face_is_what_it_says() -> None:
    for name in sse.__all__:
        assert hasattr(sse, name)
    assert len(sse.__all__) == len(set(sse.__all__))
