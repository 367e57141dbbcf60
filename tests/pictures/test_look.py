"""What a picture's first bytes say, held against Pillow's own files."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from heliograph.pictures import Look, look


def made(kind: str, mode: str = "RGB", size: tuple[int, int] = (37, 21), **how: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 7).save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (made("png"), "png"),
        (made("png", "RGBA"), "png"),
        (made("jpeg"), "jpeg"),
        (made("jpeg", "L", progressive=True), "jpeg"),
        (made("jpeg", exif=Image.Exif()), "jpeg"),
        (made("jpeg", comment=b"x" * 3000), "jpeg"),
        (made("webp"), "webp"),
        (made("webp", lossless=True), "webp"),
        (made("webp", "RGBA"), "webp"),
        (made("webp", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"), "webp"),
    ],
)
def test_format_and_size_are_read(data: bytes, kind: str) -> None:
    assert look(data) == Look(kind, 37, 21)
    assert look(data[:16]) is None


def test_what_is_no_picture_that_is_read_is_none() -> None:
    for data in (
        b"",
        b"hello",
        made("gif", "L"),
        made("bmp"),
        b"\xff\xd8\xff",
        b"RIFF....WEBPVP8 ",
    ):
        assert look(data) is None


def test_a_look_says_its_type() -> None:
    assert (Look("jpeg", 2, 3).media_type, Look("png", 2, 3).size) == ("image/jpeg", "2x3")
    assert Look("png", 2, 3).pixels == 6


@given(
    st.binary(max_size=64),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF1234WEBP"]),
)
def test_any_bytes_are_looked_at_without_an_error(rest: bytes, head: bytes) -> None:
    seen = look(head + rest)
    assert seen is None or seen.pixels > 0
