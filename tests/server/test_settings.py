"""Settings: what a file may say, and what is refused before anything listens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from heliograph import errors
from heliograph.providers import Catalog
from heliograph.server import (
    Limits,
    NatsSettings,
    S3Settings,
    Server,
    Settings,
    SqliteSettings,
    create_app,
    load_settings,
)

NOBODY = Catalog(chat=[], images=[])


def _load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "heliograph.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == Settings()


def test_a_file_sets_what_it_names(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        'port = 0\ndata = "kept"\n[limits]\nkeep_alive_seconds = 5\nmax_tool_calls = 3\n'
        "[compat]\necho_without_hosted_tools = true\n",
    )
    assert settings.port == 0
    assert settings.data == str(tmp_path / "kept")
    assert settings.limits.keep_alive_seconds == 5
    assert settings.limits.max_tool_calls == 3
    assert settings.compat.echo_without_hosted_tools


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "unknown key 'prot'; allowed here: host, port, data"),
        ("[limits]\nbody = 1", "unknown key 'limits.body'; allowed here: concurrency"),
        ("[compat]\nx = 1", "unknown key 'compat.x'; allowed here: echo_without_hosted_tools"),
        ('port = "8080"', "port: expected `int`, got `str`"),
        ("port = 70000", "port is 70000, not 0 to 65535"),
        ('journal = "redis"', "journal: invalid enum value 'redis'"),
        ('[journal]\nkind = "redis"', "journal.kind: unknown kind 'redis'; allowed: sqlite, nats"),
        ('[journal]\nkind = "nats"\nserver = []', "unknown key 'journal.server'"),
        ('[journal]\nkind = "nats"\nservers = []', "journal.servers is empty"),
        ('[journal]\nkind = "nats"\nservers = ["host"]', "an address begins with one of nats://"),
        ('[journal]\nkind = "nats"\nservers = ["nats://u:secret@h"]', "no user or password"),
        ('[journal]\nkind = "nats"\nreplicas = 2', "journal.replicas is 2; allowed: 1, 3, 5"),
        ('[journal]\nkind = "nats"\nshards = 0', "journal.shards is 0"),
        ('[journal]\nkind = "nats"\nprefix = "a.b"', "journal.prefix"),
        ("[limits]\nmax_body_bytes = 0", "max_body_bytes is 0"),
        ("[limits]\nkeep_alive_seconds = -1", "keep_alive_seconds is -1"),
        ('key = "secret"', "unknown key 'key'"),
        ("port = ?\n", "line 1"),
    ],
)
def test_a_wrong_file_is_refused_by_the_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(errors.ConfigError) as refused:
        _load(tmp_path, text)
    assert said in str(refused.value)
    assert "heliograph.toml" in str(refused.value)
    assert "secret" not in str(refused.value)


BLOBS = "[journal]\nkind = 'nats'\n[journal.blobs]\n"
S3 = f"{BLOBS}kind = 's3'\nbucket = 'pictures'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{BLOBS}kind = 'gcs'", "journal.blobs.kind: unknown kind 'gcs'; allowed: nats, s3"),
        (f"{BLOBS}bucket = 'pictures'", "journal.blobs.kind: missing; allowed: nats, s3"),
        (f"{BLOBS}kind = 's3'", "journal.blobs.bucket: missing"),
        (f"{BLOBS}kind = 'nats'\nbucket = 'b'", "unknown key 'journal.blobs.bucket'"),
        (
            f"{BLOBS}kind = 's3'\nbucket = 'pictures'\nkey = 'hush'",
            "unknown key 'journal.blobs.key'; allowed here: kind, bucket, prefix, endpoint, region",
        ),
        (f"{BLOBS}kind = 's3'\nbucket = 's3://pictures'", "the bucket's name alone"),
        (f"{S3}prefix = '/a'", "journal.blobs.prefix: letters"),
        (f"{S3}endpoint = 'minio:9000'", "an address begins with https:// or http://"),
        (f"{S3}endpoint = 'https://k:hush@h'", "no key in an address"),
        (f"{S3}endpoint = 'https://h/pictures'", "the address alone, https://host"),
        (f"{S3}access_key_env = 'A'", "name both variables, or none"),
    ],
)
def test_a_wrong_place_for_blobs_is_refused_by_the_key(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(errors.ConfigError) as refused:
        _load(tmp_path, text)
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_file_names_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = "access_key_env = 'TEST_S3_KEY'\nsecret_key_env = 'TEST_S3_SECRET'\n"
    settings = _load(tmp_path, f"{S3}endpoint = 'https://storage'\n{keys}")
    journal = settings.journal
    assert isinstance(journal, NatsSettings)
    monkeypatch.setenv("TEST_S3_KEY", "k")
    with pytest.raises(errors.ConfigError, match=r"journal\.blobs\.secret_key_env: .*TEST_S3_SEC"):
        settings.check()
    monkeypatch.setenv("TEST_S3_SECRET", "s")
    settings.check()
    bucket = journal.bucket()
    assert bucket is not None
    assert bucket.where == "s3://pictures/heliograph at https://storage"
    other = _load(tmp_path, f"{S3}prefix = 'a/b'\n").journal
    assert isinstance(other, NatsSettings)
    assert isinstance(other.blobs, S3Settings)
    assert other.blobs.where("unused") == "s3://pictures/a/b"
    inside = _load(tmp_path, f"{BLOBS}kind = 'nats'\n").journal
    assert isinstance(inside, NatsSettings)
    assert inside.bucket() is None


def test_the_page_on_clusters_names_every_key_of_a_bucket(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert [key for key in S3Settings.__struct_fields__ if f"`{key}`" not in page] == []
    example = page.partition("```toml\n[journal.blobs]")[2].partition("```")[0]
    journal = _load(tmp_path, f"{BLOBS}{example}").journal
    assert isinstance(journal, NatsSettings)
    assert isinstance(journal.blobs, S3Settings)
    assert journal.blobs.bucket == "heliograph-pictures"


def test_a_bucket_without_the_extra_is_one_line_that_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _load(tmp_path, S3)
    for name in list(sys.modules):
        if name.startswith(("heliograph.journal._s3", "obstore.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(errors.MissingExtra) as refused:
        settings.check()
    assert str(refused.value) == "blobs in S3 needs an extra: pip install 'heliograph[s3]'"


def test_a_file_names_nats_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(
        tmp_path,
        '[journal]\nkind = "nats"\nservers = ["nats://a:4222", "tls://b:4222"]\n'
        'user = "u"\npassword_env = "HELIOGRAPH_TEST_NATS"\n',
    )
    journal = settings.journal
    assert isinstance(journal, NatsSettings)
    assert (journal.servers, journal.replicas) == (("nats://a:4222", "tls://b:4222"), 3)
    with pytest.raises(errors.ConfigError, match="HELIOGRAPH_TEST_NATS is not set"):
        settings.check()
    monkeypatch.setenv("HELIOGRAPH_TEST_NATS", "pw")
    settings.check()
    assert (journal.login().user, journal.login().password) == ("u", "pw")
    assert _load(tmp_path, '[journal]\nkind = "sqlite"\n').journal == SqliteSettings()


def test_another_host_needs_a_key() -> None:
    with pytest.raises(errors.ConfigError, match="no key is configured"):
        create_app(Settings(host="0.0.0.0"), NOBODY)
    create_app(Settings(host="0.0.0.0", key="secret", journal="memory"), NOBODY)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_loopback_hosts_need_none(host: str) -> None:
    assert Settings(host=host).local


def test_memory_keeps_no_data() -> None:
    with pytest.raises(errors.ConfigError, match="takes no data folder"):
        create_app(Settings(journal="memory", data="x"), NOBODY)


async def test_a_port_in_use_is_one_clear_error() -> None:
    async with Server(Settings(port=0, journal="memory"), NOBODY) as first:
        with pytest.raises(
            errors.ConfigError, match=f"cannot listen on 127.0.0.1 port {first.port}"
        ):
            await Server(Settings(port=first.port, journal="memory"), NOBODY).start()


def test_limits_name_every_bound() -> None:
    assert all(name in (Limits.__doc__ or "") for name in Limits.__struct_fields__[-6:])
