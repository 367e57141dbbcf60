"""What every section of the bench shares: environments, processes, tables."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
PEERS = CACHE / "bench-venv"
PEER_PACKAGES = ("openai==3.54.0", "openrouter==1.3.84")

OURS = Path(sys.executable)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder on the checkout's disk, for as long as its context lasts."""
    CACHE.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE)


def peer_python() -> Path:
    """The interpreter of the peers' own environment, made where it is missing."""
    python = PEERS / "bin" / "python"
    stamp = PEERS / "packages.txt"
    wanted = "\n".join(PEER_PACKAGES)
    if not (stamp.is_file() and stamp.read_text() == wanted):
        venv.create(PEERS, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEER_PACKAGES], check=True)
        stamp.write_text(wanted)
    return python


def run_json(python: Path, script: Path, *arguments: str, timeout: float = 600) -> Any:
    """What a script prints as JSON on its last line; its own process, its own environment."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.endswith(("_API_KEY", "_BASE_URL"))
    }
    environment |= {"PYTHONHASHSEED": "0", "OPENAI_API_KEY": "sk-bench", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [python, script, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(f"{script.name} {' '.join(arguments)}:\n{ran.stderr[-4000:]}")
    return json.loads(ran.stdout.strip().splitlines()[-1])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def verdict(held: bool) -> str:
    return "held" if held else "**missed**"


def middle(values: Iterable[float]) -> float:
    return median(list(values))


def machine() -> str:
    """One line on where the figures come from."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
