"""Against other gateways: litellm's proxy and ogx (the former llama-stack), on one fake upstream.

How it is measured. Every gateway runs in processes of its own on loopback: ours as
``heliograph serve`` with a TOML file, the peers as their own commands from their own environments
(`bench.peers`), each with its defaults and the least configuration that serves the models. The
upstream (`bench.upstream`) is one more process and sends ready-made bytes, a write per event.
Clients are raw sockets here (`bench.load`), one connection per request; every stream is read to its
end and must hold all the text. A cell gives one gateway load for a while: so many clients, each
asking again when it was answered. CPU is that of the gateway's process tree (user and system) over
the cell. The gateways take turns within a round, and what is told is the middle of the rounds'
ratios, with the least and the most: times drift with the machine, ratios do so less. Streams are of
200 text deltas.

*relay*: a Responses upstream. *chat*: a chat completions upstream, told as Responses events.
*paced*: the same where upstream makes 50 deltas a second. *tools*: the model calls a tool that the
gateway runs, gets its result and then talks.

What is unlike. ogx reads no Responses upstream: its *relay* is its *chat*. The tool is for us the
image tool with an Images API behind it, for the peers an MCP server of one tool (their loops have
no other tool that can be had offline); the upstream plays both, and answers at once. Ours and ogx
write every stored response to SQLite; litellm keeps nothing (its store is a database that it does
without here), so that *ours, store: false* is what is like it. Only ours makes each event durable
before it shows it. litellm's lifecycle checks, budgets and logging callbacks are off, as they are
by default.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from bench import kit, load, peers

NAME = "Against other gateways"

DELTAS = 200
KEY = "sk-bench-0123456789abcdef0123456789abcdef"
AIM_RELAY, AIM_TOOLS = 10.0, 5.0
AIM_FIRST_MS = 5.0
AIM_IDLE_KB = 60.0
OURS, UNSTORED = "ours", "ours, store: false"
SCENARIOS = ("relay", "chat", "paced", "tools")
#: Upstream models by the name that clients ask for.
MODELS = {
    "chat": f"text-{DELTAS}-0",
    "paced": f"text-{DELTAS}-50",
    "tools": f"tool-{DELTAS}-0",
    "silent": "silent",
    "one": "text-1-0",
}

Body = dict[str, Any]
_MCP: Body = {"type": "mcp", "require_approval": "never"}


@dataclass
class Gateway:
    """A running gateway. ``started`` is seconds from its start to the end of a first answer."""

    name: str
    port: int
    pid: int
    started: float
    body: Callable[[str], Body]

    def request(self, scenario: str) -> bytes:
        return load.request({"input": "Tell me of it.", **self.body(scenario)}, KEY)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


@contextmanager
def process(command: Sequence[str | Path], folder: Path, **more: str) -> Iterator[int]:
    """A gateway's process; what it says goes into a file of ``folder``."""
    environment = {n: v for n, v in os.environ.items() if not n.lower().endswith("_proxy")}
    environment |= {"HOME": str(folder), "PYTHONPATH": str(kit.ROOT / "src"), **more}
    with (folder / "said.txt").open("wb") as said:
        running = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=environment, stdout=said, stderr=said
        )
    try:
        yield running.pid
    finally:
        _stop(running)


@contextmanager
def upstream() -> Iterator[tuple[int, int]]:
    """Its port and process."""
    running = subprocess.Popen(
        [sys.executable, kit.ROOT / "bench" / "upstream.py"], stdout=subprocess.PIPE
    )
    assert running.stdout is not None
    try:
        yield int(running.stdout.readline()), running.pid
    finally:
        _stop(running)
        running.stdout.close()


def _answered(port: int, asked: bytes, folder: Path, seconds: float = 120) -> None:
    """Ask until a whole stream has come."""
    until = time.perf_counter() + seconds
    while True:
        reader = None
        with suppress(OSError, RuntimeError, ValueError):
            reader = uvloop.run(_one(port, asked))
            reader.events(1)
            return
        if time.perf_counter() > until:
            said = (folder / "said.txt").read_text(errors="replace")[-3000:]
            raise RuntimeError(f"no answer on port {port}: {reader!r}\n{said}")
        time.sleep(0.02)


async def _one(port: int, asked: bytes) -> load.Reader:
    reader = await load.connect(port, asked)
    await reader.ended
    return reader


@contextmanager
def _running(
    name: str,
    command: Callable[[int, Path], Sequence[str | Path]],
    body: Callable[[str], Body],
    **more: str,
) -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory(dir=kit.ROOT, prefix=".bench-") as scratch:
        folder, port = Path(scratch), _port()
        began = time.perf_counter()
        with process(command(port, folder), folder, **more) as pid:
            gateway = Gateway(name, port, pid, 0.0, body)
            _answered(port, gateway.request("one"), folder)
            gateway.started = time.perf_counter() - began
            yield gateway


