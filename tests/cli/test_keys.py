"""``heliograph keys``: what is printed where, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heliograph.cli import main
from heliograph.server import Keyring

Out = pytest.CaptureFixture[str]


def keys(*args: str) -> int:
    return main(["keys", *args])


def test_a_new_key_is_all_that_stands_on_stdout(tmp_path: Path, capsys: Out) -> None:
    assert keys("create", "--data", str(tmp_path / "new"), "--name", "ci") == 0
    out, err = capsys.readouterr()
    (key,) = Keyring(tmp_path / "new").list()
    assert out.startswith(f"hg_{key.id}_")
    assert out.count("\n") == 1
    assert "shown once" in err
    assert out.strip() not in err
    assert (key.name, key.tenant) == ("ci", f"key-{key.id}")


def test_a_key_takes_its_limits(tmp_path: Path, capsys: Out) -> None:
    options = ["--tenant", "team", "--requests-per-minute", "60", "--concurrent", "0"]
    assert keys("create", "--data", str(tmp_path), *options, "--expires", "90d") == 0
    (key,) = Keyring(tmp_path).list()
    assert (key.tenant, key.requests_per_minute, key.concurrent) == ("team", 60, 0)
    assert key.expires is not None
    assert abs(key.expires - key.created - 90 * 86400) < 60
    assert "tenant: team" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("when", "seconds"), [("30m", 1800), ("12h", 43200), ("1d", 86400), ("2999-01-02", None)]
)
def test_a_key_expires_in_a_while_or_on_a_day(
    tmp_path: Path, when: str, seconds: int | None
) -> None:
    assert keys("create", "--data", str(tmp_path), "--expires", when) == 0
    (key,) = Keyring(tmp_path).list()
    assert key.expires is not None
    if seconds is None:
        assert key.expires == 32472230400.0
    else:
        assert abs(key.expires - key.created - seconds) < 60


def test_the_list_shows_no_secret(tmp_path: Path, capsys: Out) -> None:
    keys("create", "--data", str(tmp_path), "--name", "first", "--concurrent", "3")
    keys("create", "--data", str(tmp_path), "--name", "second", "--tenant", "team")
    secrets = [line.split("_")[2] for line in capsys.readouterr().out.split()]
    assert keys("list", "--data", str(tmp_path)) == 0
    assert keys("list", "--json", "--data", str(tmp_path)) == 0
    out, _ = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("ID")
    assert "first" in lines[1]
    assert "server's" in lines[1]
    assert "team" in lines[2]
    assert [key["name"] for key in json.loads(lines[3])] == ["first", "second"]
    digests = [key.digest.hex() for key in Keyring(tmp_path).list()]
    assert not [word for word in (*secrets, *digests) if word in out]


def test_a_key_is_revoked_by_its_id_or_whole(tmp_path: Path, capsys: Out) -> None:
    keys("create", "--data", str(tmp_path))
    whole = capsys.readouterr().out.strip()
    assert keys("revoke", whole, "--data", str(tmp_path)) == 0
    out, _ = capsys.readouterr()
    (key,) = Keyring(tmp_path).list()
    assert out.startswith(f"hg_{key.id} is revoked since 2")
    assert whole not in out
    assert key.revoked is not None
    assert keys("list", "--data", str(tmp_path)) == 0
    assert "revoked" in capsys.readouterr().out


def test_a_folder_without_keys_says_so(tmp_path: Path, capsys: Out) -> None:
    assert keys("list", "--data", str(tmp_path)) == 0
    assert capsys.readouterr().out.startswith(f"no keys in {tmp_path}")
    assert keys("list", "--json", "--data", str(tmp_path)) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert not list(tmp_path.iterdir())


def test_the_servers_file_names_the_folder(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text('data = "kept"\n')
    assert keys("create", "--config", str(file)) == 0
    assert len(Keyring(tmp_path / "kept").list()) == 1
    file.write_text("port = 1\n")
    assert keys("create", "--config", str(file)) == 2
    assert "names no 'data' folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["create", "--tenant", "a/b"], "tenant: 'a/b' must be"),
        (["create", "--expires", "soon"], "--expires: 'soon' is neither"),
        (["create", "--expires", "2020-01-01"], "passed already"),
        (["revoke", "nobody"], "no key 'nobody'"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, capsys: Out, args: list[str], said: str
) -> None:
    assert keys(*args, "--data", str(tmp_path)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("heliograph keys: ")
    assert err.count("\n") == 1
    assert said in err


@pytest.mark.parametrize(
    "args", [["create"], ["list"], ["revoke", "x"], ["create", "--concurrent", "-1"], []]
)
def test_what_is_missing_is_said(args: list[str], capsys: Out) -> None:
    with pytest.raises(SystemExit) as ended:
        keys(*args)
    assert ended.value.code == 2
    assert "heliograph keys" in capsys.readouterr().err
