"""The peers' own environments: ``python bench/peers.py`` makes what is missing.

Each peer has a virtual environment under ``.cache/bench-peers``, of what
``requirements/bench-PEER.txt`` pins, whole, so that nothing is resolved. ogx needs Python 3.12 or
newer; litellm is given the same one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".cache" / "bench-peers"
PEERS = ("litellm", "ogx")
LEAST = (3, 12)


def _version(python: str) -> tuple[int, ...]:
    """(0,) where it does not run."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return (0,)
    return tuple(map(int, ran.stdout.split())) if ran.returncode == 0 else (0,)


def interpreter() -> str | None:
    """A Python that is new enough; None where this machine has none."""
    named = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    kept = sorted(Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python"))
    for python in (sys.executable, *named, *map(str, kept)):
        if python and _version(python) >= LEAST:
            return python
    return None


def environment(peer: str) -> Path | None:
    """The folder of the peer's programs, made where it is missing; None without a Python for it."""
    folder = ENVIRONMENTS / peer
    wanted = ROOT / "requirements" / f"bench-{peer}.txt"
    stamp = folder / "installed.txt"
    if stamp.is_file() and stamp.read_text() == wanted.read_text():
        return folder / "bin"
    python = interpreter()
    if python is None:
        return None
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--disable-pip-version-check", "-r", wanted], check=True)
    stamp.write_text(wanted.read_text())
    return folder / "bin"


if __name__ == "__main__":
    for name in PEERS:
        print(f"{name}: {environment(name) or 'no Python 3.12 or newer here'}", flush=True)