def _toml(port: int, up: int) -> str:
    models = "\n".join(f'[providers.up.models.{n}]\nupstream = "{u}"' for n, u in MODELS.items())
    url = f'base_url = "http://127.0.0.1:{up}/v1"\n'
    return (
        f'port = {port}\ndata = "data"\nembedded = false\n'
        f"[limits]\nconcurrency = 10000\nforeground_grace_seconds = 1\n"
        f'[providers.up]\nkind = "chat_completions"\n{url}{models}\n'
        f'[providers.relays]\nkind = "responses"\n{url}'
        f'models = {{ relay = {{ upstream = "{MODELS["chat"]}" }} }}\n'
        f'[providers.pictures]\nkind = "openai_images"\n{url}models = {{ paint = "paint" }}\n'
    )


@contextmanager
def ours(up: int) -> Iterator[Gateway]:
    """``heliograph serve``, stored responses in SQLite."""

    def command(port: int, folder: Path) -> list[str | Path]:
        (folder / "heliograph.toml").write_text(_toml(port, up))
        serve = ["serve", "--config", "heliograph.toml"]
        return [sys.executable, "-m", "heliograph.cli", *serve]

    def body(scenario: str) -> Body:
        tools = {"tools": [{"type": "image_generation"}]} if scenario == "tools" else {}
        return {"model": scenario, **tools}

    with _running(OURS, command, body, OPENAI_API_KEY=KEY) as gateway:
        yield gateway


@contextmanager
def litellm(up: int, programs: Path) -> Iterator[Gateway]:
    """litellm's proxy: one worker, its defaults."""

    def parameters(model: str) -> Body:
        return {"model": model, "api_base": f"http://127.0.0.1:{up}/v1", "api_key": "sk-bench"}

    # lm_studio: a provider without Responses of its own, which litellm bridges to completions.
    models = {name: f"lm_studio/{model}" for name, model in MODELS.items()}
    models["relay"] = f"openai/{MODELS['chat']}"
    config = {
        "model_list": [
            {"model_name": name, "litellm_params": parameters(model)}
            for name, model in models.items()
        ],
        "mcp_servers": {"bench": {"url": f"http://127.0.0.1:{up}/mcp", "transport": "http"}},
        "litellm_settings": {"telemetry": False},
        "general_settings": {"master_key": KEY},
    }

    def command(port: int, folder: Path) -> list[str | Path]:
        (folder / "config.yaml").write_text(json.dumps(config))
        where = ["--host", "127.0.0.1", "--port", str(port), "--config", "config.yaml"]
        return [programs / "litellm", *where, "--telemetry", "False"]

    def body(scenario: str) -> Body:
        tool = {**_MCP, "server_label": "litellm", "server_url": "litellm_proxy/mcp/bench"}
        return {"model": scenario, **({"tools": [tool]} if scenario == "tools" else {})}

    with _running("litellm", command, body, LITELLM_LOCAL_MODEL_COST_MAP="True") as gateway:
        yield gateway


@contextmanager
def ogx(up: int, programs: Path) -> Iterator[Gateway]:
    """ogx: the built-in Responses API over a vLLM provider, stored in SQLite."""
    sql = {"backend": "sql_default"}
    config: Body = {
        "version": 2,
        "distro_name": "bench",
        "apis": ["inference", "responses", "tool_runtime", "files", "vector_io"],
        "providers": {
            "inference": [
                {
                    "provider_id": "up",
                    "provider_type": "remote::vllm",
                    "config": {"base_url": f"http://127.0.0.1:{up}/v1", "api_token": "fake"},
                }
            ],
            "responses": [
                {
                    "provider_id": "builtin",
                    "provider_type": "inline::builtin",
                    "config": {"persistence": {"responses": {"table_name": "responses", **sql}}},
                }
            ],
            "tool_runtime": [
                {
                    "provider_id": "model-context-protocol",
                    "provider_type": "remote::model-context-protocol",
                }
            ],
            "files": [
                {
                    "provider_id": "builtin-files",
                    "provider_type": "inline::localfs",
                    "config": {
                        "storage_dir": "files",
                        "metadata_store": {"table_name": "files_metadata", **sql},
                    },
                }
            ],
            "vector_io": [],
        },
        "storage": {
            "backends": {
                "kv_default": {"type": "kv_sqlite", "db_path": "kv.db"},
                "sql_default": {"type": "sql_sqlite", "db_path": "sql.db"},
            },
            "stores": {
                "metadata": {"namespace": "registry", "backend": "kv_default"},
                "inference": {"table_name": "inference_store", **sql},
                "conversations": {"table_name": "conversations", **sql},
                "prompts": {"table_name": "prompts", **sql},
                "connectors": {"table_name": "connectors", **sql},
            },
        },
        "registered_resources": {
            "models": [
                {
                    "model_id": model,
                    "provider_id": "up",
                    "provider_model_id": model,
                    "model_type": "llm",
                }
                for model in MODELS.values()
            ]
        },
    }

    def command(port: int, folder: Path) -> list[str | Path]:
        config["server"] = {"port": port}
        (folder / "config.yaml").write_text(json.dumps(config))
        return [programs / "ogx", "run", "config.yaml", "--insecure"]

    def body(scenario: str) -> Body:
        tool = {**_MCP, "server_label": "bench", "server_url": f"http://127.0.0.1:{up}/mcp"}
        model = f"up/{MODELS['chat' if scenario == 'relay' else scenario]}"
        return {"model": model, **({"tools": [tool]} if scenario == "tools" else {})}

    with _running("ogx", command, body) as gateway:
        yield gateway


