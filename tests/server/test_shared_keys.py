"""API keys of servers that share a journal: made once, seen by all."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.nats_servers import PREFIX, SHARDS, cluster, empty
from tests.server.keyed import bearer
from tests.server.kit import Running, ask, running

from heliograph import errors
from heliograph.cli import main
from heliograph.server import Keyring, NatsSettings, Server, Settings, SharedKeyring
from heliograph.server._key import LOOK_SECONDS
from heliograph.server._keys_shared import PATIENCE_SECONDS, SharedKeyWatch, copy_keys

Out = pytest.CaptureFixture[str]


@pytest.fixture
def journal() -> NatsSettings:
    servers = cluster(1).urls
    asyncio.run(empty(servers))
    return NatsSettings(servers=tuple(servers), replicas=1, shards=SHARDS, prefix=PREFIX)


@pytest.fixture
def gateways(journal: NatsSettings) -> Iterator[tuple[Running, Running]]:
    with running(journal=journal) as one, running(journal=journal) as other:
        yield one, other


def status(server: Running, key: str | None = None) -> int:
    headers = {} if key is None else bearer(key)
    return httpx2.get(f"{server.url}/v1/models", headers=headers, timeout=20).status_code


def becomes(server: Running, wanted: int, key: str | None = None) -> None:
    deadline = time.monotonic() + 20
    while status(server, key) != wanted:
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS / 5)


def test_every_server_sees_what_is_made_and_what_is_revoked(
    gateways: tuple[Running, Running], journal: NatsSettings
) -> None:
    ring = SharedKeyring(journal)
    assert ring.list() == []
    for server in gateways:
        assert status(server) == 200
    key, text = ring.create(name="app", tenant="team")
    for server in gateways:
        becomes(server, 401)
        assert status(server, text) == 200
        assert status(server, text[:-1] + ("0" if text[-1] != "0" else "1")) == 401
    assert ring.revoke(text).revoked is not None
    assert ring.revoke(key.id) == ring.list()[0]
    for server in gateways:
        becomes(server, 401, text)
        body = httpx2.get(f"{server.url}/v1/models", headers=bearer(text)).json()
        assert body["error"]["code"] == "revoked_api_key"


def test_a_tenant_is_the_same_at_each(
    gateways: tuple[Running, Running], journal: NatsSettings
) -> None:
    ring = SharedKeyring(journal)
    mine, theirs = ring.create()[1], ring.create()[1]
    here, there = gateways
    for server in gateways:
        becomes(server, 401)
    with httpx2.Client(base_url=here.url, headers=bearer(mine), timeout=20) as client:
        made = client.post("/v1/responses", json=ask("a fox")).json()
    path = f"{there.url}/v1/responses/{made['id']}"
    assert httpx2.get(path, headers=bearer(mine), timeout=20).json()["status"] == "completed"
    assert httpx2.get(path, headers=bearer(theirs), timeout=20).status_code == 404


def test_a_server_for_others_wants_a_key_first(journal: NatsSettings) -> None:
    settings = Settings(port=0, host="0.0.0.0", journal=journal)
    with pytest.raises(errors.ConfigError, match=re.escape("keys create --config FILE")):
        asyncio.run(Server(settings).start())
    SharedKeyring(journal).create()

    async def serves() -> None:
        async with Server(settings) as server:
            assert server.port

    asyncio.run(serves())


def test_a_folder_whose_keys_would_be_passed_over_is_refused(
    journal: NatsSettings, tmp_path: Path, capsys: Out
) -> None:
    key, text = Keyring(tmp_path).create(name="old")
    settings = Settings(port=0, data=str(tmp_path), journal=journal)
    with pytest.raises(errors.ConfigError, match=f"keys import {re.escape(str(tmp_path))}"):
        asyncio.run(Server(settings).start())
    file = tmp_path / "heliograph.toml"
    file.write_text(
        f'[journal]\nkind = "nats"\nservers = ["{journal.servers[0]}"]\nreplicas = 1\n'
        f'shards = {SHARDS}\nprefix = "{PREFIX}"\n'
    )
    copy = ["keys", "import", str(tmp_path), "--config", str(file)]
    assert main(copy) == 0
    assert main(copy) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["1 of 1 keys copied; 0 were there", "0 of 1 keys copied; 1 were there"]
    assert SharedKeyring(journal).list() == [key]
    with running(data=str(tmp_path), journal=journal) as server:
        assert (status(server), status(server, text)) == (401, 200)


def test_the_commands_take_the_file_that_names_the_journal(
    journal: NatsSettings, tmp_path: Path, capsys: Out
) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(
        f'[journal]\nkind = "nats"\nservers = ["{journal.servers[0]}"]\nreplicas = 1\n'
        f'shards = {SHARDS}\nprefix = "{PREFIX}"\n'
    )
    where = ["--config", str(file)]
    assert main(["keys", "list", *where]) == 0
    assert f"no keys in the journal on {journal.servers[0]}" in capsys.readouterr().out
    assert main(["keys", "create", "--name", "ci", *where]) == 0
    text = capsys.readouterr().out.strip()
    assert main(["keys", "revoke", text, *where]) == 0
    (key,) = SharedKeyring(journal).list()
    assert (key.name, key.state(time.time())) == ("ci", "revoked")
    assert main(["keys", "revoke", "0" * 12, *where]) != 0
    assert "no key '000000000000' in the journal" in capsys.readouterr().err


def test_keys_are_copied_only_into_a_journal(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(f'data = "{tmp_path}"\n')
    assert main(["keys", "import", str(tmp_path), "--config", str(file)]) != 0
    assert "its journal is not on NATS" in capsys.readouterr().err


@pytest.mark.parametrize("keyed", [True, False])
async def test_who_needs_a_key_does_not_get_in_while_they_cannot_be_read(
    journal: NatsSettings, tmp_path: Path, keyed: bool
) -> None:
    now = 0.0
    opened = journal.journal()
    await opened.start()
    if keyed:
        Keyring(tmp_path).create()
        await copy_keys(Keyring(tmp_path).list(), opened.register)
    watch = SharedKeyWatch(opened.register, lambda: now)
    await watch.start()
    await opened.stop()
    await asyncio.sleep(LOOK_SECONDS * 2)
    now = PATIENCE_SECONDS
    assert watch.get("0" * 12) is None
    now = PATIENCE_SECONDS + 0.1
    if keyed:
        with pytest.raises(errors.ServerError, match="API keys cannot be read") as caught:
            watch.look()
        assert (caught.value.status, caught.value.code) == (503, "keys_unreadable")
    else:
        watch.look()
    watch.close()
