"""Worker processes: kill -9 of a worker or of the server, drains, hand-overs, and who starts whom.

What a reader saw before and what comes after are one stream, and the picture is finished inside its
item, whoever dies.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest
from tests.server.kit import MODEL, assert_valid
from tests.server.process import Process, WorkerProcess
from tests.server.test_kill import Reader, picture_of, request, undisturbed

SIZE = "1024x1024"
"""Some seconds of work, so that there is a middle to be killed in."""
LEASE = 10.0
TAKEOVERS = 5
HAIL = 10


class Job(NamedTuple):
    """Who has a response, as the journal's file says."""

    epoch: int
    takeovers: int
    pid: int


def job(data: Path, response_id: str) -> Job:
    query = "SELECT epoch, takeovers, worker FROM jobs JOIN responses USING (rid) WHERE id = ?"
    with closing(sqlite3.connect(f"file:{data / 'journal.db'}?mode=ro", uri=True)) as db:
        epoch, takeovers, worker = db.execute(query, (response_id,)).fetchone()
    name, _, rest = (worker or "").partition("-")
    return Job(epoch, takeovers, int(rest.partition("-")[0]) if name == "worker" else 0)


def until(condition: Callable[[], object], seconds: float = 30, pause: float = 0.01) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(pause)


def attached(url: str) -> int:
    return int(metric(url, "heliograph_workers_attached"))


def metric(url: str, name: str) -> float:
    page = httpx2.get(f"{url}/metrics").text
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))