def unstored(gateway: Gateway) -> Gateway:
    """Ours once more, asked to keep nothing."""

    def body(scenario: str) -> Body:
        return {**gateway.body(scenario), "store": False}

    return Gateway(UNSTORED, gateway.port, gateway.pid, gateway.started, body)


def cell(gateway: Gateway, scenario: str, at_once: int, seconds: float) -> load.Load:
    """One gateway under one load."""
    asked = gateway.request(scenario)
    before = load.cpu(gateway.pid)
    pictures = int(b'"image_generation"' in asked)
    came = uvloop.run(load.load(gateway.port, asked, DELTAS, at_once, seconds, pictures))
    came.cpu = max(load.cpu(gateway.pid) - before, 0.01)
    for error in came.broken[:1]:
        print(f"{gateway.name}, {scenario}, {at_once} at once: {error}", file=sys.stderr)
    return came


Cells = dict[tuple[str, int, str], list[load.Load]]


def rounds(gateways: list[Gateway], count: int, many: int, seconds: float) -> Cells:
    """Every cell ``count`` times; the gateways in turn."""
    cells: Cells = {}
    for number in range(count):
        for scenario in SCENARIOS:
            for at_once in (1, many):
                if scenario == "paced" and at_once == 1:
                    continue
                turn = gateways[number % len(gateways) :] + gateways[: number % len(gateways)]
                for gateway in turn:
                    came = cell(gateway, scenario, at_once, seconds)
                    cells.setdefault((scenario, at_once, gateway.name), []).append(came)
    return cells


async def _idle(gateway: Gateway, up: int, count: int, seconds: float) -> tuple[float, int]:
    """kB a silent open stream costs, and how many the gateway had open with the upstream."""
    loop = asyncio.get_running_loop()
    asked, readers = gateway.request("silent"), []
    opened = 1
    while opened:  # the gateway before this one is still closing its own
        await asyncio.sleep(0.1)
        opened = await _silent(up)
    before, until = load.resident(gateway.pid), loop.time() + seconds
    while loop.time() < until and opened < count:
        if len(readers) < min(count, opened + 200):
            readers += [await load.connect(gateway.port, asked) for _ in range(50)]
        await asyncio.sleep(0.02)
        opened = await _silent(up)
    await asyncio.sleep(1)
    grown = load.resident(gateway.pid) - before
    for reader in readers:
        reader.transport.close()
    await asyncio.gather(*(reader.ended for reader in readers))
    return grown / max(1, opened) / 1e3, opened


async def _silent(up: int) -> int:
    """How many silent streams the upstream has open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", up)
    writer.write(b"GET /silent HTTP/1.1\r\nhost: localhost\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    found = json.loads(await reader.readexactly(length))
    writer.close()
    return int(found)


def _spread(values: Sequence[float], form: str = ".1f") -> str:
    middle = format(statistics.median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}} to {max(values):{form}})"


def _rate(came: load.Load) -> float:
    return came.events / came.cpu


def _throughput(cells: Cells, names: Sequence[str]) -> str:
    """Events per CPU second of each gateway, and what ours has of each peer's."""
    rest = [name for name in names if name not in (OURS, UNSTORED)]
    head = ["events per CPU second", "clients", *names]
    head += [f"{OURS} / {peer}" for peer in rest] + [f"store: false / {peer}" for peer in rest]
    rows = []
    for scenario, at_once in dict.fromkeys((s, n) for s, n, _ in cells):
        rates = {name: [_rate(c) for c in cells[scenario, at_once, name]] for name in names}
        row: list[object] = [scenario, at_once]
        row += [f"{statistics.median(rates[name]):,.0f}" for name in names]
        for mine in (OURS, UNSTORED):
            for peer in rest:
                pairs = zip(rates[mine], rates[peer], strict=True)
                row.append(_spread([a / b for a, b in pairs]))
        rows.append(row)
    return kit.table(head, rows)


