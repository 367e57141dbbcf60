"""``heliograph draw`` end to end: its own server, over HTTP, to a file."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from heliograph import models, server
from heliograph.cli import main


def opened(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def test_draws_and_writes_a_stream_that_passes_the_strict_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, events = tmp_path / "fox.png", tmp_path / "fox.jsonl"

    status = main(
        ["draw", "a red fox", "-o", str(picture), "--size", "320x256", "--events", str(events)]
    )

    captured = capsys.readouterr()
    assert status == 0, captured.err
    assert opened(picture).size == (320, 256)
    assert "response.image_generation_call.partial_image (" in captured.err
    assert captured.err.rstrip().endswith("response.completed")
    assert "CC BY-SA 4.0" in captured.out

    decoded = [models.decode_event(line) for line in events.read_bytes().splitlines()]
    assert [e.sequence_number for e in decoded] == list(range(len(decoded)))
    assert len([e for e in decoded if isinstance(e, models.ImageGenCallPartialImageEvent)]) == 3
    assert main(["check", str(events)]) == 0


def test_json_says_what_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "boat.webp"

    assert main(["draw", "a boat", "-o", str(picture), "--size", "256x256", "--json"]) == 0

    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert captured.err == ""
    assert said["format"] == "webp"
    assert said["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert opened(picture).format == "WEBP"


def test_same_prompt_and_seed_give_the_same_picture(tmp_path: Path) -> None:
    def draw(name: str, seed: str) -> bytes:
        path = tmp_path / name
        assert main(["draw", "a hill", "-o", str(path), "--size", "256x256", "--seed", seed]) == 0
        return path.read_bytes()

    assert draw("a.png", "7") == draw("b.png", "7")
    assert draw("c.png", "8") != draw("d.png", "9")


def test_names_the_file_after_the_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "A red fox, at night!", "--size", "256x256", "--format", "jpeg"]) == 0
    assert opened(tmp_path / "a-red-fox-at-night.jpg").format == "JPEG"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("",), "input"),
        (("a fox", "--partial-images", "4"), "tools[0].partial_images"),
        (("a fox", "--size", "64x64"), "tools[0].size"),
        (("a fox", "--model", "no/such"), "model"),
    ],
)
def test_what_the_server_refuses_is_one_line_with_the_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], says: str
) -> None:
    status = main(["draw", *argv, "-o", str(tmp_path / "x.png")])

    captured = capsys.readouterr()
    assert status == 2, captured
    assert captured.err.startswith(f"heliograph draw: {says}")
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "x.png").exists()


async def test_uses_another_server_where_one_is_named(tmp_path: Path) -> None:
    own = server.Server(server.Settings(port=0))
    await own.start()
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "heliograph.cli", "draw", "a whale", "--size", "256x256",
            "-o", str(tmp_path / "whale.png"), "--base-url", f"{own.url}/v1",
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        _, said = await child.communicate()
    finally:
        await own.stop()
    assert child.returncode == 0, said
    assert opened(tmp_path / "whale.png").size == (256, 256)


def test_a_server_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["draw", "a fox", "-o", str(tmp_path / "x.png"), "--base-url", "http://127.0.0.1:9/v1"]
    assert main(argv) == 1
    assert capsys.readouterr().err.count("\n") == 1