def alive(pid: int) -> bool:
    """Whether a process that may be no child of ours runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))


@contextmanager
def fleet(data: Path, workers: int, *options: str) -> Iterator[tuple[Process, list[WorkerProcess]]]:
    """A server that runs nothing itself, and that many workers started by hand."""
    with Process(data, "--workers", "0", *options) as server:
        hands = [WorkerProcess(data) for _ in range(workers)]
        try:
            until(lambda: attached(server.url) == workers)
            yield server, hands
        finally:
            for hand in hands:
                hand.close()


def posted(url: str, number: int, *, background: bool = False, seen: int = 4) -> Reader:
    """A picture under way, some events of which were seen."""
    reader = Reader(number, background=background, size=SIZE)
    reader.post(url)
    until(lambda: len(reader.stream.frames) >= seen)
    assert not reader.stream.done
    return reader


def ended(reader: Reader, expected: str, url: str) -> None:
    """It has come to its end, one item, no gap and no duplicate, the picture whole."""
    reader.join()
    stream = assert_valid(reader.stream)
    assert stream.types[-1] == "response.completed"
    assert stream.types.count("response.output_item.added") == 1
    assert stream.types.count("response.image_generation_call.completed") == 1
    assert stream.picture == expected
    with httpx2.Client(base_url=url, timeout=20) as http:
        assert picture_of(http, reader.response_id) == expected


def test_a_killed_workers_picture_is_finished_by_the_other_inside_its_item(tmp_path: Path) -> None:
    data = tmp_path / "data"
    took: list[float] = []
    with fleet(data, 2) as (server, hands):
        expected, _ = undisturbed(server.url, 1, SIZE)
        for round_ in range(TAKEOVERS):
            reader = posted(server.url, 1, background=bool(round_ % 2))
            before = job(data, reader.response_id)
            (victim,) = [hand for hand in hands if hand.pid == before.pid]
            victim.kill()
            killed = time.monotonic()
            until(lambda: job(data, reader.response_id).epoch == 2, pause=0.005)  # noqa: B023
            took.append(time.monotonic() - killed)
            ended(reader, expected, server.url)
            after = job(data, reader.response_id)
            assert (after.epoch, after.takeovers) == (2, 1)
            assert after.pid in {hand.pid for hand in hands} - {before.pid}
            victim.close()
            hands[hands.index(victim)] = WorkerProcess(data)
        assert metric(server.url, "heliograph_takeovers_total") == TAKEOVERS
    print("seconds from the kill to the takeover:", [round(one, 2) for one in sorted(took)])
    assert statistics.median(took) < LEASE + 2


def test_a_stopped_workers_picture_is_taken_over_and_it_cannot_write_when_it_wakes(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    config = tmp_path / "short.toml"
    config.write_text("[limits]\nlease_seconds = 4.0\nrenew_seconds = 0.5\n")
    with (
        Process(data, "--workers", "0", "--config", str(config)) as server,
        WorkerProcess(data, "--config", str(config)) as first,
    ):
        expected, _ = undisturbed(server.url, 1, SIZE)
        reader = posted(server.url, 1)
        first.signal(signal.SIGSTOP)
        with WorkerProcess(data, "--config", str(config)):
            ended(reader, expected, server.url)
            # The stopped one's own waiting claim may have been granted it first, and not taken it.
            after = job(data, reader.response_id)
            assert after.epoch in (2, 3)
            assert after.takeovers == 1
            first.signal(signal.SIGCONT)
            until(lambda: metric(server.url, "heliograph_fenced_total") == 1)
            other = posted(server.url, 1)
            ended(other, expected, server.url)
            first.signal(signal.SIGTERM)
            assert first.wait() == 0


def test_the_server_is_killed_and_its_workers_go_on_under_their_leases(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with fleet(data, 2) as (server, hands):
        expected, _ = undisturbed(server.url, 1, SIZE)
        readers = [posted(server.url, 1, background=one) for one in (True, False)]
        before = [job(data, reader.response_id) for reader in readers]
        server.kill()
        for reader in readers:
            reader.join()
            assert not reader.stream.done
        with Process(data, "--workers", "0") as again:
            for reader in readers:
                reader.resume(again.url)
            for reader in readers:
                ended(reader, expected, again.url)
            assert [job(data, reader.response_id) for reader in readers] == before
            assert [one.takeovers for one in before] == [0, 0]
            until(lambda: attached(again.url) == 2)
            ended(posted(again.url, 1), expected, again.url)
            assert {hand.pid for hand in hands} >= {one.pid for one in before}


def test_workers_of_a_killed_server_finish_their_work_at_the_next_and_end(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Process(data, "--workers", "2") as server:
        until(lambda: attached(server.url) == 2)
        orphans = children(server.pid)
        assert len(orphans) == 2
        expected, _ = undisturbed(server.url, 1, SIZE)
        reader = posted(server.url, 1, background=True)
        before = job(data, reader.response_id)
        assert before.pid in orphans
        server.kill()
        reader.join()
        with Process(data, "--workers", "2") as again:
            reader.resume(again.url)
            ended(reader, expected, again.url)
            assert job(data, reader.response_id) == before
            until(lambda: not any(alive(pid) for pid in orphans))
            until(lambda: attached(again.url) == 2)
            assert set(children(again.pid)).isdisjoint(orphans)
            ended(posted(again.url, 1), expected, again.url)


def test_a_server_starts_its_workers_again_and_takes_them_with_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Process(data, "--workers", "2") as server:
        until(lambda: attached(server.url) == 2)
        expected, _ = undisturbed(server.url, 1, SIZE)
        reader = posted(server.url, 1)
        victim = job(data, reader.response_id).pid
        kill(victim)
        ended(reader, expected, server.url)
        until(lambda: attached(server.url) == 2)
        hands = children(server.pid)
        assert len(hands) == 2
        assert victim not in hands
        reader = posted(server.url, 1)
        server.signal(signal.SIGTERM)
        reader.join()
        stream = assert_valid(reader.stream)
        assert (stream.types[-1], stream.picture) == ("response.completed", expected)
        assert server.wait() == 0
        assert not any(alive(pid) for pid in hands)
        assert "had to be killed" not in Path(server.log.name).read_text()


@pytest.mark.parametrize("grace", [30.0, 0.2])
def test_a_worker_that_is_asked_to_stop_finishes_or_hands_over(
    tmp_path: Path, grace: float
) -> None:
    data = tmp_path / "data"
    config = tmp_path / "drain.toml"
    config.write_text(f"[limits]\ndrain_seconds = {grace}\n")
    with Process(data, "--workers", "0") as server, WorkerProcess(data) as other:
        expected, _ = undisturbed(server.url, 1, SIZE)
        other.signal(signal.SIGTERM)
        assert other.wait() == 0
        with WorkerProcess(data, "--config", str(config)) as leaving:
            reader = posted(server.url, 1)
            leaving.signal(signal.SIGTERM)
            with WorkerProcess(data) as staying:
                assert leaving.wait() == 0
                ended(reader, expected, server.url)
                after = job(data, reader.response_id)
                assert after.takeovers == 0  # handing over is none
                if grace > 1:
                    assert (after.epoch, after.pid) == (1, leaving.pid)
                else:
                    assert (after.epoch, after.pid) == (2, staying.pid)


def test_kills_of_workers_and_servers_at_random_lose_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rng = random.Random(5)
    killed = {"worker": 0, "server": 0}
    with Process(data, "--workers", "2") as first:
        until(lambda: attached(first.url) == 2)
        expected, takes = undisturbed(first.url, 1, SIZE)
        server = first
        while sum(killed.values()) < HAIL or min(killed.values()) < HAIL // 4:
            readers = [Reader(1, background=one, size=SIZE) for one in (True, False)]
            for reader in readers:
                reader.post(server.url)
            for reader in readers:
                assert reader.posted.wait(20)
            for _ in range(3):
                time.sleep(rng.uniform(0, takes))
                if all(reader.stream.done for reader in readers):
                    break
                if rng.random() < 0.6:
                    killed["worker"] += 1
                    hands = children(server.pid)
                    if hands:
                        with suppress(ProcessLookupError):
                            os.kill(rng.choice(hands), signal.SIGKILL)
                    continue
                killed["server"] += 1
                server.kill()
                for reader in readers:
                    reader.join()
                server.close()
                server = Process(data, "--workers", "2")
                for reader in readers:
                    reader.resume(server.url)
            for reader in readers:
                ended(reader, expected, server.url)
        server.close()
    print("killed:", killed)


def test_without_a_worker_stored_responses_wait_and_others_are_made(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Process(data, "--workers", "0") as server:
        url = f"{server.url}/v1/responses"
        passing = httpx2.post(url, json=request(1, store=False), timeout=30)
        assert passing.json()["status"] == "completed"
        reader = Reader(1, background=True)
        reader.post(server.url)
        assert reader.posted.wait(20)
        time.sleep(0.5)
        assert reader.stream.types == ["response.created", "response.queued"]
        assert httpx2.get(f"{url}/{reader.response_id}").json()["status"] == "queued"
        with WorkerProcess(data):
            reader.join()
        assert assert_valid(reader.stream).types[-1] == "response.completed"


def test_a_worker_helps_a_server_that_runs_responses_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    config = tmp_path / "one.toml"
    config.write_text("[limits]\nconcurrency = 1\n")
    with Process(data, "--config", str(config)) as server, WorkerProcess(data) as helper:
        readers = [Reader(n, background=True, size=SIZE) for n in range(4)]
        for reader in readers:
            reader.post(server.url)
        for reader in readers:
            reader.join()
            assert assert_valid(reader.stream).types[-1] == "response.completed"
        pids = [job(data, reader.response_id).pid for reader in readers]
        assert pids.count(0) >= 1
        assert pids.count(helper.pid) >= 1


def test_a_picture_is_made_by_the_worker_that_does_pictures(tmp_path: Path) -> None:
    """The owner speaks, another paints; the painter is killed, and then the owner."""
    data = tmp_path / "data"
    speaks, paints = ("--capability", "chat:*"), ("--capability", "image:illustrator")
    words = {"model": MODEL, "input": "a fox", "background": True}
    with (
        Process(data, "--workers", "0") as server,
        WorkerProcess(data, *speaks) as first_owner,
    ):
        assert first_owner.said.strip().endswith(": chat:heliograph/direct")
        waiting = Reader(1, background=False, size=SIZE)
        waiting.post(server.url)
        until(lambda: "response.image_generation_call.generating" in waiting.stream.types)
        plain = httpx2.post(f"{server.url}/v1/responses", json=words).json()["id"]
        where = f"{server.url}/v1/responses/{plain}"
        until(lambda: httpx2.get(where).json()["status"] == "completed")
        assert not waiting.stream.done
        with WorkerProcess(data, *paints) as first_painter:
            assert first_painter.said.strip().endswith(": image:heliograph/illustrator")
            waiting.join()
            expected = assert_valid(waiting.stream).picture
            reader = posted(server.url, 1, seen=6)
            step = f"step_ig_{reader.response_id.removeprefix('resp_')}o0"
            assert job(data, step).pid == first_painter.pid
            first_painter.kill()
            with WorkerProcess(data, *paints) as second_painter:
                until(lambda: job(data, step).epoch == 2)
                first_owner.kill()
                with WorkerProcess(data, *speaks) as second_owner:
                    ended(reader, expected, server.url)
                    after = job(data, reader.response_id)
                    assert (after.takeovers, after.pid) == (1, second_owner.pid)
                    after = job(data, step)
                    assert (after.epoch, after.pid) == (2, second_painter.pid)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ([], 2, "--data DIR"),
        (["--data", "{tmp}"], 1, "is 'heliograph serve' running on that data folder?"),
        (["--socket", "{tmp}/none.sock"], 1, "no server at"),
        (["--data", "{tmp}", "--capability", "image:dalle"], 2, "capability 'image:dalle'"),
        (["--data", "{tmp}", "--config", "{tmp}/wrong.toml"], 2, "unknown key 'prot'"),
    ],
)
def test_what_cannot_work_is_one_line(
    tmp_path: Path, options: list[str], status: int, said: str
) -> None:
    (tmp_path / "wrong.toml").write_text("prot = 1")
    given = [one.replace("{tmp}", str(tmp_path)) for one in options]
    command = [sys.executable, "-m", "heliograph.cli", "worker", *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == status
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("config", "options", "said"),
    [
        ('journal = "memory"', ["--workers", "1"], "journal 'memory' is in one process"),
        ("workers = 1000", [], "workers is 1000, not 0 to 256"),
    ],
)
def test_a_server_that_cannot_have_workers_says_so(
    tmp_path: Path, config: str, options: list[str], said: str
) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(config)
    command = [sys.executable, "-m", "heliograph.cli", "serve", "--port", "0"]
    done = subprocess.run(
        [*command, "--config", str(file), *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
