"""The fault matrix: everything is killed, stopped, cut and restarted while clients read.

``make test-faults`` runs it in full and writes docs/faults.md; a small one is among the tests of
the cluster. What happens when follows from the seed, as far as processes let it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.fleet import report
from tests.fleet.judge import judge, takeovers
from tests.fleet.net import Net
from tests.fleet.processes import claim_of, logs
from tests.fleet.strikes import ABILITIES, LANES, Fleet, strike
from tests.fleet.traffic import TALKER, Balancer, Told, read_all
from tests.server.kit import assert_valid
from tests.server.test_workers import posted

from heliograph.testing import FakeChat, Say
from heliograph.testing.nats import Cluster

LEASE = 10.0
KILLS = 5
TEXT = " ".join(f"word {number}" for number in range(40))


class Size(msgspec.Struct, frozen=True):
    """How much, how many strikes in each lane, and how many seconds at most."""

    pictures: int
    texts: int
    strikes: int
    seconds: float
    seed: int


def asked_for() -> Size:
    """The full matrix, as the environment bounds it."""

    def number(name: str, default: int) -> int:
        return int(os.environ.get(f"HELIOGRAPH_FAULTS_{name}", default))

    return Size(
        pictures=number("PICTURES", 200),
        texts=number("TEXTS", 200),
        strikes=number("STRIKES", 16),
        seconds=number("SECONDS", 900),
        seed=number("SEED", 1),
    )


@contextmanager
def fleet_of(
    folder: Path, upstream: str, abilities: Sequence[tuple[str, ...]] = ABILITIES
) -> Iterator[Fleet]:
    settings = (
        f"[limits]\nlease_seconds = {LEASE}\nconcurrency = 32\n"
        f'[providers.fake]\nkind = "chat_completions"\nbase_url = "{upstream}"\n'
        f'[providers.fake.models."{TALKER}"]\n'
    )
    with (
        Net() as net,
        Cluster(3, folder, way=net.way) as made,
        closing(Fleet(folder, made, net, settings, abilities)) as fleet,
    ):
        yield fleet


async def run(fleet: Fleet, size: Size, told: list[Told], done: Counter[str]) -> Balancer:
    """Readers and strikes side by side. What was begun is healed before this returns."""
    loop = asyncio.get_running_loop()
    with Balancer(fleet.ports, size.seed) as way:
        reading = asyncio.create_task(read_all(way.url, size.pictures, size.texts, told))
        deadline = loop.time() + size.seconds
        lanes = [
            asyncio.create_task(strike(fleet, lane, size.seed, size.strikes, done))
            for lane in LANES
        ]
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.gather(*lanes)
                await reading
        except TimeoutError:
            left = [seen.response_id for seen in told if not (seen.ended or seen.error)]
            raise AssertionError(f"{len(left)} not ended in {size.seconds} s: {left[:5]}") from None
        finally:
            for task in (*lanes, reading):
                task.cancel()
            await asyncio.gather(*lanes, reading, return_exceptions=True)
    return way


def matrix(folder: Path, size: Size) -> report.Figures:
    """One run, judged. Raises ``AssertionError`` that names the losses."""
    told: list[Told] = []
    done: Counter[str] = Counter({name: 0 for table in LANES.values() for name in table})
    with (
        FakeChat(Say(text=TEXT), model=TALKER, slow=0.05) as upstream,
        fleet_of(folder, upstream.base_url) as fleet,
    ):
        began = time.monotonic()
        way = asyncio.run(run(fleet, size, told, done))
        took = time.monotonic() - began
        records = asyncio.run(logs(fleet.cluster.urls))
        verdict = judge(fleet.gateways[0].url, told, records)
        took_over = takeovers(fleet.kills, records)
    figures = report.Figures(
        seed=size.seed,
        pictures=size.pictures,
        texts=size.texts,
        took=took,
        strikes=done,
        cuts=way.cuts,
        stalled=way.stalls,
        events=verdict.events,
        steps=verdict.steps,
        endings=verdict.endings,
        interrupted=verdict.interrupted,
        losses=len(verdict.losses),
        stalls=[seen.stall for seen in told],
        takeovers=took_over,
        lease=LEASE,
    )
    for name, value in report.rows(figures):
        print(f"{name}: {value}")
    assert not verdict.losses, "\n".join(verdict.losses[:20])
    assert len(told) == size.pictures + size.texts
    assert sum(done.values()) == size.strikes * len(LANES)
    assert way.cuts
    return figures


def takeovers_alone(folder: Path, kills: int) -> list[float]:
    """Kill the worker that draws, and nothing else, while another has room; each picture ends."""
    with fleet_of(folder, "http://127.0.0.1:9/v1", ((), ())) as fleet:
        url = fleet.gateways[0].url
        for _ in range(kills):
            readers = [posted(url, number, background=True) for number in (1, 2)]
            owners = asyncio.run(logs(fleet.cluster.urls, readers[0].response_id))
            (claim,) = [one for one in owners[readers[0].response_id] if one.kind == "claim"]
            (index,) = [at for at, hand in fleet.hands.items() if hand.pid == claim_of(claim).pid]
            asyncio.run(fleet.kill_worker_at(index))
            for reader in readers:
                reader.join()
                assert assert_valid(reader.stream).types[-1] == "response.completed"
        return takeovers(fleet.kills, asyncio.run(logs(fleet.cluster.urls)))


@pytest.mark.cluster
def test_a_small_matrix_loses_nothing(tmp_path: Path) -> None:
    matrix(tmp_path, Size(pictures=8, texts=8, strikes=2, seconds=240, seed=5))


@pytest.mark.faults
def test_the_whole_matrix_loses_nothing_and_its_figures_are_kept(tmp_path: Path) -> None:
    figures = matrix(tmp_path / "matrix", asked_for())
    alone = takeovers_alone(tmp_path / "alone", KILLS)
    print(report.write(msgspec.structs.replace(figures, alone=alone)))
    assert len(alone) >= KILLS
    assert statistics.median(alone) <= LEASE + 2
