"""Gateways without work and workers on NATS: who makes what, drains, kills, hand-overs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fleet.processes import Claim, Gateway, Hand, claim_of, configured, logs
from tests.nats_servers import cluster, empty
from tests.server.kit import assert_valid
from tests.server.test_kill import Reader, undisturbed
from tests.server.test_workers import SIZE, children, ended, posted, until

from heliograph.cli import main


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    servers = cluster(1)
    asyncio.run(empty(servers.urls))
    limits = "[limits]\nlease_seconds = 4.0\nrenew_seconds = 0.5\n"
    yield configured(tmp_path, servers, limits)
    asyncio.run(empty(servers.urls))


def claims(response_id: str) -> list[Claim]:
    """Who has claimed a response, in order."""
    records = asyncio.run(logs(cluster(1).urls, response_id)).get(response_id, [])
    return [claim_of(record) for record in records if record.kind == "claim"]


def test_a_gateway_holds_no_work_and_a_worker_does_it(config: Path) -> None:
    with Gateway(config) as one, Gateway(config) as other:
        reader = Reader(1, background=True)
        reader.post(one.url)
        assert reader.posted.wait(20)
        assert claims(reader.response_id) == []
        with Hand(config, "--concurrency", "4") as hand:
            assert hand.said.startswith("Heliograph works for nats://127.0.0.1:")
            reader.join()
            assert assert_valid(reader.stream).types[-1] == "response.completed"
            (claim,) = claims(reader.response_id)
            assert (claim.epoch, claim.pid) == (1, hand.pid)
            foreground = Reader(2, background=False)
            foreground.post(other.url)
            foreground.join()
            assert assert_valid(foreground.stream).types[-1] == "response.completed"
            hand.signal(signal.SIGTERM)
            assert hand.wait() == 0


def test_chat_on_one_worker_and_pictures_on_another_make_a_response_together(config: Path) -> None:
    """The painter is killed, and then the owner: each is replaced inside the same item."""
    speaks, paints = ("--capability", "chat:*"), ("--capability", "image:illustrator")
    with Gateway(config) as gateway, Hand(config, *speaks) as owner:
        waiting = Reader(1, background=True, size=SIZE)
        waiting.post(gateway.url)
        until(lambda: "response.image_generation_call.generating" in waiting.stream.types)
        with Hand(config, *paints) as painter:
            waiting.join()
            expected = assert_valid(waiting.stream).picture
            reader = posted(gateway.url, 1, seen=6)
            step = f"step_ig_{reader.response_id.removeprefix('resp_')}o0"
            assert [one.pid for one in claims(step)] == [painter.pid]
            assert [one.pid for one in claims(reader.response_id)] == [owner.pid]
            painter.kill()
            with Hand(config, *paints) as second:
                ended(reader, expected, gateway.url)
                assert [one.pid for one in claims(step)] == [painter.pid, second.pid]
                reader = posted(gateway.url, 1, seen=6)
                owner.kill()
                with Hand(config, *speaks) as next_owner:
                    ended(reader, expected, gateway.url)
                    pids = [one.pid for one in claims(reader.response_id)]
                    assert pids == [owner.pid, next_owner.pid]


def test_a_stopped_worker_is_replaced_and_cannot_write_when_it_wakes(config: Path) -> None:
    with Gateway(config) as gateway, Hand(config) as first:
        expected, _ = undisturbed(gateway.url, 1, SIZE)
        reader = posted(gateway.url, 1)
        first.signal(signal.SIGSTOP)
        with Hand(config) as second:
            ended(reader, expected, gateway.url)
            assert [one.pid for one in claims(reader.response_id)] == [first.pid, second.pid]
            before = asyncio.run(logs(cluster(1).urls, reader.response_id))
            first.signal(signal.SIGCONT)
            log = config.parent / "workers.log"
            until(lambda: "another worker" in log.read_text())
            assert asyncio.run(logs(cluster(1).urls, reader.response_id)) == before
            first.signal(signal.SIGTERM)
            assert first.wait() == 0


@pytest.mark.parametrize("grace", [30.0, 0.2])
def test_a_worker_that_is_asked_to_stop_finishes_or_hands_over(config: Path, grace: float) -> None:
    hurried = config.with_name("hurried.toml")
    hurried.write_text(config.read_text() + f"drain_seconds = {grace}\n")
    with Gateway(config) as gateway, Hand(hurried) as leaving:
        expected, _ = undisturbed(gateway.url, 1, SIZE)
        reader = posted(gateway.url, 1)
        leaving.signal(signal.SIGTERM)
        with Hand(config) as staying:
            assert leaving.wait() == 0
            ended(reader, expected, gateway.url)
            made = claims(reader.response_id)
            assert made[-1].takeovers == 0  # handing over is none
            pids = [leaving.pid] if grace > 1 else [leaving.pid, staying.pid]
            assert [one.pid for one in made] == pids


def test_a_gateways_own_workers_come_and_go_with_it(config: Path) -> None:
    with Gateway(config, workers=2) as gateway:
        until(lambda: len(children(gateway.pid)) == 2)
        hands = set(children(gateway.pid))
        readers = [Reader(number, background=True) for number in range(4)]
        for reader in readers:
            reader.post(gateway.url)
        for reader in readers:
            reader.join()
            assert assert_valid(reader.stream).types[-1] == "response.completed"
            assert {one.pid for one in claims(reader.response_id)} <= hands
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in hands))


@pytest.mark.parametrize("option", ["--data", "--socket"])
def test_a_worker_on_nats_takes_no_folder(
    config: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", "--config", str(config), option, "x"]) == 2
    assert f"{option}: the file's journal is on NATS" in capsys.readouterr().err
