"""``heliograph migrate``: a real server's folder goes on being served from NATS."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import msgspec
import pytest
from tests.journal.nats.proxy import Proxy
from tests.nats_servers import PREFIX, SHARDS, cluster, empty
from tests.server.keyed import keyed
from tests.server.kit import Painter, Stream, ask, assert_valid, draw, read
from tests.server.test_workers_docs import words

from heliograph import sse
from heliograph.cli import _migrate, main
from heliograph.journal import Entry, NewResponse, SqliteJournal
from heliograph.server import Keyring, Limits, NatsSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cluster.md"
GENERATING = "response.image_generation_call.generating"
KEY = {"Idempotency-Key": "a red fox"}


def target() -> NatsSettings:
    servers = cluster(1).urls
    asyncio.run(empty(servers))
    return NatsSettings(servers=tuple(servers), replicas=1, shards=SHARDS, prefix=PREFIX)


def configured(path: Path, journal: NatsSettings) -> Path:
    path.write_text(
        f'[journal]\nkind = "nats"\nservers = {json.dumps(journal.servers)}\nreplicas = 1\n'
        f'shards = {journal.shards}\nprefix = "{journal.prefix}"\n'
    )
    return path


class Seen(NamedTuple):
    """What a client has of a response that ended, and of its input."""

    key: str
    whole: bytes
    stream: list[Any]
    items: bytes


class Site(NamedTuple):
    """A folder as a server has left it, and what its clients know."""

    folder: Path
    alice: str
    bob: str
    ended: dict[str, Seen]
    deleted: str
    running: str
    queued: str
    begun: list[Any]
    journal: NatsSettings


def ended(http: httpx2.Client, key: str, response_id: str) -> Seen:
    path = f"/v1/responses/{response_id}"
    with http.stream("GET", f"{path}?stream=true") as response:
        stream = assert_valid(read(response))
    return Seen(key, http.get(path).content, stream.frames, http.get(f"{path}/input_items").content)


def begun(http: httpx2.Client, response_id: str) -> list[Any]:
    """The events of a picture that is under way, up to where it is being painted."""
    stream, decoder = Stream(), sse.Decoder()
    with http.stream("GET", f"/v1/responses/{response_id}?stream=true") as response:
        for chunk in response.iter_bytes():
            stream.take(decoder.feed(chunk))
            if GENERATING in stream.types:
                break
    return stream.frames


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    alive = tmp_path_factory.mktemp("alive") / "data"
    ring = Keyring(alive)
    alice, bob = (ring.create(name=name)[1] for name in ("alice", "bob"))
    painter = Painter()
    with (
        keyed(alive, painter, limits=Limits(concurrency=1)) as here,
        here.http(alice) as hers,
        here.http(bob) as his,
    ):
        picture = draw(hers, prompt="a fox", partials=3).events[0].response.id
        again = {"previous_response_id": picture}
        text = hers.post("/v1/responses", json={**ask("and the moon"), **again, "tools": []})
        keyed_one = hers.post("/v1/responses", json=ask(), headers=KEY)
        theirs = his.post("/v1/responses", json=ask("a whale"), headers=KEY)
        deleted = hers.post("/v1/responses", json=ask()).json()["id"]
        assert hers.delete(f"/v1/responses/{deleted}").status_code == 200
        kept = {picture: hers, text.json()["id"]: hers, keyed_one.json()["id"]: hers}
        found = {one: ended(http, alice, one) for one, http in kept.items()}
        found[theirs.json()["id"]] = ended(his, bob, theirs.json()["id"])
        painter.gate = threading.Event()
        running, queued = (
            hers.post("/v1/responses", json=ask(prompt, background=True)).json()["id"]
            for prompt in ("under way", "waits")
        )
        first = begun(hers, running)
        assert hers.get(f"/v1/responses/{queued}").json()["status"] == "queued"
        folder = alive.with_name("killed")
        shutil.copytree(alive, folder, ignore=shutil.ignore_patterns("*.sock"))
        painter.gate.set()
    return Site(folder, alice, bob, found, deleted, running, queued, first, target())


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_a_site_goes_on_where_it_was(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path / "heliograph.toml", site.journal)
    before = files(site.folder)
    argv = ["migrate", str(site.folder), "--config", str(config)]
    assert main([*argv, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("6 responses of 2 tenants (1 queued, 1 in progress) with ")
    assert said.endswith("2 idempotency keys, 2 API keys; nothing was written\n")
    assert main(argv) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("6 responses were brought, with ")
    assert told[0].endswith("2 idempotency keys; 0 were there")
    assert told[1:] == [
        "2 of all these wait for a worker",
        "1 ids stay erased",
        "2 API keys are new there",
    ]
    assert main([*argv, "--json"]) == 0
    again = msgspec.json.decode(capsys.readouterr().out)
    assert (again["brought"], again["there"], again["waiting"]) == (0, 6, 2)
    assert again["api_keys"] == 0
    assert files(site.folder) == before
    painter = Painter()
    painter.gate = threading.Event()
    with (
        keyed(tmp_path / "there", painter, journal=site.journal) as here,
        here.http(site.alice) as hers,
        here.http(site.bob) as his,
    ):
        for response_id, seen in site.ended.items():
            mine, others = (hers, his) if seen.key == site.alice else (his, hers)
            assert ended(mine, seen.key, response_id) == seen
            assert others.get(f"/v1/responses/{response_id}").status_code == 404
            for after in range(len(seen.stream)):
                path = f"/v1/responses/{response_id}?stream=true&starting_after={after}"
                with mine.stream("GET", path) as response:
                    assert read(response).frames == seen.stream[after + 1 :]
        assert hers.get(f"/v1/responses/{site.deleted}").status_code == 404
        goes_on_from(hers, site)
        painter.gate.set()
        for response_id in (site.running, site.queued):
            with hers.stream("GET", f"/v1/responses/{response_id}?stream=true") as response:
                stream = assert_valid(read(response))
            assert stream.types[-1] == "response.completed"
            assert stream.picture in painter.made
            if response_id == site.running:
                assert stream.frames[: len(site.begun)] == site.begun
        # And a third time, now that it has gone on there.
        assert main([*argv, "--json"]) == 0
        once_more = msgspec.json.decode(capsys.readouterr().out)
        assert (once_more["brought"], once_more["there"]) == (0, 6)


def goes_on_from(hers: httpx2.Client, site: Site) -> None:
    """A conversation, and a repeat under its key."""
    first = next(iter(site.ended))
    item = json.loads(site.ended[first].whole)["output"][0]["id"]
    body = {**ask("and a whale"), "previous_response_id": first, "tools": []}
    more = hers.post("/v1/responses", json=body).json()
    listed = hers.get(f"/v1/responses/{more['id']}/input_items").json()["data"]
    assert item in [one["id"] for one in listed]
    repeat = hers.post("/v1/responses", json=ask(), headers=KEY).json()
    assert site.ended[repeat["id"]].key == site.alice
    assert hers.post("/v1/responses", json=ask("other"), headers=KEY).status_code == 409


async def fill(folder: Path, count: int) -> list[str]:
    journal = SqliteJournal(folder)
    await journal.start()
    names = [f"resp_{number:032x}" for number in range(count)]
    for number, name in enumerate(names):
        made = NewResponse(
            response_id=name, tenant="t", request=b"{}", claim_as="w", claim_seconds=60
        )
        lease = (await journal.create(made)).lease
        assert lease is not None
        entries = [Entry(b"%d-%d" % (number, at)) for at in range(20)]
        await journal.append(lease, 0, entries)
        if number % 8:
            await journal.finish(lease, 20, [], Entry(b"end %d" % number))
        else:
            await journal.release(lease)
    await journal.stop()
    return names


async def lengths(journal: NatsSettings, names: list[str]) -> list[tuple[str, int, bytes]]:
    opened = journal.journal()
    await opened.start()
    try:
        found = []
        for name in names:
            record = await opened.get("t", name)
            data = []
            async for frame in opened.read("t", name):
                data += [one.data for one in frame.entries]
                if len(data) > record.last_seq:
                    break
            found.append((record.state, len(data), data[-1]))
        return found
    finally:
        await opened.stop()


async def killed(folder: Path, config: Path, journal: NatsSettings, hears: int) -> None:
    """Run the command, and kill it once it has heard so many bytes of NATS."""
    port = cluster(1).nodes[0].port
    async with Proxy(port, hears) as proxy:
        way = configured(config, msgspec.structs.replace(journal, servers=(proxy.url,)))
        command = ("-m", "heliograph.cli", "migrate", str(folder), "--config", str(way))
        child = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(30):
                await proxy.deafened.wait()
        finally:
            child.kill()
            ended = await child.wait()
        assert ended == -signal.SIGKILL


def test_killed_and_run_again_it_completes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each time having written what it was not told of any more."""
    folder, config = tmp_path / "data", tmp_path / "heliograph.toml"
    names = asyncio.run(fill(folder, 48))
    journal = target()
    # It hears 17 kB before the first is brought, 35 kB until the last is.
    for hears in (24_000, 30_000):
        asyncio.run(killed(folder, config, journal, hears))
    configured(config, journal)
    assert main(["migrate", str(folder), "--config", str(config), "--json"]) == 0
    last = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
    assert (last["brought"] + last["there"], last["waiting"]) == (48, 6)
    assert min(last["brought"], last["there"]) > 0
    assert asyncio.run(lengths(journal, names)) == [
        ("finished" if number % 8 else "queued", 20, b"%d-19" % number) for number in range(48)
    ]


