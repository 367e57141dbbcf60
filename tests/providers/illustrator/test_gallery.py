"""The gallery's script and its sheet of prompts."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

from heliograph.providers.image._illustrator import _read

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_the_sheet_has_twenty_prompts_and_every_one_is_understood() -> None:
    prompts = (EXAMPLES / "gallery.txt").read_text("utf-8").splitlines()
    assert len(prompts) == len(set(prompts)) == 20
    for prompt in prompts:
        assert _read.read(prompt).things, prompt


def test_the_script_writes_a_sheet_and_single_pictures_without_the_prompt(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a fox\nein Haus\n", "utf-8")
    script = [sys.executable, str(EXAMPLES / "gallery.py"), "--prompts", str(prompts)]
    options = ["--out", str(tmp_path / "out"), "--side", "256", "--columns", "2", "--captions"]
    subprocess.run([*script, *options], check=True, capture_output=True)
    with Image.open(tmp_path / "out" / "gallery.png") as sheet:
        assert sheet.width > 2 * 256
    for name in ("01.png", "02.png"):
        with Image.open(tmp_path / "out" / "gallery" / name) as picture:
            assert picture.size == (256, 256)
            assert not picture.info
