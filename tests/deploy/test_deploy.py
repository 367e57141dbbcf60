"""The files in ``deploy/`` are read by the programs that they are for, and fit each other."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from heliograph.cli._parser import parser
from heliograph.server import NatsSettings, S3Settings, load_settings
from heliograph.server._metrics import TABLE
from heliograph.server._process import HAND_OVER_SECONDS
from heliograph.testing.nats import server_program

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
RUNBOOK = (TOP / "docs" / "runbook.md").read_text()


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return found


def journal() -> NatsSettings:
    settings = load_settings(DEPLOY / "heliograph.toml")
    assert isinstance(settings.journal, NatsSettings)
    return settings.journal


def test_compose_runs_the_servers_that_the_configuration_names() -> None:
    nodes = [name for name in services() if re.fullmatch(r"n\d", name)]
    assert len(nodes) == journal().replicas == 3
    assert journal().servers == tuple(f"nats://{node}:4222" for node in nodes)
    assert journal().monitors == tuple(f"http://{node}:8222" for node in nodes)
    for node in nodes:
        assert services()[node]["environment"] == {"NATS_NAME": node}
        assert f"nats-route://{node}:6222" in (DEPLOY / "nats.conf").read_text()


def test_the_bucket_that_the_configuration_proposes_can_be_named(tmp_path: Path) -> None:
    text = (DEPLOY / "heliograph.toml").read_text()
    head, blobs, rest = text.partition("# [journal.blobs]")
    table, _, rest = f"{blobs}{rest}".partition("\n\n")
    file = tmp_path / "heliograph.toml"
    file.write_text(head + table.replace("# ", "") + "\n\n" + rest)
    settings = load_settings(file).journal
    assert isinstance(settings, NatsSettings)
    assert isinstance(settings.blobs, S3Settings)
    assert "/src[local,nats,s3]" in (DEPLOY / "Dockerfile").read_text()


def test_every_command_of_a_gateway_is_ours() -> None:
    commands = [one["command"] for name, one in services().items() if name.startswith("gateway")]
    assert len(commands) == 2
    commands.append(shlex.split(of(unit_of("heliograph"))["ExecStart"])[1:])
    for words in commands:
        args = parser().parse_args(words)
        assert (args.command, Path(args.config).name) == ("serve", "heliograph.toml")


def test_every_command_of_a_worker_is_ours_and_shows_its_metrics_to_its_own_machine_alone() -> None:
    unit = shlex.split(of(unit_of("heliograph-worker"))["ExecStart"])[1:]
    for words in (services()["worker"]["command"], unit):
        args = parser().parse_args(words)
        assert (args.command, Path(args.config).name) == ("worker", "heliograph.toml")
        assert args.metrics == ("127.0.0.1", 9100)
    probe = services()["worker"]["healthcheck"]["test"]
    assert probe[:3] == ["CMD", "python", "-c"]
    assert "http://127.0.0.1:9100/healthz" in probe[3]
    compile(probe[3], "healthcheck", "exec")


def test_who_drains_has_longer_to_stop_than_that_takes() -> None:
    needed = load_settings(DEPLOY / "heliograph.toml").limits.drain_seconds + HAND_OVER_SECONDS
    for service in ("gateway-1", "gateway-2", "worker"):
        assert int(services()[service]["stop_grace_period"].removesuffix("s")) > needed
    for name in ("heliograph", "heliograph-worker"):
        assert int(of(unit_of(name))["TimeoutStopSec"]) > needed
        assert of(unit_of(name)).get("KillSignal", "SIGTERM") == "SIGTERM"


def unit_of(name: str) -> Path:
    return DEPLOY / "systemd" / f"{name}.service"


def test_nats_server_reads_its_file() -> None:
    command = [str(server_program()), "-t", "-c", str(DEPLOY / "nats.conf")]
    done = subprocess.run(command, env={"NATS_NAME": "n1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "sync_interval: always" in (DEPLOY / "nats.conf").read_text()


def of(unit: Path) -> configparser.SectionProxy:
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(unit.read_text())
    return read["Service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_reads_the_units(unit: Path, tmp_path: Path) -> None:
    program = shlex.split(of(unit)["ExecStart"])[0]
    assert of(unit)["Restart"] == "always"
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return  # read above, by the same rules
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(program, sys.executable))
    done = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    copy.write_text(copy.read_text().replace("[Service]", "[Service]\nRestrat=always"))
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True)
    assert "Restrat" in done.stderr


def test_the_runbook_names_metrics_that_there_are() -> None:
    there = {row.name for row in TABLE}
    named = set(re.findall(r"heliograph_[a-z_]+", RUNBOOK))
    assert len(named) >= 8
    assert named <= there


def test_the_runbook_names_lines_that_are_logged() -> None:
    source = "".join(path.read_text() for path in (TOP / "src" / "heliograph").rglob("*.py"))
    joined = re.sub(r'"\s+f?"', "", source)  # a line that is written in several pieces
    rows = RUNBOOK.partition("## By line of the log")[2].partition("##")[0]
    lines = [line for line in rows.splitlines() if line.startswith("| `")]
    assert len(lines) >= 8
    for line in lines:
        for quoted in re.findall(r"`([^`]+)`", line.split("|")[1]):
            for piece in quoted.split("..."):
                assert piece.strip() in joined, piece
