"""Pictures in terminals: what each protocol puts on the wire."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image

from heliograph.cli import _show


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("environ", "how"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "dumb"}, "none"),
        ({}, "none"),
    ],
)
def test_terminal_is_told_by_its_environment(environ: dict[str, str], how: str) -> None:
    assert _show.terminal(environ) == how


def test_kitty_payload_is_the_picture_in_bounded_pieces() -> None:
    noise = Image.effect_noise((128, 128), 80)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")

    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", _show.render(buffer.getvalue(), "kitty"))

    assert len(pieces) > 1
    assert all(len(payload) <= _show.CHUNK for _, payload in pieces)
    assert [control[-3:] for control, _ in pieces] == ["m=1"] * (len(pieces) - 1) + ["m=0"]
    shown = Image.open(io.BytesIO(base64.b64decode("".join(payload for _, payload in pieces))))
    assert shown.convert("L").tobytes() == noise.tobytes()


def test_iterm_payload_is_the_picture() -> None:
    shown = _show.render(png(8, 8, (1, 2, 3)), "iterm")
    payload = shown.removeprefix("\x1b]1337;File=inline=1;width=48:").removesuffix("\a")
    assert Image.open(io.BytesIO(base64.b64decode(payload))).getpixel((0, 0))[:3] == (1, 2, 3)


def test_blocks_hold_two_pixels_a_character() -> None:
    lines = _show.render(png(100, 50, (10, 200, 30)), "blocks").split("\n")
    assert len(lines) == _show.COLUMNS // 2 // 2
    assert all(line.count("▀") == _show.COLUMNS for line in lines)
    assert "38;2;10;200;30" in lines[0]


def test_a_terminal_that_shows_nothing_gets_nothing() -> None:
    assert _show.render(png(8, 8, (0, 0, 0)), "none") == ""