def _lead(cells: Cells, scenario: str, mine: str, peer: str) -> float:
    """The least of the middle ratios over the numbers of clients."""
    found = []
    for asked, at_once, name in cells:
        if asked == scenario and name == mine:
            pairs = zip(cells[asked, at_once, mine], cells[asked, at_once, peer], strict=True)
            found.append(statistics.median([_rate(a) / _rate(b) for a, b in pairs]))
    return min(found)


def _first(cells: Cells, name: str) -> tuple[float, float]:
    """Medians at one client, of *chat*: first event, first text."""
    runs = cells["chat", 1, name]
    events = [ms for one in runs for ms in one.first_event]
    texts = [ms for one in runs for ms in one.first_text]
    return statistics.median(events), statistics.median(texts)


@contextmanager
def all_gateways(up: int, together: bool) -> Iterator[list[Gateway]]:
    """Those that this machine can run, started one after the other or ``together``."""
    found = {name: peers.environment(name) for name in peers.PEERS}
    starts = [ours(up)]
    for name, start in (("litellm", litellm), ("ogx", ogx)):
        programs = found[name]
        if programs is not None:
            starts.append(start(up, programs))
    with ExitStack() as stack, ThreadPoolExecutor(len(starts) if together else 1) as threads:
        mine, *rest = threads.map(stack.enter_context, starts)
        yield [mine, unstored(mine), *rest]


def run(quick: bool) -> str:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with upstream() as (up, up_pid), all_gateways(up, quick) as gateways:
            return _report(gateways, up, up_pid, quick)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _report(gateways: list[Gateway], up: int, up_pid: int, quick: bool) -> str:
    names = [gateway.name for gateway in gateways]
    for gateway in gateways:  # what a first request costs is start-up
        for scenario in SCENARIOS:
            cell(gateway, scenario, 1, 0.0)
    began, before = time.perf_counter(), load.cpu(up_pid)
    many = 10 if quick else 50
    cells = rounds(gateways, 1 if quick else 2, many, 0.3 if quick else 1.0)
    share = (load.cpu(up_pid) - before) / (time.perf_counter() - began)
    counts = dict.fromkeys(names, 50 if quick else 1000)
    counts |= {OURS: 500 if quick else 5000, UNSTORED: 500 if quick else 5000}
    limit = 4.0 if quick else 120.0
    idle = {}
    for gateway in gateways:
        with ExitStack() as stack:
            measured = gateway
            if gateway.name in (OURS, UNSTORED):  # what one left free would hide the other
                fresh = stack.enter_context(ours(up))
                measured = fresh if gateway.name == OURS else unstored(fresh)
            count = counts[gateway.name]
            idle[gateway.name] = uvloop.run(_idle(measured, up, count, limit))
    aims = []
    if "litellm" in names:
        for mine in (OURS, UNSTORED):
            for scenario, aim in (("relay", AIM_RELAY), ("chat", AIM_RELAY), ("tools", AIM_TOOLS)):
                got = _lead(cells, scenario, mine, "litellm")
                aims.append(
                    (f"{scenario}, {mine}: litellm's times", f"{aim:g}", f"{got:.1f}", got >= aim)
                )
    first = {name: _first(cells, name) for name in names}
    for mine in (OURS, UNSTORED):
        ms, (kilobytes, open_) = first[mine][0], idle[mine]
        aims.append(
            (f"first event, {mine}", f"< {AIM_FIRST_MS:g} ms", f"{ms:.1f} ms", ms < AIM_FIRST_MS)
        )
        held = kilobytes < AIM_IDLE_KB and open_ == counts[mine]
        what = f"{counts[mine]:,} idle streams, {mine}"
        aims.append((what, f"< {AIM_IDLE_KB:g} kB each", f"{kilobytes:.1f} kB", held))
    others = kit.table(
        ("", *names),
        [
            ("first event at one client, median ms", *(f"{first[n][0]:.1f}" for n in names)),
            ("first text at one client, median ms", *(f"{first[n][1]:.1f}" for n in names)),
            ("kB per idle open stream", *(f"{idle[n][0]:.0f}" for n in names)),
            ("... with so many open", *(f"{idle[n][1]:,}" for n in names)),
            ("start to the end of a first answer, s", *(f"{g.started:.1f}" for g in gateways)),
        ],
    )
    verdicts = kit.table(
        ("aim", "wanted", "got", ""), [(*row, kit.verdict(held)) for *row, held in aims]
    )
    broken = {
        n: sum(len(c.broken) for k, v in cells.items() if k[2] == n for c in v) for n in names
    }
    told = ", ".join(f"{count} of {name}" for name, count in broken.items() if count)
    note = (
        f"The upstream took {share:.0%} of a core meanwhile. Streams not whole: {told or 'none'}."
    )
    return f"{_throughput(cells, names)}\n\n{others}\n\n{verdicts}\n\n{note}"