def test_what_the_docs_say_is_followed_word_for_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    section = PAGE.read_text("utf-8").split("## Moving there from one machine")[1].split("## ")[0]
    (block,) = re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    count, bring = map(words, block.splitlines())
    monkeypatch.chdir(tmp_path)
    names = asyncio.run(fill(tmp_path / "data", 9))
    Keyring("data").create()
    Path("data", "secret").write_text("s" * 64)
    journal = target()
    configured(Path("heliograph.toml"), journal)
    assert main(count) == 0
    assert capsys.readouterr().out.startswith("9 responses of 1 tenants (2 queued, 0 in progress) ")
    assert main(bring) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 API keys are new there",
        "give each server's data folder a copy of data/secret",
    ]
    assert len(asyncio.run(lengths(journal, names))) == 9


def test_it_tells_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(fill(tmp_path / "data", 3))
    monkeypatch.setattr(_migrate, "_EVERY_SECONDS", 0.0)
    config = configured(tmp_path / "heliograph.toml", target())
    assert main(["migrate", str(tmp_path / "data"), "--config", str(config)]) == 0
    assert capsys.readouterr().err.splitlines() == [f"{n} of 3 responses" for n in (1, 2, 3)]


def test_what_cannot_be_brought_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = target()
    config = configured(tmp_path / "heliograph.toml", journal)
    for name in ("one", "two"):
        asyncio.run(fill(tmp_path / name, 2))
    assert main(["migrate", str(tmp_path / "one"), "--config", str(config)]) == 0
    capsys.readouterr()
    assert main(["migrate", str(tmp_path / "two"), "--config", str(config)]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "2 could not be brought, see above"
    for number in range(2):
        assert f"resp_{number:032x}: something else is there under this id" in said.err


@pytest.mark.parametrize(
    ("argv", "status", "says"),
    [
        (("{}/data",), 2, "--config"),
        (("{}/data", "--config", "{}/none.toml"), 2, "none.toml"),
        (("{}/data", "--config", "{}/sqlite.toml"), 2, "journal.kind must be 'nats'"),
        (("{}/data", "--config", "{}/nowhere.toml"), 1, "no NATS server of nats://127.0.0.1:1"),
        (("{}/none", "--config", "{}/nowhere.toml"), 1, "is no data folder: it has no journal.db"),
        (("{}/none", "--config", "{}/nowhere.toml", "--dry-run"), 1, "is no data folder"),
    ],
)
def test_what_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    argv: tuple[str, ...],
    status: int,
    says: str,
) -> None:
    asyncio.run(fill(tmp_path / "data", 1))
    (tmp_path / "sqlite.toml").write_text("")
    nowhere = '[journal]\nkind = "nats"\nservers = ["nats://127.0.0.1:1"]\n'
    (tmp_path / "nowhere.toml").write_text(nowhere)
    try:
        left = main(["migrate", *(one.format(tmp_path) for one in argv)])
    except SystemExit as stop:
        left = int(str(stop.code))
    said = capsys.readouterr().err
    assert left == status, said
    assert says in said
    assert said.count("\n") == 1
