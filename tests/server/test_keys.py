"""The file of keys, and what a running server sees of it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from heliograph import errors
from heliograph.server import Keyring
from heliograph.server._key import LOOK_SECONDS, STALE_SECONDS, parse
from heliograph.server._keys import KeyWatch


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_key_has_an_id_and_256_bits_of_secret(tmp_path: Path) -> None:
    key, text = Keyring(tmp_path).create(name="ci")
    prefix, key_id, secret = text.split("_")
    assert (prefix, key_id) == ("hg", key.id)
    assert len(bytes.fromhex(secret)) == 32
    assert parse(text.encode()) == (key.id, secret.encode())
    assert text != Keyring(tmp_path).create()[1]


def test_only_a_hash_of_the_secret_is_kept(tmp_path: Path) -> None:
    key, text = Keyring(tmp_path).create(name="ci")
    secret = text.split("_")[2].encode()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert key.digest == hashlib.sha256(secret).digest()
    assert key.digest in kept
    assert secret not in kept
    assert bytes.fromhex(secret.decode()) not in kept


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_may_read_the_file(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        ring = Keyring(tmp_path / "new" / "folder")
        ring.create()
    finally:
        os.umask(before)
    if sys.platform != "win32":
        assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(ring.path.parent.stat().st_mode) == 0o700
    assert [file.name for file in ring.path.parent.iterdir()] == ["keys.db"]


def test_a_key_is_its_own_tenant_unless_one_is_named(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    alone, _ = ring.create()
    together = [ring.create(tenant="team")[0].tenant for _ in range(2)]
    assert alone.tenant == f"key-{alone.id}"
    assert together == ["team", "team"]
    assert ring.create(tenant=alone.tenant)[0].tenant == alone.tenant


def test_keys_are_listed_as_they_were_made(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, Clock())
    assert not ring.exists()
    assert ring.list() == []
    made = [
        ring.create(name="one", expires=2000.0)[0],
        ring.create(requests_per_minute=5, concurrent=0)[0],
    ]
    assert sorted(ring.list(), key=lambda key: key.name) == sorted(made, key=lambda key: key.name)
    assert ring.exists()


def test_a_revoked_key_stays_listed_and_revoked(tmp_path: Path) -> None:
    clock = Clock()
    ring = Keyring(tmp_path, clock)
    key, text = ring.create()
    for given in (text, f"hg_{key.id}", key.id):
        assert ring.revoke(given).revoked == 1000.0
        clock.now += 1
    assert [one.state(clock.now) for one in ring.list()] == ["revoked"]
    assert ring.exists()


def test_a_key_expires(tmp_path: Path) -> None:
    clock = Clock()
    key, _ = Keyring(tmp_path, clock).create(expires=1060.0)
    assert [key.state(now) for now in (1059.9, 1060.0)] == ["active", "expired"]


@pytest.mark.parametrize("tenant", ["", "a/b", "-a", "a" * 65, "a\n", "ä", "key:1"])
def test_a_tenant_has_a_plain_name(tmp_path: Path, tenant: str) -> None:
    with pytest.raises(errors.UsageError, match="tenant: "):
        Keyring(tmp_path).create(tenant=tenant)
    assert not (tmp_path / "keys.db").exists()


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "n" * 101])
def test_a_name_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.UsageError, match="name: "):
        Keyring(tmp_path).create(name=name)


def test_a_time_that_has_passed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="passed already"):
        Keyring(tmp_path, Clock()).create(expires=1000.0)


@pytest.mark.parametrize("given", ["", "x", "hg_", "0" * 12, "hg_" + "0" * 12])
def test_an_unknown_key_cannot_be_revoked(tmp_path: Path, given: str) -> None:
    ring = Keyring(tmp_path)
    ring.create()
    with pytest.raises(errors.UsageError, match="no key"):
        ring.revoke(given)


def test_a_mistaken_revocation_does_not_repeat_the_secret(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError) as refused:
        Keyring(tmp_path).revoke("hg_0123456789ab_" + "5ec3e7" * 10)
    assert "5ec3e7" not in str(refused.value)


def test_many_commands_at_once_lose_nothing(tmp_path: Path) -> None:
    def make() -> None:
        Keyring(tmp_path).create()

    threads = [threading.Thread(target=make) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Keyring(tmp_path).list()) == 12


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    ring.create()
    with sqlite3.connect(ring.path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(errors.ConfigError, match="newer Heliograph"):
        ring.list()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.db").write_text("no database, though it is long enough to be read as one")
    with pytest.raises(errors.ConfigError, match=r"keys\.db"):
        Keyring(tmp_path).list()


PARSED = ["", "hg_", "hg_1_2", "sk-abc", "hg_" + "0" * 12 + "_" + "0" * 63, " hg_"]


@pytest.mark.parametrize("text", PARSED)
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse(text.encode()) is None


class TestWatch:
    def test_changes_are_seen_at_the_next_look(self, tmp_path: Path) -> None:
        clock, ring = Clock(), Keyring(tmp_path)
        watch = KeyWatch(tmp_path, clock)
        watch.look()
        assert not watch.required
        key, _ = ring.create()
        assert watch.get(key.id) is None
        clock.now += LOOK_SECONDS
        assert watch.get(key.id) == key
        assert watch.required
        revoked = ring.revoke(key.id)
        assert watch.get(key.id) == key
        clock.now += LOOK_SECONDS
        assert watch.get(key.id) == revoked
        watch.close()

    def test_a_look_within_a_second_is_enough(self) -> None:
        assert LOOK_SECONDS <= 1

    def test_a_file_that_goes_away_lets_nobody_in(self, tmp_path: Path) -> None:
        clock, ring = Clock(), Keyring(tmp_path)
        key, _ = ring.create()
        watch = KeyWatch(tmp_path, clock)
        assert watch.get(key.id) == key
        ring.path.unlink()
        clock.now += LOOK_SECONDS
        assert watch.get(key.id) is None
        assert watch.required
        other, _ = ring.create()
        clock.now += LOOK_SECONDS
        assert watch.get(other.id) == other
        watch.close()

    def test_a_file_that_is_being_written_is_read_later(self, tmp_path: Path) -> None:
        clock, ring = Clock(), Keyring(tmp_path)
        key, _ = ring.create()
        watch = KeyWatch(tmp_path, clock)
        watch.look()
        writer = sqlite3.connect(ring.path, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE keys SET revoked = 1.0")
        clock.now += LOOK_SECONDS
        assert watch.get(key.id) == key
        writer.execute("COMMIT")
        writer.close()
        clock.now += LOOK_SECONDS
        seen = watch.get(key.id)
        assert seen is not None
        assert seen.revoked == 1.0
        watch.close()

    def test_a_file_that_cannot_be_read_ends_in_503(self, tmp_path: Path) -> None:
        clock, ring = Clock(), Keyring(tmp_path)
        key, _ = ring.create()
        watch = KeyWatch(tmp_path, clock)
        watch.look()
        ring.path.unlink()
        ring.path.mkdir()
        clock.now += STALE_SECONDS
        assert watch.get(key.id) == key
        clock.now += LOOK_SECONDS
        with pytest.raises(errors.ServerError) as refused:
            watch.look()
        assert (refused.value.status, refused.value.code) == (503, "keys_unreadable")
        ring.path.rmdir()
        fresh, _ = ring.create()
        assert watch.get(fresh.id) == fresh
        watch.close()

    def test_without_a_folder_there_are_no_keys(self) -> None:
        watch = KeyWatch(None)
        watch.look()
        assert not watch.required
        assert watch.get("0" * 12) is None
