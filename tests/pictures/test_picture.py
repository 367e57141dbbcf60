"""Formats by their first bytes, data URLs, and a picture that decodes when it is asked."""

from __future__ import annotations

import base64
import io
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from heliograph import errors, pictures
from heliograph.pictures import Picture

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'


def made(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_formats_as_pillow_writes_them(kind: str) -> None:
    assert pictures.format_of(made(kind)) == kind
    assert pictures.media_type_of(made(kind)) == f"image/{kind}"
    assert pictures.data_url(made(kind)).startswith(f"data:image/{kind};base64,")


@pytest.mark.parametrize("data", [SVG, b"\xef\xbb\xbf\n<svg/>", b"<svg width='1'/>"])
def test_vectors(data: bytes) -> None:
    assert pictures.format_of(data) == "svg"
    assert pictures.media_type_of(data) == "image/svg+xml"


@pytest.mark.parametrize(
    "data", [b"", b"<html/>", b"RIFF0000WAVE", b"\x89PNG", b"svg", made("bmp")]
)
def test_what_is_no_picture(data: bytes) -> None:
    assert pictures.format_of(data) is None
    assert pictures.media_type_of(data) == "image/png"


@given(st.binary())
def test_data_urls_give_back_what_they_were_made_of(data: bytes) -> None:
    assert pictures.decode_data_url(pictures.data_url(data)) == data
    assert pictures.decode_data_url(f"data:image/svg+xml,{quote(data)}") == data


@given(st.text())
def test_any_text_is_a_data_url_or_an_error(text: str) -> None:
    for url in (text, f"data:{text}", f"data:image/png;base64,{text}"):
        with suppress(errors.PictureError):
            assert isinstance(pictures.decode_data_url(url), bytes)


def test_nothing_is_decoded_unasked() -> None:
    asked = []

    def read() -> bytes:
        asked.append(1)
        return made("gif")

    picture = Picture(read, declared="png", item_id="ig_1", output_index=2)
    assert repr(picture) == "<picture of ig_1, final>"
    assert (picture.final, picture.index, picture.url) == (True, None, None)
    assert not asked
    assert picture.format == "gif"  # what the bytes say counts
    assert picture.format == "gif"
    assert len(asked) == 1
    assert picture.bytes == picture.bytes == made("gif")
    assert len(asked) == 3  # and nothing is kept


def test_what_the_server_said_counts_where_the_bytes_say_nothing() -> None:
    assert Picture(b"?", declared="avif").format == "avif"
    assert Picture(b"?").format is None
    away = Picture(b"", url="https://pictures.example/1", declared="webp", index=1)
    assert away.format == "webp"
    assert repr(away) == "<picture, stage 1 at https://pictures.example/1>"
    filled = away.filled(made("png"))
    assert (filled.format, filled.url, filled.index, filled.final) == ("png", None, 1, False)
    assert base64.b64encode(filled.bytes) == base64.b64encode(made("png"))
