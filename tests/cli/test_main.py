"""Bad input anywhere: one clear line, exit status 2, no traceback."""

from __future__ import annotations

import pytest

from heliograph.cli import main


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run a command that must be refused; its one line."""
    try:
        status = main(argv)
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2, captured
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ((), "COMMAND"),
        (("paint",), "paint"),
        (("draw",), "prompt"),
        (("draw", "a fox", "--size", "big"), "'big' is not WIDTHxHEIGHT (1024x1024) or auto"),
        (("draw", "a fox", "--format", "gif"), "gif"),
        (("draw", "a fox", "--partial-images", "-1"), "'-1' is not a whole number from 0"),
        (("draw", "a fox", "--seed", "x"), "'x' is not a whole number from 0"),
        (("draw", "a fox", "-o", "fox.bmp"), "--output: .bmp is none of .png, .webp, .jpg, .jpeg"),
        (("draw", "a fox", "-o", "fox.png", "--format", "webp"), "--format is webp"),
        (("draw", "a fox", "-o", "no/such/folder/fox.png"), "there is no folder no/such/folder"),
        (("serve", "--port", "70000"), "'70000' is not a port (0 to 65535)"),
        (("serve", "--config", "no-such.toml"), "no-such.toml"),
        (("check",), "FILE"),
        (("check", "no-such-capture.sse"), "no-such-capture.sse"),
        (("check", "-", "--dialect", "martian"), "martian"),
    ],
)
def test_bad_input_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], says: str
) -> None:
    assert says in refused(capsys, *argv)


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("heliograph 0.")
