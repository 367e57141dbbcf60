"""The server's secret: from the environment, the data folder, or nowhere."""

from __future__ import annotations

import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from heliograph import errors
from heliograph.server._secret import FILE, VARIABLE, seals_of


def opens(first: str | None, second: str | None) -> bool:
    """Whether a server with the second folder opens what one with the first has sealed."""
    text = seals_of(first).of("t").close("reasoning", b"words")
    try:
        return seals_of(second).of("t").open("reasoning", text, "x") == b"words"
    except errors.BadRequest:
        return False


def test_a_folder_keeps_its_secret(tmp_path: Path) -> None:
    assert opens(str(tmp_path), str(tmp_path))
    assert not opens(str(tmp_path), str(tmp_path / "other"))
    assert len((tmp_path / FILE).read_bytes().strip()) >= 32
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [FILE]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    seals_of(str(tmp_path)).of("t").close("reasoning", b"")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_it_is_made_when_it_is_needed_and_not_before(tmp_path: Path) -> None:
    seals = seals_of(str(tmp_path / "data"))
    assert not (tmp_path / "data").exists()
    seals.of("t").close("reasoning", b"")
    assert (tmp_path / "data" / FILE).exists()


def test_without_a_folder_it_dies_with_the_server() -> None:
    assert not opens(None, None)


def test_a_fleet_shares_the_one_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "one secret for every server of the fleet")
    assert opens(str(tmp_path / "a"), str(tmp_path / "b"))
    assert opens(None, str(tmp_path / "b"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("secret", ["", "short", " " * 40 + "short"])
def test_a_short_one_in_the_environment_is_refused(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, secret)
    with pytest.raises(errors.ConfigError, match=rf"{VARIABLE} .* it takes 32 at least") as told:
        seals_of(None)
    assert "short" not in str(told.value)


def test_a_short_one_in_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("short")
    with pytest.raises(errors.ConfigError, match="it takes 32 at least"):
        seals_of(str(tmp_path))


def test_one_that_others_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text("x" * 40)
    (tmp_path / FILE).chmod(0o644)
    with caplog.at_level(logging.WARNING):
        seals_of(str(tmp_path))
    assert f"chmod 600 {tmp_path / FILE}" in caplog.text
    assert "x" * 40 not in caplog.text


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(errors.ConfigError, match=FILE):
        seals_of(str(tmp_path))


def test_servers_that_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    def seal(_: int) -> str:
        return seals_of(str(tmp_path)).of("t").close("reasoning", b"words")

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(seal, range(32)))
    mine = seals_of(str(tmp_path)).of("t")
    assert {mine.open("reasoning", text, "x") for text in texts} == {b"words"}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
